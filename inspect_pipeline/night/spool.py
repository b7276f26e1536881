"""Finished calls on disk, one file each, until their shard is complete; and who is working on the night.

Under `OUT/.work/night=…/`: `spool/` the rows of finished calls, `attempts/` a mark for each call that a worker has
begun and not finished, `errors/` what a person who looks for a bug needs, `lock` and `turns/` who is at work.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from inspect_pipeline.model import CallStatus, Seconds
from inspect_pipeline.night.locks import awaited, held
from inspect_pipeline.night.plan import Task
from inspect_pipeline.store.atomic import is_left, remove_file, storing, write_file
from inspect_pipeline.store.journal import night_folder
from inspect_pipeline.store.rows import Row
from inspect_pipeline.store.schema import TableName


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished call: its rows of each table, and how long it took."""

    status: CallStatus
    elapsed_s: Seconds
    rows: dict[TableName, list[Row]]

    @property
    def call(self) -> Row:
        """Return its row of `calls`."""
        return self.rows[TableName.CALLS][0]


@dataclass(frozen=True, slots=True)
class Spool:
    """The working folder of one night."""

    out: Path
    night: str

    @property
    def folder(self) -> Path:
        """Return the working folder."""
        return night_folder(self.out, self.night)

    def put(self, task: Task, entry: Entry) -> None:
        """Store a finished call, whole or not at all. Raises StoreError."""
        rows = {table.value: list(entries) for table, entries in entry.rows.items()}
        content = {"key": task.key, "status": entry.status, "elapsed_s": entry.elapsed_s, "rows": rows}
        text = json.dumps(content, ensure_ascii=False, default=_plain)
        write_file(self._entry(task), text.encode(), self.folder / "drafts")

    def get(self, task: Task) -> Entry | None:
        """Return a finished call; None when there is none, or it was made from something else. Raises StoreError."""
        path = self._entry(task)
        if not path.exists():
            return None
        with storing(path):
            content = json.loads(path.read_text(encoding="utf-8"))
        if content["key"] != task.key:
            return None
        rows = {TableName(table): entries for table, entries in content["rows"].items()}
        return Entry(CallStatus(content["status"]), content["elapsed_s"], rows)

    def drop(self, task: Task) -> None:
        """Remove a finished call: its rows are in the tables now, or are not wanted."""
        remove_file(self._entry(task))

    def begun(self, task: Task) -> bool:
        """Tell whether a worker began this call, alone or with others, and was never heard of again."""
        return self._mark(task).exists()

    def attempts(self, task: Task) -> int:
        """Return how often a worker began this call alone and was never heard of again."""
        path = self._mark(task)
        return int(path.read_text(encoding="ascii")) if path.exists() else 0

    def begin(self, task: Task, alone: bool = True) -> None:
        """Mark the call as begun, before anything touches its recording."""
        write_file(self._mark(task), str(self.attempts(task) + alone).encode(), self.folder / "drafts")

    def forgive(self, task: Task) -> None:
        """Forget the attempts at a call: it was finished, or stopped by a person."""
        remove_file(self._mark(task))

    def note(self, task: Task, text: str) -> str:
        """Add to what is known about a call that went wrong, and return where that is, seen from OUT."""
        path = self.folder / "errors" / f"{_name(task)}.txt"
        with storing(path):
            before = path.read_text(encoding="utf-8") if path.exists() else ""
        note = f"{before}call {task.call_id} ({task.recording.path})\n{text.rstrip()}\n\n"
        write_file(path, note.encode(), self.folder / "drafts")
        return path.relative_to(self.out).as_posix()

    def sweep(self) -> None:
        """Remove files that somebody was writing when it was killed."""
        for draft in (self.folder / "drafts").glob("*.draft"):
            if is_left(draft):
                remove_file(draft)

    def lock(self, shared: bool = False) -> AbstractContextManager[None]:
        """Keep other runs away from this night; slices, which share it, only whole runs. Raises UsageError when one is
        at work."""
        return held(self.folder / "lock", f"night {self.night} in {self.out}", shared)

    def turn(self, name: str) -> AbstractContextManager[None]:
        """Wait until nobody else does what is called `name`, and keep others waiting."""
        return awaited(self.folder / "turns" / name)

    def _entry(self, task: Task) -> Path:
        return self.folder / "spool" / f"{_name(task)}.json"

    def _mark(self, task: Task) -> Path:
        return self.folder / "attempts" / _name(task)


def _name(task: Task) -> str:
    """Return a file name for the call: an id may hold anything."""
    return hashlib.sha256(task.call_id.encode()).hexdigest()[:32]


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"not a value of a row: {value!r}")
