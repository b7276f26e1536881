"""Appeals: an agent's side contests a violation, somebody else decides; once more, and then it is final."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, insert, select

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Verdict
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Decision, read_history, standing
from inspect_pipeline.review.migrations import one_at_a_time
from inspect_pipeline.review.outcome import Holds, Key, key_of, outcomes
from inspect_pipeline.review.schema import appeal_decisions, appeals

ROUNDS = 2


class Ruling(StrEnum):
    """How an appeal ends."""

    GRANTED = "granted"  # there is no violation
    DISMISSED = "dismissed"  # the violation stands


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal against one finding, and how it was decided if it has been."""

    appeal_id: str
    key: Key
    round: int
    reason: str
    raised_by: str
    raised_at: datetime
    outcome: Ruling | None = None
    note: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None

    @property
    def final(self) -> bool:
        """Tell whether nothing can follow: granted, or dismissed in the last round."""
        return self.outcome is Ruling.GRANTED or (self.outcome is not None and self.round >= ROUNDS)


def appeals_of(database: ReviewDatabase, night: str | None = None, call_id: str | None = None) -> list[Appeal]:
    """Return all appeals in order of time; of one night or one call when told."""
    with database.read() as connection:
        return read_appeals(connection, night, call_id)


def read_appeals(connection: Connection, night: str | None = None, call_id: str | None = None) -> list[Appeal]:
    """Return appeals as `appeals_of` does, inside the caller's transaction."""
    told = appeal_decisions.c
    wanted = (
        select(appeals, told.outcome, told.note, told.decided_by, told.decided_at)
        .join_from(appeals, appeal_decisions, told.appeal_id == appeals.c.appeal_id, isouter=True)
        .order_by(appeals.c.raised_at, appeals.c.appeal_id)
    )
    if night is not None:
        wanted = wanted.where(appeals.c.night == night)
    if call_id is not None:
        wanted = wanted.where(appeals.c.call_id == call_id)
    return [_appeal(row) for row in connection.execute(wanted).mappings()]


def overturned(raised: Iterable[Appeal]) -> dict[Key, bool]:
    """Return the findings of decided appeals: True for granted. The later round counts."""
    decided = sorted((appeal for appeal in raised if appeal.outcome is not None), key=lambda appeal: appeal.round)
    return {appeal.key: appeal.outcome is Ruling.GRANTED for appeal in decided}


@dataclass(frozen=True, slots=True)
class Contest:
    """What is contested: a finding, why, by whom, and how long after what it can be (`night_ends`: the earliest)."""

    key: Key
    reason: str
    by: str
    night_ends: datetime
    window: timedelta


def appeal(database: ReviewDatabase, contest: Contest, now: datetime) -> Appeal:
    """Raise an appeal and return it.

    Raises ReviewError when there is no reason, no violation to contest, an appeal that is still open or final, or when
    the window is over. It runs from the latest word on the finding: a decision, the first round's ruling, or the night.
    """
    key = contest.key
    if not contest.reason.strip():
        raise ReviewError("an appeal needs a reason: --reason TEXT")
    with database.write() as connection:
        one_at_a_time(connection)
        made = read_history(connection, key.night, key.call_id)
        raised = [one for one in read_appeals(connection, key.night, key.call_id) if one.key == key]
        _check_open(contest, made, raised)
        latest = max([contest.night_ends, *_words(key, made), *(one.decided_at for one in raised if one.decided_at)])
        if now > latest + contest.window:
            ended = (latest + contest.window).astimezone(contest.night_ends.tzinfo)
            raise ReviewError(f"{key.call_id}: {key.rule_id} could be contested until {ended:%Y-%m-%d %H:%M}")
        new = Appeal(str(uuid.uuid4()), key, len(raised) + 1, contest.reason.strip(), contest.by, now)
        connection.execute(
            insert(appeals).values(
                appeal_id=new.appeal_id,
                night=key.night,
                call_id=key.call_id,
                rule_id=key.rule_id,
                fingerprint=key.fingerprint,
                verdict=key.verdict.value,
                round=new.round,
                reason=new.reason,
                raised_by=new.raised_by,
                raised_at=new.raised_at,
            )
        )
    return new


def decide_appeal(
    database: ReviewDatabase, chosen: Appeal, ruling: Ruling, by: str, note: str, now: datetime
) -> Appeal:
    """Decide an open appeal and return it as it stands then.

    Raises ReviewError when it is decided already, or when `by` has had a part in it: raised it, reviewed the call, or
    decided the first round.
    """
    key = chosen.key
    with database.write() as connection:
        one_at_a_time(connection)
        raised = [one for one in read_appeals(connection, key.night, key.call_id) if one.key == key]
        current = next(one for one in raised if one.appeal_id == chosen.appeal_id)
        if current.outcome is not None:
            raise ReviewError(f"{key.call_id}: {current.decided_by} has decided this appeal: {current.outcome}")
        if by in involved(raised, read_history(connection, key.night, key.call_id)):
            raise ReviewError(f"{key.call_id}: {by} has had a part in this; somebody else must decide the appeal")
        connection.execute(
            insert(appeal_decisions).values(
                appeal_id=current.appeal_id, outcome=ruling.value, note=note, decided_by=by, decided_at=now
            )
        )
    return next(one for one in appeals_of(database, key.night, key.call_id) if one.appeal_id == chosen.appeal_id)


def involved(raised: Iterable[Appeal], made: Iterable[Decision]) -> set[str]:
    """Return who must not decide: whoever raised the appeals, reviewed the call, or decided an earlier round."""
    people = {decision.reviewer for decision in made}
    for one in raised:
        people |= {one.raised_by} | ({one.decided_by} if one.decided_by else set())
    return people


def _check_open(contest: Contest, made: Sequence[Decision], raised: Sequence[Appeal]) -> None:
    key = contest.key
    where = f"{key.call_id}: {key.rule_id}"
    if raised and raised[-1].outcome is None:
        raise ReviewError(f"{where} is contested already, by {raised[-1].raised_by}")
    if raised and raised[-1].final:
        raise ReviewError(f"{where}: the appeal was {raised[-1].outcome} and that is final")
    stands = outcomes(made, overturned(raised)).get(key)
    held = stands.holds is Holds.YES if stands else key.verdict is Verdict.VIOLATED
    if key.verdict is Verdict.NOTICED or not held:
        raise ReviewError(f"{where} is not held against the agent: there is nothing to contest")


def _words(key: Key, made: Sequence[Decision]) -> list[datetime]:
    return [decision.decided_at for decision in standing(tuple(made)) if key_of(decision.subject) == key]


def _appeal(row: RowMapping) -> Appeal:
    key = Key(row["night"], row["call_id"], row["rule_id"], row["fingerprint"], Verdict(row["verdict"]))
    return Appeal(
        row["appeal_id"],
        key,
        row["round"],
        row["reason"],
        row["raised_by"],
        row["raised_at"],
        None if row["outcome"] is None else Ruling(row["outcome"]),
        row["note"] or "",
        row["decided_by"],
        row["decided_at"],
    )
