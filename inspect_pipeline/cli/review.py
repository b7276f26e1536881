"""`inspect-pipeline review`: work through the flagged calls."""

from __future__ import annotations

import getpass
import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from inspect_pipeline.cli.options import Decorated, config_option, lang_option, out_option, rules_option
from inspect_pipeline.cli.report import known_titles
from inspect_pipeline.config import Config
from inspect_pipeline.errors import ReviewError
from inspect_pipeline.review.archive import Archive, take_over_flags
from inspect_pipeline.review.case import moment_of, seconds_of
from inspect_pipeline.review.database import ReviewDatabase, open_reviews
from inspect_pipeline.review.decisions import Answer, Choice, history
from inspect_pipeline.review.export import export_sheets, export_table, standing_decisions
from inspect_pipeline.review.listen import Listening
from inspect_pipeline.review.listing import call_lines, call_result, decision_result, queue_lines, queue_result
from inspect_pipeline.review.paint import Frame
from inspect_pipeline.review.queue import QueueState, item_of, items
from inspect_pipeline.review.session import Session
from inspect_pipeline.review.single import decide, finding_named, reviewer_name
from inspect_pipeline.review.terminal import Seat, in_colour
from inspect_pipeline.review.words import say


@dataclass(frozen=True)
class Desk:
    """What every review command works with."""

    out: Path
    lang: str
    config: Config
    database: ReviewDatabase
    archive: Archive
    now: datetime

    def reviewer(self, given: str | None) -> str:
        """Return the reviewer's name: option, environment or file, or the user of this machine."""
        return reviewer_name(given or self.config.review.reviewer, getpass.getuser())

    def frame(self) -> Frame:
        """Return how to print what is not a session: as wide as the terminal, colour only there."""
        return Frame(Seat(sys.stdin, sys.stdout, os.environ, click.getchar, self.lang).frame().columns, 24,
                     in_colour(sys.stdout, os.environ), self.lang)  # fmt: skip


def common(command: Decorated) -> Decorated:
    """Add the options of every review command."""
    return config_option(out_option(lang_option(rules_option(command))))


def desk(config: Config, out: Path | None, lang: str | None, rules: tuple[str, ...]) -> Desk:
    """Open what the commands work with, and take over the flags of all nights."""
    place = out or config.out
    database = open_reviews(place, config.review.database)
    now = datetime.now(UTC)
    take_over_flags(database, place, now)
    archive = Archive(place, known_titles(rules or config.rules.packs))
    return Desk(place, lang or config.lang, config, database, archive, now)


def _json(result: Any) -> None:
    click.echo(json.dumps({"schema": 1, "result": result}, ensure_ascii=False, indent=2))


@click.group()
def review() -> None:
    """Work through the flagged calls: read the words around the hit, hear the moment, decide."""


@review.command("next")
@common
@click.option("--night", "nights", multiple=True, metavar="DATE", help="Only this night (may be repeated).")
@click.option("--reviewer", metavar="NAME", help="Who reviews (default: INSPECT_REVIEWER, config, the user).")
def next_calls(
    config: Config,
    out: Path | None,
    lang: str | None,
    rules: tuple[str, ...],
    nights: tuple[str, ...],
    reviewer: str | None,
) -> None:
    """Step through the queue, most urgent first.

    One key is one decision, stored at once; ? explains the keys.
    Keys can be piped in: one character each, a note up to the end of its line.
    """
    at = desk(config, out, lang, rules)
    name = at.reviewer(reviewer)
    seat = Seat(sys.stdin, sys.stdout, os.environ, click.getchar, at.lang)
    session = Session(at.database, at.archive, name, seat, Listening(at.out), lambda: datetime.now(UTC), nights)
    with seat.seated():
        done = session.run()
    for problem in done.unreadable:
        click.echo(f"error: {problem}", err=True)
    if not done.calls and not done.decisions and not done.left:
        click.echo(say("nothing-left", at.lang))
    else:
        click.echo(say("session", at.lang, calls=done.calls, decisions=done.decisions))
        click.echo(say("still-open", at.lang, open=done.left))
    if done.unreadable:
        raise click.exceptions.Exit(3)


@review.command("list")
@common
@click.option("--night", "nights", multiple=True, metavar="DATE", help="Only this night (may be repeated).")
@click.option("--all", "everything", is_flag=True, help="Finished calls, too.")
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": [...]}.')
def list_calls(
    config: Config,
    out: Path | None,
    lang: str | None,
    rules: tuple[str, ...],
    nights: tuple[str, ...],
    everything: bool,
    as_json: bool,
) -> None:
    """Show the queue, most urgent first."""
    at = desk(config, out, lang, rules)
    queued = [item for item in items(at.database, nights) if everything or item.state(at.now) is not QueueState.DONE]
    if as_json:
        _json(queue_result(at.archive, queued, at.now))
    else:
        click.echo("\n".join(queue_lines(at.archive, queued, at.now, at.lang)))


