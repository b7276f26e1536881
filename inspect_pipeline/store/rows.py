"""The model's dataclasses as rows of the tables, and back. A row is a plain dict that JSON can carry, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inspect_pipeline.model import (
    Activity,
    Audio,
    CallResult,
    Evidence,
    Finding,
    Flag,
    Recording,
    Removed,
    Transcript,
)
from inspect_pipeline.privacy import CustomerKey, mask_number
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.talk import talk_of
from inspect_pipeline.wording import reason_text

Row = Mapping[str, Any]
Rows = Mapping[TableName, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Origin:
    """What made the rows: the recognition model and the packs, ids and fingerprints in the same order."""

    model: str
    packs: tuple[tuple[str, str], ...]

    @property
    def pack(self) -> str:
        """Return the ids of the packs, separated by commas."""
        return ",".join(identity for identity, _ in self.packs)

    @property
    def pack_fingerprint(self) -> str:
        """Return the fingerprints of the packs, separated by commas."""
        return ",".join(fingerprint for _, fingerprint in self.packs)


def result_rows(result: CallResult, origin: Origin, key: CustomerKey) -> dict[TableName, list[Row]]:
    """Return the rows of one call: one of `calls`, and those of `utterances` and `findings` in the call's order.

    `elapsed_s` is left out: the same call gives the same rows on a slow machine.
    """
    return {
        TableName.CALLS: [_call_row(result, origin, key)],
        TableName.UTTERANCES: utterance_rows(result.transcript) if result.transcript else [],
        TableName.FINDINGS: [finding_row(finding) for finding in result.judgement.findings] if result.judgement else [],
    }


def _call_row(result: CallResult, origin: Origin, key: CustomerKey) -> Row:
    judgement = result.judgement
    return {
        "call_id": result.recording.call_id,
        "status": result.status.value,
        "error": result.error,
        **_recording_columns(result.recording, key),
        **_audio_columns(result.audio),
        **_transcript_columns(result.transcript),
        "asr_model": origin.model,
        "score": judgement.score if judgement else None,
        "risk": judgement.risk.value if judgement else None,
        "pack": origin.pack,
        "pack_fingerprint": origin.pack_fingerprint,
    }


def _recording_columns(recording: Recording, key: CustomerKey) -> Row:
    number = recording.customer_number
    return {
        "path": recording.path,
        **_moment_columns(recording.started_at),
        "agent_id": recording.agent_id,
        "team": recording.team,
        "site": recording.site,
        "queue": recording.queue,
        "direction": recording.direction,
        "customer_id": key.customer_id(number) if number else None,
        "customer_number": mask_number(number) if number else None,
        "metadata": _pairs(sorted(recording.metadata.items())),
        "agent_channel": recording.agent_channel,
        "manifest_duration_s": recording.duration_s,
    }


def _moment_columns(moment: datetime | None) -> Row:
    offset = moment.utcoffset() if moment else None
    if moment is None or offset is None:
        return {"started_at": None, "utc_offset_min": None}
    return {"started_at": moment.astimezone(UTC).isoformat(), "utc_offset_min": int(offset.total_seconds() // 60)}


def _audio_columns(audio: Audio | None) -> Row:
    if audio is None:
        return {}
    return {
        "audio_sha256": audio.sha256,
        "duration_s": audio.duration_s,  # the transcript's own wins where there is one
        "channels": audio.channels,
        "codec": audio.codec,
        "sample_rate": audio.sample_rate,
    }


def _transcript_columns(transcript: Transcript | None) -> Row:
    if transcript is None:
        return {}
    talk = talk_of(transcript)
    return {
        "duration_s": transcript.duration_s,
        "tracks": transcript.channels,
        "speaker_source": transcript.speaker_source.value,
        "speaker_confidence": transcript.speaker_confidence,
        "confidence": transcript.confidence,
        "timed": transcript.timed,
        "speech_s": talk.speech_s,
        "silence_s": talk.silence_s,
        "overlap_s": talk.overlap_s,
        "activity": [_activity_row(span) for span in transcript.activity],
        "removed": [_removed_row(removed) for removed in transcript.removed],
    }


def _activity_row(span: Activity) -> Row:
    return {
        "kind": span.kind.value,
        "speaker": span.speaker.value,
        "channel": span.channel,
        "start_s": span.start_s,
        "end_s": span.end_s,
        "level_db": span.level_db,
    }


def _removed_row(removed: Removed) -> Row:
    return {
        "speaker": removed.speaker.value,
        "start_s": removed.start_s,
        "end_s": removed.end_s,
        "text": removed.text,
        "reason": removed.reason,
    }


def utterance_rows(transcript: Transcript) -> list[Row]:
    """Return one row an utterance, in the call's order."""
    return [
        {
            "call_id": transcript.call_id,
            "index": utterance.index,
            "speaker": utterance.speaker.value,
            "channel": utterance.channel,
            "start_s": utterance.start_s,
            "end_s": utterance.end_s,
            "text": utterance.text,
            "text_raw": utterance.text_raw,
            "confidence": utterance.confidence,
        }
        for utterance in transcript.utterances
    ]


def finding_row(finding: Finding) -> Row:
    """Return the row of one finding, its reason in Chinese and as a code."""
    return {
        "call_id": finding.call_id,
        "rule_id": finding.rule_id,
        "fingerprint": finding.fingerprint,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "points_lost": finding.points_lost,
        "reason": reason_text(finding.reason, "zh"),
        "evidence": [_evidence_row(evidence) for evidence in finding.evidence],
        "reason_code": finding.reason.code,
        "reason_values": _pairs(finding.reason.values),
        "risk": finding.risk.value,
    }


def _evidence_row(evidence: Evidence) -> Row:
    return {
        "utterance": evidence.utterance,
        "speaker": evidence.speaker.value,
        "start_s": evidence.start_s,
        "end_s": evidence.end_s,
        "quote": evidence.quote,
        "term": evidence.term,
        "match": evidence.match.value,
        "value": evidence.value,
    }


def flag_row(flag: Flag) -> Row:
    """Return the row of one flag."""
    return {
        "call_id": flag.call_id,
        "reasons": list(flag.reasons),
        "probability": flag.probability,
        "draw": flag.draw,
        "risk": flag.risk.value,
        "due_at": flag.due_at.astimezone(UTC).isoformat() if flag.due_at else None,
        "reviewer": flag.reviewer,
        "second_reviewer": flag.second_reviewer,
    }


def _pairs(items: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[name, value] for name, value in items]
