"""Turns -> the windows they are recognised in, and what was written for a window -> its turns.

A short turn recognised alone lacks context. So the turns of one track are joined into windows of up to 17 s, long
pauses cut down to a second, and the text is dealt back to the turns by the time at which each word ends. (By its
beginning would be wrong: an aligner lets the first word after a pause begin where the last one ended.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.decode import SAMPLE_RATE, Samples, Track, samples
from inspect_pipeline.speech.engine import Heard, Word
from inspect_pipeline.speech.turns import Turn

LONGEST_S = 17.0  # of 20 s the characters are no better and cost more, of 14 s they are worse
PAUSE_S = 1.0  # longer pauses inside a window are cut down to this
LEAD_S = 0.2  # sound kept before the first turn and after the last
_END_SLACK_S = 0.06  # a word's end is known to about this


@dataclass(frozen=True, slots=True)
class Place:
    """Where a turn lies in a window: seconds from the window's start."""

    turn: Turn
    start_s: Seconds
    end_s: Seconds


@dataclass(frozen=True, slots=True)
class Window:
    """Turns of one track in time order, with their places in the joined sound."""

    places: tuple[Place, ...]

    def sound(self, track: Track) -> Samples:
        """Return the window's samples: the turns with what lies between them, long pauses shortened."""
        first, last = self.places[0], self.places[-1]
        pieces = [samples(track, first.turn.start_s - first.start_s, first.turn.end_s)]
        for before, after in zip(self.places[:-1], self.places[1:], strict=True):
            pause, kept = after.turn.start_s - before.turn.end_s, after.start_s - before.end_s
            if pause <= kept + 1 / SAMPLE_RATE:
                pieces.append(samples(track, before.turn.end_s, after.turn.end_s))
            else:
                pieces.append(samples(track, before.turn.end_s, before.turn.end_s + kept / 2))
                pieces.append(samples(track, after.turn.start_s - kept / 2, after.turn.end_s))
        pieces.append(samples(track, last.turn.end_s, last.turn.end_s + LEAD_S))
        return np.concatenate(pieces)


def join_turns(turns: Sequence[Turn], longest_s: Seconds = LONGEST_S) -> list[Window]:
    """Join the turns of one track, in time order, into windows of at most `longest_s` (one turn may be longer)."""
    windows: list[Window] = []
    places: list[Place] = []
    for turn in turns:
        length = turn.end_s - turn.start_s
        if places:
            pause = min(PAUSE_S, turn.start_s - places[-1].turn.end_s)
            start = places[-1].end_s + pause
            if start + length + LEAD_S <= longest_s:
                places.append(Place(turn, start, start + length))
                continue
            windows.append(Window(tuple(places)))
        lead = min(LEAD_S, turn.start_s)
        places = [Place(turn, lead, lead + length)]
    if places:
        windows.append(Window(tuple(places)))
    return windows


def deal(window: Window, heard: Heard) -> list[Heard]:
    """Deal what was written for a window to its turns, in their order; a turn may get nothing.

    Each turn's log probability is the mean of its words'.
    """
    if len(window.places) == 1:
        return [heard]
    dealt: list[list[Word]] = [[] for _ in window.places]
    at = 0
    for word in heard.words:
        if not any(sign.isalnum() for sign in word.text):
            dealt[at].append(word)  # a sign belongs to the word before it, however long the pause
            continue
        moment = word.end_s - _END_SLACK_S
        # in order: a word never goes back to an earlier turn
        distances = [max(place.start_s - moment, moment - place.end_s, 0.0) for place in window.places[at:]]
        at += distances.index(min(distances))
        dealt[at].append(word)
    return [_heard(words, heard.no_speech) for words in dealt]


def _heard(words: Sequence[Word], no_speech: float) -> Heard:
    text = "".join(word.text for word in words).strip()
    logprob = sum(word.logprob for word in words) / len(words) if words else 0.0
    return Heard(text, logprob, no_speech, tuple(words))
