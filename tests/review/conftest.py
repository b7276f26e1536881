"""A review database of each kind: SQLite always, PostgreSQL where INSPECT_TEST_POSTGRES names one to empty."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from inspect_pipeline.model import Flag, Risk
from inspect_pipeline.review.database import ReviewDatabase, open_reviews

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NIGHT = "2026-11-20"
POSTGRES = os.environ.get("INSPECT_TEST_POSTGRES")


def flag(call_id: str, risk: Risk = Risk.HIGH, hours: float | None = 2, reasons: tuple[str, ...] = ("risk",)) -> Flag:
    due = None if hours is None else NOW + timedelta(hours=hours)
    return Flag(call_id, reasons, 1.0, 0.25, risk, due)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReviewDatabase]:
    if request.param == "sqlite":
        opened = open_reviews(tmp_path)
    elif POSTGRES is None:
        pytest.skip("INSPECT_TEST_POSTGRES names no database")
    else:
        opened = open_reviews(tmp_path, POSTGRES)
        with opened.engine.begin() as connection:
            everything = MetaData()
            everything.reflect(connection)
            everything.drop_all(connection)
        opened.close()
        opened = open_reviews(tmp_path, POSTGRES)
    yield opened
    opened.close()
