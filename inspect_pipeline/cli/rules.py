"""`rules`: list, show, test and compare rule packs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from inspect_pipeline.cli.diff import diff
from inspect_pipeline.cli.options import config_option
from inspect_pipeline.cli.tables import aligned
from inspect_pipeline.cli.train import train
from inspect_pipeline.config import Config
from inspect_pipeline.errors import UsageError

if TYPE_CHECKING:
    from inspect_pipeline.rulebook.examples import ExampleResult
    from inspect_pipeline.rulebook.rule import Pack, Rule


@click.group()
def rules() -> None:
    """List, show, test, train and compare rule packs. A pack is a file, or the name of one that ships."""


rules.add_command(diff)
rules.add_command(train)


def loaded(names: tuple[str, ...], config: Config) -> tuple[Pack, ...]:
    """Return the named packs, else the configured ones."""
    from inspect_pipeline.rulebook.load import load_packs, pack_path

    return load_packs([pack_path(name) for name in names or config.rules.packs])


@rules.command("list")
@click.argument("packs", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@config_option
def list_command(packs: tuple[str, ...], as_json: bool, config: Config) -> None:
    """List the rules of PACKS (default: the configured packs)."""
    found = [(pack, rule) for pack in loaded(packs, config) for rule in pack.rules]
    if as_json:
        data = [
            {"pack": pack.id, "id": rule.id, "title": rule.title, "kind": kind_name(rule), "severity": rule.severity,
             "points": rule.points, "fingerprint": rule.fingerprint}
            for pack, rule in found
        ]  # fmt: skip
        click.echo(json.dumps({"schema": 1, "result": data}, ensure_ascii=False))
        return
    head = ["rule", "kind", "severity", "points", "title"]
    for pack in dict.fromkeys(pack.id for pack, _ in found):
        rows = [
            [rule.id, kind_name(rule), rule.severity.value, points_of(rule), rule.title]
            for owner, rule in found
            if owner.id == pack
        ]
        click.secho(f"{pack}: {len(rows)} rules", bold=True)
        click.echo(aligned(head, rows) + "\n")


@rules.command()
@click.argument("rule_id")
@click.option("--rules", "packs", multiple=True, metavar="PACK", help="Where to look (default: the configured packs).")
@config_option
def show(rule_id: str, packs: tuple[str, ...], config: Config) -> None:
    """Show one rule as it is written, with its place and fingerprint."""
    from difflib import get_close_matches
    from pathlib import Path

    found = {rule.id: rule for pack in loaded(packs, config) for rule in pack.rules}
    if rule_id not in found:
        near = get_close_matches(rule_id, found, 1)
        raise UsageError(f"no rule '{rule_id}'" + (f" (did you mean '{near[0]}'?)" if near else "; see: rules list"))
    rule = found[rule_id]
    path, line = rule.place.rsplit(":", 1)
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    click.secho(f"# {rule.place}  fingerprint {rule.fingerprint}", dim=True)
    click.echo("\n".join(block_at(lines, int(line) - 1)))


def block_at(lines: list[str], start: int) -> list[str]:
    """Return the lines of the list item that begins at or holds line `start` (0-based), without what follows it."""
    while start > 0 and not lines[start].lstrip().startswith("- id:"):
        start -= 1
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return [line[indent:] for line in lines[start:end]]


@rules.command()
@click.argument("packs", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@config_option
def test(packs: tuple[str, ...], as_json: bool, config: Config) -> None:
    """Run the examples inside the rules of PACKS (default: the configured packs). Exits 1 when one fails."""
    from inspect_pipeline.night.inspect import Inspector
    from inspect_pipeline.rulebook.examples import run_examples, unexercised

    found = loaded(packs, config)
    judge = Inspector(config, found).judge
    results = {pack.id: run_examples(pack, judge.answer) for pack in found}
    failed = [one for pack in found for one in results[pack.id] if not one.passed]
    idle = {pack.id: unexercised(pack, results[pack.id], judge.look) for pack in found}
    if as_json:
        data = {
            pack: {"examples": [example_data(one) for one in rows], "in_no_example": idle[pack]}
            for pack, rows in results.items()
        }
        click.echo(json.dumps({"schema": 1, "result": data}, ensure_ascii=False))
    else:
        for one in failed:
            click.secho(f"{one.place}: {one.message}", fg="red")
        for pack in found:
            count = len(results[pack.id])
            good = sum(one.passed for one in results[pack.id])
            click.echo(f"{pack.id}: {good} of {count} examples pass, {len(pack.rules)} rules")
            quiet = sum(len(terms) for terms in idle[pack.id].values())
            if quiet:
                click.secho(f"{pack.id}: {quiet} alternatives are in no example (--json lists them)", dim=True)
    if failed:
        sys.exit(1)


def example_data(result: ExampleResult) -> dict[str, object]:
    """Return one example's result as plain data."""
    return {"rule": result.rule_id, "place": result.place, "passed": result.passed, "message": result.message}


def kind_name(rule: Rule) -> str:
    """Return a rule's kind as it is written in a pack."""
    from inspect_pipeline.rulebook.rule import Measure, MustFollow, MustNotSay, MustReply, MustSay, Notice

    names = {
        MustSay: "must_say",
        MustNotSay: "must_not_say",
        MustReply: "must_reply",
        MustFollow: "must_follow",
        Measure: "measure",
        Notice: "notice",
    }
    return names[type(rule.kind)]


def points_of(rule: Rule) -> str:
    """Return what a violation costs, for reading."""
    if rule.per_hit is not None:
        return f"{rule.per_hit:g} each" + (f", {rule.cap:g} at most" if rule.cap is not None else "")
    return f"{rule.points:g}" if rule.points else ""
