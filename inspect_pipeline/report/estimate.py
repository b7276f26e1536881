"""What reviewed calls say of all calls, when each was drawn with a probability that is known. Pure formulas.

The calls are cut into cells in which they are alike (what the machine answered, whether they were certain to be drawn)
and whose sizes are known. Within a cell a reviewed call stands for one over its probability calls; the sum of these
weights is brought to the cell's size (post-stratification), which also makes up for drawn calls that nobody has heard
yet. The intervals are for the rule at work on calls like these, not only for the calls of these nights: a cell that was
heard completely still has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from inspect_pipeline.report.beta import beta_quantile
from inspect_pipeline.report.intervals import Z_95


@dataclass(frozen=True, slots=True)
class Label:
    """What people found in so many reviewed calls: whether it holds, and how many calls each stands for (above 0)."""

    holds: bool
    weight: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """Calls that are alike: how many there are, and the labels of the reviewed ones."""

    calls: int
    labels: tuple[Label, ...] = ()

    @property
    def reviews(self) -> int:
        """Return how many of its calls have a label."""
        return sum(label.count for label in self.labels)

    @property
    def holding(self) -> int:
        """Return in how many of these it holds."""
        return sum(label.count for label in self.labels if label.holds)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with the interval that holds the true one with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Total(Estimate):
    """An estimated number of calls, with the variance of the estimate."""

    variance: float


NOTHING = Total(0.0, 0.0, 0.0, 0.0)

Limits = Callable[[float, float], Estimate]
"""Gives a share of so many labels (not whole: an effective number) its interval."""


def wilson_limits(share: float, size: float, z: float = Z_95) -> Estimate:
    """Return a share with Wilson's score interval for an effective number of labels (see `intervals.wilson`)."""
    scale = 1 + z * z / size
    centre = (share + z * z / (2 * size)) / scale
    half = z / scale * sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    low = 0.0 if share == 0.0 else max(0.0, centre - half)
    return Estimate(share, low, 1.0 if share == 1.0 else min(1.0, centre + half))


def exact_limits(share: float, size: float) -> Estimate:
    """Return a share with the interval of Korn and Graubard: Clopper and Pearson's for an effective number of labels.

    With x = share · size, the 2.5 % point of Beta(x, size - x + 1) and the 97.5 % point of Beta(x + 1, size - x).
    Source: E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data", Survey Methodology 24 (1998) 193-201.
    """
    count = share * size
    low = 0.0 if share == 0.0 else beta_quantile(0.025, count, size - count + 1)
    return Estimate(share, low, 1.0 if share == 1.0 else beta_quantile(0.975, count + 1, size - count))


def share_of(labels: Sequence[Label], limits: Limits = wilson_limits) -> Estimate:
    """Return the weighted share of labels that hold (at least one label), with its interval.

    The share is Hájek's ratio p = Σ w y / Σ w. The effective number of labels is Kish's (Σ w)² / Σ w², or, when it is
    less, the p (1 - p) / V that has the estimated variance V = Σ w² (y - p)² / (Σ w)². The first serves when nothing or
    everything holds and V is 0, the second when the heavy calls are the exceptions.
    Sources: J. Hájek, comment in Foundations of Statistical Inference (1971) 236; L. Kish, Survey Sampling (1965)
    section 8.2; Korn and Graubard as in `exact_limits`.
    """
    weights = fsum(label.count * label.weight for label in labels)
    squares = fsum(label.count * label.weight**2 for label in labels)
    share = fsum(label.count * label.weight for label in labels if label.holds) / weights
    size, variance = weights**2 / squares, variance_of(labels)
    if 0.0 < share < 1.0 and variance > 0.0:
        size = min(size, share * (1 - share) / variance)
    return limits(share, size)


def variance_of(labels: Sequence[Label]) -> float:
    """Return the variance of the weighted share of labels (at least one): V of `share_of`."""
    weights = fsum(label.count * label.weight for label in labels)
    share = fsum(label.count * label.weight for label in labels if label.holds) / weights
    return fsum(label.count * (label.weight * (label.holds - share)) ** 2 for label in labels) / weights**2


