"""Columns that line up in a terminal, also in Chinese (a Chinese character is two columns wide)."""

from __future__ import annotations

from collections.abc import Sequence

from wcwidth import wcswidth


def padded(text: str, width: int) -> str:
    """Return the text with spaces up to `width` columns."""
    return text + " " * max(0, width - wcswidth(text))


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a head and rows as lines of equal columns, two spaces apart; the last column is not padded."""
    table = [list(head), *map(list, rows)]
    widths = [max(wcswidth(row[column]) for row in table) for column in range(len(head))]
    lines = ["  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join(lines)
