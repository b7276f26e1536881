"""Speech on the tracks -> turns: stretches of one speaker, cut where that speaker pauses or the other one speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.vad import FRAME_S, Frames, Speech

_HEARD_S = 0.1  # the other one is heard in a pause when they speak at least this long in it


@dataclass(frozen=True, slots=True)
class Turn:
    """One stretch of speech on one track (0 left or mono, 1 right), in seconds."""

    channel: int
    start_s: Seconds
    end_s: Seconds


def find_turns(
    channel: int, speech: Sequence[Speech], other: Sequence[Speech], gap_s: Seconds, longest_s: Seconds
) -> list[Turn]:
    """Join spans of speech over pauses shorter than `gap_s` in which the `other` track is silent, up to `longest_s`."""
    turns: list[Turn] = []
    for span in speech:
        last = turns[-1] if turns else None
        if (
            last is not None
            and span.start_s - last.end_s < gap_s
            and span.end_s - last.start_s <= longest_s
            and not _speaks(other, last.end_s, span.start_s)
        ):
            turns[-1] = Turn(channel, last.start_s, span.end_s)
        else:
            turns.append(Turn(channel, span.start_s, span.end_s))
    return turns


def cut_long(turn: Turn, levels: Frames, longest_s: Seconds) -> list[Turn]:
    """Cut a turn longer than `longest_s` at its quietest 32 ms, never in the first or last quarter of a piece."""
    if turn.end_s - turn.start_s <= longest_s:
        return [turn]
    first, last = round(turn.start_s / FRAME_S), round(turn.end_s / FRAME_S)
    middle = (last - first) // 4
    piece = levels[first + middle : min(last - middle, first + round(longest_s / FRAME_S))]
    at = (first + middle + int(piece.argmin())) * FRAME_S
    left, right = Turn(turn.channel, turn.start_s, at), Turn(turn.channel, at, turn.end_s)
    return cut_long(left, levels, longest_s) + cut_long(right, levels, longest_s)


def _speaks(other: Sequence[Speech], start_s: Seconds, end_s: Seconds) -> bool:
    return any(min(span.end_s, end_s) - max(span.start_s, start_s) > _HEARD_S for span in other)
