"""Replies around what was said or around a wait, and ordered exchanges."""

from __future__ import annotations

import pytest
from judging import activity, call, judged, said

from inspect_pipeline.model import Evidence, Match, Reason, Speaker, Transcript

EMPATHY = """
must_reply:
  when: [太过分了, 我要投诉]
  any: [非常抱歉, 理解您的心情]
  within: 2 turns"""


def test_a_reply_in_time_is_met_and_shows_trigger_and_reply() -> None:
    finding = judged(EMPATHY, "客户: 你们太过分了\n客服: 怎么了\n客户: 乱扣费\n客服: 非常抱歉")
    assert said(finding) == ("met", "replied", ("太过分了", "非常抱歉"))


def test_a_late_reply_is_no_reply() -> None:
    finding = judged(EMPATHY, "客户: 你们太过分了\n客服: 怎么了\n客户: 乱扣费\n客服: 等等\n客户: 快点\n客服: 非常抱歉")
    assert said(finding) == ("violated", "reply-missing", ("太过分了",))
    assert finding.reason == Reason(
        "reply-missing", (("name", ""), ("from", "0:01"), ("to", "0:04"), ("trigger", "太过分了"))
    )


def test_nothing_that_calls_for_a_reply() -> None:
    assert said(judged(EMPATHY, "客户: 查话费\n客服: 太过分了")) == ("not_applicable", "no-trigger", ())


def test_listening_noises_use_up_no_turns() -> None:
    dialogue = (
        "客户: 太过分了\n客服: 嗯\n客户: 上月扣我钱\n客服: 嗯嗯\n客户: 又扣\n客服: 啊\n客户: 你说\n客服: 非常抱歉"
    )
    assert said(judged(EMPATHY, dialogue)) == ("met", "replied", ("太过分了", "非常抱歉"))


def test_who_has_hung_up_gets_no_reply_and_nobody_is_blamed() -> None:
    assert said(judged(EMPATHY, "客服: 您好\n客户: 你们太过分了")) == ("not_applicable", "no-chance", ("太过分了",))


def test_a_last_word_without_reply_does_not_hide_an_earlier_miss() -> None:
    dialogue = "客户: 你们太过分了\n客服: 哦\n客户: 太过分了"
    assert judged(EMPATHY.replace("2 turns", "1 turns"), dialogue).verdict == "violated"


def test_silence_after_the_trigger_is_no_hanging_up() -> None:
    body = EMPATHY.replace("2 turns", "5s")
    dialogue = "[0:00-0:03]客户: 太过分了\n[0:20-0:23]客服: 您好\n[0:24-0:25]客户: 喂"
    assert said(judged(body, dialogue)) == ("violated", "reply-missing", ("太过分了",))


def test_a_reply_may_begin_while_the_other_still_speaks() -> None:
    dialogue = (
        "[0:00-0:20]客服: 您先听我说这个费用是上个月的非常抱歉\n[0:05-0:08]客户: 你们太过分了\n[0:21-0:23]客服: 再见"
    )
    assert said(judged(EMPATHY, dialogue)) == ("met", "replied", ("太过分了", "非常抱歉"))


@pytest.mark.parametrize(
    ("every", "dialogue", "expected"),
    [
        ("off", "客户: 太过分了\n客服: 好\n客户: 查\n客服: 好\n客户: 太过分了\n客服: 非常抱歉", "met"),
        ("on", "客户: 太过分了\n客服: 好\n客户: 查\n客服: 好\n客户: 太过分了\n客服: 非常抱歉", "violated"),
        ("on", "客户: 太过分了\n客服: 非常抱歉\n客户: 太过分了\n客服: 非常抱歉", "met"),
    ],
)
def test_one_answer_or_every(every: str, dialogue: str, expected: str) -> None:
    assert judged(f"{EMPATHY}\n  every: {every}", dialogue).verdict == expected


