"""What reviewers decided: events that are added and never changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from inspect_pipeline.model import Finding, Verdict
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.queue import LEASE, QueueItem
from inspect_pipeline.review.schema import FIRST, decisions, drafts, queue
from inspect_pipeline.review.wordings import Wording, read_wordings


class Choice(StrEnum):
    """What a reviewer says about a machine's answer.

    About a finding: it is right, it is wrong, it cannot be told, or (the machine saw no violation) there is one.
    About the whole call: nothing else is wrong with it (`agree`), something else is (`missed`), it cannot be told.
    """

    AGREE = "agree"
    DISAGREE = "disagree"
    UNSURE = "unsure"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a decision is about: one finding as the machine answered it, or (rule_id None) the whole call.

    `fingerprint`: of the rule, or of the packs that judged the whole call; None when that was not kept.
    """

    night: str
    call_id: str
    rule_id: str | None = None
    fingerprint: str | None = None
    verdict: Verdict | None = None
    role: str = FIRST


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer says about a subject. `seconds` is the time spent on it, None when not measured.

    `cause`: why the machine was wrong, one of the configured causes.
    """

    subject: Subject
    choice: Choice
    note: str = ""
    seconds: float | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of one reviewer, as stored. `seconds` is the time spent on it, None when not measured.

    `rules`: what a decision on the whole call speaks of, the rules as they were worded then; none when not known.
    """

    review_id: str
    subject: Subject
    reviewer: str
    choice: Choice
    note: str
    decided_at: datetime
    seconds: float | None = None
    supersedes: str | None = None
    cause: str | None = None
    rules: frozenset[Wording] = frozenset()


@dataclass(frozen=True, slots=True)
class Draft:
    """What a reviewer has noted on a subject before deciding on it."""

    note: str = ""
    cause: str | None = None


NO_DRAFT = Draft()


def subject_of(night: str, finding: Finding, role: str = FIRST) -> Subject:
    """Return the subject that stands for a finding."""
    return Subject(night, finding.call_id, finding.rule_id, finding.fingerprint, finding.verdict, role)


def record(database: ReviewDatabase, answer: Answer, reviewer: str, now: datetime) -> Decision:
    """Store a decision and return it. It supersedes what this reviewer had decided about the same subject.

    The reviewer's draft on the subject ends, and a claim on the call is renewed.
    """
    return record_all(database, [answer], reviewer, now)[0]


def record_all(database: ReviewDatabase, answers: Sequence[Answer], reviewer: str, now: datetime) -> list[Decision]:
    """Store several decisions on one call, all or none of them, as `record` does each."""
    with database.write() as connection:
        return [add_decision(connection, answer, reviewer, now) for answer in answers]


def add_decision(connection: Connection, answer: Answer, reviewer: str, now: datetime) -> Decision:
    """Store a decision inside the caller's write transaction, as `record` does."""
    subject = answer.subject
    earlier = connection.scalar(_standing(subject, reviewer))
    rules = _spoken_of(connection, [subject]).get(subject.fingerprint or "", frozenset())
    made = Decision(
        str(uuid.uuid4()), subject, reviewer, answer.choice, answer.note, now, answer.seconds, earlier, answer.cause,
        rules,
    )  # fmt: skip
    connection.execute(insert(decisions).values(decision_values(made)))
    connection.execute(delete(drafts).where(*_draft_key(subject, reviewer)))
    connection.execute(
        update(queue)
        .where(
            queue.c.night == subject.night,
            queue.c.call_id == subject.call_id,
            queue.c.role == subject.role,
            queue.c.claimed_by == reviewer,
        )
        .values(claimed_until=now + LEASE)
    )
    return made


def history(database: ReviewDatabase, night: str | None = None, call_id: str | None = None) -> tuple[Decision, ...]:
    """Return all decisions ever made, oldest first; of one night or one call when told."""
    with database.read() as connection:
        return read_history(connection, night, call_id)


def read_history(connection: Connection, night: str | None = None, call_id: str | None = None) -> tuple[Decision, ...]:
    """Return decisions as `history` does, inside the caller's transaction."""
    wanted = select(decisions).order_by(decisions.c.decided_at, decisions.c.review_id)
    if night is not None:
        wanted = wanted.where(decisions.c.night == night)
    if call_id is not None:
        wanted = wanted.where(decisions.c.call_id == call_id)
    made = [_decision(row) for row in connection.execute(wanted).mappings()]
    rules = _spoken_of(connection, [decision.subject for decision in made])
    return tuple(
        replace(decision, rules=rules[decision.subject.fingerprint])
        if decision.subject.rule_id is None and decision.subject.fingerprint in rules
        else decision
        for decision in made
    )


