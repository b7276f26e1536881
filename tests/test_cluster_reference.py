"""docs/cluster.md and docs/sizing.md: the manifests parse, every command line works, the arithmetic is right."""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from inspect_pipeline.cli.main import cli

DOCS = Path(__file__).parent.parent / "docs"
CLUSTER = (DOCS / "cluster.md").read_text(encoding="utf-8")
SIZING = (DOCS / "sizing.md").read_text(encoding="utf-8")
CALLS, CHANNEL_HOURS, WINDOW_H = 190_000, 19_000, 8


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", CLUSTER, re.DOTALL)


def jobs() -> list[dict[str, Any]]:
    return [yaml.safe_load(block) for block in blocks("yaml")]


def commands() -> list[str]:
    """Return every inspect-pipeline command line of the page."""
    shells = [re.sub(r"\\\n", " ", block) for block in blocks("sh")]
    lines = [line for block in shells for line in block.splitlines() if not line.startswith("pip ")]
    for job in jobs():
        (container,) = job["spec"]["template"]["spec"]["containers"]
        lines.append(" ".join([*container["command"], *container.get("args", [])]))
    found = [re.search(r"inspect-pipeline (run|report)\b.*", line) for line in lines]
    return [match[0].strip().rstrip('"') if match[0].count('"') % 2 else match[0] for match in found if match]


@pytest.mark.parametrize("command", commands())
def test_command_lines_are_understood(command: str) -> None:
    """All options exist and their values are of the right kind; the command is not run."""
    words = [re.sub(r"\$\w+", "3", word) for word in shlex.split(command, comments=True)][1:]
    name, *rest = words
    group = cli.get_command(None, name)  # type: ignore[arg-type]
    assert group is not None
    if name == "report":
        assert rest[:1] == ["night"]
        return
    context = group.make_context(
        name, [word for word in rest if not word.startswith("s3://")] or ["x"], resilient_parsing=True
    )
    options = {option for parameter in group.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options
    assert context.params["engine"] in {"local", "dask"}


def test_there_are_command_lines() -> None:
    assert len(commands()) == 7
    assert sum("--shard" in command for command in commands()) == 2


def test_the_slices_of_the_job_are_its_completions() -> None:
    slices, finish = jobs()
    assert slices["kind"] == finish["kind"] == "Job"
    spec = slices["spec"]
    assert spec["completionMode"] == "Indexed"
    (container,) = spec["template"]["spec"]["containers"]
    assert f'--shard "$JOB_COMPLETION_INDEX/{spec["completions"]}"' in container["args"][0]
    assert f"--workers {container['resources']['limits']['cpu']} " in container["args"][0]
    assert finish["spec"]["template"]["spec"]["containers"][0]["image"] == container["image"]


def test_the_array_counts_from_0() -> None:
    (script,) = [block for block in blocks("sh") if "#SBATCH" in block]
    assert "--array=0-31" in script
    assert "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" in script


def rows(first: str) -> list[list[str]]:
    """Return the rows of the table whose head begins with `first`."""
    lines = SIZING[SIZING.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_hours_and_machines() -> None:
    for engine, ratio, hours, units, spare, for_1000 in rows("engine"):
        expected = CHANNEL_HOURS / float(ratio)
        assert (engine, hours) == (engine, f"{expected:.1f}")
        assert (int(units), int(spare)) == (math.ceil(expected / WINDOW_H), math.ceil(expected / WINDOW_H * 1.2))
        assert for_1000 == f"{expected / CALLS * 1000:.2f}"


def test_money_and_storage() -> None:
    per_1000 = CHANNEL_HOURS / 48 / CALLS * 1000
    assert f"{per_1000 * 0.3:.2f} yuan for 1,000 calls and {CHANNEL_HOURS / 48 * 0.3:.0f} yuan a night" in SIZING
    assert f"{per_1000 * 0.3 / (CHANNEL_HOURS / 500 / CALLS * 1000):.2f} yuan an\nhour" in SIZING
    seconds = 9_500 * 3600
    table = {row[0]: row for row in rows("what")}
    stereo = table["recordings, two channels, G.711"]
    assert stereo[2:] == [f"{seconds * 16e3 / 1e9:.0f} GB", f"{seconds * 16e3 * 30 / 1e12:.1f} TB"]
    mono = table["recordings, one channel, 16 kbit/s"]
    assert mono[2:] == [f"{seconds * 2e3 / 1e9:.0f} GB", f"{seconds * 2e3 * 30 / 1e12:.1f} TB"]
    low, high = CALLS * 1.8e3 / 1e9, CALLS * 4.4e3 / 1e9
    assert table["tables"][2:] == [f"{low:.1f} to {high:.1f} GB", f"{low * 30:.0f} to {high * 30:.0f} GB"]
