"""Lines that fit the screen and columns that line up, also in Chinese (a Chinese character is two columns wide)."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import click

from inspect_pipeline.report.columns import pad, plain, width, wrap

WIDEST = 120  # a line longer than this is hard to read on any screen
UNLIMITED = 10_000  # what goes into a file or a pipe is not cut


def screen_width() -> int:
    """Return how many columns there are: COLUMNS when it is set, those of the terminal, `UNLIMITED` for a pipe."""
    if not os.environ.get("COLUMNS", "").isdigit() and not sys.stdout.isatty():
        return UNLIMITED
    return max(40, min(WIDEST, shutil.get_terminal_size().columns))


def in_colour() -> bool:
    """Return whether stdout shows colour: a terminal, and NO_COLOR is not set."""
    context = click.get_current_context(silent=True)
    asked = context.color if context is not None else None
    return sys.stdout.isatty() if asked is None else asked


def wrapped(text: str, *, indent: int = 0, first: int | None = None) -> str:
    """Return the text as lines that fit the screen, `indent` spaces before each (`first` before the first one)."""
    lines = wrap(text, screen_width() - max(indent, first or 0))
    return "\n".join(
        " " * (first if not number and first is not None else indent) + line for number, line in enumerate(lines)
    )


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Return a head and rows as lines of equal columns, two spaces apart; `right`: the columns of numbers.

    The last column is wrapped below itself when the screen is too narrow for it; a path stays whole, to be copied.
    """
    table = [[plain(cell) for cell in row] for row in (head, *rows)]
    widths = [max(width(row[column]) for row in table) for column in range(len(head))]
    left = sum(widths[:-1]) + 2 * (len(widths) - 1)
    if len(widths) - 1 not in right:
        widths[-1] = max(20, min(widths[-1], screen_width() - left))
    lines = []
    for row in table:
        last, *more = [row[-1]] if row[-1].startswith(("/", "~")) else wrap(row[-1], widths[-1])
        cells = [pad(cell, widths[at], right=at in right) for at, cell in enumerate([*row[:-1], last])]
        lines.append("  ".join(cells).rstrip())
        lines += [" " * left + line for line in more]
    return "\n".join(lines)


def home_path(path: str) -> str:
    """Return a path as people write it: `~` for the home folder."""
    home = str(Path.home())
    return "~" + path.removeprefix(home) if path.startswith(home + os.sep) else path
