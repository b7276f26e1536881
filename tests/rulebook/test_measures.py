"""What is measured in the audio, against its limit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judging import activity, call, judged, said

from inspect_pipeline.model import Activity, ActivityKind, Evidence, Finding, Match, Reason, Speaker, Transcript

AGENT, CUSTOMER = Speaker.AGENT, Speaker.CUSTOMER


def _places(finding: Finding) -> tuple[tuple[float, float, float | None], ...]:
    return tuple((each.start_s, each.end_s, each.value) for each in finding.evidence)


CALL = activity(
    100.0,
    ("music", AGENT, 0, 8),
    ("speech", AGENT, 9, 15),
    ("speech", CUSTOMER, 16, 20),
    ("speech", AGENT, 25, 25.1),  # a click
    ("speech", AGENT, 32.5, 40),
    ("music", CUSTOMER, 42, 58),
    ("speech", AGENT, 60, 80),
    ("speech", CUSTOMER, 79.5, 90),
)


def test_dead_air_is_where_nobody_speaks_and_no_music_plays() -> None:
    finding = judged("measure: {what: dead-air, over: 10s}", CALL)
    assert finding.evidence == (Evidence(None, Speaker.UNKNOWN, 20, 32.5, "", "", Match.MEASURE, 12.5),)
    assert finding.reason == Reason("over-limit", (("what", "dead-air"), ("value", "12.5 s"), ("limit", "10 s")))


def test_a_syllable_beside_longer_speech_belongs_to_it() -> None:
    """A wait was told 0.65 s too long (9.47-25.15 for 10.12-25.12) where a short 嗯 ended the speech before it."""
    heard = activity(
        40.0, ("speech", CUSTOMER, 5, 9.5), ("speech", AGENT, 9.85, 9.98), ("speech", AGENT, 18, 18.1),
        ("speech", AGENT, 24.3, 24.45), ("speech", AGENT, 24.8, 30),
    )  # fmt: skip
    assert _places(judged("measure: {what: dead-air, over: 10s}", heard)) == ((9.98, 24.3, 14.32),)


def test_hold_is_a_wait_with_music() -> None:
    finding = judged("measure: {what: hold, over: 10s}", CALL)
    assert _places(finding) == ((40, 60, 20.0),)


@pytest.mark.parametrize(
    ("measure", "verdict", "code"),
    [
        ("{what: dead-air, over: 12.5s}", "met", "measured"),
        ("{what: dead-air, over: 12s}", "violated", "over-limit"),
        ("{what: dead-air, over: 3s, times: 2}", "met", "measured"),
        ("{what: hold, over: 30s}", "met", "measured"),
        ("{what: pick-up-delay, over: 9s}", "met", "measured"),
        ("{what: pick-up-delay, over: 8s}", "violated", "over-limit"),
        ("{what: hang-up-gap, over: 10s}", "met", "measured"),
        ("{what: hang-up-gap, over: 9s}", "violated", "over-limit"),
        ("{what: duration, under: 120s}", "violated", "under-limit"),
        ("{what: duration, over: 100s}", "met", "measured"),
        ("{what: talk-share, over: 60 %}", "violated", "over-limit"),
        ("{what: talk-share, under: 60 %}", "met", "measured"),
        ("{what: speech-rate, over: 400/min}", "not_applicable", "too-little-speech"),
        ("{what: volume, under: -40 dB}", "not_applicable", "too-little-speech"),
    ],
)
def test_limits(measure: str, verdict: str, code: str) -> None:
    finding = judged(f"measure: {measure}", CALL)
    assert (finding.verdict.value, finding.reason.code) == (verdict, code)
    assert finding.points_lost == (10.0 if verdict == "violated" else 0.0)


def test_two_waits_make_it_twice() -> None:
    heard = activity(40.0, ("speech", AGENT, 0, 1), ("speech", CUSTOMER, 13, 14), ("speech", AGENT, 27, 28))
    finding = judged("measure: {what: dead-air, over: 10s, times: 2}\nper_hit: 4\ncap: 20", heard)
    assert (_places(finding), finding.points_lost) == (((1, 13, 12.0), (14, 27, 13.0)), 8.0)
    assert dict(finding.reason.values)["value"] == "13 s"


def test_an_announced_silence_is_excused() -> None:
    body = """
