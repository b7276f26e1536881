"""What one night holds for measuring the rules: every answer of the machine, and the labels of the calls people heard.

Only calls that the night's sample drew count: their probabilities are known. A reviewed call weighs one over the
probability that it was drawn times the share of the drawn calls of its risk that are reviewed by now: reviewers work
from the gravest risk down, and without that the calls they have not reached yet would count for nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inspect_pipeline.model import Flag, Verdict
from inspect_pipeline.report.estimate import Cell, Label
from inspect_pipeline.report.labels import Labels
from inspect_pipeline.review.outcome import SEEN, SILENT, CallKey, Holds, Key
from inspect_pipeline.review.wordings import Wording
from inspect_pipeline.store.answers import Answered, Place, StoredAnswer, answer_counts, answers_of, sample_places
from inspect_pipeline.store.calls import stored_flags

Group = tuple[Verdict, bool]
"""What the machine answered, and whether the calls were certain to be drawn."""

HITS: tuple[Group, ...] = tuple((verdict, certain) for verdict in SEEN for certain in (False, True))
REST: tuple[Group, ...] = (  # in the order in which groups without labels join their neighbours
    (Verdict.UNCERTAIN, True),
    (Verdict.UNCERTAIN, False),
    *((verdict, False) for verdict in SILENT),
    *((verdict, True) for verdict in SILENT),
)


@dataclass(slots=True)
class RuleEvidence:
    """One wording of a rule over some nights: its answers, and the labels, by group.

    `calls` could be drawn, `never` could not. `unheard`: for how many of `calls` those drawn stand whose risk nobody
    has begun to review, so that no label speaks for them.
    """

    calls: Counter[Group] = field(default_factory=Counter)
    never: Counter[Group] = field(default_factory=Counter)
    unheard: defaultdict[Group, float] = field(default_factory=lambda: defaultdict(float))
    labels: dict[Group, Counter[tuple[bool, float]]] = field(default_factory=dict)  # by (holds, weight)
    quiet: int = 0
    unsure: int = 0
    nights: set[str] = field(default_factory=set)

    def add(self, other: RuleEvidence) -> None:
        """Add the evidence of other nights."""
        self.calls.update(other.calls)
        self.never.update(other.never)
        for group, calls in other.unheard.items():
            self.unheard[group] += calls
        self.quiet += other.quiet
        self.unsure += other.unsure
        self.nights |= other.nights
        for group, labels in other.labels.items():
            self.labels.setdefault(group, Counter()).update(labels)

    def unspoken(self, groups: Collection[Group]) -> float:
        """Return the share (0-1) of the calls of some groups for which no label can speak: never drawn, or unheard."""
        never = sum(self.never[group] for group in groups)
        calls = sum(self.calls[group] for group in groups)
        return (
            min(1.0, (never + sum(self.unheard[group] for group in groups)) / (never + calls)) if never + calls else 0.0
        )

    def cells(self, groups: Iterable[Group]) -> list[Cell]:
        """Return the calls and labels of some groups, silent answers of either kind in one cell."""
        merged: dict[tuple[bool, bool], tuple[int, list[Label]]] = {}
        for verdict, certain in groups:
            place = (verdict is Verdict.UNCERTAIN, certain)
            calls, labels = merged.setdefault(place, (0, []))
            counted = self.labels.get((verdict, certain), Counter())
            labels += [Label(holds, weight, count) for (holds, weight), count in sorted(counted.items())]
            merged[place] = (calls + self.calls[verdict, certain], labels)
        return [Cell(calls, tuple(labels)) for calls, labels in merged.values()]


@dataclass(slots=True)
class NightEvidence:
    """One night. `reviewed`: to the end, by all rules of the night as they are now. `outside`: reviewed calls that the
    sample did not draw; they are left out."""

    night: str
    drawn: int
    reviewed: int
    outside: int
    rules: dict[Wording, RuleEvidence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """How much of what was drawn has been reviewed, by risk."""

    drawn: Counter[str]
    reviewed: Counter[str]
    risks: dict[str, str]  # of the drawn calls

    def share(self, call_id: str) -> float:
        """Return the share of the drawn calls of the same risk that are reviewed; 0 when nobody has begun."""
        risk = self.risks[call_id]
        return self.reviewed[risk] / self.drawn[risk]


@dataclass(frozen=True, slots=True)
class Sample:
    """The draw of a night and how much of it people have heard: `touched` for what reviewers are asked about one by
    one, `completed` for all the rest, by the rule's wording."""

    places: Mapping[str, Place]
    touched: Response
    completed: Mapping[Wording, Response]

    def response(self, answer: StoredAnswer) -> float:
        """Return the share of the drawn calls like this one that are reviewed."""
        silent = answer.verdict in SILENT
        heard = self.completed[answer.rule_id, answer.fingerprint] if silent else self.touched
        return heard.share(answer.call_id)

    def weight(self, answer: StoredAnswer) -> float:
        """Return how many calls a labelled one stands for."""
        return 1.0 / (self.places[answer.call_id].probability * self.response(answer))


