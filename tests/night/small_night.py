"""Small nights: recordings, plans, and what to look at afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from clerk import Clerk

from inspect_pipeline.model import Recording
from inspect_pipeline.night.plan import CHINA, NightPlan
from inspect_pipeline.night.run import run_night
from inspect_pipeline.night.told import NightSummary, Progress
from inspect_pipeline.privacy import CustomerKey
from inspect_pipeline.store.rows import Origin

NIGHT = "2026-11-20"


def recordings_in(folder: Path, said: Mapping[str, str]) -> list[Recording]:
    """Write a file a call and return the recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    for call_id, text in said.items():
        (folder / f"{call_id}.txt").write_text(text, encoding="utf-8")
    return listed(folder, said)


def listed(folder: Path, call_ids: Iterable[str]) -> list[Recording]:
    """Return the recordings of a folder."""
    return [
        Recording(
            call_id,
            str(folder / f"{call_id}.txt"),
            started_at=datetime(2026, 11, 20, 9, 30, tzinfo=CHINA),
            agent_id="0107",
            customer_number="13812341111",
            metadata={"tier": "vip"},
        )
        for call_id in call_ids
    ]


def plan_of(folder: Path, recordings: Sequence[Recording], **changes: Any) -> NightPlan:
    """Return a plan whose tables are in `folder/out` and whose diary is `folder/diary`."""
    plan = NightPlan(
        recordings=recordings,
        night=NIGHT,
        out=folder / "out",
        factory=Clerk(folder / "diary"),
        origin=Origin("base", (("telecom-cn", "aa11"),)),
        key=CustomerKey(bytes(32)),
        shard_size=4,
    )
    return replace(plan, **changes)


def quietly(plan: NightPlan) -> NightSummary:
    """Run the night without listening to its progress."""
    return run_night(plan, lambda _progress: None)


def listened(plan: NightPlan) -> tuple[NightSummary, list[Progress]]:
    """Run the night and return its progress, too."""
    heard: list[Progress] = []
    return run_night(plan, heard.append), heard


def begun(folder: Path) -> list[str]:
    """Return the calls in the diary, in the order in which they were begun, and empty it."""
    diary = folder / "diary"
    lines = diary.read_text(encoding="utf-8").split() if diary.exists() else []
    diary.unlink(missing_ok=True)
    return lines


def part_bytes(out: Path) -> dict[str, bytes]:
    """Return every file of the tables."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*.parquet"))
        if ".work" not in path.parts
    }


def left_over(out: Path) -> list[str]:
    """Return the working files that should be gone after a whole night."""
    work = out / ".work" / f"night={NIGHT}"
    return sorted(
        path.relative_to(work).as_posix()
        for name in ("spool", "attempts", "drafts")
        for path in (work / name).glob("*")
    )
