"""Where two reviewers differ: the open pairs, and a third person's decision between them."""

from __future__ import annotations

from datetime import datetime

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Answer, Decision, Subject, add_decision, history, read_history
from inspect_pipeline.review.migrations import one_at_a_time
from inspect_pipeline.review.outcome import Difference, Holds, choice_for, differences
from inspect_pipeline.review.schema import ADJUDICATOR


def open_differences(database: ReviewDatabase) -> list[Difference]:
    """Return the findings on which two reviewers differ and nobody has decided between them."""
    return [pair for pair in differences(history(database)) if pair.settled is None]


def settle(database: ReviewDatabase, pair: Difference, said: Holds, by: str, note: str, now: datetime) -> Decision:
    """Store a third person's decision between two reviewers and return it.

    Raises ReviewError when `by` is one of the two, when they no longer differ, or when somebody else was quicker.
    """
    key = pair.key
    where = f"{key.call_id}: {key.rule_id}"
    with database.write() as connection:
        one_at_a_time(connection)
        now_open = {d.key: d for d in differences(read_history(connection, key.night, key.call_id))}
        current = now_open.get(key)
        if current is None:
            raise ReviewError(f"{where}: the two reviewers do not differ (any more)")
        if by in {current.first[0], current.second[0]}:
            raise ReviewError(f"{where}: {by} is one of the two who differ; a third person must decide")
        if current.settled is not None and current.settled.reviewer != by:
            raise ReviewError(f"{where}: {current.settled.reviewer} has decided between the two")
        subject = Subject(key.night, key.call_id, key.rule_id, key.fingerprint, key.verdict, ADJUDICATOR)
        return add_decision(connection, Answer(subject, choice_for(key.verdict, said), note), by, now)
