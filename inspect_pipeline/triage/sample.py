"""Which calls a person must hear: what a plan says of each reason, the fixed draw, and the flags.

Each reason to hear a call proposes a probability, the largest counts (see `plan`), and a digest decides instead of a
random number: the same seed, night and call give the same answer on every machine. Each call is drawn by itself
(Poisson sampling, J. Hájek 1964), so that its probability is exactly its chance to be heard, and one over it is its
weight when the night is estimated from the calls that were.
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
    NEW_RULE = "new-rule"  # a rule that the night before did not have has something to say
    NEW_FINGERPRINT = "new-fingerprint"  # one that had another meaning the night before has
    NEAR_THRESHOLD = "near-threshold"  # a few points more or less would change its grade
    UNCERTAIN = "uncertain"  # any rule could not be answered
    AGENT = "random-agent"  # at random from the agent's calls
    TEAM = "random-team"
    QUEUE = "random-queue"
    CLEAN = "clean"  # nothing is known against it
    CALIBRATION = "calibration"  # a second person hears it, too


RANDOM_GROUPS: Mapping[ListenReason, str] = {
    ListenReason.AGENT: "agent",
    ListenReason.TEAM: "team",
    ListenReason.QUEUE: "queue",
}
"""The reasons that hold for every call of an agent, a team or a queue, and what `SamplingPlan` calls them."""


@dataclass(frozen=True, slots=True)
class GroupShare:
    """What is drawn at random from the calls of each agent, team or queue.

    A group of N calls gets min(1, max(`share`, `at_least` / N)), but no more than `at_most` / N: the *expected* number
    of its calls is at least `at_least` (all, when it has fewer) and at most `at_most`. Calls that are drawn for
    another reason come on top of `at_most`; a budget can cut below `at_least`.
    """

    share: float = 0.0
    at_least: int = 0
    at_most: int | None = None

    def probability(self, calls: int) -> float:
        """Return the probability (0-1) of each call of a group of so many (1 or more)."""
        proposed = max(self.share, self.at_least / calls)
        return min(1.0, proposed if self.at_most is None else min(proposed, self.at_most / calls))


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """The probability (0-1) that each reason proposes, and the hours in which a flagged call is to be heard.

    A reason of probability 1 is mandatory, one of 0 is off. `targets`: how many calls a night to aim at for a reason
    (by its name here) instead of its probability. `near_points`: how near (in points) to one of `thresholds` a score
    must be. `budget`: calls a night, None for no limit, of which `reserve` (0-1) stays for what is not mandatory.
    `calibration`: the share of the drawn calls that two people hear in any case (reviews can ask for more).
    """

    critical: float = 1.0
    high_risk: float = 1.0
    medium_risk: float = 0.3
    low_score: float = 0.3
    violation: float = 0.1
    new_rule: float = 0.2
    new_fingerprint: float = 0.1
    near_threshold: float = 0.1
    uncertain: float = 0.05
    clean: float = 0.02
    low_score_below: float = 60.0
    thresholds: tuple[float, ...] = (60.0, 80.0)
    near_points: float = 2.0
    targets: Mapping[str, int] = field(default_factory=dict)
    agent: GroupShare = GroupShare()
    team: GroupShare = GroupShare()
    queue: GroupShare = GroupShare()
    budget: int | None = None
    reserve: float = 0.1
    calibration: float = 0.05
    due_hours: Mapping[Risk, float] = field(
        default_factory=lambda: {Risk.HIGH: 2.0, Risk.MEDIUM: 24.0, Risk.LOW: 72.0, Risk.NONE: 72.0}
    )

    def probability(self, reason: ListenReason) -> float:
        """Return what one reason proposes; that of a random group depends on its calls, see `GroupShare`."""
        share: float = getattr(self, _field(reason))
        return share

    def mandatory(self, reason: ListenReason) -> bool:
        """Tell whether every call with this reason is heard, whatever the budget."""
        return reason not in RANDOM_GROUPS and _field(reason) not in self.targets and self.probability(reason) >= 1.0

    def asks_for(self, reason: ListenReason) -> bool:
        """Tell whether a reason is on."""
        return _field(reason) in self.targets or self.probability(reason) > 0.0

    def aimed(self, calls: Mapping[ListenReason, int]) -> SamplingPlan:
        """Return the plan for a night in which so many calls have each reason: targets become probabilities."""
        shares: dict[str, Any] = {
            _field(reason): min(1.0, self.targets[_field(reason)] / calls[reason])
            for reason in ListenReason
            if _field(reason) in self.targets and calls.get(reason)
        }
        return replace(self, **shares, targets={})


def _field(reason: ListenReason) -> str:
    return RANDOM_GROUPS.get(reason) or reason.value.replace("-", "_")


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """What the sample needs to know of an inspected call. `new_rule` and `new_fingerprint` as in `ListenReason`."""

    call_id: str
    risk: Risk
    score: float | None
    critical: bool
    violated: bool
    uncertain: bool
    new_rule: bool = False
    new_fingerprint: bool = False
    agent: str | None = None
    team: str | None = None
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Stratum:
    """One reason to hear a call and what it proposes, before any budget. `group`: whose calls, for a random one."""

    reason: ListenReason
    probability: float
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Chance:
    """One call's place in the sample. `flagged` when the draw is below the probability.

    `calibration`: it is flagged and `second_draw` is below the plan's share.
    """

    call_id: str
    risk: Risk
    strata: tuple[Stratum, ...]
    probability: float
    draw: float
    flagged: bool
    second_draw: float
    calibration: bool

    @property
    def reasons(self) -> tuple[ListenReason, ...]:
        """Return the reasons to hear the call, the gravest first; calibration is one when it was drawn for it."""
        why = tuple(stratum.reason for stratum in self.strata)
        return (*why, ListenReason.CALIBRATION) if self.calibration else why


def draw(seed: str, night: str, call_id: str) -> float:
    """Return the call's place in the sample, evenly spread over 0-1: sha256(seed, night, call_id) / 2**256."""
    digest = hashlib.sha256(f"{seed}\n{night}\n{call_id}".encode()).digest()
    return int.from_bytes(digest, "big") / 2**256


