"""Uncertain before violated: what was not understood is not held against anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judging import activity, call, judged, said, with_confidence, with_speech

from inspect_pipeline.model import Reason, Removed, Risk, Speaker, Transcript
from inspect_pipeline.rulebook.settings import JudgeSettings

AGENT, CUSTOMER = Speaker.AGENT, Speaker.CUSTOMER
OPENING = "must_say: [很高兴为您服务]\nwindow: {first: 20s}"
RUDE = "must_not_say: [你自己不知道吗]"
ESCALATION = "notice: [去工信部投诉]"
EMPATHY = "must_reply:\n  when: [太过分了]\n  any: [非常抱歉]\n  within: 2 turns"
FOLLOW = "must_follow:\n  steps:\n    - {name: 投诉, any: [太过分了]}\n    - {name: 共情, any: [非常抱歉]}"


@pytest.mark.parametrize("body", [OPENING, RUDE, ESCALATION, EMPATHY, FOLLOW, "measure: {what: dead-air, over: 10s}"])
def test_a_call_without_speech_answers_nothing(body: str) -> None:
    finding = judged(body, activity(60.0))
    assert (said(finding), finding.points_lost, finding.risk) == (("uncertain", "no-speech", ()), 0.0, Risk.NONE)


@pytest.mark.parametrize("body", [OPENING, RUDE, ESCALATION, EMPATHY, FOLLOW])
def test_speech_that_nobody_understood_answers_nothing(body: str) -> None:
    heard = activity(60.0, ("speech", AGENT, 0, 20), ("speech", CUSTOMER, 21, 40))
    assert said(judged(body, heard)) == ("uncertain", "unintelligible", ())


def _opening(*lost: tuple[Speaker, float, float]) -> Transcript:
    dialogue = "[0:05-0:09]客服: 喂什么事\n[0:10-0:15]客户: 查话费\n[0:16-0:24]客服: 您的余额是十元"
    return with_speech(call(dialogue), *lost)


def test_a_damaged_opening_is_not_a_missing_one() -> None:
    finding = judged(OPENING, _opening((AGENT, 0.0, 4.0)))
    assert finding.reason == Reason(
        "unintelligible", (("share", "0.33"), ("confidence", "1.00"), ("from", "0:00"), ("to", "0:20"))
    )


def test_damage_elsewhere_or_on_the_other_side_excuses_nothing() -> None:
    assert said(judged(OPENING, _opening((AGENT, 30.0, 50.0)))) == ("violated", "not-said", ())
    assert said(judged(OPENING, _opening((CUSTOMER, 0.0, 4.0)))) == ("violated", "not-said", ())


def test_a_noise_too_short_for_a_phrase_excuses_nothing() -> None:
    settings = JudgeSettings(max_lost=0.01)
    assert said(judged(OPENING, _opening((AGENT, 3.0, 3.7)), settings=settings)) == ("violated", "not-said", ())


def test_removed_text_leaves_a_hole() -> None:
    heard = _opening((AGENT, 0.0, 4.0))
    covered = call("[0:00-0:09]客服: 喂什么事\n[0:10-0:15]客户: 查话费\n[0:16-0:24]客服: 您的余额是十元")
    assert said(judged(OPENING, covered)) == ("violated", "not-said", ())
    hole = replace(covered, removed=(Removed(AGENT, 0.0, 4.0, "谢谢谢谢谢谢", "loop"),))
    assert said(judged(OPENING, hole)) == ("uncertain", "unintelligible", ())
    assert said(judged(OPENING, heard)) == ("uncertain", "unintelligible", ())


def test_a_doubtful_recognition_is_no_proof_of_absence() -> None:
    assert said(judged(OPENING, with_confidence(_opening(), u0=0.3, u2=0.6))) == ("uncertain", "unintelligible", ())
    assert said(judged(OPENING, with_confidence(_opening(), u0=0.72, u2=0.72))) == ("violated", "not-said", ())


def test_what_nearly_was_said_is_quoted() -> None:
    finding = judged(OPENING, "客服: 您好很高心维护\n客户: 查话费")
    if finding.reason.code == "almost":
        assert finding.verdict == "uncertain"
        assert finding.evidence
    finding = judged("must_say: [感谢您的来电祝您生活愉快]", "客服: 感谢您的来电祝您升旗\n客户: 好")
    assert (finding.verdict.value, finding.reason.code) == ("uncertain", "almost")
    assert dict(finding.reason.values)["term"] == "感谢您的来电祝您生活愉快"


def test_what_nearly_was_said_blames_nobody() -> None:
    assert said(judged("must_not_say: [感谢您的来电祝您生活愉快]", "客服: 感谢您的来电祝您升旗")) == (
        "met",
        "nothing-forbidden",
        (),
    )


def test_nothing_forbidden_needs_most_of_the_speech_understood() -> None:
    assert judged(RUDE, _opening((AGENT, 30.0, 40.0))).verdict == "met"
    assert said(judged(RUDE, _opening((AGENT, 30.0, 60.0)))) == ("uncertain", "unintelligible", ())
    assert said(judged(ESCALATION, _opening((CUSTOMER, 30.0, 60.0)))) == ("uncertain", "unintelligible", ())
    assert said(judged(EMPATHY, _opening((CUSTOMER, 30.0, 60.0)))) == ("uncertain", "unintelligible", ())


@pytest.mark.parametrize(
    ("words", "confidence", "expected"),
    [
        ("你自己不知道吗", 0.3, ("violated", "forbidden-said", ("你自己不知道吗",))),
        ("你自己不知道吗", 0.1, ("uncertain", "doubtful-hit", ("你自己不知道吗",))),
        ("你自己不知到吗", 0.9, ("violated", "forbidden-said", ("你自己不知到吗",))),
        ("你自己不知到吗", 0.55, ("uncertain", "doubtful-hit", ("你自己不知到吗",))),
    ],
)
def test_a_weak_hit_is_doubted(words: str, confidence: float, expected: tuple[str, str, tuple[str, ...]]) -> None:
    heard = with_confidence(call(f"客服: {words}"), u0=confidence)
    finding = judged(RUDE, heard)
    assert said(finding) == expected
    assert finding.points_lost == (10.0 if expected[0] == "violated" else 0.0)


def test_a_weak_signal_is_noticed_for_it_blames_nobody() -> None:
    heard = with_confidence(call("客户: 我要去供信部头诉"), u0=0.5)
    assert said(judged(ESCALATION, heard)) == ("noticed", "noticed", ("去供信部头诉",))
    assert judged(ESCALATION, with_confidence(heard, u0=0.1)).verdict == "uncertain"


def test_a_weak_hit_is_believed_in_favour() -> None:
    heard = with_confidence(call("客服: 您好很高性为您服务"), u0=0.4)
    assert said(judged(OPENING, heard)) == ("met", "said", ("很高性为您服务",))


def _unsure_speakers(dialogue: str) -> Transcript:
    return replace(call(dialogue), channels=1, speaker_confidence=0.5)


@pytest.mark.parametrize(
    ("body", "dialogue", "expected"),
    [
        (RUDE, "客服: 您好\n客户: 查话费", ("met", "nothing-forbidden", ())),
        (RUDE, "客服: 您好\n客户: 你自己不知道吗", ("uncertain", "speaker-unknown", ("你自己不知道吗",))),
        (RUDE + "\nspeaker: any", "客户: 你自己不知道吗", ("violated", "forbidden-said", ("你自己不知道吗",))),
        (OPENING, "客服: 您好很高兴为您服务\n客户: 好", ("uncertain", "speaker-unknown", ("很高兴为您服务",))),
        (OPENING, "客服: 喂\n客户: 查话费", ("uncertain", "speaker-unknown", ())),
        (ESCALATION, "客户: 查话费", ("not_applicable", "nothing-noticed", ())),
        (ESCALATION, "客户: 去工信部投诉", ("uncertain", "speaker-unknown", ("去工信部投诉",))),
        (EMPATHY, "客户: 太过分了\n客服: 好", ("uncertain", "speaker-unknown", ("太过分了",))),
        (EMPATHY, "客户: 查话费\n客服: 好", ("not_applicable", "no-trigger", ())),
    ],
)
def test_when_speakers_are_not_told_apart(body: str, dialogue: str, expected: tuple[str, str, tuple[str, ...]]) -> None:
    assert said(judged(body, _unsure_speakers(dialogue))) == expected


def test_one_utterance_of_nobody() -> None:
    heard = call("客服: 您好\n客户: 你自己不知道吗")
    unknown = replace(heard, utterances=(heard.utterances[0], replace(heard.utterances[1], speaker=Speaker.UNKNOWN)))
    assert said(judged(RUDE, unknown)) == ("uncertain", "speaker-unknown", ("你自己不知道吗",))
    assert said(judged(RUDE.replace("你自己不知道吗", "爱投诉就投诉"), unknown)) == ("met", "nothing-forbidden", ())


def test_a_missing_sentence_model_is_never_silently_met() -> None:
    like = "{like: [我理解您], unlike: [您好]}"
    assert said(judged(f"must_say: [{like}]", "客服: 您好")) == ("uncertain", "model-missing", ())
    assert said(judged(f"must_say: [非常抱歉, {like}]", "客服: 非常抱歉")) == ("met", "said", ("非常抱歉",))
    assert said(judged(f"must_not_say: [{like}]", "客服: 您好")) == ("uncertain", "model-missing", ())
    assert said(judged(f"must_not_say: [非常抱歉, {like}]", "客服: 非常抱歉")) == (
        "violated",
        "forbidden-said",
        ("非常抱歉",),
    )


def test_a_pattern_that_takes_too_long_is_uncertain() -> None:
    body = "must_say: [{regex: '(一+)+.二'}]"
    assert said(judged(body, "客服: " + "一" * 5000 + "三三二")) == ("uncertain", "regex-timeout", ())


def test_a_wait_that_may_have_been_announced() -> None:
    body = "measure: {what: dead-air, over: 10s}\nexcept: [{any: [请稍等], before: 10s}]"
    heard = call("[0:00-0:04]客服: 您好\n[0:05-0:07]客户: 查话费\n[0:30-0:34]客服: 好了")
    assert said(judged(body, heard)) == ("violated", "over-limit", ("",))
    mumbled = with_speech(heard, (AGENT, 8.0, 11.0))
    assert said(judged(body, mumbled)) == ("uncertain", "unintelligible", ("",))


def test_an_agent_who_is_never_heard_may_have_a_dead_line() -> None:
    assert said(judged(OPENING, "客户: 喂喂")) == ("uncertain", "no-speech", ())
