"""`review plan`: what the sampling plan would draw, before the night."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from inspect_pipeline.cli.options import config_option, lang_option, out_option, rules_option
from inspect_pipeline.config import Config


@click.command("plan")
@out_option
@click.option(
    "--night",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="A stored night, or one to come (default: the next, as the latest stored one makes it likely).",
)
@rules_option
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
@lang_option
@config_option
def plan(
    out: Path | None, night: datetime | None, rules: tuple[str, ...], as_json: bool, lang: str | None, config: Config
) -> None:
    """Show which calls [sampling] of inspect.toml would draw, and why.

    Of a stored night these are its own calls; for a night to come the latest stored one is looked at. Nothing is
    drawn and nothing is changed.
    """
    from inspect_pipeline.night.configured import sampling_plan
    from inspect_pipeline.report.plan import plan_forecast
    from inspect_pipeline.report.plan_lines import plan_lines
    from inspect_pipeline.rulebook.load import load_packs, pack_path

    packs = load_packs([pack_path(name) for name in rules or config.rules.packs])
    known = {rule.id: rule for pack in packs for rule in pack.rules}
    date = None if night is None else f"{night:%Y-%m-%d}"
    fingerprints = {rule_id: rule.fingerprint for rule_id, rule in known.items()}
    share = config.review.second_share
    found = plan_forecast(out or config.out, sampling_plan(config), date, fingerprints, share)
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": asdict(found)}, ensure_ascii=False, indent=2))
    else:
        titles = {rule_id: rule.title for rule_id, rule in known.items()}
        click.echo("\n".join(plan_lines(found, titles, lang or config.lang)))
