"""The queue and a whole call as text, and as what JSON carries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inspect_pipeline.model import Finding
from inspect_pipeline.report.columns import Column, fitted, wrap
from inspect_pipeline.report.words import flag_word
from inspect_pipeline.review.case import WHOLE_CALL, Case
from inspect_pipeline.review.export import appeal_state
from inspect_pipeline.review.paint import BOLD, Frame, style
from inspect_pipeline.review.queue import QueueItem, QueueState
from inspect_pipeline.review.said import NOTHING_SAID, Said, said_result
from inspect_pipeline.review.schema import FIRST
from inspect_pipeline.review.screen import (
    View,
    decision_word,
    finding_title,
    header_lines,
    moment_text,
    transcript_lines,
)
from inspect_pipeline.review.words import say
from inspect_pipeline.store.rows import finding_row, utterance_rows
from inspect_pipeline.wording import clock, label, reason_text


def queue_lines(queued: Sequence[QueueItem], now: datetime, lang: str, cells: int | None = None) -> list[str]:
    """Return the queue as a table, complete: one line a call, more on a screen that is too narrow (`cells` wide).

    Of a call to be heard blind, only whose it is is told.
    """
    if not queued:
        return [say("empty-queue", lang)]
    columns = [
        Column(say("call", lang)),
        Column(say("risk", lang)),
        Column(say("due", lang)),
        Column(""),
        Column(say("score", lang), right=True),
        Column(say("agent", lang)),
        Column(say("night", lang)),
        Column(say("state", lang)),
        Column(say("why", lang)),
    ]
    return fitted(columns, [_queue_row(item, now, lang) for item in queued], cells, below=3)


def _queue_row(item: QueueItem, now: datetime, lang: str) -> list[str]:
    state = item.state(now)
    who = {QueueState.CLAIMED: item.claimed_by, QueueState.DONE: item.done_by}.get(state, item.assigned_to) or ""
    score = "" if item.blind else say("unscored", lang) if item.score is None else f"{item.score:g}"
    reasons = say("comma", lang).join(flag_word(reason, lang) for reason in item.told_reasons)
    return [
        item.call_id,
        "" if item.blind else label(item.risk, lang),
        moment_text(item.due_at, item.zone) if item.due_at else say("no-due", lang),
        say("overdue", lang) if item.overdue(now) else "",
        score,
        item.agent_id or "",
        item.night,
        say(f"state-{state.value}", lang, who=who).strip(),
        say("blind-call", lang) if item.blind else reasons,
    ]


def queue_result(queued: Sequence[QueueItem], now: datetime) -> list[dict[str, Any]]:
    """Return the queue as what JSON carries; null where a blind reviewer must not be told."""
    return [
        {
            "night": item.night,
            "call_id": item.call_id,
            "role": item.role,
            "risk": None if item.blind else item.risk.value,
            "reasons": None if item.blind else list(item.told_reasons),
            "due_at": item.due_at.isoformat() if item.due_at else None,
            "overdue": item.overdue(now),
            "probability": item.probability,
            "score": None if item.blind else item.score,
            "agent_id": item.agent_id,
            "team": item.team,
            "queue": item.phone_queue,
            "assigned_to": item.assigned_to,
            "state": item.state(now).value,
            "claimed_by": item.claimed_by if item.state(now) is QueueState.CLAIMED else None,
            "done_by": item.done_by,
            "done_at": item.done_at.isoformat() if item.done_at else None,
        }
        for item in queued
    ]


def call_lines(case: Case, said: Said, now: datetime, frame: Frame) -> list[str]:
    """Return a whole call: what is known of it, every finding, what people said, every utterance with its hits.

    Of one to be heard blind: the words only.
    """
    lang = frame.lang
    lines = header_lines(View(case, 0, 0, 0, now), frame)
    told, said = ((), NOTHING_SAID) if case.blind else (case.findings, said)
    for heading, part in (
        ("findings", [line for finding in told for line in _finding_lines(case, finding, frame)]),
        ("decisions", [*_decisions_lines(case, said, frame), *_score_line(said, lang)]),
        ("appeals", _appeals_lines(case, said, frame)),
        ("corrections", _corrections_lines(case, said, frame)),
        ("hand-overs", _hand_overs_lines(case, said, frame)),
        ("transcript", transcript_lines(case, WHOLE_CALL, frame)),
    ):
        if part:
            lines += ["", style(say(heading, lang), BOLD, frame), *part]
    return [*lines[:4], *lines[5:]]


def _finding_lines(case: Case, finding: Finding, frame: Frame) -> list[str]:
    lines = [f"  {line}" for line in wrap(finding_title(case, finding, frame.lang), frame.columns - 2)]
    lines += [f"      {line}" for line in wrap(reason_text(finding.reason, frame.lang), frame.columns - 6)]
    for hit in finding.evidence:
        how = label(hit.match, frame.lang)
        told = (
            f"{clock(hit.start_s)} {label(hit.speaker, frame.lang)} “{hit.quote}” {how}"
            if hit.quote
            else (f"{clock(hit.start_s)}-{clock(hit.end_s)} {how}")
        )
        lines += [f"      {line}" for line in wrap(told, frame.columns - 6)]
    return lines


def _decisions_lines(case: Case, said: Said, frame: Frame) -> list[str]:
    lang = frame.lang
    replaced = {decision.supersedes for decision in said.decisions}
    lines = []
    for decision in said.decisions:
        subject = decision.subject
        what = say("whole", lang) if subject.rule_id is None else case.title(subject.rule_id)
        told = [decision.reviewer, decision_word(decision, lang), what]
        if subject.role != FIRST:
            told.append(say(f"role-{subject.role}", lang))
        told += [text for text in (decision.cause, decision.note) if text]
        if decision.review_id in replaced:
            told.append(say("replaced", lang))
        lines += _told(case, decision.decided_at, told, frame)
    return lines


def _score_line(said: Said, lang: str) -> list[str]:
    """Return the score as people see it, beside the machine's."""
    if said.score is None:
        return []
    now, machine = (
        f"{say('unscored', lang) if score is None else f'{score:g}'} {label(risk, lang)}"
        for score, risk in (
            (said.score.reviewed_score, said.score.reviewed_risk),
            (said.score.machine_score, said.score.machine_risk),
        )
    )
    return [f"  {say('reviewed-score', lang)} {now}  {say('machine-score', lang)} {machine}"]


