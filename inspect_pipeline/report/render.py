"""The report of a night as lines for a terminal, at most 80 cells wide, in Chinese or English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspect_pipeline.model import Reason, Risk
from inspect_pipeline.report.columns import Column, fit, pad, table, wrap
from inspect_pipeline.report.intervals import Share
from inspect_pipeline.report.numbers import Example, NightReport, NotInspected, RuleNumbers
from inspect_pipeline.report.words import flag_word, say
from inspect_pipeline.wording import clock, label, reason_text

CELLS = 80
SHOWN = 20  # failed or skipped calls, unless all are asked for
BAR = 40


def night_lines(report: NightReport, titles: Mapping[str, str], lang: str, everything: bool = False) -> list[str]:
    """Return the report. `everything` lists every failed and skipped call instead of the first ones."""
    sections = [
        _account(report, lang),
        _not_inspected("failed", report.failures, lang, everything),
        _not_inspected("skipped", report.skips, lang, everything),
        _scores(report, lang),
        _violations(report, titles, lang),
        _notices(report, titles, lang),
        _silent(report, titles, lang),
        _flags(report, lang),
        _slowest(report, lang),
    ]
    lines: list[str] = []
    for section in sections:
        if section:
            lines += [*section, ""]
    return lines[:-1]


def _account(report: NightReport, lang: str) -> list[str]:
    risks = [f"{label(risk, lang)} {report.risks[risk.value]}" for risk in Risk]
    return [
        say("night", lang, night=report.night),
        "  " + say("calls", lang, calls=report.calls, inspected=report.inspected, failed=report.failed,
                   skipped=report.skipped),
        "  " + say("audio", lang, hours=f"{report.audio_s / 3600:.2f}"),
        *([f"  {line}" for line in wrap(say("made-by", lang, models=", ".join(report.models),
                                            packs=", ".join(report.packs)), CELLS - 2)] if report.inspected else []),
        "  " + "  ".join(risks),
    ]  # fmt: skip


def _not_inspected(what: str, calls: Sequence[NotInspected], lang: str, everything: bool) -> list[str]:
    if not calls:
        return []
    lines = [say(what, lang, count=len(calls))]
    for call in calls if everything else calls[:SHOWN]:
        first, *rest = wrap(f"{call.call_id}  {call.error}", CELLS - 6)
        lines += [f"  {first}", *(f"      {line}" for line in rest)]
    if not everything and len(calls) > SHOWN:
        lines.append("  " + say("more", lang, count=len(calls) - SHOWN))
    return lines


def _scores(report: NightReport, lang: str) -> list[str]:
    scores = report.scores
    if scores.mean is None or scores.median is None:
        return [say("no-scores", lang)]
    lines = [say("scores", lang, mean=f"{scores.mean:.1f}", median=f"{scores.median:.1f}")]
    bands = [(name.replace("-", "–"), count) for name, count in scores.bands.items()]
    if scores.unscored:
        bands.append((say("unscored", lang), scores.unscored))
    most = max(count for _, count in bands)
    digits = len(str(most))
    for name, count in bands:
        bar = "#" * (-(-count * BAR // most))
        lines.append(f"  {pad(name, 8)}{count:>{digits}}  {bar}".rstrip())
    return lines


def _violations(report: NightReport, titles: Mapping[str, str], lang: str) -> list[str]:
    violated = sorted((rule for rule in report.rules if rule.violated.count), key=lambda rule: -rule.violated.count)
    doubtful = [rule for rule in report.rules if rule.uncertain.count and not rule.violated.count]
    columns = [
        Column(say("rule", lang), most=30),
        Column(say("violated", lang), right=True),
        Column(say("judged", lang), right=True),
        Column(say("share", lang), right=True),
        Column(say("interval", lang)),
        Column(say("uncertain", lang), right=True),
        Column("", right=True),
    ]
    rows = [
        (
            titles.get(rule.rule_id, rule.rule_id),
            str(rule.violated.count),
            str(rule.violated.of),
            percent(rule.violated),
            interval(rule.violated),
            str(rule.uncertain.count),
            percent(rule.uncertain),
        )
        for rule in [*violated, *doubtful]
    ]
    if not rows:
        return [say("no-violations", lang)]
    head, *body = table(columns, rows, indent=2)
    return [say("violations", lang), head, *_with_examples(body, [*violated, *doubtful], lang)]


def _notices(report: NightReport, titles: Mapping[str, str], lang: str) -> list[str]:
    noticed = sorted((rule for rule in report.rules if rule.noticed.count), key=lambda rule: -rule.noticed.count)
    if not noticed:
        return []
    columns = [
        Column(say("signal", lang), most=30),
        Column(say("count", lang), right=True),
        Column(say("listened", lang), right=True),
        Column(say("share", lang), right=True),
        Column(say("interval", lang)),
    ]
    rows = [
        (
            titles.get(rule.rule_id, rule.rule_id),
            str(rule.noticed.count),
            str(rule.noticed.of),
            percent(rule.noticed),
            interval(rule.noticed),
        )
        for rule in noticed
    ]
    head, *body = table(columns, rows, indent=2)
    return [say("notices", lang), head, *_with_examples(body, noticed, lang)]


def _with_examples(lines: Sequence[str], rules: Sequence[RuleNumbers], lang: str) -> list[str]:
    """Put each rule's example below its line."""
    both = []
    for line, rule in zip(lines, rules, strict=True):
        both.append(line)
        if rule.example is not None:
            both.append(fit(f"      {example_text(rule.example, lang)}", CELLS))
    return both


