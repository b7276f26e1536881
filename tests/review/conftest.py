"""A review database of each kind: SQLite always, PostgreSQL where INSPECT_TEST_POSTGRES names one to empty.

Each test gets a schema of its own there, so that several can run at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from inspect_pipeline.model import Flag, Risk
from inspect_pipeline.review.assign import UNASSIGNED, Assignment, CallFacts
from inspect_pipeline.review.database import ReviewDatabase, database_url, open_reviews
from inspect_pipeline.review.intake import Enqueued, Intake, enqueue

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NIGHT = "2026-11-20"
POSTGRES = os.environ.get("INSPECT_TEST_POSTGRES")


def flag(call_id: str, risk: Risk = Risk.HIGH, hours: float | None = 2, reasons: tuple[str, ...] = ("risk",)) -> Flag:
    due = None if hours is None else NOW + timedelta(hours=hours)
    return Flag(call_id, reasons, 1.0, 0.25, risk, due)


def postgres_schema(name: str) -> str:
    """Make an empty schema in the test database and return the URL under which its tables are."""
    if POSTGRES is None:
        pytest.skip("INSPECT_TEST_POSTGRES names no PostgreSQL database (.ci/run starts one)")
    engine = create_engine(database_url(Path(), POSTGRES))
    with engine.begin() as connection:
        connection.execute(text(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'))
        connection.execute(text(f'CREATE SCHEMA "{name}"'))
    engine.dispose()
    return (
        database_url(Path(), POSTGRES).update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(False)
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'reviews.sqlite'}"
    return postgres_schema("t" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16])


@pytest.fixture
def database(place: str, tmp_path: Path) -> Iterator[ReviewDatabase]:
    opened = open_reviews(tmp_path, place)
    yield opened
    opened.close()


def take(
    database: ReviewDatabase,
    flags: Sequence[Flag],
    now: datetime = NOW,
    night: str = NIGHT,
    facts: Mapping[str, CallFacts] | None = None,
    plan: Assignment = UNASSIGNED,
) -> Enqueued:
    return enqueue(database, Intake(night, flags, facts or {}, plan), now)
