"""The sample: fixed draws, reasons, due times."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from inspect_pipeline.model import Flag, Risk
from inspect_pipeline.triage.sample import (
    Chance,
    GroupShare,
    JudgedCall,
    ListenReason,
    SamplingPlan,
    Stratum,
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
    ("call", "reasons"),
    [
        (CLEAN, ["clean"]),
        (replace(CLEAN, uncertain=True), ["uncertain"]),
        (replace(CLEAN, violated=True, uncertain=True), ["violation", "uncertain"]),
        (replace(CLEAN, violated=True, score=59.9), ["low-score", "violation", "near-threshold"]),
        (replace(CLEAN, score=62.0), ["near-threshold"]),
        (replace(CLEAN, score=62.1), ["clean"]),
        (replace(CLEAN, score=None, uncertain=True), ["uncertain"]),
        (replace(CLEAN, risk=Risk.MEDIUM), ["medium-risk"]),
        (replace(CLEAN, new_rule=True, new_fingerprint=True, uncertain=True),
         ["new-rule", "new-fingerprint", "uncertain"]),
        (
            JudgedCall("c-1", Risk.HIGH, 0.0, critical=True, violated=True, uncertain=False),
            ["critical", "high-risk", "low-score", "violation"],
        ),
    ],
)  # fmt: skip
def test_reasons(call: JudgedCall, reasons: list[str]):
    assert [reason.value for reason in listen_reasons(call, PLAN)] == reasons


def test_a_reason_that_is_off_leaves_its_calls_among_the_clean_ones():
    """Otherwise nobody could ever hear them, and what the rules miss in them could not be measured."""
    unsure = replace(CLEAN, uncertain=True)
    assert listen_reasons(unsure, SamplingPlan(uncertain=0.0)) == (ListenReason.CLEAN,)
    aimed = SamplingPlan(uncertain=0.0, targets={"uncertain": 5})
    assert listen_reasons(unsure, aimed) == (ListenReason.UNCERTAIN,)


@pytest.mark.parametrize(
    ("share", "calls", "probability"),
    [
        (GroupShare(), 10, 0.0),
        (GroupShare(share=0.1), 10, 0.1),
        (GroupShare(share=0.1, at_least=2), 10, 0.2),
        (GroupShare(share=0.1, at_least=2), 100, 0.1),
        (GroupShare(at_least=2), 1, 1.0),
        (GroupShare(share=0.1, at_most=5), 100, 0.05),
        (GroupShare(share=0.1, at_most=5), 20, 0.1),
        (GroupShare(at_least=3, at_most=3), 30, 0.1),
    ],
)
def test_the_share_of_a_group(share: GroupShare, calls: int, probability: float):
    assert share.probability(calls) == probability


def test_what_is_mandatory():
    plan = SamplingPlan(medium_risk=1.0, high_risk=0.9, targets={"critical": 5}, agent=GroupShare(share=1.0))
    assert [reason for reason in ListenReason if reason is not ListenReason.CALIBRATION and plan.mandatory(reason)] == [
        ListenReason.MEDIUM_RISK
    ]


def chance(call_id: str, risk: Risk, reason: ListenReason, probability: float, place: float, twice: bool) -> Chance:
    stratum = Stratum(reason, probability)
    return Chance(call_id, risk, (stratum,), probability, place, place < probability, 0.1, twice)


def test_flags_are_due_from_the_next_morning():
    china = timezone(timedelta(hours=8))
    start = review_start(NIGHT, china)
    assert start.isoformat() == "2026-11-21T08:00:00+08:00"
    chances = [
        chance("b", Risk.HIGH, ListenReason.HIGH_RISK, 1.0, 0.9, True),
        chance("a", Risk.NONE, ListenReason.CLEAN, 0.02, 0.01, False),
        chance("c", Risk.NONE, ListenReason.CLEAN, 0.02, 0.5, False),
        chance("d", Risk.MEDIUM, ListenReason.MEDIUM_RISK, 0.3, 0.2, False),
    ]
    assert choose_flags(chances, PLAN, start) == [
        Flag("a", ("clean",), 0.02, 0.01, Risk.NONE, datetime(2026, 11, 24, 0, tzinfo=UTC)),
        Flag("b", ("high-risk", "calibration"), 1.0, 0.9, Risk.HIGH, datetime(2026, 11, 21, 2, tzinfo=UTC)),
        Flag("d", ("medium-risk",), 0.3, 0.2, Risk.MEDIUM, datetime(2026, 11, 22, 0, tzinfo=UTC)),
    ]


def test_a_target_becomes_the_probability_that_meets_it_on_average():
    plan = SamplingPlan(targets={"clean": 30, "uncertain": 50, "low_score": 10})
    aimed = plan.aimed({ListenReason.CLEAN: 1000, ListenReason.UNCERTAIN: 40})
    assert aimed == SamplingPlan(clean=0.03, uncertain=1.0)
