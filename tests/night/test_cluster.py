"""A night on a real Dask cluster, and what can happen to it. Nothing is lost, nothing doubled, the tables are equal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from clerk import Clerk
from dask_here import DaskHere, wait_until
from distributed import Client
from small_night import NIGHT, begun, left_over, part_bytes, plan_of, quietly, recordings_in

from inspect_pipeline.errors import ModelError, UsageError
from inspect_pipeline.model import Recording
from inspect_pipeline.night.cluster import DaskCluster
from inspect_pipeline.night.parcel import inspect_parcel, parcel_of
from inspect_pipeline.night.plan import NightPlan, shards_of
from inspect_pipeline.night.run import run_night
from inspect_pipeline.night.shards import works_of
from inspect_pipeline.night.told import NightSummary, Progress, StoppedError
from inspect_pipeline.store.calls import stored_results

ROOT = Path(__file__).parent.parent.parent
CALLS = ROOT / "fixtures" / "calls"
DEAD = "killed its worker twice (a crash, too little memory, or no answer in time): listen to it by hand"
PACK = """
pack: small
title: 小规则
scorecard: {base: 100, floor: 0}
rules:
  - id: greeting.opening
    title: 开场白
    why: 客户有权知道谁在为他服务。
    must_say: {any: [您好]}
    severity: major
    points: 10
    examples:
      - {expect: met, call: "客服: 您好。"}
      - {expect: violated, call: "客服: 喂？"}
