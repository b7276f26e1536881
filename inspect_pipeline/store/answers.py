"""What the rules answered in a night, counted without reading it row by row, beside each call's place in the sample."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from inspect_pipeline.model import Verdict
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import parts, read_part, read_table

_QUIET = "nothing-noticed"  # the reason when a signal was listened for and not heard


@dataclass(frozen=True, slots=True)
class Place:
    """A call's place in the sample: its probability (0-1), whether it was drawn."""

    probability: float
    flagged: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """In how many calls of a night a rule gave one answer.

    `certain`: the calls that were sure to be drawn. `quiet`: a signal was listened for and not heard.
    """

    rule_id: str
    fingerprint: str
    verdict: Verdict
    quiet: bool
    certain: bool
    calls: int


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a rule answered in one call."""

    call_id: str
    rule_id: str
    fingerprint: str
    verdict: Verdict


def sample_places(out: Path, night: str) -> dict[str, Place]:
    """Return the place of every inspected call of a night; none when the night was not drawn. Raises StoreError."""
    columns = ("call_id", "probability", "flagged")
    return {
        row["call_id"]: Place(row["probability"], row["flagged"])
        for path in parts(out, TableName.SAMPLING, night)
        for row in read_part(path, TableName.SAMPLING, columns)
    }


def answer_counts(out: Path, night: str) -> list[Answered]:
    """Return the answers of a night by rule, of the calls that could be drawn (probability above 0).

    Raises StoreError.
    """
    drawn = read_table(out, TableName.SAMPLING, [night], ["call_id", "probability"])
    drawn = drawn.filter(pc.greater(drawn["probability"], 0.0))
    drawn = drawn.select(["call_id"]).append_column("certain", pc.greater_equal(drawn["probability"], 1.0))
    columns = ["call_id", "rule_id", "fingerprint", "verdict", "reason_code"]
    found = read_table(out, TableName.FINDINGS, [night], columns).join(drawn, "call_id", join_type="inner")
    found = found.append_column("quiet", pc.equal(found["reason_code"], pa.scalar(_QUIET)))
    keys = ["rule_id", "fingerprint", "verdict", "quiet", "certain"]
    counted = found.group_by(keys).aggregate([("call_id", "count")]).sort_by([(key, "ascending") for key in keys])
    return [
        Answered(
            row["rule_id"],
            row["fingerprint"],
            Verdict(row["verdict"]),
            bool(row["quiet"]),
            row["certain"],
            row["call_id_count"],
        )
        for row in counted.to_pylist()
    ]


def answers_of(out: Path, night: str, call_ids: Collection[str]) -> list[StoredAnswer]:
    """Return what the rules answered in some calls of a night, by part, call and rule. Raises StoreError."""
    columns = ["call_id", "rule_id", "fingerprint", "verdict"]
    wanted = pa.array(sorted(call_ids), pa.string())
    table = read_table(out, TableName.FINDINGS, [night], columns)
    return [
        StoredAnswer(row["call_id"], row["rule_id"], row["fingerprint"], Verdict(row["verdict"]))
        for row in table.filter(pc.is_in(table["call_id"], wanted)).select(columns).to_pylist()
    ]
