"""Eight reviewers at once on one queue: no call is given twice, no decision is lost, also when the power goes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from inspect_pipeline.model import Verdict
from inspect_pipeline.review.appeals import Contest, Ruling, appeal, appeals_of, decide_appeal
from inspect_pipeline.review.database import ReviewDatabase, open_reviews
from inspect_pipeline.review.decisions import Answer, Choice, Subject, history, record, record_all
from inspect_pipeline.review.outcome import Key
from inspect_pipeline.review.queue import QueueState, claim_next, finish, items, release
from tests.review.conftest import NIGHT, NOW, flag, take

CALLS = sorted(f"c-{number:03}" for number in range(64))
REVIEWERS = [f"reviewer-{number}" for number in range(8)]
SPAWN = multiprocessing.get_context("forkserver")  # each a process of its own, the imports done once
SPAWN.set_forkserver_preload(["tests.review.test_together"])


def rule(call_id: str, number: int) -> Subject:
    return Subject(NIGHT, call_id, f"family.rule-{number}", "f" * 16, Verdict.VIOLATED)


def work(url: str, reviewer: str, start: Any, told: Any) -> None:
    """Hear calls until none is left: three findings and the whole call each; every seventh call is put off first."""
    database = open_reviews(Path(), url)
    start.wait()
    turn = 0
    while (item := claim_next(database, reviewer, datetime.now(UTC))) is not None:
        turn += 1
        told.put(("claimed", reviewer, item.call_id))
        if turn % 7 == 3:
            release(database, item, reviewer)
            told.put(("released", reviewer, item.call_id))
            continue
        made = [
            record(database, Answer(rule(item.call_id, n), Choice.AGREE), reviewer, datetime.now(UTC)) for n in (0, 1)
        ]
        rest = [Answer(rule(item.call_id, 2), Choice.DISAGREE), Answer(Subject(NIGHT, item.call_id), Choice.AGREE)]
        made += record_all(database, rest, reviewer, datetime.now(UTC))
        for decision in made:
            told.put(("decided", reviewer, decision.review_id))
        finish(database, item, reviewer, datetime.now(UTC))
        told.put(("finished", reviewer, item.call_id))
    told.put(("left", reviewer, ""))


def start_all(database: ReviewDatabase) -> tuple[list[Any], Any, Any]:
    url = database.engine.url.render_as_string(hide_password=False)
    start, told = SPAWN.Event(), SPAWN.Queue()
    workers = [SPAWN.Process(target=work, args=(url, name, start, told)) for name in REVIEWERS]
    for worker in workers:
        worker.start()
    start.set()
    return workers, told, start  # which must live until every process has it


def test_eight_reviewers_at_once_never_get_the_same_call(database: ReviewDatabase) -> None:
    take(database, [flag(name) for name in CALLS])
    workers, told, _start = start_all(database)
    events, left = [], 0
    while left < len(REVIEWERS):
        event = told.get(timeout=60)
        events.append(event)
        left += event[0] == "left"
    for worker in workers:
        worker.join(timeout=60)
    assert [worker.exitcode for worker in workers] == [0] * 8
    finished = [(who, call_id) for what, who, call_id in events if what == "finished"]
    assert sorted(call_id for _, call_id in finished) == CALLS  # each by one person, none by two
    assert {(item.call_id, item.done_by) for item in items(database)} == {(call_id, who) for who, call_id in finished}
    made = history(database)
    assert {d.review_id for d in made} == {review_id for what, _, review_id in events if what == "decided"}
    assert len(made) == 4 * len(CALLS)
    assert {(d.subject.call_id, d.reviewer) for d in made} == {(call_id, who) for who, call_id in finished}
    assert all(d.supersedes is None for d in made)


def test_power_cut_loses_nothing_that_was_confirmed(database: ReviewDatabase) -> None:
    """All eight are killed at work: what they had been told is stored is stored, a group whole or not at all."""
    take(database, [flag(name) for name in CALLS])
    workers, told, _start = start_all(database)
    events = [told.get(timeout=60) for _ in range(70)]
    for worker in workers:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
    for worker in workers:
        worker.join(timeout=60)
    made = history(database)
    confirmed = {review_id for what, _, review_id in events if what == "decided"}
    assert confirmed <= {d.review_id for d in made}
    by_call: dict[str, list[str]] = {}
    for decision in made:
        by_call.setdefault(decision.subject.call_id, []).append(decision.subject.rule_id or "whole")
    for rules in by_call.values():
        assert sorted(rules) in (
            ["family.rule-0"],
            ["family.rule-0", "family.rule-1"],
            ["family.rule-0", "family.rule-1", "family.rule-2", "whole"],
        )
    done = {call_id for what, _, call_id in events if what == "finished"}
    assert done <= {item.call_id for item in items(database) if item.state(datetime.now(UTC)) is QueueState.DONE}
    again = claim_next(database, REVIEWERS[0], datetime.now(UTC))
    assert again is not None
    assert again.claimed_by == REVIEWERS[0]


def contest(url: str, start: Any, told: Any, name: str) -> None:
    from datetime import timedelta

    database = open_reviews(Path(), url)
    key = Key(NIGHT, "c-000", "family.rule-0", "f" * 16, Verdict.VIOLATED)
    start.wait()
    try:
        raised = appeal(database, Contest(key, "没说过", name, NOW, timedelta(days=7)), NOW)
        told.put(("raised", raised.appeal_id))
    except Exception as error:  # noqa: BLE001 - what the loser is told is what is tested
        told.put(("refused", str(error)))
    time.sleep(0.2)
    try:
        decided = decide_appeal(database, appeals_of(database)[0], Ruling.GRANTED, f"judge-{name}", "", NOW)
        told.put(("decided", decided.decided_by))
    except Exception as error:  # noqa: BLE001
        told.put(("late", str(error)))


def test_one_appeal_and_one_ruling_however_many_try(database: ReviewDatabase) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    start, told = SPAWN.Event(), SPAWN.Queue()
    workers = [SPAWN.Process(target=contest, args=(url, start, told, f"agent-{n}")) for n in range(4)]
    for worker in workers:
        worker.start()
    start.set()
    events = sorted(told.get(timeout=60) for _ in range(8))
    for worker in workers:
        worker.join(timeout=60)
    assert [what for what, _ in events] == ["decided"] + ["late"] * 3 + ["raised"] + ["refused"] * 3
    (raised,) = appeals_of(database)
    assert events[0] == ("decided", raised.decided_by)
    assert all("is contested already, by" in text or "final" in text for what, text in events if what == "refused")
    assert all("has decided this appeal" in text for what, text in events if what == "late")
