"""Turns -> what was said in each: window by window, and turn by turn where a window went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.decode import Samples, Track, samples
from inspect_pipeline.speech.engine import Engine, Heard
from inspect_pipeline.speech.guards import has_loop, is_doubtful
from inspect_pipeline.speech.turns import Turn
from inspect_pipeline.speech.windows import LEAD_S, Window, deal, join_turns

_SECOND_TEMPERATURE = 0.4
_MISSED_S = 0.5  # speech this long without a word in its window is tried alone


def recognise(engine: Engine, tracks: Sequence[Track], turns: Sequence[Turn], prompt: str) -> list[Heard]:
    """Return what was said in each of `turns` (time order over all tracks), empty where nothing was understood."""
    windows = [
        window
        for channel in range(len(tracks))
        for window in join_turns([turn for turn in turns if turn.channel == channel])
    ]
    sounds = [window.sound(tracks[window.places[0].turn.channel]) for window in windows]
    heard: dict[Turn, Heard] = {}
    again: list[Turn] = []
    for window, written in zip(windows, engine.recognise(sounds, prompt, words=True), strict=True):
        dealt = list(zip((place.turn for place in window.places), deal(window, written), strict=True))
        heard.update(dealt)
        if len(dealt) > 1 and is_doubtful(written, _speech_s(window)):
            again += [turn for turn, _ in dealt]
        else:
            again += [turn for turn, each in dealt if _missed(turn, each)]
    _try_again(engine, tracks, again, prompt, heard)
    return [heard[turn] for turn in turns]


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
        sounds = [_alone(tracks[turn.channel], turn) for turn in turns]
        for turn, written in zip(turns, engine.recognise(sounds, prompt, temperature=temperature), strict=True):
            if _better(written, heard[turn], turn.end_s - turn.start_s):
                heard[turn] = written


def _alone(track: Track, turn: Turn) -> Samples:
    return samples(track, turn.start_s - LEAD_S, turn.end_s + LEAD_S)


def _better(new: Heard, old: Heard, seconds: Seconds) -> bool:
    if not old.text or not new.text:
        # a doubtful text is no gain over none; a loop is kept to be counted when it is taken out
        return has_loop(new.text) or (bool(new.text) and not is_doubtful(new, seconds))
    doubts = is_doubtful(new, seconds), is_doubtful(old, seconds)
    return doubts[0] < doubts[1] or (doubts[0] == doubts[1] and new.logprob > old.logprob)
