"""Do the intervals cover, and is recall unbiased? A machine with known errors, sampled by the real plan, many times."""

from __future__ import annotations

import pytest

from bench.sampling import Machine, simulate
from inspect_pipeline.triage.sample import GroupShare, SamplingPlan

PLANS = {
    "the default plan": SamplingPlan(),
    "agents and a budget": SamplingPlan(agent=GroupShare(at_least=3, at_most=6), budget=400),
}


@pytest.mark.parametrize("name", PLANS)
def test_intervals_cover_and_recall_is_unbiased(name: str) -> None:
    """8 % violations, of which the machine finds 85 % where it answers; 80 % of its hits are right."""
    found = simulate(Machine(5000, 0.08), PLANS[name], populations=3, draws=75)
    assert found.precision_held >= 0.93
    assert found.recall_held >= 0.93
    for bias in (found.precision, found.recall):
        assert abs(bias.mean) < 3 * bias.error < 0.02
    naive = found.flagged_only
    assert naive.mean > 0.025
    assert naive.mean > 5 * naive.error
