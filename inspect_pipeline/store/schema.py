"""The tables: every column with its type, its unit and what it says. One schema version for all of them.

A part file never relies on inference: the same columns in the same order whatever the values.
`night` is no column of the files, it is in the folder's name (`night=2026-11-20`), and is read back as a string.
"""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

SCHEMA_VERSION = 1


class TableName(StrEnum):
    """The tables under OUT, each a folder of `night=…` folders."""

    CALLS = "calls"
    UTTERANCES = "utterances"
    FINDINGS = "findings"
    FLAGS = "flags"
    SAMPLING = "sampling"
    REVIEWS = "reviews"
    SCORES = "scores"


def _column(name: str, kind: pa.DataType, about: str, unit: str | None = None) -> pa.Field:
    metadata = {"about": about} | ({"unit": unit} if unit else {})
    return pa.field(name, kind, metadata=metadata)


_TEXT = pa.string()
_REAL = pa.float64()
_MOMENT = pa.timestamp("us", tz="UTC")
_PAIRS = pa.map_(pa.string(), pa.string())
_ACTIVITY = pa.list_(
    pa.struct(
        [
            pa.field("kind", _TEXT),
            pa.field("speaker", _TEXT),
            pa.field("channel", pa.int8()),
            pa.field("start_s", _REAL),
            pa.field("end_s", _REAL),
            pa.field("level_db", _REAL),
        ]
    )
)
_REMOVED = pa.list_(
    pa.struct(
        [
            pa.field("speaker", _TEXT),
            pa.field("start_s", _REAL),
            pa.field("end_s", _REAL),
            pa.field("text", _TEXT),
            pa.field("reason", _TEXT),
        ]
    )
)
_EVIDENCE = pa.list_(
    pa.struct(
        [
            pa.field("utterance", pa.int32()),
            pa.field("speaker", _TEXT),
            pa.field("start_s", _REAL),
            pa.field("end_s", _REAL),
            pa.field("quote", _TEXT),
            pa.field("term", _TEXT),
            pa.field("match", _TEXT),
            pa.field("value", _REAL),
        ]
    )
)
_STRATA = pa.list_(
    pa.struct(
        [
            pa.field("reason", _TEXT),
            pa.field("group", _TEXT),
            pa.field("probability", _REAL),
        ]
    )
)

_CALLS = pa.schema(
    [
        _column("call_id", _TEXT, "the phone system's name of the call"),
        _column("status", _TEXT, "inspected, failed or skipped"),
        _column("error", _TEXT, "why it failed or was skipped; null when inspected"),
        _column("path", _TEXT, "the recording"),
        _column("audio_sha256", _TEXT, "digest of the recording's bytes"),
        _column("started_at", _MOMENT, "when the call began; utc_offset_min leads back to local time", "UTC"),
        _column("duration_s", _REAL, "decoded length", "s"),
        _column("channels", pa.int8(), "decoded channels"),
        _column("speaker_source", _TEXT, "how speakers were told apart: channel, text, voice or unknown"),
        _column("agent_id", _TEXT, "as in the manifest"),
        _column("team", _TEXT, "as in the manifest"),
        _column("site", _TEXT, "as in the manifest"),
        _column("queue", _TEXT, "as in the manifest"),
        _column("direction", _TEXT, "as in the manifest"),
        _column("customer_id", _TEXT, "keyed hash of the customer's number; the key never leaves the installation"),
        _column("customer_number", _TEXT, "masked, as 138****1111"),
        _column("metadata", _PAIRS, "all other columns of the manifest, by name"),
        _column("asr_model", _TEXT, "recognition model"),
        _column("confidence", _REAL, "mean over the utterances, weighted by duration", "0-1"),
        _column("speech_s", _REAL, "time in which anybody speaks", "s"),
        _column("silence_s", _REAL, "time in which nobody speaks and no music plays", "s"),
        _column("overlap_s", _REAL, "time in which two channels speak; null for mono", "s"),
        _column("score", _REAL, "after points are taken; null when nothing could be judged", "points"),
        _column("risk", _TEXT, "high, medium, low or none"),
        _column("pack", _TEXT, "rule packs, by id"),
        _column("pack_fingerprint", _TEXT, "their fingerprints in the same order"),
        _column("utc_offset_min", pa.int16(), "zone of started_at", "min"),
        _column("activity", _ACTIVITY, "speech and music on each channel", "s, dBFS"),
        _column("removed", _REMOVED, "recognised text that nobody said, kept out of the judging", "s"),
        _column("speaker_confidence", _REAL, "1 for channels", "0-1"),
        _column("timed", pa.bool_(), "false when the seconds are estimates"),
        _column("codec", _TEXT, "codec of the recording"),
        _column("sample_rate", pa.int32(), "of the recording", "Hz"),
        _column("tracks", pa.int8(), "channels that were judged apart: 1 when both carry the same sound"),
        _column("agent_channel", pa.int8(), "as in the manifest; null for mono or when not told"),
        _column("manifest_duration_s", _REAL, "as in the manifest", "s"),
    ]
)