"""
pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskHere]:
    here = DaskHere(tmp_path_factory.mktemp("cluster") / "dask", workers=2)
    yield here
    here.close()


def engine(cluster: DaskHere) -> DaskCluster:
    return DaskCluster(cluster.address, patience_s=120, look_s=0.1)


def on(cluster: DaskHere, plan: NightPlan) -> NightSummary:
    return run_night(plan, lambda _progress: None, engine(cluster))


def on_one_machine(folder: Path, calls: Sequence[Recording]) -> dict[str, bytes]:
    """Return the tables of the same night from worker processes of this machine."""
    quietly(plan_of(folder / "one", calls, factory=Clerk(folder / "other-diary")))
    return part_bytes(folder / "one" / "out")


def diary(folder: Path) -> list[str]:
    path = folder / "diary"
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def marks(out: Path) -> list[Path]:
    return list((out / ".work" / f"night={NIGHT}" / "attempts").glob("*"))


def kept_open(out: Path) -> list[str]:
    """Return what is left in the working folder but drafts: a killed writer leaves one, and the next run sweeps it."""
    return [name for name in left_over(out) if not name.startswith("drafts/")]


def test_workers_killed_in_the_middle_of_their_shards(tmp_path: Path, calls: list[Recording], cluster: DaskHere):
    plan = plan_of(tmp_path, calls, factory=Clerk(tmp_path / "diary", pace_s=0.3))
    with ThreadPoolExecutor() as pool:
        night = pool.submit(on, cluster, plan)
        wait_until(lambda: len(diary(tmp_path)) >= 3, night)
        cluster.kill_worker(0)
        cluster.kill_worker(1)
        summary = night.result(timeout=180)
    assert (summary.calls, summary.inspected, summary.failed) == (10, 10, 0)
    times = Counter(begun(tmp_path))
    assert set(times) == {one.call_id for one in calls}
    assert sum(times.values()) <= 12  # only what was in work was begun again
    assert part_bytes(plan.out) == on_one_machine(tmp_path, calls)
    assert kept_open(plan.out) == []


def test_recordings_that_kill_every_worker_they_meet(tmp_path: Path, calls: list[Recording], cluster: DaskHere):
    """Two take the whole machine along, one only the process that decodes it; all others are inspected, once."""
    deadly = {"b-0": "machine", "b-1": "machine", "b-2": "kill", "d-0": "damaged"}
    plan = plan_of(tmp_path, [*calls, *recordings_in(tmp_path / "audio", deadly)], shard_size=16)  # one shard
    before = cluster.started
    summary = on(cluster, plan)
    assert cluster.started - before == 6  # two of the machine: once in a handful, then twice alone
    assert (summary.calls, summary.inspected, summary.failed) == (14, 10, 4)
    assert {one.call_id: one.error for one in summary.failures} == {
        "b-0": DEAD,
        "b-1": DEAD,
        "b-2": DEAD,
        "d-0": "no sound in it",
    }
    times = Counter(begun(tmp_path))
    assert times == {**{one.call_id: 1 for one in calls}, "b-0": 3, "b-1": 3, "b-2": 3, "d-0": 1}
    again = on(cluster, plan)
    assert (again.fresh, again.failed, begun(tmp_path)) == (0, 4, [])
    ids = [one.call_id for one in calls]
    stored = {one.recording.call_id: one for one in stored_results(plan.out, NIGHT)}
    quietly(plan_of(tmp_path / "one", calls, factory=Clerk(tmp_path / "other-diary")))
    alone = {one.recording.call_id: one for one in stored_results(tmp_path / "one" / "out", NIGHT)}
    assert [stored[call_id] for call_id in ids] == [alone[call_id] for call_id in ids]
    assert kept_open(plan.out) == []


def test_the_scheduler_is_killed_and_started_again(tmp_path: Path, calls: list[Recording], cluster: DaskHere):
    plan = plan_of(tmp_path, calls, factory=Clerk(tmp_path / "diary", pace_s=0.3))
    with ThreadPoolExecutor() as pool:
        night = pool.submit(on, cluster, plan)
        wait_until(lambda: len(diary(tmp_path)) >= 3, night)
        cluster.kill_scheduler()
        time.sleep(1)
        cluster.start_scheduler()
        summary = night.result(timeout=180)
    assert (summary.calls, summary.inspected, summary.failed) == (10, 10, 0)
    assert sum(Counter(begun(tmp_path)).values()) <= 12
    assert part_bytes(plan.out) == on_one_machine(tmp_path, calls)
    assert kept_open(plan.out) == []


def test_models_are_loaded_once_a_worker(tmp_path: Path, calls: list[Recording], cluster: DaskHere):
    plan = plan_of(tmp_path, calls, factory=Clerk(tmp_path / "diary", pace_s=0.1, start="told"), shard_size=1)
    assert on(cluster, plan).workers == 2
    loads = (tmp_path / "loads").read_text(encoding="utf-8").split()
    assert len(loads) <= 2 < len(part_bytes(plan.out)) / 3
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in loads))  # gone with the night


def test_each_thread_of_a_worker_has_a_gpu_of_its_own(tmp_path: Path):
    """One process a GPU, which loads its models once: the other device is taken when the first one is."""
    night = recordings_in(tmp_path / "audio", {f"g-{number:02d}": "gpu" for number in range(12)})
    here = DaskHere(tmp_path / "dask", workers=1, threads=2, gpus="4,6")
    try:
        factory = Clerk(tmp_path / "diary", pace_s=0.3, start="told")
        summary = on(here, plan_of(tmp_path, night, shard_size=2, factory=factory))
    finally:
        here.close()
    assert {one.error for one in summary.failures} == {"device 4", "device 6"}
    loads = (tmp_path / "loads").read_text(encoding="utf-8").splitlines()
    assert sorted(line.split()[1] for line in loads) == ["4", "6"]


def test_the_same_shard_submitted_twice_at_once(tmp_path: Path, calls: list[Recording], cluster: DaskHere):
    plan = plan_of(tmp_path, calls, factory=Clerk(tmp_path / "diary", pace_s=0.1))
    works = works_of(plan, shards_of(plan))
    parcels = [parcel_of(run, plan, work) for work in works for run in ("first", "second")]
    with Client(cluster.address, set_as_default=False) as client:
        client.gather([client.submit(inspect_parcel, parcel, pure=False) for parcel in parcels])
        assert "138123" not in str(client.get_worker_logs())
    assert Counter(begun(tmp_path)) == Counter(one.call_id for one in calls)
    assert on(cluster, plan).fresh == 0
    assert part_bytes(plan.out) == on_one_machine(tmp_path, calls)
    assert kept_open(plan.out) == []


def test_the_same_night_submitted_twice_at_once(tmp_path: Path, calls: list[Recording], cluster: DaskHere):
    plan = plan_of(tmp_path, calls, factory=Clerk(tmp_path / "diary", pace_s=0.2))
    with ThreadPoolExecutor() as pool:
        night = pool.submit(on, cluster, plan)
        wait_until(lambda: bool(diary(tmp_path)), night)
        with pytest.raises(UsageError, match=f"is being inspected by process {os.getpid()} on"):
            on(cluster, plan)
        assert night.result(timeout=180).inspected == 10
    assert Counter(begun(tmp_path)) == Counter(one.call_id for one in calls)


def test_a_stopped_night_leaves_the_workers_at_once_and_goes_on(
    tmp_path: Path, calls: list[Recording], cluster: DaskHere
):
    plan = plan_of(tmp_path, calls, factory=Clerk(tmp_path / "diary", pace_s=0.5))

    def stop(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(StoppedError, match=r"stopped with \d of 10 calls done"):
        run_night(plan, stop, engine(cluster))
    wait_until(lambda: not marks(plan.out))  # nobody is suspected of what we did ourselves
    time.sleep(1)  # between two calls there is no mark either: a worker may have seen the next one before the stop
    first = begun(tmp_path)
    assert len(first) < 10
    time.sleep(1)
    assert diary(tmp_path) == []
    assert not marks(plan.out)
    assert on(cluster, plan).inspected == 10
    assert len(first) + len(begun(tmp_path)) <= 12
    assert part_bytes(plan.out) == on_one_machine(tmp_path, calls)


def test_a_worker_that_is_told_to_close_suspects_nobody(tmp_path: Path, calls: list[Recording], cluster: DaskHere):
    """A node is drained, a cluster scales down: SIGTERM, three times, with the same call in work."""
    plan = plan_of(tmp_path, calls[:1], factory=Clerk(tmp_path / "diary", pace_s=3))
    with ThreadPoolExecutor() as pool:
        night = pool.submit(on, cluster, plan)
        for times in range(1, 4):
            wait_until(lambda times=times: len(diary(tmp_path)) >= times, night)
            for process in list(cluster.workers):
                process.send_signal(signal.SIGTERM)
        summary = night.result(timeout=180)
    assert (summary.inspected, summary.failed) == (1, 0)
    assert len(begun(tmp_path)) == 4


def test_a_missing_model_ends_the_night(tmp_path: Path, calls: list[Recording], cluster: DaskHere):
    plan = plan_of(tmp_path, calls, factory=Clerk(tmp_path / "diary", start="no-model"))
    with pytest.raises(ModelError, match=rf"{socket.gethostname()}: base: model\.bin is missing: install it"):
        on(cluster, plan)
    assert on(cluster, plan_of(tmp_path, calls)).inspected == 10


def test_real_calls_by_the_command_line(tmp_path: Path, cluster: DaskHere):
    """The real model on the cluster gives byte for byte what it gives on one machine, and in slices.

    The number of threads that the libraries may use decides nothing: a sum in another order was another word.
    """
    (tmp_path / "night.csv").write_text(f"call_id,path\nc-1,{CALLS}/demo-06-mono-roaming.wav\n", encoding="utf-8")
    (tmp_path / "pack.yml").write_text(PACK, encoding="utf-8")
    (tmp_path / "customer.key").write_text("ab" * 32, encoding="ascii")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "INSPECT_KEY_FILE": str(tmp_path / "customer.key")}
    environment.pop("OMP_NUM_THREADS", None)

    def run(out: str, *options: str) -> dict[str, bytes]:
        command = ["run", "night.csv", "--out", out, "--night", NIGHT, "--rules", "pack.yml", *options]
        subprocess.run([sys.executable, "-m", "inspect_pipeline", *command], cwd=tmp_path, env=environment, check=True)
        return part_bytes(tmp_path / out)

    alone = run("alone")
    assert len(alone) == 5
    assert run("cluster", "--engine", "dask", "--scheduler", cluster.address) == alone
    environment["OMP_NUM_THREADS"] = "2"
    assert len(run("slices", "--shard", "0/1")) == 3
    assert run("slices") == alone


def test_no_scheduler(tmp_path: Path, calls: list[Recording]):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UsageError, match=f"{address}: no Dask scheduler answers: start one, or mend --scheduler"):
        run_night(plan_of(tmp_path, calls), lambda _progress: None, DaskCluster(address, connect_s=1))


def test_no_workers(tmp_path: Path, calls: list[Recording]):
    here = DaskHere(tmp_path / "dask", workers=0)
    try:
        with pytest.raises(UsageError, match="has no workers for 1 s: start it, and run the same command again"):
            run_night(
                plan_of(tmp_path, calls), lambda _progress: None, DaskCluster(here.address, patience_s=1, look_s=0.1)
            )
    finally:
        here.close()
