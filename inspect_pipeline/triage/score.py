"""What the findings of a call add up to: its score and its risk."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from inspect_pipeline.model import Finding, Judgement, Recording, Risk, Severity, Transcript, Verdict
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.metadata import recording_metadata
from inspect_pipeline.rulebook.rule import Rule, Scorecard

RISKS = (Risk.NONE, Risk.LOW, Risk.MEDIUM, Risk.HIGH)
"""Risks from the least to the greatest."""


def score_call(
    findings: Sequence[Finding], scorecard: Scorecard, scoring: Collection[str] | None = None
) -> tuple[float | None, Risk]:
    """Return score and risk of a call.

    The score is the base less the points lost, never below the floor; a critical violation puts it on the floor. It is
    None when no rule that can take points was answered with met or violated. `scoring` names those rules by id (None:
    all of them). The risk is the greatest of the findings'.
    """
    risk = max((finding.risk for finding in findings), key=RISKS.index, default=Risk.NONE)
    judged = [
        finding
        for finding in findings
        if finding.verdict in (Verdict.MET, Verdict.VIOLATED) and (scoring is None or finding.rule_id in scoring)
    ]
    if not judged:
        return None, risk
    violated = [finding for finding in judged if finding.verdict is Verdict.VIOLATED]
    if any(finding.severity is Severity.CRITICAL for finding in violated):
        return scorecard.floor, risk
    lost = sum(finding.points_lost for finding in violated)
    return max(scorecard.floor, scorecard.base - lost), risk


def can_take_points(rule: Rule) -> bool:
    """Return whether a violation of the rule changes the score."""
    return rule.points > 0 or rule.per_hit is not None or rule.severity is Severity.CRITICAL


def judge_call(judge: Judge, transcript: Transcript, recording: Recording) -> Judgement:
    """Answer all rules for one call and add them up, on the scorecard of the first pack."""
    return next(judge_calls(judge, [(transcript, recording)]))


def judge_calls(judge: Judge, calls: Sequence[tuple[Transcript, Recording]]) -> Iterator[Judgement]:
    """Do the same for each of some calls, in order: some dozens together are quicker than one after another."""
    scoring = {rule.id for rule in judge.rules if can_take_points(rule)}
    known = [(transcript, recording_metadata(recording)) for transcript, recording in calls]
    for findings in judge.judged(known):
        score, risk = score_call(findings, judge.packs[0].scorecard, scoring)
        yield Judgement(findings, score, risk)
