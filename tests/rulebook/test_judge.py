"""One rule, one call, one finding: what is said, not said, and where it is looked for."""

from __future__ import annotations

import gc
import pickle

import pytest
from judging import call, judged, pack_of, said

from inspect_pipeline.model import Evidence, Finding, Match, Reason, Risk, Severity, Speaker, Verdict
from inspect_pipeline.rulebook.judge import Judge

OPENING = "must_say: [很高兴为您服务, 请问有什么可以帮您]\nwindow: {first: 20s}"
RUDE = "must_not_say: [你自己不知道吗, 随便你怎么样]\nexcept: [{any: [不能说, 不要说], in: before-clause}]"


def test_what_was_said_is_met_with_its_quote_and_seconds() -> None:
    pack = pack_of(OPENING)
    (finding,) = Judge([pack]).findings(call("客服: 您好，很高兴为您服务。\n客户: 查话费"), {})
    assert finding == Finding(
        call_id="call",
        rule_id="test.rule0",
        fingerprint=pack.rules[0].fingerprint,
        verdict=Verdict.MET,
        severity=Severity.MAJOR,
        points_lost=0.0,
        risk=Risk.NONE,
        reason=Reason("said", (("from", "0:00"), ("to", "0:03"))),
        evidence=(Evidence(0, Speaker.AGENT, 0.545, 1.818, "很高兴为您服务", "很高兴为您服务", Match.EXACT),),
    )


def test_what_was_not_said_is_violated_with_the_window_that_was_searched() -> None:
    finding = judged(OPENING, "[0:02-0:05]客服: 喂什么事\n[0:06-0:30]客户: 查话费\n[0:31-0:35]客服: 很高兴为您服务")
    assert (finding.verdict, finding.points_lost, finding.risk) == (Verdict.VIOLATED, 10.0, Risk.MEDIUM)
    assert (finding.reason, finding.evidence) == (Reason("not-said", (("from", "0:02"), ("to", "0:22"))), ())


def test_ring_back_does_not_eat_the_window() -> None:
    finding = judged(OPENING, "[0:30-0:33]客服: 您好很高兴为您服务\n[0:34-0:36]客户: 查话费")
    assert said(finding) == ("met", "said", ("很高兴为您服务",))


def test_the_customer_cannot_say_it_for_the_agent() -> None:
    assert said(judged(OPENING, "客服: 喂\n客户: 您应该说很高兴为您服务")) == ("violated", "not-said", ())


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("{first: 2 turns}", ("violated", "not-said", ())),
        ("{first: 3 turns}", ("met", "said", ("请问还有其他需要",))),
        ("{last: 2 turns}", ("met", "said", ("请问还有其他需要",))),
        ("{last: 1 turns}", ("violated", "not-said", ())),
        ("{first: 50 %}", ("violated", "not-said", ())),
        ("{last: 50 %}", ("met", "said", ("请问还有其他需要",))),
        ("{last: 5s}", ("met", "said", ("请问还有其他需要",))),
    ],
)
def test_windows(window: str, expected: tuple[str, str, tuple[str, ...]]) -> None:
    dialogue = """
[0:00-0:10]客服: 您好
[0:10-0:20]客户: 我要查一下话费
[0:20-0:30]客服: 好的帮您查询到了余额十元
[0:30-0:40]客户: 知道了
[0:40-0:50]客服: 请问还有其他需要吗
[0:50-0:52]客户: 没有了
[0:52-0:54]客服: 再见"""
    assert said(judged(f"must_say: [请问还有其他需要]\nwindow: {window}", dialogue)) == expected


def test_a_listeners_noise_is_no_turn() -> None:
    dialogue = "客服: 您好\n客户: 嗯\n客服: 这里是营业厅\n客户: 我查话费\n客服: 很高兴为您服务"
    assert said(judged("must_say: [很高兴为您服务]\nwindow: {first: 2 turns}", dialogue)) == (
        "met",
        "said",
        ("很高兴为您服务",),
    )