def second_draw(seed: str, night: str, call_id: str) -> float:
    """Return the call's place (0-1) among those that two people hear, independent of its place in the sample.

    `[sampling] calibration` and `[review] second_share` both cut here, so that the larger share holds the smaller one.
    """
    return draw(f"{seed}/calibration", night, call_id)


def below(place: float, probability: float) -> bool:
    """Tell whether a draw is within a probability. A draw so close to 1 that it rounds to 1.0 is within 1, too."""
    return probability >= 1.0 or place < probability


def listen_reasons(call: JudgedCall, plan: SamplingPlan) -> tuple[ListenReason, ...]:
    """Return every reason that is on and holds for the call, the gravest first; clean when there is none.

    Random groups are no such reasons: they hold for all calls.
    """
    near = call.score is not None and any(abs(call.score - at) <= plan.near_points for at in plan.thresholds)
    holds = {
        ListenReason.CRITICAL: call.critical,
        ListenReason.HIGH_RISK: call.risk is Risk.HIGH,
        ListenReason.MEDIUM_RISK: call.risk is Risk.MEDIUM,
        ListenReason.LOW_SCORE: call.score is not None and call.score < plan.low_score_below,
        ListenReason.VIOLATION: call.violated,
        ListenReason.NEW_RULE: call.new_rule,
        ListenReason.NEW_FINGERPRINT: call.new_fingerprint,
        ListenReason.NEAR_THRESHOLD: near,
        ListenReason.UNCERTAIN: call.uncertain,
    }
    return tuple(reason for reason, true in holds.items() if true and plan.asks_for(reason)) or (ListenReason.CLEAN,)


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
