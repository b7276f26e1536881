"""What every review command works with, and the options they share."""

from __future__ import annotations

import functools
import getpass
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from inspect_pipeline.cli.options import Decorated, config_option, lang_option, out_option, rules_option
from inspect_pipeline.config import Config
from inspect_pipeline.errors import InspectError
from inspect_pipeline.model import Risk
from inspect_pipeline.review.archive import Archive, take_over_flags
from inspect_pipeline.review.assign import Assignment, assignment
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.database import ReviewDatabase, open_reviews
from inspect_pipeline.review.paint import Frame
from inspect_pipeline.review.queue import Filter, item_of
from inspect_pipeline.review.rescore import rescore, tariff_of
from inspect_pipeline.review.schema import SECOND
from inspect_pipeline.review.single import hears_blind, reviewer_name
from inspect_pipeline.review.terminal import Seat, in_colour
from inspect_pipeline.rulebook.rule import Pack


@dataclass(frozen=True)
class Desk:
    """What every review command works with."""

    out: Path
    lang: str
    config: Config
    database: ReviewDatabase
    archive: Archive
    packs: tuple[Pack, ...]
    plan: Assignment
    now: datetime

    def reviewer(self, given: str | None) -> str:
        """Return the reviewer's name: option, environment or file, or the user of this machine."""
        return reviewer_name(given or self.config.review.reviewer, getpass.getuser())

    def frame(self) -> Frame:
        """Return how to print what is not a session: as wide as the terminal, colour only there."""
        return Frame(Seat(sys.stdin, sys.stdout, os.environ, click.getchar, self.lang).frame().columns, 24,
                     in_colour(sys.stdout, os.environ), self.lang)  # fmt: skip

    def cells(self) -> int | None:
        """Return how wide a list may be: as wide as the terminal; None, as wide as needed, for a file or a pipe."""
        return self.frame().columns if sys.stdout.isatty() else None

    def case(self, call_id: str, night: str | None, reviewer: str | None = None) -> Case:
        """Return a call; for a reviewer who is to hear it blind, as she may see it."""
        date = self.archive.night_of(call_id, (night,) if night else ())
        blind = reviewer is not None and hears_blind(self.database, date, call_id, reviewer)
        item = item_of(self.database, date, call_id, SECOND) if blind else item_of(self.database, date, call_id)
        return self.archive.case(date, call_id, item)

    def rescore(self, calls: set[tuple[str, str]] | None = None) -> None:
        """Compute the scores of these calls (None: of all) anew; tell what could not be done."""
        if not self.packs:
            click.echo("warning: scores are not computed anew: no pack can be read", err=True)
            return
        for problem in rescore(self.database, self.archive, tariff_of(self.packs), self.now, calls):
            click.echo(f"warning: {problem}", err=True)


def common(command: Decorated) -> Decorated:
    """Add the options of every review command; the command gets a `Desk` as its first argument."""

    @functools.wraps(command)
    def with_desk(
        *args: Any, config: Config, out: Path | None, lang: str | None, rules: tuple[str, ...], **options: Any
    ) -> Any:
        return command(desk(config, out, lang, rules), *args, **options)

    return config_option(out_option(lang_option(rules_option(with_desk))))


def desk(config: Config, out: Path | None, lang: str | None, rules: tuple[str, ...]) -> Desk:
    """Open what the commands work with, and take over the flags of all nights."""
    place = out or config.out
    database = open_reviews(place, config.review.database)
    now = datetime.now(UTC)
    plan = assignment(config.review, config.sampling.seed)
    take_over_flags(database, place, now, plan)
    packs = known_packs(rules or config.rules.packs)
    titles = {rule.id: rule.title for pack in packs for rule in pack.rules}
    return Desk(place, lang or config.lang, config, database, Archive(place, titles), packs, plan, now)


def known_packs(names: tuple[str, ...]) -> tuple[Pack, ...]:
    """Return the packs; when one cannot be read that is told, and there are none: rules go by their ids."""
    from inspect_pipeline.rulebook.load import load_packs, pack_path

    try:
        return load_packs([pack_path(name) for name in names])
    except InspectError as error:
        click.echo(f"warning: rules are shown by their ids: {error}", err=True)
        return ()


FILTERS: tuple[Callable[[Decorated], Decorated], ...] = (
    click.option("--night", "nights", multiple=True, metavar="DATE", help="Only this night (may be repeated)."),
    click.option("--rule", "rule_id", metavar="ID", help="Only calls that are asked about this rule."),
    click.option("--agent", metavar="ID", help="Only calls of this agent."),
    click.option("--team", metavar="NAME", help="Only calls of this team."),
    click.option("--grade", "grades", multiple=True, type=click.Choice([risk.value for risk in Risk]),
                 help="Only calls of this risk (may be repeated)."),
    click.option("--text", metavar="WORDS", help="Only calls in which somebody says this."),
)  # fmt: skip


def filtered(command: Decorated) -> Decorated:
    """Add the options that look for calls."""
    for option in reversed(FILTERS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Search:
    """The options that look for calls, as they were given."""

    nights: tuple[str, ...]
    rule_id: str | None
    agent: str | None
    team: str | None
    grades: tuple[str, ...]
    text: str | None

    def filter(self, at: Desk, reviewer: str | None = None) -> Filter:
        """Return the calls that are meant; for a reviewer, without those of a team that she must not hear, and of those
        that others have left only those of her queues and languages."""
        said = None if self.text is None else at.archive.calls_that_say(self.text, self.nights)
        known = None if reviewer is None else at.plan.reviewer(reviewer)
        return Filter(
            self.nights,
            self.rule_id,
            self.agent,
            self.team,
            tuple(Risk(grade) for grade in self.grades),
            said,
            not_team=None if reviewer is None else at.plan.own_team(reviewer),
            overdue=reviewer is None or at.plan.knows(reviewer),
            queues=known.queues if known else (),
            languages=known.languages if known else (),
        )


def echo_json(result: Any) -> None:
    """Print a result as every reading command does."""
    click.echo(json.dumps({"schema": 1, "result": result}, ensure_ascii=False, indent=2))
