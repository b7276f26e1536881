"""What a shard of a night was made from and how long its calls took. It stands beside the tables, not in them.

A journal is JSON under `OUT/.work/night=…/shards/`. Without it nothing is wrong in the tables: a run then only
cannot tell which single calls of a changed shard it may keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from inspect_pipeline.errors import StoreError
from inspect_pipeline.model import CallStatus, Seconds
from inspect_pipeline.store.atomic import WORK, remove_file, write_file


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call of a shard: the digest of what its transcript is made from, the recording's time of change (ns, None:
    there was none), what became of it, and how long it took."""

    heard: str
    changed: int | None
    status: CallStatus
    elapsed_s: Seconds


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """One shard: `digest` is the one in its parts' metadata, `rules` that of what judged it; `calls` by id."""

    digest: str
    rules: str
    calls: Mapping[str, CallRecord]


WRITING = ShardRecord("", "", {})
"""Stands while the parts of a shard are written: until the last one is in, they may be of two runs."""


def night_folder(out: Path, night: str) -> Path:
    """Return where everything of a night that is not a table lives."""
    return out / WORK / f"night={night}"


def write_record(out: Path, night: str, shard: int, record: ShardRecord) -> None:
    """Store the record of a shard, after its parts. Raises StoreError."""
    content = json.dumps({"schema": 1, **asdict(record)}, ensure_ascii=False, sort_keys=True)
    folder = night_folder(out, night)
    write_file(_path(out, night, shard), content.encode(), folder / "drafts")


def read_records(out: Path, night: str) -> dict[int, ShardRecord]:
    """Return the records of a night by shard. Raises StoreError."""
    folder = night_folder(out, night) / "shards"
    return {int(path.stem): _read(path) for path in sorted(folder.glob("*.json"))}


def read_record(out: Path, night: str, shard: int) -> ShardRecord | None:
    """Return the record of one shard, if there is one. Raises StoreError."""
    path = _path(out, night, shard)
    return _read(path) if path.exists() else None


def remove_record(out: Path, night: str, shard: int) -> None:
    """Remove the record of a shard that is no more. Raises StoreError."""
    remove_file(_path(out, night, shard))


def elapsed_by_call(out: Path, night: str) -> dict[str, Seconds]:
    """Return how long each call of a night took to inspect. Raises StoreError."""
    records = read_records(out, night).values()
    return {call_id: call.elapsed_s for record in records for call_id, call in record.calls.items()}


def _path(out: Path, night: str, shard: int) -> Path:
    return night_folder(out, night) / "shards" / f"{shard:04d}.json"


def _read(path: Path) -> ShardRecord:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        calls = {
            call_id: CallRecord(call["heard"], call["changed"], CallStatus(call["status"]), call["elapsed_s"])
            for call_id, call in data["calls"].items()
        }
        return ShardRecord(data["digest"], data["rules"], calls)
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{path}: cannot read: {error}: remove it and run the night again") from error
