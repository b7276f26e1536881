"""What the rules answered in a night, counted without reading it row by row, beside each call's place in the sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from inspect_pipeline.model import Verdict
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import part_table, parts, read_part, read_table

_KEYS = ("rule_id", "fingerprint", "verdict", "quiet", "certain", "never")
_QUIET = "nothing-noticed"  # the reason when a signal was listened for and not heard


@dataclass(frozen=True, slots=True)
class Place:
    """A call's place in the sample: its probability (0-1), whether it was drawn."""

    probability: float
    flagged: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """In how many calls of a night a rule gave one answer.

    `certain`: the calls that were sure to be drawn, `never` those that could not be (probability 0). `quiet`: a signal
    was listened for and not heard.
    """

    rule_id: str
    fingerprint: str
    verdict: Verdict
    quiet: bool
    certain: bool
    never: bool
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
    """Return the answers of a night by rule, of the calls that have a place in its sample.

    One part is held in memory at a time. Raises StoreError.
    """
    drawn = read_table(out, TableName.SAMPLING, [night], ["call_id", "probability"])
    certain = drawn.filter(pc.greater_equal(drawn["probability"], 1.0))["call_id"].combine_chunks()
    never = drawn.filter(pc.less_equal(drawn["probability"], 0.0))["call_id"].combine_chunks()
    counted: Counter[tuple[str, str, str, bool, bool, bool]] = Counter()
    for path in parts(out, TableName.FINDINGS, night):
        found = part_table(path, TableName.FINDINGS, ["call_id", "rule_id", "fingerprint", "verdict", "reason_code"])
        if not len(drawn):
            break
        marks = {
            "quiet": pc.equal(found["reason_code"], pa.scalar(_QUIET)).fill_null(False),
            "certain": pc.is_in(found["call_id"], certain),
            "never": pc.is_in(found["call_id"], never),
        }
        for name, values in marks.items():
            found = found.append_column(name, values)
        for row in found.group_by(list(_KEYS)).aggregate([([], "count_all")]).to_pylist():
            counted[tuple(row[key] for key in _KEYS)] += row["count_all"]
    return [
        Answered(rule_id, fingerprint, Verdict(verdict), quiet, sure, not_drawn, calls)
        for (rule_id, fingerprint, verdict, quiet, sure, not_drawn), calls in sorted(counted.items())
    ]


def answers_of(out: Path, night: str, call_ids: Collection[str]) -> list[StoredAnswer]:
    """Return what the rules answered in some calls of a night, by part, call and rule. Raises StoreError."""
    wanted = pa.array(sorted(call_ids), pa.string())
    found = []
    for path in parts(out, TableName.FINDINGS, night):
        table = part_table(path, TableName.FINDINGS, ["call_id", "rule_id", "fingerprint", "verdict"])
        for row in table.filter(pc.is_in(table["call_id"], wanted)).to_pylist():
            found.append(StoredAnswer(row["call_id"], row["rule_id"], row["fingerprint"], Verdict(row["verdict"])))
    return found
