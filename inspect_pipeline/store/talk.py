"""How much of a call is speech, silence and two people at once, from its activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Activity, ActivityKind, Seconds, Transcript


@dataclass(frozen=True, slots=True)
class Talk:
    """Seconds of one call. `overlap_s` is None for mono, where one channel cannot tell who speaks at once."""

    speech_s: Seconds
    silence_s: Seconds
    overlap_s: Seconds | None


def talk_of(transcript: Transcript) -> Talk:
    """Return the call's seconds of speech (anybody), silence (nobody and no music) and overlap (two channels)."""
    speech = [span for span in transcript.activity if span.kind is ActivityKind.SPEECH]
    channels = sorted({span.channel for span in speech if span.channel is not None})
    by_channel = [_length(_union([span for span in speech if span.channel == channel])) for channel in channels]
    together = _length(_union(speech))
    sounding = _length(_union(transcript.activity))
    return Talk(
        speech_s=round(together, 3),
        silence_s=round(max(0.0, transcript.duration_s - sounding), 3),
        # what two channels say beyond the time in which anybody speaks, they say at once
        overlap_s=round(max(0.0, sum(by_channel) - together), 3) if transcript.channels > 1 else None,
    )


def _union(spans: Sequence[Activity]) -> list[tuple[Seconds, Seconds]]:
    merged: list[tuple[Seconds, Seconds]] = []
    for start, end in sorted((span.start_s, span.end_s) for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _length(spans: Sequence[tuple[Seconds, Seconds]]) -> Seconds:
    return sum((end - start for start, end in spans), 0.0)
