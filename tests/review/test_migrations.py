"""An older database becomes what a new one is, keeps what is in it, and its history cannot be changed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, inspect, make_url, select, text, update

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Risk, Verdict
from inspect_pipeline.review import schema
from inspect_pipeline.review.corrections import Word, correct
from inspect_pipeline.review.database import ReviewDatabase, open_reviews
from inspect_pipeline.review.decisions import Answer, Choice, Decision, Subject, history, record
from inspect_pipeline.review.intake import taken
from inspect_pipeline.review.migrations import to_2
from inspect_pipeline.review.outcome import completed_calls
from inspect_pipeline.review.queue import QueueItem, items
from inspect_pipeline.review.wordings import note_wordings
from tests.review.conftest import NIGHT, NOW, postgres_schema

RUDE = Subject(NIGHT, "c-1", "forbidden.rude", "0123456789abcdef", Verdict.VIOLATED)
HERE = Path(__file__).parent


def structure(database: ReviewDatabase) -> dict[str, Any]:
    """Tables, columns, keys, indexes and triggers as the database itself tells them."""
    told = inspect(database.engine)
    tables = {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in told.get_columns(table)],
            told.get_pk_constraint(table)["constrained_columns"],
            sorted((i["name"], i["column_names"], bool(i["unique"])) for i in told.get_indexes(table)),
            [c["column_names"] for c in told.get_unique_constraints(table)],
        )
        for table in sorted(told.get_table_names())
    }
    triggers = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
        "postgresql": "SELECT trigger_name, event_object_table, event_manipulation, action_statement FROM "
        "information_schema.triggers WHERE trigger_schema = current_schema() ORDER BY 1, 2, 3",
    }
    with database.read() as connection:
        made = [tuple(row) for row in connection.execute(text(triggers[connection.dialect.name]))]
    return {"tables": tables, "triggers": made}


def older(place: str, dialect: str) -> None:
    """Make a database of version 1 with one queued call and one decision in it."""
    engine = create_engine(place)
    with engine.begin() as connection:
        for statement in (HERE / f"version_1_{dialect}.sql").read_text(encoding="utf-8").split(";"):
            if statement.strip():
                connection.execute(text(statement))
        tables = MetaData()
        tables.reflect(connection)
        due: Any = NOW + timedelta(hours=2)
        decided: Any = NOW
        if dialect == "sqlite":
            due, decided = (moment.isoformat(timespec="microseconds") for moment in (due, decided))
        connection.execute(tables.tables["schema_version"].insert().values(version=1))
        connection.execute(
            tables.tables["queue"].insert().values(
                night=NIGHT, call_id="c-1", role="first", reasons='["critical"]', risk="high", risk_rank=0, due_at=due,
                probability=1.0, draw=0.25,
            )
        )  # fmt: skip
        connection.execute(
            tables.tables["decisions"].insert().values(
                review_id="r-1", night=NIGHT, call_id="c-1", role="first", rule_id=RUDE.rule_id,
                fingerprint=RUDE.fingerprint, verdict="violated", reviewer="王芳", decision="agree", note="是",
                decided_at=decided, seconds=3.5,
            )
        )  # fmt: skip
    engine.dispose()


def test_older_database_becomes_what_a_new_one_is_and_keeps_what_is_in_it(place: str, tmp_path: Path) -> None:
    dialect = make_url(place).get_backend_name()
    older(place, dialect)
    migrated = open_reviews(tmp_path, place)
    assert history(migrated) == (Decision("r-1", RUDE, "王芳", Choice.AGREE, "是", NOW, 3.5),)
    assert items(migrated) == (
        QueueItem(NIGHT, "c-1", "first", ("critical",), Risk.HIGH, NOW + timedelta(hours=2), 1.0, 0.25),
    )
    with migrated.read() as connection:
        assert connection.scalar(select(schema.schema_version.c.version)) == schema.VERSION
    record(migrated, Answer(RUDE, Choice.DISAGREE, cause="识别错误"), "王芳", NOW)
    new = open_reviews(tmp_path, f"{place}.new" if dialect == "sqlite" else postgres_schema("t_new"))
    assert structure(migrated) == structure(new)
    migrated.close()
    new.close()


def test_every_step_is_taken_and_what_was_said_of_whole_calls_speaks_of_no_rule(place: str, tmp_path: Path) -> None:
    """Before version 3 nobody kept which rules a whole call had been judged by; nights are taken over once more."""
    older(place, make_url(place).get_backend_name())
    engine = create_engine(place)
    with engine.begin() as connection:
        to_2(connection)
        connection.execute(text("UPDATE schema_version SET version = 2"))
        connection.execute(text(f"INSERT INTO taken_over VALUES ('{NIGHT}', 'as it was')"))
        connection.execute(
            text(
                "INSERT INTO decisions (review_id, night, call_id, role, reviewer, decision, note, decided_at) VALUES "
                f"('r-2', '{NIGHT}', 'c-1', 'first', '王芳', 'agree', '', '2026-11-21T09:00:01.000000+00:00')"
            )
        )
    engine.dispose()
    migrated = open_reviews(tmp_path, place)
    assert taken(migrated) == {}
    with migrated.write() as connection:
        note_wordings(connection, {"aa11": {"forbidden.rude": "f1"}})
    made = history(migrated)
    assert [(d.subject.rule_id, d.subject.fingerprint, d.rules) for d in made] == [
        ("forbidden.rude", RUDE.fingerprint, frozenset()),
        (None, None, frozenset()),
    ]
    assert completed_calls(made) == {((NIGHT, "c-1"), "王芳"): frozenset()}
    migrated.close()


@pytest.mark.parametrize("change", ["UPDATE {} SET night = '2000-01-01'", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_history(database: ReviewDatabase, change: str) -> None:
    made = record(database, Answer(RUDE, Choice.AGREE), "王芳", NOW)
    correct(database, NIGHT, "c-1", Word(0, "公号", "工号"), "王芳", NOW)
    for table in ("decisions", "corrections"):
        with (
            pytest.raises(ReviewError, match=f"{table} is a history: nothing in it is changed or removed"),
            database.write() as connection,
        ):
            connection.execute(text(change.format(table)))
    assert history(database) == (made,)


def test_every_table_of_the_history_is_guarded(database: ReviewDatabase) -> None:
    guarded = {"wordings", "decisions", "corrections", "hand_overs", "appeals", "appeal_decisions"}
    assert {table.name for table in schema.HISTORY} == guarded
    triggers = structure(database)["triggers"]
    assert len(triggers) == 2 * len(guarded)  # update and delete


def test_newer_database_is_refused(database: ReviewDatabase, place: str, tmp_path: Path) -> None:
    with database.write() as connection:
        connection.execute(update(schema.schema_version).values(version=schema.VERSION + 1))
    with pytest.raises(ReviewError, match="has version 4, this program knows 3: use the newer inspect-pipeline"):
        open_reviews(tmp_path, place)
