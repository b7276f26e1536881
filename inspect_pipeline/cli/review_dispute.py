"""`inspect-pipeline review`: appeals, two reviewers who differ, calls that pass to somebody else, reviewed scores."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, timedelta
from typing import Any

import click

from inspect_pipeline.cli.review_desk import Desk, common, echo_json
from inspect_pipeline.errors import ReviewError
from inspect_pipeline.report.columns import Column, fitted
from inspect_pipeline.review.adjudicate import open_differences, settle
from inspect_pipeline.review.appeals import Appeal, Contest, Ruling, appeals_of, decide_appeal
from inspect_pipeline.review.appeals import appeal as raise_appeal
from inspect_pipeline.review.export import appeal_state
from inspect_pipeline.review.hand_over import hand_over, held_by
from inspect_pipeline.review.outcome import Difference, Holds, Key
from inspect_pipeline.review.queue import items
from inspect_pipeline.review.rescore import reviewed_scores
from inspect_pipeline.review.said import appeal_result, key_result
from inspect_pipeline.review.screen import moment_text
from inspect_pipeline.review.single import finding_named
from inspect_pipeline.review.words import say
from inspect_pipeline.triage.sample import review_start
from inspect_pipeline.wording import label

NIGHT = click.option("--night", metavar="DATE", help="The call's night; needed when several have a call of this id.")
BY = click.option("--by", metavar="NAME", help="Who (default: INSPECT_REVIEWER, config, the user).")
JSON = click.option("--json", "as_json", is_flag=True, help='Print {"schema": 1, "result": ...}.')


@click.command("appeal")
@common
@click.argument("call_id")
@click.option("--rule", "rule_id", required=True, metavar="ID", help="The rule whose finding is contested.")
@click.option("--reason", required=True, metavar="TEXT", help="Why the finding is wrong.")
@BY
@NIGHT
@JSON
def appeal(at: Desk, call_id: str, rule_id: str, reason: str, by: str | None, night: str | None, as_json: bool) -> None:
    """Contest a violation, for the agent's side.

    Within [review] appeal_days after the last word on it. Somebody else decides; after a dismissal once more; then it
    is final.
    """
    case = at.case(call_id, night)
    finding = finding_named(case, rule_id)
    key = Key(case.night, call_id, rule_id, finding.fingerprint, finding.verdict)
    began = case.result.recording.started_at
    ends = review_start(case.night, (began.tzinfo if began else None) or UTC)
    window = timedelta(days=at.config.review.appeal_days)
    _tell(at, raise_appeal(at.database, Contest(key, reason, at.reviewer(by), ends, window), at.now), as_json)


@click.command("appeals")
@common
@click.option("--all", "everything", is_flag=True, help="Decided ones, too.")
@JSON
def appeals(at: Desk, everything: bool, as_json: bool) -> None:
    """Show the appeals that wait for a decision."""
    found = [one for one in appeals_of(at.database) if everything or one.outcome is None]
    if as_json:
        echo_json([appeal_result(one) for one in found])
        return
    if not found:
        click.echo(say("no-appeals", at.lang))
        return
    words = ("call", "rule", "appeal", "raised-by", "raised-at", "night", "reason")
    rows = [
        (
            one.key.call_id, at.archive.titles.get(one.key.rule_id, one.key.rule_id), appeal_state(one, at.lang),
            one.raised_by, moment_text(one.raised_at, None), one.key.night, one.reason,
        )
        for one in found
    ]  # fmt: skip
    click.echo("\n".join(fitted([Column(say(word, at.lang)) for word in words], rows, at.cells(), below=2)))


@click.command("decide-appeal")
@common
@click.argument("call_id")
@click.argument("ruling", type=click.Choice([ruling.value for ruling in Ruling]))
@click.option("--rule", "rule_id", required=True, metavar="ID", help="The rule whose finding is contested.")
@click.option("--note", default="", help="Why, in your words.")
@BY
@NIGHT
@JSON
def decide_an_appeal(
    at: Desk, call_id: str, ruling: str, rule_id: str, note: str, by: str | None, night: str | None, as_json: bool
) -> None:
    """Decide an appeal: granted (there is no violation) or dismissed (it stands).

    Not by whoever raised it, reviewed the call or decided the first round. The call's score is computed anew.
    """
    date = at.archive.night_of(call_id, (night,) if night else ())
    waiting = [
        one for one in appeals_of(at.database, date, call_id) if one.key.rule_id == rule_id and one.outcome is None
    ]
    if not waiting:
        raise ReviewError(f"{call_id}: no appeal on {rule_id} waits for a decision")
    decided = decide_appeal(at.database, waiting[-1], Ruling(ruling), at.reviewer(by), note, at.now)
    at.rescore({(date, call_id)})
    _tell(at, decided, as_json)


@click.command("adjudicate")
@common
@click.argument("call_id", required=False)
@click.argument("said", required=False, type=click.Choice([said.value for said in Holds]))
@click.option("--rule", "rule_id", metavar="ID", help="The rule on which the two differ.")
@click.option("--note", default="", help="Why, in your words.")
@BY
@NIGHT
@JSON
def adjudicate(
    at: Desk,
    call_id: str | None,
    said: str | None,
    rule_id: str | None,
    note: str,
    by: str | None,
    night: str | None,
    as_json: bool,
) -> None:
    """List the findings on which two reviewers differ, or decide one.

    `adjudicate` lists; `adjudicate CALL_ID yes|no|unsure --rule ID` decides: is the rule violated (of a signal: is it
    there)? A third person decides, not one of the two.
    """
    found = [pair for pair in open_differences(at.database) if call_id in (None, pair.key.call_id)]
    if said is None:
        _list_differences(at, found, as_json)
        return
    chosen = [pair for pair in found if pair.key.rule_id == rule_id and night in (None, pair.key.night)]
    if len(chosen) != 1:
        raise ReviewError(f"{call_id}: name with --rule (and --night) one that `review adjudicate` lists")
    made = settle(at.database, chosen[0], Holds(said), at.reviewer(by), note, at.now)
    at.rescore({(chosen[0].key.night, chosen[0].key.call_id)})
    click.echo(
        f"{call_id}  {at.archive.titles.get(rule_id or '', rule_id)}  {say(f'holds-{said}', at.lang)}  {made.reviewer}"
    )


@click.command("hand-over")
@common
@click.argument("call_id", required=False)
@click.option("--all", "everything", is_flag=True, help="All calls that wait for the one who gives.")
@click.option("--to", required=True, metavar="NAME", help="Who gets them.")
@click.option("--from", "giver", metavar="NAME", help="Whose calls (default: INSPECT_REVIEWER, config, the user).")
@NIGHT
def hand_over_calls(
    at: Desk, call_id: str | None, everything: bool, to: str, giver: str | None, night: str | None
) -> None:
    """Give a call, or all that wait for you, to another reviewer. What was decided on them stays.

    Of all, those that she must not hear stay where they are; each is told.
    """
    if (call_id is None) is not everything:
        raise ReviewError("name a call, or give --all")
    by = at.reviewer(giver)
    if everything:
        given = [item for item in held_by(at.database, by, at.now) if night in (None, item.night)]
    else:
        date = at.archive.night_of(call_id or "", (night,) if night else ())
        found = [item for item in items(at.database) if (item.night, item.call_id) == (date, call_id)]
        given = [item for item in found if by in {item.assigned_to, item.claimed_by}]
        given = given or [item for item in found if item.assigned_to is None and item.done_at is None][:1]
    if not given:
        what = f"{call_id} does not wait" if call_id else "nothing waits"
        raise ReviewError(f"{what} for {by}: see inspect-pipeline review list")
    refused = []
    for item in given:
        try:
            hand_over(at.database, item, to, by, at.plan, at.now)
        except ReviewError as error:
            refused.append(error)
    if len(refused) == len(given):
        raise refused[0]
    for why in refused:
        click.echo(f"warning: {why}", err=True)
    click.echo(say("handed-over", at.lang, to=to, count=len(given) - len(refused)))


@click.command("scores")
@common
@JSON
def scores(at: Desk, as_json: bool) -> None:
    """Show the scores of the calls on which somebody decided: the machine's and the reviewed one."""
    at.rescore()
    found = list(reviewed_scores(at.database).values())
    if as_json:
        echo_json([{**asdict(one), "computed_at": one.computed_at.isoformat()} for one in found])
        return
    words = ("call", "machine-score", "reviewed-score", "machine-risk", "reviewed-risk", "night")
    rows = [
        (
            one.call_id, _points(one.machine_score, at.lang), _points(one.reviewed_score, at.lang),
            label(one.machine_risk, at.lang), label(one.reviewed_risk, at.lang), one.night,
        )
        for one in found
    ]  # fmt: skip
    click.echo("\n".join(fitted([Column(say(word, at.lang)) for word in words], rows, at.cells(), below=1)))


