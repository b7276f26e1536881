"""`run` past one machine: what its options refuse, and how a slice accounts for itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from typed_commands import CALLS, Typed

SLICES = ["--night", "2026-11-20", "--out", "out", "--limit", "1"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--engine", "dask"], "--engine dask needs --scheduler tcp://host:8786"),
        (["--scheduler", "tcp://h:1"], "--scheduler is for --engine dask: add it, or leave --scheduler out"),
        (
            ["--engine", "dask", "--scheduler", "tcp://h:1", "--shard", "0/2"],
            "--shard does not go with --engine dask: its scheduler hands out the shards to its workers",
        ),
        (
            ["--engine", "dask", "--scheduler", "tcp://h:1", "--workers", "2"],
            "--workers does not go with --engine dask: its scheduler hands out the shards to its workers",
        ),
        (["--shard", "1of2"], "--shard '1of2' is not a slice: write it as 0/8 for the first of eight"),
    ],
)
def test_options_that_do_not_fit_together(typed: Typed, options: list[str], told: str):
    done = typed("run", CALLS, *options)
    assert (done.code, done.out, done.err) == (2, "", f"error: {told}\n")


def test_slices_are_counted_from_0(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "customer.key").write_text("ab" * 32, encoding="ascii")
    monkeypatch.setenv("INSPECT_KEY_FILE", str(tmp_path / "customer.key"))
    done = typed("run", CALLS, *SLICES, "--shard", "2/2")
    assert (done.code, done.err) == (2, "error: --shard 2/2: slices are counted from 0: 0/2 to 1/2\n")


def test_a_slice_makes_no_customer_key_of_its_own(typed: Typed):
    done = typed("run", CALLS, *SLICES, "--shard", "0/2")
    assert done.code == 2
    assert done.err.startswith("error: --shard needs the customer key that all slices share: make one (openssl rand")


def test_a_slice_accounts_for_itself(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A failed call does not fail the slice, or a scheduler would repeat it: the last run tells of it and exits 3."""
    (tmp_path / "customer.key").write_text("ab" * 32, encoding="ascii")
    monkeypatch.setenv("INSPECT_KEY_FILE", str(tmp_path / "customer.key"))
    (tmp_path / "night.csv").write_text("call_id,path\nc-1,gone.wav\n", encoding="utf-8")
    command = ["run", "night.csv", "--night", "2026-11-20"]
    done = typed(*command, "--shard", "0/2")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("failed: c-1: ")
    assert done.out.endswith(
        "Night 2026-11-20, slice 0/2, 1 shards: 1 calls in = 0 inspected + 1 failed + 0 skipped\n"
        "When all slices are done, run the same command without --shard: it draws the flags.\n"
    )
    assert typed(*command, "--shard", "1/2").out.startswith("Night 2026-11-20, slice 1/2, 0 shards: 0 calls in")
    assert typed(*command).code == 3
