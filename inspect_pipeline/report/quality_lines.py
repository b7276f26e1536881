"""The reports on rules and reviewers as lines for a terminal, at most 80 cells wide, in Chinese or English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspect_pipeline.report.agreement import Coefficient
from inspect_pipeline.report.columns import Column, fit, table, wrap
from inspect_pipeline.report.estimate import Estimate
from inspect_pipeline.report.intervals import Share
from inspect_pipeline.report.quality import MINIMUM, OlderCalls, OlderLabels, Quality, QualityReport, RuleQuality
from inspect_pipeline.report.quality_words import say
from inspect_pipeline.report.reviewers import Agreement, ReviewersReport

CELLS = 80
WEEKS = 5  # the latest ones
NONE = "-"

Titles = Mapping[str, str]


def quality_lines(report: QualityReport, titles: Titles, lang: str) -> list[str]:
    """Return the measured quality of the rules: the present wordings, their weeks, older wordings apart."""
    if not report.nights:
        return [say("no-reviews", lang)]
    current = [rule for rule in report.rules if rule.current]
    sections = [
        _head(report, lang),
        [*_rules(current, titles, lang), *_minimum(lang)],
        _trend(current, titles, lang),
        _older(report, titles, lang),
    ]
    return _joined(sections)


def _head(report: QualityReport, lang: str) -> list[str]:
    lines = [
        say("quality", lang, first=report.nights[0], last=report.nights[-1]),
        "  " + say("reviewed", lang, drawn=report.drawn, reviewed=report.reviewed),
    ]
    return lines + (["  " + say("outside", lang, count=report.outside)] if report.outside else [])


def _rules(rules: Sequence[RuleQuality], titles: Titles, lang: str) -> list[str]:
    columns = [
        Column(say("rule", lang), most=20),
        Column(say("hits", lang), right=True),
        Column(say("precision", lang)),
        Column(say("recall", lang)),
        Column(say("labels", lang), right=True),
        Column(say("uncertain", lang), right=True),
    ]
    rows = [
        (
            titles.get(rule.rule_id, rule.rule_id),
            str(rule.quality.hits),
            estimate(rule.quality.precision, lang),
            estimate(rule.quality.recall, lang),
            f"{rule.quality.hits_reviewed}+{rule.quality.others_reviewed}",
            percent(rule.quality.uncertain),
        )
        for rule in rules
    ]
    return table(columns, rows)


def _minimum(lang: str) -> list[str]:
    told = say(
        "labels-told",
        lang,
        hits=MINIMUM.hits,
        found=MINIMUM.found,
        others=MINIMUM.others,
        unspoken=f"{MINIMUM.unspoken:.0%}",
    )
    return wrap(told, CELLS)


def _trend(rules: Sequence[RuleQuality], titles: Titles, lang: str) -> list[str]:
    weeks = sorted({week.week for rule in rules for week in rule.weeks})[-WEEKS:]
    rows = []
    for rule in rules:
        known = {week.week: week.quality for week in rule.weeks}
        cells = [_week(known[week]) if week in known else "" for week in weeks]
        if any(cell.strip(f" /{NONE}") for cell in cells):
            rows.append((titles.get(rule.rule_id, rule.rule_id), *cells))
    if not rows:
        return []
    columns = [Column(say("rule", lang), most=20), *(Column(week[2:], right=True) for week in weeks)]
    return [say("trend", lang), *table(columns, rows, indent=2)]


def _older(report: QualityReport, titles: Titles, lang: str) -> list[str]:
    rules = [rule for rule in report.rules if not rule.current]
    if not rules and not report.older and not report.older_calls:
        return []
    lines = [say("older", lang)]
    if rules:
        columns = [
            Column(say("rule", lang), most=16),
            Column(say("wording", lang)),
            Column(say("nights", lang)),
            Column(say("precision", lang)),
            Column(say("recall", lang)),
            Column(say("labels", lang), right=True),
        ]
        rows = [
            (
                titles.get(rule.rule_id, rule.rule_id),
                rule.fingerprint[:6],
                f"{rule.first_night[5:]}–{rule.last_night[5:]}",
                estimate(rule.quality.precision, lang),
                estimate(rule.quality.recall, lang),
                f"{rule.quality.hits_reviewed}+{rule.quality.others_reviewed}",
            )
            for rule in rules
        ]
        lines += table(columns, rows, indent=2)
    told = [_older_labels(one, titles, lang) for one in report.older]
    told += [_older_calls(one, lang) for one in report.older_calls]
    return lines + [f"  {line}" for text in told for line in wrap(text, CELLS - 2)]


def _older_labels(one: OlderLabels, titles: Titles, lang: str) -> str:
    return say(
        "older-labels",
        lang,
        rule=titles.get(one.rule_id, one.rule_id),
        wording=one.fingerprint[:6],
        decisions=one.decisions,
        agreed=percent(one.agreed),
        missed=one.missed,
    )


def _older_calls(one: OlderCalls, lang: str) -> str:
    counts = {"decisions": one.decisions, "agreed": one.agreed, "missed": one.missed, "unsure": one.unsure}
    if one.packs is None:
        return say("unknown-calls", lang, **counts)
    return say("older-calls", lang, wording=one.packs[:6], **counts)


def reviewers_lines(report: ReviewersReport, nights: Sequence[str], titles: Titles, lang: str) -> list[str]:
    """Return what reviewers did and how far they agree: altogether, two by two, rule by rule."""
    if not report.reviewers:
        return [say("no-decisions", lang)]
    sections = [
        [say("reviewers", lang, first=nights[0], last=nights[-1]), *_reviewers(report, lang)],
        _agreement(report, titles, lang),
    ]
    return _joined(sections)


def _reviewers(report: ReviewersReport, lang: str) -> list[str]:
    columns = [
        Column(say("reviewer", lang), most=16),
        *(
            Column(say(what, lang), right=True)
            for what in ("completed", "second", "decisions", "agreed", "unsure", "seconds")
        ),
    ]
    rows = [
        (
            one.name,
            str(one.completed),
            str(one.second),
            str(one.decisions),
            percent(one.agreed),
            percent(one.unsure),
            NONE if one.seconds is None else f"{one.seconds:.1f}",
        )
        for one in report.reviewers
    ]
    return table(columns, rows, indent=2)


def _agreement(report: ReviewersReport, titles: Titles, lang: str) -> list[str]:
    if not report.overall.raw.units:
        return [say("no-agreement", lang)]
    columns = [
        Column(say("who", lang), most=22),
        Column(say("calls", lang), right=True),
        Column(say("raw", lang), right=True),
        Column("κ", right=True),
        Column("AC1", right=True),
        Column("α", right=True),
        Column(say("violations", lang), right=True),
    ]
    rows = [_agreement_row(say("overall", lang), report.overall)]
    rows += [
        _agreement_row(say("pair", lang, first=pair.first, second=pair.second), pair.agreement)
        for pair in report.pairs
        if len(report.pairs) > 1 or len(report.reviewers) > 2
    ]
    rows += [_agreement_row(titles.get(rule.rule_id, rule.rule_id), rule.agreement) for rule in report.rules]
    return [say("agreement", lang), *table(columns, rows, indent=2), *wrap(say("agreement-told", lang), CELLS)]


def _agreement_row(name: str, agreement: Agreement) -> tuple[str, ...]:
    return (
        name,
        str(agreement.calls),
        NONE if agreement.raw.value is None else f"{agreement.raw.value:.1%}",
        coefficient(agreement.kappa),
        coefficient(agreement.ac1),
        coefficient(agreement.alpha),
        coefficient(agreement.violations),
    )


def coefficient(found: Coefficient) -> str:
    """Return a coefficient with its standard error, if it has one; a dash where it is not defined."""
    if found.value is None:
        return NONE
    return f"{found.value:.2f}" + ("" if found.error is None else f"±{found.error:.2f}")


def estimate(found: Estimate | None, lang: str) -> str:
    """Return an estimate in percent with its interval; in words that there are too few reviews for one."""
    if found is None:
        return say("few", lang)
    return f"{found.value:.0%} ({found.low * 100:.0f}–{found.high * 100:.0f})"


def percent(found: Share) -> str:
    """Return a share in percent; a dash when there was nothing to divide by."""
    return NONE if found.value is None else f"{found.value:.1%}"


def _week(quality: Quality) -> str:
    return f"{_rounded(quality.precision)} / {_rounded(quality.recall)}"


def _rounded(found: Estimate | None) -> str:
    return NONE if found is None else f"{found.value * 100:.0f}"


def _joined(sections: Sequence[Sequence[str]]) -> list[str]:
    """Return the sections that are not empty with an empty line between them."""
    lines: list[str] = []
    for section in sections:
        if section:
            lines += [*(fit(line, CELLS) for line in section), ""]
    return lines[:-1]
