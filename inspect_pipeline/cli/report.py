"""`inspect-pipeline report`: numbers for managers and operators."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from inspect_pipeline.cli import quality
from inspect_pipeline.cli.options import config_option, lang_option, out_option, rules_option
from inspect_pipeline.config import Config
from inspect_pipeline.errors import InspectError


@click.group()
def report() -> None:
    """Numbers of what was inspected."""


report.add_command(quality.rules)
report.add_command(quality.reviewers)


@report.command("night")
@out_option
@click.option("--night", metavar="DATE", help="The night (default: the latest).")
@click.option("--all", "everything", is_flag=True, help="List every failed and skipped call, not the first 20.")
@rules_option
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
@lang_option
@config_option
def night_command(
    out: Path | None,
    night: str | None,
    everything: bool,
    rules: tuple[str, ...],
    as_json: bool,
    lang: str | None,
    config: Config,
) -> None:
    """Show what a night holds: calls, scores, risks, violations with one quote each, what a person must hear."""
    from inspect_pipeline.report.night import night_report
    from inspect_pipeline.report.render import night_lines

    numbers = night_report(out or config.out, night)
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": asdict(numbers)}, ensure_ascii=False, indent=2))
    else:
        titles = known_titles(rules or config.rules.packs)
        click.echo("\n".join(night_lines(numbers, titles, lang or config.lang, everything)))


def known_titles(packs: tuple[str, ...]) -> dict[str, str]:
    """Return the rules' titles; a pack that cannot be read is told, and its rules go by their ids."""
    from inspect_pipeline.report.titles import rule_titles

    try:
        return rule_titles(packs)
    except InspectError as error:
        click.echo(f"warning: rules are shown by their ids: {error}", err=True)
        return {}
