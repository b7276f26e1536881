"""What can happen to a night: dying workers, a killed run, a full disk, Ctrl-C. It goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
from clerk import Clerk
from small_night import NIGHT, begun, left_over, part_bytes, plan_of, quietly, recordings_in

from inspect_pipeline.errors import ModelError, StoreError
from inspect_pipeline.model import CallResult, Recording
from inspect_pipeline.night.plan import Inspect, Patience
from inspect_pipeline.store.calls import stored_results

DEAD = "killed its worker twice (a crash, too little memory, or no answer in time): listen to it by hand"
RUN = """
import sys
from pathlib import Path

sys.path.insert(0, {here!r})
from clerk import Clerk
from small_night import listed, plan_of, quietly

from inspect_pipeline.errors import InspectError

if __name__ == "__main__":
    folder = Path({folder!r})
    calls = listed(folder / "audio", [f"c-{{number:02d}}" for number in range(10)])
    try:
        quietly(plan_of(folder, calls, workers=2, factory=Clerk(folder / "diary", pace_s=0.15)))
    except InspectError as error:
        print(error)
        sys.exit(error.exit_code)
"""


@pytest.fixture
def running(tmp_path: Path, calls: list[Recording]) -> Iterator[subprocess.Popen[str]]:
    """Yield a run of the night that has begun its fifth call."""
    script = tmp_path / "run.py"
    script.write_text(RUN.format(here=str(Path(__file__).parent), folder=str(tmp_path)), encoding="utf-8")
    root = str(Path(__file__).parent.parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
        start_new_session=True,
    )
    diary = tmp_path / "diary"
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        if diary.exists() and len(diary.read_text(encoding="utf-8").split()) >= 5:
            break
        time.sleep(0.02)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def lives(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def undisturbed(tmp_path: Path, calls: list[Recording]) -> dict[str, bytes]:
    quietly(plan_of(tmp_path / "undisturbed", calls, factory=Clerk(tmp_path / "other-diary")))
    return part_bytes(tmp_path / "undisturbed" / "out")


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, calls: list[Recording], running: subprocess.Popen[str]):
    running.send_signal(signal.SIGKILL)
    running.wait()
    until = time.monotonic() + 30
    while lives(running.pid) and time.monotonic() < until:  # the workers end with their night
        time.sleep(0.02)
    before = Counter(begun(tmp_path))
    spooled = len(list((tmp_path / "out" / ".work" / f"night={NIGHT}" / "spool").glob("*.json")))
    stored = len(list((tmp_path / "out").rglob("calls/*/*.parquet")))
    assert spooled or stored
    summary = quietly(plan_of(tmp_path, calls, workers=2, factory=Clerk(tmp_path / "diary")))
    after = Counter(begun(tmp_path))
    assert (summary.calls, summary.inspected) == (10, 10)
    assert set(after.values()) == {1}
    twice = set(before) & set(after)
    assert len(twice) <= 2  # those in work when the run was killed
    assert part_bytes(tmp_path / "out") == undisturbed(tmp_path, calls)
    assert left_over(tmp_path / "out") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_how_to_go_on(
    tmp_path: Path, calls: list[Recording], running: subprocess.Popen[str], number: signal.Signals
):
    running.send_signal(number)
    told, _ = running.communicate(timeout=30)
    assert running.returncode == 3
    assert told.startswith(f"night {NIGHT}: stopped with ")
    assert told.endswith(" of 10 calls done: run the same command again to go on\n")
    assert not list((tmp_path / "out" / ".work" / f"night={NIGHT}" / "attempts").glob("*"))
    begun(tmp_path)
    assert quietly(plan_of(tmp_path, calls)).inspected == 10
    assert len(begun(tmp_path)) < 10
    assert part_bytes(tmp_path / "out") == undisturbed(tmp_path, calls)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_call_that_kills_its_worker_is_failed_and_the_others_go_on(
    tmp_path: Path, calls: list[Recording], workers: int
):
    night = [*calls, *recordings_in(tmp_path / "audio", {"b-kills": "kill"})]
    summary = quietly(plan_of(tmp_path, night, workers=workers))
    assert (summary.inspected, summary.failed) == (10, 1)
    assert [(one.call_id, one.error) for one in summary.failures] == [("b-kills", DEAD)]
    times = Counter(begun(tmp_path))
    assert times["b-kills"] in {2, 3}  # twice alone, and once before with others
    assert all(times[one.call_id] == 1 for one in calls)
    (note,) = (tmp_path / "out" / ".work" / f"night={NIGHT}" / "errors").iterdir()
    assert note.read_text(encoding="utf-8").count("its worker ended with exit code -9") == times["b-kills"]
    assert left_over(tmp_path / "out") == []


@dataclass(frozen=True)
class Ahead(Clerk):
    """Takes some calls before it inspects the first of them, as a GPU's listeners do, and writes down how many."""

    takes: int = 1000

    def __call__(self) -> Inspect:
        def inspect(recordings: Iterable[Recording]) -> Iterator[CallResult]:
            coming = iter(recordings)
            while taken := list(islice(coming, self.takes)):
                with self.diary.with_name("taken").open("a", encoding="utf-8") as taken_at_once:
                    taken_at_once.write(f"{len(taken)}\n")
                yield from map(self.inspect, taken)

        return inspect


