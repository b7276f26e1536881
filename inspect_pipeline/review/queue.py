"""The calls that wait for a person: looked for, claimed, finished or given back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, case, false, func, or_, select, tuple_, update

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Risk
from inspect_pipeline.review.assign import CALIBRATION
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.schema import FIRST, SECOND, asked, decisions, queue

LEASE = timedelta(minutes=30)
RISK_ORDER = tuple(Risk)  # high, medium, low, none


class QueueState(StrEnum):
    """Where a queued call stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One call that a person must hear, in one role. Moments are in UTC; `phone_queue` is the hotline's."""

    night: str
    call_id: str
    role: str
    reasons: tuple[str, ...]
    risk: Risk
    due_at: datetime | None
    probability: float
    draw: float
    assigned_to: str | None = None
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    done_by: str | None = None
    done_at: datetime | None = None
    shard: int | None = None
    started_at: datetime | None = None
    utc_offset_min: int | None = None
    agent_id: str | None = None
    team: str | None = None
    phone_queue: str | None = None
    score: float | None = None

    @property
    def blind(self) -> bool:
        """Tell whether it is to be heard without knowing what the machine and the first reviewer said."""
        return self.role == SECOND

    @property
    def told_reasons(self) -> tuple[str, ...]:
        """Return why it is to be heard, as its reviewer may know: not that somebody else will hear it, too."""
        return tuple(reason for reason in self.reasons if reason != CALIBRATION)

    @property
    def zone(self) -> tzinfo | None:
        """Return the zone in which the call's times were told; None when it is not known."""
        return None if self.utc_offset_min is None else timezone(timedelta(minutes=self.utc_offset_min))

    def state(self, now: datetime) -> QueueState:
        """Return where the call stands at `now`; a claim that has run out is no claim."""
        if self.done_at is not None:
            return QueueState.DONE
        claimed = self.claimed_until is not None and self.claimed_until > now
        return QueueState.CLAIMED if claimed else QueueState.OPEN

    def overdue(self, now: datetime) -> bool:
        """Tell whether the call should have been heard by now."""
        return self.done_at is None and self.due_at is not None and self.due_at < now


