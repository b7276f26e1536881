"""One row of a manifest -> one `Recording`, or what is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

from inspect_pipeline.errors import Problem
from inspect_pipeline.model import Recording

REQUIRED_COLUMNS = ("call_id", "path")
KNOWN_COLUMNS = frozenset({*REQUIRED_COLUMNS, "started_at", "duration_s", "agent_id", "team", "site", "queue"}) | {
    "direction",
    "customer_number",
    "agent_channel",
}
# A time without a zone is China's: one zone, no summer time.
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
LONGEST_CALL_ID = 200

T = TypeVar("T")

_LOOSE_TIMES = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
_CUT_NUMBER = re.compile(r"\d(\.\d+)?[eE]\+\d+")  # what a spreadsheet makes of a long number


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was written: `line` in the file (1-based), `cells` by column, None for an empty cell."""

    line: int
    cells: Mapping[str, str | None]


class _WrongError(Exception):
    """What is wrong with a cell; gathered into a Problem."""


@dataclass(frozen=True, slots=True)
class _Cells:
    """A row while it is read: what is wrong is gathered."""

    row: Row
    place: str
    problems: list[Problem]

    def text(self, column: str) -> str | None:
        return self.row.cells.get(column)

    def needed(self, column: str, reader: Callable[[str], str]) -> str:
        if self.text(column) is None:
            self.problems.append(Problem(self.place, f"{column} is empty: every call needs call_id and path"))
        return self.read(column, reader) or ""

    def read(self, column: str, reader: Callable[[str], T]) -> T | None:
        text = self.text(column)
        try:
            return None if text is None else reader(text)
        except _WrongError as wrong:
            self.problems.append(Problem(self.place, str(wrong)))
            return None


def read_row(row: Row, manifest: Path) -> tuple[Recording | None, list[Problem]]:
    """Return the recording of `row`, or None with all that is wrong in it. A relative path starts at the manifest."""
    cells = _Cells(row, f"{manifest}:{row.line}", [])
    recording = Recording(
        call_id=cells.needed("call_id", _call_id),
        path=cells.needed("path", lambda text: _absolute(text, manifest)),
        started_at=cells.read("started_at", _started_at),
        duration_s=cells.read("duration_s", _duration),
        agent_id=cells.text("agent_id"),
        team=cells.text("team"),
        site=cells.text("site"),
        queue=cells.text("queue"),
        direction=cells.text("direction"),
        customer_number=cells.read("customer_number", _number),
        agent_channel=cells.read("agent_channel", _agent_channel),
        metadata={
            column: text for column, text in row.cells.items() if column not in KNOWN_COLUMNS and text is not None
        },
        place=cells.place,
    )
    return (None if cells.problems else recording), cells.problems


def _absolute(text: str, manifest: Path) -> str:
    return text if "://" in text else str(manifest.parent.absolute() / text)


def _call_id(text: str) -> str:
    if text in {".", ".."} or any(sign in text for sign in "/\\"):
        raise _WrongError(f"call_id '{text}' is a path: a call_id may not hold / or \\, nor be . or ..")
    if not text.isprintable():
        raise _WrongError(f"call_id {text!r} holds a control character: use letters, digits, - and _")
    if len(text) > LONGEST_CALL_ID:
        raise _WrongError(f"call_id '{text[:20]}…' has {len(text)} characters: at most {LONGEST_CALL_ID}")
    return _number(text, "call_id")


def _number(text: str, column: str = "customer_number") -> str:
    if _CUT_NUMBER.fullmatch(text):
        raise _WrongError(f"{column} '{text}' was cut by a spreadsheet: export that column as text")
    return text


def _started_at(text: str) -> datetime:
    moment = _moment(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=CHINA)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in _LOOSE_TIMES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            pass
    raise _WrongError(f"started_at '{text}' is not a time: write it like 2026-11-20T09:12:00+08:00")


def _duration(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise _WrongError(f"duration_s '{text}' is not a number of seconds: write it like 58.77, or leave it empty")
    return seconds


def _agent_channel(text: str) -> int:
    if text not in {"0", "1"}:
        raise _WrongError(f"agent_channel '{text}' is neither 0 (left) nor 1 (right): leave it empty for mono")
    return int(text)
