"""Text in columns of a terminal, where a Chinese character is two cells wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wcwidth import wcwidth

# A line does not begin with what closes, and does not end with what opens.
CLOSING = frozenset("，。、；：？！…）》」』】”’,.;:?!)]}%")
OPENING = frozenset("（《「『【“‘([{")


def plain(text: str) -> str:
    """Return the text on one line without control characters: what a caller typed or said cannot steer the terminal."""
    return "".join(char if wcwidth(char) >= 0 else " " for char in text)


def width(text: str) -> int:
    """Return how many cells the text takes."""
    return sum(max(0, wcwidth(char)) for char in text)


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Fill the text up with spaces to so many cells; `right` puts the spaces in front."""
    space = " " * max(0, cells - width(text))
    return space + text if right else text + space


def fit(text: str, cells: int) -> str:
    """Cut the text to so many cells; what was cut ends in '…'."""
    text = plain(text)
    if width(text) <= cells:
        return text
    kept, used = "", 0
    for char in text:
        used += max(0, wcwidth(char))
        if used > cells - 1:
            break
        kept += char
    return kept + "…" if cells > 0 else ""


def breaks(text: str, cells: int) -> list[tuple[int, int]]:
    """Return where to break the text so that no line is wider: (start, end) of each line, at least one.

    Chinese breaks between any two characters except before closing and after opening punctuation; a run of letters or
    digits stays whole when it fits on a line.
    """
    lines: list[tuple[int, int]] = []
    start = 0
    while True:
        end, used = start, 0
        while end < len(text) and used + max(0, wcwidth(text[end])) <= cells:
            used += max(0, wcwidth(text[end]))
            end += 1
        if end == len(text):
            return [*lines, (start, end)]
        end = _back_to_a_break(text, start, max(end, start + 1))
        lines.append((start, end))
        start = end
        while start < len(text) and text[start] == " ":
            start += 1


def _back_to_a_break(text: str, start: int, end: int) -> int:
    for place in range(end, max(start, end - 24), -1):
        before, after = text[place - 1], text[place]
        inside_word = before.isascii() and after.isascii() and before.isalnum() and after.isalnum()
        if not inside_word and after not in CLOSING and before not in OPENING:
            return place
    return end


def wrap(text: str, cells: int) -> list[str]:
    """Return the text as lines that are at most so many cells wide."""
    text = plain(text)
    return [text[start:end].rstrip() for start, end in breaks(text, cells)]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. `right` aligns numbers; `most` is the widest it may become, None for as wide as needed."""

    title: str
    right: bool = False
    most: int | None = None


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], indent: int = 0) -> list[str]:
    """Return the lines of a table: its titles, then its rows, aligned by cells with two spaces between columns."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = []
    for index, column in enumerate(columns):
        needed = max([width(column.title), *(width(row[index]) for row in cells)])
        widths.append(needed if column.most is None else min(needed, max(column.most, width(column.title))))
    lines = []
    for row in [[column.title for column in columns], *cells]:
        parts = [
            pad(fit(cell, cells_wide), cells_wide, right=column.right)
            for cell, cells_wide, column in zip(row, widths, columns, strict=True)
        ]
        lines.append((" " * indent + "  ".join(parts)).rstrip())
    return lines


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], cells: int | None, below: int) -> list[str]:
    """Return the lines of a table that is complete: as wide as needed, or (`cells` wide) with more lines.

    When it is too wide, the last `below` columns come below each row, and the first one is cut to what is left of the
    line, its whole text below, too. `cells` None: what is not read on a screen needs no width.
    """
    free = [replace(column, most=None) for column in columns]
    whole = table(free, rows)
    if cells is None or max(width(line) for line in whole) <= cells:
        return whole
    above = len(columns) - below
    rest = table(free[1:above], [row[1:above] for row in rows])
    most = max(8, cells - 2 - max(width(line) for line in rest))
    first, *others = table([replace(free[0], most=most), *free[1:above]], [row[:above] for row in rows])
    lines = [fit(first, cells)]
    for line, row in zip(others, rows, strict=True):
        cut = row[0] if width(plain(row[0])) > most else ""
        told = [text for text in (cut, "  ".join(filter(None, row[above:]))) if text]
        lines += [fit(line, cells), *(f"    {more}" for text in told for more in wrap(text, cells - 4))]
    return lines
