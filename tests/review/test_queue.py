"""The queue: what a night's flags put in it, its order, and that one call goes to one person."""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from pathlib import Path

import pytest

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Risk
from inspect_pipeline.review.database import ReviewDatabase, open_reviews
from inspect_pipeline.review.decisions import Answer, Choice, Subject, history, record
from inspect_pipeline.review.queue import (
    LEASE,
    Enqueued,
    QueueItem,
    QueueState,
    claim,
    claim_next,
    count_open,
    enqueue,
    finish,
    items,
    release,
)
from tests.review.conftest import NIGHT, NOW, flag


def claimed_id(item: QueueItem | None) -> str | None:
    return None if item is None else item.call_id


def test_queue_is_in_order_of_risk_then_due_time_then_call(database: ReviewDatabase) -> None:
    flags = [
        flag("c-low", Risk.LOW, hours=1),
        flag("c-never-due", Risk.HIGH, hours=None),
        flag("c-b", Risk.HIGH, hours=2),
        flag("c-a", Risk.HIGH, hours=2),
        flag("c-first", Risk.HIGH, hours=-1),
        flag("c-clean", Risk.NONE, hours=1),
        flag("c-medium", Risk.MEDIUM, hours=-9),
    ]
    assert enqueue(database, NIGHT, flags, NOW) == Enqueued(added=7)
    order = ["c-first", "c-a", "c-b", "c-never-due", "c-medium", "c-low", "c-clean"]
    assert [item.call_id for item in items(database)] == order
    taken = []
    while (item := claim_next(database, "王芳", NOW, passed=[(NIGHT, name) for name in taken])) is not None:
        taken.append(item.call_id)
    assert taken == order


def test_flags_taken_over_again_change_nothing(database: ReviewDatabase) -> None:
    flags = [flag("c-1", reasons=("高风险", "抽样")), flag("c-2", Risk.LOW)]
    enqueue(database, NIGHT, flags, NOW)
    item = claim_next(database, "王芳", NOW)
    assert item is not None
    finish(database, item, "王芳", NOW)
    before = items(database)
    assert enqueue(database, NIGHT, flags, NOW + timedelta(hours=1)) == Enqueued(unchanged=2)
    assert items(database) == before
    assert before[0] == QueueItem(
        NIGHT, "c-1", "first", ("高风险", "抽样"), Risk.HIGH, NOW + timedelta(hours=2), 1.0, 0.25,
        done_by="王芳", done_at=NOW,
    )  # fmt: skip


def test_night_inspected_again_keeps_decisions_and_opens_what_changed(database: ReviewDatabase) -> None:
    enqueue(database, NIGHT, [flag("c-1"), flag("c-2"), flag("c-3")], NOW)
    for _ in range(2):
        item = claim_next(database, "王芳", NOW)
        assert item is not None
        record(database, Answer(Subject(NIGHT, item.call_id), Choice.AGREE), "王芳", NOW)
        finish(database, item, "王芳", NOW)
    made = history(database)
    again = [flag("c-1"), flag("c-2", reasons=("risk", "random")), flag("c-4")]
    assert enqueue(database, NIGHT, again, NOW) == Enqueued(added=1, changed=1, withdrawn=1, unchanged=1)
    assert history(database) == made
    assert {item.call_id: item.state(NOW) for item in items(database)} == {
        "c-1": QueueState.DONE,
        "c-2": QueueState.OPEN,
        "c-4": QueueState.OPEN,
    }
    assert enqueue(database, NIGHT, [*again, flag("c-3")], NOW) == Enqueued(changed=1, unchanged=3)


def test_claim_ends_by_itself_and_belongs_to_one_reviewer(database: ReviewDatabase) -> None:
    enqueue(database, NIGHT, [flag("c-1")], NOW)
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
    enqueue(database, NIGHT, [flag("c-1", hours=-1)], NOW)
    enqueue(database, "2026-11-19", [flag("c-1", hours=1)], NOW)
    assert [(item.night, item.overdue(NOW)) for item in items(database)] == [(NIGHT, True), ("2026-11-19", False)]
    assert [item.night for item in items(database, ["2026-11-19"])] == ["2026-11-19"]
    item = claim_next(database, "王芳", NOW, nights=["2026-11-19"])
    assert item is not None
    assert item.night == "2026-11-19"


def take_all(url: str, reviewer: str, start: object, taken: multiprocessing.Queue[tuple[str, str]]) -> None:
    database = open_reviews(Path(), url)
    start.wait()  # type: ignore[attr-defined]
    while (item := claim_next(database, reviewer, NOW)) is not None:
        record(database, Answer(Subject(NIGHT, item.call_id), Choice.AGREE), reviewer, NOW)
        finish(database, item, reviewer, NOW)
        taken.put((reviewer, item.call_id))


def test_four_reviewers_at_once_never_get_the_same_call(database: ReviewDatabase) -> None:
    names = sorted(f"c-{number:02}" for number in range(80))
    enqueue(database, NIGHT, [flag(name) for name in names], NOW)
    context = multiprocessing.get_context("spawn")
    url = database.engine.url.render_as_string(hide_password=False)
    start, taken = context.Event(), context.Queue()
    workers = [context.Process(target=take_all, args=(url, f"r{n}", start, taken)) for n in range(4)]
    for worker in workers:
        worker.start()
    start.set()
    claimed = [taken.get(timeout=60) for _ in names]
    for worker in workers:
        worker.join(timeout=60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    assert sorted(call_id for _, call_id in claimed) == names
    decided = sorted((d.reviewer, d.subject.call_id) for d in history(database))
    assert decided == sorted(claimed)
