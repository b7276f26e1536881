"""Other rules over a stored night give what a run with them would have given."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from clerk import Clerk
from small_night import NIGHT, begun, part_bytes, plan_of, quietly, recordings_in

from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import Judgement, Recording, Risk, Transcript
from inspect_pipeline.night.plan import NightPlan
from inspect_pipeline.night.reinspect import reinspect_night
from inspect_pipeline.night.told import StoppedError
from inspect_pipeline.store.rows import Origin
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import read_table

OTHER = Origin("base", (("telecom-cn", "bb22"),))


def judged_as_before(calls: Sequence[tuple[Transcript, Recording]]) -> list[Judgement]:
    """Judge as the clerk does, from what was stored alone."""
    clerk = Clerk(Path(os.devnull))
    return [clerk.judge(recording.call_id, transcript.utterances[0].text) for transcript, recording in calls]


def judged_anew(calls: Sequence[tuple[Transcript, Recording]]) -> list[Judgement]:
    """Judge more mildly."""
    return [replace(judgement, score=100.0, risk=Risk.LOW) for judgement in judged_as_before(calls)]


def night(folder: Path, calls: list[Recording], **changes: object) -> NightPlan:
    damaged = recordings_in(folder / "audio", {"d-0": "damaged"})
    return plan_of(folder, [*calls, *damaged], **changes)


def test_it_becomes_what_a_run_would_have_made(tmp_path: Path, calls: list[Recording]):
    first = night(tmp_path, calls)
    quietly(first)
    plan = replace(first, origin=OTHER, factory=Clerk(tmp_path / "diary", mild=True))
    begun(tmp_path)
    told: list[tuple[int, int]] = []
    summary = reinspect_night(
        replace(plan, recordings=[]), lambda: judged_anew, lambda done, total: told.append((done, total))
    )
    assert (summary.calls, summary.inspected, summary.failed) == (11, 10, 1)
    assert summary.risks == {"high": 0, "medium": 0, "low": 10, "none": 0}
    assert told[-1] == (11, 11)
    after = part_bytes(plan.out)
    assert quietly(plan).fresh == 0
    assert begun(tmp_path) == []
    assert part_bytes(plan.out) == after
    quietly(replace(plan, out=tmp_path / "anew"))
    assert part_bytes(tmp_path / "anew") == after


def test_back_to_the_old_rules_are_the_old_tables(tmp_path: Path, calls: list[Recording]):
    plan = night(tmp_path, calls)
    quietly(plan)
    before = part_bytes(plan.out)
    reinspect_night(replace(plan, origin=OTHER), lambda: judged_anew, lambda _done, _total: None)
    assert part_bytes(plan.out) != before
    reinspect_night(plan, lambda: judged_as_before, lambda _done, _total: None)
    assert part_bytes(plan.out) == before


def test_without_its_journal_it_is_judged_but_not_taken_for_a_run(tmp_path: Path, calls: list[Recording]):
    plan = night(tmp_path, calls, origin=OTHER)
    quietly(replace(plan, origin=Origin("base", (("telecom-cn", "aa11"),))))
    for path in (plan.out / ".work" / f"night={NIGHT}" / "shards").iterdir():
        path.unlink()
    reinspect_night(plan, lambda: judged_anew, lambda _done, _total: None)
    assert set(read_table(plan.out, TableName.CALLS)["pack_fingerprint"].to_pylist()) == {"bb22"}
    begun(tmp_path)
    assert quietly(plan).fresh == 11


def test_a_stop_leaves_whole_shards(tmp_path: Path, calls: list[Recording]):
    plan = night(tmp_path, calls, origin=OTHER)
    quietly(replace(plan, origin=Origin("base", (("telecom-cn", "aa11"),))))

    def stop(done: int, _total: int) -> None:
        if done > 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(StoppedError, match=r"stopped with \d of 11 calls judged: run the same command again"):
        reinspect_night(plan, lambda: judged_anew, stop)
    assert len(set(read_table(plan.out, TableName.CALLS)["pack_fingerprint"].to_pylist())) == 2
    reinspect_night(plan, lambda: judged_anew, lambda _done, _total: None)
    quietly(replace(plan, out=tmp_path / "anew", factory=Clerk(tmp_path / "diary", mild=True)))
    assert part_bytes(plan.out) == part_bytes(tmp_path / "anew")


def test_nothing_is_stored(tmp_path: Path):
    with pytest.raises(UsageError, match=f"nothing is stored of night {NIGHT}: run it first"):
        reinspect_night(plan_of(tmp_path, []), lambda: judged_anew, lambda _done, _total: None)
