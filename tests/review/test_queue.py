"""The queue: what a night's flags put in it, its order, and that one call goes to one person."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Risk
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Answer, Choice, Subject, history, record
from inspect_pipeline.review.intake import Enqueued
from inspect_pipeline.review.queue import (
    LEASE,
    Filter,
    QueueItem,
    QueueState,
    claim,
    claim_next,
    count_open,
    finish,
    items,
    release,
)
from inspect_pipeline.review.schema import queue
from tests.review.conftest import NIGHT, NOW, flag, take


def claimed_id(item: QueueItem | None) -> str | None:
    return None if item is None else item.call_id


def test_queue_is_in_order_of_overdue_risk_due_time_and_call(database: ReviewDatabase) -> None:
    flags = [
        flag("c-low", Risk.LOW, hours=1),
        flag("c-never-due", Risk.HIGH, hours=None),
        flag("c-b", Risk.HIGH, hours=2),
        flag("c-a", Risk.HIGH, hours=2),
        flag("c-first", Risk.HIGH, hours=-1),
        flag("c-clean", Risk.NONE, hours=1),
        flag("c-medium", Risk.MEDIUM, hours=-9),
    ]
    assert take(database, flags) == Enqueued(added=7)
    order = ["c-first", "c-medium", "c-a", "c-b", "c-never-due", "c-low", "c-clean"]
    assert [item.call_id for item in items(database, now=NOW)] == order
    taken = []
    while (
        item := claim_next(database, "王芳", NOW, Filter(passed=frozenset((NIGHT, name) for name in taken)))
    ) is not None:
        taken.append(item.call_id)
    assert taken == order


def test_call_that_a_dying_writer_still_holds_is_waited_for(database: ReviewDatabase) -> None:
    """A server notices a killed client late: until then its row is locked, and no "nothing is left" is said of it."""
    take(database, [flag("c-1")])
    locked, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with suppress(ReviewError), database.write() as connection:
            connection.execute(select(queue).with_for_update()).all()
            locked.set()
            let_go.wait(timeout=30)
            raise ReviewError("broke off")

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(timeout=30)
    threading.Timer(0.3, let_go.set).start()
    assert claimed_id(claim_next(database, "王芳", NOW)) == "c-1"
    holder.join()


def test_flags_taken_over_again_change_nothing(database: ReviewDatabase) -> None:
    flags = [flag("c-1", reasons=("高风险", "抽样")), flag("c-2", Risk.LOW)]
    take(database, flags)
    item = claim_next(database, "王芳", NOW)
    assert item is not None
    finish(database, item, "王芳", NOW)
    before = items(database)
    assert take(database, flags, NOW + timedelta(hours=1)) == Enqueued(unchanged=2)
    assert items(database) == before
    assert before[0] == QueueItem(
        NIGHT, "c-1", "first", ("高风险", "抽样"), Risk.HIGH, NOW + timedelta(hours=2), 1.0, 0.25,
        done_by="王芳", done_at=NOW,
    )  # fmt: skip


def test_night_inspected_again_keeps_decisions_and_opens_what_changed(database: ReviewDatabase) -> None:
    take(database, [flag("c-1"), flag("c-2"), flag("c-3")])
    for _ in range(2):
        item = claim_next(database, "王芳", NOW)
        assert item is not None
        record(database, Answer(Subject(NIGHT, item.call_id), Choice.AGREE), "王芳", NOW)
        finish(database, item, "王芳", NOW)
    made = history(database)
    again = [flag("c-1"), flag("c-2", reasons=("risk", "random")), flag("c-4")]
    assert take(database, again) == Enqueued(added=1, changed=1, withdrawn=1, unchanged=1)
    assert history(database) == made
    assert {item.call_id: item.state(NOW) for item in items(database)} == {
        "c-1": QueueState.DONE,
        "c-2": QueueState.OPEN,
        "c-4": QueueState.OPEN,
    }
    assert take(database, [*again, flag("c-3")]) == Enqueued(changed=1, unchanged=3)


def test_claim_ends_by_itself_and_belongs_to_one_reviewer(database: ReviewDatabase) -> None:
    take(database, [flag("c-1")])
    item = claim_next(database, "王芳", NOW)
    assert claimed_id(item) == "c-1"
    assert claim_next(database, "李强", NOW) is None
    assert count_open(database, "李强", NOW) == 0
    assert claimed_id(claim_next(database, "王芳", NOW)) == "c-1"  # a session that was cut off goes on
    later = NOW + LEASE
    assert items(database)[0].state(later) is QueueState.OPEN
    assert claimed_id(claim_next(database, "李强", later)) == "c-1"
    assert item is not None
    release(database, item, "王芳")  # it is no longer hers to give back
    with pytest.raises(ReviewError, match="c-1: 李强 is hearing this call"):
        claim(database, item, "王芳", later)


def test_night_filter_and_overdue(database: ReviewDatabase) -> None:
    take(database, [flag("c-1", hours=-1)])
    take(database, [flag("c-1", hours=1)], night="2026-11-19")
    assert [(item.night, item.overdue(NOW)) for item in items(database)] == [(NIGHT, True), ("2026-11-19", False)]
    assert [item.night for item in items(database, Filter(("2026-11-19",)))] == ["2026-11-19"]
    item = claim_next(database, "王芳", NOW, Filter(("2026-11-19",)))
    assert item is not None
    assert item.night == "2026-11-19"
