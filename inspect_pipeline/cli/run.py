"""`run`: one night, from the recordings to the flags."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspect_pipeline.cli.main import PROGRAM
from inspect_pipeline.cli.options import config_option, model_option, out_option, rules_option, with_options
from inspect_pipeline.cli.scale import check_key, inspect, read_scale, scale_options, show_slice
from inspect_pipeline.cli.tables import aligned, wrapped
from inspect_pipeline.config import Config
from inspect_pipeline.errors import UsageError

if TYPE_CHECKING:
    from inspect_pipeline.night.told import NightSummary, NotInspected


def read_date(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | None:
    """Return the date of `--night`."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"'{value}' is not a date: write it as 2026-11-20") from error


@click.command()
@click.argument("source")
@out_option
@click.option("--night", callback=read_date, metavar="DATE", help="The night's date (default: that of the recordings).")
@rules_option
@model_option
@click.option("--workers", type=click.IntRange(1), help="Processes (default: one a core, or one a GPU).")
@click.option("--limit", type=click.IntRange(1), help="Only the first N calls by id, to try things out.")
@click.option("--retry-failed", is_flag=True, help="Try failed calls again although nothing changed.")
@click.option("--replace", is_flag=True, help="Drop stored calls of the night that SOURCE does not list.")
@scale_options
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@config_option
def run(
    source: str,
    out: Path | None,
    night: date | None,
    rules: tuple[str, ...],
    model: str | None,
    workers: int | None,
    limit: int | None,
    retry_failed: bool,
    replace: bool,
    engine: str,
    scheduler: str | None,
    shard: str | None,
    as_json: bool,
    config: Config,
) -> None:
    """Inspect a night of recordings: transcribe, judge, score, flag, and write the tables.

    SOURCE is a manifest (CSV, JSONL or Parquet) or a folder of recordings. Interrupted and started again, it goes on
    where it was. Exits 3 when some calls failed; their reasons are in the summary and in calls.error.
    """
    from inspect_pipeline.cli.progress import night_progress
    from inspect_pipeline.night.configured import configured_plan
    from inspect_pipeline.night.plan import choose_night
    from inspect_pipeline.night.told import SliceSummary
    from inspect_pipeline.speech.manifest import read_source

    scale = read_scale(engine, scheduler, shard, workers)
    check_key(scale, config)
    recordings = read_source(source)
    try:
        chosen = choose_night(recordings, night, datetime.now().astimezone().date())
    except UsageError as error:
        raise UsageError(f"{source}: {error}") from error
    plan = dataclasses.replace(
        configured_plan(with_options(config, out, rules, model, workers), recordings, chosen),
        limit=limit,
        retry_failed=retry_failed,
        replace=replace,
    )
    with night_progress() as progress:
        summary = inspect(plan, scale, progress)
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": dataclasses.asdict(summary)}, ensure_ascii=False))
    elif isinstance(summary, SliceSummary):
        show_slice(summary)
    else:
        show_summary(summary, plan.out)
    sys.exit(summary.exit_code)


def show_summary(summary: NightSummary, out: Path) -> None:
    """Print the account of the night, as the operator reads it at 2 a.m., and the next command to type."""
    rows = [[rule, *(str(verdicts[verdict] or "·") for verdict in COLUMNS)] for rule, verdicts in summary.rules.items()]
    if rows:
        head = ["rule", *(name.replace("_", " ") for name in COLUMNS)]
        click.echo(aligned(head, rows, right=range(1, len(head))) + "\n")
    where = "" if str(out) == "out" else f" --out {shlex.quote(str(out))}"
    rest = f"{PROGRAM} report night --night {summary.night} --all{where}"
    show_others("failed", summary.failures, rest, "red")
    show_others("skipped", summary.skips, rest, None)
    # the account comes last: a terminal of 24 lines shows the end
    state = f"PARTIAL, {counted(summary.failed, 'call')} failed" if summary.failed else "complete"
    click.secho(f"Night {summary.night}: {state}", bold=True, fg="red" if summary.failed else "green")
    lines = [
        f"{counted(summary.calls, 'call')} in = {summary.inspected:,} inspected + {summary.failed:,} failed "
        f"+ {summary.skipped:,} skipped",
        spoken(summary),
        "risk: " + ", ".join(f"{count:,} {risk}" for risk, count in summary.risks.items()),
        heard(summary),
    ]
    click.echo("\n".join(wrapped(line, indent=4, first=2) for line in lines))
    if summary.failed:
        click.echo("Mend what failed and run the same command again: what is done is kept.")
    click.echo(f"Tables are in {out}. Next:\n  {PROGRAM} review next{where}")


def show_others(name: str, calls: Sequence[NotInspected], rest: str, colour: str | None) -> None:
    """Print the calls that were not inspected and why; of many, the first, and the command that lists the `rest`."""
    for one in calls[:SHOWN]:
        click.secho(wrapped(f"{name}: {one.call_id}: {one.error}", indent=4, first=0), fg=colour)
    if len(calls) > SHOWN:
        click.echo(wrapped(f"{name}: {len(calls) - SHOWN} more: {rest}", indent=4, first=0))
    if calls:
        click.echo()


COLUMNS = ("violated", "noticed", "met", "uncertain", "not_applicable")
SHOWN = 10


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: 1 call, 2 calls."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def heard(summary: NightSummary) -> str:
    """Return how many calls a person must hear, and why, the gravest reason first."""
    from inspect_pipeline.triage.sample import ListenReason

    text = f"{counted(summary.flagged, 'call')} to hear"
    counts = [(reason, summary.flag_reasons.get(reason, 0)) for reason in ListenReason]
    names = {ListenReason.CLEAN: "random"}
    reasons = ", ".join(f"{count:,} {names.get(reason, reason.replace('-', ' '))}" for reason, count in counts if count)
    if not reasons:
        return text
    several = sum(summary.flag_reasons.values()) > summary.flagged
    return f"{text}: {reasons}" + (" (a call may have several reasons)" if several else "")


def spoken(summary: NightSummary) -> str:
    """Return how much audio there was and how fast it went."""
    from inspect_pipeline.wording import clock

    hours = summary.audio_s / 3600
    audio = f"{hours:,.1f} h of audio" if hours >= 1 else f"{summary.audio_s / 60:.1f} min of audio"
    if not summary.fresh:
        return f"{audio}; nothing was left to do"
    speed = summary.audio_s / summary.elapsed_s if summary.elapsed_s else 0.0
    kept = summary.calls - summary.fresh
    earlier = f"; {counted(kept, 'call')} done before" if kept else f", {speed:.0f} x real time"
    return f"{audio} in {clock(summary.elapsed_s)} with {counted(summary.workers, 'worker')}{earlier}"
