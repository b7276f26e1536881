"""One decision at a time, outside a session: what may be decided, and when that finishes a call."""

from __future__ import annotations

import difflib
from datetime import datetime

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Finding, Verdict
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Answer, Choice, Decision, decided_by, record
from inspect_pipeline.review.queue import QueueState, finish, item_of
from inspect_pipeline.review.schema import FIRST, SECOND


def reviewer_name(given: str | None, fallback: str) -> str:
    """Return under which name decisions are stored. Raises ReviewError for a blank one."""
    name = (fallback if given is None else given).strip()
    if not name:
        raise ReviewError("who reviews? give --reviewer NAME or set INSPECT_REVIEWER")
    return name


def finding_named(case: Case, rule_id: str) -> Finding:
    """Return the finding of one rule. Raises ReviewError when the call was not judged by it."""
    by_rule = {finding.rule_id: finding for finding in case.findings}
    if rule_id not in by_rule:
        close = difflib.get_close_matches(rule_id, by_rule, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        raise ReviewError(f"{case.call_id} was not judged by a rule '{rule_id}'{hint}")
    return by_rule[rule_id]


def hears_blind(database: ReviewDatabase, night: str, call_id: str, reviewer: str) -> bool:
    """Tell whether the call is this reviewer's to hear without knowing what the machine and the first one said."""
    item = item_of(database, night, call_id, SECOND)
    return item is not None and item.done_by is None and reviewer in {item.assigned_to, item.claimed_by}


def decide(database: ReviewDatabase, case: Case, answer: Answer, reviewer: str, now: datetime) -> Decision:
    """Store one decision, and finish the call when it was the last that was missing.

    Raises ReviewError when somebody else is hearing the call, when a violation is called missed that the machine did
    see, when there is nothing to disagree with, or when this reviewer hears the call in another role.
    """
    item, subject = case.item, answer.subject
    if subject.role == FIRST and hears_blind(database, case.night, case.call_id, reviewer):
        raise ReviewError(f"{case.call_id}: {reviewer} hears this call blind: decide on it with review next")
    if item is not None and item.state(now) is QueueState.CLAIMED and item.claimed_by != reviewer:
        raise ReviewError(f"{case.call_id}: {item.claimed_by} is hearing this call")
    if answer.choice is Choice.MISSED and subject.verdict in {Verdict.VIOLATED, Verdict.NOTICED}:
        raise ReviewError(f"{case.call_id}: {subject.rule_id} was not missed: the machine answered {subject.verdict}")
    if answer.choice is Choice.DISAGREE and subject.rule_id is None:
        raise ReviewError(f"{case.call_id}: of a whole call say 'missed', and of which rule with --rule")
    made = record(database, answer, reviewer, now)
    if item is not None and item.done_at is None:
        decided = decided_by(database, item, reviewer)
        if all(subject in decided for step in case.steps() for subject in case.subjects(step)):
            finish(database, item, reviewer, now)
    return made