def _points(score: float | None, lang: str) -> str:
    return say("unscored", lang) if score is None else f"{score:g}"


def _list_differences(at: Desk, found: list[Difference], as_json: bool) -> None:
    if as_json:
        echo_json([_difference_result(pair) for pair in found])
        return
    if not found:
        click.echo(say("no-differences", at.lang))
        return
    words = ("call", "first-said", "second-said", "night", "rule")
    rows = [
        (
            pair.key.call_id,
            *(f"{who} {say(f'holds-{said.value}', at.lang)}" for who, said in (pair.first, pair.second)),
            pair.key.night, f"{at.archive.titles.get(pair.key.rule_id, '')} {pair.key.rule_id}".strip(),
        )
        for pair in found
    ]  # fmt: skip
    click.echo("\n".join(fitted([Column(say(word, at.lang)) for word in words], rows, at.cells(), below=2)))


def _difference_result(pair: Difference) -> dict[str, Any]:
    return {
        **key_result(pair.key),
        "first": {"reviewer": pair.first[0], "said": pair.first[1].value},
        "second": {"reviewer": pair.second[0], "said": pair.second[1].value},
    }


def _tell(at: Desk, one: Appeal, as_json: bool) -> None:
    if as_json:
        echo_json(appeal_result(one))
        return
    title = at.archive.titles.get(one.key.rule_id, one.key.rule_id)
    click.echo(f"{one.key.call_id}  {title}  {appeal_state(one, at.lang)}  {one.decided_by or one.raised_by}")
