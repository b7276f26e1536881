"""What a sampling plan would draw, as lines for a terminal, at most 80 cells wide, in Chinese or English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspect_pipeline.report.columns import Column, table, wrap
from inspect_pipeline.report.plan import PlanForecast, StratumForecast
from inspect_pipeline.report.quality_words import say
from inspect_pipeline.report.words import flag_word

CELLS = 80


def plan_lines(forecast: PlanForecast, titles: Mapping[str, str], lang: str) -> list[str]:
    """Return the forecast: how many calls, by which reasons, and what of the plan cannot be kept."""
    lines = [_title(forecast, lang)]
    for told in (_expected(forecast, lang), *_budget(forecast, lang), *_rules(forecast, titles, lang)):
        lines += [f"  {line}" for line in wrap(told, CELLS - 2)]
    if not forecast.strata:
        return lines
    columns = [
        Column(say("reason", lang), most=24),
        Column("", most=6),
        *(Column(say(what, lang), right=True) for what in ("calls", "expects", "decides", "chance")),
    ]
    rows = [_row(one, lang) for one in forecast.strata]
    return [*lines, "", *table(columns, rows, indent=2), *_groups(forecast, lang)]


def _title(forecast: PlanForecast, lang: str) -> str:
    if forecast.stands_for is None:
        return say("plan", lang, night=forecast.night)
    of = say("forecast-of", lang, night=forecast.stands_for) if forecast.stands_for else ""
    return say("forecast", lang, night=forecast.night, of=of)


def _expected(forecast: PlanForecast, lang: str) -> str:
    return say(
        "expected",
        lang,
        calls=forecast.calls,
        expected=f"{forecast.expected:.0f}",
        low=f"{forecast.low:.0f}",
        high=f"{forecast.high:.0f}",
        mandatory=forecast.mandatory,
        twice=f"{forecast.twice:.0f}",
    )


def _budget(forecast: PlanForecast, lang: str) -> list[str]:
    lines = []
    if forecast.budget is not None:
        fits = forecast.scale == 1.0
        scale = f"{forecast.scale:.3f}"
        lines.append(say("budget-fits" if fits else "budget", lang, budget=forecast.budget, scale=scale))
        if forecast.expected > forecast.budget + 0.5:
            lines.append(say("over-budget", lang))
    if forecast.never:
        lines.append(say("never", lang, calls=forecast.never))
    return lines


def _rules(forecast: PlanForecast, titles: Mapping[str, str], lang: str) -> list[str]:
    named = (("new-rules", forecast.new_rules), ("changed-rules", forecast.changed_rules))
    return [
        say(what, lang, names=say("comma", lang).join(titles.get(rule, rule) for rule in rules))
        for what, rules in named
        if rules
    ]


def _row(one: StratumForecast, lang: str) -> Sequence[str]:
    low, high = probability(one.low), probability(one.high)
    return (
        flag_word(one.reason.value, lang),
        say("mandatory", lang) if one.mandatory else "",
        str(one.calls),
        f"{one.expected:.1f}",
        f"{one.decides:.1f}",
        low if low == high else f"{low}–{high}",
    )


def _groups(forecast: PlanForecast, lang: str) -> list[str]:
    lines = [
        say(
            "group-line",
            lang,
            name=say(one.reason.value, lang),
            groups=one.groups,
            fewest=one.fewest_calls,
            most=one.most_calls,
            least=f"{one.least_expected:.1f}",
            top=f"{one.most_expected:.1f}",
        )
        for one in forecast.groups
    ]
    return ["", *(f"  {line}" for line in lines)] if lines else []


def probability(value: float) -> str:
    """Return a probability with three digits that count, without idle zeros."""
    return f"{value:.3g}"
