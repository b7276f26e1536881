"""The bench of transcription runs, on a real call with the real model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from sounds import CALLS

from inspect_pipeline.speech.packaged import packaged_parts

ROOT = CALLS.parents[1]
CALL = "dev-14-noisy-rude"
needs_packages = pytest.mark.skipif(packaged_parts() is None, reason="the packages of the extra 'offline' are needed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One short call, its line of the manifest and its truth."""
    for name in (f"{CALL}.wav", f"{CALL}.json"):
        shutil.copy(CALLS / name, tmp_path)
    head, *lines = (CALLS / "manifest.csv").read_text(encoding="utf-8").splitlines()
    (line,) = [each for each in lines if each.startswith(CALL)]
    (tmp_path / "manifest.csv").write_text(f"{head}\n{line}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`bench/transcribe.py`, imported as it is when it runs."""
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    import transcribe

    return transcribe


@needs_packages
def test_sides_are_compared(bench: ModuleType, folder: Path) -> None:
    options = bench.options_of([str(folder), "--rounds", "1", "--sides", "ours,sequential", "--processes", "1"])
    result = bench.compare(options, bench.this_machine("base"), bench.known_calls(folder, None))
    assert (result["calls"], result["channel_seconds"], result["left_out"]) == (1, pytest.approx(46.3, abs=0.1), {})
    assert list(result["sides"]) == ["ours", "sequential"]
    ours, sequential = result["sides"].values()
    assert sequential["times_sequential"] == 1
    assert ours["times_sequential"] > 0
    assert ours["times_sequential_cpu"] > 0
    assert list(ours["warm_up"]) == ["1 x 1"]
    for side in (ours, sequential):
        assert side["channel_s_a_second"] > 0
        assert 0 < side["cer"] < 0.5
        assert 50 < side["peak_mb"] < 2000
    assert ours["turns_right"] > 0.5
    head, titles, *rows = bench.table(json.loads(json.dumps(result)))
    assert head.startswith("calls 1  channel_seconds 46.")
    assert " ".join(titles.split()) == (
        "side processes x threads ch-s/s min-max x sequential ch-s/CPU-s x sequential CER turns right peak MB"
    )
    assert [row.split()[0] for row in rows[:2]] == ["ours", "sequential"]
    assert rows[0].split()[-3:] == [f"{ours['cer']:.3f}", f"{ours['turns_right']:.2f}", str(ours["peak_mb"])]


@needs_packages
def test_feeding_is_measured_beside_the_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    import feeding

    result = feeding.measure(feeding.options_of([str(folder), "--rounds", "1", "--listeners", "0,2"]))
    assert (result["calls"], result["channel_seconds"]) == (1, pytest.approx(46.3, abs=0.1))
    assert [row["listeners"] for row in result["feeding"]] == [0, 2]
    for row in result["feeding"]:
        assert row["times_model"] == pytest.approx(row["ch_s_a_second"] / result["model_ch_s_a_second"])
    head, model, titles, *rows = feeding.table(json.loads(json.dumps(result)))
    assert head.startswith("calls 1  channel_seconds 46.")
    assert model.startswith("base/")
    assert (titles.split()[0], [row.split()[0] for row in rows]) == ("listeners", ["0", "2"])
