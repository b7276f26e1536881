"""What a reviewer works with: a terminal, a player, the database, the stored calls, a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inspect_pipeline.review.archive import Archive
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.paint import Frame


class Terminal(Protocol):
    """Where the reviewer sits."""

    def frame(self) -> Frame:
        """Return its size, colour and language as they are now."""

    def show(self, screen: str) -> None:
        """Show a whole screen."""

    def key(self) -> str | None:
        """Return the next key; None at the end of input."""

    def line(self, prompt: str) -> str | None:
        """Return a line that the reviewer typed; None when she cancelled it."""


class Player(Protocol):
    """What makes a moment heard."""

    def play(self, case: Case, at_s: float, lang: str) -> str:
        """Play the moment and return what was done."""

    def stop(self) -> None:
        """Stop what is being played."""


@dataclass
class Sitting:
    """One reviewer at one terminal. `now` and `stopwatch` (seconds) are the only clocks; `made` counts decisions.

    `causes`: why the machine can be wrong, to choose from.
    """

    database: ReviewDatabase
    archive: Archive
    reviewer: str
    terminal: Terminal
    player: Player
    now: Callable[[], datetime]
    stopwatch: Callable[[], float]
    causes: tuple[str, ...] = ()
    made: int = 0
