"""The calls that wait for a person: taken over from the flags of a night, claimed, finished or given back."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, or_, select, tuple_, update

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Flag, Risk
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.schema import FIRST, queue

LEASE = timedelta(minutes=30)
RISK_ORDER = tuple(Risk)  # high, medium, low, none


class QueueState(StrEnum):
    """Where a queued call stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One call that a person must hear, in one role. Moments are in UTC."""

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
class Enqueued:
    """What taking over the flags of a night did to the queue, in calls."""

    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    unchanged: int = 0


def enqueue(database: ReviewDatabase, night: str, flags: Sequence[Flag], now: datetime) -> Enqueued:
    """Make the queue of a night what its flags say, and return what that changed. The same flags again change nothing.

    A call that is no longer flagged leaves the queue; its decisions stay. A call whose reasons or risk changed opens
    again, even when somebody had finished it: it is to be heard for something else now.
    """
    if _same(_stored(database, night), flags):  # no write lock when there is nothing to do
        return Enqueued(unchanged=len(flags))
    with database.write() as connection:
        stored = _rows(connection, night)
        added = [_values(night, flag) for flag in flags if flag.call_id not in stored]
        changed = [flag for flag in flags if flag.call_id in stored and not _unchanged(stored[flag.call_id], flag)]
        gone = [key for key, row in stored.items() if row["withdrawn_at"] is None]
        gone = sorted(set(gone) - {flag.call_id for flag in flags})
        if added:
            connection.execute(insert(queue), added)
        for flag in changed:
            connection.execute(
                update(queue)
                .where(*_key(night, flag.call_id, FIRST))
                .values(_changes(stored[flag.call_id], night, flag))
            )
        for call_id in gone:
            connection.execute(
                update(queue)
                .where(*_key(night, call_id, FIRST))
                .values(withdrawn_at=now, claimed_by=None, claimed_until=None)
            )
    return Enqueued(len(added), len(changed), len(gone), len(flags) - len(added) - len(changed))


def claim_next(
    database: ReviewDatabase,
    reviewer: str,
    now: datetime,
    nights: Collection[str] = (),
    passed: Collection[tuple[str, str]] = (),
) -> QueueItem | None:
    """Claim the most urgent call for this reviewer until `now` + LEASE; None when none is left.

    Order: risk, then due time, night, call. A call that the reviewer already holds comes first, so that a session that
    was cut off goes on where it was. `nights` narrows the queue; `passed` are (night, call_id) put off in this session.
    """
    wanted = (
        select(queue)
        .where(_open_to(reviewer, now, nights, passed))
        .order_by(
            queue.c.claimed_by.is_(None) | (queue.c.claimed_by != reviewer),
            queue.c.risk_rank,
            queue.c.due_at.nulls_last(),
            queue.c.night,
            queue.c.call_id,
        )
        .limit(1)
        .with_for_update(skip_locked=True)  # SQLite has no such clause and needs none: its write lock is taken
    )
    with database.write() as connection:
        row = connection.execute(wanted).mappings().first()
        if row is None:
            return None
        claimed = {"claimed_by": reviewer, "claimed_until": now + LEASE}
        connection.execute(update(queue).where(*_key(row["night"], row["call_id"], row["role"])).values(claimed))
        return _item({**row, **claimed})


def claim(database: ReviewDatabase, item: QueueItem, reviewer: str, now: datetime) -> QueueItem:
    """Claim this very call, finished or not, to go back to it. Raises ReviewError when somebody else holds it."""
    with database.write() as connection:
        row = connection.execute(select(queue).where(*_key_of(item)).with_for_update()).mappings().one()
        found = _item(row)
        if found.claimed_by not in {None, reviewer} and found.state(now) is QueueState.CLAIMED:
            raise ReviewError(f"{item.call_id}: {found.claimed_by} is hearing this call")
        claimed = {"claimed_by": reviewer, "claimed_until": now + LEASE}
        connection.execute(update(queue).where(*_key_of(item)).values(claimed))
        return _item({**row, **claimed})


def release(database: ReviewDatabase, item: QueueItem, reviewer: str) -> None:
    """Give a call back. Nothing happens when the claim has passed to somebody else."""
    with database.write() as connection:
        connection.execute(
            update(queue)
            .where(*_key_of(item), queue.c.claimed_by == reviewer)
            .values(claimed_by=None, claimed_until=None)
        )


def finish(database: ReviewDatabase, item: QueueItem, reviewer: str, now: datetime) -> None:
    """Mark a call as heard, and end the claim."""
    with database.write() as connection:
        connection.execute(
            update(queue)
            .where(*_key_of(item))
            .values(done_by=reviewer, done_at=now, claimed_by=None, claimed_until=None)
        )


def items(database: ReviewDatabase, nights: Collection[str] = ()) -> tuple[QueueItem, ...]:
    """Return the queue in the order in which it is worked through, finished calls included."""
    wanted = select(queue).where(queue.c.withdrawn_at.is_(None))
    if nights:
        wanted = wanted.where(queue.c.night.in_(sorted(nights)))
    wanted = wanted.order_by(
        queue.c.risk_rank, queue.c.due_at.nulls_last(), queue.c.night, queue.c.call_id, queue.c.role
    )
    with database.read() as connection:
        return tuple(_item(row) for row in connection.execute(wanted).mappings())


def item_of(database: ReviewDatabase, night: str, call_id: str, role: str = FIRST) -> QueueItem | None:
    """Return one call of the queue; None when it is not in it."""
    with database.read() as connection:
        wanted = select(queue).where(*_key(night, call_id, role), queue.c.withdrawn_at.is_(None))
        row = connection.execute(wanted).mappings().first()
    return None if row is None else _item(row)


def count_open(
    database: ReviewDatabase,
    reviewer: str,
    now: datetime,
    nights: Collection[str] = (),
    passed: Collection[tuple[str, str]] = (),
) -> int:
    """Return how many calls `claim_next` could still give this reviewer."""
    with database.read() as connection:
        counted = select(func.count()).select_from(queue).where(_open_to(reviewer, now, nights, passed))
        return int(connection.scalar(counted) or 0)


def _open_to(
    reviewer: str, now: datetime, nights: Collection[str], passed: Collection[tuple[str, str]]
) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        queue.c.done_at.is_(None),
        queue.c.withdrawn_at.is_(None),
        or_(queue.c.assigned_to.is_(None), queue.c.assigned_to == reviewer),
        or_(queue.c.claimed_until.is_(None), queue.c.claimed_until <= now, queue.c.claimed_by == reviewer),
    ]
    if nights:
        conditions.append(queue.c.night.in_(sorted(nights)))
    if passed:
        conditions.append(tuple_(queue.c.night, queue.c.call_id).not_in(sorted(passed)))
    return and_(*conditions)


def _key(night: str, call_id: str, role: str) -> tuple[ColumnElement[bool], ...]:
    return queue.c.night == night, queue.c.call_id == call_id, queue.c.role == role


def _key_of(item: QueueItem) -> tuple[ColumnElement[bool], ...]:
    return _key(item.night, item.call_id, item.role)


def _item(row: RowMapping | Mapping[str, Any]) -> QueueItem:
    values = {name: row[name] for name in QueueItem.__dataclass_fields__}
    return QueueItem(**{**values, "reasons": tuple(json.loads(row["reasons"])), "risk": Risk(row["risk"])})


def _values(night: str, flag: Flag) -> dict[str, Any]:
    return {
        "night": night,
        "call_id": flag.call_id,
        "role": FIRST,
        "reasons": json.dumps(list(flag.reasons), ensure_ascii=False),
        "risk": flag.risk.value,
        "risk_rank": RISK_ORDER.index(flag.risk),
        "due_at": flag.due_at,
        "probability": flag.probability,
        "draw": flag.draw,
        "assigned_to": flag.reviewer,
    }


def _changes(row: RowMapping, night: str, flag: Flag) -> dict[str, Any]:
    """Return the new values of a queued call; other reasons to hear it open it again."""
    values = {**_values(night, flag), "withdrawn_at": None}
    if any(row[name] != values[name] for name in ("reasons", "risk")):
        values |= {"done_by": None, "done_at": None}
    return values


def _rows(connection: Connection, night: str) -> dict[str, RowMapping]:
    wanted = select(queue).where(queue.c.night == night, queue.c.role == FIRST).order_by(queue.c.call_id)
    return {row["call_id"]: row for row in connection.execute(wanted).mappings()}


def _stored(database: ReviewDatabase, night: str) -> dict[str, RowMapping]:
    with database.read() as connection:
        return _rows(connection, night)


def _unchanged(row: RowMapping, flag: Flag) -> bool:
    values = _values(row["night"], flag)
    return row["withdrawn_at"] is None and all(row[name] == value for name, value in values.items())


def _same(stored: Mapping[str, RowMapping], flags: Sequence[Flag]) -> bool:
    queued = {call_id for call_id, row in stored.items() if row["withdrawn_at"] is None}
    return queued == {flag.call_id for flag in flags} and all(_unchanged(stored[flag.call_id], flag) for flag in flags)