def test_each_hit_of_the_forbidden_counts_up_to_the_cap() -> None:
    body = "must_not_say: [你自己不知道吗]\nper_hit: 5\ncap: 8"
    once = judged(body, "客服: 你自己不知道吗")
    twice = judged(body, "客服: 你自己不知道吗\n客户: 啊？\n客服: 你自己不知道吗")
    assert (once.points_lost, len(once.evidence)) == (5.0, 1)
    assert (twice.points_lost, len(twice.evidence)) == (8.0, 2)


def test_overlapping_terms_are_one_hit() -> None:
    finding = judged(
        "must_not_say: [你自己不知道吗, 自己不知道, {regex: 不知道吗}]\nper_hit: 5\ncap: 50", "客服: 你自己不知道吗"
    )
    assert (finding.points_lost, said(finding)[2]) == (5.0, ("你自己不知道吗",))


def test_the_customer_is_not_blamed() -> None:
    assert said(judged(RUDE, "客户: 你自己不知道吗\n客服: 抱歉")) == ("met", "nothing-forbidden", ())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("我们不能说随便你怎么样", "met"),
        ("随便你怎么样，我们不能说", "violated"),
        ("我们不能说谎，随便你怎么样", "violated"),
        ("我们不能说一二三四五六七八九十一二三随便你怎么样", "violated"),
    ],
)
def test_negation_excuses_only_in_its_own_clause_and_before(words: str, expected: str) -> None:
    assert judged(RUDE, f"客服: {words}").verdict == expected


@pytest.mark.parametrize(
    ("excuse", "words", "expected"),
    [
        ("{any: [您说], in: clause}", "随便你怎么样您说了算", "met"),
        ("{any: [您说], in: clause}", "随便你怎么样，您说了算", "violated"),
        ("{any: [您说], in: utterance}", "随便你怎么样，您说了算", "met"),
        ("{any: [你怎么样了], in: overlap}", "随便你怎么样了", "met"),
        ("{any: [您说], in: overlap}", "您说随便你怎么样", "violated"),
        ("{any: [抱歉], after: 1 turns}", "随便你怎么样\n客户: 啊\n客服: 抱歉", "met"),
        ("{any: [抱歉], after: 1 turns}", "随便你怎么样\n客户: 什么\n客服: 真的\n客户: 什么\n客服: 抱歉", "violated"),
        ("{any: [什么意思], speaker: customer, after: 1 turns}", "随便你怎么样\n客户: 什么意思\n客服: 没有", "met"),
        ("{any: [抱歉], before: 1 turns}", "抱歉\n客户: 什么\n客服: 随便你怎么样", "met"),
        ("你怎么样了", "随便你怎么样了", "met"),
    ],
)
def test_excuses(excuse: str, words: str, expected: str) -> None:
    assert judged(f"must_not_say: [随便你怎么样]\nexcept: [{excuse}]", f"客服: {words}").verdict == expected


def test_all_is_over_the_window_and_names_no_single_utterance() -> None:
    body = "must_say: {all: [您好, 很高兴为您服务]}"
    assert said(judged(body, "客服: 您好\n客户: 你好\n客服: 很高兴为您服务")) == (
        "met",
        "said",
        ("您好", "很高兴为您服务"),
    )
    assert said(judged(body, "客服: 您好\n客户: 你好\n客服: 什么事")) == ("violated", "not-said", ())


def test_none_is_broken_by_what_was_said_and_shows_it() -> None:
    body = "must_say: {any: [再见], none: [挂了啊别打了]}"
    assert said(judged(body, "客服: 挂了啊别打了，再见")) == ("violated", "forbidden-said", ("挂了啊别打了",))
    assert said(judged(body, "客服: 再见")) == ("met", "said", ("再见",))


