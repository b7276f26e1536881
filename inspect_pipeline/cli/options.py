"""Options that several commands share.

An option beats the environment, which beats inspect.toml, which beats the defaults.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from inspect_pipeline.config import Config, load_config

Decorated = Callable[..., Any]


def read_out(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Path | None:
    """Refuse a file in the place of the folder of the tables. A URL becomes the place that it names."""
    value = value and _place(value)
    if value is not None and value.exists() and not value.is_dir():
        raise click.BadParameter(f"{value} is a file: name a folder for the tables")
    return value


def read_config(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Config:
    """Read the configuration named on the command line, else `inspect.toml` here when there is one."""
    here = Path("inspect.toml")
    config = load_config(value or (here if here.exists() else None), os.environ)
    return dataclasses.replace(config, out=_place(config.out))


def _place(path: Path) -> Path:
    if ":" not in str(path):
        return path  # the common case loads nothing
    from inspect_pipeline.store.place import place_of

    return place_of(path)


def config_option(command: Decorated) -> Decorated:
    """Add `--config FILE`; the command gets a `Config`."""
    return click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        callback=read_config,
        help="Configuration (default: inspect.toml here, if any).",
    )(command)


def rules_option(command: Decorated) -> Decorated:
    """Add `--rules PACK`, which may be given several times."""
    return click.option(
        "--rules",
        multiple=True,
        metavar="PACK",
        help="A shipped pack's name or a file; repeatable (default telecom-cn).",
    )(command)


def model_option(command: Decorated) -> Decorated:
    """Add `--model NAME`."""
    return click.option(
        "--model", metavar="NAME|DIR", help="Speech model: a size, a hub id or a folder (default base)."
    )(command)


def out_option(command: Decorated) -> Decorated:
    """Add `--out OUT`."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        callback=read_out,
        help="Folder or s3:// URL of the tables (default out).",
    )(command)


def lang_option(command: Decorated) -> Decorated:
    """Add `--lang`."""
    return click.option(
        "--lang", type=click.Choice(["zh", "en"]), help="Language of what reviewers and managers read (default zh)."
    )(command)


def with_options(
    config: Config,
    out: Path | None = None,
    rules: tuple[str, ...] = (),
    model: str | None = None,
    workers: int | None = None,
) -> Config:
    """Return the configuration with what was given on the command line in the place of what it says."""
    return dataclasses.replace(
        config,
        out=out or config.out,
        rules=dataclasses.replace(config.rules, packs=rules or config.rules.packs),
        speech=dataclasses.replace(config.speech, model=model or config.speech.model),
        night=dataclasses.replace(config.night, workers=workers or config.night.workers),
    )
