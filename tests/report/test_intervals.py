from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_pipeline.report.intervals import Share, share, wilson


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [  # computed from the formula in 50 decimal digits
        (0, 10, 0.0, 0.277533),
        (1, 10, 0.017876, 0.404150),
        (5, 10, 0.236593, 0.763407),
        (10, 10, 0.722467, 1.0),
        (81, 263, 0.255289, 0.366211),  # Newcombe 1998, Statistics in Medicine 17, table I
    ],
)
def test_wilson_interval(count: int, of: int, low: float, high: float) -> None:
    assert wilson(count, of) == pytest.approx((low, high), abs=5e-6 if of < 100 else 1e-3)


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilson_interval_holds_the_share_and_mirrors(pair: tuple[int, int]) -> None:
    count, of = pair
    low, high = wilson(count, of)
    assert 0 <= low <= count / of <= high <= 1
    assert wilson(of - count, of) == pytest.approx((1 - high, 1 - low))


def test_share_of_nothing_has_no_value() -> None:
    assert share(0, 0) == Share(0, 0, None, None, None)
    with pytest.raises(ValueError, match="no share: 3 of 2"):
        wilson(3, 2)