def test_a_gpu_gets_all_calls_at_once(tmp_path: Path):
    """Its worker listens to the next calls while it recognises, which ends with each handful."""
    night = recordings_in(tmp_path / "audio", {f"c-{number:02d}": "您好" for number in range(40)})
    for gpus, most in ((), 16), (("0",), 40):
        folder = tmp_path / f"gpus-{len(gpus)}"
        quietly(plan_of(folder, night, gpus=gpus, factory=Ahead(folder / "diary")))
        handfuls = [int(line) for line in (folder / "taken").read_text(encoding="utf-8").split()]
        assert (max(handfuls), sum(handfuls)) == (most, 40)


def test_calls_that_were_not_begun_are_no_suspects(tmp_path: Path):
    said = {f"c-{number:02d}": "kill" if number == 20 else "您好" for number in range(40)}
    night = recordings_in(tmp_path / "audio", said)
    plan = plan_of(tmp_path, night, gpus=("0",), shard_size=64, factory=Ahead(tmp_path / "diary", takes=4))
    summary = quietly(plan)
    assert [(one.call_id, one.error) for one in summary.failures] == [("c-20", DEAD)]
    alone_or_four = Counter((tmp_path / "taken").read_text(encoding="utf-8").split())
    assert alone_or_four["1"] <= 4 + 1  # what was taken with the call that kills, and that once more
    notes = (tmp_path / "out" / ".work" / f"night={NIGHT}" / "errors").iterdir()
    assert 1 <= len(list(notes)) <= 4
    assert left_over(tmp_path / "out") == []


def test_a_gpu_that_fails_costs_no_other_call(tmp_path: Path):
    """After such an error its process hears nothing any more: it ends, and another goes on."""
    said = {f"c-{number:02d}": "lost" if number == 3 else "您好" for number in range(8)}
    night = recordings_in(tmp_path / "audio", said)
    summary = quietly(plan_of(tmp_path, night, gpus=("0",), factory=Ahead(tmp_path / "diary", takes=4)))
    assert (summary.inspected, [(one.call_id, one.error) for one in summary.failures]) == (7, [("c-03", DEAD)])
    (note,) = [
        text
        for path in (tmp_path / "out" / ".work" / f"night={NIGHT}" / "errors").iterdir()
        if "call c-03 " in (text := path.read_text(encoding="utf-8"))
    ]
    assert "(base/float16 failed on the GPU (CUDA failed with error unspecified launch failure))" in note


def test_a_call_that_hangs_is_given_up(tmp_path: Path, calls: list[Recording]):
    night = [*calls[:2], *recordings_in(tmp_path / "audio", {"b-hangs": "hang"})]
    patience = Patience(base_s=1.0, per_second=0.0)
    summary = quietly(plan_of(tmp_path, night, patience=patience))
    assert (summary.inspected, [one.error for one in summary.failures]) == (2, [DEAD])


def test_a_call_that_hangs_after_others_is_given_up_at_their_pace(tmp_path: Path):
    night = recordings_in(tmp_path / "audio", {f"c-{number:02d}": "您好" for number in range(40)} | {"z-hangs": "hang"})
    patience = Patience(base_s=1.0, per_second=3600.0)
    summary = quietly(plan_of(tmp_path, night, patience=patience, shard_size=64))
    assert (summary.inspected, [one.error for one in summary.failures]) == (40, [DEAD])


def test_a_missing_model_ends_the_night(tmp_path: Path, calls: list[Recording]):
    with pytest.raises(ModelError, match=r"base: model\.bin is missing: install it"):
        quietly(plan_of(tmp_path, calls, factory=Clerk(tmp_path / "diary", start="no-model")))
    assert quietly(plan_of(tmp_path, calls)).inspected == 10


def test_workers_that_die_while_they_load_end_the_night(tmp_path: Path, calls: list[Recording]):
    with pytest.raises(ModelError, match="exit code -9 while it loaded the models: use fewer --workers"):
        quietly(plan_of(tmp_path, calls, factory=Clerk(tmp_path / "diary", start="dies")))


def test_a_full_disk_stops_the_night_and_nothing_half_is_seen(tmp_path: Path, calls: list[Recording]):
    out = tmp_path / "out"
    out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(out)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    try:
        with pytest.raises(StoreError, match="No space left on device: free some space and run the same command"):
            quietly(plan_of(tmp_path, calls))
        done = len(begun(tmp_path))
        assert done > 0
        subprocess.run(["mount", "-o", "remount,size=8m", str(out)], check=True)
        assert quietly(plan_of(tmp_path, calls)).inspected == 10
        assert len(begun(tmp_path)) <= 10 - done + 1
        assert part_bytes(out) == undisturbed(tmp_path, calls)
        assert left_over(out) == []
    finally:
        subprocess.run(["umount", str(out)], check=True)


def test_workers_are_spread_over_the_gpus(tmp_path: Path, calls: list[Recording]):
    """Each worker sees one device only; four workers on two devices are two on each."""
    night = recordings_in(tmp_path / "audio", {f"g-{number}": "gpu" for number in range(12)})
    quietly(plan_of(tmp_path, night, workers=4, gpus=("0", "1"), factory=Clerk(tmp_path / "diary", pace_s=0.3)))
    seen = {one.error for one in stored_results(tmp_path / "out", NIGHT)}
    assert seen == {"device 0", "device 1"}
