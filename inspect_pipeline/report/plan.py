"""What a sampling plan would draw, shown on a stored night before it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum, sqrt
from pathlib import Path

from inspect_pipeline.errors import UsageError
from inspect_pipeline.report.intervals import Z_95
from inspect_pipeline.store.judged import judged_calls, night_rules, rules_before
from inspect_pipeline.store.tables import stored_nights
from inspect_pipeline.triage.plan import PlannedCall, PlannedNight, plan_night
from inspect_pipeline.triage.sample import RANDOM_GROUPS, ListenReason, SamplingPlan


@dataclass(frozen=True, slots=True)
class StratumForecast:
    """The calls that have one reason; a call can have several. Probabilities (0-1) are those after the budget.

    `expected`: how many of them are drawn on average, for whatever reason; `decides`: how many of these this reason
    alone accounts for, as the one that proposes most (they add up to all that is drawn).
    """

    reason: ListenReason
    mandatory: bool
    calls: int
    expected: float
    decides: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GroupForecast:
    """The agents, teams or queues: how many calls they have, and how many of one's calls are drawn on average."""

    reason: ListenReason
    groups: int
    fewest_calls: int
    most_calls: int
    least_expected: float
    most_expected: float


@dataclass(frozen=True, slots=True)
class PlanForecast:
    """What a plan would draw. `night`: the stored one that was looked at; `stands_for`: the one to come, if it is not
    this very night ("" when it has no date).

    `low` and `high` hold the number of drawn calls in 95 of 100 nights like this. `twice`: calls that two people hear,
    on average. `never`: calls that cannot be drawn, whose misses can never be known. `scale`: by what the budget
    multiplied all that is not mandatory. `new_rules` and `changed_rules`: of the packs, against the stored night.
    """

    night: str
    stands_for: str | None
    calls: int
    expected: float
    low: float
    high: float
    mandatory: int
    twice: float
    never: int
    budget: int | None
    scale: float
    strata: tuple[StratumForecast, ...]
    groups: tuple[GroupForecast, ...]
    new_rules: tuple[str, ...]
    changed_rules: tuple[str, ...]


def plan_forecast(
    out: Path, plan: SamplingPlan, night: str | None, rules: Mapping[str, str], second_share: float = 0.0
) -> PlanForecast:
    """Return what the plan would draw from `night`; from the latest stored one when it is not stored or None.

    `rules`: fingerprints by id of the packs that will judge a night to come. A changed rule is taken to answer as it
    did; what a new one will answer nobody knows yet. `second_share`: what reviews ask for, the plan's calibration
    counts towards it. Raises UsageError when no night is stored, StoreError.
    """
    stored = stored_nights(out)
    if not stored:
        raise UsageError(f"{out}: no night is stored here to look ahead from: run one, or name another --out")
    looked_at = night if night in stored else stored[-1]
    before = night_rules(out, looked_at)
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    if night == looked_at:
        known = rules_before(out, looked_at)
    else:
        known = {**before, **rules}
        new = tuple(rule_id for rule_id in rules if rule_id not in before)
        changed = tuple(rule_id for rule_id in rules if before.get(rule_id, rules[rule_id]) != rules[rule_id])
    plan = replace(plan, calibration=max(plan.calibration, second_share))  # one draw decides both
    planned = plan_night(judged_calls(out, looked_at, known), plan)
    return _forecast(planned, plan, looked_at, None if night == looked_at else night or "", (new, changed))


def _forecast(
    planned: PlannedNight,
    plan: SamplingPlan,
    night: str,
    stands_for: str | None,
    rules: tuple[tuple[str, ...], tuple[str, ...]],
) -> PlanForecast:
    expected = planned.expected
    spread = Z_95 * sqrt(fsum(call.probability * (1 - call.probability) for call in planned.calls))
    mandatory = sum(call.mandatory for call in planned.calls)
    return PlanForecast(
        night=night,
        stands_for=stands_for,
        calls=len(planned.calls),
        expected=expected,
        low=max(float(mandatory), expected - spread),
        high=min(float(len(planned.calls)), expected + spread),
        mandatory=mandatory,
        twice=expected * plan.calibration,
        never=sum(call.probability <= 0.0 for call in planned.calls),
        budget=plan.budget,
        scale=planned.scale,
        strata=tuple(_strata(planned.calls, plan)),
        groups=tuple(_groups(planned.calls)),
        new_rules=rules[0],
        changed_rules=rules[1],
    )


def _strata(calls: Sequence[PlannedCall], plan: SamplingPlan) -> list[StratumForecast]:
    found = []
    for reason in ListenReason:
        having = [call for call in calls if any(stratum.reason is reason for stratum in call.strata)]
        if having:
            chances = [call.probability for call in having]
            found.append(
                StratumForecast(
                    reason=reason,
                    mandatory=reason is not ListenReason.CALIBRATION and plan.mandatory(reason),
                    calls=len(having),
                    expected=fsum(chances),
                    decides=fsum(call.probability for call in having if _decides(call) is reason),
                    low=min(chances),
                    high=max(chances),
                )
            )
    return found


def _decides(call: PlannedCall) -> ListenReason:
    """Return the reason that proposes most, the gravest of them."""
    return max(call.strata, key=lambda stratum: stratum.probability).reason


def _groups(calls: Sequence[PlannedCall]) -> list[GroupForecast]:
    found = []
    for reason in RANDOM_GROUPS:
        chances: dict[str, list[float]] = {}
        for call in calls:
            for stratum in call.strata:
                if stratum.reason is reason and stratum.group is not None:
                    chances.setdefault(stratum.group, []).append(call.probability)
        if chances:
            sizes, expected = [len(one) for one in chances.values()], [fsum(one) for one in chances.values()]
            found.append(GroupForecast(reason, len(chances), min(sizes), max(sizes), min(expected), max(expected)))
    return found
