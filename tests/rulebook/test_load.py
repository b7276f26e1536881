"""A pack that is right becomes the typed rules that it says; packs are found by name or file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from written_packs import NOTICE, PACK, RULE, load_rule, load_text

from inspect_pipeline.errors import PackError, UsageError
from inspect_pipeline.model import Risk, Severity, Speaker, Verdict
from inspect_pipeline.rulebook.load import load_packs, pack_path, shipped_packs
from inspect_pipeline.rulebook.rule import (
    Condition,
    Example,
    Excuse,
    Extent,
    Group,
    Measure,
    MustFollow,
    MustNotSay,
    MustReply,
    MustSay,
    Notice,
    Place,
    Position,
    Quantity,
    Reply,
    Rule,
    Scorecard,
    Step,
    Trigger,
    Unit,
    Window,
)
from inspect_pipeline.rulebook.terms import Like, Near, Phrase, Regex

TURNS_2 = Extent(2.0, Unit.TURNS)
SECONDS_15 = Extent(15.0, Unit.SECONDS)


def with_kind(body: str, folder: Path) -> Rule:
    """Return the usual rule with another kind."""
    return load_rule(RULE.replace("must_say: [很高兴为您服务]", body), folder)


def test_a_whole_rule(tmp_path: Path) -> None:
    rule = load_rule(RULE, tmp_path)
    assert rule == Rule(
        id="greeting.opening",
        title="开场白",
        why="客户有权知道谁在为他服务。",
        kind=MustSay(Group(any=(Phrase("很高兴为您服务"),))),
        speaker=Speaker.AGENT,
        severity=Severity.MAJOR,
        risk=Risk.MEDIUM,
        fingerprint=rule.fingerprint,
        place=f"{tmp_path / 'p.yml'}:4",
        points=10.0,
        examples=(
            Example(Verdict.MET, "客服: 您好，很高兴为您服务。", 11),
            Example(Verdict.VIOLATED, "客服: 喂，什么事？", 12),
        ),
    )
    assert len(rule.fingerprint) == 16


def test_a_whole_notice(tmp_path: Path) -> None:
    rule = load_rule(NOTICE, tmp_path)
    assert (rule.kind, rule.speaker, rule.severity, rule.risk, rule.points) == (
        Notice(Group(any=(Phrase("工信部"),))),
        Speaker.CUSTOMER,
        Severity.MINOR,
        Risk.HIGH,
        0.0,
    )


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("1:30", Phrase("1:30")),
        ("no", Phrase("no")),
        ("{phrase: 工号, sound: off, near: off, word: on}", Phrase("工号", sound=False, near=False, word=True)),
        ("{regex: '有什么.{0,4}帮', except: 没}", Regex("有什么.{0,4}帮", "没")),
        (
            "{near: [收益, {phrase: 保证, sound: off}], within: 6}",
            Near((Phrase("收益"), Phrase("保证", sound=False)), 6),
        ),
        ("{like: [a1, a2], unlike: [b1]}", Like(("a1", "a2"), ("b1",))),
        ("{like: [a1], unlike: [b1], threshold: 0.03}", Like(("a1",), ("b1",), 0.03)),
        ("{any: [甲, 乙], speaker: any}", Group(any=(Phrase("甲"), Phrase("乙")), speaker=Speaker.UNKNOWN)),
        ("{all: [甲, 乙], none: [丙]}", Group(all=(Phrase("甲"), Phrase("乙")), none=(Phrase("丙"),))),
    ],
)
def test_each_term_in_a_group(term: str, expected: object, tmp_path: Path) -> None:
    assert with_kind(f"must_say: [{term}]", tmp_path).kind == MustSay(Group(any=(expected,)))  # type: ignore[arg-type]


@pytest.mark.parametrize("group", ["您好", "[您好]", "{any: [您好]}"])
def test_a_group_of_one_can_be_written_in_three_ways(group: str, tmp_path: Path) -> None:
    assert with_kind(f"must_not_say: {group}", tmp_path).kind == MustNotSay(Group(any=(Phrase("您好"),)))


def test_lists_are_expanded_where_they_are_named(tmp_path: Path) -> None:
    lists = "lists:\n  all: [{list: some}, 投诉]\n  some: [太过分了, 投诉]\nrules:"
    body = "must_say: {any: [你好, {list: all}], all: [{list: some}]}"
    rule = load_text(PACK.replace("rules:", lists) + RULE.replace("must_say: [很高兴为您服务]", body), tmp_path).rules[
        0
    ]
    some = (Phrase("太过分了"), Phrase("投诉"))
    assert rule.kind == MustSay(Group(any=(Phrase("你好"), *some), all=(Group(any=some),)))


def test_must_reply_in_the_short_form(tmp_path: Path) -> None:
    body = "must_reply: {when: {any: [投诉], except: [不投诉]}, any: [抱歉], within: 2 turns}"
    assert with_kind(body, tmp_path).kind == MustReply(
        Trigger(
            group=Group(any=(Phrase("投诉"),), speaker=Speaker.CUSTOMER),
            excuses=(Excuse(Group(any=(Phrase("不投诉"),))),),
        ),
        (Reply("", Group(any=(Phrase("抱歉"),)), Position.AFTER, TURNS_2),),
    )


def test_must_reply_around_a_wait(tmp_path: Path) -> None:
    body = """must_reply:
      when: {measure: wait, over: 10s, except: [{any: [断线], after: 15s}]}
      every: on
      replies:
        - {name: 请稍等, any: [稍等], position: before, within: 15s}
        - {name: 致谢, any: [久等], position: around, speaker: any}"""
    assert with_kind(body, tmp_path).kind == MustReply(
        Trigger(
            measure=Measure(Quantity.WAIT, 10.0),
            excuses=(Excuse(Group(any=(Phrase("断线"),)), Place.AFTER, SECONDS_15),),
        ),
        (
            Reply("请稍等", Group(any=(Phrase("稍等"),)), Position.BEFORE, SECONDS_15),
            Reply("致谢", Group(any=(Phrase("久等"),), speaker=Speaker.UNKNOWN), Position.AROUND),
        ),
        every=True,
    )


def test_must_follow(tmp_path: Path) -> None:
    body = """must_follow:
      steps:
        - {name: 投诉, any: [投诉], except: [不投诉]}
        - {name: 共情, any: [抱歉], within: 2 turns}
        - {name: 方案, any: [核实], within: 15s, after: 投诉, speaker: agent}"""
    excuse = Excuse(Group(any=(Phrase("不投诉"),)))
    assert with_kind(body, tmp_path).kind == MustFollow(
        (
            Step("投诉", Group(any=(Phrase("投诉"),), speaker=Speaker.CUSTOMER), excuses=(excuse,)),
            Step("共情", Group(any=(Phrase("抱歉"),)), TURNS_2),
            Step("方案", Group(any=(Phrase("核实"),), speaker=Speaker.AGENT), SECONDS_15, after="投诉"),
        )
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{what: dead-air, over: 10s}", Measure(Quantity.DEAD_AIR, 10.0)),
        ("{what: dead-air, over: 10.5 s, times: 2}", Measure(Quantity.DEAD_AIR, 10.5, times=2)),
        ("{what: interruption, over: 2s, by: customer, lead: 1s}",
         Measure(Quantity.INTERRUPTION, 2.0, by=Speaker.CUSTOMER, lead_s=1.0)),
        ("{what: speech-rate, over: 400/min}", Measure(Quantity.SPEECH_RATE, 400.0)),
        ("{what: talk-share, under: 30 %}", Measure(Quantity.TALK_SHARE, 0.3, over=False)),
        ("{what: volume, under: -40 dB}", Measure(Quantity.VOLUME, -40.0, over=False)),
        ("{what: agent-repeats, over: 1 time}", Measure(Quantity.AGENT_REPEATS, 1.0)),
        ("{what: customer-repeats, over: 3 times}", Measure(Quantity.CUSTOMER_REPEATS, 3.0)),
    ],
)  # fmt: skip
def test_measure(body: str, expected: Measure, tmp_path: Path) -> None:
    assert with_kind(f"measure: {body}", tmp_path).kind == expected


def test_every_other_key(tmp_path: Path) -> None:
    text = """\
  - id: a.b
    title: t
    why: w
    must_not_say: [投诉]
    speaker: any
    window: {last: 10 %}
    when: {any: [退费], speaker: customer}
    only_if: {direction: inbound, queue: [a, b], duration_s: {over: 20s, under: 60s}, team: {not: [x]},
              level: {over: 3}}
    except:
      - 不能
      - {any: [无法], in: before-clause}
      - {all: [您, 说], speaker: same, in: utterance}
      - {any: [x], speaker: customer, before: 2 turns}
    severity: critical
    per_hit: 5
    cap: 20
    risk: low
    examples:
      - {expect: met, call: "客服: 您好", metadata: {direction: inbound, duration_s: 1:30}}
      - {expect: violated, quote: 投诉, call: "客服: 投诉"}
      - {expect: uncertain, known_gap: 待定, call: "客服: 您好"}