@dataclass(frozen=True, slots=True)
class Filter:
    """Which queued calls are meant; nothing given means all.

    `rule`: calls that are asked about this rule. `calls`: these (night, call) only. `passed`: not these. `not_team`:
    the team whose calls the reviewer must not hear. `overdue`: what was dealt to others and is overdue can come to the
    reviewer, of `queues` and `languages` only (none: all; a call whose language nobody told is of any).
    """

    nights: tuple[str, ...] = ()
    rule: str | None = None
    agent: str | None = None
    team: str | None = None
    grades: tuple[Risk, ...] = ()
    calls: frozenset[tuple[str, str]] | None = None
    passed: frozenset[tuple[str, str]] = frozenset()
    not_team: str | None = None
    overdue: bool = True
    queues: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the filter as conditions on the queue."""
        found: list[ColumnElement[bool]] = [queue.c.withdrawn_at.is_(None)]
        if self.nights:
            found.append(queue.c.night.in_(sorted(self.nights)))
        if self.agent is not None:
            found.append(queue.c.agent_id == self.agent)
        if self.team is not None:
            found.append(queue.c.team == self.team)
        if self.not_team is not None:
            found.append(or_(queue.c.team.is_(None), queue.c.team != self.not_team))
        if self.rule is not None or self.grades:
            found.append(queue.c.role != SECOND)  # that such a call is found would tell what the machine said
        if self.grades:
            found.append(queue.c.risk.in_(sorted(self.grades)))
        if self.rule is not None:
            found.append(
                select(asked.c.rule_id)
                .where(asked.c.night == queue.c.night, asked.c.call_id == queue.c.call_id, asked.c.rule_id == self.rule)
                .exists()
            )
        place = tuple_(queue.c.night, queue.c.call_id)
        if self.calls is not None:
            found.append(place.in_(sorted(self.calls)))
        if self.passed:
            found.append(place.not_in(sorted(self.passed)))
        return found

    def left_by_others(self, now: datetime) -> ColumnElement[bool]:
        """Return the condition under which a call that was dealt to somebody else can come to the reviewer."""
        found: list[ColumnElement[bool]] = [queue.c.due_at < now if self.overdue else false()]
        if self.queues:
            found.append(queue.c.phone_queue.in_(sorted(self.queues)))
        if self.languages:
            found.append(or_(queue.c.language.is_(None), queue.c.language.in_(sorted(self.languages))))
        return and_(*found)


EVERYTHING = Filter()


def claim_next(database: ReviewDatabase, reviewer: str, now: datetime, wanted: Filter = EVERYTHING) -> QueueItem | None:
    """Claim the most urgent call for this reviewer until `now` + LEASE; None when none is left.

    What was dealt to somebody else waits for her until it is overdue; then it is for whoever comes first and may.
    Order: overdue, risk, due time, night, call. A call that the reviewer already holds comes first, so that a session
    that was cut off goes on where it was.
    """
    held = case((queue.c.claimed_by == reviewer, 0), else_=1)
    chosen = select(queue).where(_open_to(reviewer, now, wanted)).order_by(held, *_urgency(now)).limit(1)
    with database.write() as connection:
        # SQLite has no such clause and needs none: its write lock is taken
        row = connection.execute(chosen.with_for_update(skip_locked=True, of=queue)).mappings().first()
        if row is None:  # all that is left is being written to: by a claim that will stand, or by one that breaks off
            row = connection.execute(chosen.with_for_update(of=queue)).mappings().first()
        if row is None:
            return None
        claimed = {"claimed_by": reviewer, "claimed_until": now + LEASE}
        connection.execute(update(queue).where(*by_key(row["night"], row["call_id"], row["role"])).values(claimed))
        return _item({**row, **claimed})


def claim(database: ReviewDatabase, item: QueueItem, reviewer: str, now: datetime) -> QueueItem:
    """Claim this very call, finished or not, to go back to it. Raises ReviewError when somebody else holds it."""
    with database.write() as connection:
        row = connection.execute(select(queue).where(*_by_item(item)).with_for_update()).mappings().one()
        found = _item(row)
        if found.claimed_by not in {None, reviewer} and found.state(now) is QueueState.CLAIMED:
            raise ReviewError(f"{item.call_id}: {found.claimed_by} is hearing this call")
        claimed = {"claimed_by": reviewer, "claimed_until": now + LEASE}
        connection.execute(update(queue).where(*_by_item(item)).values(claimed))
        return _item({**row, **claimed})


def release(database: ReviewDatabase, item: QueueItem, reviewer: str) -> None:
    """Give a call back. Nothing happens when the claim has passed to somebody else."""
    with database.write() as connection:
        connection.execute(
            update(queue)
            .where(*_by_item(item), queue.c.claimed_by == reviewer)
            .values(claimed_by=None, claimed_until=None)
        )


def finish(database: ReviewDatabase, item: QueueItem, reviewer: str, now: datetime) -> None:
    """Mark a call as heard, and end the claim. Nothing happens when the claim has passed to somebody else."""
    with database.write() as connection:
        connection.execute(
            update(queue)
            .where(*_by_item(item), or_(queue.c.claimed_by.is_(None), queue.c.claimed_by == reviewer))
            .values(done_by=reviewer, done_at=now, claimed_by=None, claimed_until=None)
        )


def items(database: ReviewDatabase, wanted: Filter = EVERYTHING, now: datetime | None = None) -> tuple[QueueItem, ...]:
    """Return the queue in the order in which it is worked through (overdue first, when told what time it is).

    Finished calls are included.
    """
    chosen = select(queue).where(*wanted.conditions()).order_by(*_urgency(now), queue.c.role)
    with database.read() as connection:
        return tuple(_item(row) for row in connection.execute(chosen).mappings())


def item_of(database: ReviewDatabase, night: str, call_id: str, role: str = FIRST) -> QueueItem | None:
    """Return one call of the queue; None when it is not in it."""
    with database.read() as connection:
        wanted = select(queue).where(*by_key(night, call_id, role), queue.c.withdrawn_at.is_(None))
        row = connection.execute(wanted).mappings().first()
    return None if row is None else _item(row)


def count_open(database: ReviewDatabase, reviewer: str, now: datetime, wanted: Filter = EVERYTHING) -> int:
    """Return how many calls `claim_next` could still give this reviewer."""
    with database.read() as connection:
        counted = select(func.count()).select_from(queue).where(_open_to(reviewer, now, wanted))
        return int(connection.scalar(counted) or 0)


def done_since(database: ReviewDatabase, reviewer: str, since: datetime) -> tuple[QueueItem, ...]:
    """Return the calls that this reviewer has finished since then, the latest last."""
    chosen = (
        select(queue)
        .where(queue.c.done_by == reviewer, queue.c.done_at >= since, queue.c.withdrawn_at.is_(None))
        .order_by(queue.c.done_at, queue.c.night, queue.c.call_id)
    )
    with database.read() as connection:
        return tuple(_item(row) for row in connection.execute(chosen).mappings())


def _urgency(now: datetime | None) -> list[ColumnElement[Any]]:
    late = [] if now is None else [case((and_(queue.c.due_at < now, queue.c.done_at.is_(None)), 0), else_=1)]
    return [*late, queue.c.risk_rank, queue.c.due_at.nulls_last(), queue.c.night, queue.c.call_id]


def _open_to(reviewer: str, now: datetime, wanted: Filter) -> ColumnElement[bool]:
    """Return the condition under which a call can be given to this reviewer: nobody hears a call in two roles, and a
    call waits for whom it was dealt to until it is overdue."""
    other = queue.alias()
    mine = or_(other.c.assigned_to == reviewer, other.c.claimed_by == reviewer, other.c.done_by == reviewer)
    same = (other.c.night == queue.c.night, other.c.call_id == queue.c.call_id, other.c.role != queue.c.role)
    said = (decisions.c.night == queue.c.night, decisions.c.call_id == queue.c.call_id)
    return and_(
        *wanted.conditions(),
        queue.c.done_at.is_(None),
        or_(queue.c.assigned_to.is_(None), queue.c.assigned_to == reviewer, wanted.left_by_others(now)),
        or_(queue.c.claimed_until.is_(None), queue.c.claimed_until <= now, queue.c.claimed_by == reviewer),
        ~select(other.c.call_id).where(*same, mine).exists(),
        ~select(decisions.c.review_id)
        .where(*said, decisions.c.role != queue.c.role, decisions.c.reviewer == reviewer)
        .exists(),
    )


def by_key(night: str, call_id: str, role: str) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that names one row of the queue."""
    return queue.c.night == night, queue.c.call_id == call_id, queue.c.role == role


def _by_item(item: QueueItem) -> tuple[ColumnElement[bool], ...]:
    return by_key(item.night, item.call_id, item.role)


def _item(row: RowMapping | Mapping[str, Any]) -> QueueItem:
    values = {name: row[name] for name in QueueItem.__dataclass_fields__}
    return QueueItem(**{**values, "reasons": tuple(json.loads(row["reasons"])), "risk": Risk(row["risk"])})
