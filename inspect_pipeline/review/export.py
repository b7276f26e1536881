"""What was decided, as files: the Parquet table for programs, CSV and Excel for people."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from inspect_pipeline.model import Finding
from inspect_pipeline.report.sheets import Cell, csv_bytes, xlsx_bytes
from inspect_pipeline.review.archive import Archive
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Decision, history, standing
from inspect_pipeline.review.words import say
from inspect_pipeline.store.atomic import WORK, write_file
from inspect_pipeline.store.schema import SCHEMAS, TableName
from inspect_pipeline.store.tables import part_path, write_part
from inspect_pipeline.wording import clock, label

HEADINGS = {
    "zh": (
        "日期", "通话", "开始时间", "客服", "班组", "队列", "得分", "风险", "规则", "规则编号", "机器结论", "证据",
        "复核结论", "备注", "复核人", "复核时间", "用时（秒）",
    ),
    "en": (
        "night", "call", "started at", "agent", "team", "queue", "score", "risk", "rule", "rule id", "machine",
        "evidence", "decision", "note", "reviewer", "decided at", "seconds",
    ),
}  # fmt: skip


def standing_decisions(database: ReviewDatabase, nights: Collection[str]) -> dict[str, list[Decision]]:
    """Return the decisions that stand, by night (all when none is named), in order of call, rule and time."""
    found: dict[str, list[Decision]] = {}
    for decision in standing(history(database)):
        if not nights or decision.subject.night in nights:
            found.setdefault(decision.subject.night, []).append(decision)
    for decisions in found.values():
        decisions.sort(key=lambda d: (d.subject.call_id, d.subject.rule_id or "", d.decided_at, d.review_id))
    return dict(sorted(found.items()))


def export_table(out: Path, decided: dict[str, list[Decision]]) -> list[Path]:
    """Write the `reviews` table, one part a night, and return the parts. Raises StoreError."""
    columns = SCHEMAS[TableName.REVIEWS].names
    written = []
    for night, decisions in decided.items():
        path = part_path(out, TableName.REVIEWS, night)
        rows = [{name: value for name, value in _row(decision).items() if name in columns} for decision in decisions]
        write_part(path, TableName.REVIEWS, rows, {})
        written.append(path)
    return written


def export_sheets(out: Path, archive: Archive, decided: dict[str, list[Decision]], lang: str) -> list[Path]:
    """Write `reviews.csv` and `reviews.xlsx` in OUT and return them. Raises StoreError."""
    rows = [cell_row(archive, night, decision, lang) for night, decisions in decided.items() for decision in decisions]
    headings = HEADINGS[lang]
    files = {
        out / "reviews.csv": csv_bytes(headings, rows),
        out / "reviews.xlsx": xlsx_bytes(say("decisions", lang), headings, rows),
    }
    for path, content in files.items():
        write_file(path, content, out / WORK / "drafts")
    return list(files)


def cell_row(archive: Archive, night: str, decision: Decision, lang: str) -> list[Cell]:
    """Return a decision as people read it. What the call was is empty when its night is no longer stored."""
    subject = decision.subject
    case = archive.case(night, subject.call_id) if archive.entry(night, subject.call_id) else None
    finding = None if case is None else _finding(case, decision)
    zone = _zone(case)
    return [
        night,
        subject.call_id,
        *(_call_cells(case, lang) if case else [None] * 6),
        say("whole", lang) if subject.rule_id is None else archive.titles.get(subject.rule_id, subject.rule_id),
        subject.rule_id,
        None if subject.verdict is None else label(subject.verdict, lang),
        None if finding is None else "; ".join(f"{clock(hit.start_s)} {hit.quote}".strip() for hit in finding.evidence),
        say(decision.choice.value, lang),
        decision.note or None,
        decision.reviewer,
        f"{decision.decided_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        decision.seconds,
    ]


def _call_cells(case: Case, lang: str) -> list[Cell]:
    recording, judged = case.result.recording, case.result.judgement
    began = recording.started_at
    return [
        f"{began:%Y-%m-%d %H:%M:%S}" if began else None,
        recording.agent_id,
        recording.team,
        recording.queue,
        judged.score if judged else None,
        label(judged.risk, lang) if judged else None,
    ]


def _zone(case: Case | None) -> Any:
    began = case.result.recording.started_at if case else None
    return began.tzinfo if began else None


def _finding(case: Case, decision: Decision) -> Finding | None:
    """Return the finding a decision was about, when it is still the one that is stored."""
    subject = decision.subject
    return next(
        (f for f in case.findings if (f.rule_id, f.fingerprint) == (subject.rule_id, subject.fingerprint)), None
    )


def _row(decision: Decision) -> dict[str, Any]:
    subject = decision.subject
    return {
        "review_id": decision.review_id,
        "call_id": subject.call_id,
        "role": subject.role,
        "rule_id": subject.rule_id,
        "fingerprint": subject.fingerprint,
        "verdict": None if subject.verdict is None else subject.verdict.value,
        "reviewer": decision.reviewer,
        "decision": decision.choice.value,
        "note": decision.note,
        "decided_at": decision.decided_at,
        "seconds": decision.seconds,
        "supersedes": decision.supersedes,
    }
