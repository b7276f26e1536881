"""Weighted estimates: by hand, and against scipy 1.12.0 for the beta distribution."""

from __future__ import annotations

from math import sqrt

import pytest

from inspect_pipeline.report.beta import beta_cdf, beta_quantile
from inspect_pipeline.report.estimate import (
    Cell,
    Estimate,
    Label,
    Total,
    exact_limits,
    filled,
    precision_of,
    recall_of,
    share_of,
    total_of,
    wilson_limits,
)
from inspect_pipeline.report.intervals import wilson


def labels(holding: int, of: int, weight: float = 1.0) -> tuple[Label, ...]:
    return (Label(True, weight, holding), Label(False, weight, of - holding))


@pytest.mark.parametrize(
    ("probability", "a", "b", "quantile"),  # scipy.stats.beta.ppf
    [
        (0.025, 17, 4, 0.621073173454686),
        (0.975, 18, 3, 0.9679290628145363),
        (0.025, 2.5, 300.7, 0.0013777427782355922),
        (0.975, 1, 5000, 0.0007375038011094288),
    ],
)
def test_beta(probability: float, a: float, b: float, quantile: float) -> None:
    assert beta_quantile(probability, a, b) == pytest.approx(quantile, abs=1e-11)
    assert beta_cdf(quantile, a, b) == pytest.approx(probability, abs=1e-9)
    assert (beta_cdf(0.0, a, b), beta_cdf(1.0, a, b)) == (0.0, 1.0)


def test_the_beta_distribution_where_both_sides_round_alike() -> None:
    assert 0.0 < beta_quantile(0.025, 0.2, 7.4) < 1e-6


def test_equal_weights_are_plain_counts() -> None:
    """Whatever the weight, and counted one by one or together."""
    low, high = wilson(17, 20)
    expected = pytest.approx((0.85, low, high))
    for sample in (labels(17, 20), labels(17, 20, 50.0), (Label(True, 3.0),) * 17 + (Label(False, 3.0),) * 3):
        found = share_of(sample)
        assert (found.value, found.low, found.high) == expected
    clopper_pearson = share_of(labels(17, 20), exact_limits)
    assert (clopper_pearson.low, clopper_pearson.high) == pytest.approx((0.621073173454686, 0.9679290628145363))
    assert share_of(labels(0, 20)) == Estimate(0.0, 0.0, pytest.approx(wilson(0, 20)[1]))
    assert share_of(labels(20, 20)).high == 1.0


def test_unequal_weights_by_hand() -> None:
    """9 light calls of which 6 hold and one heavy one that does not: 6 / 14, with the lesser effective number."""
    sample = (*labels(6, 9), Label(False, 5.0))
    share = 6 / 14
    kish = 14**2 / (9 + 25)
    spread = 6 * (1 - share) ** 2 + 3 * share**2 + 25 * share**2
    size = share * (1 - share) * 14**2 / spread
    assert size > kish
    found, expected = share_of(sample), wilson_limits(share, kish)
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))


def test_totals_of_cells_by_hand() -> None:
    cells = [Cell(100, labels(5, 10)), Cell(1000, labels(0, 50))]
    first, second = wilson(5, 10), wilson(0, 50)
    above = sqrt((100 * (first[1] - 0.5)) ** 2 + (1000 * second[1]) ** 2)
    below, variance = 100 * (0.5 - first[0]), 100**2 * 0.25 / 10
    assert total_of(cells) == Total(50.0, pytest.approx(50 - below), pytest.approx(50 + above), pytest.approx(variance))
    assert total_of([Cell(5), Cell(0)]) is None


def test_cells_without_labels_join_their_neighbours() -> None:
    one, other = labels(1, 2), labels(2, 3)
    assert filled([Cell(5), Cell(0), Cell(10, one), Cell(7), Cell(3, other), Cell(2)]) == [
        Cell(22, one),
        Cell(5, other),
    ]
    assert filled([Cell(5), Cell(10, one)]) == [Cell(15, one)]
    assert filled([Cell(5), Cell(0)]) is None


def test_precision_and_recall_by_hand() -> None:
    """90 of 100 hits are right, 2 % of 1000 other calls were missed: recall 90 / 110, less Beale's correction."""
    hits, rest = [Cell(100, labels(18, 20))], [Cell(1000, labels(2, 100, 10.0))]
    low, high = wilson(18, 20)
    assert precision_of(hits) == Estimate(0.9, pytest.approx(low), pytest.approx(high))
    found, missed = recall_of(hits, rest), share_of(rest[0].labels, exact_limits)
    assert found is not None
    right, other = 100**2 * 0.9 * 0.1 / 20, 1000**2 * 0.02 * 0.98 / 100
    assert found.value == pytest.approx(90 / 110 * (1 + right / (90 * 110)) / (1 + (right + other) / 110**2))
    for limit, of_missed, of_right in ((found.low, missed.high, low), (found.high, missed.low, high)):
        ratio = 1 / limit - 1
        half = sqrt((1000 * (of_missed - 0.02)) ** 2 + (ratio * 100 * (of_right - 0.9)) ** 2)
        assert abs(20 - ratio * 90) == pytest.approx(half)
    assert found.low < found.value < found.high < 1.0


def test_recall_at_its_ends() -> None:
    hits, none = [Cell(100, labels(20, 20))], [Cell(1000, labels(0, 100))]
    found = recall_of(hits, none)
    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.6 < found.low < 0.8  # up to 3.6 % of 1000 calls may have been missed
    assert recall_of([Cell(0)], [Cell(1000, labels(3, 100))]) == Estimate(0.0, 0.0, 0.0)
    assert recall_of([Cell(100, labels(0, 20))], [Cell(1000, labels(3, 100))]).low == 0.0  # type: ignore[union-attr]
    assert recall_of(hits, [Cell(1000)]) is None
    assert recall_of([Cell(0)], none) is None
    assert recall_of(hits, [Cell(0)]) == Estimate(1.0, 1.0, 1.0)
