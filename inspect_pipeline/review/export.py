"""What was decided, as files: Parquet tables for programs, CSV and Excel for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from inspect_pipeline.model import Finding
from inspect_pipeline.report.sheets import Cell, csv_bytes, xlsx_bytes
from inspect_pipeline.review.appeals import Appeal, appeals_of
from inspect_pipeline.review.archive import Archive
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.corrections import Correction, corrections_of
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Decision, Subject, history, standing
from inspect_pipeline.review.outcome import Key, key_of
from inspect_pipeline.review.rescore import ReviewedScore, reviewed_scores
from inspect_pipeline.review.schema import FIRST
from inspect_pipeline.review.screen import decision_word
from inspect_pipeline.review.words import say
from inspect_pipeline.store.atomic import WORK, write_file
from inspect_pipeline.store.schema import SCHEMAS, TableName
from inspect_pipeline.store.tables import part_path, write_part
from inspect_pipeline.wording import clock, label

HEADINGS = {
    "zh": (
        "日期", "通话", "开始时间", "客服", "班组", "队列", "客户号码", "时长", "机器得分", "复核得分", "风险",
        "复核风险", "规则", "规则编号", "机器结论", "扣分", "证据", "复核结论", "角色", "复核人", "备注", "原因",
        "申诉", "复核时间", "用时（秒）",
    ),
    "en": (
        "night", "call", "started at", "agent", "team", "queue", "customer", "length", "machine score",
        "reviewed score", "risk", "reviewed risk", "rule", "rule id", "machine", "points", "evidence", "decision",
        "role", "reviewer", "note", "cause", "appeal", "decided at", "seconds",
    ),
}  # fmt: skip
CORRECTION_HEADINGS = {
    "zh": ("日期", "通话", "句序", "识别为", "应为", "复核人", "时间"),
    "en": ("night", "call", "utterance", "written", "said", "reviewer", "at"),
}
CALL_CELLS = 10  # how many cells tell of the call


@dataclass(frozen=True, slots=True)
class Decided:
    """Everything people have said on some nights: the decisions that stand, appeals, corrections, reviewed scores."""

    decisions: tuple[Decision, ...]
    appeals: tuple[Appeal, ...]
    corrections: tuple[Correction, ...]
    scores: tuple[ReviewedScore, ...]

    def nights(self) -> list[str]:
        """Return the nights on which something was decided or contested, oldest first."""
        return sorted({d.subject.night for d in self.decisions} | {appeal.key.night for appeal in self.appeals})


def everything_decided(database: ReviewDatabase, nights: Collection[str] = ()) -> Decided:
    """Return what was said on these nights (all when none is named), in order of night, call, rule and time."""

    def wanted(night: str) -> bool:
        return not nights or night in nights

    made = [d for d in standing(history(database)) if wanted(d.subject.night)]
    made.sort(key=lambda d: (d.subject.night, d.subject.call_id, d.subject.rule_id or "", d.decided_at, d.review_id))
    return Decided(
        tuple(made),
        tuple(appeal for appeal in appeals_of(database) if wanted(appeal.key.night)),
        tuple(one for one in corrections_of(database) if wanted(one.night)),
        tuple(score for score in reviewed_scores(database).values() if wanted(score.night)),
    )


def export_tables(out: Path, decided: Decided) -> list[Path]:
    """Write the tables `reviews` and `scores`, one part a night, and return the parts. Raises StoreError."""
    rows: dict[tuple[TableName, str], list[dict[str, Any]]] = {}
    for decision in decided.decisions:
        rows.setdefault((TableName.REVIEWS, decision.subject.night), []).append(_decision_row(decision))
    for score in decided.scores:
        row = {name: getattr(score, name) for name in SCHEMAS[TableName.SCORES].names}
        rows.setdefault((TableName.SCORES, score.night), []).append(row)
    written = []
    for (table, night), part in sorted(rows.items()):
        path = part_path(out, table, night)
        write_part(path, table, part, {})
        written.append(path)
    return written


def export_sheets(out: Path, archive: Archive, decided: Decided, lang: str) -> list[Path]:
    """Write `reviews.csv` and `reviews.xlsx` in OUT, and `corrections.csv` when words were put right; return them.

    Raises StoreError.
    """
    rows = sheet_rows(archive, decided, lang)
    headings = HEADINGS[lang]
    files = {
        out / "reviews.csv": csv_bytes(headings, rows),
        out / "reviews.xlsx": xlsx_bytes(say("decisions", lang), headings, rows),
    }
    if decided.corrections:
        zones = _zones(archive, decided.corrections)
        corrected: list[list[Cell]] = [
            [
                one.night,
                one.call_id,
                one.utterance,
                one.written,
                one.said,
                one.reviewer,
                _moment(one.corrected_at, zones.get((one.night, one.call_id))),
            ]
            for one in decided.corrections
        ]
        files[out / "corrections.csv"] = csv_bytes(CORRECTION_HEADINGS[lang], corrected)
    for path, content in files.items():
        write_file(path, content, out / WORK / "drafts")
    return list(files)


def sheet_rows(archive: Archive, decided: Decided, lang: str) -> list[list[Cell]]:
    """Return one row a decision and one a contested finding that nobody had decided on, as people read them.

    What the call was is empty when its night is no longer stored.
    """
    contested: dict[Key, Appeal] = {appeal.key: appeal for appeal in decided.appeals}  # the last round
    scores = {(score.night, score.call_id): score for score in decided.scores}
    rows: list[tuple[tuple[str, str, str], list[Cell]]] = []
    reviewed = {key_of(decision.subject) for decision in decided.decisions}
    for night in decided.nights():
        made = [d for d in decided.decisions if d.subject.night == night]
        only = [appeal for key, appeal in contested.items() if key.night == night and key not in reviewed]
        call_ids = {d.subject.call_id for d in made} | {appeal.key.call_id for appeal in only}
        cases = {case.call_id: case for case in archive.cases(night, sorted(call_ids))}
        for subject, decision in [*((d.subject, d) for d in made), *((_subject(one), None) for one in only)]:
            case = cases.get(subject.call_id)
            appeal = _appeal_of(contested, subject)
            cells = [
                *_call_cells(night, subject.call_id, case, scores.get((night, subject.call_id)), lang),
                *_finding_cells(subject, case, archive, lang),
                *_decision_cells(decision, appeal, _zone(case), lang),
            ]
            rows.append(((night, subject.call_id, subject.rule_id or ""), cells))
    return [cells for _, cells in sorted(rows, key=lambda row: row[0])]


def appeal_state(appeal: Appeal, lang: str) -> str:
    """Return where an appeal stands, in words."""
    state = "open" if appeal.outcome is None else appeal.outcome.value
    told = say(f"appeal-{state}", lang, round=appeal.round)
    return f"{told}{say('appeal-final', lang)}" if appeal.final else told


def _call_cells(night: str, call_id: str, case: Case | None, score: ReviewedScore | None, lang: str) -> list[Cell]:
    if case is None:
        return [night, call_id, *[None] * CALL_CELLS]
    recording, judged = case.result.recording, case.result.judgement
    seconds = case.result.audio.duration_s if case.result.audio else recording.duration_s
    return [
        night,
        call_id,
        _moment(recording.started_at, _zone(case)) if recording.started_at else None,
        recording.agent_id,
        recording.team,
        recording.queue,
        recording.customer_number,
        None if seconds is None else clock(seconds),
        judged.score if judged else None,
        score.reviewed_score if score else None,
        label(judged.risk, lang) if judged else None,
        label(score.reviewed_risk, lang) if score else None,
    ]


def _finding_cells(subject: Subject, case: Case | None, archive: Archive, lang: str) -> list[Cell]:
    finding = None if case is None else _finding(case, subject)
    return [
        say("whole", lang) if subject.rule_id is None else archive.titles.get(subject.rule_id, subject.rule_id),
        subject.rule_id,
        None if subject.verdict is None else label(subject.verdict, lang),
        None if finding is None else finding.points_lost,
        None if finding is None else "; ".join(f"{clock(hit.start_s)} {hit.quote}".strip() for hit in finding.evidence),
    ]


def _decision_cells(decision: Decision | None, appeal: Appeal | None, zone: tzinfo | None, lang: str) -> list[Cell]:
    state = None if appeal is None else appeal_state(appeal, lang)
    if decision is None:
        return [*[None] * 5, state, None, None]
    role = decision.subject.role
    return [
        decision_word(decision, lang),
        say("role-first" if role == FIRST else f"role-{role}", lang),
        decision.reviewer,
        decision.note or None,
        decision.cause,
        state,
        _moment(decision.decided_at, zone),
        decision.seconds,
    ]


def _appeal_of(contested: dict[Key, Appeal], subject: Subject) -> Appeal | None:
    key = key_of(subject)
    return None if key is None else contested.get(key)


def _subject(appeal: Appeal) -> Subject:
    key = appeal.key
    return Subject(key.night, key.call_id, key.rule_id, key.fingerprint, key.verdict)


def _moment(moment: datetime, zone: tzinfo | None) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _zone(case: Case | None) -> tzinfo | None:
    began = case.result.recording.started_at if case else None
    return began.tzinfo if began else None


def _zones(archive: Archive, corrections: Iterable[Correction]) -> dict[tuple[str, str], tzinfo | None]:
    """Return the zones in which the times of the corrected calls were told, of those that are still stored."""
    calls: dict[str, set[str]] = {}
    for one in corrections:
        calls.setdefault(one.night, set()).add(one.call_id)
    return {
        (night, case.call_id): _zone(case)
        for night, call_ids in calls.items()
        for case in archive.cases(night, call_ids)
    }


def _finding(case: Case, subject: Subject) -> Finding | None:
    """Return the finding a decision was about, when it is still the one that is stored."""
    same: Iterable[Finding] = (
        f for f in case.findings if (f.rule_id, f.fingerprint) == (subject.rule_id, subject.fingerprint)
    )
    return next(iter(same), None)


def _decision_row(decision: Decision) -> dict[str, Any]:
    subject = decision.subject
    return {
        "review_id": decision.review_id,
        "call_id": subject.call_id,
        "rule_id": subject.rule_id,
        "fingerprint": subject.fingerprint,
        "reviewer": decision.reviewer,
        "decision": decision.choice.value,
        "note": decision.note,
        "decided_at": decision.decided_at,
        "seconds": decision.seconds,
        "verdict": None if subject.verdict is None else subject.verdict.value,
        "role": subject.role,
        "supersedes": decision.supersedes,
        "cause": decision.cause,
    }
