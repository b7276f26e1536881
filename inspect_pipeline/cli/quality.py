"""`report rules` and `report reviewers`: how good the rules are, and how far reviewers agree."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from inspect_pipeline.cli.options import Decorated, config_option, lang_option, out_option, rules_option
from inspect_pipeline.config import Config


def between_options(command: Decorated) -> Decorated:
    """Add `--from DATE --to DATE`, the first and the last night."""
    date = click.DateTime(["%Y-%m-%d"])
    first = click.option("--from", "first", type=date, metavar="DATE", help="First night (default: the earliest).")
    last = click.option("--to", "last", type=date, metavar="DATE", help="Last night (default: the latest).")
    return first(last(command))


def night(moment: datetime | None) -> str | None:
    """Return a given date as the tables name their nights."""
    return None if moment is None else f"{moment:%Y-%m-%d}"


@click.command("rules")
@out_option
@between_options
@rules_option
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
@lang_option
@config_option
def rules(
    out: Path | None,
    first: datetime | None,
    last: datetime | None,
    rules: tuple[str, ...],
    as_json: bool,
    lang: str | None,
    config: Config,
) -> None:
    """Show precision and recall of each rule, as measured by review.

    Weighted by the probability with which each call was drawn, with 95 % intervals, week by week. A number that rests
    on too few reviews is not given; reviews of an older wording are shown apart.
    """
    from inspect_pipeline.cli.report import known_titles
    from inspect_pipeline.report.quality import quality_report
    from inspect_pipeline.report.quality_lines import quality_lines
    from inspect_pipeline.review.appeals import appeals_of, overturned
    from inspect_pipeline.review.database import open_reviews
    from inspect_pipeline.review.decisions import history

    place = out or config.out
    database = open_reviews(place, config.review.database)
    made, appeals = history(database), overturned(appeals_of(database))
    found = quality_report(place, made, appeals, night(first), night(last))
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": asdict(found)}, ensure_ascii=False, indent=2))
    else:
        titles = known_titles(rules or config.rules.packs)
        click.echo("\n".join(quality_lines(found, titles, lang or config.lang)))


@click.command("reviewers")
@out_option
@between_options
@rules_option
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
@lang_option
@config_option
def reviewers(
    out: Path | None,
    first: datetime | None,
    last: datetime | None,
    rules: tuple[str, ...],
    as_json: bool,
    lang: str | None,
    config: Config,
) -> None:
    """Show what reviewers did and how far they agree.

    Raw agreement, Cohen's kappa, Gwet's AC1, Krippendorff's alpha and agreement on violations, of the calls that two
    people heard blind: altogether, two by two, rule by rule.
    """
    from inspect_pipeline.cli.report import known_titles
    from inspect_pipeline.report.quality import chosen_nights
    from inspect_pipeline.report.quality_lines import reviewers_lines
    from inspect_pipeline.report.reviewers import reviewers_report
    from inspect_pipeline.review.database import open_reviews
    from inspect_pipeline.review.decisions import history

    place = out or config.out
    nights = chosen_nights(place, night(first), night(last))
    found = reviewers_report(history(open_reviews(place, config.review.database)), nights)
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": asdict(found)}, ensure_ascii=False, indent=2))
    else:
        titles = known_titles(rules or config.rules.packs)
        click.echo("\n".join(reviewers_lines(found, nights, titles, lang or config.lang)))