def _appeals_lines(case: Case, said: Said, frame: Frame) -> list[str]:
    lang, lines = frame.lang, []
    for one in said.appeals:
        title = case.title(one.key.rule_id)
        raised = [one.raised_by, say("appeal-open", lang, round=one.round), title, one.reason]
        lines += _told(case, one.raised_at, raised, frame)
        if one.decided_at is not None:
            ruled = [one.decided_by or "", appeal_state(one, lang), title, one.note]
            lines += _told(case, one.decided_at, ruled, frame)
    return lines


def _corrections_lines(case: Case, said: Said, frame: Frame) -> list[str]:
    began = {utterance.index: clock(utterance.start_s) for utterance in case.utterances}
    return [
        line
        for one in said.corrections
        for line in _told(
            case,
            one.corrected_at,
            [one.reviewer, began.get(one.utterance, ""), f"{one.written} → {one.said}"],
            frame,
        )
    ]


def _hand_overs_lines(case: Case, said: Said, frame: Frame) -> list[str]:
    lines = []
    for one in said.hand_overs:
        told = [one.given_by, f"{one.taken_from or ''} → {one.given_to}".strip()]
        told += [] if one.role == FIRST else [say(f"role-{one.role}", frame.lang)]
        lines += _told(case, one.given_at, told, frame)
    return lines


def _told(case: Case, moment: datetime, told: Sequence[str], frame: Frame) -> list[str]:
    """Return what somebody said at a moment, in the call's own zone."""
    began = case.result.recording.started_at
    text = "  ".join([moment_text(moment, began.tzinfo if began else None), *filter(None, told)])
    return [f"  {line}" for line in wrap(text, frame.columns - 2)]


def call_result(case: Case, said: Said) -> dict[str, Any]:
    """Return a whole call as what JSON carries; of one to be heard blind the words only."""
    recording, result, judged = case.result.recording, case.result, case.result.judgement
    return {
        "night": case.night,
        "call_id": case.call_id,
        "status": result.status.value,
        "error": result.error,
        "path": recording.path,
        "started_at": recording.started_at.isoformat() if recording.started_at else None,
        "agent_id": recording.agent_id,
        "team": recording.team,
        "queue": recording.queue,
        "duration_s": result.audio.duration_s if result.audio else None,
        "score": judged.score if judged and not case.blind else None,
        "risk": judged.risk.value if judged and not case.blind else None,
        "findings": [] if case.blind else [{**finding_row(f), "title": case.title(f.rule_id)} for f in case.findings],
        "utterances": [] if result.transcript is None else utterance_rows(result.transcript),
        **said_result(NOTHING_SAID if case.blind else said),
    }
