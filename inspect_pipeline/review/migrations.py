"""How the tables of a review database come to be, and how an older database is brought up to date.

A new database is made from `schema` as it is now. An older one takes every step since its version; the steps are
written out in SQL, so that they stay what they were when `schema` goes on. A test holds that both end up the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, insert, select, text, update

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.review.schema import HISTORY, VERSION, metadata, schema_version

_LOCK = 1768256353  # of PostgreSQL's advisory locks; any number that nobody else uses

_TO_2 = """
ALTER TABLE queue ADD COLUMN shard INTEGER;
ALTER TABLE queue ADD COLUMN started_at {moment};
ALTER TABLE queue ADD COLUMN utc_offset_min INTEGER;
ALTER TABLE queue ADD COLUMN agent_id TEXT;
ALTER TABLE queue ADD COLUMN team TEXT;
ALTER TABLE queue ADD COLUMN phone_queue TEXT;
ALTER TABLE queue ADD COLUMN score {real};
CREATE INDEX queue_waiting ON queue (done_at, withdrawn_at, role);
CREATE INDEX queue_done ON queue (done_by, done_at);
CREATE TABLE asked (
  night VARCHAR(10) NOT NULL, call_id TEXT NOT NULL, rule_id TEXT NOT NULL, verdict VARCHAR(16) NOT NULL,
  PRIMARY KEY (night, call_id, rule_id));
CREATE INDEX asked_rule ON asked (rule_id);
CREATE TABLE taken_over (night VARCHAR(10) NOT NULL, digest VARCHAR(64) NOT NULL, PRIMARY KEY (night));
ALTER TABLE decisions ADD COLUMN cause TEXT;
CREATE INDEX decisions_reviewer ON decisions (reviewer, decided_at);
ALTER TABLE drafts ADD COLUMN cause TEXT;
CREATE TABLE corrections (
  correction_id VARCHAR(36) NOT NULL, night VARCHAR(10) NOT NULL, call_id TEXT NOT NULL, utterance INTEGER NOT NULL,
  written TEXT NOT NULL, said TEXT NOT NULL, reviewer TEXT NOT NULL, corrected_at {moment} NOT NULL,
  PRIMARY KEY (correction_id));
CREATE INDEX corrections_call ON corrections (night, call_id);
CREATE TABLE hand_overs (
  hand_over_id VARCHAR(36) NOT NULL, night VARCHAR(10) NOT NULL, call_id TEXT NOT NULL, role VARCHAR(16) NOT NULL,
  given_by TEXT NOT NULL, taken_from TEXT, given_to TEXT NOT NULL, given_at {moment} NOT NULL,
  PRIMARY KEY (hand_over_id));
CREATE INDEX hand_overs_call ON hand_overs (night, call_id);
CREATE TABLE appeals (
  appeal_id VARCHAR(36) NOT NULL, night VARCHAR(10) NOT NULL, call_id TEXT NOT NULL, rule_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL, verdict VARCHAR(16) NOT NULL, round INTEGER NOT NULL, reason TEXT NOT NULL,
  raised_by TEXT NOT NULL, raised_at {moment} NOT NULL, PRIMARY KEY (appeal_id));
CREATE UNIQUE INDEX appeals_finding ON appeals (night, call_id, rule_id, fingerprint, round);
CREATE TABLE appeal_decisions (
  appeal_id VARCHAR(36) NOT NULL, outcome VARCHAR(16) NOT NULL, note TEXT NOT NULL, decided_by TEXT NOT NULL,
  decided_at {moment} NOT NULL, PRIMARY KEY (appeal_id));
CREATE TABLE scores (
  night VARCHAR(10) NOT NULL, call_id TEXT NOT NULL, machine_score {real}, machine_risk VARCHAR(8) NOT NULL,
  reviewed_score {real}, reviewed_risk VARCHAR(8) NOT NULL, computed_at {moment} NOT NULL,
  PRIMARY KEY (night, call_id));
"""

# A trigger on SQLite cannot be shared by several tables or events; one of PostgreSQL calls a function that can.
_SQLITE_GUARD = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is a history: nothing in it is changed or removed'); END
"""
_POSTGRES_REFUSAL = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is a history: nothing in it is changed or removed', TG_TABLE_NAME; END $$
"""
_POSTGRES_GUARD = """
CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def to_2(connection: Connection) -> None:
    """Second reviews, assignment, causes, corrections, appeals and reviewed scores; the history guards itself."""
    postgres = connection.dialect.name == "postgresql"
    moment, real = ("TIMESTAMP WITH TIME ZONE", "DOUBLE PRECISION") if postgres else ("VARCHAR(32)", "FLOAT")
    _execute(connection, _TO_2.format(moment=moment, real=real))
    guard(connection, ("decisions", "corrections", "hand_overs", "appeals", "appeal_decisions"))


_TO_3 = """
ALTER TABLE queue ADD COLUMN language TEXT;
CREATE TABLE wordings (
  packs TEXT NOT NULL, rule_id TEXT NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (packs, rule_id));
DELETE FROM taken_over
"""


def to_3(connection: Connection) -> None:
    """What a decision on a whole call speaks of; the language of a queued call. All nights are taken over once more."""
    _execute(connection, _TO_3)
    guard(connection, ("wordings",))


# What turns a database of version N into one of version N + 1, by N.
Migration = Callable[[Connection], None]
MIGRATIONS: Mapping[int, Migration] = {1: to_2, 2: to_3}


def _execute(connection: Connection, script: str) -> None:
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(text(statement))


def guard(connection: Connection, tables: tuple[str, ...]) -> None:
    """Let the database itself refuse to change or remove a row of these tables."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRES_REFUSAL.replace("%", "%%"))
        for table in tables:
            connection.exec_driver_sql(_POSTGRES_GUARD.format(table=table))
        return
    for table in tables:
        for event in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(_SQLITE_GUARD.format(table=table, event=event))


def one_at_a_time(connection: Connection) -> None:
    """Let no other process do the same until this transaction ends. SQLite's write lock does so by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def stored_version(connection: Connection) -> int | None:
    """Return the version of the tables in this database; None when there are none yet."""
    if not connection.dialect.has_table(connection, schema_version.name):
        return None
    return connection.scalar(select(schema_version.c.version))


def bring_up_to_date(connection: Connection) -> None:
    """Make the tables, or migrate older ones, inside the caller's write transaction.

    Raises ReviewError when the database is newer than this program.
    """
    one_at_a_time(connection)
    found = stored_version(connection)
    if found is None:
        metadata.create_all(connection)
        guard(connection, tuple(table.name for table in HISTORY))
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