def test_every_unanswered_trigger_counts() -> None:
    body = f"{EMPATHY}\n  every: on\nper_hit: 5\ncap: 20"
    dialogue = "客户: 太过分了\n客服: 好\n客户: 查\n客服: 好\n客户: 太过分了\n客服: 好\n客户: 查\n客服: 好"
    assert judged(body, dialogue).points_lost == 10.0


def test_an_excused_trigger_calls_for_nothing() -> None:
    body = """
must_reply:
  when: {any: [我要投诉], except: [{any: [不是], in: before-clause}]}
  any: [非常抱歉]"""
    assert said(judged(body, "客户: 我不是说我要投诉\n客服: 好")) == ("not_applicable", "no-trigger", ())
    assert said(judged(body, "客户: 我要投诉\n客服: 好")) == ("violated", "reply-missing", ("我要投诉",))


@pytest.mark.parametrize(
    ("place", "dialogue", "expected"),
    [
        ("position: before", "客服: 核实一下身份\n客户: 嗯\n客服: 您的余额是十元", "met"),
        ("position: before", "客服: 您的余额是十元\n客户: 嗯\n客服: 核实一下身份", "violated"),
        (
            "position: before\n  within: 1 turns",
            "客服: 核实一下身份\n客户: 张三\n客服: 好\n客户: 快\n客服: 您的余额是十元",
            "violated",
        ),
        ("position: before\n  within: 3s", "客服: 核实一下身份\n客户: 张三\n客服: 您的余额是十元", "met"),
        ("position: before", "客服: 核实一下身份您的余额是十元", "met"),
        ("position: before", "客服: 您的余额是十元核实一下身份", "violated"),
        ("position: around", "客服: 您的余额是十元\n客户: 嗯\n客服: 核实一下身份", "met"),
        (
            "position: after\n  within: 2s",
            "客服: 您的余额是十元\n客户: 张三李四王五赵六张三李四王五赵六\n客服: 核实一下身份",
            "violated",
        ),
    ],
)
def test_where_a_reply_may_stand(place: str, dialogue: str, expected: str) -> None:
    body = f"must_reply:\n  when: {{any: [您的余额是], speaker: agent}}\n  any: [核实一下身份]\n  {place}"
    assert judged(body, dialogue).verdict == expected


HOLD = """
must_reply:
  when: {measure: wait, over: 10s}
  replies:
    - {name: 告知等待, any: [请稍等], position: before, within: 2 turns}
    - {name: 致谢, any: [感谢您的耐心等待, 让您久等了], position: after, within: 1 turns}
  every: on"""


def _wait(before: str, after: str) -> Transcript:
    return call(f"[0:00-0:04]客服: {before}\n[0:05-0:06]客户: 好的\n[0:30-0:34]客服: {after}")


def test_an_announced_wait_that_is_thanked_for() -> None:
    finding = judged(HOLD, _wait("请稍等我查一下", "让您久等了"))
    assert finding.evidence == (
        Evidence(None, Speaker.UNKNOWN, 6.0, 30.0, "", "", Match.MEASURE, 24.0),
        Evidence(0, Speaker.AGENT, 0.0, 1.714, "请稍等", "请稍等", Match.EXACT),
        Evidence(2, Speaker.AGENT, 30.0, 34.0, "让您久等了", "让您久等了", Match.EXACT),
    )
    assert finding.reason.code == "replied"


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [("我查一下", "让您久等了", "告知等待"), ("请稍等", "您的余额十元", "致谢"), ("我查一下", "请稍等", "告知等待")],
)
def test_the_missing_courtesy_is_named(before: str, after: str, missing: str) -> None:
    finding = judged(HOLD, _wait(before, after))
    assert (finding.verdict.value, dict(finding.reason.values)["name"]) == ("violated", missing)
    assert dict(finding.reason.values)["trigger"] == "0:06-0:30"


