"""A reviewer's session: one call after the other, one key a decision, each stored before the next is shown."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from inspect_pipeline.errors import InspectError
from inspect_pipeline.model import Finding, Verdict
from inspect_pipeline.review.archive import Archive
from inspect_pipeline.review.case import Case, moment_of
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Answer, Choice, decided_by, draft, keep_draft, record
from inspect_pipeline.review.paint import Frame
from inspect_pipeline.review.queue import QueueItem, claim, claim_next, count_open, finish, release
from inspect_pipeline.review.screen import View, draw, draw_help, draw_rules, page_count
from inspect_pipeline.review.words import say

CHOICES = {"a": Choice.AGREE, "d": Choice.DISAGREE, "u": Choice.UNSURE}


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


class Turn(Enum):
    """How the work on one call ended."""

    FINISHED = auto()
    SKIPPED = auto()
    BACK = auto()
    QUIT = auto()


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
    """One reviewer at one terminal. `now` and `stopwatch` (seconds) are the only clocks."""

    database: ReviewDatabase
    archive: Archive
    reviewer: str
    terminal: Terminal
    player: Player
    now: Callable[[], datetime]
    nights: tuple[str, ...] = ()
    stopwatch: Callable[[], float] = time.monotonic
    finished: list[QueueItem] = field(default_factory=list)  # to go back to, the latest last
    heard: set[tuple[str, str]] = field(default_factory=set)
    passed: set[tuple[str, str]] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    made: int = 0

    def run(self) -> SessionSummary:
        """Step through the queue until it is empty, the reviewer quits (also with Ctrl-C) or input ends."""
        with suppress(KeyboardInterrupt):  # what was decided is stored, what was not is not
            self._step_through()
        left = count_open(self.database, self.reviewer, self.now(), self.nights)
        return SessionSummary(len(self.heard), self.made, left, tuple(self.unreadable))

    def _step_through(self) -> None:
        item = self._next()
        while item is not None:
            turn = self._hear(item, last_step=False)
            while turn is Turn.BACK:
                item = self._reopen(item)
                turn = self._hear(item, last_step=True)
            if turn is Turn.QUIT:
                break
            item = self._next()

    def _next(self) -> QueueItem | None:
        return claim_next(self.database, self.reviewer, self.now(), self.nights, self.passed)

    def _reopen(self, item: QueueItem) -> QueueItem:
        """Go back from `item` to the call that was finished before it."""
        release(self.database, item, self.reviewer)
        return claim(self.database, self.finished.pop(), self.reviewer, self.now())

    def _hear(self, item: QueueItem, *, last_step: bool) -> Turn:
        """Work on one call. Whatever ends it, the claim is given back."""
        try:
            case = self.archive.case(item.night, item.call_id, item)
            turn = CallTurn(self, item, case).work(last_step=last_step)
        except InspectError as error:
            self.unreadable.append(f"{item.call_id}: {error}")
            turn = Turn.SKIPPED
        finally:
            self.player.stop()
            release(self.database, item, self.reviewer)
        if turn is Turn.FINISHED:
            finish(self.database, item, self.reviewer, self.now())
            self.finished.append(item)
            self.heard.add((item.night, item.call_id))
        elif turn is Turn.SKIPPED:
            self.passed.add((item.night, item.call_id))
        return turn

    def place(self, item: QueueItem) -> tuple[int, int]:
        """Return the how many-th call this is, of how many that this reviewer has heard or can hear."""
        this = (item.night, item.call_id)
        left = count_open(self.database, self.reviewer, self.now(), self.nights, {*self.passed, *self.heard, this})
        return len(self.finished) + 1, len(self.heard | {this}) + left


class CallTurn:
    """The work on one claimed call, step by step."""

    def __init__(self, session: Session, item: QueueItem, case: Case) -> None:
        self.session = session
        self.item = item
        self.case = case
        self.steps = case.steps()
        self.step = 0
        self.page = 0
        self.message = ""
        self.at, self.of = session.place(item)
        self.shown_at = session.stopwatch()

    @property
    def finding(self) -> Finding | None:
        """Return the finding at this step; None for the whole call."""
        return self.steps[self.step]

    def work(self, *, last_step: bool) -> Turn:
        """Show step after step, from the first undecided one (or the last), until the call is done or left."""
        decided = decided_by(self.session.database, self.item, self.session.reviewer)
        undecided = [n for n, finding in enumerate(self.steps) if self.case.subject(finding) not in decided]
        self._go_to(len(self.steps) - 1 if last_step or not undecided else undecided[0])
        while True:
            frame = self.session.terminal.frame()
            view = self._view()
            self.message = ""
            self.session.terminal.show(draw(view, frame))
            key = self.session.terminal.key()
            if key is None:
                return Turn.QUIT
            turn = self._act(unicodedata.normalize("NFKC", key).lower(), view, frame)
            if turn is not None:
                return turn

    def _view(self) -> View:
        database, reviewer = self.session.database, self.session.reviewer
        decided = decided_by(database, self.item, reviewer)
        subject = self.case.subject(self.finding)
        missed = tuple(s.rule_id for s, d in decided.items() if d.choice is Choice.MISSED and s.rule_id is not None)
        return View(
            self.case,
            self.step,
            self.at,
            self.of,
            self.session.now(),
            self.page,
            decided.get(subject),
            draft(database, subject, reviewer),
            missed,
            self.message,
        )

    def _act(self, key: str, view: View, frame: Frame) -> Turn | None:
        """Do what a key asks for; return how the turn ends, None when it goes on."""
        if key in CHOICES and not (key == "d" and self.finding is None):
            return self._decide(CHOICES[key], view)
        if key in {"m", "d"}:
            return self._miss(view, frame)
        if key == "b":
            return self._back()
        if key in {"s", "q"}:
            return Turn.SKIPPED if key == "s" else Turn.QUIT
        if key in {" ", "\x1b[6~", "\x1b[b"}:
            self.page = (self.page + 1) % page_count(view, frame)
        elif key in {"\x1b[5~", "\x1b[a"}:
            self.page = (self.page - 1) % page_count(view, frame)
        elif key == "n":
            self._note(frame)
        elif key == "p":
            self._play(frame)
        elif key == "?":
            self.session.terminal.show(draw_help(frame))
            self.session.terminal.key()
        elif key not in {"\r", "\n", "\x0c"}:
            self.message = say("no-such-key", frame.lang, key=key)
        return None

    def _record(self, finding: Finding | None, choice: Choice, note: str) -> None:
        spent = round(self.session.stopwatch() - self.shown_at, 1)
        answer = Answer(self.case.subject(finding), choice, note, spent)
        record(self.session.database, answer, self.session.reviewer, self.session.now())
        self.session.made += 1

    def _decide(self, choice: Choice, view: View) -> Turn | None:
        self.session.player.stop()
        earlier = "" if view.decided is None else view.decided.note
        self._record(self.finding, choice, view.draft or earlier)
        if self.step == len(self.steps) - 1:
            return Turn.FINISHED
        self.message = self._stored(self.finding, choice)
        self._go_to(self.step + 1)
        return None

    def _miss(self, view: View, frame: Frame) -> Turn | None:
        """Say that the machine missed a violation: here, or (on the whole call) of a rule to be picked."""
        if self.finding is not None:
            if self.finding.verdict is Verdict.UNCERTAIN:
                return self._decide(Choice.MISSED, view)
            self.message = say("no-such-key", frame.lang, key="m")
            return None
        terminal = self.session.terminal
        terminal.show(draw_rules(view, frame))
        typed = unicodedata.normalize("NFKC", terminal.line(say("rule-number", frame.lang)) or "").strip()
        silent = self.case.silent_findings()
        if typed.isdecimal() and 1 <= int(typed) <= len(silent):
            picked = silent[int(typed) - 1]
            again = picked.rule_id in view.missed  # picked twice: taken back
            choice = Choice.AGREE if again else Choice.MISSED
            self._record(picked, choice, view.draft)
            self.message = self._stored(picked, choice)
        elif typed:
            self.message = say("no-such-rule", frame.lang)
        return None

    def _stored(self, finding: Finding | None, choice: Choice) -> str:
        lang = self.session.terminal.frame().lang
        what = say("whole", lang) if finding is None else self.case.title(finding.rule_id)
        return say("stored", lang, what=what, choice=say(choice.value, lang))

    def _back(self) -> Turn | None:
        if self.step > 0:
            self._go_to(self.step - 1)
            return None
        if self.session.finished:
            return Turn.BACK
        self.message = say("first-finding", self.session.terminal.frame().lang)
        return None

    def _note(self, frame: Frame) -> None:
        typed = self.session.terminal.line(say("note-line", frame.lang))
        if typed is not None and typed.strip():
            keep_draft(self.session.database, self.case.subject(self.finding), self.session.reviewer, typed.strip())

    def _play(self, frame: Frame) -> None:
        try:
            self.message = self.session.player.play(self.case, moment_of(self.finding), frame.lang)
        except InspectError as error:
            self.message = str(error)

    def _go_to(self, step: int) -> None:
        self.step, self.page, self.shown_at = step, 0, self.session.stopwatch()
