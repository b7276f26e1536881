"""Measure rules: what was measured against its limit."""

from __future__ import annotations

from inspect_pipeline.model import Evidence, Reason, Speaker, Verdict
from inspect_pipeline.rulebook.answer import Answer
from inspect_pipeline.rulebook.excuses import excused_moment
from inspect_pipeline.rulebook.fairness import doubt_nothing
from inspect_pipeline.rulebook.hearing import Hearing, Truth
from inspect_pipeline.rulebook.keys import QUANTITY_UNITS
from inspect_pipeline.rulebook.measures import Reading, Unmeasured, is_counted, occurrences, read, unmeasurable
from inspect_pipeline.rulebook.rule import Measure, Quantity, Rule
from inspect_pipeline.rulebook.windows import Moment, window_scope

_FROM_TEXT = (Quantity.SPEECH_RATE, Quantity.AGENT_REPEATS, Quantity.CUSTOMER_REPEATS)


def judge_measure(rule: Rule, measure: Measure, hearing: Hearing) -> Answer:
    """Answer a `measure` rule: violated on the wrong side of the limit, as often as `times` says, unless excused."""
    impossible = unmeasurable(measure.quantity, hearing)
    if impossible is not None:
        return Answer(impossible.verdict, impossible.reason)
    if is_counted(measure.quantity) and measure.over:
        return _judge_counted(rule, measure, hearing)
    return _judge_reading(rule, measure, hearing)


def _judge_counted(rule: Rule, measure: Measure, hearing: Hearing) -> Answer:
    """Answer for waits and interruptions: each that is too long and not excused counts."""
    window = window_scope(hearing, rule.window, rule.speaker)
    sure: list[Evidence] = []
    doubted: list[tuple[Evidence, Reason]] = []
    for each in occurrences(measure, hearing):
        if rule.window is not None and not (each.start_s < window.end_s and each.end_s > window.start_s):
            continue
        excuse = excused_moment(hearing, rule.excuses, Moment(each.start_s, each.end_s), rule.speaker)
        if excuse.truth is Truth.NO:
            sure.append(each)
        elif excuse.truth is Truth.UNSURE:
            doubted.append((each, excuse.reason or Reason("unintelligible")))
    longest = max((each.value or 0.0 for each in sure), default=0.0)
    if len(sure) >= measure.times:
        values = _values(measure, longest)
        return Answer(Verdict.VIOLATED, Reason("over-limit", values), tuple(sure), hits=len(sure))
    if len(sure) + len(doubted) >= measure.times:
        return Answer(Verdict.UNCERTAIN, doubted[0][1], (*sure, *(each for each, _ in doubted)))
    return Answer(Verdict.MET, Reason("measured", _values(measure, None)), tuple(sure))


def _judge_reading(rule: Rule, measure: Measure, hearing: Hearing) -> Answer:
    speaker = Speaker.AGENT if rule.speaker is Speaker.UNKNOWN else rule.speaker
    reading = read(measure, hearing, speaker)
    if isinstance(reading, Unmeasured):
        return Answer(reading.verdict, reading.reason)
    doubt = doubt_nothing(hearing, speaker) if measure.quantity in _FROM_TEXT else None
    values = _values(measure, reading.value)
    wrong = reading.value > measure.limit if measure.over else reading.value < measure.limit
    if wrong:
        code = "over-limit" if measure.over else "under-limit"
        return Answer(Verdict.VIOLATED, Reason(code, values), reading.evidence, _hits(measure, reading))
    if doubt is not None:
        return Answer(Verdict.UNCERTAIN, doubt)
    return Answer(Verdict.MET, Reason("measured", values), reading.evidence)


def _hits(measure: Measure, reading: Reading) -> int:
    counted = QUANTITY_UNITS[measure.quantity] == "times"
    return max(1, len(reading.evidence)) if counted else 1


def _values(measure: Measure, value: float | None) -> tuple[tuple[str, str], ...]:
    what = ("what", str(measure.quantity))
    limit = ("limit", _with_unit(measure.quantity, measure.limit))
    return (what, limit) if value is None else (what, ("value", _with_unit(measure.quantity, value)), limit)


def _with_unit(quantity: Quantity, value: float) -> str:
    unit = QUANTITY_UNITS[quantity]
    if unit == "%":
        return f"{value * 100:.0f} %"
    if unit == "/min":
        return f"{value:.0f}/min"
    return f"{_short(value)} {unit}"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
