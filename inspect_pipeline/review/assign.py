"""Who hears which call: a fixed draw by share, among those who may. No clock, no randomness, no database."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from inspect_pipeline.config import ReviewConfig, Reviewer
from inspect_pipeline.model import Flag
from inspect_pipeline.triage.sample import below, second_draw

CALIBRATION = "calibration"  # the reason with which the sampling marks a call that two people must hear


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the queue knows of a call beside its flag: where it is kept, whose it is, which rules it is asked about."""

    shard: int | None = None
    started_at: datetime | None = None
    utc_offset_min: int | None = None
    agent_id: str | None = None
    team: str | None = None
    phone_queue: str | None = None
    language: str | None = None
    score: float | None = None
    asked: tuple[tuple[str, str], ...] = ()  # rule and verdict


@dataclass(frozen=True, slots=True)
class Assignment:
    """The configured reviewers and how calls are dealt to them. Without reviewers, whoever asks gets the next call."""

    reviewers: tuple[Reviewer, ...] = ()
    never_own_team: bool = False
    second_share: float = 0.0
    seed: str = "0"

    def reviewer(self, name: str) -> Reviewer:
        """Return what is configured of a reviewer; one who hears everything when nothing is."""
        return next((known for known in self.reviewers if known.name == name), Reviewer(name))

    def own_team(self, reviewer: str) -> str | None:
        """Return the team whose calls this reviewer must not hear; None when there is none."""
        return self.reviewer(reviewer).team if self.never_own_team else None

    def knows(self, reviewer: str) -> bool:
        """Tell whether this reviewer can get calls at all."""
        return not self.reviewers or reviewer in {known.name for known in self.reviewers}


UNASSIGNED = Assignment()


def assignment(config: ReviewConfig, seed: str) -> Assignment:
    """Return how `[review]` of the configuration deals calls; `seed` is the sampling's."""
    return Assignment(config.reviewers, config.never_own_team, config.second_share, seed)


def may_hear(plan: Assignment, reviewer: Reviewer, facts: CallFacts) -> bool:
    """Tell whether a reviewer may get a call: not her own team's, and of her queues and languages."""
    if plan.never_own_team and reviewer.team is not None and reviewer.team == facts.team:
        return False
    if reviewer.queues and facts.phone_queue not in reviewer.queues:
        return False
    return not reviewer.languages or facts.language is None or facts.language in reviewer.languages


def dealt_to(
    plan: Assignment, night: str, call_id: str, facts: CallFacts, barred: Collection[str | None] = ()
) -> str | None:
    """Return who gets a call, in proportion to the shares; None when nobody of the configured reviewers may.

    Weighted rendezvous hashing: each reviewer draws -ln(u)/share and the least wins, so that a reviewer who joins
    takes calls from the others in proportion and moves no others (Efraimidis and Spirakis 2006, with a hash for u).
    """
    able = [known for known in plan.reviewers if known.name not in barred and may_hear(plan, known, facts)]

    def lot(reviewer: Reviewer) -> float:
        digest = hashlib.sha256(f"{plan.seed}\n{night}\n{call_id}\n{reviewer.name}".encode()).digest()
        even = (int.from_bytes(digest, "big") + 1) / (2**256 + 1)
        return -math.log(even) / reviewer.share

    return min(able, key=lot).name if able else None


def heard_twice(plan: Assignment, night: str, flag: Flag) -> bool:
    """Tell whether a second reviewer hears the call: the flag says so, or the configured share draws it.

    A call that is flagged for calibration counts towards the share: both come from one draw, so that the larger of the
    two shares of all flagged calls are heard twice, not their sum.
    """
    if flag.second_reviewer is not None or CALIBRATION in flag.reasons:
        return True
    return below(second_draw(plan.seed, night, flag.call_id), plan.second_share)
