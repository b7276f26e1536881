"""Decisions are events: added, superseded, never lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Verdict
from inspect_pipeline.review import schema
from inspect_pipeline.review.database import ReviewDatabase, database_url, open_reviews
from inspect_pipeline.review.decisions import (
    NO_DRAFT,
    Answer,
    Choice,
    Decision,
    Draft,
    Subject,
    decided_by,
    draft,
    history,
    keep_draft,
    record,
    standing,
)
from inspect_pipeline.review.queue import LEASE, claim_next, items
from tests.review.conftest import NIGHT, NOW, flag, take

RUDE = Subject(NIGHT, "c-1", "forbidden.rude", "0123456789abcdef", Verdict.VIOLATED)
CALL = Subject(NIGHT, "c-1")


def test_later_decision_supersedes_the_earlier_of_the_same_reviewer(database: ReviewDatabase) -> None:
    first = record(database, Answer(RUDE, Choice.AGREE, seconds=4.5), "王芳", NOW)
    other = record(database, Answer(RUDE, Choice.DISAGREE, note="客户在转述"), "李强", NOW + timedelta(seconds=1))
    second = record(database, Answer(RUDE, Choice.UNSURE), "王芳", NOW + timedelta(seconds=2))
    whole = record(database, Answer(CALL, Choice.AGREE), "王芳", NOW + timedelta(seconds=3))
    assert (first.supersedes, other.supersedes, second.supersedes, whole.supersedes) == (
        None, None, first.review_id, None,
    )  # fmt: skip
    assert history(database) == (first, other, second, whole)
    assert standing(history(database)) == (other, second, whole)
    assert second == Decision(
        second.review_id, RUDE, "王芳", Choice.UNSURE, "", NOW + timedelta(seconds=2), None, first.review_id
    )


def test_decision_on_an_older_rule_stands_beside_the_new_one(database: ReviewDatabase) -> None:
    newer = Subject(NIGHT, "c-1", "forbidden.rude", "fedcba9876543210", Verdict.VIOLATED)
    take(database, [flag("c-1")])
    (item,) = items(database)
    old = record(database, Answer(RUDE, Choice.DISAGREE), "王芳", NOW)
    new = record(database, Answer(newer, Choice.AGREE), "王芳", NOW + timedelta(seconds=1))
    assert standing(history(database)) == (old, new)
    assert decided_by(database, item, "王芳") == {RUDE: old, newer: new}
    assert decided_by(database, item, "李强") == {}


def test_decision_renews_the_claim_and_ends_the_draft(database: ReviewDatabase) -> None:
    take(database, [flag("c-1")])
    claim_next(database, "王芳", NOW)
    keep_draft(database, RUDE, "王芳", Draft("听不清"))
    keep_draft(database, RUDE, "王芳", Draft("听不清，像是“不归我管”", "识别错误"))
    keep_draft(database, CALL, "王芳", Draft("整通"))
    assert draft(database, RUDE, "王芳") == Draft("听不清，像是“不归我管”", "识别错误")
    assert draft(database, RUDE, "李强") == NO_DRAFT
    record(database, Answer(RUDE, Choice.UNSURE, note="听不清"), "王芳", NOW + timedelta(minutes=10))
    assert draft(database, RUDE, "王芳") == NO_DRAFT
    assert draft(database, CALL, "王芳") == Draft("整通")
    assert items(database)[0].claimed_until == NOW + timedelta(minutes=10) + LEASE


def test_decision_survives_kill_9(place: str, tmp_path: Path) -> None:
    """A reviewer's machine dies right after a decision: the decision is there and the call comes back to her."""
    database = open_reviews(tmp_path, place)
    take(database, [flag("c-1")])
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from tests.review.conftest import NOW\nfrom tests.review.test_decisions import CALL, RUDE\n"
        "from inspect_pipeline.review.database import open_reviews\n"
        "from inspect_pipeline.review.decisions import Answer, Choice, add_decision, record\n"
        "from inspect_pipeline.review.queue import claim_next\n"
        "database = open_reviews(Path(), sys.argv[1])\nclaim_next(database, 'wang', NOW)\n"
        "record(database, Answer(RUDE, Choice.AGREE), 'wang', NOW)\n"
        "with database.write() as connection:\n"
        "    add_decision(connection, Answer(CALL, Choice.AGREE), 'wang', NOW)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, place], check=False, cwd=Path.cwd())
    assert killed.returncode == -signal.SIGKILL
    assert [(d.subject, d.reviewer, d.choice) for d in history(database)] == [(RUDE, "wang", Choice.AGREE)]
    item = claim_next(database, "wang", NOW)
    assert item is not None
    database.close()


def test_moment_without_a_zone_is_refused(database: ReviewDatabase) -> None:
    with pytest.raises(Exception, match="without a time zone"):
        record(database, Answer(RUDE, Choice.AGREE), "王芳", datetime(2026, 11, 21, 9, 0))
    assert history(database) == ()


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        (None, "sqlite:///out/reviews.sqlite"),
        ("/srv/reviews.db", "sqlite:////srv/reviews.db"),
        ("sqlite:////srv/reviews.db", "sqlite:////srv/reviews.db"),
        ("postgresql://qa:secret@db/reviews", "postgresql+psycopg://qa:***@db/reviews"),
        ("postgres://db/reviews", "postgresql+psycopg://db/reviews"),
    ],
)
def test_place_of_the_database(given: str | None, understood: str) -> None:
    assert database_url(Path("out"), given).render_as_string(hide_password=True) == understood


def test_unusable_places_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="no such folder; run a night first, or name the folder with --out"):
        open_reviews(tmp_path / "nowhere")
    with pytest.raises(ReviewError, match="use sqlite:///FILE or postgresql://USER@HOST/NAME"):
        open_reviews(tmp_path, "mysql://host/name")
    (tmp_path / "reviews.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(ReviewError, match="not a database"):
        open_reviews(tmp_path)


def test_failed_transaction_leaves_nothing(database: ReviewDatabase) -> None:
    made = record(database, Answer(RUDE, Choice.AGREE), "王芳", NOW)
    row = {"night": NIGHT, "call_id": "c-2", "role": "first", "reviewer": "王芳", "decision": "agree", "note": ""}
    rows = [row | {"review_id": review_id, "decided_at": NOW} for review_id in ("x", made.review_id)]

    def write_twice() -> None:
        with database.write() as connection:
            connection.execute(insert(schema.decisions).values(rows[0]))
            connection.execute(insert(schema.decisions).values(rows[1]))

    with pytest.raises(ReviewError):
        write_twice()
    assert history(database) == (made,)
