"""One call in full: every field of the model set to something that is not its default."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from inspect_pipeline.model import (
    Activity,
    ActivityKind,
    Audio,
    CallResult,
    CallStatus,
    Evidence,
    Finding,
    Judgement,
    Match,
    Reason,
    Recording,
    Removed,
    Risk,
    Severity,
    Speaker,
    SpeakerSource,
    Transcript,
    Utterance,
    Verdict,
)
from inspect_pipeline.privacy import CustomerKey
from inspect_pipeline.store.rows import Origin

CHINA = timezone(timedelta(hours=8))


@pytest.fixture
def key() -> CustomerKey:
    return CustomerKey(bytes(range(32)))


@pytest.fixture
def origin() -> Origin:
    return Origin(model="base", packs=(("telecom-cn", "aa11"), ("pilot", "bb22")))


@pytest.fixture
def result() -> CallResult:
    return full_result("c-0001")


def full_result(call_id: str) -> CallResult:
    """Return an inspected call with two utterances, music, removed text and two findings."""
    return CallResult(
        recording=Recording(
            call_id=call_id,
            path=f"/recordings/{call_id}.wav",
            started_at=datetime(2026, 11, 20, 23, 59, 58, 125000, tzinfo=CHINA),
            duration_s=12.5,
            agent_id="0107",
            team="甲班",
            site="010",
            queue="报障",
            direction="inbound",
            customer_number="+86 138-1234-1111",
            agent_channel=1,
            metadata={"tier": "vip", "套餐": "59"},
        ),
        status=CallStatus.INSPECTED,
        audio=Audio(sha256="ab" * 32, duration_s=12.25, channels=2, sample_rate=8000, codec="pcm_alaw"),
        transcript=full_transcript(call_id),
        judgement=Judgement(findings=full_findings(call_id), score=85.5, risk=Risk.MEDIUM),
        elapsed_s=3.2,
    )


def full_transcript(call_id: str) -> Transcript:
    return Transcript(
        call_id=call_id,
        duration_s=12.25,
        utterances=(
            Utterance(0, Speaker.AGENT, 1, 0.1, 2.3, "您好，请问有什么可以帮您", "您好,請問有什麼可以幫您", 0.91),
            Utterance(1, Speaker.CUSTOMER, 0, 2.1, 4.7, "我要投诉", "我要投訴", 1 / 3),
        ),
        activity=(
            Activity(ActivityKind.SPEECH, Speaker.AGENT, 1, 0.1, 2.3, -21.5),
            Activity(ActivityKind.SPEECH, Speaker.CUSTOMER, 0, 2.1, 4.7),
            Activity(ActivityKind.MUSIC, Speaker.AGENT, 1, 6.0, 11.0, float("-inf")),
        ),
        removed=(Removed(Speaker.UNKNOWN, 5.0, 6.0, "请不吝点赞", "stock"),),
        speaker_source=SpeakerSource.VOICE,
        speaker_confidence=0.8,
        confidence=0.7,
        channels=1,
        timed=False,
    )


def full_findings(call_id: str) -> tuple[Finding, ...]:
    return (
        Finding(
            call_id,
            "greeting.opening",
            "f1",
            Verdict.MET,
            Severity.MAJOR,
            0.0,
            Risk.NONE,
            Reason("said", (("speaker", "agent"),)),
            (Evidence(0, Speaker.AGENT, 0.9, 2.3, "请问有什么可以帮您", "请问有什么可以帮您", Match.NEAR, 0.5),),
        ),
        Finding(
            call_id,
            "empathy.after-complaint",
            "f2",
            Verdict.VIOLATED,
            Severity.MINOR,
            14.5,
            Risk.MEDIUM,
            Reason("reply-missing", (("name", "致歉"), ("trigger", "我要投诉"))),
            (
                Evidence(1, Speaker.CUSTOMER, 2.1, 4.7, "我要投诉", "投诉", Match.EXACT),
                Evidence(None, Speaker.AGENT, 4.7, 12.25, "", "", Match.MEASURE, 7.55),
            ),
        ),
    )