measure: {what: dead-air, over: 10s}
except:
  - {any: [请稍等], before: 15s}
  - {any: [等一下我找找], speaker: customer, before: 15s}"""
    silence = "[0:00-0:04]客服: {}\n[0:04-0:06]客户: {}\n[0:30-0:32]客服: 好了"
    assert said(judged(body, silence.format("请稍等", "好"))) == ("met", "measured", ())
    assert said(judged(body, silence.format("您好", "等一下我找找"))) == ("met", "measured", ())
    assert said(judged(body, silence.format("等一下我找找", "请稍等"))) == ("violated", "over-limit", ("",))


INTERRUPTION = "measure: {what: interruption, over: 2s}"


@pytest.mark.parametrize(
    ("agent", "places"),
    [
        ([(12.0, 16.0)], ((12.0, 16.0, 4.0),)),
        ([(12.0, 14.0)], ((12.0, 14.0, 2.0),)),
        ([(12.0, 13.9)], ()),  # a short word
        ([(12.0, 12.8), (13.0, 14.5)], ((12.0, 14.5, 2.5),)),  # a breath between
        ([(12.0, 12.8), (13.5, 14.9)], ()),  # 嗯 … 对对
        ([(10.3, 16.0)], ()),  # both at once
        ([(9.0, 16.0)], ()),  # the customer cut in
        ([(18.5, 25.0)], ()),  # at the end of a turn
        ([(12.0, 30.0)], ((12.0, 20.0, 8.0),)),
    ],
)
def test_interruptions(agent: list[tuple[float, float]], places: tuple[tuple[float, float, float], ...]) -> None:
    parts = [("speech", AGENT, start, end) for start, end in agent]
    heard = activity(40.0, ("speech", CUSTOMER, 10, 14.8), ("speech", CUSTOMER, 15.2, 20), *parts)
    finding = judged(INTERRUPTION, heard)
    assert (finding.verdict.value, _places(finding)) == ("violated" if places else "met", places)


@pytest.mark.parametrize(("pause", "verdict"), [(0.85, "violated"), (0.95, "met")])
def test_who_takes_a_breath_is_still_speaking(pause: float, verdict: str) -> None:
    """An agent who begins as the customer goes on after a breath of 0.8 s was taken for one who began with them."""
    again = 15.0 + pause
    customer = [("speech", CUSTOMER, 10.0, 15.0), ("speech", CUSTOMER, again, 20.0)]
    finding = judged(INTERRUPTION, activity(40.0, *customer, ("speech", AGENT, again + 0.05, 25.0)))
    assert finding.verdict.value == verdict


def test_the_customer_may_be_the_one_who_cuts_in() -> None:
    heard = activity(40.0, ("speech", AGENT, 10, 20), ("speech", CUSTOMER, 12, 16))
    assert judged(INTERRUPTION, heard).verdict == "met"
    by_customer = judged("measure: {what: interruption, over: 2s, by: customer}", heard)
    assert [(each.speaker, each.value) for each in by_customer.evidence] == [(CUSTOMER, 4.0)]


def _speaking(characters: int, seconds: float) -> Transcript:
    heard = call(f"[0:00-0:20]客服: {'您好，' * (characters // 2)}\n[0:20-0:21]客户: 好")
    span = Activity(ActivityKind.SPEECH, AGENT, 0, 0.0, seconds, -20.0)
    other = Activity(ActivityKind.SPEECH, CUSTOMER, 1, 20.0, 21.0, -30.0)
    return replace(heard, activity=(span, other))


def test_the_speech_rate_is_over_the_agents_own_speaking_time() -> None:
    finding = judged("measure: {what: speech-rate, over: 400/min}", _speaking(100, 12.0))
    assert (finding.verdict.value, _places(finding)) == ("violated", ((0.0, 12.0, 500.0),))
    assert finding.reason == Reason("over-limit", (("what", "speech-rate"), ("value", "500/min"), ("limit", "400/min")))
    assert judged("measure: {what: speech-rate, over: 400/min}", _speaking(100, 15.0)).verdict == "met"
    assert said(judged("measure: {what: speech-rate, over: 400/min}", _speaking(28, 2.0)))[:2] == (
        "not_applicable",
        "too-little-speech",
    )


def test_the_volume_of_the_rules_speaker() -> None:
    assert judged("measure: {what: volume, under: -25 dB}", _speaking(100, 12.0)).verdict == "met"
    finding = judged("measure: {what: volume, under: -25 dB}\nspeaker: customer", _speaking(100, 12.0))
    assert finding.reason == Reason("under-limit", (("what", "volume"), ("value", "-30 dB"), ("limit", "-25 dB")))


def test_repeats_show_what_was_said_again() -> None:
    heard = call(
        "[0:00-0:03]客户: 我的话费为什么多扣了\n[0:04-0:06]客服: 您好\n[0:07-0:10]客户: 我的话费为什么又多扣了\n"
        "[0:11-0:12]客服: 您好\n[0:13-0:16]客户: 我想办理宽带业务\n[0:17-0:20]客户: 我的话费为什么多扣了"
    )
    finding = judged("measure: {what: customer-repeats, over: 1 times}", heard)
    assert said(finding) == ("violated", "over-limit", ("我的话费为什么又多扣了", "我的话费为什么多扣了"))
    assert dict(finding.reason.values) == {"what": "customer-repeats", "value": "2 times", "limit": "1 times"}
    assert judged("measure: {what: customer-repeats, over: 2 times}", heard).verdict == "met"
    assert judged("measure: {what: agent-repeats, over: 0 times}", heard).verdict == "met"


def test_repeats_need_no_times() -> None:
    dialogue = "客户: 我要取消这个业务\n客服: 什么\n客户: 我要取消这个业务"
    assert said(judged("measure: {what: customer-repeats, over: 0 times}", dialogue)) == (
        "violated",
        "over-limit",
        ("我要取消这个业务",),
    )


QUANTITIES = [
    "{what: dead-air, over: 10s}",
    "{what: hold, over: 10s}",
    "{what: interruption, over: 2s}",
    "{what: speech-rate, over: 400/min}",
    "{what: talk-share, over: 60 %}",
    "{what: pick-up-delay, over: 3s}",
    "{what: hang-up-gap, over: 5s}",
    "{what: duration, over: 600s}",
    "{what: volume, under: -40 dB}",
    "{what: agent-repeats, over: 3 times}",
    "{what: customer-repeats, over: 3 times}",
]


@pytest.mark.parametrize("measure", [measure for measure in QUANTITIES if "repeats" not in measure])
def test_a_text_without_times_measures_nothing(measure: str) -> None:
    assert said(judged(f"measure: {measure}", "客服: 您好\n客户: 查话费")) == ("not_applicable", "untimed", ())


@pytest.mark.parametrize("measure", QUANTITIES)
def test_one_channel_cannot_tell_the_sides_apart(measure: str) -> None:
    heard = replace(call("[0:00-0:03]客服: 您好\n[0:04-0:05]客户: 查话费"), channels=1)
    expected = any(what in measure for what in ("interruption", "speech-rate", "talk-share", "volume"))
    finding = judged(f"measure: {measure}", heard)
    assert (finding.verdict == "not_applicable", finding.reason.code == "mono") == (expected, expected)


def test_a_window_limits_where_waits_count() -> None:
    heard = activity(60.0, ("speech", AGENT, 0, 1), ("speech", CUSTOMER, 13, 14), ("speech", AGENT, 50, 58))
    assert judged("measure: {what: dead-air, over: 20s}\nwindow: {first: 10s}", heard).verdict == "met"
    assert judged("measure: {what: dead-air, over: 20s}\nwindow: {last: 10s}", heard).verdict == "violated"
