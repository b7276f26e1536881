"""The work on one call, step by step: one key is one decision."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from enum import Enum, auto

from inspect_pipeline.errors import InspectError
from inspect_pipeline.model import Finding, Verdict
from inspect_pipeline.review.case import Case, Step, around, moment_of
from inspect_pipeline.review.corrections import correct, read_word
from inspect_pipeline.review.decisions import NO_DRAFT, Answer, Choice, decided_by, draft, keep_draft, record_all
from inspect_pipeline.review.outcome import Holds, choice_for
from inspect_pipeline.review.paint import Frame
from inspect_pipeline.review.queue import QueueItem
from inspect_pipeline.review.screen import View, choice_word, draw, draw_choices, draw_help, draw_rules, page_count
from inspect_pipeline.review.sitting import Sitting
from inspect_pipeline.review.words import say
from inspect_pipeline.wording import clock

CHOICES = {"a": Choice.AGREE, "d": Choice.DISAGREE, "u": Choice.UNSURE}
BLIND = {"v": Holds.YES, "o": Holds.NO, "u": Holds.UNSURE}
OF_WHOLE_CALL = {Holds.YES: Choice.MISSED, Holds.NO: Choice.AGREE, Holds.UNSURE: Choice.UNSURE}
PAGES = {" ": 1, "\x1b[6~": 1, "\x1b[b": 1, "\x1b[5~": -1, "\x1b[a": -1}
REDRAW = {"\r", "\n", "\x0c"}


class Turn(Enum):
    """How the work on one call ended."""

    FINISHED = auto()
    SKIPPED = auto()
    BACK = auto()
    QUIT = auto()


class CallTurn:
    """The work on one claimed call. `progress`: how many calls of how many today; `before`: one can go back."""

    def __init__(self, sitting: Sitting, item: QueueItem, case: Case, progress: tuple[int, int], before: bool) -> None:
        self.sitting = sitting
        self.item = item
        self.case = case
        self.before = before
        self.at, self.of = progress
        self.split = False
        self.step = 0
        self.page = 0
        self.message = ""
        self.shown_at = sitting.stopwatch()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return all steps of the call."""
        return self.case.steps(self.split)

    @property
    def asked(self) -> Step:
        """Return what is decided at this step."""
        return self.steps[self.step]

    def work(self, *, last_step: bool) -> Turn:
        """Show step after step, from the first undecided one (or the last), until the call is done or left."""
        undecided = self._undecided()
        self._go_to(len(self.steps) - 1 if last_step or not undecided else undecided[0])
        while True:
            frame = self.sitting.terminal.frame()
            view = self._view()
            self.message = ""
            self.sitting.terminal.show(draw(view, frame))
            key = self.sitting.terminal.key()
            if key is None:
                return Turn.QUIT
            turn = self._act(unicodedata.normalize("NFKC", key).lower(), view, frame)
            if turn is not None:
                return turn

    def _undecided(self) -> list[int]:
        decided = decided_by(self.sitting.database, self.item, self.sitting.reviewer)
        return [
            number
            for number, step in enumerate(self.steps)
            if any(subject not in decided for subject in self.case.subjects(step))
        ]

    def _view(self) -> View:
        database, reviewer = self.sitting.database, self.sitting.reviewer
        decided = decided_by(database, self.item, reviewer)
        subject = self.case.subjects(self.asked)[0]
        missed = tuple(s.rule_id for s, d in decided.items() if d.choice is Choice.MISSED and s.rule_id is not None)
        return View(
            self.case,
            self.step,
            self.at,
            self.of,
            self.sitting.now(),
            self.page,
            decided.get(subject),
            draft(database, subject, reviewer),
            missed,
            self.message,
            self.split,
        )

    def _act(self, key: str, view: View, frame: Frame) -> Turn | None:
        """Do what a key asks for; return how the turn ends, None when it goes on."""
        if key in {"s", "q"}:
            return Turn.SKIPPED if key == "s" else Turn.QUIT
        if key == "b":
            return self._back(frame)
        if key in PAGES:
            self.page = (self.page + PAGES[key]) % page_count(view, frame)
        elif key == "n":
            self._note(view, frame)
        elif key == "w":
            self._correct(frame)
        elif key == "p":
            self._play(frame)
        elif key == "?":
            self.sitting.terminal.show(draw_help(frame, self.case.blind))
            self.sitting.terminal.key()
        elif key not in REDRAW:
            return self._answer_blind(key, view, frame) if self.case.blind else self._answer(key, view, frame)
        return None

    def _answer(self, key: str, view: View, frame: Frame) -> Turn | None:
        if key in CHOICES and not (key == "d" and self.asked.finding is None):
            return self._decide(CHOICES[key], view)
        if key in {"m", "d"}:
            return self._miss(view, frame)
        if key == "g" and (len(self.asked.findings) > 1 or self.split):
            self._regroup()
        elif key == "c" and self.asked.finding is not None and self.sitting.causes:
            self._cause(view, frame)
        else:
            self.message = say("no-such-key", frame.lang, key=key)
        return None

    def _answer_blind(self, key: str, view: View, frame: Frame) -> Turn | None:
        finding = self.asked.finding
        if key == "f":
            return self._no_to_the_rest(view)
        if key in BLIND:
            return self._decide(_blind_choice(finding, BLIND[key]), view)
        self.message = say("no-such-key", frame.lang, key=key)
        return None

    def _no_to_the_rest(self, view: View) -> Turn | None:
        """Say no to every rule from here on that is undecided. A note goes with the one that it was written on."""
        rest = [self.steps[number].finding for number in self._undecided() if number >= self.step]
        here = [finding for finding in rest if finding == self.asked.finding]
        others = [finding for finding in rest if finding != self.asked.finding]
        for findings, seen in ((here, view), (others, replace(view, draft=NO_DRAFT, decided=None))):
            if findings:
                self._record([(finding, _blind_choice(finding, Holds.NO)) for finding in findings], seen)
        undecided = self._undecided()
        if not undecided:
            return Turn.FINISHED
        self._go_to(undecided[0])
        return None

    def _record(self, chosen: list[tuple[Finding | None, Choice]], view: View) -> None:
        """Store decisions, all or none; what waits as a draft goes with them, else what the earlier decision had."""
        spent = round((self.sitting.stopwatch() - self.shown_at) / len(chosen), 1)
        note = view.draft.note or ("" if view.decided is None else view.decided.note)
        cause = view.draft.cause or (None if view.decided is None else view.decided.cause)
        answers = [Answer(self.case.subject(finding), choice, note, spent, cause) for finding, choice in chosen]
        record_all(self.sitting.database, answers, self.sitting.reviewer, self.sitting.now())
        self.sitting.made += len(answers)

    def _decide(self, choice: Choice, view: View) -> Turn | None:
        self.sitting.player.stop()
        asked = self.asked
        self._record([(finding, choice) for finding in asked.findings or (None,)], view)
        self.message = self._stored(asked.findings, choice)
        if self.step < len(self.steps) - 1:
            self._go_to(self.step + 1)
            return None
        undecided = self._undecided()
        if not undecided:
            return Turn.FINISHED
        self._go_to(undecided[0])
        return None

    def _miss(self, view: View, frame: Frame) -> Turn | None:
        """Say that the machine missed a violation: here, or of a rule to be picked (in a group, in the whole call)."""
        findings = self.asked.findings
        if len(findings) == 1:
            if findings[0].verdict is Verdict.UNCERTAIN:
                return self._decide(Choice.MISSED, view)
            self.message = say("no-such-key", frame.lang, key="m")
            return None
        among = findings or self.case.silent_findings()
        self.sitting.terminal.show(draw_rules(self.case, among, frame))
        picked = self._pick(len(among), "rule-number", frame)
        if picked is not None:
            again = among[picked].rule_id in view.missed  # picked twice: taken back
            choice = Choice.AGREE if again else Choice.MISSED
            self._record([(among[picked], choice)], replace(view, decided=None))
            self.message = self._stored((among[picked],), choice)
            if findings:  # the others are still to be decided, each for itself
                self.split = True
                self._go_to(self._undecided()[0] if self._undecided() else self.step)
        return None

    def _pick(self, count: int, prompt: str, frame: Frame) -> int | None:
        """Return the place of a numbered choice; None when there is none."""
        typed = unicodedata.normalize("NFKC", self.sitting.terminal.line(say(prompt, frame.lang)) or "").strip()
        if typed.isdecimal() and 1 <= int(typed) <= count:
            return int(typed) - 1
        if typed:
            self.message = say("no-such-rule", frame.lang)
        return None

    def _stored(self, findings: tuple[Finding, ...], choice: Choice) -> str:
        lang = self.sitting.terminal.frame().lang
        names = [self.case.title(finding.rule_id) for finding in findings] or [say("whole", lang)]
        told = choice_word(choice, not findings, lang)
        if self.case.blind:  # whether that agrees with the machine is not told
            made = {_blind_choice(findings[0] if findings else None, said): said for said in Holds}
            told = say(f"holds-{made[choice].value}", lang)
        return say("stored", lang, what=say("comma", lang).join(names), choice=told)

    def _regroup(self) -> None:
        """Part the findings of a group, or put them together again; go on at the first undecided one."""
        self.split = not self.split
        undecided = self._undecided()
        self._go_to(undecided[0] if undecided else min(self.step, len(self.steps) - 1))

    def _back(self, frame: Frame) -> Turn | None:
        if self.step > 0:
            self._go_to(self.step - 1)
            return None
        if self.before:
            return Turn.BACK
        self.message = say("first-finding", frame.lang)
        return None

    def _note(self, view: View, frame: Frame) -> None:
        typed = self.sitting.terminal.line(say("note-line", frame.lang))
        if typed is not None and typed.strip():
            noted = replace(view.draft, note=typed.strip())
            keep_draft(self.sitting.database, self.case.subjects(self.asked)[0], self.sitting.reviewer, noted)

    def _cause(self, view: View, frame: Frame) -> None:
        causes = self.sitting.causes
        names = [(cause, "") for cause in causes]
        self.sitting.terminal.show(draw_choices(say("which-cause", frame.lang), names, frame))
        picked = self._pick(len(causes), "rule-number", frame)
        if picked is not None:
            noted = replace(view.draft, cause=causes[picked])
            keep_draft(self.sitting.database, self.case.subjects(self.asked)[0], self.sitting.reviewer, noted)

    def _correct(self, frame: Frame) -> None:
        typed = self.sitting.terminal.line(say("word-line", frame.lang))
        if typed is None or not typed.strip():
            return
        try:
            word = read_word(typed, self.case.utterances, around(self.case, self.asked))
            correct(
                self.sitting.database, self.item.night, self.item.call_id, word, self.sitting.reviewer,
                self.sitting.now(),
            )  # fmt: skip
        except InspectError as error:
            self.message = str(error)
            return
        at = next(utterance.start_s for utterance in self.case.utterances if utterance.index == word.utterance)
        self.message = say("word-stored", frame.lang, at=clock(at), written=word.written, said=word.said)

    def _play(self, frame: Frame) -> None:
        at_s = 0.0 if self.case.blind else moment_of(self.asked.finding)
        try:
            self.message = self.sitting.player.play(self.case, at_s, frame.lang)
        except InspectError as error:
            self.message = str(error)

    def _go_to(self, step: int) -> None:
        self.step, self.page, self.shown_at = step, 0, self.sitting.stopwatch()


def _blind_choice(finding: Finding | None, said: Holds) -> Choice:
    return OF_WHOLE_CALL[said] if finding is None else choice_for(finding.verdict, said)
