"""`run` past one machine: its options for a Dask cluster and for slices, and the account of a slice."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from inspect_pipeline.config import Config
from inspect_pipeline.errors import UsageError

if TYPE_CHECKING:
    from inspect_pipeline.cli.options import Decorated
    from inspect_pipeline.night.plan import NightPlan
    from inspect_pipeline.night.told import NightSummary, Progress, SliceSummary


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a night is worked on. `part`: the slice as (index, of)."""

    engine: str
    scheduler: str | None
    part: tuple[int, int] | None


def scale_options(command: Decorated) -> Decorated:
    """Add `--engine`, `--scheduler` and `--shard`."""
    for option in (
        click.option("--shard", metavar="I/N", help="Only slice I of N, counted from 0; a last run draws the flags."),
        click.option("--scheduler", metavar="ADDRESS", help="The Dask scheduler: tcp://host:8786."),
        click.option(
            "--engine", type=click.Choice(["local", "dask"]), default="local", help="Who works (default local)."
        ),
    ):
        command = option(command)
    return command


def read_scale(engine: str, scheduler: str | None, shard: str | None, workers: int | None) -> Scale:
    """Return what the options mean together. Raises UsageError."""
    if engine == "dask" and not scheduler:
        raise UsageError("--engine dask needs --scheduler tcp://host:8786")
    if scheduler and engine != "dask":
        raise UsageError("--scheduler is for --engine dask: add it, or leave --scheduler out")
    if engine == "dask" and (shard or workers):
        other = "--shard" if shard else "--workers"
        raise UsageError(f"{other} does not go with --engine dask: its scheduler hands out the shards to its workers")
    if engine == "dask" and importlib.util.find_spec("distributed") is None:
        raise UsageError("--engine dask needs Dask: pip install 'inspect-pipeline[cluster]'")
    if shard is None:
        return Scale(engine, scheduler, None)
    written = re.fullmatch(r"(\d{1,6})/(\d{1,6})", shard)
    if written is None:
        raise UsageError(f"--shard '{shard}' is not a slice: write it as 0/8 for the first of eight")
    return Scale(engine, scheduler, (int(written[1]), int(written[2])))


def check_key(scale: Scale, config: Config) -> None:
    """Raise UsageError when a slice would make a customer key of its own: no other machine would have it."""
    from inspect_pipeline.privacy import default_key_path

    if scale.part is not None and not (config.privacy.key_file or default_key_path()).exists():
        raise UsageError(
            "--shard needs the customer key that all slices share: make one (openssl rand -hex 32 > customer.key) "
            "and name it with INSPECT_KEY_FILE on every machine"
        )


def inspect(plan: NightPlan, scale: Scale, progress: Callable[[Progress], None]) -> NightSummary | SliceSummary:
    """Run the night, or its slice, where it is to be worked on."""
    from inspect_pipeline.night.plan import Slice
    from inspect_pipeline.night.run import run_night, run_slice

    if scale.part is not None:
        return run_slice(plan, Slice(*scale.part), progress)
    if scale.scheduler is None:
        return run_night(plan, progress)
    from inspect_pipeline.night.cluster import DaskCluster

    here = dataclasses.replace(plan, out=plan.out.absolute())  # the workers have other working folders
    return run_night(here, progress, DaskCluster(scale.scheduler))


def show_slice(summary: SliceSummary) -> None:
    """Print the account of a slice."""
    for one in summary.failures:
        click.secho(f"failed: {one.call_id}: {one.error}", fg="red")
    click.echo(
        f"Night {summary.night}, slice {summary.index}/{summary.of}, {summary.shards:,} shards: "
        f"{summary.calls:,} calls in = {summary.inspected:,} inspected + {summary.failed:,} failed "
        f"+ {summary.skipped:,} skipped"
    )
    click.echo("When all slices are done, run the same command without --shard: it draws the flags.")
