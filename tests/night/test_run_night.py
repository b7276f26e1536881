"""A night is whole, the same whatever the workers, and done again only where something changed."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas
import polars
import pytest
from clerk import Clerk
from small_night import NIGHT, begun, left_over, listened, part_bytes, plan_of, quietly, recordings_in

from inspect_pipeline.errors import StoreError, UsageError
from inspect_pipeline.model import CallStatus, Recording
from inspect_pipeline.night.plan import CHINA
from inspect_pipeline.night.spool import Spool
from inspect_pipeline.night.told import NotInspected
from inspect_pipeline.store.calls import stored_flags, stored_results
from inspect_pipeline.store.journal import elapsed_by_call
from inspect_pipeline.store.rows import Origin
from inspect_pipeline.store.schema import SCHEMAS, TableName
from inspect_pipeline.store.tables import read_table


def test_every_call_is_accounted_for(tmp_path: Path, calls: list[Recording]):
    night = [
        *calls,
        *recordings_in(tmp_path / "audio", {"d-damaged": "damaged", "d-bug": "bug"}),
        replace(calls[0], call_id="e-gone", path=str(tmp_path / "gone.wav")),
        replace(calls[0], call_id="e-short", duration_s=0.4),
        replace(calls[0], call_id="e-yesterday", started_at=datetime(2026, 11, 19, 23, 59, tzinfo=CHINA)),
    ]
    plan = plan_of(tmp_path, night, workers=2)
    summary, heard = listened(plan)
    assert (summary.calls, summary.inspected, summary.failed, summary.skipped) == (15, 10, 3, 2)
    assert summary.exit_code == 3
    work = f".work/night={NIGHT}/errors"
    (trace,) = (tmp_path / "out" / work).iterdir()
    assert "KeyError: 'speaker'" in trace.read_text(encoding="utf-8")
    paths = {one.call_id: one.path for one in night}
    assert summary.failures == (
        NotInspected("d-bug", paths["d-bug"], f"a bug: KeyError: 'speaker' (see {work}/{trace.name})"),
        NotInspected("d-damaged", paths["d-damaged"], "no sound in it"),
        NotInspected("e-gone", paths["e-gone"], "gone.wav: not there"),
    )
    assert summary.skips == (
        NotInspected("e-short", paths["e-short"], "0.4 s is shorter than 1 s"),
        NotInspected("e-yesterday", paths["e-yesterday"], "began on 2026-11-19, not in the night of 2026-11-20"),
    )
    assert {rule: sum(answers.values()) for rule, answers in summary.rules.items()} == {
        f"family.rule-{number}": 10 for number in range(3)
    }
    stored = list(stored_results(plan.out, NIGHT))
    assert Counter(one.status for one in stored) == {
        CallStatus.INSPECTED: 10,
        CallStatus.FAILED: 3,
        CallStatus.SKIPPED: 2,
    }
    assert [one.done for one in heard] == list(range(16))
    assert (heard[-1].total, heard[-1].inspected, heard[-1].failed, heard[-1].skipped) == (15, 10, 3, 2)
    assert left_over(plan.out) == []
    assert set(elapsed_by_call(plan.out, NIGHT)) == set(paths)


def test_the_number_of_workers_and_the_order_change_no_byte(tmp_path: Path, calls: list[Recording]):
    quietly(plan_of(tmp_path / "one", calls, workers=1, factory=Clerk(tmp_path / "diary")))
    quietly(plan_of(tmp_path / "three", calls[::-1], workers=3, factory=Clerk(tmp_path / "diary", pace_s=0.05)))
    one, three = part_bytes(tmp_path / "one" / "out"), part_bytes(tmp_path / "three" / "out")
    assert len(one) == 4 * 3 + 2  # four shards of three tables, and the two of the sample
    assert one == three


def test_a_done_night_is_not_done_again(tmp_path: Path, calls: list[Recording]):
    first = quietly(plan_of(tmp_path, calls))
    before = part_bytes(tmp_path / "out")
    assert sorted(begun(tmp_path)) == [one.call_id for one in calls]
    again, heard = listened(plan_of(tmp_path, calls))
    assert begun(tmp_path) == []
    assert part_bytes(tmp_path / "out") == before
    assert again == replace(first, fresh=0, elapsed_s=again.elapsed_s)
    assert (heard[0].done, heard[0].kept) == (10, 10)


def test_only_what_changed_is_done_again(tmp_path: Path, calls: list[Recording]):
    quietly(plan_of(tmp_path, calls))
    begun(tmp_path)
    Path(calls[3].path).write_text("另一通", encoding="utf-8")
    os.utime(calls[5].path, (0, 0))  # the same size, another time
    summary = quietly(plan_of(tmp_path, calls))
    assert sorted(begun(tmp_path)) == ["c-03", "c-05"]
    assert summary.fresh == 2
    texts = {one.recording.call_id: one.transcript for one in stored_results(tmp_path / "out", NIGHT)}
    assert texts["c-03"] is not None
    assert texts["c-03"].utterances[0].text == "另一通"
    quietly(plan_of(tmp_path / "anew", calls))
    assert part_bytes(tmp_path / "out") == part_bytes(tmp_path / "anew" / "out")


@pytest.mark.parametrize("change", ["pack", "model", "settings"])
def test_other_rules_or_models_do_the_night_again(tmp_path: Path, calls: list[Recording], change: str):
    quietly(plan_of(tmp_path, calls))
    begun(tmp_path)
    changes = {
        "pack": {"origin": Origin("base", (("telecom-cn", "bb22"),))},
        "model": {"origin": Origin("small", (("telecom-cn", "aa11"),))},
        "settings": {"settings": "language=yue"},
    }
    quietly(plan_of(tmp_path, calls, **changes[change]))
    assert len(begun(tmp_path)) == 10


def test_failed_calls_are_tried_again_when_asked(tmp_path: Path, calls: list[Recording]):
    night = [*calls, *recordings_in(tmp_path / "audio", {"d-0": "damaged"})]
    quietly(plan_of(tmp_path, night))
    quietly(plan_of(tmp_path, night))
    assert Counter(begun(tmp_path))["d-0"] == 1
    summary = quietly(plan_of(tmp_path, night, retry_failed=True))
    assert begun(tmp_path) == ["d-0"]
    assert (summary.failed, summary.fresh) == (1, 1)


def test_late_recordings_join_the_night(tmp_path: Path, calls: list[Recording]):
    quietly(plan_of(tmp_path, calls[:3]))
    assert len(part_bytes(tmp_path / "out")) == 5
    begun(tmp_path)
    summary = quietly(plan_of(tmp_path, calls))  # one shard becomes four
    assert sorted(begun(tmp_path)) == [one.call_id for one in calls[3:]]
    assert summary.calls == 10
    quietly(plan_of(tmp_path / "anew", calls))
    assert part_bytes(tmp_path / "out") == part_bytes(tmp_path / "anew" / "out")


def test_stored_calls_are_not_lost_to_a_smaller_run(tmp_path: Path, calls: list[Recording]):
    quietly(plan_of(tmp_path, calls))
    before = part_bytes(tmp_path / "out")
    begun(tmp_path)
    with pytest.raises(UsageError, match=r"holds 8 calls that are not in this run \(c-02 …\).*--replace"):
        quietly(plan_of(tmp_path, calls, limit=2))
    assert part_bytes(tmp_path / "out") == before
    summary = quietly(plan_of(tmp_path, calls, limit=2, replace=True))
    assert (summary.calls, begun(tmp_path)) == (2, [])
    quietly(plan_of(tmp_path / "anew", calls[:2]))
    assert part_bytes(tmp_path / "out") == part_bytes(tmp_path / "anew" / "out")


def test_a_lost_journal_loses_no_table(tmp_path: Path, calls: list[Recording]):
    quietly(plan_of(tmp_path, calls))
    before = part_bytes(tmp_path / "out")
    begun(tmp_path)
    for path in (tmp_path / "out" / ".work" / f"night={NIGHT}" / "shards").iterdir():
        path.unlink()
    quietly(plan_of(tmp_path, calls))
    assert begun(tmp_path) == []
    assert part_bytes(tmp_path / "out") == before


def test_a_call_that_is_listed_twice(tmp_path: Path, calls: list[Recording]):
    with pytest.raises(UsageError, match=r"call c-00 is listed more than once \(1 such calls\)"):
        quietly(plan_of(tmp_path, [*calls, calls[0]]))


def test_two_runs_of_a_night_at_once(tmp_path: Path, calls: list[Recording]):
    with (
        Spool(tmp_path / "out", NIGHT).lock(),
        pytest.raises(
            UsageError, match=rf"night {NIGHT} in .* is being inspected by process {os.getpid()} on .*: wait"
        ),
    ):
        quietly(plan_of(tmp_path, calls))
    assert quietly(plan_of(tmp_path, calls)).inspected == 10


def test_a_place_that_cannot_be_written(tmp_path: Path, calls: list[Recording]):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError, match=r"out/\.work/night=2026-11-20: cannot write: .*: a file is where"):
        quietly(plan_of(tmp_path, calls))
    assert begun(tmp_path) == []


def test_the_sample_covers_every_inspected_call(tmp_path: Path, calls: list[Recording]):
    plan = plan_of(tmp_path, [*calls, *recordings_in(tmp_path / "audio", {"d-0": "damaged"})], seed="7")
    summary = quietly(plan)
    sampling = read_table(plan.out, TableName.SAMPLING).to_pylist()
    assert [row["call_id"] for row in sampling] == [one.call_id for one in calls]
    flags = stored_flags(plan.out, NIGHT)
    assert [flag.call_id for flag in flags] == [row["call_id"] for row in sampling if row["flagged"]]
    assert summary.flagged == len(flags) > 0
    results = {one.recording.call_id: one for one in stored_results(plan.out, NIGHT)}
    for row in sampling:
        judgement = results[row["call_id"]].judgement
        assert judgement is not None
        assert ("high-risk" in row["reasons"]) == (judgement.risk == "high")
    for flag in flags:
        assert flag.due_at is not None
        hours = 2 if flag.risk == "high" else 72
        assert flag.due_at == datetime(2026, 11, 21, 8, tzinfo=CHINA) + timedelta(hours=hours)


def test_all_tables_open_everywhere(tmp_path: Path, calls: list[Recording]):
    plan = plan_of(tmp_path, calls)
    quietly(plan)
    for table in (*TableName,):
        if table in (TableName.REVIEWS, TableName.SCORES):
            continue
        ours = read_table(plan.out, table)
        glob = f"{plan.out}/{table.value}/**/*.parquet"
        theirs = duckdb.sql(f"select * from read_parquet('{glob}', hive_types_autocast=false)")
        assert theirs.columns == [*SCHEMAS[table].names, "night"]
        assert len(theirs.fetchall()) == len(ours) == len(polars.read_parquet(plan.out / table.value))
        assert len(pandas.read_parquet(plan.out / table.value)) == len(ours)
    everything = duckdb.sql(f"select count(*) from read_parquet('{plan.out}/*/night=*/*.parquet', union_by_name=true)")
    assert everything.fetchall()[0][0] > 0
