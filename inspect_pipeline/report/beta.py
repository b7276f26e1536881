"""The beta distribution, for exact intervals of shares. Standard library only."""

from __future__ import annotations

from math import exp, lgamma, log

_TINY = 1e-300
_STEPS = 400  # of the fraction; it needs about √max(a, b)
_HALVINGS = 60


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the probability that a beta variable of parameters a, b > 0 is at most x (the incomplete beta ratio).

    By its continued fraction, on the side of the mean where it is quick.
    Source: NIST Digital Library of Mathematical Functions, section 8.17, equation 8.17.22.
    """
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    beyond = x > (a + 1) / (a + b + 2)
    return 1.0 - _fraction(1 - x, b, a) if beyond else _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """Return the incomplete beta ratio by its continued fraction, evaluated from the front (Lentz's method)."""
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    value, upper, lower = 1.0, 1.0, 0.0
    for step in range(_STEPS):
        half = step // 2
        if step == 0:
            term = 1.0
        elif step % 2 == 0:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        else:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        lower = 1.0 / _away_from_0(1.0 + term * lower)
        upper = _away_from_0(1.0 + term / upper)
        value *= upper * lower
        if abs(1.0 - upper * lower) < 1e-14:
            break
    return front * (value - 1.0)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return the x at which `beta_cdf` is `probability` (0-1), by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if beta_cdf(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _away_from_0(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
