"""What a call's score is once people have spoken. The machine's own stays beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, insert, select

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Finding, Judgement, Risk, Verdict
from inspect_pipeline.review.appeals import appeals_of, overturned
from inspect_pipeline.review.archive import Archive
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import history
from inspect_pipeline.review.migrations import one_at_a_time
from inspect_pipeline.review.outcome import SEEN, Holds, Key, Outcome, outcomes
from inspect_pipeline.review.schema import scores
from inspect_pipeline.rulebook.rule import Notice, Pack, Rule, Scorecard


@dataclass(frozen=True, slots=True)
class Tariff:
    """What violations cost: the rules by id, and the scorecard (that of the first pack, as the machine uses it)."""

    rules: Mapping[str, Rule]
    scorecard: Scorecard


@dataclass(frozen=True, slots=True)
class ReviewedScore:
    """A call's score and risk: the machine's, and what they are after reviews, adjudication and appeals."""

    night: str
    call_id: str
    machine_score: float | None
    machine_risk: Risk
    reviewed_score: float | None
    reviewed_risk: Risk
    computed_at: datetime


def tariff_of(packs: Sequence[Pack]) -> Tariff:
    """Return what the rules of the packs cost."""
    return Tariff({rule.id: rule for pack in packs for rule in pack.rules}, packs[0].scorecard)


def reviewed_finding(finding: Finding, said: Holds, tariff: Tariff) -> Finding:
    """Return a finding as people see it.

    Where nobody can tell, no points are lost. Raises ReviewError when a violation that the machine missed has a price
    that is not known, because the rule's pack is not at hand.
    """
    if said is Holds.YES:
        if finding.verdict in SEEN:
            return finding
        rule = tariff.rules.get(finding.rule_id)
        if rule is None:
            raise ReviewError(f"what {finding.rule_id} costs is not known: name its pack with --rules")
        if isinstance(rule.kind, Notice):
            return replace(finding, verdict=Verdict.NOTICED, risk=rule.risk)
        points = rule.points if rule.per_hit is None else rule.per_hit
        return replace(finding, verdict=Verdict.VIOLATED, points_lost=points, risk=rule.risk)
    if finding.verdict not in (*SEEN, Verdict.UNCERTAIN):
        return finding
    silent = Verdict.NOT_APPLICABLE if finding.verdict is Verdict.NOTICED else Verdict.MET
    return replace(
        finding, verdict=Verdict.UNCERTAIN if said is Holds.UNSURE else silent, points_lost=0.0, risk=Risk.NONE
    )


def reviewed_judgement(judgement: Judgement, said: Mapping[str, Holds], tariff: Tariff) -> Judgement:
    """Return a call's judgement with what stands on its findings by rule; those nobody spoke about stay as they are.

    Untouched findings give the machine's own score and risk. Raises ReviewError as `reviewed_finding` does.
    """
    changed = tuple(
        reviewed_finding(finding, said[finding.rule_id], tariff) if finding.rule_id in said else finding
        for finding in judgement.findings
    )
    if changed == judgement.findings:
        return judgement
    from inspect_pipeline.triage.score import can_take_points, score_call  # it loads the judge: not for `review next`

    # a rule whose pack is not at hand keeps its say
    scoring = {
        finding.rule_id
        for finding in changed
        if finding.rule_id not in tariff.rules or can_take_points(tariff.rules[finding.rule_id])
    }
    score, risk = score_call(changed, tariff.scorecard, scoring)
    return Judgement(changed, score, risk)


def rescore(
    database: ReviewDatabase,
    archive: Archive,
    tariff: Tariff,
    now: datetime,
    calls: Collection[tuple[str, str]] | None = None,
) -> list[str]:
    """Compute the scores of these calls anew (None: of all on which somebody decided); return what could not be done.

    Raises StoreError.
    """
    if calls is None:
        made, raised = list(history(database)), appeals_of(database)
    else:
        made = [decision for night, call_id in sorted(calls) for decision in history(database, night, call_id)]
        raised = [appeal for night, call_id in sorted(calls) for appeal in appeals_of(database, night, call_id)]
    stand = outcomes(made, overturned(raised))
    touched: dict[str, set[str]] = {}
    for night, call_id in {(d.subject.night, d.subject.call_id) for d in made} | {(k.night, k.call_id) for k in stand}:
        touched.setdefault(night, set()).add(call_id)
    problems: list[str] = []
    computed: list[ReviewedScore] = []
    for night, call_ids in sorted(touched.items()):
        for case in archive.cases(night, sorted(call_ids)):
            try:
                computed += reviewed_score(case, stand, tariff, now)
            except ReviewError as error:
                problems.append(f"{case.call_id}: {error}")
    _store(database, computed)
    return problems


def reviewed_score(case: Case, stand: Mapping[Key, Outcome], tariff: Tariff, now: datetime) -> list[ReviewedScore]:
    """Return a call's scores; none for a call that was not inspected. Raises ReviewError as `reviewed_finding` does."""
    judged = case.result.judgement
    if judged is None:
        return []
    said = {}
    for finding in case.findings:
        key = Key(case.night, case.call_id, finding.rule_id, finding.fingerprint, finding.verdict)
        if key in stand:
            said[finding.rule_id] = stand[key].holds
    after = reviewed_judgement(judged, said, tariff)
    return [ReviewedScore(case.night, case.call_id, judged.score, judged.risk, after.score, after.risk, now)]


def reviewed_scores(database: ReviewDatabase) -> dict[tuple[str, str], ReviewedScore]:
    """Return the scores as they were last computed, by night and call."""
    with database.read() as connection:
        rows = connection.execute(select(scores).order_by(scores.c.night, scores.c.call_id)).mappings()
        return {
            (row["night"], row["call_id"]): ReviewedScore(
                **{**row, "machine_risk": Risk(row["machine_risk"]), "reviewed_risk": Risk(row["reviewed_risk"])}
            )
            for row in rows
        }


def _store(database: ReviewDatabase, computed: Sequence[ReviewedScore]) -> None:
    if not computed:
        return
    rows = [{name: getattr(one, name) for name in ReviewedScore.__dataclass_fields__} for one in computed]
    with database.write() as connection:
        one_at_a_time(connection)
        for one in computed:
            connection.execute(delete(scores).where(scores.c.night == one.night, scores.c.call_id == one.call_id))
        connection.execute(insert(scores), rows)
