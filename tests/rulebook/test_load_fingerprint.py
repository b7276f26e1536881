"""What changes a rule's meaning changes its fingerprint, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_packs import PACK, load_text

from inspect_pipeline.rulebook import fingerprint

LISTS = "lists: {complaint: [太过分了, 投诉], other: [投诉, 太过分了]}\n"
SAY = """\
  - id: a.b
    title: t
    why: w
    must_not_say: {any: [甲, {phrase: 乙, sound: off}, {regex: 'a.b', except: c}, {near: [丙, 丁], within: 6},
                         {list: complaint}, {like: [x, y], unlike: [z], threshold: 0.1}]}
    speaker: agent
    window: {first: 20s}
    when: [戊]
    only_if: {queue: [a, b]}
    except: [不, {any: [没], in: before-clause}]
    severity: major
    per_hit: 5
    cap: 20
    examples: [{expect: met, call: "客服: 您好"}, {expect: violated, call: "客服: 您好"}]
"""
REPLY = """\
  - id: a.b
    title: t
    why: w
    must_reply: {when: [甲], replies: [{name: 乙, any: [丙], within: 2 turns}, {name: 丁, any: [戊], position: before}]}
    severity: major
    points: 5
    examples: [{expect: met, call: "客服: 您好"}, {expect: violated, call: "客服: 您好"}]
"""
FOLLOW = """\
  - id: a.b
    title: t
    why: w
    must_follow: {steps: [{name: 甲, any: [乙]}, {name: 丙, any: [丁], within: 2 turns}, {name: 戊, any: [己]}]}
    severity: major
    points: 5
    examples: [{expect: met, call: "客服: 您好"}, {expect: violated, call: "客服: 您好"}]
"""
MEASURE = """\
  - id: a.b
    title: t
    why: w
    measure: {what: interruption, over: 2s}
    severity: major
    points: 5
    examples: [{expect: met, call: "客服: 您好"}, {expect: violated, call: "客服: 您好"}]
