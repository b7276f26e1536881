"""How often each rule is right, and how much it misses, as people found who heard a sample of the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import Verdict
from inspect_pipeline.report.estimate import Estimate, precision_of, recall_of
from inspect_pipeline.report.evidence import HITS, REST, NightEvidence, RuleEvidence, night_evidence
from inspect_pipeline.report.intervals import Share, share
from inspect_pipeline.report.labels import labels_of
from inspect_pipeline.review.decisions import Choice, Decision, standing
from inspect_pipeline.review.outcome import SEEN, Key
from inspect_pipeline.review.schema import FIRST
from inspect_pipeline.review.wordings import Wording
from inspect_pipeline.store.judged import night_rules
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import stored_nights


@dataclass(frozen=True, slots=True)
class Minimum:
    """How many reviews a number needs: with fewer it is not given.

    `hits`: reviewed hits, for precision. `found`: calls in which people found that the rule holds, and `others`:
    reviewed calls that the machine did not hit, for recall. `unspoken`: the largest share (0-1) of the calls that no
    review can speak for: those that are never drawn, or whose risk nobody has begun to review yet.
    """

    hits: int = 20
    found: int = 20
    others: int = 60
    unspoken: float = 0.05


MINIMUM = Minimum()


@dataclass(frozen=True, slots=True)
class Quality:
    """One wording of a rule over some nights. `precision` and `recall` are None when too few calls were reviewed.

    `calls` the machine answered for, `hits` of them violated or noticed. `uncertain`: of those it could have judged or
    listened to. `hits_reviewed`, `others_reviewed`: calls with a label, that the rule hit and that it did not; `found`:
    those of both in which it holds. `unsure`: findings of which people could not tell.
    """

    calls: int
    hits: int
    uncertain: Share
    hits_reviewed: int
    others_reviewed: int
    found: int
    unsure: int
    precision: Estimate | None
    recall: Estimate | None


@dataclass(frozen=True, slots=True)
class Week:
    """The quality of one ISO week, as 2026-W47, by the date of the nights."""

    week: str
    quality: Quality


@dataclass(frozen=True, slots=True)
class RuleQuality:
    """One wording (fingerprint) of a rule. `current`: the one that the latest stored night was judged by."""

    rule_id: str
    fingerprint: str
    current: bool
    first_night: str
    last_night: str
    quality: Quality
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True)
class OlderLabels:
    """Decisions on a wording whose findings are no longer stored (the nights were judged again): counted, not weighed.

    `agreed`: of the decided hits, those that were found right.
    """

    rule_id: str
    fingerprint: str
    decisions: int
    agreed: Share
    missed: int
    unsure: int


@dataclass(frozen=True, slots=True)
class OlderCalls:
    """Decisions on whole calls by packs that have other rules now: they say nothing about the new and changed ones.

    `packs`: their fingerprint, None when it was not kept. `agreed`: nothing else was wrong.
    """

    packs: str | None
    decisions: int
    agreed: int
    missed: int
    unsure: int


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The rules as measured over nights. `nights` are those with reviews; `drawn`, `reviewed` (to the end, by the rules
    as they are now) and `outside` (reviewed, but not drawn by the sample: left out) count their calls."""

    nights: tuple[str, ...]
    drawn: int
    reviewed: int
    outside: int
    rules: tuple[RuleQuality, ...]
    older: tuple[OlderLabels, ...]
    older_calls: tuple[OlderCalls, ...] = ()


def quality_report(
    out: Path, made: Sequence[Decision], overturned: Mapping[Key, bool], first: str | None, last: str | None
) -> QualityReport:
    """Return the measured quality of the rules in the nights from `first` to `last` (None: all).

    `made`: all decisions, oldest first; `overturned`: decided appeals. Nights that nobody has reviewed yet are left
    out. Raises UsageError when no night is stored in that time, StoreError.
    """
    nights = chosen_nights(out, first, last)
    labels = labels_of(made, overturned)
    heard = {night for night, _ in labels.touched}
    found = [night_evidence(out, night, labels) for night in nights if night in heard]
    stand = [decision for decision in standing(tuple(made)) if decision.subject.night in nights]
    rules, order = latest_rules(out, nights), list(_wordings(found))
    order.sort(key=lambda wording: (*_place(rules, wording), min(_merged(found, wording).nights)))
    return QualityReport(
        nights=tuple(night.night for night in found),
        drawn=sum(night.drawn for night in found),
        reviewed=sum(night.reviewed for night in found),
        outside=sum(night.outside for night in found),
        rules=tuple(_rule(found, wording, rules.get(wording[0]) == wording[1]) for wording in order),
        older=tuple(_older(found, stand)),
        older_calls=tuple(_older_calls(found, stand)),
    )


def chosen_nights(out: Path, first: str | None, last: str | None) -> list[str]:
    """Return the stored nights from `first` to `last` (None: from the earliest, to the latest).

    Raises UsageError when there is none.
    """
    stored = stored_nights(out, TableName.SAMPLING)
    chosen = [night for night in stored if (first or night) <= night <= (last or night)]
    if not chosen:
        has = f"it has {stored[0]} to {stored[-1]}" if stored else "run one, or name another folder with --out"
        raise UsageError(f"{out}: no night is stored here in that time: {has}")
    return chosen