def total_of(cells: Sequence[Cell], limits: Limits = wilson_limits) -> Total | None:
    """Return in how many calls of the cells it holds; None when no call of them was reviewed.

    The limits of the cells' totals are put together by the method of variance estimates recovery: the lower one is
    Σ t - √Σ (t - l)², the upper one Σ t + √Σ (u - t)². A cell without labels joins its neighbour (see `filled`).
    Source: G. Y. Zou, W. Huang and X. Zhang, "A note on confidence interval estimation for a linear function of
    binomial proportions", Computational Statistics and Data Analysis 53 (2009) 1080-1085.
    """
    known = filled(cells)
    if known is None:
        return None
    shares = [(cell.calls, share_of(cell.labels, limits)) for cell in known]
    total = fsum(calls * share.value for calls, share in shares)
    below = sqrt(fsum((calls * (share.value - share.low)) ** 2 for calls, share in shares))
    above = sqrt(fsum((calls * (share.high - share.value)) ** 2 for calls, share in shares))
    size = sum(calls for calls, _ in shares)
    variance = fsum(cell.calls**2 * variance_of(cell.labels) for cell in known)
    return Total(total, max(0.0, total - below), min(float(size), total + above), variance)


def filled(cells: Sequence[Cell]) -> list[Cell] | None:
    """Return cells that all have labels: one that has none joins the one before it (the first the one after).

    Cells without calls fall away. None when there is no label at all, or there are no calls.
    """
    found: list[Cell] = []
    orphans = 0
    for cell in cells:
        if cell.calls and cell.labels:
            found.append(Cell(cell.calls + orphans, cell.labels))
            orphans = 0
        elif found:
            found[-1] = Cell(found[-1].calls + cell.calls, found[-1].labels)
        else:
            orphans += cell.calls
    return found or None


def precision_of(hits: Sequence[Cell]) -> Estimate | None:
    """Return the share of the machine's hits that are right; None when none was reviewed."""
    total, calls = total_of(hits), sum(cell.calls for cell in hits)
    return None if total is None else Estimate(total.value / calls, total.low / calls, total.high / calls)


def recall_of(hits: Sequence[Cell], rest: Sequence[Cell]) -> Estimate | None:
    """Return the share of what is there that the machine hit: t / (t + m), t right hits and m missed in other calls.

    None when no other call was reviewed, or nothing that is there was found. The interval is that of the ratio
    r = m / t by the method of variance estimates recovery, turned into 1 / (1 + r): the limits are where |m - r t| is
    as large as √((m - l_m)² + r² (u_t - t)²) below, and √((u_m - m)² + r² (t - l_t)²) above. Misses are few, and
    Wilson's lower limit for a few is too high: theirs are the exact limits (tests/report/test_coverage.py measures it).
    Sources: A. Donner and G. Y. Zou, "Closed-form confidence intervals for functions of the normal mean and standard
    deviation", Statistical Methods in Medical Research 21 (2012) 347-359; R. G. Newcombe, "MOVER-R confidence intervals
    for ratios and products of two independently estimated quantities", the same 25 (2016) 1774-1778.
    """
    missed = total_of(rest, exact_limits) if sum(cell.calls for cell in rest) else NOTHING
    right = total_of(hits) if sum(cell.calls for cell in hits) else NOTHING
    if missed is None or right is None or right.value + missed.value == 0.0:
        return None
    low, high = _recall_below(right, missed), _recall_above(right, missed)
    return Estimate(min(high, max(low, _beale(right, missed))), low, high)


def _beale(right: Total, missed: Total) -> float:
    """Return t / x for x = t + m, with the bias of a ratio of estimates taken out to the order of one over the labels.

    Beale's (t / x) (1 + V_tx / (t x)) / (1 + V_x / x²); t and m come from different calls, so that V_tx is V_t and
    V_x is V_t + V_m. Source: E. M. L. Beale, "Some uses of computers in operational research", Industrielle
    Organisation 31 (1962) 51-52; M. Tin, "Comparison of some ratio estimators", Journal of the American Statistical
    Association 60 (1965) 294-307.
    """
    there = right.value + missed.value
    known = right.value + right.variance / there
    return known / there / (1 + (right.variance + missed.variance) / there**2)


def _recall_below(right: Estimate, missed: Estimate) -> float:
    """Return the lower limit: the ratio m / t at its upper one, the larger root of a r² - 2 m t r + c = 0."""
    a = right.low * (2 * right.value - right.low)
    c = missed.high * (2 * missed.value - missed.high)
    if a <= 0.0:  # nothing says that any hit is right
        return 0.0
    b = missed.value * right.value
    ratio = (b + sqrt(max(0.0, b * b - a * c))) / a
    return 1 / (1 + ratio)


def _recall_above(right: Estimate, missed: Estimate) -> float:
    """Return the upper limit: the ratio m / t at its lower one, the smaller root, in a form that never divides by 0."""
    a = right.high * (2 * right.value - right.high)
    c = missed.low * (2 * missed.value - missed.low)
    b = missed.value * right.value
    root = b + sqrt(max(0.0, b * b - a * c))
    if c <= 0.0:  # nothing says that any was missed
        return 1.0
    return root / (root + c)