def test_a_wait_cannot_be_seen_in_a_text_without_times() -> None:
    assert said(judged(HOLD, "客服: 请稍等\n客服: 让您久等了")) == ("not_applicable", "untimed", ())


def test_no_wait() -> None:
    dialogue = "[0:00-0:04]客服: 请稍等\n[0:05-0:06]客户: 好的\n[0:16-0:18]客服: 好了"
    assert said(judged(HOLD, dialogue)) == ("not_applicable", "no-trigger", ())


FOLLOW = """
must_follow:
  steps:
    - {name: 投诉, any: [太过分了], except: [{any: [不算], in: before-clause}]}
    - {name: 共情, any: [非常抱歉], within: 2 turns}
    - {name: 方案, any: [帮您登记], within: 3 turns}"""


def test_all_steps_in_order() -> None:
    finding = judged(FOLLOW, "客户: 太过分了\n客服: 非常抱歉\n客户: 那怎么办\n客服: 我帮您登记")
    assert said(finding) == ("met", "steps-complete", ("太过分了", "非常抱歉", "帮您登记"))


@pytest.mark.parametrize(
    ("dialogue", "missing", "quotes"),
    [
        ("客户: 太过分了\n客服: 非常抱歉\n客户: 那怎么办\n客服: 不知道", "方案", ("太过分了", "非常抱歉")),
        ("客户: 太过分了\n客服: 我帮您登记\n客户: 好", "共情", ("太过分了",)),
        ("客户: 太过分了\n客服: 我帮您登记\n客户: 好\n客服: 非常抱歉\n客户: 好", "方案", ("太过分了", "非常抱歉")),
        ("客服: 非常抱歉帮您登记\n客户: 太过分了\n客服: 好", "共情", ("太过分了",)),
    ],
)
def test_the_missing_step_is_named(dialogue: str, missing: str, quotes: tuple[str, ...]) -> None:
    finding = judged(FOLLOW, dialogue)
    assert (said(finding), dict(finding.reason.values)["name"]) == (("violated", "step-missing", quotes), missing)


def test_sympathy_and_solution_in_one_breath_in_either_order() -> None:
    assert judged(FOLLOW, "客户: 太过分了\n客服: 我帮您登记，非常抱歉").verdict == "met"


def test_a_later_complaint_may_be_the_one_that_is_answered() -> None:
    dialogue = "客户: 太过分了\n客服: 好\n客户: 喂\n客服: 好\n客户: 太过分了\n客服: 非常抱歉，帮您登记"
    assert judged(FOLLOW, dialogue).verdict == "met"


def test_an_earlier_hit_of_a_step_does_not_hide_a_later_one_within_reach() -> None:
    dialogue = "客户: 太过分了\n客服: 非常抱歉\n客户: 什么\n客服: 非常抱歉\n客户: 什么\n客服: 帮您登记"
    assert judged(FOLLOW.replace("3 turns", "2 turns"), dialogue).verdict == "met"


def test_steps_without_a_trigger() -> None:
    assert said(judged(FOLLOW, "客户: 这不算太过分了\n客服: 好")) == ("not_applicable", "no-trigger", ())


def test_a_step_may_follow_an_earlier_one_than_the_last() -> None:
    body = FOLLOW.replace("within: 3 turns}", "within: 1 turns, after: 投诉}")
    assert judged(body, "客户: 太过分了\n客服: 帮您登记\n客户: 嗯\n客户: 好\n客服: 非常抱歉").verdict == "met"
    assert judged(body, "客户: 太过分了\n客服: 非常抱歉\n客户: 好\n客服: 帮您登记").verdict == "violated"


def test_waits_alone_say_nothing_about_replies() -> None:
    """Speech was heard but none of it recognised: what was said around the wait is not known."""
    silent = activity(40.0, ("speech", Speaker.AGENT, 0, 4), ("speech", Speaker.AGENT, 30, 34))
    assert said(judged(HOLD, silent))[:2] == ("uncertain", "unintelligible")
