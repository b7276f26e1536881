"""How long a reviewer waits for the next call: `python bench/review_next.py [--calls 2000] [--json]`.

A made night of flagged calls, 25 rules and up to 40 utterances each. Measured: a new connection to the database, the
check whether a night has new flags, the claim, the call read from the tables, the screen drawn. SQLite, and PostgreSQL
where INSPECT_TEST_POSTGRES names one (its `public` schema is emptied).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


def one_call(out: Path, url: str | None, now: datetime) -> dict[str, float]:
    """Return the milliseconds of each part of showing the next call, and finish it."""
    from inspect_pipeline.review.archive import Archive, take_over_flags
    from inspect_pipeline.review.database import open_reviews
    from inspect_pipeline.review.paint import Frame
    from inspect_pipeline.review.queue import claim_next, count_open, done_since, finish
    from inspect_pipeline.review.screen import View, draw

    marks = [time.perf_counter()]
    database = open_reviews(out, url)
    take_over_flags(database, out, now)
    archive = Archive(out, {})
    marks.append(time.perf_counter())
    item = claim_next(database, "bench", now)
    assert item is not None
    done = len(done_since(database, "bench", now - timedelta(days=1)))
    of = done + count_open(database, "bench", now)
    marks.append(time.perf_counter())
    case = archive.case(item.night, item.call_id, item)
    marks.append(time.perf_counter())
    draw(View(case, 0, done, of, now), Frame())
    marks.append(time.perf_counter())
    finish(database, item, "bench", now)
    database.close()
    parts = {name: b - a for name, (a, b) in zip(("open", "claim", "read", "draw"), pairwise(marks), strict=True)}
    return {name: 1000 * took for name, took in (*parts.items(), ("all", marks[-1] - marks[0]))}


def main() -> None:
    from tests.review.nights import many_calls, write_shards

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=2000)
    options.add_argument("--times", type=int, default=40)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    now = datetime.now(UTC)
    result: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        write_shards(out, *many_calls(given.calls, rules=25))
        for name, url in (("sqlite", None), ("postgresql", os.environ.get("INSPECT_TEST_POSTGRES"))):
            if name == "postgresql" and url is None:
                continue
            if url is not None:
                empty(url)
            began = time.perf_counter()
            one_call(out, url, now)
            took = [one_call(out, url, now) for _ in range(given.times)]
            result[name] = {part: round(statistics.median(call[part] for call in took), 1) for part in took[0]}
            result[name]["slowest"] = round(max(call["all"] for call in took), 1)
            result[name]["first"] = round(1000 * (time.perf_counter() - began) - sum(call["all"] for call in took), 1)
    if given.json:
        print(json.dumps({"schema": 1, "result": {"calls": given.calls, **result}}, indent=2))
        return
    print(f"next call of {given.calls} flagged, ms (median of {given.times}; first: with the night taken over)")
    for name, parts in result.items():
        print(f"{name:<11}", "  ".join(f"{part} {value}" for part, value in parts.items()))


def empty(url: str) -> None:
    """Remove what an earlier run left in the database."""
    from sqlalchemy import create_engine, text

    from inspect_pipeline.review.database import database_url

    engine = create_engine(database_url(Path(), url))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


if __name__ == "__main__":
    main()
