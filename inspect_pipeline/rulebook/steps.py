"""Ordered exchanges: complaint, then empathy, then a solution; the missing step is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspect_pipeline.model import Reason, Speaker, Verdict
from inspect_pipeline.rulebook.answer import Answer
from inspect_pipeline.rulebook.evidence import evidence_of
from inspect_pipeline.rulebook.excuses import excuser
from inspect_pipeline.rulebook.groups import Search, evaluate
from inspect_pipeline.rulebook.hearing import Hearing, Truth
from inspect_pipeline.rulebook.listening import Found
from inspect_pipeline.rulebook.reply import best_answer, completions, missing_answer, triggers_of
from inspect_pipeline.rulebook.rule import MustFollow, Position, Rule, Step
from inspect_pipeline.rulebook.windows import Moment, Scope, reply_scope

# One way through the exchange so far: step name -> where it was said.
_Path = Mapping[str, Found]


def judge_steps(rule: Rule, kind: MustFollow, hearing: Hearing) -> Answer:
    """Answer a `must_follow` rule: met when one trigger is followed by all later steps in order."""
    answer = _judged(rule, kind, hearing, frugal=True)
    # More places of a step open more ways through the exchange, never fewer: only a failure has to be gone over again.
    return (
        answer
        if answer.verdict is Verdict.MET or not hearing.asks_model
        else _judged(rule, kind, hearing, frugal=False)
    )


def _judged(rule: Rule, kind: MustFollow, hearing: Hearing, frugal: bool) -> Answer:
    first = kind.steps[0]
    calls = triggers_of(rule, first.group, (*first.excuses, *rule.excuses), hearing)
    if isinstance(calls, Answer):
        return calls
    paths: list[_Path] = [{first.name: call.found[0]} for call in calls]
    for number, step in enumerate(kind.steps[1:], start=1):
        search = _Steps(rule, kind, number, frugal)
        further: list[_Path] = []
        missing: list[Answer] = []
        for path in paths:
            extended = search.extend(path, hearing)
            if isinstance(extended, Answer):
                missing.append(extended)
            else:
                further.extend(extended)
        if not further:
            return best_answer(missing)
        paths = _distinct(further, [step.name, *(later.after for later in kind.steps[number + 1 :] if later.after)])
    return Answer(Verdict.MET, Reason("steps-complete"), evidence_of(paths[0].values()))


def _distinct(paths: Sequence[_Path], needed: Sequence[str]) -> list[_Path]:
    """Keep the first of the paths that later steps cannot tell apart."""
    apart: dict[tuple[object, ...], _Path] = {}
    for path in paths:
        ends = (path[name] for name in needed if name in path)
        apart.setdefault(tuple((end.position, end.hit.start, end.hit.end) for end in ends), path)
    return list(apart.values())


class _Steps:
    """One step to be found after the step that it follows."""

    def __init__(self, rule: Rule, kind: MustFollow, number: int, frugal: bool) -> None:
        self._frugal = frugal
        self.step = kind.steps[number]
        self.speaker = _speaker(rule, self.step)
        self.after = self.step.after or kind.steps[number - 1].name
        self.excuses = self.step.excuses
        named = next(step for step in kind.steps if step.name == self.after)
        # Sympathy and solution often share an utterance, in either order.
        self.same_utterance = named is not kind.steps[0] and self.speaker is _speaker(rule, named)

    def extend(self, path: _Path, hearing: Hearing) -> list[_Path] | Answer:
        """Return the path with each place of the step, or why there is none."""
        origin = path[self.after]
        near = reply_scope(hearing, Moment.of(origin), Position.AFTER, self.step.within, self.speaker)
        scope = self._with_own_utterance(near, origin)
        excuse = excuser(hearing, self.excuses)
        search = Search(hearing, self.speaker, scope, wanted=True, excuse=excuse, frugal=self._frugal)
        outcome = evaluate(self.step.group, search)
        if outcome.truth is Truth.YES:
            places = completions(self.step.group, outcome) or [origin]
            return [{**path, self.step.name: place} for place in places]
        answer = missing_answer(hearing, "step-missing", self.step.name, outcome, scope, self.speaker)
        trigger = evidence_of(path.values())[0].quote
        reason = Reason(answer.reason.code, (*answer.reason.values, ("trigger", trigger)))
        return Answer(answer.verdict, reason, (*evidence_of(path.values()), *answer.evidence))

    def _with_own_utterance(self, scope: Scope, origin: Found) -> Scope:
        if not self.same_utterance:
            return scope
        positions = (scope.positions or frozenset()) | {origin.position}
        return Scope(origin.utterance.start_s, scope.end_s, positions, scope.moment, scope.side, same_utterance=True)


def _speaker(rule: Rule, step: Step) -> Speaker:
    return rule.speaker if step.group.speaker is None else step.group.speaker
