"""How a plan becomes the inclusion probability of every call of a night, and the draw.

Each reason that holds for a call, and each random group it is in, proposes a probability; the largest counts, not
their sum or their union: a reviewer who hears the call for one reason hears it for all. Then the budget: mandatory
calls keep 1, all the others are multiplied by one factor (at most 1) so that the expected number of calls fits.
Nothing depends on the order of the calls (sums are exact, `math.fsum`), nor on any draw: every probability is known
before the first call is drawn, also that of the calls that are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from inspect_pipeline.triage.sample import (
    RANDOM_GROUPS,
    Chance,
    GroupShare,
    JudgedCall,
    ListenReason,
    SamplingPlan,
    Stratum,
    below,
    draw,
    listen_reasons,
    second_draw,
)

Groups = Mapping[ListenReason, Counter[str | None]]


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call and its inclusion probability. `mandatory`: the budget does not touch it."""

    call: JudgedCall
    strata: tuple[Stratum, ...]
    mandatory: bool
    probability: float


@dataclass(frozen=True, slots=True)
class PlannedNight:
    """All calls of a night by id, and the factor (0-1) by which the budget scaled what is not mandatory."""

    calls: tuple[PlannedCall, ...]
    scale: float

    @property
    def expected(self) -> float:
        """Return how many calls are drawn on average."""
        return fsum(planned.probability for planned in self.calls)


def plan_night(calls: Iterable[JudgedCall], plan: SamplingPlan) -> PlannedNight:
    """Return the inclusion probability of every call of a night, with what it comes from."""
    ordered = sorted(calls, key=lambda call: call.call_id)
    aimed = plan.aimed(Counter(reason for call in ordered for reason in listen_reasons(call, plan)))
    groups = {reason: Counter(_group(call, reason) for call in ordered) for reason in RANDOM_GROUPS}
    known: dict[tuple[Stratum, ...], tuple[Stratum, ...]] = {}  # calls that are heard for the same reasons share them
    proposed = []
    for call in ordered:
        holding = listen_reasons(call, plan)
        strata = _strata(call, holding, aimed, groups)
        strata = known.setdefault(strata, strata)
        mandatory = any(plan.mandatory(reason) for reason in holding)
        proposed.append(PlannedCall(call, strata, mandatory, max(stratum.probability for stratum in strata)))
    scale = budget_scale(proposed, plan)
    return PlannedNight(tuple(_scaled(planned, scale) for planned in proposed), scale)


def budget_scale(proposed: Sequence[PlannedCall], plan: SamplingPlan) -> float:
    """Return the factor that makes the expected number of calls fit the budget: (budget - mandatory) / others.

    When mandatory calls take nearly all of it, the others keep `reserve` of the budget, which is then exceeded: without
    them nobody could tell what the rules miss.
    """
    others = fsum(planned.probability for planned in proposed if not planned.mandatory)
    if plan.budget is None or others == 0.0:
        return 1.0
    mandatory = sum(planned.mandatory for planned in proposed)
    return min(1.0, max(plan.budget - mandatory, plan.reserve * plan.budget) / others)


def chances(planned: PlannedNight, plan: SamplingPlan, night: str, seed: str) -> Iterator[Chance]:
    """Yield each call's place in the sample, by id. The second draw is independent of the first."""
    return (_chance(one, plan, night, seed) for one in planned.calls)


def _chance(planned: PlannedCall, plan: SamplingPlan, night: str, seed: str) -> Chance:
    call_id = planned.call.call_id
    place, second = draw(seed, night, call_id), second_draw(seed, night, call_id)
    flagged = below(place, planned.probability)
    calibration = flagged and below(second, plan.calibration)
    return Chance(call_id, planned.call.risk, planned.strata, planned.probability, place, flagged, second, calibration)


def _strata(
    call: JudgedCall, reasons: Sequence[ListenReason], plan: SamplingPlan, groups: Groups
) -> tuple[Stratum, ...]:
    """Return what proposes a probability for the call, in the order of `ListenReason`."""
    found = [Stratum(reason, plan.probability(reason)) for reason in reasons]
    for reason, name in RANDOM_GROUPS.items():
        share: GroupShare = getattr(plan, name)
        group = _group(call, reason)
        if group is not None and (probability := share.probability(groups[reason][group])) > 0.0:
            found.append(Stratum(reason, probability, group))
    order = list(ListenReason)
    return tuple(sorted(found, key=lambda stratum: order.index(stratum.reason)))


def _group(call: JudgedCall, reason: ListenReason) -> str | None:
    """Return whose call it is; None when nobody told."""
    name: str | None = getattr(call, RANDOM_GROUPS[reason])
    return name


def _scaled(planned: PlannedCall, scale: float) -> PlannedCall:
    if planned.mandatory or scale == 1.0:
        return planned
    return PlannedCall(planned.call, planned.strata, False, planned.probability * scale)
