"""`run`: one night, from the recordings to the flags."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspect_pipeline.cli.options import config_option, model_option, out_option, rules_option, with_options
from inspect_pipeline.cli.tables import aligned
from inspect_pipeline.config import Config

if TYPE_CHECKING:
    from inspect_pipeline.night.told import NightSummary


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
    from inspect_pipeline.night.run import run_night
    from inspect_pipeline.speech.manifest import read_source

    recordings = read_source(source)
    chosen = choose_night(recordings, night, datetime.now().astimezone().date())
    plan = dataclasses.replace(
        configured_plan(with_options(config, out, rules, model, workers), recordings, chosen),
        limit=limit,
        retry_failed=retry_failed,
        replace=replace,
    )
    with night_progress() as progress:
        summary = run_night(plan, progress)
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": dataclasses.asdict(summary)}, ensure_ascii=False))
    else:
        show_summary(summary, plan.out, source)
    sys.exit(summary.exit_code)


def show_summary(summary: NightSummary, out: Path, source: str) -> None:
    """Print the account of the night, as the operator reads it at 2 a.m., and the next command to type."""
    click.secho(f"Night {summary.night}: {'complete' if not summary.failed else 'PARTIAL'}", bold=True)
    counts = f"{summary.calls} calls in = {summary.inspected} inspected + {summary.failed} failed"
    click.echo(f"  {counts} + {summary.skipped} skipped")
    click.echo(f"  {spoken(summary)}")
    risks = ", ".join(f"{count} {risk}" for risk, count in summary.risks.items())
    click.echo(f"  risk: {risks}")
    reasons = ", ".join(f"{count} {reason}" for reason, count in summary.flag_reasons.items()) or "none"
    click.echo(f"  {summary.flagged} calls to hear: {reasons}")
    rows = [[rule, *(str(verdicts[verdict] or "·") for verdict in COLUMNS)] for rule, verdicts in summary.rules.items()]
    if rows:
        click.echo()
        click.echo(aligned(["rule", *(name.replace("_", " ") for name in COLUMNS)], rows))
    for name, calls in (("failed", summary.failures), ("skipped", summary.skips)):
        for one in calls[:SHOWN]:
            click.secho(f"{name}: {one.call_id}: {one.error}", fg="red" if name == "failed" else None)
        if len(calls) > SHOWN:
            click.echo(f"{name}: and {len(calls) - SHOWN} more: inspect-pipeline report night --night {summary.night}")
    click.echo()
    if summary.failed:
        click.echo(f"Mend the recordings and type again: inspect-pipeline run {source} --out {out}")
    where = "" if str(out) == "out" else f" --out {out}"
    click.echo(f"Tables are in {out}. Next: inspect-pipeline review next{where}")


COLUMNS = ("violated", "noticed", "met", "uncertain", "not_applicable")
SHOWN = 10


def spoken(summary: NightSummary) -> str:
    """Return how much audio there was and how fast it went."""
    from inspect_pipeline.wording import clock

    audio = f"{summary.audio_s / 3600:.2f} h of audio"
    if not summary.fresh:
        return f"{audio}; nothing was left to do"
    speed = summary.audio_s / summary.elapsed_s if summary.elapsed_s else 0.0
    kept = summary.calls - summary.fresh
    earlier = f" ({kept} calls were done before)" if kept else f", {speed:.0f} x real time"
    return f"{audio} in {clock(summary.elapsed_s)} with {summary.workers} workers{earlier}"
