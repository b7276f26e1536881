"""How far reviewers agree with each other and with the machine, counted from their decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from inspect_pipeline.report.agreement import (
    Coefficient,
    Pair,
    cohen_kappa,
    gwet_ac1,
    krippendorff_alpha,
    light_kappa,
    pairs_of,
    positive_agreement,
    raw_agreement,
)
from inspect_pipeline.report.intervals import Share, share
from inspect_pipeline.report.labels import Rated, rated_by_several
from inspect_pipeline.review.decisions import Choice, Decision, standing
from inspect_pipeline.review.outcome import SEEN, Holds, completed_calls
from inspect_pipeline.review.schema import FIRST, SECOND

CATEGORIES = (Holds.YES, Holds.NO)  # who cannot tell has not rated


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree on whether rules hold, over the findings that two or more rated blind.

    `calls`: of those findings. `kappa` is Cohen's, for more than two people the mean of their pairs. `violations`: on
    what either found to hold. A coefficient has no value where it is not defined.
    """

    calls: int
    raw: Coefficient
    kappa: Coefficient
    ac1: Coefficient
    alpha: Coefficient
    violations: Coefficient


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two reviewers, by name."""

    first: str
    second: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class RuleAgreement:
    """All reviewers on one rule, whatever its wording was."""

    rule_id: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class ReviewerNumbers:
    """One reviewer. `completed`: calls reviewed first and to the end; `second`: heard blind after somebody else.

    `agreed`: of her decided hits of the machine, those she found right; `unsure`: of all her decisions on findings;
    `seconds`: the median time of a decision, None when not measured.
    """

    name: str
    completed: int
    second: int
    decisions: int
    agreed: Share
    unsure: Share
    seconds: float | None


@dataclass(frozen=True, slots=True)
class ReviewersReport:
    """All reviewers over some nights. `overall` takes every rule and finding together."""

    reviewers: tuple[ReviewerNumbers, ...]
    overall: Agreement
    pairs: tuple[PairAgreement, ...]
    rules: tuple[RuleAgreement, ...]


def reviewers_report(made: Sequence[Decision], nights: Collection[str]) -> ReviewersReport:
    """Return the numbers of the reviewers from all decisions (oldest first) on the calls of some nights."""
    chosen = [decision for decision in made if decision.subject.night in nights]
    rated = rated_by_several(chosen)
    names = sorted({name for one in rated for name in one.by})
    pairs = [
        PairAgreement(first, second, agreement_of(shared))
        for first, second in combinations(names, 2)
        if (shared := _shared(rated, first, second))
    ]
    by_rule: dict[str, list[Rated]] = {}
    for one in rated:
        by_rule.setdefault(one.key.rule_id, []).append(one)
    return ReviewersReport(
        reviewers=_reviewers(standing(tuple(chosen))),
        overall=agreement_of(rated),
        pairs=tuple(pairs),
        rules=tuple(RuleAgreement(rule, agreement_of(own)) for rule, own in sorted(by_rule.items())),
    )


def agreement_of(rated: Sequence[Rated]) -> Agreement:
    """Return how far the people who rated these findings agree. `calls` counts those with two answers or more."""
    names = sorted({name for one in rated for name in one.by})
    units = [[_rating(one.by.get(name)) for name in names] for one in rated]
    by_raters: list[list[Pair]] = [
        [(unit[i], unit[j]) for unit in units if unit[i] is not None and unit[j] is not None]
        for i, j in combinations(range(len(names)), 2)
    ]
    answered = {
        (one.key.night, one.key.call_id)
        for one, unit in zip(rated, units, strict=True)
        if sum(rating is not None for rating in unit) >= 2
    }
    return Agreement(
        calls=len(answered),
        raw=raw_agreement(units),
        kappa=cohen_kappa(by_raters[0]) if len(by_raters) == 1 else light_kappa(by_raters),
        ac1=gwet_ac1(units, CATEGORIES),
        alpha=krippendorff_alpha(units),
        violations=positive_agreement(pairs_of(units), Holds.YES),
    )


def _rating(said: Holds | None) -> Holds | None:
    return None if said is Holds.UNSURE else said


def _shared(rated: Iterable[Rated], first: str, second: str) -> list[Rated]:
    """Return what both rated, with their answers only."""
    return [
        Rated(one.key, {name: one.by[name] for name in (first, second)})
        for one in rated
        if first in one.by and second in one.by
    ]


def _reviewers(stand: Sequence[Decision]) -> tuple[ReviewerNumbers, ...]:
    completed = completed_calls(stand)
    found = []
    for name in sorted({decision.reviewer for decision in stand if decision.subject.role in {FIRST, SECOND}}):
        own = [d for d in stand if d.reviewer == name and d.subject.role in {FIRST, SECOND}]
        findings = [d for d in own if d.subject.rule_id is not None]
        hits = [d.choice for d in findings if d.subject.verdict in SEEN and d.choice is not Choice.UNSURE]
        times = [d.seconds for d in own if d.seconds is not None]
        second = {(d.subject.night, d.subject.call_id) for d in own if d.subject.role == SECOND}
        found.append(
            ReviewerNumbers(
                name=name,
                completed=sum(reviewer == name for _, reviewer in completed),
                second=len(second),
                decisions=len(own),
                agreed=share(hits.count(Choice.AGREE), len(hits)),
                unsure=share(sum(d.choice is Choice.UNSURE for d in findings), len(findings)),
                seconds=median(times) if times else None,
            )
        )
    return tuple(found)