def example_text(example: Example, lang: str) -> str:
    """Return an example on one line: the call, the moment and the quote, or why when nothing was said."""
    moment = "" if example.at_s is None else f" {clock(example.at_s)}"
    if example.quote is not None and example.reason_code not in {"reply-missing", "step-missing"}:
        return f"{example.call_id}{moment} {say('quote', lang, quote=example.quote)}"
    return f"{example.call_id}{moment} {reason_text(Reason(example.reason_code, example.reason_values), lang)}"


def _silent(report: NightReport, titles: Mapping[str, str], lang: str) -> list[str]:
    lines = []
    for what, rules in (("never-fired", report.never_fired), ("never-applied", report.never_applied)):
        if rules:
            names = say("comma", lang).join(titles.get(rule_id, rule_id) for rule_id in rules)
            first, *rest = wrap(say(what, lang, names=names), CELLS - 2)
            lines += [first, *(f"  {line}" for line in rest)]
    return lines


def _flags(report: NightReport, lang: str) -> list[str]:
    share = "" if not report.inspected else say("of-inspected", lang, share=f"{report.flagged / report.inspected:.1%}")
    lines = [say("flags", lang, flagged=report.flagged) + share]
    if report.flag_reasons:
        digits = len(str(max(report.flag_reasons.values())))
        words = [(flag_word(reason, lang), count) for reason, count in report.flag_reasons.items()]
        lines += [f"  {pad(word, 20)}{count:>{digits}}" for word, count in words]
    return lines


def _slowest(report: NightReport, lang: str) -> list[str]:
    if not report.slowest:
        return []
    columns = [
        Column(say("call", lang), most=40),
        Column(say("took", lang), right=True),
        Column(say("length", lang), right=True),
    ]
    rows = [(call.call_id, f"{call.elapsed_s:.1f} s", clock(call.audio_s)) for call in report.slowest]
    return [say("slowest", lang), *table(columns, rows, indent=2)]


def percent(share: Share) -> str:
    """Return a share in percent; a dash when there was nothing to divide by."""
    return "-" if share.value is None else f"{share.value:.1%}"


def interval(share: Share) -> str:
    """Return the interval of a share in percent; empty when there was nothing to divide by."""
    return "" if share.low is None or share.high is None else f"{share.low * 100:.1f}–{share.high * 100:.1f}"
