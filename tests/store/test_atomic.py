"""A file is there whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspect_pipeline.errors import StoreError
from inspect_pipeline.store.atomic import make_folder, write_file


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a file system of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_the_old_file(small_disk: Path):
    target = small_disk / "calls" / "part-0000.parquet"
    write_file(target, b"old", small_disk / ".work")
    with pytest.raises(StoreError) as caught:
        write_file(target, b"x" * 200_000, small_disk / ".work")
    assert str(caught.value) == (
        f"{target}: cannot write: No space left on device: free some space and run the same command again"
    )
    assert target.read_bytes() == b"old"
    assert list((small_disk / ".work").iterdir()) == []


def test_a_disk_that_fills_while_it_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        write_file(tmp_path / "t" / "file", b"new", tmp_path / ".work")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_in_the_way_is_named(tmp_path: Path):
    (tmp_path / "out").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match=r"out/calls: cannot write: .*: a file is where a folder should be"):
        make_folder(tmp_path / "out" / "calls")


def test_a_folder_that_cannot_be_written(tmp_path: Path):
    with pytest.raises(StoreError, match="/proc/none: cannot write: "):
        make_folder(Path("/proc/none"))
