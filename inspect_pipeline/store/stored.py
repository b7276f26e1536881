"""Rows back into the model: what was stored is what is judged again."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from inspect_pipeline.model import (
    Activity,
    ActivityKind,
    Audio,
    CallResult,
    CallStatus,
    Evidence,
    Finding,
    Flag,
    Judgement,
    Match,
    Reason,
    Recording,
    Removed,
    Risk,
    Severity,
    Speaker,
    SpeakerSource,
    Transcript,
    Utterance,
    Verdict,
)
from inspect_pipeline.store.rows import Row, Rows
from inspect_pipeline.store.schema import TableName


def recording_of(call: Row) -> Recording:
    """Return the recording of a row of `calls`; its customer number is the masked one."""
    return Recording(
        call_id=call["call_id"],
        path=call["path"],
        started_at=local_moment(call),
        duration_s=call["manifest_duration_s"],
        agent_id=call["agent_id"],
        team=call["team"],
        site=call["site"],
        queue=call["queue"],
        direction=call["direction"],
        customer_number=call["customer_number"],
        agent_channel=call["agent_channel"],
        metadata=dict(call["metadata"] or ()),
    )


def local_moment(call: Row) -> datetime | None:
    """Return `started_at` of a row of `calls` in the zone in which it was told."""
    moment: datetime | None = call["started_at"]
    return moment.astimezone(timezone(timedelta(minutes=call["utc_offset_min"]))) if moment else None


def audio_of(call: Row) -> Audio | None:
    """Return the facts of the decoded file; None for a call that was not decoded."""
    if call["audio_sha256"] is None:
        return None
    return Audio(
        sha256=call["audio_sha256"],
        duration_s=call["duration_s"],
        channels=call["channels"],
        sample_rate=call["sample_rate"],
        codec=call["codec"],
    )


def transcript_of(call: Row, utterances: list[Row]) -> Transcript | None:
    """Return the transcript as it was judged; None for a call that has none."""
    if call["speaker_source"] is None:
        return None
    return Transcript(
        call_id=call["call_id"],
        duration_s=call["duration_s"],
        utterances=tuple(_utterance_of(row) for row in utterances),
        activity=tuple(_activity_of(row) for row in call["activity"]),
        removed=tuple(_removed_of(row) for row in call["removed"]),
        speaker_source=SpeakerSource(call["speaker_source"]),
        speaker_confidence=call["speaker_confidence"],
        confidence=call["confidence"],
        channels=call["tracks"],
        timed=call["timed"],
    )


def finding_of(row: Row) -> Finding:
    """Return the finding of a row of `findings`."""
    return Finding(
        call_id=row["call_id"],
        rule_id=row["rule_id"],
        fingerprint=row["fingerprint"],
        verdict=Verdict(row["verdict"]),
        severity=Severity(row["severity"]),
        points_lost=row["points_lost"],
        risk=Risk(row["risk"]),
        reason=Reason(row["reason_code"], tuple((name, value) for name, value in row["reason_values"])),
        evidence=tuple(_evidence_of(evidence) for evidence in row["evidence"]),
    )


def flag_of(row: Row) -> Flag:
    """Return the flag of a row of `flags`."""
    return Flag(
        call_id=row["call_id"],
        reasons=tuple(row["reasons"]),
        probability=row["probability"],
        draw=row["draw"],
        risk=Risk(row["risk"]),
        due_at=row["due_at"],
        reviewer=row["reviewer"],
        second_reviewer=row["second_reviewer"],
    )


def result_of(call: Row, utterances: list[Row], findings: list[Row]) -> CallResult:
    """Return one call of the night from its rows."""
    status = CallStatus(call["status"])
    found = tuple(finding_of(row) for row in findings)
    return CallResult(
        recording=recording_of(call),
        status=status,
        error=call["error"],
        audio=audio_of(call),
        transcript=transcript_of(call, utterances),
        judgement=Judgement(found, call["score"], Risk(call["risk"])) if status is CallStatus.INSPECTED else None,
    )


def by_call(rows: Rows) -> dict[str, dict[TableName, list[Row]]]:
    """Return the rows of several calls sorted out by call, each table in its order; every call has a row in `calls`."""
    calls: dict[str, dict[TableName, list[Row]]] = {}
    for row in rows[TableName.CALLS]:
        calls[row["call_id"]] = {table: [] for table in rows}
    for table, entries in rows.items():
        for row in entries:
            calls[row["call_id"]][table].append(row)
    return calls


_SPEAKERS = {speaker.value: speaker for speaker in Speaker}
_KINDS = {kind.value: kind for kind in ActivityKind}


def _utterance_of(row: Row) -> Utterance:
    return Utterance(
        row["index"],
        _SPEAKERS[row["speaker"]],
        row["channel"],
        row["start_s"],
        row["end_s"],
        row["text"],
        row["text_raw"],
        row["confidence"],
    )


def _activity_of(row: Row) -> Activity:
    return Activity(
        _KINDS[row["kind"]],
        _SPEAKERS[row["speaker"]],
        row["channel"],
        row["start_s"],
        row["end_s"],
        row["level_db"],
    )


def _removed_of(row: Row) -> Removed:
    fields: dict[str, Any] = {**row, "speaker": Speaker(row["speaker"])}
    return Removed(**fields)


def _evidence_of(row: Row) -> Evidence:
    fields: dict[str, Any] = {**row, "speaker": Speaker(row["speaker"]), "match": Match(row["match"])}
    return Evidence(**fields)
