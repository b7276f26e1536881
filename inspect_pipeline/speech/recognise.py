"""Turns -> what was said in each: window by window, and turn by turn where a window went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.decode import Samples, Track, samples
from inspect_pipeline.speech.engine import Engine, Heard
from inspect_pipeline.speech.guards import has_loop, is_doubtful
from inspect_pipeline.speech.turns import Turn
from inspect_pipeline.speech.unheard import NO_SPEECH, is_speech
from inspect_pipeline.speech.windows import LEAD_S, Window, deal, join_turns

BATCHES = 4  # of the engine are filled at once, at least: stretches of like length share one
_PENALTY = 1.1  # against loops, in the second try. (Drawing at a temperature wrote more of them.)
_AT_ONCE = 64  # windows, at least
_MISSED_S = 0.5  # speech this long without a word in its window is tried alone


@dataclass(frozen=True, slots=True)
class Spoken:
    """The tracks of one call, its turns, and the `sound` that may be turns: each in time order over all tracks."""

    tracks: Sequence[Track]
    turns: Sequence[Turn]
    sound: Sequence[Turn] = ()


Item = TypeVar("Item")
_Key = tuple[int, Turn]  # a turn, and the number of its call


def recognise(engine: Engine, calls: Sequence[Spoken], prompt: str) -> list[list[tuple[Turn, Heard]]]:
    """Return for each call its turns with what was said, empty where nothing was understood, in time order.

    What turned out to be speech among the `sound` is a turn like the others.
    """
    windows = [
        (number, window)
        for number, call in enumerate(calls)
        for channel in range(len(call.tracks))
        for window in join_turns([turn for turn in call.turns if turn.channel == channel])
    ]
    heard: dict[_Key, Heard] = {}
    again: list[_Key] = []
    for (number, window), written in zip(windows, _written(engine, calls, windows, prompt), strict=True):
        keys = [(number, place.turn) for place in window.places]
        dealt = list(zip(keys, deal(window, written), strict=True))
        heard.update(dealt)
        if len(dealt) > 1 and is_doubtful(written, _speech_s(window)):
            again += keys
        else:
            again += [key for key, each in dealt if _missed(key[1], each)]
    _try_again(engine, calls, again, prompt, heard)
    sound = _spoken(engine, calls, [(number, turn) for number, call in enumerate(calls) for turn in call.sound])
    for key, written in zip(sound, _alone(engine, calls, sound, prompt), strict=True):
        if is_speech(written, key[1].end_s - key[1].start_s):
            heard[key] = written
    return [
        [
            (turn, heard[number, turn])
            for turn in sorted([*call.turns, *call.sound], key=lambda turn: (turn.start_s, turn.channel))
            if (number, turn) in heard
        ]
        for number, call in enumerate(calls)
    ]


def _written(
    engine: Engine, calls: Sequence[Spoken], windows: Sequence[tuple[int, Window]], prompt: str
) -> Iterator[Heard]:
    """What the engine writes for each window."""
    for some in _portions(windows, engine):
        sounds = [window.sound(calls[number].tracks[window.places[0].turn.channel]) for number, window in some]
        yield from engine.recognise(sounds, prompt, words=True)


def _speech_s(window: Window) -> Seconds:
    return sum(place.end_s - place.start_s for place in window.places)


def _missed(turn: Turn, heard: Heard) -> bool:
    seconds = turn.end_s - turn.start_s
    return (not heard.text and seconds >= _MISSED_S) or (bool(heard.text) and is_doubtful(heard, seconds))


def _try_again(
    engine: Engine, calls: Sequence[Spoken], keys: Sequence[_Key], prompt: str, heard: dict[_Key, Heard]
) -> None:
    """Recognise turns alone, and those that stay doubtful once more with a penalty on repetitions; keep the most
    believable of the tries."""
    for penalty in (1.0, _PENALTY):
        keys = [key for key in keys if penalty == 1 or _missed(key[1], heard[key])]
        if not keys:
            return
        for key, written in zip(keys, _alone(engine, calls, keys, prompt, penalty), strict=True):
            if _better(written, heard[key], key[1].end_s - key[1].start_s):
                heard[key] = written


def _alone(
    engine: Engine, calls: Sequence[Spoken], keys: Sequence[_Key], prompt: str, penalty: float = 1.0
) -> Iterator[Heard]:
    for some in _portions(keys, engine):
        yield from engine.recognise(_sounds(calls, some), prompt, repetition_penalty=penalty)


def _spoken(engine: Engine, calls: Sequence[Spoken], keys: Sequence[_Key]) -> list[_Key]:
    """Return the turns in which somebody speaks."""
    spoken = []
    for some in _portions(keys, engine):
        doubts = engine.no_speech(_sounds(calls, some))
        spoken += [key for key, doubt in zip(some, doubts, strict=True) if doubt < NO_SPEECH]
    return spoken


def _portions(items: Sequence[Item], engine: Engine) -> Iterator[Sequence[Item]]:
    """Yield some at a time: enough to fill the engine's batches, but a call of hours is never all floats at once."""
    at_once = max(_AT_ONCE, BATCHES * engine.batch_size)
    for start in range(0, len(items), at_once):
        yield items[start : start + at_once]


def _sounds(calls: Sequence[Spoken], keys: Sequence[_Key]) -> list[Samples]:
    return [
        samples(calls[number].tracks[turn.channel], turn.start_s - LEAD_S, turn.end_s + LEAD_S) for number, turn in keys
    ]


def _better(new: Heard, old: Heard, seconds: Seconds) -> bool:
    if not old.text or not new.text:
        # a doubtful text is no gain over none; a loop is kept to be counted when it is taken out
        return has_loop(new.text) or (bool(new.text) and not is_doubtful(new, seconds))
    doubts = is_doubtful(new, seconds), is_doubtful(old, seconds)
    return doubts[0] < doubts[1] or (doubts[0] == doubts[1] and new.logprob > old.logprob)
