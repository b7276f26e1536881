"""Sound that the voice detector takes for background: some of it is speech, and the recogniser knows which.

On a telephone line the detector is deaf to a voice now and then (seen: a closing question of 1.4 s, 20 dB over the
background, with a probability of 0.1). Asking the recogniser about every loud stretch settles it: on 150 of them,
Whisper's probability that nobody speaks was at most 0.05 for 10 of the 13 in which somebody did, and over 0.25 for all
others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inspect_pipeline.model import Seconds, Span
from inspect_pipeline.speech.engine import Heard
from inspect_pipeline.speech.guards import is_doubtful
from inspect_pipeline.speech.turns import Turn
from inspect_pipeline.speech.vad import FRAME_S, Frames, Mask, Speech, mean_level_db, noise_floor_db

OVER_BACKGROUND_DB = 10.0
_OVER_OTHER_DB = -3.0  # over the other channel: what is louder there leaks in from there
_BESIDE_S = 0.16, 0.26  # before and after what is known: a voice dies away slowly
_GAP_S = 0.32
_SHORTEST_S = 0.38
NO_SPEECH = 0.1  # a probability of the recogniser's over this: nobody speaks


def unheard_sound(levels: Frames, unknown: Mask) -> list[Span]:
    """Return the stretches of a track that are loud among its `unknown_frames`, in time order.

    `levels` are in dB of full scale, one each 32 ms.
    """
    places = np.flatnonzero((levels > noise_floor_db(levels) + OVER_BACKGROUND_DB) & unknown)
    if not len(places):
        return []
    runs = np.split(places, np.flatnonzero(np.diff(places) > _GAP_S / FRAME_S) + 1)
    spans = [Span(float(run[0] * FRAME_S), float((run[-1] + 1) * FRAME_S)) for run in runs]
    return [span for span in spans if span.end_s - span.start_s >= _SHORTEST_S]


def unknown_frames(levels: Frames, other: Frames | None, known: Sequence[Speech | Span]) -> Mask:
    """Return which frames of a track lie outside of what is `known` there and do not leak in from the `other` one.

    `levels` and those of the `other` channel are in dB of full scale, one each 32 ms.
    """
    frames = np.ones(len(levels), dtype=np.bool_)
    if other is not None:
        both = min(len(levels), len(other))
        frames[:both] = levels[:both] > other[:both] + _OVER_OTHER_DB
    for span in known:
        first = max(0, round((span.start_s - _BESIDE_S[0]) / FRAME_S))
        frames[first : round((span.end_s + _BESIDE_S[1]) / FRAME_S)] = False
    return frames


def is_speech(heard: Heard, seconds: Seconds) -> bool:
    """Tell whether what was written for such a stretch was said."""
    return bool(heard.text) and heard.no_speech < NO_SPEECH and not is_doubtful(heard, seconds)


def as_speech(turn: Turn, heard: Heard, levels: Frames) -> Speech:
    """Return the stretch as the speech that it turned out to be."""
    inside = levels[round(turn.start_s / FRAME_S) : round(turn.end_s / FRAME_S)]
    return Speech(turn.start_s, turn.end_s, mean_level_db(inside), 1.0 - heard.no_speech)
