"""Where somebody speaks on a track: Silero VAD (MIT, inside faster-whisper), run once a track and cut for calls.

Silero gives one probability for each 32 ms. On telephone lines no single threshold fits every voice: some never pass
0.5, the background stays under 0.05. So the threshold follows the track: a share of the level its own speech reaches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.decode import SAMPLE_RATE, Samples, Track, samples

FRAME = 512  # samples of one probability
FRAME_S = FRAME / SAMPLE_RATE
SILENCE_DB = -100.0  # the level given to digital silence

_CONTEXT = 64  # samples of the previous frame that the network sees again
_BLOCK_FRAMES = 512  # frames a run: what the network works with stays in the processor's cache
_LEVEL_FRAMES = 1875  # a minute
_FORGET_FRAMES = 125  # 4 s
_WARM_FRAMES = 31  # 1 s heard before each of them
_HEARD = 0.3
_AROUND_FRAMES = 31
_OVER_NOISE_DB = 3.0  # a frame this far over the background may be speech
_QUIET_FRAMES = 15  # half a second
_QUIET_START_FRAMES = 8  # a quarter of a second
_LAG_FRAMES = 2  # the probability falls about 64 ms after the voice does (measured on calls with known turns)

Frames = NDArray[np.float32]
Mask = NDArray[np.bool_]  # one a frame


@dataclass(frozen=True, slots=True)
class VadSettings:
    """How speech is cut out of the probabilities. The defaults keep a single 嗯 or 好 and cut between turns.

    `share` of the track's own speech level, kept between `least` and `most`, opens a span; it begins where the
    probability first rose over `rising` of that, and closes under `closing` of it for `gap_s` or longer.
    A span shorter than `shortest_s`, or less than `above_noise_db` over the background, or that never reaches `sure`,
    is no speech.

    Neither is what lies within a span, half a second or longer, and never is that much over the background in the half
    second around it (seen: 3.8 s of faint noise, with 0.2 to 0.5, before a question: an interruption that never was).
    """

    share: float = 0.25
    least: float = 0.1
    most: float = 0.4
    rising: float = 0.2
    closing: float = 0.5
    gap_s: Seconds = 0.2
    shortest_s: Seconds = 0.12
    above_noise_db: float = 4.0
    sure: float = 0.16


@dataclass(frozen=True, slots=True)
class Speech:
    """One stretch of speech on a track: seconds, mean level in dB of full scale, highest probability."""

    start_s: Seconds
    end_s: Seconds
    level_db: float
    peak: float


def speech_probabilities(track: Track, levels: Frames, muted: Mask | None = None) -> Frames:
    """Return the probability of speech of each 32 ms frame (float32, 0-1); the last frame is filled up with zeros.

    Over a minute the network's memory can drift until it takes loud speech for background (seen: 47 of 202 s of mono
    speech lost). So where a pass over the whole track hears nothing for half a second around, a second pass counts,
    in which the network forgets every four seconds what it heard. Where all that is unheard in them is as quiet as
    the background (`levels`, dB, one a frame) nobody speaks, and the second pass is spared. `muted` frames are silence.
    """
    found = _run_network(track, muted)
    if not len(found):
        return found
    unheard = np.convolve(found > _HEARD, np.ones(_AROUND_FRAMES), mode="same")[: len(found)] <= 0.5
    loud = levels > noise_floor_db(levels) + _OVER_NOISE_DB
    for start in range(0, len(found), _FORGET_FRAMES):
        block = slice(start, start + _FORGET_FRAMES)
        fresh = np.zeros(1, dtype=np.float32)
        if (unheard[block] & loud[block]).any():
            first = max(0, start - _WARM_FRAMES)
            last = start + _FORGET_FRAMES
            silence = None if muted is None else muted[first:last]
            fresh = _run_network(track[first * FRAME : last * FRAME], silence)[start - first :]
        found[block] = np.where(unheard[block], fresh, found[block])
    return found


def _run_network(track: Track, muted: Mask | None) -> Frames:
    from faster_whisper.vad import get_vad_model

    session = get_vad_model().session
    state = np.zeros((1, 1, 128), dtype=np.float32)
    cell = np.zeros((1, 1, 128), dtype=np.float32)
    context = np.zeros(_CONTEXT, dtype=np.float32)
    found = [np.empty(0, dtype=np.float32)]
    for start in range(0, len(track), _BLOCK_FRAMES * FRAME):
        block = _frames(track, start, start + _BLOCK_FRAMES * FRAME, muted)
        before = np.vstack([context, block[:-1, -_CONTEXT:]])
        context = block[-1, -_CONTEXT:]
        output, state, cell = session.run(None, {"input": np.hstack([before, block]), "h": state, "c": cell})
        found.append(np.asarray(output, dtype=np.float32).ravel())
    return np.concatenate(found)


def frame_levels(track: Track, muted: Mask | None = None) -> Frames:
    """Return the level of each 32 ms frame in dB of full scale (float32); `muted` frames are silence."""
    levels = [np.empty(0, dtype=np.float32)]
    for start in range(0, len(track), _LEVEL_FRAMES * FRAME):
        power = np.mean(_frames(track, start, start + _LEVEL_FRAMES * FRAME, muted) ** 2, axis=1)
        levels.append((10 * np.log10(np.maximum(power, 10 ** (SILENCE_DB / 10)))).astype(np.float32))
    return np.concatenate(levels)


def find_speech(probabilities: Frames, levels: Frames, settings: VadSettings | None = None) -> list[Speech]:
    """Cut spans of speech out of one track's probabilities and levels (a value each 32 ms), in time order."""
    settings = settings or VadSettings()
    opening = opening_threshold(probabilities, settings)
    floor = noise_floor_db(levels)
    gap = math.ceil(settings.gap_s / FRAME_S)
    spans = _runs(probabilities, opening, opening * settings.closing, gap)
    quiet = _quiet(levels, floor + settings.above_noise_db, spans)
    if quiet.any():
        probabilities = np.where(quiet, np.float32(0), probabilities)
        spans = _runs(probabilities, opening, opening * settings.closing, gap)
    speech = []
    before = 0
    for opened, closed in spans:
        first = _rise(probabilities, opened, before, opening * settings.rising)
        first = _past_quiet(levels, first, closed, floor + settings.above_noise_db)
        last = max(first + 1, closed - _LAG_FRAMES)
        before = closed
        peak = float(probabilities[first:last].max())
        level = mean_level_db(levels[first:last])
        long_enough = (last - first) * FRAME_S >= settings.shortest_s
        if long_enough and peak >= settings.sure and level >= floor + settings.above_noise_db:
            speech.append(Speech(first * FRAME_S, last * FRAME_S, level, peak))
    return speech


