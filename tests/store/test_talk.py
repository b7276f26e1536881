"""Seconds of speech, silence and overlap."""

from __future__ import annotations

from inspect_pipeline.model import Activity, ActivityKind, Seconds, Speaker, Transcript
from inspect_pipeline.store.talk import Talk, talk_of


def speech(channel: int | None, start: Seconds, end: Seconds) -> Activity:
    return Activity(ActivityKind.SPEECH, Speaker.AGENT, channel, start, end)


def test_two_channels():
    activity = (
        speech(0, 0, 4),
        speech(0, 3.5, 5),  # runs into the one before
        speech(1, 4.5, 8),
        Activity(ActivityKind.MUSIC, Speaker.AGENT, 0, 7, 12),
    )
    transcript = Transcript("c", 20.0, (), activity=activity)
    assert talk_of(transcript) == Talk(speech_s=8.0, silence_s=8.0, overlap_s=0.5)


def test_mono_cannot_tell_overlap():
    transcript = Transcript("c", 10.0, (), activity=(speech(None, 1, 4),), channels=1)
    assert talk_of(transcript) == Talk(speech_s=3.0, silence_s=7.0, overlap_s=None)


def test_a_silent_call():
    assert talk_of(Transcript("c", 10.0, ())) == Talk(speech_s=0.0, silence_s=10.0, overlap_s=0.0)
