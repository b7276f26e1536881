"""Do the intervals of `report rules` cover, and is recall unbiased? Simulated nights, sampled by the real plan.

    python -m bench.sampling [--populations 10] [--draws 60] [--json]

A machine with known errors judges nights whose truth is known. A fifth of the calls are hard: more violations, more
that other rules find, more risk, so that a call's probability to be drawn goes with the truth, as it does in a real
night. The machine abstains in 3 % of the calls, which counts as missed. For each case: how often the 95 % intervals
hold the true precision and recall of the night, how far recall is off on average (with its Monte-Carlo error), and how
far it would be off if only the calls were reviewed that the machine had reason to flag.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import fmean, stdev

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

NIGHT = "2026-11-20"
ANY = Minimum(0, 0, 0, 1.0)
AT_RANDOM = {*RANDOM_GROUPS, ListenReason.CLEAN}
ABSTAINS = 0.03
AGENT_CALLS = 60


@dataclass(frozen=True)
class Machine:
    """One rule's machine and its nights: how many calls, the share of violations, and how well it finds them."""

    calls: int
    prevalence: float
    recall: float = 0.85
    precision: float = 0.8


@dataclass(frozen=True)
class Population:
    """Calls with the truth and the verdict on one rule; `precision` and `recall` are those of these very calls."""

    calls: list[JudgedCall]
    truth: list[bool]
    verdicts: list[Verdict]
    precision: float
    recall: float


@dataclass(frozen=True)
class Bias:
    """How far an estimate is off on average, and the Monte-Carlo error of that."""

    mean: float
    error: float


@dataclass(frozen=True)
class Outcome:
    """What came of so many draws: `…_held` is the share of intervals that hold the truth."""

    draws: int
    precision_held: float
    recall_held: float
    precision: Bias
    recall: Bias
    flagged_only: Bias


def population(machine: Machine, dice: random.Random) -> Population:
    """Make the calls of a night."""
    there = machine.prevalence
    false = there * machine.recall * (1 - machine.precision) / machine.precision / (1 - there)
    calls, truth, verdicts = [], [], []
    for number in range(machine.calls):
        hard = dice.random() < 0.2
        holds = dice.random() < there * (3.0 if hard else 0.5)
        hit = dice.random() < (machine.recall if holds else false * (2.0 if hard else 0.75))
        verdict = Verdict.VIOLATED if hit else Verdict.MET
        if dice.random() < ABSTAINS * (2.0 if hard else 0.75):
            verdict = Verdict.UNCERTAIN
        calls.append(judged(f"c-{number:06d}", verdict, hard, dice, machine.calls // AGENT_CALLS))
        truth.append(holds)
        verdicts.append(verdict)
    right = sum(holds and verdict is Verdict.VIOLATED for holds, verdict in zip(truth, verdicts, strict=True))
    return Population(calls, truth, verdicts, right / verdicts.count(Verdict.VIOLATED), right / sum(truth))


def judged(call_id: str, verdict: Verdict, hard: bool, dice: random.Random, agents: int) -> JudgedCall:
    """Make one call as the sample sees it, with what other rules found in it."""
    other, critical = dice.random() < (0.3 if hard else 0.06), dice.random() < (0.05 if hard else 0.005)
    violated = other or critical or verdict is Verdict.VIOLATED
    risk = Risk.LOW if violated else Risk.NONE
    if critical or (hard and dice.random() < 0.3):
        risk = Risk.HIGH if critical else Risk.MEDIUM
    lost = 10 * (verdict is Verdict.VIOLATED) + 15 * other + 100 * critical + dice.choice((0, 0, 0, 5, 20))
    uncertain = verdict is Verdict.UNCERTAIN or dice.random() < 0.05
    agent = f"a{dice.randrange(agents)}"
    return JudgedCall(call_id, risk, max(0.0, 100.0 - lost), critical, violated, uncertain, agent=agent)


def reviewed(people: Population, planned: PlannedNight, seed: str) -> tuple[RuleEvidence, float]:
    """Return the evidence of one draw, and the recall that the calls show which the machine had reason to flag."""
    evidence, found, holding = RuleEvidence(), 0, 0
    for one, truth, verdict in zip(planned.calls, people.truth, people.verdicts, strict=True):
        p = one.probability
        group = (verdict, p >= 1.0)
        evidence.calls[group] += 1
        if below(draw(seed, NIGHT, one.call.call_id), p):
            evidence.labels.setdefault(group, Counter())[truth, 1 / p] += 1
            if any(stratum.reason not in AT_RANDOM for stratum in one.strata):
                holding += truth
                found += truth and verdict is Verdict.VIOLATED
    return evidence, found / holding


def simulate(machine: Machine, plan: SamplingPlan, populations: int, draws: int, seed: int = 20261120) -> Outcome:
    """Draw so many times from each of so many nights, and hold the estimates against the truth."""
    dice = random.Random(seed)
    held = {"precision": 0, "recall": 0}
    off: dict[str, list[float]] = {"precision": [], "recall": [], "flagged": []}
    for night in range(populations):
        people = population(machine, dice)
        planned = plan_night(people.calls, plan)
        for number in range(draws):
            evidence, plain = reviewed(people, planned, f"{night}-{number}")
            quality = quality_of(evidence, ANY)
            for name, estimate, true in (
                ("precision", quality.precision, people.precision),
                ("recall", quality.recall, people.recall),
            ):
                assert estimate is not None
                held[name] += within(estimate, true)
                off[name].append(estimate.value - true)
            off["flagged"].append(plain - people.recall)
    total = populations * draws
    bias = {name: Bias(fmean(found), stdev(found) / sqrt(total)) for name, found in off.items()}
    return Outcome(
        total, held["precision"] / total, held["recall"] / total, bias["precision"], bias["recall"], bias["flagged"]
    )


def within(estimate: Estimate, true: float) -> bool:
    """Tell whether an interval holds the true value."""
    return estimate.low <= true <= estimate.high


CASES = {
    "3,000 calls": (Machine(3000, 0.05), SamplingPlan()),
    "12,000 calls": (Machine(12_000, 0.05), SamplingPlan()),
    "12,000 calls, a good rule": (Machine(12_000, 0.05, 0.97, 0.95), SamplingPlan()),
    "12,000 calls, rare": (Machine(12_000, 0.015), SamplingPlan()),
    "12,000 calls, budget, agents": (
        Machine(12_000, 0.05),
        SamplingPlan(agent=GroupShare(at_least=2), budget=600),
    ),
    "40,000 calls": (Machine(40_000, 0.05), SamplingPlan()),
}


def main() -> None:
    """Run every case and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--populations", type=int, default=10, help="nights that are made (default 10)")
    parser.add_argument("--draws", type=int, default=60, help="times that each is sampled (default 60)")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    options = parser.parse_args()
    found = {}
    for name, (machine, plan) in CASES.items():
        found[name] = one = simulate(machine, plan, options.populations, options.draws)
        if not options.as_json:
            print(
                f"{name:30} precision held {one.precision_held:.1%}  recall held {one.recall_held:.1%}  "
                f"recall off {one.recall.mean:+.2%} ± {one.recall.error:.2%}  "
                f"flagged only {one.flagged_only.mean:+.2%}",
                flush=True,
            )
    if options.as_json:
        print(json.dumps({"schema": 1, "result": {name: asdict(one) for name, one in found.items()}}, indent=2))


if __name__ == "__main__":
    main()
