"""A night in slices, each run by its own process as a scheduler's pods or array jobs do, without any scheduler."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from clerk import Clerk
from small_night import NIGHT, begun, left_over, part_bytes, plan_of, quietly, recordings_in

from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import Recording
from inspect_pipeline.night.plan import NightPlan, Slice
from inspect_pipeline.night.run import run_slice
from inspect_pipeline.night.spool import Spool
from inspect_pipeline.night.told import SliceSummary
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import parts

SLICE = """
import sys
from pathlib import Path

sys.path.insert(0, {here!r})
from clerk import Clerk
from small_night import listed, plan_of

from inspect_pipeline.night.plan import Slice
from inspect_pipeline.night.run import run_slice

if __name__ == "__main__":
    folder = Path({folder!r})
    calls = listed(folder / "audio", sorted(path.stem for path in (folder / "audio").iterdir()))
    plan = plan_of(folder, calls, factory=Clerk(folder / "diary", pace_s={pace}))
    summary = run_slice(plan, Slice(int(sys.argv[1]), int(sys.argv[2])), lambda _progress: None)
    print(summary.shards, summary.calls, summary.failed)
"""


def sliced(plan: NightPlan, index: int, of: int) -> SliceSummary:
    return run_slice(plan, Slice(index, of), lambda _progress: None)


def start(folder: Path, index: int, of: int, pace: float = 0.02) -> subprocess.Popen[str]:
    script = folder / f"slice-{pace}.py"
    if not script.exists():  # another process may be reading it
        script.write_text(
            SLICE.format(here=str(Path(__file__).parent), folder=str(folder), pace=pace), encoding="utf-8"
        )
    root = str(Path(__file__).parent.parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(
        [sys.executable, str(script), str(index), str(of)],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
    )


def on_one_machine(folder: Path, calls: list[Recording]) -> dict[str, bytes]:
    quietly(plan_of(folder / "one", calls, factory=Clerk(folder / "other-diary")))
    return part_bytes(folder / "one" / "out")


def test_slices_and_a_last_run_give_the_tables_of_one_run(tmp_path: Path, calls: list[Recording]):
    plan = plan_of(tmp_path, [*calls, *recordings_in(tmp_path / "audio", {"d-0": "damaged"})])
    slices = [sliced(plan, index, 3) for index in range(3)]
    assert [one.shards for one in slices] == [2, 1, 1]  # four shards: 0 and 3, 1, 2
    assert sum(one.calls for one in slices) == 11
    assert sum(one.fresh for one in slices) == 11
    assert [failure.call_id for one in slices for failure in one.failures] == ["d-0"]
    assert {one.exit_code for one in slices} == {0}
    assert parts(plan.out, TableName.FLAGS, NIGHT) == []  # drawn when all calls are known
    begun(tmp_path)
    summary = quietly(plan)
    assert begun(tmp_path) == []
    assert (summary.calls, summary.failed, summary.fresh, summary.exit_code) == (11, 1, 0, 3)
    assert part_bytes(plan.out) == on_one_machine(tmp_path, list(plan.recordings))
    assert left_over(plan.out) == []


def test_slices_at_the_same_time_and_one_of_them_twice(tmp_path: Path, calls: list[Recording]):
    processes = [start(tmp_path, index, 2) for index in (0, 1, 1)]
    told = [process.communicate(timeout=120)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sum(int(calls) for _, calls, _ in told[:2]) == 10
    assert told[1] == told[2]  # the second waited for the first
    assert Counter(begun(tmp_path)) == Counter(one.call_id for one in calls)
    quietly(plan_of(tmp_path, calls))
    assert part_bytes(tmp_path / "out") == on_one_machine(tmp_path, calls)


def test_slices_that_overlap_do_no_harm(tmp_path: Path, calls: list[Recording]):
    """Somebody starts 0/1 beside 0/2 and 1/2: work is done twice, rows are not."""
    processes = [start(tmp_path, index, of) for index, of in ((0, 1), (0, 2), (1, 2))]
    told = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    quietly(plan_of(tmp_path, calls))
    assert part_bytes(tmp_path / "out") == on_one_machine(tmp_path, calls)
    assert left_over(tmp_path / "out") == []


def test_a_killed_slice_goes_on_where_it_was(tmp_path: Path, calls: list[Recording]):
    first = start(tmp_path, 0, 1, pace=0.2)
    until = time.monotonic() + 60
    while (
        time.monotonic() < until
        and len((tmp_path / "diary").read_bytes().split() if (tmp_path / "diary").exists() else ()) < 4
    ):
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    time.sleep(0.3)  # its worker ends with it
    before = begun(tmp_path)
    assert 4 <= len(before) < 10
    assert sliced(plan_of(tmp_path, calls), 0, 1).calls == 10
    assert len(before) + len(begun(tmp_path)) <= 11  # the one that was in work
    quietly(plan_of(tmp_path, calls))
    assert part_bytes(tmp_path / "out") == on_one_machine(tmp_path, calls)


def test_a_call_that_kills_its_worker_is_failed_in_its_slice(tmp_path: Path, calls: list[Recording]):
    plan = plan_of(tmp_path, [*calls, *recordings_in(tmp_path / "audio", {"b-kills": "kill"})])
    failures = [failure for index in range(2) for failure in sliced(plan, index, 2).failures]
    assert [failure.call_id for failure in failures] == ["b-kills"]
    assert failures[0].error.startswith("killed its worker twice")
    assert Counter(begun(tmp_path))["b-kills"] == 2


def test_a_whole_run_and_slices_keep_out_of_each_others_way(tmp_path: Path, calls: list[Recording]):
    plan = plan_of(tmp_path, calls)
    with Spool(plan.out, NIGHT).lock(), pytest.raises(UsageError, match=f"being inspected by process {os.getpid()} on"):
        sliced(plan, 0, 2)
    with Spool(plan.out, NIGHT).lock(shared=True):
        assert sliced(plan, 0, 2).calls > 0
        with pytest.raises(UsageError, match=f"being inspected by process {os.getpid()} on"):
            quietly(plan)


def test_a_slice_does_not_lose_calls_either(tmp_path: Path, calls: list[Recording]):
    quietly(plan_of(tmp_path, calls))
    with pytest.raises(UsageError, match="holds 8 calls that are not in this run"):
        sliced(replace(plan_of(tmp_path, calls), limit=2), 0, 2)


@pytest.mark.parametrize("index", [-1, 4, 5])
def test_a_slice_that_there_is_not(index: int):
    with pytest.raises(UsageError, match=rf"--shard {index}/4: slices are counted from 0: 0/4 to 3/4"):
        Slice(index, 4)


def test_more_slices_than_shards(tmp_path: Path, calls: list[Recording]):
    summary = sliced(plan_of(tmp_path, calls[:2]), 3, 4)
    assert (summary.shards, summary.calls, summary.fresh) == (0, 0, 0)
