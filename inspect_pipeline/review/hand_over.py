"""Calls that pass from one reviewer to another."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.review.assign import Assignment
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.queue import EVERYTHING, QueueItem, QueueState, by_key, items
from inspect_pipeline.review.schema import decisions, hand_overs, queue


@dataclass(frozen=True, slots=True)
class HandOver:
    """One call that passed to somebody else. `taken_from`: whose it was, None for nobody's."""

    hand_over_id: str
    night: str
    call_id: str
    role: str
    given_by: str
    taken_from: str | None
    given_to: str
    given_at: datetime


def hand_overs_of(database: ReviewDatabase, night: str, call_id: str) -> list[HandOver]:
    """Return how a call passed from one to another, oldest first."""
    wanted = (
        select(hand_overs)
        .where(hand_overs.c.night == night, hand_overs.c.call_id == call_id)
        .order_by(hand_overs.c.given_at, hand_overs.c.hand_over_id)
    )
    with database.read() as connection:
        return [HandOver(**row) for row in connection.execute(wanted).mappings()]


def held_by(database: ReviewDatabase, reviewer: str, now: datetime) -> list[QueueItem]:
    """Return the calls that wait for this reviewer: claimed by her, or assigned to her and claimed by nobody else."""
    waiting = [item for item in items(database, EVERYTHING, now) if item.done_at is None]
    return [
        item
        for item in waiting
        if reviewer == (item.claimed_by if item.state(now) is QueueState.CLAIMED else item.assigned_to)
    ]


def hand_over(database: ReviewDatabase, item: QueueItem, to: str, by: str, plan: Assignment, now: datetime) -> None:
    """Give a call to somebody else; what was decided on it stays.

    Raises ReviewError when `to` is no reviewer, is not to hear it, or when somebody else is hearing it now.
    """
    if not plan.knows(to):
        names = ", ".join(known.name for known in plan.reviewers)
        raise ReviewError(f"{to} is none of the configured reviewers: {names}")
    with database.write() as connection:
        _check(connection, item, to, by, plan, now)
        connection.execute(
            update(queue)
            .where(*by_key(item.night, item.call_id, item.role))
            .values(assigned_to=to, claimed_by=None, claimed_until=None)
        )
        connection.execute(
            insert(hand_overs).values(
                hand_over_id=str(uuid.uuid4()),
                night=item.night,
                call_id=item.call_id,
                role=item.role,
                given_by=by,
                taken_from=item.claimed_by or item.assigned_to,
                given_to=to,
                given_at=now,
            )
        )


def _check(connection: Connection, item: QueueItem, to: str, by: str, plan: Assignment, now: datetime) -> None:
    key = by_key(item.night, item.call_id, item.role)
    row = connection.execute(select(queue).where(*key).with_for_update()).mappings().one()
    if row["done_at"] is not None:
        raise ReviewError(f"{item.call_id}: {row['done_by']} has finished this call")
    claimed = row["claimed_until"] is not None and row["claimed_until"] > now
    if claimed and row["claimed_by"] not in {by, to}:
        raise ReviewError(f"{item.call_id}: {row['claimed_by']} is hearing this call")
    if item.team is not None and plan.own_team(to) == item.team:
        raise ReviewError(f"{item.call_id}: {to} must not hear team {item.team}")
    other = connection.scalar(
        select(queue.c.role).where(
            queue.c.night == item.night,
            queue.c.call_id == item.call_id,
            queue.c.role != item.role,
            or_(queue.c.assigned_to == to, queue.c.claimed_by == to, queue.c.done_by == to),
        )
    )
    spoke = connection.scalar(
        select(decisions.c.review_id)
        .where(
            decisions.c.night == item.night,
            decisions.c.call_id == item.call_id,
            decisions.c.role != item.role,
            decisions.c.reviewer == to,
        )
        .limit(1)
    )
    if other is not None or spoke is not None:
        raise ReviewError(f"{item.call_id}: {to} hears this call in the other role; nobody hears one twice")
