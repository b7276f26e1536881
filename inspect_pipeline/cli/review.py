"""`inspect-pipeline review`: work through the flagged calls."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from inspect_pipeline.cli.plan import plan
from inspect_pipeline.cli.review_desk import Desk, Search, common, echo_json, filtered
from inspect_pipeline.cli.review_dispute import adjudicate, appeal, appeals, decide_an_appeal, hand_over_calls, scores
from inspect_pipeline.errors import ReviewError
from inspect_pipeline.review.case import moment_of, seconds_of
from inspect_pipeline.review.decisions import Answer, Choice
from inspect_pipeline.review.export import everything_decided, export_sheets, export_tables
from inspect_pipeline.review.listen import Listening
from inspect_pipeline.review.listing import call_lines, call_result, queue_lines, queue_result
from inspect_pipeline.review.queue import QueueState, items
from inspect_pipeline.review.said import decision_result, said_of
from inspect_pipeline.review.screen import decision_word
from inspect_pipeline.review.session import Session
from inspect_pipeline.review.single import decide, finding_named, hears_blind
from inspect_pipeline.review.sitting import Sitting
from inspect_pipeline.review.terminal import Seat
from inspect_pipeline.review.words import say


@click.group()
def review() -> None:
    """Work through the flagged calls: read the words around the hit, hear the moment, decide."""


@review.command("next")
@common
@filtered
@click.option("--reviewer", metavar="NAME", help="Who reviews (default: INSPECT_REVIEWER, config, the user).")
def next_calls(at: Desk, reviewer: str | None, **search: Any) -> None:
    """Step through the queue: overdue calls first, then the most urgent.

    One key is one decision, stored at once; ? explains the keys.
    Keys can be piped in: one character each, a note up to the end of its line.
    """
    name = at.reviewer(reviewer)
    if not at.plan.knows(name):
        click.echo(say("not-a-reviewer", at.lang, name=name), err=True)
    seat = Seat(sys.stdin, sys.stdout, os.environ, click.getchar, at.lang)
    causes = at.config.review.causes
    sitting = Sitting(
        at.database, at.archive, name, seat, Listening(at.out), lambda: datetime.now(UTC), time.monotonic, causes
    )
    today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    session = Session(sitting, today, Search(**search).filter(at, name))
    with seat.seated():
        done = session.run()
    if done.decisions:
        at.rescore(session.shown)
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
@filtered
@click.option("--all", "everything", is_flag=True, help="Finished calls, too.")
@click.option("--reviewer", metavar="NAME", help="Who looks (default: INSPECT_REVIEWER, config, the user).")
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": [...]}.')
def list_calls(at: Desk, everything: bool, reviewer: str | None, as_json: bool, **search: Any) -> None:
    """Show the queue: overdue calls first, then the most urgent.

    A call that you are to hear blind is listed without what the machine said.
    """
    name = at.reviewer(reviewer)
    queued = [
        item
        for item in items(at.database, Search(**search).filter(at), at.now)
        if everything or item.state(at.now) is not QueueState.DONE
    ]
    hidden = {(item.night, item.call_id) for item in items(at.database) if _blind_for(item, name)}
    queued = [item for item in queued if item.blind or (item.night, item.call_id) not in hidden]
    if as_json:
        echo_json(queue_result(queued, at.now))
    else:
        click.echo("\n".join(queue_lines(queued, at.now, at.lang, at.cells())))


def _blind_for(item: Any, reviewer: str) -> bool:
    return item.blind and item.done_by is None and reviewer in {item.assigned_to, item.claimed_by}


@review.command("show")
@common
@click.argument("call_id")
@click.option("--night", metavar="DATE", help="The call's night; needed when several have a call of this id.")
@click.option("--reviewer", metavar="NAME", help="Who looks (default: INSPECT_REVIEWER, config, the user).")
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
def show_call(at: Desk, call_id: str, night: str | None, reviewer: str | None, as_json: bool) -> None:
    """Show a whole call: every finding, everything people said of it, every utterance."""
    case = at.case(call_id, night, at.reviewer(reviewer))
    if not case.blind:
        at.rescore({(case.night, call_id)})
    said = said_of(at.database, case.night, call_id)
    if as_json:
        echo_json(call_result(case, said))
    else:
        click.echo("\n".join(call_lines(case, said, at.now, at.frame())))


@review.command("decide")
@common
@click.argument("call_id")
@click.argument("decision", type=click.Choice([choice.value for choice in Choice]))
@click.option("--rule", "rule_id", metavar="ID", help="The rule it is about (default: the whole call).")
@click.option("--note", default="", help="Why, in your words.")
@click.option("--cause", metavar="CAUSE", help="Why the machine was wrong: one of the configured causes.")
@click.option("--night", metavar="DATE", help="The call's night; needed when several have a call of this id.")
@click.option("--reviewer", metavar="NAME", help="Who decides (default: INSPECT_REVIEWER, config, the user).")
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
def decide_call(
    at: Desk,
    call_id: str,
    decision: str,
    rule_id: str | None,
    note: str,
    cause: str | None,
    night: str | None,
    reviewer: str | None,
    as_json: bool,
) -> None:
    """Store one decision: on a rule's finding, or on the whole call."""
    causes = at.config.review.causes
    if cause is not None and cause not in causes:
        raise ReviewError(f"unknown cause '{cause}': use one of {', '.join(causes)}, or add it to [review] causes")
    case = at.case(call_id, night)
    finding = None if rule_id is None else finding_named(case, rule_id)
    answer = Answer(case.subject(finding), Choice(decision), note, cause=cause)
    made = decide(at.database, case, answer, at.reviewer(reviewer), at.now)
    at.rescore({(case.night, call_id)})
    if as_json:
        echo_json(decision_result(made))
    else:
        what = say("whole", at.lang) if finding is None else case.title(finding.rule_id)
        click.echo(f"{call_id}  {what}  {decision_word(made, at.lang)}  {made.reviewer}")


