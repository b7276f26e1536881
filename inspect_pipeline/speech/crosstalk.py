"""The other speaker heard through: leakage from one channel of a stereo recording into the other.

Leaked speech is the other channel's speech again, quieter and at most a fraction of a second late. Loudness alone does
not tell it from a customer on a weak line, so the two sounds are compared: where both seem to speak, second by second,
a leak is quieter than its source and goes the same way, sample by sample.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inspect_pipeline.model import Span
from inspect_pipeline.speech.decode import SAMPLE_RATE, Samples, Track, samples
from inspect_pipeline.speech.vad import FRAME, FRAME_S, Frames, Mask, Speech, mean_level_db, noise_floor_db

_SPEAKING = 0.1  # a probability from which a frame may be speech
_QUIETER_DB = 6.0
_SAME_SOUND = 0.4  # normalised cross-correlation at the best lag; unrelated voices stay under 0.3
_EVERY = 2  # samples compared: 8 kHz is enough
_LATEST = int(0.4 * SAMPLE_RATE / _EVERY)  # an echo comes back within this
_OVER_NOISE_DB = 3.0
_CHUNK, _HOP = 31, 15  # frames: a second, compared each half second
_COVERED_MUSIC = 0.4  # of a tone's length, that the other side speaks; a voice heard through has no clear edges


def leakage(tracks: tuple[Track, Track], levels: tuple[Frames, Frames], probabilities: Frames) -> Mask:
    """Return the frames of the first track that hold the second one's speech, leaking in.

    Levels in dB and the second track's `probabilities` of speech are one each 32 ms; a pair is (this track, the other).
    """
    leaks = np.zeros(len(levels[0]), dtype=np.bool_)
    audible = noise_floor_db(levels[0]) + _OVER_NOISE_DB
    for first in range(0, len(leaks), _HOP):
        last = min(first + _CHUNK, len(leaks))
        level = mean_level_db(levels[0][first:last])
        if level < audible or (probabilities[first:last] >= _SPEAKING).sum() < 3:
            continue
        if mean_level_db(levels[1][first:last]) - level < _QUIETER_DB:
            continue
        pair = (samples(track[first * FRAME : last * FRAME])[::_EVERY] for track in tracks)
        if _same_sound(*pair):
            leaks[first:last] |= probabilities[first:last] >= _SPEAKING / 2
    return leaks


def music_without_leakage(
    music: Sequence[Span], own_levels: Frames, other_levels: Frames, heard: Sequence[Speech]
) -> list[Span]:
    """Return the stretches of `music` that are not the other side's voice, leaking in too faintly to be speech."""
    return [
        span
        for span in music
        if _covered(span, heard) < _COVERED_MUSIC
        or _level(other_levels, span) - _level(own_levels, span) <= _QUIETER_DB
    ]


def _covered(span: Span, heard: Sequence[Speech]) -> float:
    together = sum(max(0.0, min(span.end_s, each.end_s) - max(span.start_s, each.start_s)) for each in heard)
    return together / (span.end_s - span.start_s)


def _level(levels: Frames, span: Span) -> float:
    first = int(span.start_s / FRAME_S)
    return mean_level_db(levels[first : max(first + 1, round(span.end_s / FRAME_S))])


def _same_sound(own: Samples, other: Samples) -> bool:
    """Whether the cross-correlation has a clear peak at a lag from 0 to 0.4 s (by FFT)."""
    energy = float(np.sqrt(np.dot(own, own) * np.dot(other, other)))
    if energy <= 0:
        return False
    size = 1 << (len(own) + len(other) - 1).bit_length()
    product = np.fft.rfft(own, size) * np.conj(np.fft.rfft(other, size))
    correlation = np.abs(np.fft.irfft(product, size)[: min(_LATEST, len(own))])
    return float(correlation.max()) / energy >= _SAME_SOUND
