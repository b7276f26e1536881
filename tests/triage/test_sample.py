"""The sample: fixed draws, known probabilities, due times."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from inspect_pipeline.model import Flag, Risk
from inspect_pipeline.triage.sample import (
    Chance,
    JudgedCall,
    ListenReason,
    SamplingPlan,
    chance_of,
    choose_flags,
    draw,
    listen_reasons,
    review_start,
)

NIGHT = "2026-11-20"
CLEAN = JudgedCall("c-1", Risk.NONE, 100.0, critical=False, violated=False, uncertain=False)
PLAN = SamplingPlan()


def test_the_draw_is_the_digest_of_seed_night_and_call():
    number = int(hashlib.sha256(b"7\n2026-11-20\nc-1").hexdigest(), 16)
    assert draw("7", NIGHT, "c-1") == number / 2**256
    assert len({draw("7", NIGHT, "c-1"), draw("8", NIGHT, "c-1"), draw("7", "2026-11-21", "c-1")}) == 3


def test_draws_are_even():
    draws = [draw("0", NIGHT, f"c-{number}") for number in range(10_000)]
    tenths = [sum(low / 10 <= place < (low + 1) / 10 for place in draws) for low in range(10)]
    assert all(900 < count < 1100 for count in tenths)


@pytest.mark.parametrize(
    ("call", "reasons", "probability"),
    [
        (CLEAN, ["clean"], 0.02),
        (replace(CLEAN, uncertain=True), ["uncertain"], 0.05),
        (replace(CLEAN, violated=True, uncertain=True), ["violation", "uncertain"], 0.1),
        (replace(CLEAN, violated=True, score=59.9), ["low-score", "violation"], 0.3),
        (replace(CLEAN, score=60.0), ["clean"], 0.02),
        (replace(CLEAN, score=None, uncertain=True), ["uncertain"], 0.05),
        (replace(CLEAN, risk=Risk.MEDIUM), ["medium-risk"], 0.3),
        (replace(CLEAN, risk=Risk.HIGH), ["high-risk"], 1.0),
        (
            JudgedCall("c-1", Risk.HIGH, 0.0, critical=True, violated=True, uncertain=False),
            ["critical", "high-risk", "low-score", "violation"],
            1.0,
        ),
    ],
)
def test_reasons_and_the_largest_probability(call: JudgedCall, reasons: list[str], probability: float):
    assert [reason.value for reason in listen_reasons(call, PLAN)] == reasons
    chance = chance_of(call, PLAN, NIGHT, "7")
    place = draw("7", NIGHT, "c-1")
    assert chance == Chance(
        "c-1", call.risk, tuple(map(ListenReason, reasons)), probability, place, place < probability
    )


def test_a_certain_reason_takes_every_call_and_a_share_takes_its_share():
    calls = [replace(CLEAN, call_id=f"c-{number}") for number in range(5000)]
    certain = [chance_of(replace(call, critical=True), PLAN, NIGHT, "0").flagged for call in calls]
    assert all(certain)
    clean = sum(chance_of(call, PLAN, NIGHT, "0").flagged for call in calls)
    assert 70 < clean < 130  # 2 % of 5000, three standard deviations


def test_a_larger_share_keeps_the_calls_of_the_smaller():
    calls = [replace(CLEAN, call_id=f"c-{number}") for number in range(500)]
    small = {call.call_id for call in calls if chance_of(call, PLAN, NIGHT, "0").flagged}
    large = {call.call_id for call in calls if chance_of(call, SamplingPlan(clean=0.2), NIGHT, "0").flagged}
    assert small < large


def test_flags_are_due_from_the_next_morning():
    china = timezone(timedelta(hours=8))
    start = review_start(NIGHT, china)
    assert start.isoformat() == "2026-11-21T08:00:00+08:00"
    chances = [
        Chance("b", Risk.HIGH, (ListenReason.HIGH_RISK,), 1.0, 0.9, True),
        Chance("a", Risk.NONE, (ListenReason.CLEAN,), 0.02, 0.01, True),
        Chance("c", Risk.NONE, (ListenReason.CLEAN,), 0.02, 0.5, False),
        Chance("d", Risk.MEDIUM, (ListenReason.MEDIUM_RISK, ListenReason.VIOLATION), 0.3, 0.2, True),
    ]
    assert choose_flags(chances, PLAN, start) == [
        Flag("a", ("clean",), 0.02, 0.01, Risk.NONE, datetime(2026, 11, 24, 0, tzinfo=UTC)),
        Flag("b", ("high-risk",), 1.0, 0.9, Risk.HIGH, datetime(2026, 11, 21, 2, tzinfo=UTC)),
        Flag("d", ("medium-risk", "violation"), 0.3, 0.2, Risk.MEDIUM, datetime(2026, 11, 22, 0, tzinfo=UTC)),
    ]


def test_a_target_becomes_the_probability_that_meets_it_on_average():
    plan = SamplingPlan(targets={"clean": 30, "uncertain": 50, "low_score": 10})
    aimed = plan.aimed({ListenReason.CLEAN: 1000, ListenReason.UNCERTAIN: 40})
    assert aimed == SamplingPlan(clean=0.03, uncertain=1.0)
