"""Nights with a sample and reviews, written with the store and the review database as real ones are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inspect_pipeline.model import (
    Audio,
    CallResult,
    CallStatus,
    Finding,
    Flag,
    Judgement,
    Reason,
    Recording,
    Risk,
    Severity,
    Transcript,
    Verdict,
)
from inspect_pipeline.privacy import CustomerKey
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Answer, Choice, Subject, record
from inspect_pipeline.review.wordings import note_wordings
from inspect_pipeline.store.rows import Origin, flag_row, result_rows
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import part_path, write_part

NIGHT = "2026-11-20"
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ORIGIN = Origin("base", (("telecom-cn", "aa11"),))
REASONS = {
    Verdict.VIOLATED: "not-said",
    Verdict.MET: "said",
    Verdict.UNCERTAIN: "no-speech",
    Verdict.NOTICED: "noticed",
}


@dataclass(frozen=True)
class Call:
    """One call: what the rules answered (by id), and its place in the sample."""

    call_id: str
    verdicts: Mapping[str, Verdict]
    probability: float = 1.0
    flagged: bool = True
    risk: Risk = Risk.LOW
    agent: str = "0107"
    score: float = 90.0


def write_measured(
    out: Path, calls: Iterable[Call], night: str = NIGHT, fingerprints: Mapping[str, str] | None = None
) -> None:
    """Write a night; a rule's fingerprint is `fp-<rule>` unless told otherwise."""
    marks = fingerprints or {}
    rows: dict[TableName, list[object]] = {TableName.SAMPLING: [], TableName.FLAGS: []}
    for call in calls:
        for table, part in result_rows(result(call, marks), ORIGIN, CustomerKey(bytes(32))).items():
            rows.setdefault(table, []).extend(part)
        place = {"probability": call.probability, "draw": 0.0, "flagged": call.flagged}
        rows[TableName.SAMPLING].append({"call_id": call.call_id, "reasons": ["clean"], **place})
        if call.flagged:
            flag = Flag(call.call_id, ("clean",), call.probability, 0.0, call.risk, NOW)
            rows[TableName.FLAGS].append(flag_row(flag))
    for table, part in rows.items():
        write_part(part_path(out, table, night), table, part, {"shard_digest": "d1"})  # type: ignore[arg-type]


def result(call: Call, fingerprints: Mapping[str, str]) -> CallResult:
    findings = tuple(
        Finding(
            call.call_id,
            rule_id,
            fingerprints.get(rule_id, f"fp-{rule_id}"),
            verdict,
            Severity.MINOR,
            0.0,
            Risk.LOW,
            Reason(REASONS.get(verdict, "no-trigger")),
        )
        for rule_id, verdict in call.verdicts.items()
    )
    recording = Recording(call.call_id, f"/{call.call_id}.wav", agent_id=call.agent, team="一组")
    audio = Audio("ab" * 32, 60.0, 2, 8000, "pcm_s16le")
    transcript = Transcript(call.call_id, 60.0, ())
    judged = Judgement(findings, call.score, call.risk)
    return CallResult(recording, CallStatus.INSPECTED, None, audio, transcript, judged)


@dataclass
class Reviewing:
    """Somebody who decides, second by second, on the calls of one night.

    `packs`: the fingerprint of those that judged it (None: not kept); `marks`: fingerprints that are not `fp-<rule>`.
    """

    database: ReviewDatabase
    name: str
    role: str = "first"
    night: str = NIGHT
    clock: datetime = NOW
    packs: str | None = "aa11"
    marks: Mapping[str, str] = field(default_factory=dict)

    def decide(self, call: Call, rule_id: str | None, choice: Choice, fingerprint: str | None = None) -> None:
        """Decide on a rule of a call (None: on the whole call)."""
        self.clock += timedelta(seconds=1)
        marks = {rule: self.marks.get(rule, f"fp-{rule}") for rule in call.verdicts}
        if rule_id is not None:
            mark = fingerprint or marks[rule_id]
            subject = Subject(self.night, call.call_id, rule_id, mark, call.verdicts[rule_id], self.role)
        else:
            subject = Subject(self.night, call.call_id, fingerprint=self.packs, role=self.role)
            with self.database.write() as connection:
                note_wordings(connection, {self.packs: marks} if self.packs else {})
        record(self.database, Answer(subject, choice, seconds=4.0), self.name, self.clock)
