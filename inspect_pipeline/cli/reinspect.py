"""`reinspect`: other rules over stored transcripts, without the recordings."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from inspect_pipeline.cli.options import config_option, out_option, with_options
from inspect_pipeline.config import Config
from inspect_pipeline.errors import UsageError


def read_dates(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the dates of `--night`, each once and in order."""
    for value in values:
        try:
            date.fromisoformat(value)
        except ValueError as error:
            raise click.BadParameter(f"'{value}' is not a date: write it as 2026-11-20") from error
    return tuple(sorted(set(values)))


@click.command()
@out_option
@click.option(
    "--night", "nights", multiple=True, callback=read_dates, metavar="DATE", help="Repeatable (default: all stored)."
)
@click.option(
    "--rules", multiple=True, required=True, metavar="PACK", help="A shipped pack's name or a file; repeatable."
)
@click.option("--workers", type=click.IntRange(1), help="Processes (default: one a core).")
@click.option("--json", "as_json", is_flag=True, help="Print the summaries as JSON.")
@config_option
def reinspect(
    out: Path | None,
    nights: tuple[str, ...],
    rules: tuple[str, ...],
    workers: int | None,
    as_json: bool,
    config: Config,
) -> None:
    """Judge stored nights again by other rules, from their transcripts.

    Findings, scores, risks and flags become what `run` with these rules would have made; utterances stay, and a later
    `run` with the same rules finds nothing to do. See first what would change with `rules diff`. Exits 3 when calls of
    a night had failed.
    """
    from inspect_pipeline.cli.run import show_summary
    from inspect_pipeline.night.reinspect import reinspect_night, reinspection_plan
    from inspect_pipeline.store.tables import stored_nights

    chosen = with_options(config, out, rules, None, workers)
    found = nights or tuple(stored_nights(chosen.out))
    if not found:
        raise UsageError(f"{chosen.out}: no night is stored here: run one first, or name another --out")
    summaries = []
    for night in found:
        plan, load = reinspection_plan(chosen, night)
        with judging_progress(night) as told:
            summaries.append(reinspect_night(plan, load, told))
        if not as_json:
            show_summary(summaries[-1], plan.out)
    if as_json:
        data = [dataclasses.asdict(summary) for summary in summaries]
        click.echo(json.dumps({"schema": 1, "result": data}, ensure_ascii=False))
    sys.exit(max(summary.exit_code for summary in summaries))


@contextmanager
def judging_progress(night: str) -> Iterator[Callable[[int, int], None]]:
    """Give the function that shows how many calls are judged; silent when stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(night, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
