"""Everything that people have said of one call: decisions, appeals, words put right, who passed it on, the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from inspect_pipeline.review.appeals import Appeal, appeals_of
from inspect_pipeline.review.corrections import Correction, corrections_of
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Decision, decision_values, history
from inspect_pipeline.review.hand_over import HandOver, hand_overs_of
from inspect_pipeline.review.outcome import Key
from inspect_pipeline.review.rescore import ReviewedScore, reviewed_scores


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one call, each kind oldest first, also what was taken back. `score`: as last computed."""

    decisions: tuple[Decision, ...] = ()
    appeals: tuple[Appeal, ...] = ()
    corrections: tuple[Correction, ...] = ()
    hand_overs: tuple[HandOver, ...] = ()
    score: ReviewedScore | None = None


NOTHING_SAID = Said()


def said_of(database: ReviewDatabase, night: str, call_id: str) -> Said:
    """Return everything that was said of a call."""
    return Said(
        history(database, night, call_id),
        tuple(appeals_of(database, night, call_id)),
        tuple(corrections_of(database, night, call_id)),
        tuple(hand_overs_of(database, night, call_id)),
        reviewed_scores(database).get((night, call_id)),
    )


def said_result(said: Said) -> dict[str, Any]:
    """Return what was said as what JSON carries."""
    return {
        "reviewed_score": said.score.reviewed_score if said.score else None,
        "reviewed_risk": said.score.reviewed_risk.value if said.score else None,
        "decisions": [decision_result(decision) for decision in said.decisions],
        "appeals": [appeal_result(appeal) for appeal in said.appeals],
        "corrections": [{**asdict(one), "corrected_at": one.corrected_at.isoformat()} for one in said.corrections],
        "hand_overs": [{**asdict(one), "given_at": one.given_at.isoformat()} for one in said.hand_overs],
    }


def decision_result(decision: Decision) -> Mapping[str, Any]:
    """Return a decision as what JSON carries."""
    return {**decision_values(decision), "decided_at": decision.decided_at.isoformat()}


def key_result(key: Key) -> dict[str, Any]:
    """Return a finding's key as what JSON carries."""
    return {**asdict(key), "verdict": key.verdict.value}


def appeal_result(one: Appeal) -> dict[str, Any]:
    """Return an appeal as what JSON carries."""
    return {
        "appeal_id": one.appeal_id,
        **key_result(one.key),
        "round": one.round,
        "reason": one.reason,
        "raised_by": one.raised_by,
        "raised_at": one.raised_at.isoformat(),
        "outcome": one.outcome.value if one.outcome else None,
        "note": one.note,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at.isoformat() if one.decided_at else None,
        "final": one.final,
    }
