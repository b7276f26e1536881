"""Which calls a person must hear: each reason proposes a probability, and a fixed draw decides.

The draw is a digest, not a random number: the same seed, night and call give the same answer on every machine, and
a call's probability can be used as its sampling weight. Every inspected call has a probability above 0 as long as
the shares are, so that what the rules miss can be estimated, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from inspect_pipeline.model import Flag, Risk


class ListenReason(StrEnum):
    """Why a call may be drawn, the gravest first."""

    CRITICAL = "critical"  # a critical rule is violated
    HIGH_RISK = "high-risk"
    MEDIUM_RISK = "medium-risk"
    LOW_SCORE = "low-score"
    VIOLATION = "violation"  # any rule is violated
    UNCERTAIN = "uncertain"  # any rule could not be answered
    CLEAN = "clean"  # none of the above


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """The probability (0-1) that each reason proposes, and the hours in which a flagged call is to be heard.

    `targets`: how many calls a night to aim at for a reason (by its name here) instead of its probability.
    """

    critical: float = 1.0
    high_risk: float = 1.0
    medium_risk: float = 0.3
    low_score: float = 0.3
    violation: float = 0.1
    uncertain: float = 0.05
    clean: float = 0.02
    low_score_below: float = 60.0
    targets: Mapping[str, int] = field(default_factory=dict)
    due_hours: Mapping[Risk, float] = field(
        default_factory=lambda: {Risk.HIGH: 2.0, Risk.MEDIUM: 24.0, Risk.LOW: 72.0, Risk.NONE: 72.0}
    )

    def probability(self, reason: ListenReason) -> float:
        """Return what one reason proposes."""
        share: float = getattr(self, _field(reason))
        return share

    def aimed(self, calls: Mapping[ListenReason, int]) -> SamplingPlan:
        """Return the plan for a night in which so many calls have each reason: targets become probabilities."""
        shares: dict[str, Any] = {
            _field(reason): min(1.0, self.targets[_field(reason)] / calls[reason])
            for reason in ListenReason
            if _field(reason) in self.targets and calls.get(reason)
        }
        return replace(self, **shares, targets={})


def _field(reason: ListenReason) -> str:
    return reason.value.replace("-", "_")


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """What the sample needs to know of an inspected call."""

    call_id: str
    risk: Risk
    score: float | None
    critical: bool
    violated: bool
    uncertain: bool


@dataclass(frozen=True, slots=True)
class Chance:
    """One call's place in the sample. `flagged` when the draw is below the probability."""

    call_id: str
    risk: Risk
    reasons: tuple[ListenReason, ...]
    probability: float
    draw: float
    flagged: bool


def draw(seed: str, night: str, call_id: str) -> float:
    """Return the call's place in the sample, evenly spread over 0-1: sha256(seed, night, call_id) / 2**256."""
    digest = hashlib.sha256(f"{seed}\n{night}\n{call_id}".encode()).digest()
    return int.from_bytes(digest, "big") / 2**256


def listen_reasons(call: JudgedCall, plan: SamplingPlan) -> tuple[ListenReason, ...]:
    """Return every reason to hear the call, the gravest first; at least one."""
    holds = {
        ListenReason.CRITICAL: call.critical,
        ListenReason.HIGH_RISK: call.risk is Risk.HIGH,
        ListenReason.MEDIUM_RISK: call.risk is Risk.MEDIUM,
        ListenReason.LOW_SCORE: call.score is not None and call.score < plan.low_score_below,
        ListenReason.VIOLATION: call.violated,
        ListenReason.UNCERTAIN: call.uncertain,
    }
    return tuple(reason for reason, true in holds.items() if true) or (ListenReason.CLEAN,)


def chance_of(call: JudgedCall, plan: SamplingPlan, night: str, seed: str) -> Chance:
    """Return the call's place in the sample. Its probability is the largest that its reasons propose."""
    reasons = listen_reasons(call, plan)
    probability = max(plan.probability(reason) for reason in reasons)
    place = draw(seed, night, call.call_id)
    # a draw so close to 1 that it rounds to 1.0 must not escape a certain reason
    flagged = probability >= 1.0 or place < probability
    return Chance(call.call_id, call.risk, reasons, probability, place, flagged)


def choose_flags(chances: Iterable[Chance], plan: SamplingPlan, due_from: datetime) -> list[Flag]:
    """Return the drawn calls as flags by id, due so many hours after `due_from` as their risk allows."""
    start = due_from.astimezone(UTC)
    return [
        Flag(
            call_id=chance.call_id,
            reasons=tuple(reason.value for reason in chance.reasons),
            probability=chance.probability,
            draw=chance.draw,
            risk=chance.risk,
            due_at=start + timedelta(hours=plan.due_hours[chance.risk]),
        )
        for chance in sorted(chances, key=lambda chance: chance.call_id)
        if chance.flagged
    ]


def review_start(night: str, zone: tzinfo, starts_at: time = time(8)) -> datetime:
    """Return when the reviewers begin on a night: the next morning, in their zone. Due times count from here."""
    morning = date.fromisoformat(night) + timedelta(days=1)
    return datetime.combine(morning, starts_at, tzinfo=zone)
