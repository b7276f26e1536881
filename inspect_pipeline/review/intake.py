"""The flags of a night become the queue: who hears each call, once or twice, and what is known of it to find it by."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from inspect_pipeline.model import Flag
from inspect_pipeline.review.assign import UNASSIGNED, Assignment, CallFacts, dealt_to, heard_twice
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.migrations import one_at_a_time
from inspect_pipeline.review.queue import RISK_ORDER, by_key
from inspect_pipeline.review.schema import FIRST, SECOND, asked, queue, taken_over
from inspect_pipeline.review.wordings import note_wordings

SECOND_LATER = timedelta(hours=72)  # hearing a call again is never as urgent as hearing one for the first time
NO_FACTS = CallFacts()
Key = tuple[str, str]  # call and role


@dataclass(frozen=True, slots=True)
class Enqueued:
    """What taking over the flags of a night did to the queue, in calls (a call that is heard twice counts twice)."""

    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Intake:
    """What a night brings to the queue: its flags, what is known of the flagged calls, and how they are dealt.

    `digest` names all that; the same digest again need not be taken over. None: always take over. `wordings`: the
    rules that judged the calls (fingerprints by id), by the fingerprint of their packs.
    """

    night: str
    flags: Sequence[Flag]
    facts: Mapping[str, CallFacts]
    plan: Assignment = UNASSIGNED
    digest: str | None = None
    wordings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def enqueue(database: ReviewDatabase, intake: Intake, now: datetime) -> Enqueued:
    """Make the queue of a night what its flags say, and return what that changed. The same flags again change nothing.

    A call that is no longer flagged leaves the queue; its decisions stay. A call whose reasons or risk changed opens
    again, even when somebody had finished it: it is to be heard for something else now. Whom a call was dealt or
    handed to stays.
    """
    wanted = _wanted(intake)
    with database.write() as connection:
        one_at_a_time(connection)
        stored = _stored(connection, intake.night)
        changes = {key: _changes(stored[key], values) for key, values in wanted.items() if key in stored}
        changes = {key: changed for key, changed in changes.items() if changed}
        gone = sorted(key for key, row in stored.items() if row["withdrawn_at"] is None and key not in wanted)
        added = [values for key, values in wanted.items() if key not in stored]
        if added:
            connection.execute(insert(queue), added)
        for (call_id, role), values in changes.items():
            connection.execute(update(queue).where(*by_key(intake.night, call_id, role)).values(values))
        for call_id, role in gone:
            left = {"withdrawn_at": now, "claimed_by": None, "claimed_until": None}
            connection.execute(update(queue).where(*by_key(intake.night, call_id, role)).values(left))
        _note(connection, intake)
    return Enqueued(len(added), len(changes), len(gone), len(wanted) - len(added) - len(changes))


def taken(database: ReviewDatabase) -> dict[str, str]:
    """Return what each night was when it was taken over, as a digest by night."""
    with database.read() as connection:
        return {row.night: row.digest for row in connection.execute(select(taken_over))}


def _note(connection: Connection, intake: Intake) -> None:
    """Keep what the calls are asked about, by which rules, and which flags these were."""
    note_wordings(connection, intake.wordings)
    for table in (asked, taken_over):
        connection.execute(delete(table).where(table.c.night == intake.night))
    rows = [
        {"night": intake.night, "call_id": flag.call_id, "rule_id": rule_id, "verdict": verdict}
        for flag in intake.flags
        for rule_id, verdict in intake.facts.get(flag.call_id, NO_FACTS).asked
    ]
    if rows:
        connection.execute(insert(asked), rows)
    if intake.digest is not None:
        connection.execute(insert(taken_over).values(night=intake.night, digest=intake.digest))


def _wanted(intake: Intake) -> dict[Key, dict[str, Any]]:
    rows: dict[Key, dict[str, Any]] = {}
    for flag in intake.flags:
        facts = intake.facts.get(flag.call_id, NO_FACTS)
        first = flag.reviewer or dealt_to(intake.plan, intake.night, flag.call_id, facts, {flag.second_reviewer})
        rows[flag.call_id, FIRST] = _values(intake.night, flag, facts) | {"assigned_to": first}
        if heard_twice(intake.plan, intake.night, flag):
            second = flag.second_reviewer or dealt_to(intake.plan, intake.night, flag.call_id, facts, {first})
            rows[flag.call_id, SECOND] = _values(intake.night, flag, facts) | {
                "role": SECOND,
                "assigned_to": second,
                "risk_rank": len(RISK_ORDER) - 1,  # the place in the queue must not tell what the machine said
                "due_at": flag.due_at and flag.due_at + SECOND_LATER,
            }
    return rows


def _values(night: str, flag: Flag, facts: CallFacts) -> dict[str, Any]:
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
        "withdrawn_at": None,
        "shard": facts.shard,
        "started_at": facts.started_at,
        "utc_offset_min": facts.utc_offset_min,
        "agent_id": facts.agent_id,
        "team": facts.team,
        "phone_queue": facts.phone_queue,
        "score": facts.score,
        "language": facts.language,
    }


def _changes(row: RowMapping, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to change in a queued call; other reasons to hear it open it again."""
    changed = {name: value for name, value in values.items() if row[name] != value}
    if row["assigned_to"] is not None or row["done_at"] is not None:
        changed.pop("assigned_to", None)
    if "reasons" in changed or "risk" in changed:
        changed |= {"done_by": None, "done_at": None}
    return changed


def _stored(connection: Connection, night: str) -> dict[Key, RowMapping]:
    wanted = select(queue).where(queue.c.night == night).order_by(queue.c.call_id, queue.c.role)
    return {(row["call_id"], row["role"]): row for row in connection.execute(wanted).mappings()}