def latest_rules(out: Path, nights: Sequence[str]) -> dict[str, str]:
    """Return the rules of the latest of the nights in which a call was judged, fingerprints by id, in pack order."""
    for night in reversed(nights):
        if rules := night_rules(out, night):
            return rules
    return {}


def quality_of(evidence: RuleEvidence, minimum: Minimum = MINIMUM) -> Quality:
    """Return what the evidence says, with numbers only where there is enough of it."""
    hits, rest = evidence.cells(HITS), evidence.cells(REST)
    hits_reviewed, others = sum(cell.reviews for cell in hits), sum(cell.reviews for cell in rest)
    found = sum(cell.holding for cell in (*hits, *rest))
    verdicts: Counter[Verdict] = Counter()
    for (verdict, _), calls in (*evidence.calls.items(), *evidence.never.items()):
        verdicts[verdict] += calls
    uncertain = verdicts[Verdict.UNCERTAIN]
    judged = sum(verdicts[verdict] for verdict in (Verdict.MET, *SEEN)) + evidence.quiet + uncertain
    precise = hits_reviewed >= minimum.hits and evidence.unspoken(HITS) <= minimum.unspoken
    whole = max(evidence.unspoken(HITS), evidence.unspoken(REST)) <= minimum.unspoken
    enough = found >= minimum.found and others >= minimum.others and whole
    return Quality(
        calls=verdicts.total(),
        hits=sum(verdicts[verdict] for verdict in SEEN),
        uncertain=share(uncertain, judged),
        hits_reviewed=hits_reviewed,
        others_reviewed=others,
        found=found,
        unsure=evidence.unsure,
        precision=precision_of(hits) if precise else None,
        recall=recall_of(hits, rest) if enough else None,
    )


def _wordings(found: Iterable[NightEvidence]) -> dict[Wording, None]:
    return dict.fromkeys(wording for night in found for wording in night.rules)


def _place(rules: Mapping[str, str], wording: Wording) -> tuple[bool, int, str]:
    """Return where a wording stands in the report: current ones in pack order, then the others by rule."""
    rule_id, fingerprint = wording
    order = list(rules)
    return rules.get(rule_id) != fingerprint, order.index(rule_id) if rule_id in rules else len(order), rule_id


def _merged(found: Iterable[NightEvidence], wording: Wording) -> RuleEvidence:
    merged = RuleEvidence()
    for night in found:
        if wording in night.rules:
            merged.add(night.rules[wording])
    return merged


def _rule(found: Sequence[NightEvidence], wording: Wording, current: bool) -> RuleQuality:
    merged = _merged(found, wording)
    weeks: dict[str, list[NightEvidence]] = {}
    for night in found:
        if wording in night.rules:
            weeks.setdefault(week_of(night.night), []).append(night)
    return RuleQuality(
        *wording,
        current=current,
        first_night=min(merged.nights),
        last_night=max(merged.nights),
        quality=quality_of(merged),
        weeks=tuple(Week(week, quality_of(_merged(nights, wording))) for week, nights in sorted(weeks.items())),
    )


def week_of(night: str) -> str:
    """Return the ISO week of a night, as 2026-W47."""
    year, week, _ = date.fromisoformat(night).isocalendar()
    return f"{year}-W{week:02d}"


def _older(found: Sequence[NightEvidence], stand: Iterable[Decision]) -> list[OlderLabels]:
    """Return the decisions on wordings that none of their night's findings has any more."""
    stored = {night.night: set(night.rules) for night in found}
    grouped: dict[Wording, list[Decision]] = {}
    for decision in stand:
        rule_id, fingerprint = decision.subject.rule_id, decision.subject.fingerprint
        if rule_id is None or fingerprint is None:
            continue
        if (rule_id, fingerprint) not in stored.get(decision.subject.night, set()):
            grouped.setdefault((rule_id, fingerprint), []).append(decision)
    return [_older_labels(wording, decisions) for wording, decisions in sorted(grouped.items())]


def _older_labels(wording: Wording, decisions: Sequence[Decision]) -> OlderLabels:
    hits = [d.choice for d in decisions if d.subject.verdict in SEEN and d.choice is not Choice.UNSURE]
    return OlderLabels(
        *wording,
        decisions=len(decisions),
        agreed=share(hits.count(Choice.AGREE), len(hits)),
        missed=sum(d.choice is Choice.MISSED for d in decisions),
        unsure=sum(d.choice is Choice.UNSURE for d in decisions),
    )


def _older_calls(found: Sequence[NightEvidence], stand: Iterable[Decision]) -> list[OlderCalls]:
    """Return the decisions on whole calls that do not speak of all rules that their night has now."""
    stored = {night.night: night.rules.keys() for night in found}
    grouped: dict[str, list[Choice]] = {}
    for decision in stand:
        subject = decision.subject
        if subject.rule_id is None and subject.role == FIRST and not decision.rules >= stored[subject.night]:
            grouped.setdefault(subject.fingerprint or "", []).append(decision.choice)
    return [
        OlderCalls(packs or None, len(said), *(said.count(one) for one in (Choice.AGREE, Choice.MISSED, Choice.UNSURE)))
        for packs, said in sorted(grouped.items())
    ]
