"""`check`: what was said in one recording or dialogue, and what each rule answers."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspect_pipeline.cli.options import config_option, lang_option, model_option, rules_option
from inspect_pipeline.config import Config

if TYPE_CHECKING:
    from inspect_pipeline.model import CallResult
    from inspect_pipeline.night.inspect import Inspector

DIALOGUES = {".txt", ".json"}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@rules_option
@model_option
@click.option("--all", "show_all", is_flag=True, help="Also list the rules that do not apply.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@lang_option
@config_option
def check(
    files: tuple[Path, ...],
    rules: tuple[str, ...],
    model: str | None,
    show_all: bool,
    as_json: bool,
    lang: str | None,
    config: Config,
) -> None:
    """Inspect recordings or text dialogues now: what was said, and what each rule answers.

    A dialogue is a truth file (.json), or a .txt file with lines such as

    \b
      客服: 您好，很高兴为您服务。
      [0:31] 客户: 我想查一下话费。

    Exits 3 when a file could not be inspected.
    """
    from inspect_pipeline.night.inspect import Inspector

    inspector = Inspector.from_config(config, model=model, packs=rules)
    results = []
    for file in files:
        results.append(inspect_file(inspector, file))
        if not as_json:
            show(results[-1], inspector, lang or config.lang, show_all)
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": [as_data(one) for one in results]}, ensure_ascii=False, indent=1))
    if any(result.error for result in results):
        sys.exit(3)


def inspect_file(inspector: Inspector, file: Path) -> CallResult:
    """Inspect one file; what its manifest says about it is used when there is one beside it."""
    from inspect_pipeline.model import Recording
    from inspect_pipeline.speech.manifest import read_source

    if file.suffix.lower() in DIALOGUES:
        return inspector.inspect_dialogue(file)
    listed = read_source(str(file.parent)) if (file.parent / "manifest.csv").exists() else []
    path = file.resolve()
    known = [one for one in listed if Path(one.path).resolve() == path]
    return inspector.inspect(known[0] if known else Recording(call_id=file.stem, path=str(path)))


def show(result: CallResult, inspector: Inspector, lang: str, show_all: bool) -> None:
    """Print one call, or why it could not be inspected."""
    from inspect_pipeline.cli.call_view import call_lines
    from inspect_pipeline.cli.tables import in_colour

    if result.error:
        click.secho(f"error: {result.error}", fg="red", err=True)
        return
    known = {rule.id: rule for pack in inspector.packs for rule in pack.rules}
    click.echo("\n".join(call_lines(result, known, lang, everything=show_all, colour=in_colour())) + "\n")


def as_data(result: CallResult) -> dict[str, object]:
    """Return one result as plain data; the customer's number is masked as in the tables."""
    from inspect_pipeline.privacy import mask_number

    recording = result.recording
    data = asdict(result)
    data.pop("elapsed_s")
    data["recording"].pop("metadata")
    data["recording"]["started_at"] = recording.started_at.isoformat() if recording.started_at else None
    data["recording"]["customer_number"] = mask_number(recording.customer_number) if recording.customer_number else None
    return data
