"""`inspect.toml` and `INSPECT_…` variables -> Config. The environment beats the file, the file beats the defaults.

Options of the command line beat both; `cli` sees to that. Relative paths are seen from where the program runs.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from inspect_pipeline import config_values as read
from inspect_pipeline.config_values import Reader
from inspect_pipeline.errors import ConfigError
from inspect_pipeline.sections import (
    Config,
    DueHours,
    GroupSampling,
    NightConfig,
    PrivacyConfig,
    ReviewConfig,
    Reviewer,
    RulesConfig,
    SamplingConfig,
    SpeechConfig,
)

__all__ = [
    "SETTINGS",
    "VARIABLES",
    "Config",
    "DueHours",
    "GroupSampling",
    "NightConfig",
    "PrivacyConfig",
    "ReviewConfig",
    "Reviewer",
    "RulesConfig",
    "SamplingConfig",
    "SpeechConfig",
    "load_config",
]

_REASONS = (
    "critical", "high_risk", "medium_risk", "low_score", "violation",
    "new_rule", "new_fingerprint", "near_threshold", "uncertain", "clean",
)  # fmt: skip
_GROUPS = ("agent", "team", "queue")


def _reviewers(value: object) -> tuple[Reviewer, ...]:
    """Read [[review.reviewers]]: tables with a name each, every other key optional."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ValueError("needs [[review.reviewers]] tables")
    readers: Mapping[str, Reader] = {
        "name": read.text, "share": read.between(0.001, 1000, "a share above 0"), "team": read.text,
        "queues": read.texts, "languages": read.texts,
    }  # fmt: skip
    found = []
    for entry in value:
        if unknown := sorted(set(entry) - set(readers)):
            raise ValueError(f"has an unknown key '{unknown[0]}' (known: {', '.join(readers)})")
        found.append(
            Reviewer(**{"name": read.text(entry.get("name")), **{key: readers[key](entry[key]) for key in entry}})
        )
    if len({reviewer.name for reviewer in found}) < len(found):
        raise ValueError("names a reviewer twice")
    return tuple(found)


_share = read.between(0, 1, "a probability from 0 to 1")
_hours = read.between(0.1, 10_000, "hours")

SETTINGS: Mapping[str, Reader] = {
    "out": read.path,
    "lang": read.lang,
    "speech.model": read.text,
    "speech.language": read.text,
    "speech.device": read.text,
    "speech.compute_type": read.text,
    "speech.hotwords": read.texts,
    "rules.packs": read.packs,
    "rules.sentence_model": read.text,
    "sampling.seed": read.seed,
    "sampling.low_score_below": read.number,
    **{f"sampling.{reason}": _share for reason in _REASONS},
    "sampling.thresholds": read.numbers,
    "sampling.near_points": read.between(0, 100, "points from 0 to 100"),
    **{f"sampling.targets.{reason}": read.count for reason in _REASONS},
    **{f"sampling.{group}.share": _share for group in _GROUPS},
    **{f"sampling.{group}.at_least": read.count for group in _GROUPS},
    **{f"sampling.{group}.at_most": read.count for group in _GROUPS},
    "sampling.budget": read.count,
    "sampling.reserve": _share,
    "sampling.calibration": _share,
    "review.database": read.text,
    "review.reviewer": read.text,
    "review.reviewers": _reviewers,
    "review.never_own_team": read.yes_or_no,
    "review.second_share": _share,
    "review.appeal_days": read.between(0, 36_500, "days from 0 to 36500"),
    "review.causes": read.texts,
    "review.due_hours.high": _hours,
    "review.due_hours.medium": _hours,
    "review.due_hours.low": _hours,
    "privacy.key_file": read.path,
    "night.workers": read.count,
    "night.shard_size": read.count,
}
"""Every setting by its dotted name in the file, with how its value is read."""

