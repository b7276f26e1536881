"""A night of real recordings that is stopped, then killed, then finished: the tables of an undisturbed night."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typed_commands import BAD, environment, started

NIGHT = "2026-11-20"
SOUNDS = ["good-complaint", "good-noisy", "same-channels"]
CALLS = [f"c-{number:02d}" for number in range(18)]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Short calls, three sounds under six names each."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number, name in enumerate(CALLS):
        shutil.copy2(BAD / "calls" / f"{SOUNDS[number % len(SOUNDS)]}.wav", folder / f"{name}.wav")
    return folder


class Runs:
    """Runs of one night in one folder, by hand and by accident."""

    def __init__(self, folder: Path, recordings: Path) -> None:
        self.out = folder / "out"
        self.folder = folder
        self.env = environment(folder / "data", INSPECT_SHARD_SIZE="2")
        self.args: list[object] = ["run", recordings, "--out", self.out, "--night", NIGHT, "--workers", "2"]

    def finished(self) -> int:
        """How many calls are safe on disk."""
        spooled = len(list((self.out / ".work" / f"night={NIGHT}" / "spool").glob("*.json")))
        return spooled + sum(pq.read_metadata(part).num_rows for part in self.out.glob("calls/*/*.parquet"))

    def disturbed(self, number: signal.Signals, done: int) -> subprocess.Popen[str]:
        """Run, and send a signal when so many calls are done."""
        process = started(self.args, self.folder, self.env)
        until = time.monotonic() + 120
        while self.finished() < done and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(number)
        return process

    def to_the_end(self) -> tuple[int, str]:
        process = started(self.args, self.folder, self.env)
        out, err = process.communicate(timeout=240)
        assert err == ""
        return process.returncode, out

    def parts(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes()
            for path in sorted(self.out.rglob("*.parquet"))
            if ".work" not in path.parts
        }


def test_stopped_killed_and_finished(tmp_path: Path, recordings: Path) -> None:
    runs = Runs(tmp_path, recordings)

    stopped = runs.disturbed(signal.SIGINT, 1)
    out, err = stopped.communicate(timeout=60)
    assert (stopped.returncode, out) == (3, "")
    assert re.fullmatch(
        rf"night {NIGHT}: stopped with [0-9]+ of 18 calls done: run the same command again to go on\n", err
    )
    first = runs.finished()

    killed = runs.disturbed(signal.SIGKILL, first + 1)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    time.sleep(0.5)  # the workers end with their night
    second = runs.finished()
    assert 1 <= first < second

    code, told = runs.to_the_end()
    assert code == 0, told
    assert "18 calls in = 18 inspected + 0 failed + 0 skipped" in told
    kept = re.search(r"; (\d+) calls? done before", told)
    assert "nothing was left to do" in told or (kept and first <= int(kept[1]) < 18)

    calls = [row["call_id"] for part in sorted(runs.out.glob("calls/*/*.parquet")) for row in
             pq.read_table(part, columns=["call_id"]).to_pylist()]  # fmt: skip
    assert sorted(calls) == CALLS
    assert not list((runs.out / ".work").rglob("spool/*.json"))

    # the same command once more has nothing to do and changes nothing
    before = runs.parts()
    code, told = runs.to_the_end()
    assert code == 0, told
    assert "nothing was left to do" in told
    assert runs.parts() == before

    os.rename(runs.out, tmp_path / "disturbed")  # noqa: PTH104
    code, told = runs.to_the_end()
    assert code == 0, told
    assert runs.parts() == before
