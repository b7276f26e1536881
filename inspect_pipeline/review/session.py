"""A reviewer's session: one call after the other, each decision stored before the next screen is shown."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from inspect_pipeline.errors import InspectError
from inspect_pipeline.review.queue import (
    EVERYTHING,
    Filter,
    QueueItem,
    claim,
    claim_next,
    count_open,
    done_since,
    finish,
    release,
)
from inspect_pipeline.review.sitting import Sitting
from inspect_pipeline.review.turn import CallTurn, Turn


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """What was done, in calls and decisions, and how many calls are left for this reviewer.

    `unreadable` names calls that could not be shown, and why.
    """

    calls: int
    decisions: int
    left: int
    unreadable: tuple[str, ...]


@dataclass
class Session:
    """The calls of the queue that pass `wanted`, one after the other. The reviewer's day began at `today`."""

    sitting: Sitting
    today: datetime
    wanted: Filter = EVERYTHING
    finished: list[QueueItem] = field(default_factory=list)  # to go back to, the latest last
    heard: set[tuple[str, str]] = field(default_factory=set)
    shown: set[tuple[str, str]] = field(default_factory=set)
    passed: set[tuple[str, str]] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)

    def run(self) -> SessionSummary:
        """Step through the queue until it is empty, the reviewer quits (also with Ctrl-C) or input ends."""
        desk = self.sitting
        with suppress(KeyboardInterrupt):  # what was decided is stored, what was not is not
            self.finished += done_since(desk.database, desk.reviewer, self.today)
            self._step_through()
        left = count_open(desk.database, desk.reviewer, desk.now(), self.wanted)
        return SessionSummary(len(self.heard), desk.made, left, tuple(self.unreadable))

    def _step_through(self) -> None:
        item, last_step = self._next(), False
        while item is not None:
            turn = self._hear(item, last_step=last_step)
            if turn is Turn.QUIT:
                break
            back = self._reopen() if turn is Turn.BACK else None
            item, last_step = (back, True) if back else (self._next(), False)

    def _next(self) -> QueueItem | None:
        desk = self.sitting
        return claim_next(desk.database, desk.reviewer, desk.now(), replace(self.wanted, passed=frozenset(self.passed)))

    def _reopen(self) -> QueueItem | None:
        """Go back to the call that was finished before; None when somebody else is hearing that one now."""
        desk, before = self.sitting, self.finished.pop()
        try:
            return claim(desk.database, before, desk.reviewer, desk.now())
        except InspectError as error:
            self.unreadable.append(str(error))
            return None

    def _hear(self, item: QueueItem, *, last_step: bool) -> Turn:
        """Work on one call. A finished one leaves the queue in the same step as its claim; any other is given back."""
        desk = self.sitting
        turn = Turn.QUIT
        self.shown.add((item.night, item.call_id))
        try:
            case = desk.archive.case(item.night, item.call_id, item)
            turn = CallTurn(desk, item, case, self._progress(), bool(self.finished)).work(last_step=last_step)
        except InspectError as error:
            self.unreadable.append(f"{item.call_id}: {error}")
            turn = Turn.SKIPPED
        finally:
            desk.player.stop()
            if turn is not Turn.FINISHED:
                release(desk.database, item, desk.reviewer)
        if turn is Turn.FINISHED:
            finish(desk.database, item, desk.reviewer, desk.now())
            self.finished.append(item)
            self.heard.add((item.night, item.call_id))
        elif turn is Turn.SKIPPED:
            self.passed.add((item.night, item.call_id))
        return turn

    def _progress(self) -> tuple[int, int]:
        """Return how many calls this reviewer has heard today, and of how many with those that wait for her."""
        desk = self.sitting
        done = len(done_since(desk.database, desk.reviewer, self.today))
        return done, done + count_open(desk.database, desk.reviewer, desk.now(), self.wanted)