VARIABLES: Mapping[str, str] = {
    "INSPECT_OUT": "out",
    "INSPECT_LANG": "lang",
    "INSPECT_MODEL": "speech.model",
    "INSPECT_DEVICE": "speech.device",
    "INSPECT_COMPUTE_TYPE": "speech.compute_type",
    "INSPECT_RULES": "rules.packs",
    "INSPECT_SENTENCE_MODEL": "rules.sentence_model",
    "INSPECT_SEED": "sampling.seed",
    "INSPECT_DATABASE": "review.database",
    "INSPECT_REVIEWER": "review.reviewer",
    "INSPECT_KEY_FILE": "privacy.key_file",
    "INSPECT_WORKERS": "night.workers",
    "INSPECT_SHARD_SIZE": "night.shard_size",
}
"""Environment variable -> the setting it gives. An empty variable gives none; `INSPECT_RULES` takes a,b."""


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Return the settings of a file (None: no file) and the environment. Raises ConfigError with every mistake."""
    problems: list[str] = []
    config = Config()
    for name, value, place in (*_from_file(path, problems), *_from_environment(environ, problems)):
        try:
            config = _with(config, name.split("."), SETTINGS[name](value))
        except ValueError as error:
            problems.append(f"{place}: '{name}' {error}, not {value!r}")
    problems += [f"{path}: {problem}" for problem in _contradictions(config.sampling)]
    if problems:
        raise ConfigError("\n".join(problems))
    return config


def _contradictions(sampling: SamplingConfig) -> list[str]:
    """Return what cannot hold at once; only a file can say such things."""
    groups: Mapping[str, GroupSampling] = {name: getattr(sampling, name) for name in _GROUPS}
    return [
        f"[sampling.{name}] wants at least {group.at_least} but at most {group.at_most} calls"
        for name, group in groups.items()
        if group.at_most is not None and group.at_least > group.at_most
    ]


def _from_file(path: Path | None, problems: list[str]) -> list[tuple[str, object, str]]:
    if path is None:
        return []
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    found: list[tuple[str, object, str]] = []
    for name, value in _flat(document, ""):
        place = f"{path}:{_line_of(text, name)}"
        if name in SETTINGS:
            found.append((name, value, place))
        else:
            problems.append(f"{place}: {_unknown(name, value)}")
    return found


def _flat(table: Mapping[str, object], prefix: str) -> list[tuple[str, object]]:
    """Return the settings of a table by dotted names; a table that no setting lies in is returned whole."""
    pairs: list[tuple[str, object]] = []
    for key, value in table.items():
        name = prefix + key
        if isinstance(value, dict) and any(known.startswith(f"{name}.") for known in SETTINGS):
            pairs.extend(_flat(value, f"{name}."))
        else:
            pairs.append((name, value))
    return pairs


def _unknown(name: str, value: object) -> str:
    sections = {known.rsplit(".", 1)[0] for known in SETTINGS if "." in known}
    if name in sections:
        return f"[{name}] must be a section"
    what, known = ("section", sections) if isinstance(value, dict) else ("setting", set(SETTINGS))
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"unknown {what} '{name}'" + (f" (did you mean '{close[0]}'?)" if close else "")


def _line_of(text: str, name: str) -> int:
    """Return the line on which a setting or a section is written, else 1 (a key written in an unusual way)."""
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[?\s*([^\][]+?)\s*\]", line):
            section = header[1].replace(" ", "") + "."
            if section == f"{name}.":
                return number
        elif (key := re.match(r"\s*([\w.\"'-]+)\s*=", line)) and _begins(name, section + key[1].replace('"', "")):
            return number
    return 1


def _begins(name: str, written: str) -> bool:
    """Tell whether a setting stands at the written key, in it (an inline table) or around it (a dotted key)."""
    return f"{name}.".startswith(f"{written}.") or written.startswith(f"{name}.")


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> list[tuple[str, object, str]]:
    for variable in sorted(set(environ) - set(VARIABLES)):
        if variable.startswith("INSPECT_") and (close := difflib.get_close_matches(variable, VARIABLES, 1, 0.9)):
            problems.append(f"{variable}: unknown variable (did you mean '{close[0]}'?)")
    return [(name, environ[variable], variable) for variable, name in VARIABLES.items() if environ.get(variable)]


def _with(config: Any, names: list[str], value: object) -> Any:
    """Return the settings with one replaced, sections and all."""
    if len(names) == 1:
        return {**config, names[0]: value} if isinstance(config, Mapping) else replace(config, **{names[0]: value})
    inner = getattr(config, names[0])
    return replace(config, **{names[0]: _with(inner, names[1:], value)})
