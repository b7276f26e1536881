"""`rules diff`: what another pack would change in stored nights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspect_pipeline.cli.options import config_option, lang_option, out_option, with_options
from inspect_pipeline.cli.reinspect import judging_progress, read_dates
from inspect_pipeline.cli.tables import aligned, wrapped
from inspect_pipeline.config import Config
from inspect_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inspect_pipeline.report.difference import Difference
    from inspect_pipeline.report.labels import Labels

SHOWN = 5  # flips a rule without --all


@click.command("diff")
@click.argument("old")
@click.argument("new")
@out_option
@click.option(
    "--night", "nights", multiple=True, callback=read_dates, metavar="DATE", help="Repeatable (default: all stored)."
)
@click.option("--workers", type=click.IntRange(1), help="Processes (default: one a core, fewer for few calls).")
@click.option("--all", "everything", is_flag=True, help="List every call that is answered otherwise.")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@config_option
def diff(
    old: str,
    new: str,
    out: Path | None,
    nights: tuple[str, ...],
    workers: int | None,
    everything: bool,
    lang: str | None,
    as_json: bool,
    config: Config,
) -> None:
    """Show which calls of stored nights the pack NEW answers otherwise than OLD, and what reviewers said of them.

    Only rules whose meaning differs are judged; nothing is changed. Take the new pack over with `reinspect`.
    """
    from inspect_pipeline.report.diff import compare
    from inspect_pipeline.report.diffview import data_of
    from inspect_pipeline.rulebook.load import load_packs, pack_path
    from inspect_pipeline.store.tables import stored_nights

    chosen = with_options(config, out, workers=workers)
    (before,), (after,) = (load_packs([pack_path(name)]) for name in (old, new))
    stored = stored_nights(chosen.out)
    absent = [night for night in nights if night not in stored]
    if absent or not stored:
        what = f"nothing is stored of night {absent[0]}" if absent else "no night is stored here"
        raise UsageError(f"{chosen.out}: {what}: run it first, or name another --out")
    with judging_progress("shards") as told:
        difference = compare(chosen, before, after, nights or stored, reviewed(chosen), told)
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": data_of(difference)}, ensure_ascii=False))
        return
    titles = {rule.id: rule.title for rule in (*before.rules, *after.rules)}
    show(difference, titles, lang or config.lang, everything)


def reviewed(config: Config) -> Labels:
    """Return what reviewers said; nothing when nobody has reviewed here yet."""
    from inspect_pipeline.report.labels import labels_of
    from inspect_pipeline.review.appeals import appeals_of, overturned
    from inspect_pipeline.review.database import database_url, open_reviews
    from inspect_pipeline.review.decisions import history

    url = database_url(config.out, config.review.database)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        return labels_of((), {})
    database = open_reviews(config.out, config.review.database)
    try:
        return labels_of(history(database), overturned(appeals_of(database)))
    finally:
        database.close()


def show(difference: Difference, titles: Mapping[str, str], lang: str, everything: bool) -> None:
    """Print the difference: rule by rule with quotes, then scores, then what reviewers said."""
    from inspect_pipeline.report.diffview import reviewed_line, say, team_rows
    from inspect_pipeline.wording import label

    rules = difference.rules
    click.secho(say("head", lang, nights=len(difference.nights), calls=difference.calls), bold=True)
    numbers = {name: len(getattr(rules, name)) for name in ("changed", "added", "removed", "same")}
    click.echo(say("rules", lang, **numbers))
    for rule_id in rules.changed:
        show_rule(difference, rule_id, titles[rule_id], lang, everything)
    for name, only in (("added", rules.added), ("removed", rules.removed)):
        for rule_id in only:
            answers = difference.answered.get(rule_id, {})
            counts = "  ".join(f"{label(verdict, lang)} {calls:,}" for verdict, calls in answers.items())
            click.echo()
            line = f"{say(name, lang)}  {rule_id} {titles[rule_id]}: {counts}"
            click.secho(wrapped(line, indent=2, first=0), bold=True)
    rows = team_rows(difference.teams, lang)
    if rows:
        head = [say("team", lang), *(say(name, lang) for name in ("calls", "old", "new", "shift"))]
        click.echo()
        click.secho(say("scores", lang), bold=True)
        click.echo(aligned(head, rows, right=range(1, len(head))))
    click.echo()
    click.echo(reviewed_line(difference.flips, lang) if difference.flips else say("nothing", lang))


def show_rule(difference: Difference, rule_id: str, title: str, lang: str, everything: bool) -> None:
    """Print one rule's flips: how many of each kind, then call by call."""
    from inspect_pipeline.report.diffview import flip_lines, say, turn

    flips = [flip for flip in difference.flips if flip.rule_id == rule_id]
    what = say("flips", lang, count=len(flips)) if flips else say("none", lang)
    click.echo()
    click.secho(wrapped(f"{rule_id} {title}: {what}", indent=2, first=0), bold=True)
    counts = sorted(difference.counts.get(rule_id, {}).items(), key=lambda count: (-count[1], count[0]))
    for (old, new), calls in counts:
        click.echo(f"  {turn(old, new, lang)}  {calls:,}")
    for flip in flips if everything else flips[:SHOWN]:
        first, why = flip_lines(flip, lang)
        click.echo(wrapped(first, indent=6, first=4))
        click.secho(wrapped(why, indent=8, first=8), dim=True)
    if len(flips) > SHOWN and not everything:
        click.echo("    " + say("more", lang, count=len(flips) - SHOWN))
