"""Lines of a plain terminal: colour where there is any, marks that need none where there is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspect_pipeline.report.columns import breaks, fit, plain, width

PLAIN = ""
RESET = "\x1b[0m"
REVERSE = "\x1b[7m"
BOLD = "\x1b[1m"
DIM = "\x1b[2m"
RED = "\x1b[31m"
YELLOW = "\x1b[33m"


@dataclass(frozen=True, slots=True)
class Frame:
    """The terminal that is written to. Without `colour`, nothing but text is written."""

    columns: int = 80
    rows: int = 24
    colour: bool = False
    lang: str = "zh"


def style(text: str, code: str, frame: Frame) -> str:
    """Return the text in a colour or weight, where the terminal has any."""
    return f"{code}{text}{RESET}" if frame.colour and text and code else text


def marked_lines(text: str, spans: Sequence[tuple[int, int]], cells: int, frame: Frame) -> list[str]:
    """Return the text as lines of at most so many cells, with the spans in reverse video, or in 【】 without colour."""
    text = plain(text)
    if not frame.colour:
        for start, end in reversed(spans):
            text = f"{text[:start]}【{text[start:end]}】{text[end:]}"
        return [text[start:end].rstrip() for start, end in breaks(text, cells)]
    marked = {place for start, end in spans for place in range(start, end)}
    return [_with_reverse(text, range(start, end), marked) for start, end in breaks(text, cells)]


def _with_reverse(text: str, places: range, marked: set[int]) -> str:
    line, inside = "", False
    for place in places:
        if (place in marked) != inside:
            inside = not inside
            line += REVERSE if inside else RESET
        line += text[place]
    return line + RESET if inside else line.rstrip()


def two_ends(left: tuple[str, str], right: tuple[str, str], frame: Frame) -> str:
    """Return one line with a text at each end, each given with its style; the left one is cut when there is no room."""
    text = fit(left[0], frame.columns - width(right[0]) - (2 if right[0] else 0))
    gap = " " * (frame.columns - width(text) - width(right[0]))
    return (style(text, left[1], frame) + gap + style(right[0], right[1], frame)).rstrip()
