"""The tables of the review database.

`HISTORY` are events: rows are added, never changed or removed (triggers see to that, see `migrations`), and a decision
that replaces another names it in `supersedes`. The others are working state and may change. `role` says in what
capacity a call is heard or decided on, so that one call can be queued for several people.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

from inspect_pipeline.errors import ReviewError

VERSION = 3
FIRST = "first"  # the role of the first person who hears a call
SECOND = "second"  # hears it again and is shown neither what the machine nor what the first one said
ADJUDICATOR = "adjudicator"  # decides where the two differ


class Instant(TypeDecorator[datetime]):
    """A moment with its zone, kept in UTC: `timestamptz` in PostgreSQL, sortable ISO text in SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of this database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """Turn a moment into what is stored. A moment without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ReviewError(f"a moment without a time zone cannot be stored: {value.isoformat()}")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.isoformat(timespec="microseconds")

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn what is stored into a moment in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(str(value))


metadata = MetaData()

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, nullable=False),
)

queue = Table(
    "queue",
    metadata,
    Column("night", String(10), primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("reasons", Text, nullable=False),  # a JSON list
    Column("risk", String(8), nullable=False),
    Column("risk_rank", Integer, nullable=False),  # 0 high … 3 none, to sort by
    Column("due_at", Instant),
    Column("probability", Float, nullable=False),  # with which the call was drawn; reports weigh by it
    Column("draw", Float, nullable=False),
    Column("assigned_to", Text),  # only this reviewer gets the call until it is overdue; null: anybody
    Column("claimed_by", Text),
    Column("claimed_until", Instant),
    Column("done_by", Text),
    Column("done_at", Instant),
    Column("withdrawn_at", Instant),  # the night was inspected again and no longer asks for this call
    Column("shard", Integer),  # of the night, where the call is kept; null when the night did not tell
    Column("started_at", Instant),
    Column("utc_offset_min", Integer),
    Column("agent_id", Text),
    Column("team", Text),
    Column("phone_queue", Text),
    Column("score", Float),
    Column("language", Text),
    Index("queue_order", "risk_rank", "due_at", "night", "call_id"),
    Index("queue_waiting", "done_at", "withdrawn_at", "role"),
    Index("queue_done", "done_by", "done_at"),
)

asked = Table(  # the rules that a queued call is asked about, to look for calls by
    "asked",
    metadata,
    Column("night", String(10), primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("rule_id", Text, primary_key=True),
    Column("verdict", String(16), nullable=False),
    Index("asked_rule", "rule_id"),
)

taken_over = Table(  # what a night's flags were when they were taken over: the same again need not be read
    "taken_over",
    metadata,
    Column("night", String(10), primary_key=True),
    Column("digest", String(64), nullable=False),
)

wordings = Table(  # the rules that the fingerprint of a night's packs stands for
    "wordings",
    metadata,
    Column("packs", Text, primary_key=True),
    Column("rule_id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("review_id", String(36), primary_key=True),
    Column("night", String(10), nullable=False),
    Column("call_id", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("rule_id", Text),  # null: the call as a whole
    Column("fingerprint", Text),  # of the rule; of the packs for the call as a whole, null before version 3
    Column("verdict", String(16)),  # what the machine had answered
    Column("reviewer", Text, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("seconds", Float),  # spent on it; null when not measured
    Column("supersedes", String(36), unique=True),
    Column("cause", Text),  # why the machine was wrong, one of the configured causes
    Index("decisions_call", "night", "call_id"),
    Index("decisions_reviewer", "reviewer", "decided_at"),
)

corrections = Table(
    "corrections",
    metadata,
    Column("correction_id", String(36), primary_key=True),
    Column("night", String(10), nullable=False),
    Column("call_id", Text, nullable=False),
    Column("utterance", Integer, nullable=False),  # its index in the call
    Column("written", Text, nullable=False),  # what the recogniser wrote
    Column("said", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("corrected_at", Instant, nullable=False),
    Index("corrections_call", "night", "call_id"),
)

hand_overs = Table(
    "hand_overs",
    metadata,
    Column("hand_over_id", String(36), primary_key=True),
    Column("night", String(10), nullable=False),
    Column("call_id", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("given_by", Text, nullable=False),
    Column("taken_from", Text),  # whose it was; null: nobody's
    Column("given_to", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
    Index("hand_overs_call", "night", "call_id"),
)

appeals = Table(
    "appeals",
    metadata,
    Column("appeal_id", String(36), primary_key=True),
    Column("night", String(10), nullable=False),
    Column("call_id", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("verdict", String(16), nullable=False),  # what the machine had answered
    Column("round", Integer, nullable=False),  # 1, or 2: the last
    Column("reason", Text, nullable=False),
    Column("raised_by", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Index("appeals_finding", "night", "call_id", "rule_id", "fingerprint", "round", unique=True),
)

appeal_decisions = Table(
    "appeal_decisions",
    metadata,
    Column("appeal_id", String(36), primary_key=True),  # decided once
    Column("outcome", String(16), nullable=False),  # granted or dismissed
    Column("note", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
)

scores = Table(  # computed anew from the findings and what stands on them; the machine's score is kept beside
    "scores",
    metadata,
    Column("night", String(10), primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("machine_score", Float),
    Column("machine_risk", String(8), nullable=False),
    Column("reviewed_score", Float),
    Column("reviewed_risk", String(8), nullable=False),
    Column("computed_at", Instant, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("night", String(10), primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("rule_id", Text, primary_key=True),  # "": the call as a whole
    Column("reviewer", Text, primary_key=True),
    Column("note", Text, nullable=False),
    Column("cause", Text),
)

HISTORY = (wordings, decisions, corrections, hand_overs, appeals, appeal_decisions)