def _spoken_of(connection: Connection, subjects: Iterable[Subject]) -> dict[str, frozenset[Wording]]:
    """Return the wordings of the packs that judged those of the subjects that are whole calls."""
    return read_wordings(connection, {s.fingerprint for s in subjects if s.rule_id is None and s.fingerprint})


def standing(made: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """Return the decisions that no later one supersedes, in the same order."""
    replaced = {decision.supersedes for decision in made}
    return tuple(decision for decision in made if decision.review_id not in replaced)


def decided_by(database: ReviewDatabase, item: QueueItem, reviewer: str) -> Mapping[Subject, Decision]:
    """Return what this reviewer's decisions on a call are now, by subject."""
    made = history(database, item.night, item.call_id)
    return {d.subject: d for d in standing(made) if d.reviewer == reviewer and d.subject.role == item.role}


def keep_draft(database: ReviewDatabase, subject: Subject, reviewer: str, noted: Draft) -> None:
    """Keep a note or a cause until its decision is made; an empty draft is dropped."""
    with database.write() as connection:
        connection.execute(delete(drafts).where(*_draft_key(subject, reviewer)))
        if noted != NO_DRAFT:
            connection.execute(
                insert(drafts).values(
                    night=subject.night,
                    call_id=subject.call_id,
                    role=subject.role,
                    rule_id=subject.rule_id or "",
                    reviewer=reviewer,
                    note=noted.note,
                    cause=noted.cause,
                )
            )


def draft(database: ReviewDatabase, subject: Subject, reviewer: str) -> Draft:
    """Return what waits for a decision on this subject."""
    with database.read() as connection:
        found = connection.execute(select(drafts.c.note, drafts.c.cause).where(*_draft_key(subject, reviewer))).first()
    return NO_DRAFT if found is None else Draft(found.note, found.cause)


def _draft_key(subject: Subject, reviewer: str) -> tuple[ColumnElement[bool], ...]:
    return (
        drafts.c.night == subject.night,
        drafts.c.call_id == subject.call_id,
        drafts.c.role == subject.role,
        drafts.c.rule_id == (subject.rule_id or ""),
        drafts.c.reviewer == reviewer,
    )


def _standing(subject: Subject, reviewer: str) -> Any:
    """Return the query for the decision that a new one on this subject supersedes."""
    later = decisions.alias()
    return (
        select(decisions.c.review_id)
        .where(
            decisions.c.night == subject.night,
            decisions.c.call_id == subject.call_id,
            decisions.c.role == subject.role,
            decisions.c.rule_id.is_not_distinct_from(subject.rule_id),
            decisions.c.fingerprint.is_not_distinct_from(subject.fingerprint),
            decisions.c.verdict.is_not_distinct_from(None if subject.verdict is None else subject.verdict.value),
            decisions.c.reviewer == reviewer,
            ~select(later.c.review_id).where(later.c.supersedes == decisions.c.review_id).exists(),
        )
        .limit(1)
    )


def decision_values(decision: Decision) -> dict[str, Any]:
    """Return a decision as a row of its table."""
    subject = decision.subject
    return {
        "review_id": decision.review_id,
        "night": subject.night,
        "call_id": subject.call_id,
        "role": subject.role,
        "rule_id": subject.rule_id,
        "fingerprint": subject.fingerprint,
        "verdict": None if subject.verdict is None else subject.verdict.value,
        "reviewer": decision.reviewer,
        "decision": decision.choice.value,
        "note": decision.note,
        "decided_at": decision.decided_at,
        "seconds": decision.seconds,
        "supersedes": decision.supersedes,
        "cause": decision.cause,
    }


def _decision(row: RowMapping) -> Decision:
    verdict = None if row["verdict"] is None else Verdict(row["verdict"])
    subject = Subject(row["night"], row["call_id"], row["rule_id"], row["fingerprint"], verdict, row["role"])
    return Decision(
        row["review_id"],
        subject,
        row["reviewer"],
        Choice(row["decision"]),
        row["note"],
        row["decided_at"],
        row["seconds"],
        row["supersedes"],
        row["cause"],
    )
