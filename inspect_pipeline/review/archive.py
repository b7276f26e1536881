"""The stored nights, as a reviewer needs them: one call at a time, found quickly, and the flags of each night."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import CallResult
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.queue import Enqueued, QueueItem, enqueue
from inspect_pipeline.store.calls import shard_rows, stored_flags
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.stored import by_call, result_of
from inspect_pipeline.store.tables import parts, read_part, shard_of, stored_nights


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a call is kept, and what a list of calls says of it. `zone` is the one its times were told in."""

    shard: int
    score: float | None
    zone: tzinfo | None


class Archive:
    """The nights under OUT. Where each call is kept is looked up once a night; the last shard read is kept."""

    def __init__(self, out: Path, titles: Mapping[str, str]) -> None:
        self.out = out
        self.titles = titles
        self._entries: dict[str, dict[str, Entry]] = {}
        self._last: tuple[tuple[str, int], dict[str, CallResult]] | None = None

    def nights(self) -> list[str]:
        """Return the nights that have calls, oldest first."""
        return stored_nights(self.out)

    def case(self, night: str, call_id: str, item: QueueItem | None = None) -> Case:
        """Return one call with everything stored of it. Raises ReviewError when there is no such call, StoreError."""
        entry = self.entry(night, call_id)
        if entry is None:
            raise ReviewError(f"{self.out}: night {night} has no call {call_id}")
        if self._last is None or self._last[0] != (night, entry.shard):
            self._last = ((night, entry.shard), _shard_results(self.out, night, entry.shard))
        return Case(night, self._last[1][call_id], item, self.titles)

    def entry(self, night: str, call_id: str) -> Entry | None:
        """Return where a call is kept; None when the night has no such call. Raises StoreError."""
        return self._index(night).get(call_id)

    def night_of(self, call_id: str, nights: Collection[str] = ()) -> str:
        """Return the night a call belongs to, looking in `nights` or all.

        Raises ReviewError when there is no such call, or several nights have one.
        """
        found = [night for night in (sorted(nights) or self.nights()) if call_id in self._index(night)]
        if not found:
            raise ReviewError(f"{self.out}: no call {call_id}")
        if len(found) > 1:
            raise ReviewError(f"{call_id} is in several nights ({', '.join(found)}): name one with --night")
        return found[0]

    def _index(self, night: str) -> dict[str, Entry]:
        if night not in self._entries:
            self._entries[night] = {
                row["call_id"]: Entry(shard_of(path), row["score"], _zone(row["utc_offset_min"]))
                for path in parts(self.out, TableName.CALLS, night)
                for row in read_part(path, TableName.CALLS, ["call_id", "score", "utc_offset_min"])
            }
        return self._entries[night]


def _zone(offset_min: int | None) -> tzinfo | None:
    return None if offset_min is None else timezone(timedelta(minutes=offset_min))


def take_over_flags(
    database: ReviewDatabase, out: Path, now: datetime, nights: Collection[str] = ()
) -> dict[str, Enqueued]:
    """Bring the queue up to what the flags of the nights (all when none is named) say. Raises StoreError."""
    wanted = sorted(nights) or stored_nights(out, TableName.FLAGS)
    return {night: enqueue(database, night, stored_flags(out, night), now) for night in wanted}


def _shard_results(out: Path, night: str, shard: int) -> dict[str, CallResult]:
    return {
        call_id: result_of(rows[TableName.CALLS][0], rows[TableName.UTTERANCES], rows[TableName.FINDINGS])
        for call_id, rows in by_call(shard_rows(out, night, shard)).items()
    }