"""


def rule_hash(text: str, folder: Path) -> str:
    (rule,) = load_text(PACK.replace("rules:", LISTS + "rules:") + text, folder).rules
    return rule.fingerprint


def edited(rule: str, old: str, new: str) -> str:
    assert old in rule
    return rule.replace(old, new, 1)


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        (SAY, "title: t", "title: 别的"),
        (SAY, "why: w", "why: 别的"),
        (SAY, "id: a.b", "id: a.c"),
        (SAY, "  - id", "\n\n  - id"),
        (SAY, '{expect: met, call: "客服: 您好"}', '{expect: met, call: "客服: 喂"}'),
        (SAY, "{list: complaint}", "{list: other}"),
        (SAY, "{list: complaint}", "投诉, 太过分了"),
        (SAY, "{list: complaint}", "{any: [{list: complaint}]}"),
        (SAY, "any: [甲, {phrase: 乙, sound: off}", "any: [{phrase: 乙, sound: off}, 甲"),
        (SAY, "甲", "{phrase: 甲, near: on}"),
        (SAY, "[丙, 丁]", "[丁, 丙]"),
        (SAY, "[x, y]", "[y, x]"),
        (SAY, "[a, b]", "[b, a]"),
        (SAY, "[不, {any: [没], in: before-clause}]", "[{any: [没], in: before-clause}, 不]"),
        (SAY, "speaker: agent\n", "risk: medium\n"),
        (SAY, "20s", "20.0 s"),
        (REPLY, "name: 乙", "name: 别的"),
        (REPLY, "within: 2 turns}", "within: 2 turns, position: after}"),
        (FOLLOW, "name: 丙", "name: 别的"),
        (FOLLOW, "any: [己]", "any: [己], after: 丙"),
        (MEASURE, "over: 2s", "over: 2s, times: 1, by: agent, lead: 0.5s"),
    ],
)
def test_the_meaning_and_the_fingerprint_stay(rule: str, old: str, new: str, tmp_path: Path) -> None:
    assert rule_hash(edited(rule, old, new), tmp_path) == rule_hash(rule, tmp_path)


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        (SAY, "must_not_say", "must_say"),
        (SAY, "any: [甲", "any: [甲甲"),
        (SAY, "sound: off", "near: off"),
        (SAY, "'a.b'", "'a.c'"),
        (SAY, "except: c", "except: d"),
        (SAY, "within: 6", "within: 7"),
        (SAY, "{list: complaint},", ""),
        (SAY, "unlike: [z]", "unlike: [zz]"),
        (SAY, "threshold: 0.1", "threshold: 0.2"),
        (SAY, "must_not_say: {any:", "must_not_say: {all:"),
        (SAY, "must_not_say: {", "must_not_say: {speaker: any, "),
        (SAY, "speaker: agent", "speaker: customer"),
        (SAY, "first: 20s", "last: 20s"),
        (SAY, "first: 20s", "first: 20 turns"),
        (SAY, "when: [戊]", "when: [己]"),
        (SAY, "only_if: {queue: [a, b]}", "only_if: {queue: {not: [a, b]}}"),
        (SAY, "in: before-clause", "in: clause"),
        (SAY, "severity: major", "severity: minor\n    risk: medium"),
        (SAY, "severity: major", "severity: major\n    risk: high"),
        (SAY, "per_hit: 5", "per_hit: 6"),
        (SAY, "cap: 20", "cap: 21"),
        (SAY, "    per_hit: 5\n    cap: 20", "    points: 5"),
        (REPLY, "2 turns", "3 turns"),
        (REPLY, "position: before", "position: around"),
        (REPLY, "when: [甲]", "every: on, when: [甲]"),
        (REPLY, "when: [甲]", "when: {measure: wait, over: 10s}"),
        (FOLLOW, "any: [己]", "any: [己], after: 甲"),
        (FOLLOW, "{name: 丙, any: [丁], within: 2 turns}, ", ""),
        (MEASURE, "over: 2s", "over: 3s"),
        (MEASURE, "over: 2s", "under: 2s"),
        (MEASURE, "over: 2s", "over: 2s, by: customer"),
        (MEASURE, "interruption", "dead-air"),
    ],
)
def test_the_meaning_and_the_fingerprint_change(rule: str, old: str, new: str, tmp_path: Path) -> None:
    assert rule_hash(edited(rule, old, new), tmp_path) != rule_hash(rule, tmp_path)


def test_a_list_that_changes_changes_the_rules_that_use_it(tmp_path: Path) -> None:
    def hashes(lists: str) -> list[str]:
        text = PACK.replace("rules:", lists + "rules:") + SAY + MEASURE.replace("a.b", "a.c")
        return [rule.fingerprint for rule in load_text(text, tmp_path).rules]

    before, after = hashes(LISTS), hashes(LISTS.replace("[太过分了, 投诉]", "[太过分了]"))
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True]


def test_a_new_matcher_changes_every_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rule_hash(SAY, tmp_path)
    monkeypatch.setattr(fingerprint, "MATCHER_VERSION", fingerprint.MATCHER_VERSION + 1)
    assert rule_hash(SAY, tmp_path) != before


def test_a_pack_changes_with_its_rules_and_its_scorecard_only(tmp_path: Path) -> None:
    def pack_hash(text: str) -> str:
        return load_text(text, tmp_path).fingerprint

    usual = pack_hash(PACK + REPLY)
    assert pack_hash(PACK.replace("包", "别的") + REPLY.replace("why: w", "why: 别的")) == usual
    assert pack_hash(PACK + REPLY + "scorecard: {base: 100, floor: 0}\n") == usual
    assert pack_hash(PACK + REPLY + "scorecard: {base: 100, floor: 10}\n") != usual
    assert pack_hash(PACK + REPLY.replace("points: 5", "points: 6")) != usual
    assert pack_hash(PACK + REPLY.replace("a.b", "a.c")) != usual