def opening_threshold(probabilities: Frames, settings: VadSettings) -> float:
    """The probability that opens a span: a share of what this track's own speech reaches (its 90th percentile)."""
    voiced = probabilities[probabilities > settings.least]
    if not len(voiced):
        return settings.most
    level = float(np.percentile(voiced, 90))
    return min(settings.most, max(settings.least, settings.share * level))


def noise_floor_db(levels: Frames) -> float:
    """The background's level: the 20th percentile of the frames that are not digital silence; -100 when all are."""
    heard = levels[levels > SILENCE_DB + 1]
    return float(np.percentile(heard, 20)) if len(heard) else SILENCE_DB


def mean_level_db(levels: Frames) -> float:
    """The level of the mean power of some frames, in dB of full scale."""
    return float(10 * np.log10(np.mean(10 ** (levels.astype(np.float64) / 10)))) if len(levels) else SILENCE_DB


def _frames(track: Track, start: int, end: int, muted: Mask | None) -> Samples:
    """A stretch that begins with a frame, as frames. The whole track is never copied: it may be hours long."""
    block = samples(track[start:end])
    frames = np.pad(block, (0, -len(block) % FRAME)).reshape(-1, FRAME)
    if muted is not None:
        frames[muted[start // FRAME :][: len(frames)]] = 0
    return frames


def _quiet(levels: Frames, least_db: float, spans: Sequence[tuple[int, int]]) -> Mask:
    """Which frames stand in a span, half a second of them in a row, with nothing of that level around them."""
    found = np.zeros(len(levels), dtype=np.bool_)
    if not spans:
        return found
    around = np.pad(levels, _QUIET_FRAMES // 2, constant_values=SILENCE_DB)
    quiet = np.lib.stride_tricks.sliding_window_view(around, _QUIET_FRAMES).max(axis=1) < least_db
    for first, last in spans:
        if mean_level_db(levels[first:last]) < least_db:
            continue  # no speech as a whole: a piece of it is none either
        edges = np.flatnonzero(np.diff(quiet[first:last].astype(np.int8), prepend=0, append=0)) + first
        for start, end in edges.reshape(-1, 2).tolist():
            found[start:end] = end - start >= _QUIET_FRAMES
    return found


def _rise(probabilities: Frames, first: int, earliest: int, rising: float) -> int:
    """Where the rise that opened a span at `first` began: the network is slow to believe a first syllable."""
    while first > earliest and probabilities[first - 1] >= rising:
        first -= 1
    return first


def _past_quiet(levels: Frames, first: int, last: int, least_db: float) -> int:
    """Where a span from `first` begins to be heard: a quarter of a second or more of background before it is no part.

    Less than that may be the beginning of a word that is nearly silent.
    """
    heard = np.flatnonzero(levels[first:last] >= least_db)
    quiet = int(heard[0]) if len(heard) else 0
    return first + quiet - 1 if quiet >= _QUIET_START_FRAMES else first


def _runs(probabilities: Frames, opening: float, closing: float, gap: int) -> list[tuple[int, int]]:
    """Frames [first, last) of each run: opens at `opening`, closes after `gap` frames under `closing`."""
    runs: list[tuple[int, int]] = []
    first: int | None = None
    last = 0
    for number, probability in enumerate(probabilities.tolist()):
        if first is None:
            if probability >= opening:
                first, last = number, number + 1
        elif probability >= closing:
            last = number + 1
        elif number + 1 - last >= gap:
            runs.append((first, last))
            first = None
    if first is not None:
        runs.append((first, last))
    return runs
