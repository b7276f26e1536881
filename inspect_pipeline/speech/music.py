"""Sound in which nobody speaks: hold music and ring-back tone.

A tone puts most of a frame's power into a few narrow lines; noise has no lines, and a voice, which has, is known to the
voice detector. So music is a stretch, a note's length at least, of loud tonal frames outside of speech.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inspect_pipeline.model import Seconds, Span
from inspect_pipeline.speech.decode import Track, samples
from inspect_pipeline.speech.vad import FRAME, FRAME_S, Frames, Speech

_WINDOW = 1024  # 64 ms, lines of 15.6 Hz
_LOW_BIN, _HIGH_BIN = 12, 224  # 190 Hz - 3.5 kHz, what a telephone carries
_LINES = 12  # of 212: three or four notes with their skirts
_TONAL = 0.75  # share of the power in the strongest lines; white noise has 0.22, rumble 0.7
_OVER_BACKGROUND_DB = 6.0
_LOUD_DB = -35.0  # a background above this is itself the music
_AROUND_FRAMES = 31  # a second around each frame, of which half must be musical
_BESIDE_SPEECH_S = 0.15  # a voice dies away; its last frames are no music
_SHORTEST_S = 0.9  # a ring-back burst lasts 1 s
_JOIN_S = 1.0
_BETWEEN_S = 2.0  # a "word" shorter than this, in the middle of music and as tonal, is a note
_BLOCK_FRAMES = 256  # at a time


def find_music(track: Track, levels: Frames, speech: Sequence[Speech]) -> tuple[list[Span], list[Speech]]:
    """Return the stretches of music or tones on `track`, and `speech` without the notes taken for words.

    `levels` are the track's, one each 32 ms; both results are in time order.
    """
    tonal = _tonal(track, _loud(levels))
    music = _stretches(tonal & ~_spoken(speech, len(levels)))
    words = [span for span in speech if not _is_note(span, music, tonal)]
    if len(words) < len(speech):
        music = _stretches(tonal & ~_spoken(words, len(levels)))
    return music, words


def share_in(spans: Sequence[Span], start_s: Seconds, end_s: Seconds) -> float:
    """Return the share (0-1) of a stretch that lies in `spans`, which do not overlap."""
    inside = sum(max(0.0, min(span.end_s, end_s) - max(span.start_s, start_s)) for span in spans)
    return inside / (end_s - start_s) if end_s > start_s else 0.0


def _loud(levels: Frames) -> NDArray[np.bool_]:
    background = float(np.percentile(levels, 5)) if len(levels) else _LOUD_DB
    return np.asarray(levels > max(min(background, _LOUD_DB) + _OVER_BACKGROUND_DB, -60.0))


def _tonal(track: Track, loud: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the `loud` frames have most of their power in their strongest lines."""
    window = np.hanning(_WINDOW).astype(np.float32)
    within = np.arange(_WINDOW)
    tonal = np.zeros(len(loud), dtype=np.bool_)
    frames = np.flatnonzero(loud)
    for start in range(0, len(frames), _BLOCK_FRAMES):
        some = frames[start : start + _BLOCK_FRAMES]
        first = int(some[0]) * FRAME
        block = samples(track[first : int(some[-1]) * FRAME + _WINDOW])
        block = np.pad(block, (0, int(some[-1]) * FRAME + _WINDOW - first - len(block)))
        views = block[(some * FRAME - first)[:, None] + within]
        power = np.abs(np.fft.rfft(views * window, axis=1)[:, _LOW_BIN:_HIGH_BIN]) ** 2
        strongest = np.partition(power, -_LINES, axis=1)[:, -_LINES:].sum(axis=1)
        tonal[some] = strongest > _TONAL * np.maximum(power.sum(axis=1), 1e-12)
    return tonal


def _spoken(speech: Sequence[Speech], count: int) -> NDArray[np.bool_]:
    frames = np.zeros(count, dtype=np.bool_)
    for span in speech:
        first = int((span.start_s - _BESIDE_SPEECH_S) / FRAME_S)
        frames[max(0, first) : int((span.end_s + _BESIDE_SPEECH_S) / FRAME_S) + 1] = True
    return frames


def _stretches(musical: NDArray[np.bool_]) -> list[Span]:
    """Join musical frames whose surroundings are musical too, from the first of each stretch to the last."""
    counts = np.concatenate([[0], np.cumsum(np.pad(musical.astype(np.int64), _AROUND_FRAMES // 2))])
    around = (counts[_AROUND_FRAMES:] - counts[:-_AROUND_FRAMES])[: len(musical)]
    spans: list[Span] = []
    for number in np.flatnonzero(musical & (around * 2 >= _AROUND_FRAMES)).tolist():
        start = number * FRAME_S
        if spans and start - spans[-1].end_s <= _JOIN_S:
            spans[-1] = Span(spans[-1].start_s, start + FRAME_S)
        else:
            spans.append(Span(start, start + FRAME_S))
    return [span for span in spans if span.end_s - span.start_s >= _SHORTEST_S]


def _is_note(span: Speech, music: Sequence[Span], tonal: NDArray[np.bool_]) -> bool:
    if span.end_s - span.start_s >= _BETWEEN_S:
        return False
    near = _BESIDE_SPEECH_S + 0.5
    before = any(0 <= span.start_s - each.end_s <= near for each in music)
    after = any(0 <= each.start_s - span.end_s <= near for each in music)
    frames = tonal[int(span.start_s / FRAME_S) : int(span.end_s / FRAME_S) + 1]
    return before and after and float(frames.mean()) > _TONAL
