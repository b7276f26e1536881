"""`rules train`: the classifier of a pack's intents, from its tagged turns."""

from __future__ import annotations

import json
from pathlib import Path

import click

from inspect_pipeline.cli.tables import aligned


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def train(folder: Path, as_json: bool) -> None:
    """Train the intents of a pack on the tagged turns (*.txt) in FOLDER, and keep them there as trained.npz."""
    from inspect_pipeline.rulebook.intent_training import train_as_heard
    from inspect_pipeline.rulebook.read_intents import TRAINED, read_turns
    from inspect_pipeline.store.atomic import write_file

    turns = read_turns(folder)
    classifier = train_as_heard(turns)
    write_file(folder / TRAINED, classifier.dump(), folder)
    counts = {name: sum(name in turn.intents for turn in turns) for name in classifier.names}
    if as_json:
        result = {"file": str(folder / TRAINED), "turns": len(turns), "intents": counts}
        click.echo(json.dumps({"schema": 1, "result": result}, ensure_ascii=False))
        return
    click.echo(aligned(["intent", "turns"], [[name, str(count)] for name, count in counts.items()]))
    click.echo(f"{folder / TRAINED}: {len(counts)} intents from {len(turns)} turns")