def night_evidence(out: Path, night: str, labels: Labels) -> NightEvidence:
    """Return what a night holds. Raises StoreError."""
    flags = stored_flags(out, night)
    drawn = {flag.call_id for flag in flags}
    touched = _of_night(labels.touched, night)
    found = NightEvidence(night, len(drawn), 0, len(touched - drawn))
    for answered in answer_counts(out, night):
        _count(found, answered)
    completed = {call_id: rules for (of, call_id), rules in labels.completed.items() if of == night}
    found.reviewed = sum(call_id in drawn and rules >= found.rules.keys() for call_id, rules in completed.items())
    if touched & drawn:
        heard = _by_wording(flags, completed, found.rules)
        sample = Sample(sample_places(out, night), _response(flags, touched), heard)
        for answer in answers_of(out, night, drawn):
            _label(found, answer, labels, sample)
    return found


def _of_night(calls: Collection[CallKey], night: str) -> set[str]:
    return {call_id for of, call_id in calls if of == night}


def _by_wording(
    flags: Sequence[Flag], completed: Mapping[str, frozenset[Wording]], wordings: Iterable[Wording]
) -> dict[Wording, Response]:
    """Return how much was reviewed by the end for each wording; the same for those that the same reviews speak of."""
    by_rules: dict[frozenset[Wording], set[str]] = {}
    for call_id, rules in completed.items():
        by_rules.setdefault(rules, set()).add(call_id)
    made: dict[tuple[frozenset[Wording], ...], Response] = {}
    found = {}
    for wording in wordings:
        speaking = tuple(rules for rules in by_rules if wording in rules)
        if speaking not in made:
            made[speaking] = _response(flags, set().union(*(by_rules[rules] for rules in speaking)))
        found[wording] = made[speaking]
    return found


def _response(flags: Iterable[Flag], reviewed: Collection[str]) -> Response:
    risks = {flag.call_id: flag.risk.value for flag in flags}
    done = Counter(risk for call_id, risk in risks.items() if call_id in reviewed)
    return Response(Counter(risks.values()), done, risks)


def _count(found: NightEvidence, answered: Answered) -> None:
    rule = found.rules.setdefault((answered.rule_id, answered.fingerprint), RuleEvidence(nights={found.night}))
    counted = rule.never if answered.never else rule.calls
    counted[answered.verdict, answered.certain] += answered.calls
    rule.quiet += answered.calls if answered.quiet else 0


def _label(found: NightEvidence, answer: StoredAnswer, labels: Labels, sample: Sample) -> None:
    probability = sample.places[answer.call_id].probability
    group = (answer.verdict, probability >= 1.0)
    rule = found.rules[answer.rule_id, answer.fingerprint]
    if sample.response(answer) == 0.0:
        rule.unheard[group] += 1.0 / probability
        return
    label = labels.of(Key(found.night, answer.call_id, answer.rule_id, answer.fingerprint, answer.verdict))
    if label is None:
        return
    if label is Holds.UNSURE:
        rule.unsure += 1
        return
    weighed = (label is Holds.YES, sample.weight(answer))
    rule.labels.setdefault(group, Counter())[weighed] += 1
