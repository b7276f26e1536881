"""Plans: the probability of every call, the budget, the random groups, the draw."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import pytest

from inspect_pipeline.model import Risk
from inspect_pipeline.triage.plan import PlannedCall, chances, plan_night
from inspect_pipeline.triage.sample import (
    Chance,
    GroupShare,
    JudgedCall,
    ListenReason,
    SamplingPlan,
    Stratum,
    draw,
)

NIGHT = "2026-11-20"
CLEAN = JudgedCall("c-1", Risk.NONE, 100.0, critical=False, violated=False, uncertain=False)
R = ListenReason


def many(count: int, first: int = 0, **facts: object) -> list[JudgedCall]:
    return [replace(CLEAN, call_id=f"c-{first + number:05d}", **facts) for number in range(count)]  # type: ignore[arg-type]


def test_the_largest_proposal_counts():
    """Whole strata of one call: reasons and random groups, each with what it proposes."""
    call = replace(CLEAN, violated=True, uncertain=True, agent="0107", team="一组")
    others = [replace(CLEAN, call_id=f"c-{n}", agent="0107", team="一组" if n < 5 else "二组") for n in range(2, 11)]
    plan = SamplingPlan(agent=GroupShare(at_least=2), team=GroupShare(share=0.01), queue=GroupShare(share=0.5))
    night = plan_night([*others, call], plan)
    assert night.scale == 1.0
    assert night.calls[0] == PlannedCall(
        call,
        (
            Stratum(R.VIOLATION, 0.1),
            Stratum(R.UNCERTAIN, 0.05),
            Stratum(R.AGENT, 0.2, "0107"),
            Stratum(R.TEAM, 0.01, "一组"),
        ),
        mandatory=False,
        probability=0.2,
    )
    assert night.calls[1].strata == (
        Stratum(R.AGENT, 0.2, "0107"),
        Stratum(R.TEAM, 0.01, "二组"),
        Stratum(R.CLEAN, 0.02),
    )
    assert night.expected == pytest.approx(2.0)


def test_a_budget_scales_all_that_is_not_mandatory():
    """By hand: 20 mandatory, 100 at 0.3 and 1000 at 0.02 expect 50; a budget of 45 leaves 25 for them: factor 0.5."""
    calls = many(20, critical=True, violated=True) + many(100, 100, risk=Risk.MEDIUM) + many(1000, 1000)
    night = plan_night(calls, SamplingPlan(budget=45))
    assert night.scale == pytest.approx(0.5)
    assert {planned.probability for planned in night.calls} == {1.0, 0.3 * night.scale, 0.02 * night.scale}
    assert night.expected == pytest.approx(45)
    assert plan_night(calls, SamplingPlan(budget=70)).scale == 1.0


def test_mandatory_calls_are_never_cut_and_the_rest_keeps_its_reserve():
    calls = many(60, risk=Risk.HIGH) + many(1000, 1000)
    night = plan_night(calls, SamplingPlan(budget=50, clean=0.05))
    assert [planned.probability for planned in night.calls[:60]] == [1.0] * 60
    assert night.expected == pytest.approx(60 + 5)  # a tenth of 50 stays for the clean ones
    none = plan_night(calls, SamplingPlan(budget=50, reserve=0.0))
    assert (none.scale, none.expected) == (0.0, 60.0)


def test_an_aimed_or_random_certainty_is_not_mandatory():
    """A budget cuts what is only certain because its group is small."""
    calls = many(10, uncertain=True, agent="1") + many(1000, 1000, agent="2")
    plan = SamplingPlan(targets={"uncertain": 50}, agent=GroupShare(at_least=20), budget=15)
    night = plan_night(calls, plan)
    assert not any(planned.mandatory for planned in night.calls)
    assert night.calls[0].probability == night.scale == pytest.approx(15 / 30)
    assert night.expected == pytest.approx(15)


def test_at_least_and_at_most_hold_for_the_expected_number_of_each_group():
    calls = many(3, agent="few") + many(40, 100, agent="some") + many(800, 1000, agent="lots")
    plan = SamplingPlan(clean=0.0, agent=GroupShare(share=0.05, at_least=4, at_most=10))
    night = plan_night(calls, plan)
    expected = dict.fromkeys(("few", "some", "lots"), 0.0)
    for planned in night.calls:
        expected[str(planned.call.agent)] += planned.probability
    assert expected == pytest.approx({"few": 3.0, "some": 4.0, "lots": 10.0})


def test_order_does_not_matter_and_the_draw_decides():
    calls = many(30, uncertain=True, agent="1") + many(300, 1000, agent="2", score=61.0) + many(5, 5000, critical=True)
    plan = SamplingPlan(agent=GroupShare(at_least=7), budget=25)
    one, other = plan_night(calls, plan), plan_night(calls[::-1], plan)
    assert one == other
    drawn = list(chances(one, plan, NIGHT, "7"))
    assert drawn == list(chances(other, plan, NIGHT, "7"))
    planned = one.calls[0]
    first, second = draw("7", NIGHT, "c-00000"), draw("7/calibration", NIGHT, "c-00000")
    flagged = first < planned.probability
    assert drawn[0] == Chance(
        "c-00000", Risk.NONE, planned.strata, planned.probability, first, flagged, second, flagged and second < 0.05
    )
    assert [chance.flagged for chance in drawn[-5:]] == [True] * 5
    assert drawn != list(chances(one, plan, NIGHT, "8"))


def test_a_larger_share_keeps_the_calls_of_the_smaller():
    calls = many(500)
    small, large = (
        {chance.call_id for chance in chances(plan_night(calls, plan), plan, NIGHT, "0") if chance.flagged}
        for plan in (SamplingPlan(), SamplingPlan(clean=0.2))
    )
    assert small < large


def test_calls_are_drawn_with_their_probabilities():
    """Over 400 seeds each stratum is drawn as often as its probability says, within four standard errors."""
    calls = many(30, uncertain=True) + many(300, 1000) + many(20, 2000, risk=Risk.MEDIUM)
    plan = SamplingPlan(budget=12, calibration=0.25)
    night = plan_night(calls, plan)
    flagged, twice = dict.fromkeys((0.3, 0.05, 0.02), 0), 0
    for seed in range(400):
        for chance in chances(night, plan, NIGHT, str(seed)):
            flagged[chance.strata[0].probability] += chance.flagged
            twice += chance.calibration
    for proposed, size in ((0.3, 20), (0.05, 30), (0.02, 300)):
        share, trials = proposed * night.scale, 400 * size
        assert abs(flagged[proposed] / trials - share) < 4 * sqrt(share * (1 - share) / trials)
    drawn = sum(flagged.values())
    assert abs(twice / drawn - 0.25) < 4 * sqrt(0.25 * 0.75 / drawn)