_UTTERANCES = pa.schema(
    [
        _column("call_id", _TEXT, "its call"),
        _column("index", pa.int32(), "its place in the call, from 0"),
        _column("speaker", _TEXT, "agent, customer or unknown"),
        _column("channel", pa.int8(), "its channel; null for mono"),
        _column("start_s", _REAL, "from the start of the recording", "s"),
        _column("end_s", _REAL, "from the start of the recording", "s"),
        _column("text", _TEXT, "Simplified Chinese, as it was judged"),
        _column("text_raw", _TEXT, "as the recogniser wrote it"),
        _column("confidence", _REAL, "of the recogniser", "0-1"),
    ]
)

_FINDINGS = pa.schema(
    [
        _column("call_id", _TEXT, "its call"),
        _column("rule_id", _TEXT, "its rule"),
        _column("fingerprint", _TEXT, "digest of what the rule meant when it answered"),
        _column("verdict", _TEXT, "met, violated, noticed, uncertain or not_applicable"),
        _column("severity", _TEXT, "critical, major or minor"),
        _column("points_lost", _REAL, "taken from the score", "points"),
        _column("reason", _TEXT, "why, in Chinese"),
        _column("evidence", _EVIDENCE, "quotes and measured moments", "s"),
        _column("reason_code", _TEXT, "why, as a stable code"),
        _column("reason_values", _PAIRS, "the values of the reason"),
        _column("risk", _TEXT, "what the finding raises the call's risk to"),
    ]
)

_FLAGS = pa.schema(
    [
        _column("call_id", _TEXT, "the call to hear"),
        _column("reasons", pa.list_(_TEXT), "why it was proposed"),
        _column("probability", _REAL, "with which it was drawn: the largest of its reasons", "0-1"),
        _column("draw", _REAL, "its place in the sample; flagged when below the probability", "0-1"),
        _column("risk", _TEXT, "of the call"),
        _column("due_at", _MOMENT, "when it should have been heard", "UTC"),
        _column("reviewer", _TEXT, "who hears it; null until assigned"),
        _column("second_reviewer", _TEXT, "who hears it again, blind"),
    ]
)

_SAMPLING = pa.schema(
    [
        _column("call_id", _TEXT, "every inspected call"),
        _column("reasons", pa.list_(_TEXT), "why it could be drawn"),
        _column("probability", _REAL, "of being drawn: the largest of its reasons, scaled to the budget", "0-1"),
        _column("draw", _REAL, "its place in the sample", "0-1"),
        _column("flagged", pa.bool_(), "whether it was drawn"),
        _column("strata", _STRATA, "what each reason proposed before the budget, and for whose calls", "0-1"),
        _column("second_draw", _REAL, "its place in the sample of calls that two people hear", "0-1"),
        _column("calibration", pa.bool_(), "whether it was drawn and a second person hears it"),
    ]
)

_REVIEWS = pa.schema(
    [
        _column("review_id", _TEXT, "the decision"),
        _column("call_id", _TEXT, "its call"),
        _column("rule_id", _TEXT, "its rule; null for a decision on the whole call"),
        _column("fingerprint", _TEXT, "of the rule when it answered; of the packs for a decision on the whole call"),
        _column("reviewer", _TEXT, "who decided"),
        _column("decision", _TEXT, "agree, disagree, unsure or missed"),
        _column("note", _TEXT, "the reviewer's words"),
        _column("decided_at", _MOMENT, "when", "UTC"),
        _column("seconds", _REAL, "time spent", "s"),
        _column("verdict", _TEXT, "what the machine had answered; null for the whole call"),
        _column("role", _TEXT, "first, second (blind) or adjudicator (between two who differ)"),
        _column("supersedes", _TEXT, "the review_id that this decision replaces"),
        _column("cause", _TEXT, "why the machine was wrong, one of the configured causes"),
    ]
)

_SCORES = pa.schema(
    [
        _column("call_id", _TEXT, "a call on which somebody decided"),
        _column("machine_score", _REAL, "as in calls.score", "points"),
        _column("machine_risk", _TEXT, "as in calls.risk"),
        _column("reviewed_score", _REAL, "after reviews, adjudication and appeals", "points"),
        _column("reviewed_risk", _TEXT, "after reviews, adjudication and appeals"),
        _column("computed_at", _MOMENT, "when the last two were computed", "UTC"),
    ]
)

SCHEMAS: dict[TableName, pa.Schema] = {
    TableName.CALLS: _CALLS,
    TableName.UTTERANCES: _UTTERANCES,
    TableName.FINDINGS: _FINDINGS,
    TableName.FLAGS: _FLAGS,
    TableName.SAMPLING: _SAMPLING,
    TableName.REVIEWS: _REVIEWS,
    TableName.SCORES: _SCORES,
}
