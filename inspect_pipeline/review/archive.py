"""The stored nights, as a reviewer needs them: one call at a time, found quickly, and the flags of each night."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Flag
from inspect_pipeline.review.assign import UNASSIGNED, Assignment, CallFacts
from inspect_pipeline.review.case import ASKED, Case
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.intake import Enqueued, Intake, enqueue, taken
from inspect_pipeline.review.queue import QueueItem
from inspect_pipeline.store.calls import shard_rows, stored_flags
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.stored import by_call, result_of
from inspect_pipeline.store.tables import calls_that_say, part_path, parts, read_part, shard_of, stored_nights

_ASKED = frozenset(verdict.value for verdict in ASKED)
_FACTS = [
    "call_id",
    "started_at",
    "utc_offset_min",
    "agent_id",
    "team",
    "queue",
    "score",
    "metadata",
    "pack_fingerprint",
]
_ANSWERS = ["call_id", "rule_id", "fingerprint", "verdict"]


class Archive:
    """The nights under OUT. A call whose shard is known is read alone; where others are kept is looked up once."""

    def __init__(self, out: Path, titles: Mapping[str, str]) -> None:
        self.out = out
        self.titles = titles
        self._shards: dict[str, dict[str, int]] = {}

    def nights(self) -> list[str]:
        """Return the nights that have calls, oldest first."""
        return stored_nights(self.out)

    def case(self, night: str, call_id: str, item: QueueItem | None = None) -> Case:
        """Return one call with everything stored of it. Raises ReviewError when there is no such call, StoreError."""
        known = None if item is None else item.shard
        if known is not None and part_path(self.out, TableName.CALLS, night, known).exists():
            for case in self._cases(night, known, [call_id], item):
                return case
        shard = self._shard(night, call_id)
        if shard is None:
            raise ReviewError(f"{self.out}: night {night} has no call {call_id}")
        return next(self._cases(night, shard, [call_id], item))

    def cases(self, night: str, call_ids: Collection[str]) -> Iterator[Case]:
        """Yield those of the calls that the night still has, each shard read once. Raises StoreError."""
        by_shard: dict[int, list[str]] = {}
        for call_id in call_ids:
            shard = self._shard(night, call_id)
            if shard is not None:
                by_shard.setdefault(shard, []).append(call_id)
        for shard, wanted in sorted(by_shard.items()):
            yield from self._cases(night, shard, wanted)

    def night_of(self, call_id: str, nights: Collection[str] = ()) -> str:
        """Return the night a call belongs to, looking in `nights` or all.

        Raises ReviewError when there is no such call, or several nights have one.
        """
        found = [night for night in (sorted(nights) or self.nights()) if self._shard(night, call_id) is not None]
        if not found:
            raise ReviewError(f"{self.out}: no call {call_id}")
        if len(found) > 1:
            raise ReviewError(f"{call_id} is in several nights ({', '.join(found)}): name one with --night")
        return found[0]

    def calls_that_say(self, text: str, nights: Collection[str] = ()) -> frozenset[tuple[str, str]]:
        """Return the (night, call)s in which somebody says `text`, as it is written. Raises StoreError."""
        return frozenset(
            (night, call_id)
            for night in (sorted(nights) or stored_nights(self.out, TableName.FLAGS))
            for path in parts(self.out, TableName.UTTERANCES, night)
            for call_id in calls_that_say(path, text)
        )

    def _cases(self, night: str, shard: int, call_ids: Sequence[str], item: QueueItem | None = None) -> Iterator[Case]:
        for rows in by_call(shard_rows(self.out, night, shard, call_ids)).values():
            result = result_of(rows[TableName.CALLS][0], rows[TableName.UTTERANCES], rows[TableName.FINDINGS])
            yield Case(night, result, item, self.titles, rows[TableName.CALLS][0]["pack_fingerprint"])

    def _shard(self, night: str, call_id: str) -> int | None:
        if night not in self._shards:
            self._shards[night] = {
                row["call_id"]: shard_of(path)
                for path in parts(self.out, TableName.CALLS, night)
                for row in read_part(path, TableName.CALLS, ["call_id"])
            }
        return self._shards[night].get(call_id)


def take_over_flags(
    database: ReviewDatabase,
    out: Path,
    now: datetime,
    plan: Assignment = UNASSIGNED,
    nights: Collection[str] = (),
) -> dict[str, Enqueued]:
    """Bring the queue up to what the flags of the nights (all when none is named) say; return what changed in each.

    A night whose flags and plan are those of the last time is not read. Raises StoreError.
    """
    known = taken(database)
    changed = {}
    for night in sorted(nights) or stored_nights(out, TableName.FLAGS):
        digest = _digest(out, night, plan)
        if known.get(night) != digest:
            flags = stored_flags(out, night)
            facts, wordings = _facts(out, night, flags)
            changed[night] = enqueue(database, Intake(night, flags, facts, plan, digest, wordings), now)
    return changed


def _digest(out: Path, night: str, plan: Assignment) -> str:
    """Return what a night's flags are known by. They are written last, and anew whenever anything of a night is."""
    facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in parts(out, TableName.FLAGS, night)]
    return hashlib.sha256(repr((facts, plan)).encode()).hexdigest()


def _facts(out: Path, night: str, flags: Sequence[Flag]) -> tuple[dict[str, CallFacts], dict[str, dict[str, str]]]:
    """Return what the queue needs to know of the flagged calls, and the rules that judged them by their packs."""
    wanted = {flag.call_id for flag in flags}
    found: dict[str, CallFacts] = {}
    wordings: dict[str, dict[str, str]] = {}
    for path in parts(out, TableName.CALLS, night) if wanted else ():
        shard = shard_of(path)
        calls = read_part(path, TableName.CALLS, _FACTS, wanted)
        packs = {row["call_id"]: row["pack_fingerprint"] for row in calls}
        asked: dict[str, list[tuple[str, str]]] = {call_id: [] for call_id in packs}
        findings = part_path(out, TableName.FINDINGS, night, shard)
        if asked and findings.exists():
            for row in read_part(findings, TableName.FINDINGS, _ANSWERS, asked):
                wordings.setdefault(packs[row["call_id"]], {})[row["rule_id"]] = row["fingerprint"]
                if row["verdict"] in _ASKED:
                    asked[row["call_id"]].append((row["rule_id"], row["verdict"]))
        for row in calls:
            found[row["call_id"]] = CallFacts(
                shard,
                row["started_at"],
                row["utc_offset_min"],
                row["agent_id"],
                row["team"],
                row["queue"],
                dict(row["metadata"] or ()).get("language"),
                row["score"],
                tuple(asked[row["call_id"]]),
            )
    return found, wordings
