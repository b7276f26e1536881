"""The other speaker heard through: leakage from one channel of a stereo recording into the other.

Leaked speech is the other channel's speech again, much quieter, at most a fraction of a second late. A span is leakage
when the other channel speaks at the same time, is much louder, and its sound or its loudness goes the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inspect_pipeline.model import Span
from inspect_pipeline.speech.decode import SAMPLE_RATE, Samples, Track, samples
from inspect_pipeline.speech.vad import FRAME_S, Frames, Speech, mean_level_db

_QUIETER_DB = 12.0
_COVERED = 0.6  # share of the span in which the other channel speaks
_COVERED_MUSIC = 0.4  # for tones: a voice heard through has no clear edges
_SAME_SOUND = 0.3  # normalised cross-correlation of the samples, best lag
_SAME_LOUDNESS = 0.6  # correlation of the two levels over time
_LATEST = int(0.4 * SAMPLE_RATE)  # an echo comes back within this
_LONGEST = 8 * SAMPLE_RATE  # enough to compare


def without_leakage(
    own: Track,
    other: Track,
    own_levels: Frames,
    other_levels: Frames,
    speech: Sequence[Speech],
    heard: Sequence[Speech],
) -> list[Speech]:
    """Return the spans of `speech` on `own` that are not the `other` track's speech (`heard`) leaking in.

    The levels are dB, one each 32 ms.
    """
    return [
        span
        for span in speech
        if not (_covered(span, heard) and _leaks(own, other, own_levels, other_levels, span.start_s, span.end_s))
    ]


def music_without_leakage(
    music: Sequence[Span], own_levels: Frames, other_levels: Frames, heard: Sequence[Speech]
) -> list[Span]:
    """Return the stretches of `music` that are not the other side's voice, leaking in too faintly to be speech."""
    return [
        span
        for span in music
        if not (
            _covered(span, heard, _COVERED_MUSIC)
            and _level(other_levels, span.start_s, span.end_s) - _level(own_levels, span.start_s, span.end_s) > 6
        )
    ]


def _covered(span: Speech | Span, heard: Sequence[Speech], share: float = _COVERED) -> bool:
    together = sum(max(0.0, min(span.end_s, each.end_s) - max(span.start_s, each.start_s)) for each in heard)
    return together >= share * (span.end_s - span.start_s)


def _level(levels: Frames, start_s: float, end_s: float) -> float:
    return mean_level_db(levels[int(start_s / FRAME_S) : max(int(start_s / FRAME_S) + 1, round(end_s / FRAME_S))])


def _leaks(own: Track, other: Track, own_levels: Frames, other_levels: Frames, start_s: float, end_s: float) -> bool:
    if _level(other_levels, start_s, end_s) - _level(own_levels, start_s, end_s) < _QUIETER_DB:
        return False
    first, last = int(start_s / FRAME_S), max(int(start_s / FRAME_S) + 4, round(end_s / FRAME_S))
    mine, theirs = own_levels[first:last], other_levels[first:last]
    if mine.std() > 0 and theirs.std() > 0 and float(np.corrcoef(mine, theirs)[0, 1]) >= _SAME_LOUDNESS:
        return True
    return _same_sound(samples(own, start_s, end_s)[:_LONGEST], samples(other, start_s, end_s)[:_LONGEST])


def _same_sound(own: Samples, other: Samples) -> bool:
    """Whether the cross-correlation has a clear peak at a lag up to 0.4 s (by FFT)."""
    energy = float(np.sqrt(np.dot(own, own) * np.dot(other, other)))
    if energy <= 0:
        return False
    size = 1 << (len(own) + len(other) - 1).bit_length()
    product = np.fft.rfft(own, size) * np.conj(np.fft.rfft(other, size))
    correlation = np.abs(np.fft.irfft(product, size)[: min(_LATEST, len(own))])
    return float(correlation.max()) / energy >= _SAME_SOUND