def test_a_group_may_be_anothers() -> None:
    body = "must_not_say: {all: [{any: [验证码], speaker: agent}, {any: [不方便], speaker: customer}]}"
    assert said(judged(body, "客服: 验证码报一下\n客户: 不方便")) == (
        "violated",
        "forbidden-said",
        ("验证码", "不方便"),
    )
    assert said(judged(body, "客服: 验证码报一下，不方便")) == ("met", "nothing-forbidden", ())


def test_a_notice_raises_the_risk_and_takes_no_points() -> None:
    body = "notice: [去工信部投诉]\nrisk: high"
    finding = judged(body, "客户: 我要去工信部投诉")
    assert (said(finding), finding.risk, finding.points_lost) == (
        ("noticed", "noticed", ("去工信部投诉",)),
        Risk.HIGH,
        0.0,
    )
    quiet = judged(body, "客服: 您可以去工信部投诉")
    assert (said(quiet), quiet.risk) == (("not_applicable", "nothing-noticed", ()), Risk.NONE)


WHEN = "must_say: [帮您登记]\nwhen: {any: [我要投诉], speaker: customer}"


def test_a_rule_with_a_precondition() -> None:
    assert said(judged(WHEN, "客户: 我要投诉\n客服: 好的")) == ("violated", "not-said", ())
    assert said(judged(WHEN, "客户: 我要查话费\n客服: 好的")) == ("not_applicable", "when-not-found", ())


@pytest.mark.parametrize(
    ("condition", "metadata", "expected"),
    [
        ("{direction: inbound}", {"direction": "inbound"}, "met"),
        ("{direction: inbound}", {"direction": "outbound"}, "not_applicable"),
        ("{direction: inbound}", {}, "not_applicable"),
        ("{queue: [a, b]}", {"queue": "b"}, "met"),
        ("{team: {not: [x]}}", {"team": "x"}, "not_applicable"),
        ("{team: {not: [x]}}", {"team": "y"}, "met"),
        ("{team: {not: [x]}}", {"team": ""}, "not_applicable"),
        ("{duration_s: {over: 20s}}", {"duration_s": "20.5"}, "met"),
        ("{duration_s: {over: 20s}}", {"duration_s": "20"}, "not_applicable"),
        ("{duration_s: {over: 20s}}", {"duration_s": "long"}, "uncertain"),
    ],
)
def test_only_if(condition: str, metadata: dict[str, str], expected: str) -> None:
    finding = judged(f"must_say: [您好]\nonly_if: {condition}", "客服: 您好", metadata)
    assert finding.verdict == expected
    assert finding.reason.code == ("said" if expected == "met" else "condition")


def test_every_rule_answers_once_in_the_order_of_the_packs() -> None:
    judge = Judge([pack_of(OPENING, RUDE, WHEN)])
    findings = judge.findings(call("客服: 你自己不知道吗"), {})
    assert [(finding.rule_id, finding.verdict.value) for finding in findings] == [
        ("test.rule0", "violated"),
        ("test.rule1", "violated"),
        ("test.rule2", "not_applicable"),
    ]
    assert tuple(judge.answer(rule, call("客服: 你自己不知道吗"), {}) for rule in judge.rules) == findings


def test_a_judge_travels_to_other_processes() -> None:
    judge = Judge([pack_of(OPENING, RUDE, WHEN)])
    heard = call("客户: 我要投诉\n客服: 你自己不知道吗")
    assert pickle.loads(pickle.dumps(judge)).findings(heard, {}) == judge.findings(heard, {})


def test_judging_leaves_nothing_behind_for_the_garbage_collector() -> None:
    judge = Judge([pack_of(OPENING, RUDE)])
    heard = call("客服: 您好，很高兴为您服务。\n客户: 查话费\n客服: 你自己不知道吗")
    judge.findings(heard, {})
    gc.collect()
    for _ in judge.judged([(heard, {}), (call("客服: 随便你怎么样，怎么样"), {})]):
        pass
    assert gc.collect() == 0
