"""Voices shorter than a word ("mm"), at which the voice detector often stays at 0: they end a silence and are no turns.

The recogniser cannot settle what they are, it writes one word or another for them. The sound can: a voice has a pitch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inspect_pipeline.speech.decode import SAMPLE_RATE, Samples, Track, samples
from inspect_pipeline.speech.unheard import OVER_BACKGROUND_DB
from inspect_pipeline.speech.vad import FRAME_S, Frames, Mask, Speech, mean_level_db, noise_floor_db

_SOON_S = 1.5  # after speech: who answers with no more than a sound does so at once
_LONGEST_S = 1.0
_SHORTEST_FRAMES = 4  # a click is shorter
_PAUSE_FRAMES = 3
_PEAK_OVER_BACKGROUND_DB = 15.0
_PITCH_S = 1 / 400, 1 / 75  # a voice's period
_PITCH_WINDOW_S = 0.04
_PITCH_STEP_S = 0.01
_VOICED = 0.45  # correlation with itself a period later: "mm" on a telephone line 0.49 to 0.71, noise 0.2


def brief_voices(track: Track, levels: Frames, unknown: Mask, anybody: Sequence[Speech]) -> list[Speech]:
    """Return the brief voices among the `unknown_frames` of a track, which come at once after `anybody` spoke.

    `levels` are in dB of full scale, one each 32 ms. What comes later than 1.5 s after speech stays a noise: a cough in
    a long silence must not count as an answer.
    """
    floor = noise_floor_db(levels)
    found: dict[int, Speech] = {}
    for said in anybody:
        start = round(said.end_s / FRAME_S)
        after = levels[start : start + round((_SOON_S + _LONGEST_S) / FRAME_S)]
        if not len(after):
            continue
        background = max(floor, float(np.median(after)))
        places = np.flatnonzero((after > background + OVER_BACKGROUND_DB) & unknown[start : start + len(after)])
        for run in np.split(places, np.flatnonzero(np.diff(places) > _PAUSE_FRAMES) + 1):
            if not len(run) or run[0] * FRAME_S > _SOON_S:
                continue
            first, last = start + int(run[0]), start + int(run[-1]) + 1
            loud = levels[first:last]
            if (
                _SHORTEST_FRAMES <= len(loud) <= _LONGEST_S / FRAME_S
                and loud.max() >= background + _PEAK_OVER_BACKGROUND_DB
                and _voicing(samples(track, first * FRAME_S, last * FRAME_S + _PITCH_S[1])) >= _VOICED
            ):
                found[first] = Speech(first * FRAME_S, last * FRAME_S, mean_level_db(loud), 1.0)
    return [found[first] for first in sorted(found)]


def _voicing(sound: Samples) -> float:
    """Return how much a sound repeats itself at the period of a voice: 0 (noise) to 1, the median over its windows."""
    shortest, longest = (round(period * SAMPLE_RATE) for period in _PITCH_S)
    window, step = round(_PITCH_WINDOW_S * SAMPLE_RATE), round(_PITCH_STEP_S * SAMPLE_RATE)
    found = []
    for start in range(0, len(sound) - window - longest + 1, step):
        block = sound[start : start + window + longest].astype(np.float64)
        block -= block.mean()
        later = np.lib.stride_tricks.sliding_window_view(block, window)
        power = np.sqrt((block[:window] ** 2).sum() * (later**2).sum(axis=1))
        found.append(float((later @ block[:window] / np.maximum(power, 1e-12))[shortest:].max()))
    return float(np.median(found)) if found else 0.0
