"""How a setting's value is read, from the file or a variable. Each raises ValueError with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

Reader = Callable[[object], Any]


def text(value: object) -> str:
    """Read a text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("needs a text")
    return value


def seed(value: object) -> str:
    """Read a text or a whole number, as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)


def path(value: object) -> Path:
    """Read a path; `~` is the home folder."""
    return Path(text(value)).expanduser()


def texts(value: object) -> tuple[str, ...]:
    """Read a list of texts: a list in the file, words between commas in the environment."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
        raise ValueError("needs a list of texts")
    return tuple(item.strip() for item in items)


def packs(value: object) -> tuple[str, ...]:
    """Read one or more names."""
    if not (names := texts(value)):
        raise ValueError("needs one or more")
    return names


def number(value: object) -> float:
    """Read a number, also from the text of a variable."""
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("needs a number")
    return float(value)


def numbers(value: object) -> tuple[float, ...]:
    """Read a list of numbers."""
    if not isinstance(value, list):
        raise ValueError("needs a list of numbers")
    return tuple(number(item) for item in value)


def count(value: object) -> int:
    """Read a whole number from 1."""
    found = number(value)
    if found < 1 or found != int(found):
        raise ValueError("needs a whole number from 1")
    return int(found)


def between(least: float, most: float, needs: str) -> Reader:
    """Return the reader of a number from `least` to `most`; `needs` says so."""

    def read(value: object) -> float:
        if not least <= (found := number(value)) <= most:
            raise ValueError(f"needs {needs}")
        return found

    return read


def lang(value: object) -> str:
    """Read zh or en."""
    if value not in ("zh", "en"):
        raise ValueError("needs zh or en")
    return text(value)


def yes_or_no(value: object) -> bool:
    """Read true or false, also from the text of a variable."""
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ValueError("needs true or false")
    return value