@review.command("show")
@common
@click.argument("call_id")
@click.option("--night", metavar="DATE", help="The call's night; needed when several have a call of this id.")
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
def show_call(
    config: Config,
    out: Path | None,
    lang: str | None,
    rules: tuple[str, ...],
    call_id: str,
    night: str | None,
    as_json: bool,
) -> None:
    """Show a whole call: every finding, every decision, every utterance."""
    at = desk(config, out, lang, rules)
    date = at.archive.night_of(call_id, (night,) if night else ())
    case = at.archive.case(date, call_id, item_of(at.database, date, call_id))
    decisions = history(at.database, date, call_id)
    if as_json:
        _json(call_result(case, decisions))
    else:
        click.echo("\n".join(call_lines(case, decisions, at.now, at.frame())))


@review.command("decide")
@common
@click.argument("call_id")
@click.argument("decision", type=click.Choice([choice.value for choice in Choice]))
@click.option("--rule", "rule_id", metavar="ID", help="The rule it is about (default: the whole call).")
@click.option("--note", default="", help="Why, in your words.")
@click.option("--night", metavar="DATE", help="The call's night; needed when several have a call of this id.")
@click.option("--reviewer", metavar="NAME", help="Who decides (default: INSPECT_REVIEWER, config, the user).")
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
def decide_call(
    config: Config,
    out: Path | None,
    lang: str | None,
    rules: tuple[str, ...],
    call_id: str,
    decision: str,
    rule_id: str | None,
    note: str,
    night: str | None,
    reviewer: str | None,
    as_json: bool,
) -> None:
    """Store one decision: on a rule's finding, or on the whole call."""
    at = desk(config, out, lang, rules)
    date = at.archive.night_of(call_id, (night,) if night else ())
    case = at.archive.case(date, call_id, item_of(at.database, date, call_id))
    finding = None if rule_id is None else finding_named(case, rule_id)
    answer = Answer(case.subject(finding), Choice(decision), note)
    made = decide(at.database, case, answer, at.reviewer(reviewer), at.now)
    if as_json:
        _json(decision_result(made))
    else:
        what = say("whole", at.lang) if finding is None else case.title(finding.rule_id)
        click.echo(f"{call_id}  {what}  {say(made.choice.value, at.lang)}  {made.reviewer}")


@review.command("listen")
@common
@click.argument("call_id")
@click.option("--at", "moment", metavar="M:SS", help="The moment to hear, like 0:31.")
@click.option("--rule", "rule_id", metavar="ID", help="The moment of this rule's evidence.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Write the snippet there, play nothing.")
@click.option("--night", metavar="DATE", help="The call's night; needed when several have a call of this id.")
def listen_call(
    config: Config,
    out: Path | None,
    lang: str | None,
    rules: tuple[str, ...],
    call_id: str,
    moment: str | None,
    rule_id: str | None,
    save: Path | None,
    night: str | None,
) -> None:
    """Hear a moment of a call, from 3 s before to 5 s after.

    Where nothing can play it (over SSH, no sound card), the snippet is written as a WAV file instead.
    """
    if moment is not None and rule_id is not None:
        raise ReviewError("give --at or --rule, not both")
    at = desk(config, out, lang, rules)
    case = at.archive.case(at.archive.night_of(call_id, (night,) if night else ()), call_id)
    seconds = seconds_of(moment) if moment else moment_of(finding_named(case, rule_id) if rule_id else None)
    listening = Listening(at.out)
    click.echo(listening.play(case, seconds, at.lang, save))
    listening.wait()


@review.command("export")
@common
@click.option("--night", "nights", multiple=True, metavar="DATE", help="Only this night (may be repeated).")
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
def export_reviews(
    config: Config, out: Path | None, lang: str | None, rules: tuple[str, ...], nights: tuple[str, ...], as_json: bool
) -> None:
    """Write the decisions as Parquet, CSV and xlsx.

    Those that stand (no later one replaces them): the `reviews` table, reviews.csv and reviews.xlsx, all in OUT.
    """
    at = desk(config, out, lang, rules)
    decided = standing_decisions(at.database, nights)
    if not decided:
        raise ReviewError(
            f"{at.database.place}: nothing has been decided yet; start with: inspect-pipeline review next"
        )
    written = [*export_table(at.out, decided), *export_sheets(at.out, at.archive, decided, at.lang)]
    if as_json:
        _json({"decisions": sum(len(made) for made in decided.values()), "files": [str(path) for path in written]})
    else:
        click.echo("\n".join(str(path) for path in written))
