"""Do the intervals cover, and is recall unbiased? A machine with known errors, sampled by the real plan, many times.

A fifth of the calls are hard: more violations, more that other rules find, more risk. So a call's probability to be
drawn depends on much that goes with the truth, as it does in a night. The machine finds 85 % of the violations where
it answers, 80 % of its hits are right, and it abstains in 3 % of the calls, which counts as missed.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

import pytest

from inspect_pipeline.model import Risk, Verdict
from inspect_pipeline.report.estimate import Estimate
from inspect_pipeline.report.evidence import RuleEvidence
from inspect_pipeline.report.quality import Minimum, quality_of
from inspect_pipeline.triage.plan import PlannedNight, plan_night
from inspect_pipeline.triage.sample import (
    RANDOM_GROUPS,
    GroupShare,
    JudgedCall,
    ListenReason,
    SamplingPlan,
    below,
    draw,
)

PREVALENCE, RECALL, PRECISION, ABSTAINS = 0.08, 0.85, 0.8, 0.03
CALLS, POPULATIONS, DRAWS = 5000, 3, 100
ANY = Minimum(0, 0, 0)
AT_RANDOM = {*RANDOM_GROUPS, ListenReason.CLEAN}
PLANS = {
    "the default plan": SamplingPlan(),
    "agents and a budget": SamplingPlan(agent=GroupShare(at_least=3, at_most=6), budget=400),
}


@dataclass(frozen=True)
class Population:
    """Calls with the truth and the machine's verdict on one rule; `precision` and `recall` are those of these calls."""

    calls: list[JudgedCall]
    truth: list[bool]
    verdicts: list[Verdict]
    precision: float
    recall: float


def population(dice: random.Random) -> Population:
    false = PREVALENCE * RECALL * (1 - PRECISION) / PRECISION / (1 - PREVALENCE)
    calls, truth, verdicts = [], [], []
    for number in range(CALLS):
        hard = dice.random() < 0.2
        holds = dice.random() < PREVALENCE * (3.0 if hard else 0.5)
        hit = dice.random() < (RECALL if holds else false * (2.0 if hard else 0.75))
        verdict = Verdict.VIOLATED if hit else Verdict.MET
        if dice.random() < ABSTAINS * (2.0 if hard else 0.75):
            verdict = Verdict.UNCERTAIN
        calls.append(judged(number, verdict, hard, dice))
        truth.append(holds)
        verdicts.append(verdict)
    right = sum(holds and verdict is Verdict.VIOLATED for holds, verdict in zip(truth, verdicts, strict=True))
    return Population(calls, truth, verdicts, right / verdicts.count(Verdict.VIOLATED), right / sum(truth))


def judged(number: int, verdict: Verdict, hard: bool, dice: random.Random) -> JudgedCall:
    other, critical = dice.random() < (0.3 if hard else 0.06), dice.random() < (0.05 if hard else 0.005)
    violated = other or critical or verdict is Verdict.VIOLATED
    risk = Risk.LOW if violated else Risk.NONE
    if critical or (hard and dice.random() < 0.3):
        risk = Risk.HIGH if critical else Risk.MEDIUM
    lost = 10 * (verdict is Verdict.VIOLATED) + 15 * other + 100 * critical + dice.choice((0, 0, 0, 5, 20))
    uncertain = verdict is Verdict.UNCERTAIN or dice.random() < 0.05
    agent = f"a{dice.randrange(80)}"
    return JudgedCall(
        f"c-{number:05d}", risk, max(0.0, 100.0 - lost), critical, violated, uncertain, agent=agent
    )  # fmt: skip


def reviewed(people: Population, planned: PlannedNight, seed: str) -> tuple[RuleEvidence, float]:
    """Return the evidence of one draw, and the recall that the calls show which the machine had reason to flag."""
    evidence, found, holding = RuleEvidence(), 0, 0
    for one, truth, verdict in zip(planned.calls, people.truth, people.verdicts, strict=True):
        p = one.probability
        group = (verdict, p >= 1.0)
        evidence.calls[group] += 1
        if below(draw(seed, "2026-11-20", one.call.call_id), p):
            evidence.labels.setdefault(group, Counter())[truth, 1 / p] += 1
            if any(stratum.reason not in AT_RANDOM for stratum in one.strata):
                holding += truth
                found += truth and verdict is Verdict.VIOLATED
    return evidence, found / holding


def within(estimate: Estimate, true: float) -> bool:
    return estimate.low <= true <= estimate.high


@pytest.mark.parametrize("name", PLANS)
def test_intervals_cover_and_recall_is_unbiased(name: str) -> None:
    dice = random.Random(20261120)
    covered = {"precision": 0, "recall": 0}
    errors: dict[str, list[float]] = {"precision": [], "recall": [], "flagged only": []}
    for number in range(POPULATIONS):
        people = population(dice)
        planned = plan_night(people.calls, PLANS[name])
        for seed in range(DRAWS):
            evidence, plain = reviewed(people, planned, f"{number}-{seed}")
            quality = quality_of(evidence, ANY)
            assert quality.precision is not None
            assert quality.recall is not None
            covered["precision"] += within(quality.precision, people.precision)
            covered["recall"] += within(quality.recall, people.recall)
            errors["precision"].append(quality.precision.value - people.precision)
            errors["recall"].append(quality.recall.value - people.recall)
            errors["flagged only"].append(plain - people.recall)
    draws = POPULATIONS * DRAWS
    assert covered["precision"] / draws >= 0.93
    assert covered["recall"] / draws >= 0.93
    bias = {what: (fmean(found), stdev(found) / sqrt(draws)) for what, found in errors.items()}
    for what in ("precision", "recall"):
        mean, error = bias[what]
        assert abs(mean) < 3 * error, what
        assert error < 0.006
    mean, error = bias["flagged only"]
    assert mean > 0.025
    assert mean > 5 * error
