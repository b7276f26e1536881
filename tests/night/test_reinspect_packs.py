"""The real rules over stored transcripts: the tables are those of a run with the same rules."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner, Result
from dialogues import NIGHT, config_of, dialogue_plan, write_pack, write_several
from small_night import part_bytes, quietly

from inspect_pipeline.cli.main import cli
from inspect_pipeline.night.reinspect import reinspect_night, reinspection_plan


def typed(folder: Path, *words: str) -> Result:
    """Type a command."""
    return CliRunner(env={"INSPECT_KEY_FILE": str(folder / "customer.key")}).invoke(cli, list(words))


def again(out: Path, pack: str, workers: int = 1) -> None:
    plan, load = reinspection_plan(config_of(out, pack), NIGHT)
    reinspect_night(replace(plan, workers=workers), load, lambda _done, _total: None)


def test_the_same_pack_gives_the_same_bytes_and_another_pack_those_of_a_run_with_it(tmp_path: Path) -> None:
    several, small = write_several(tmp_path), write_pack(tmp_path, "[再见, 祝您生活愉快]")
    first, second = tmp_path / "first", tmp_path / "second"
    quietly(dialogue_plan(first, several))
    quietly(dialogue_plan(second, small))
    by_several, by_small = part_bytes(first), part_bytes(second)
    assert len([name for name in by_several if name.startswith("findings/")]) > 2
    again(first, several)
    assert part_bytes(first) == by_several
    again(first, small, workers=2)
    assert part_bytes(first) == by_small
    again(second, several)
    assert part_bytes(second) == by_several
    assert quietly(dialogue_plan(second, several)).fresh == 0
    assert part_bytes(second) == by_several


def test_the_command_judges_all_nights_and_says_what_came_of_it(tmp_path: Path) -> None:
    out, small = tmp_path / "out", write_pack(tmp_path, "[再见]")
    quietly(dialogue_plan(out, write_pack(tmp_path, "[祝您生活愉快]")))
    done = typed(tmp_path, "reinspect", "--out", str(out), "--rules", small, "--workers", "1", "--json")
    assert done.exit_code == 0, done.output
    (summary,) = json.loads(done.stdout)["result"]
    assert (summary["night"], summary["failed"]) == (NIGHT, 0)
    assert summary["calls"] == summary["inspected"] == sum(summary["rules"]["closing.farewell"].values())
    shown = typed(tmp_path, "reinspect", "--out", str(out), "--night", NIGHT, "--rules", small)
    assert f"Night {NIGHT}: complete" in shown.stdout


def test_a_place_without_nights_is_named(tmp_path: Path) -> None:
    done = typed(tmp_path, "reinspect", "--out", str(tmp_path), "--rules", "telecom-cn")
    assert f"{tmp_path}: no night is stored here" in str(done.exception)
