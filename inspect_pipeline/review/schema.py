"""The tables of the review database, and how an older database is brought up to date.

Decisions are events: rows are added, never changed or removed, and a decision that replaces another names it in
`supersedes`. The queue is working state and may change. `role` says in what capacity a call is heard ("first"), so
that one call can be queued for several people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
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
    insert,
    select,
    text,
    update,
)
from sqlalchemy.types import TypeEngine

from inspect_pipeline.errors import ReviewError

VERSION = 1
FIRST = "first"  # the role of the first person who hears a call


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
    Column("assigned_to", Text),  # only this reviewer gets the call; null: anybody
    Column("claimed_by", Text),
    Column("claimed_until", Instant),
    Column("done_by", Text),
    Column("done_at", Instant),
    Column("withdrawn_at", Instant),  # the night was inspected again and no longer asks for this call
    Index("queue_order", "risk_rank", "due_at", "night", "call_id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("review_id", String(36), primary_key=True),
    Column("night", String(10), nullable=False),
    Column("call_id", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("rule_id", Text),  # null: the call as a whole
    Column("fingerprint", Text),
    Column("verdict", String(16)),  # what the machine had answered
    Column("reviewer", Text, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("seconds", Float),  # spent on it; null when not measured
    Column("supersedes", String(36), unique=True),
    Index("decisions_call", "night", "call_id"),
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
)

# What turns a database of version N into one of version N + 1, by N. A new database is made as it is now.
Migration = Callable[[Connection], None]
MIGRATIONS: Mapping[int, Migration] = {}


def stored_version(connection: Connection) -> int | None:
    """Return the version of the tables in this database; None when there are none yet."""
    if not connection.dialect.has_table(connection, schema_version.name):
        return None
    return connection.scalar(select(schema_version.c.version))


def bring_up_to_date(connection: Connection) -> None:
    """Make the tables, or migrate older ones, inside the caller's write transaction.

    Raises ReviewError when the database is newer than this program.
    """
    if connection.dialect.name == "postgresql":  # two first starts at once
        connection.execute(text("SELECT pg_advisory_xact_lock(1768256353)"))
    found = stored_version(connection)
    if found is None:
        metadata.create_all(connection)
        connection.execute(insert(schema_version).values(version=VERSION))
        return
    check_not_newer(found)
    for version in range(found, VERSION):
        MIGRATIONS[version](connection)
        connection.execute(update(schema_version).values(version=version + 1))


def check_not_newer(found: int) -> None:
    """Refuse a database of a later version: an older program would not see all of it."""
    if found > VERSION:
        raise ReviewError(
            f"the review database has version {found}, this program knows {VERSION}: use the newer inspect-pipeline"
        )
