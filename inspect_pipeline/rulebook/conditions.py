"""`only_if`: whether a rule applies to a call at all, from its metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspect_pipeline.model import Reason, Verdict
from inspect_pipeline.rulebook.rule import Condition


def condition_answer(conditions: Sequence[Condition], metadata: Mapping[str, str]) -> tuple[Verdict, Reason] | None:
    """Return None when the rule applies, else its answer: not applicable, or uncertain for a value that is no number.

    A column that is missing or empty fails every condition on it, also a negated one.
    """
    for condition in conditions:
        value = metadata.get(condition.column, "").strip()
        reason = Reason("condition", (("column", condition.column), ("value", value)))
        holds = bool(value) and _holds(condition, value)
        if holds is None:
            return Verdict.UNCERTAIN, reason
        if not holds:
            return Verdict.NOT_APPLICABLE, reason
    return None


def _holds(condition: Condition, value: str) -> bool | None:
    if condition.over is not None or condition.under is not None:
        try:
            number = float(value)
        except ValueError:
            return None
        above = condition.over is None or number > condition.over
        return above and (condition.under is None or number < condition.under)
    return (value in condition.values) is not condition.negated