@review.command("listen")
@common
@click.argument("call_id")
@click.option("--at", "moment", metavar="M:SS", help="The moment to hear, like 0:31.")
@click.option("--rule", "rule_id", metavar="ID", help="The moment of this rule's evidence.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Write the snippet there, play nothing.")
@click.option("--night", metavar="DATE", help="The call's night; needed when several have a call of this id.")
def listen_call(
    at: Desk, call_id: str, moment: str | None, rule_id: str | None, save: Path | None, night: str | None
) -> None:
    """Hear a moment of a call, from 3 s before to 5 s after.

    Where nothing can play it (over SSH, no sound card), the snippet is written as a WAV file instead.
    """
    if moment is not None and rule_id is not None:
        raise ReviewError("give --at or --rule, not both")
    case = at.case(call_id, night)
    if rule_id is not None and hears_blind(at.database, case.night, call_id, at.reviewer(None)):
        raise ReviewError(f"{call_id}: you hear this call blind: name the moment with --at")
    seconds = seconds_of(moment) if moment else moment_of(finding_named(case, rule_id) if rule_id else None)
    listening = Listening(at.out)
    click.echo(listening.play(case, seconds, at.lang, save))
    listening.wait()


@review.command("export")
@common
@click.option("--night", "nights", multiple=True, metavar="DATE", help="Only this night (may be repeated).")
@click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": {...}}.')
def export_reviews(at: Desk, nights: tuple[str, ...], as_json: bool) -> None:
    """Write the decisions as Parquet, CSV and xlsx.

    Those that stand (no later one replaces them): the tables `reviews` and `scores`, reviews.csv and reviews.xlsx,
    and corrections.csv when words were put right; all in OUT.
    """
    at.rescore()
    decided = everything_decided(at.database, nights)
    if not decided.nights():
        raise ReviewError(
            f"{at.database.place}: nothing has been decided yet; start with: inspect-pipeline review next"
        )
    written = [*export_tables(at.out, decided), *export_sheets(at.out, at.archive, decided, at.lang)]
    if as_json:
        echo_json({"decisions": len(decided.decisions), "files": [str(path) for path in written]})
    else:
        click.echo("\n".join(str(path) for path in written))


for command in (plan, appeal, appeals, decide_an_appeal, adjudicate, hand_over_calls, scores):
    review.add_command(command)
