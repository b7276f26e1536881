"""How sure a share can be, from how many it was counted."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054  # the 97.5 % point of the standard normal distribution


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, and the interval that holds the true share with 95 % confidence. None when `of` is 0."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


def wilson(count: int, of: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a share: the (low, high) in 0-1 of `count` successes in `of` trials.

    With p = count / of, its centre is (p + z² / 2n) / (1 + z² / n) and its half-width
    z / (1 + z² / n) · √(p (1 - p) / n + z² / 4n²). It stays inside 0-1 and is honest for 0 of n, unlike p ± z·s.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22 (1927) 209-212; recommended for small n by Brown, Cai and DasGupta,
    "Interval estimation for a binomial proportion", Statistical Science 16 (2001) 101-133.

    Raises ValueError unless 0 <= count <= of and of > 0.
    """
    if not 0 <= count <= of or of == 0:
        raise ValueError(f"no share: {count} of {of}")
    p = count / of
    scale = 1 + z * z / of
    centre = (p + z * z / (2 * of)) / scale
    half = z / scale * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == of else min(1.0, centre + half)
    return low, high


def share(count: int, of: int) -> Share:
    """Return `count` of `of` with its 95 % Wilson interval; without a value when there is nothing to divide by."""
    if of == 0:
        return Share(count, of, None, None, None)
    low, high = wilson(count, of)
    return Share(count, of, count / of, low, high)
