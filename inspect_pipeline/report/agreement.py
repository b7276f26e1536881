"""How far reviewers agree, beyond what chance would give. Pure formulas, each with its source.

A unit is what several people rated (one rule in one call); its ratings are the people's answers, None where one gave
none. Values are None where a coefficient is not defined, for instance when nobody ever used a second category.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, sqrt

Rating = Hashable
Pair = tuple[Rating, Rating]
Unit = Sequence[Rating | None]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of agreement (at most 1), its standard error, and how many units it rests on."""

    value: float | None
    error: float | None
    units: int


def pairs_of(units: Sequence[Unit]) -> list[Pair]:
    """Return every pair of ratings of each unit, in the order of the raters; units with fewer than two give none."""
    return [
        (one, other)
        for unit in units
        for one, other in combinations([rating for rating in unit if rating is not None], 2)
    ]


def raw_agreement(units: Sequence[Unit]) -> Coefficient:
    """Return the share of agreeing pairs, averaged over the units that two or more people rated.

    For two raters it is the share of units on which they agree. Source: J. L. Fleiss, "Measuring nominal scale
    agreement among many raters", Psychological Bulletin 76 (1971) 378-382 (the mean of its P_i).
    """
    shares = [_agreeing(Counter(known)) for known in _known(units) if len(known) >= 2]
    return Coefficient(fsum(shares) / len(shares) if shares else None, None, len(shares))


def cohen_kappa(pairs: Sequence[Pair]) -> Coefficient:
    """Return Cohen's kappa of two raters, (po - pe) / (1 - pe), with its large-sample standard error.

    po is the share of equal ratings and pe = Σ p_i· p_·i the one that chance would give. The error is that for a kappa
    other than 0: with u = 1 - kappa,
    √{Σ p_ii [1 - (p_i· + p_·i) u]² + u² Σ_{i≠j} p_ij (p_·i + p_j·)² - (kappa - pe u)²} / ((1 - pe) √n).
    Sources: J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
    (1960) 37-46; J. L. Fleiss, J. Cohen and B. S. Everitt, "Large sample standard errors of kappa and weighted kappa",
    Psychological Bulletin 72 (1969) 323-327.
    """
    count = len(pairs)
    if count == 0:
        return Coefficient(None, None, 0)
    cells = {cell: number / count for cell, number in Counter(pairs).items()}
    rows, columns = (_margin(cells, side) for side in (0, 1))
    categories = {*rows, *columns}
    expected = fsum(rows[category] * columns[category] for category in categories)
    if expected >= 1.0:
        return Coefficient(None, None, count)
    observed = fsum(share for (one, other), share in cells.items() if one == other)
    kappa = (observed - expected) / (1 - expected)
    rest = 1 - kappa
    same = fsum(
        share * (1 - (rows[one] + columns[one]) * rest) ** 2 for (one, other), share in cells.items() if one == other
    )
    unlike = fsum(share * (columns[one] + rows[other]) ** 2 for (one, other), share in cells.items() if one != other)
    variance = (same + rest**2 * unlike - (kappa - expected * rest) ** 2) / (count * (1 - expected) ** 2)
    return Coefficient(kappa, sqrt(max(0.0, variance)), count)


def gwet_ac1(units: Sequence[Unit], categories: Sequence[Rating]) -> Coefficient:
    """Return Gwet's AC1 of two or more raters, (pa - pe) / (1 - pe), with its standard error.

    pa is the raw agreement of the units that two or more rated; pe = Σ π_k (1 - π_k) / (q - 1), where π_k is the mean
    share of category k in a unit (of all that anybody rated) and q the number of `categories`, used or not. Unlike
    kappa it stays near the raw agreement when one category is rare. The error is that of the mean of
    a_i - 2 (1 - AC1) (e_i - pe) / (1 - pe) over units, where a_i = (n / n') (pa_i - pe) / (1 - pe) (0 for pa_i - pe
    with a single rating; n units, n' of them with two ratings) and e_i = Σ_k (share of k in i) (1 - π_k) / (q - 1).
    Source: K. L. Gwet, "Computing inter-rater reliability and its variance in the presence of high agreement", British
    Journal of Mathematical and Statistical Psychology 61 (2008) 29-48, and his Handbook of Inter-Rater Reliability
    (4th ed. 2014) chapter 5 for missing ratings.
    """
    rated = [Counter(known) for known in _known(units) if known]
    paired = [counts for counts in rated if counts.total() >= 2]
    total, many = len(rated), len(paired)
    if many == 0 or len(categories) < 2:
        return Coefficient(None, None, many)
    scale = len(categories) - 1
    share = {k: fsum(counts[k] / counts.total() for counts in rated) / total for k in categories}
    agreed = fsum(_agreeing(counts) for counts in paired) / many
    chance = fsum(p * (1 - p) for p in share.values()) / scale
    ac1 = (agreed - chance) / (1 - chance)
    if total < 2:
        return Coefficient(ac1, None, many)
    parts = []
    for counts in rated:
        own = (_agreeing(counts) - chance) if counts.total() >= 2 else 0.0
        easy = fsum(number / counts.total() * (1 - share[k]) for k, number in counts.items()) / scale
        parts.append(total / many * own / (1 - chance) - 2 * (1 - ac1) * (easy - chance) / (1 - chance))
    variance = fsum((part - ac1) ** 2 for part in parts) / (total * (total - 1))
    return Coefficient(ac1, sqrt(variance), many)