"""
    rule = load_rule(text, tmp_path)
    assert replace(rule, fingerprint="") == Rule(
        id="a.b",
        title="t",
        why="w",
        kind=MustNotSay(Group(any=(Phrase("投诉"),))),
        speaker=Speaker.UNKNOWN,
        severity=Severity.CRITICAL,
        risk=Risk.LOW,
        fingerprint="",
        place=f"{tmp_path / 'p.yml'}:4",
        window=Window(last=Extent(10.0, Unit.PERCENT)),
        when=Group(any=(Phrase("退费"),), speaker=Speaker.CUSTOMER),
        only_if=(
            Condition("direction", ("inbound",)),
            Condition("queue", ("a", "b")),
            Condition("duration_s", over=20.0, under=60.0),
            Condition("team", ("x",), negated=True),
            Condition("level", over=3.0),
        ),
        excuses=(
            Excuse(Group(any=(Phrase("不能"),))),
            Excuse(Group(any=(Phrase("无法"),)), Place.BEFORE_CLAUSE),
            Excuse(Group(all=(Phrase("您"), Phrase("说"))), Place.UTTERANCE),
            Excuse(Group(any=(Phrase("x"),), speaker=Speaker.CUSTOMER), Place.BEFORE, TURNS_2),
        ),
        per_hit=5.0,
        cap=20.0,
        examples=(
            Example(Verdict.MET, "客服: 您好", 23, metadata={"direction": "inbound", "duration_s": "1:30"}),
            Example(Verdict.VIOLATED, "客服: 投诉", 24, quote="投诉"),
            Example(Verdict.UNCERTAIN, "客服: 您好", 25, known_gap="待定"),
        ),
    )


def test_a_pack_and_its_scorecard(tmp_path: Path) -> None:
    usual = load_text(PACK + RULE, tmp_path)
    assert (usual.id, usual.title, usual.path, usual.scorecard) == ("p", "包", str(tmp_path / "p.yml"), Scorecard())
    other = load_text(PACK + RULE + "scorecard: {base: 50, floor: -10}\n", tmp_path)
    assert (other.scorecard, other.rules) == (Scorecard(50.0, -10.0), usual.rules)


def test_all_mistakes_of_all_files_at_once_in_order(tmp_path: Path) -> None:
    first, second, missing = tmp_path / "b.yml", tmp_path / "a.yml", tmp_path / "c.yml"
    first.write_text(PACK + RULE.replace("    points: 10\n", "").replace("title: 开", "titel: 开"), encoding="utf-8")
    second.write_text(PACK.replace("title", "titre") + RULE, encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_packs([first, second, missing])
    assert str(caught.value).splitlines() == [
        f"{first}:4: missing 'points' in rule greeting.opening",
        f"{first}:4: missing 'title' in rule greeting.opening",
        f"{first}:5: unknown key 'titel' in rule greeting.opening (did you mean 'title'?)",
        f"{second}:1: missing 'title' in the pack",
        f"{second}:1: pack 'p' is loaded twice (first from {first})",
        f"{second}:2: unknown key 'titre' in the pack (did you mean 'title'?)",
        f"{second}:4: rule id 'greeting.opening' is used twice (first at {first}:4)",
        f"{missing}: cannot be read: No such file or directory",
    ]


def test_a_pack_is_found_by_its_file_or_by_the_name_it_ships_under(tmp_path: Path) -> None:
    file = tmp_path / "own.yml"
    file.write_text(PACK + RULE, encoding="utf-8")
    assert pack_path(str(file)) == file
    for name in shipped_packs():
        assert pack_path(name).read_text(encoding="utf-8").startswith(("pack:", "#"))
    with pytest.raises(UsageError) as caught:
        pack_path("telecom-zn")
    assert str(caught.value).endswith(f"give a file, or one that ships ({', '.join(shipped_packs()) or 'none'})")
