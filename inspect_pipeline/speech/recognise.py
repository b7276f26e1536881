"""Turns -> what was said in each: window by window, and turn by turn where a window went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.decode import Track, samples
from inspect_pipeline.speech.engine import Engine, Heard
from inspect_pipeline.speech.guards import has_loop, is_doubtful
from inspect_pipeline.speech.turns import Turn
from inspect_pipeline.speech.windows import LEAD_S, Window, deal, join_turns

_SECOND_TEMPERATURE = 0.4
_AT_ONCE = 32  # windows
_MISSED_S = 0.5  # speech this long without a word in its window is tried alone


def recognise(engine: Engine, tracks: Sequence[Track], turns: Sequence[Turn], prompt: str) -> list[Heard]:
    """Return what was said in each of `turns` (time order over all tracks), empty where nothing was understood."""
    windows = [
        window
        for channel in range(len(tracks))
        for window in join_turns([turn for turn in turns if turn.channel == channel])
    ]
    heard: dict[Turn, Heard] = {}
    again: list[Turn] = []
    for window, written in zip(windows, _written(engine, tracks, windows, prompt), strict=True):
        dealt = list(zip((place.turn for place in window.places), deal(window, written), strict=True))
        heard.update(dealt)
        if len(dealt) > 1 and is_doubtful(written, _speech_s(window)):
            again += [turn for turn, _ in dealt]
        else:
            again += [turn for turn, each in dealt if _missed(turn, each)]
    _try_again(engine, tracks, again, prompt, heard)
    return [heard[turn] for turn in turns]


def _written(engine: Engine, tracks: Sequence[Track], windows: Sequence[Window], prompt: str) -> Iterator[Heard]:
    """What the engine writes for each window, a few windows at a time: a call of hours is never all floats at once."""
    for start in range(0, len(windows), _AT_ONCE):
        some = windows[start : start + _AT_ONCE]
        sounds = [window.sound(tracks[window.places[0].turn.channel]) for window in some]
        yield from engine.recognise(sounds, prompt, words=True)


def _speech_s(window: Window) -> Seconds:
    return sum(place.end_s - place.start_s for place in window.places)


def _missed(turn: Turn, heard: Heard) -> bool:
    seconds = turn.end_s - turn.start_s
    return (not heard.text and seconds >= _MISSED_S) or (bool(heard.text) and is_doubtful(heard, seconds))


def _try_again(
    engine: Engine, tracks: Sequence[Track], turns: Sequence[Turn], prompt: str, heard: dict[Turn, Heard]
) -> None:
    """Recognise turns alone, and those that stay doubtful once more, drawing; keep the most believable of the tries."""
    for temperature in (0.0, _SECOND_TEMPERATURE):
        turns = [turn for turn in turns if temperature == 0 or _missed(turn, heard[turn])]
        if not turns:
            return
        for turn, written in zip(turns, _alone(engine, tracks, turns, prompt, temperature), strict=True):
            if _better(written, heard[turn], turn.end_s - turn.start_s):
                heard[turn] = written


def _alone(
    engine: Engine, tracks: Sequence[Track], turns: Sequence[Turn], prompt: str, temperature: float
) -> Iterator[Heard]:
    for start in range(0, len(turns), _AT_ONCE):
        some = turns[start : start + _AT_ONCE]
        sounds = [samples(tracks[turn.channel], turn.start_s - LEAD_S, turn.end_s + LEAD_S) for turn in some]
        yield from engine.recognise(sounds, prompt, temperature=temperature)


def _better(new: Heard, old: Heard, seconds: Seconds) -> bool:
    if not old.text or not new.text:
        # a doubtful text is no gain over none; a loop is kept to be counted when it is taken out
        return has_loop(new.text) or (bool(new.text) and not is_doubtful(new, seconds))
    doubts = is_doubtful(new, seconds), is_doubtful(old, seconds)
    return doubts[0] < doubts[1] or (doubts[0] == doubts[1] and new.logprob > old.logprob)
