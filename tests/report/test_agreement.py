"""Coefficients of agreement against published examples and established packages.

Constants marked "packages" were computed once with scikit-learn 1.9.1 (cohen_kappa_score), statsmodels 0.15.0
(cohens_kappa, standard errors), irrCAC 0.4.4 (AC1 and its standard error) and krippendorff 0.9.0 (alpha).
"""

from __future__ import annotations

import pytest

from inspect_pipeline.report.agreement import (
    Coefficient,
    cohen_kappa,
    gwet_ac1,
    krippendorff_alpha,
    light_kappa,
    pairs_of,
    positive_agreement,
    raw_agreement,
)

# J. L. Fleiss, Statistical Methods for Rates and Proportions (2nd ed. 1981), the example of two raters: kappa 0.68
FLEISS = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
# K. L. Gwet's irrCAC for R, cont3x3abstractors: kappa 0.7964094 (error 0.05891072)
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
# 200 calls of which both reviewers find the same two violations, and each finds four more
RARE = [[2, 4], [4, 190]]
# K. L. Gwet's example of 125 subjects, nearly all positive: kappa -0.02, AC1 0.94
HIGH = [[118, 5], [2, 0]]


def spread(table: list[list[int]]) -> list[tuple[int, int]]:
    return [
        (row, column) for row, cells in enumerate(table) for column, count in enumerate(cells) for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("table", "raw", "kappa", "kappa_error", "ac1", "ac1_error", "alpha"),
    [
        (FLEISS, 0.89, 0.676470588235294, 0.08770295347521254, 0.867569601204, 0.039427868274, 0.6769003690036901),
        (ABSTRACTORS, 0.89, 0.7964094021839719, 0.05891071832608148, 0.849330548231, 0.04343518914, 0.7972584977308512),
        (RARE, 0.96, 0.3127147766323021, 0.17899489622022544, 0.957528137609, 0.015337850256, 0.31443298969072164),
        (
            HIGH,
            0.944,
            -0.02339181286549608,
            0.012286756672845256,
            0.940776337609,
            0.023056964302,
            -0.024691358024691468,
        ),
    ],
)
def test_two_raters(
    table: list[list[int]], raw: float, kappa: float, kappa_error: float, ac1: float, ac1_error: float, alpha: float
) -> None:
    """Packages; the tables are published."""
    pairs, categories = spread(table), range(len(table))
    found = [raw_agreement(pairs), cohen_kappa(pairs), gwet_ac1(pairs, categories), krippendorff_alpha(pairs)]
    assert [coefficient.units for coefficient in found] == [len(pairs)] * 4
    assert [coefficient.value for coefficient in found] == pytest.approx([raw, kappa, ac1, alpha], abs=1e-11)
    assert [found[1].error, found[2].error] == pytest.approx([kappa_error, ac1_error], abs=1e-11)


def test_agreement_on_violations_by_hand() -> None:
    """Raw agreement 96 %, but of the violations that anybody saw only 2·2 / (2·2 + 4 + 4) are shared."""
    assert positive_agreement(spread(RARE), 0) == Coefficient(1 / 3, None, 10)
    assert positive_agreement([("no", "no")], "yes") == Coefficient(None, None, 0)


# Krippendorff (2011), section C: four observers, twelve units, gaps; alpha 0.743. Also irrCAC's raw4raters: AC1 0.7754.
OBSERVERS = [
    (1, 1, None, 1), (2, 2, 3, 2), (3, 3, 3, 3), (3, 3, 3, 3), (2, 2, 2, 2), (1, 2, 3, 4), (4, 4, 4, 4), (1, 1, 2, 1),
    (2, 2, 2, 2), (None, 5, 5, 5), (None, None, 1, 1), (None, None, 3, None),
]  # fmt: skip


def test_four_raters_with_gaps() -> None:
    alpha, ac1 = krippendorff_alpha(OBSERVERS), gwet_ac1(OBSERVERS, range(1, 6))
    assert (alpha.value, alpha.units) == (pytest.approx(0.743421052631579, abs=1e-12), 11)
    assert (ac1.value, ac1.error, ac1.units) == (
        pytest.approx(0.775444068127, abs=1e-11),
        pytest.approx(0.142949950641, abs=1e-11),
        11,
    )
    assert raw_agreement(OBSERVERS).value == pytest.approx(0.818181818182, abs=1e-11)


def test_alpha_of_two_observers_and_a_binary_value() -> None:
    """Krippendorff (2011), section A: alpha 0.095."""
    one, other = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
    assert krippendorff_alpha(list(zip(one, other, strict=True))).value == pytest.approx(0.09523809523809534)


THREE = """
0-0 0-0 0-- 000 1-1 0-0 -00 1-1 111 010 -00 000 000 100 0-0 001 -0- 110 0-0 11- 0-0 --- -0- 0-- -01 -0- 00- 000 000
11- 000 110 1-0 -10 0-0 000 000 -00 11- -01 1-0 0-0 1-0 000 -00 000 00- 00- -01 0-- 111 01- 000 --1 00- 00- 0-0 01-
01- -1-
"""


def test_three_raters_with_many_gaps() -> None:
    """Packages, on made ratings; units with one rating count for AC1's chance, not for its agreement."""
    units = [[None if mark == "-" else mark for mark in word] for word in THREE.split()]
    alpha, ac1 = krippendorff_alpha(units), gwet_ac1(units, "01")
    assert alpha.value == pytest.approx(0.3782654127481714, abs=1e-12)
    assert (ac1.value, ac1.error, ac1.units) == (
        pytest.approx(0.563982526734, abs=1e-11),
        pytest.approx(0.115654490619, abs=1e-11),
        51,
    )


def test_what_is_not_defined() -> None:
    same = [("no", "no")] * 5
    assert cohen_kappa(same) == Coefficient(None, None, 5)
    assert krippendorff_alpha(same) == Coefficient(None, None, 5)
    assert gwet_ac1(same, ("yes", "no")) == Coefficient(1.0, 0.0, 5)
    assert cohen_kappa([]) == raw_agreement([]) == krippendorff_alpha([]) == Coefficient(None, None, 0)
    assert gwet_ac1([("yes", None)], ("yes", "no")) == Coefficient(None, None, 0)


def test_pairs_of_units() -> None:
    assert pairs_of([("a", None, "b", "c"), ("a", None, None)]) == [("a", "b"), ("a", "c"), ("b", "c")]


def test_the_mean_of_kappas() -> None:
    """By hand: 0.4 over 50 units and 1 over 10 make 0.5; a pair that has no kappa is left out."""
    table = spread([[20, 5], [10, 15]])
    perfect = [(0, 0)] * 5 + [(1, 1)] * 5
    found = light_kappa([table, perfect, [(0, 0)]])
    assert (found.value, found.error, found.units) == (pytest.approx(0.5), None, 60)
    assert light_kappa([table]) == cohen_kappa(table)
    assert light_kappa([[(0, 0)]]) == Coefficient(None, None, 1)