def krippendorff_alpha(units: Sequence[Unit]) -> Coefficient:
    """Return Krippendorff's alpha for nominal ratings, 1 - Do / De, for any number of raters with gaps.

    From the coincidences of values within units (each unit of m ratings counts m (m - 1) ordered pairs, each weighing
    1 / (m - 1)): with n pairable ratings, n_c of them of value c and o_cc coincidences of c with itself,
    alpha = ((n - 1) Σ o_cc - Σ n_c (n_c - 1)) / (n (n - 1) - Σ n_c (n_c - 1)). Units with one rating are left out.
    Source: K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), section C; Content Analysis (4th ed.
    2018) chapter 12. Its error has no closed form and is not given.
    """
    paired = [Counter(known) for known in _known(units) if len(known) >= 2]
    values: Counter[Rating] = Counter()
    for counts in paired:
        values.update(counts)
    total = values.total()
    by_chance = fsum(count * (count - 1) for count in values.values())
    if total * (total - 1) == by_chance:
        return Coefficient(None, None, len(paired))
    alike = fsum(count * (count - 1) / (counts.total() - 1) for counts in paired for count in counts.values())
    return Coefficient(((total - 1) * alike - by_chance) / (total * (total - 1) - by_chance), None, len(paired))


def positive_agreement(pairs: Sequence[Pair], positive: Rating) -> Coefficient:
    """Return how far two raters agree on one category, 2a / (2a + b + c); `units` are those where either chose it.

    a: both chose it, b and c: one of them did. Where violations are rare the other measures hardly see them.
    Source: D. V. Cicchetti and A. R. Feinstein, "High agreement but low kappa: II. Resolving the paradoxes", Journal of
    Clinical Epidemiology 43 (1990) 551-558 (p_pos); it is the Dice coefficient.
    """
    both = sum(one == positive and other == positive for one, other in pairs)
    either = sum(positive in (one, other) for one, other in pairs)
    return Coefficient(2 * both / (both + either) if either else None, None, either)


def light_kappa(pairs_by_raters: Sequence[Sequence[Pair]]) -> Coefficient:
    """Return the mean of Cohen's kappas of all pairs of raters, each weighed by its units; no error for several.

    Source: R. J. Light, "Measures of response agreement for qualitative data", Psychological Bulletin 76 (1971)
    365-377, weighed by units because pairs of raters shared unlike numbers of calls.
    """
    kappas = [kappa for pairs in pairs_by_raters if (kappa := cohen_kappa(pairs)).value is not None]
    if len(kappas) <= 1:
        return kappas[0] if kappas else Coefficient(None, None, sum(map(len, pairs_by_raters)))
    units = sum(kappa.units for kappa in kappas)
    return Coefficient(fsum((kappa.value or 0.0) * kappa.units for kappa in kappas) / units, None, units)


def _known(units: Sequence[Unit]) -> list[list[Rating]]:
    return [[rating for rating in unit if rating is not None] for unit in units]


def _agreeing(counts: Counter[Rating]) -> float:
    """Return the share of ordered pairs of one unit's ratings (two or more) that agree."""
    total = counts.total()
    return sum(count * (count - 1) for count in counts.values()) / (total * (total - 1))


def _margin(cells: dict[Pair, float], side: int) -> dict[Rating, float]:
    sums = dict.fromkeys([category for cell in cells for category in cell], 0.0)
    for cell, share in cells.items():
        sums[cell[side]] += share
    return sums
