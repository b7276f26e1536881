"""Reviewers who disagree in known ways: every number as computed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from inspect_pipeline.cli.quality import reviewers as reviewers_command
from inspect_pipeline.model import Verdict
from inspect_pipeline.report.agreement import Coefficient
from inspect_pipeline.report.columns import width
from inspect_pipeline.report.intervals import share
from inspect_pipeline.report.reviewers import Agreement, ReviewerNumbers, reviewers_report
from inspect_pipeline.review.database import open_reviews
from inspect_pipeline.review.decisions import Choice, history
from tests.report.measured import NIGHT, Call, Reviewing, write_measured
from tests.review.nights import PACK

RULE, OTHER = "greeting.opening", "forbidden.rude"
HIT = {RULE: Verdict.VIOLATED, OTHER: Verdict.MET}


def two_reviewers(out: Path) -> None:
    """20 calls that the rule hit, 10 of them heard twice: both find it right in 4, neither in 3, only wang in 2, and
    once li cannot tell. The other rule never fired; li finds it violated in one call that wang completed, and once she
    hears a call that wang never completed."""
    calls = [Call(f"c-{n:02d}", HIT) for n in range(20)]
    write_measured(out, calls)
    database = open_reviews(out)
    wang, li = Reviewing(database, "wang"), Reviewing(database, "li", "second")
    for number, call in enumerate(calls):
        wang.decide(call, RULE, Choice.AGREE if number < 6 or number >= 10 else Choice.DISAGREE)
        if number != 9:
            wang.decide(call, None, Choice.AGREE)
    for number, call in enumerate(calls[:10]):
        said = Choice.AGREE if number < 4 else Choice.DISAGREE
        li.decide(call, RULE, said if number < 9 else Choice.UNSURE)
        li.decide(call, OTHER, Choice.MISSED if number == 0 else Choice.AGREE)
    zhao = Reviewing(database, "zhao", "adjudicator")
    zhao.decide(calls[4], RULE, Choice.AGREE)


def test_by_hand(tmp_path: Path) -> None:
    two_reviewers(tmp_path)
    found = reviewers_report(history(open_reviews(tmp_path)), {NIGHT})
    assert found.reviewers == (
        ReviewerNumbers("li", 0, 10, 20, share(4, 9), share(1, 20), 4.0),
        ReviewerNumbers("wang", 19, 0, 39, share(16, 20), share(0, 20), 4.0),
    )
    assert [rule.rule_id for rule in found.rules] == [OTHER, RULE]
    ours = found.rules[1].agreement
    # both yes 4, wang only 2, both no 3, of 9: po 7/9, pe (6·4 + 3·5)/81 = 39/81, kappa (63 - 39)/(81 - 39)
    assert (ours.calls, ours.raw) == (9, Coefficient(pytest.approx(7 / 9), None, 9))
    assert (ours.kappa.value, ours.kappa.units) == (pytest.approx(24 / 42), 9)
    # AC1: wang's tenth answer (no) stands alone, since li could not tell, and counts for the chance only: the share
    # of yes is (4 + 2/2) of 10 units, pe = 2 · 1/2 · 1/2
    chance = 2 * (5 / 10) * (5 / 10)
    assert ours.ac1.value == pytest.approx((7 / 9 - chance) / (1 - chance))
    # alpha: n 18, coincidences o_yes 8, o_no 6; n_yes 10, n_no 8: (17·14 - 90 - 56) / (18·17 - 90 - 56)
    assert ours.alpha.value == pytest.approx((17 * 14 - 146) / (18 * 17 - 146))
    assert ours.violations == Coefficient(pytest.approx(8 / 10), None, 6)
    other = found.rules[0].agreement
    # 9 calls that wang completed, and so said no in; li said yes in one of them
    assert other == Agreement(
        calls=9,
        raw=Coefficient(pytest.approx(8 / 9), None, 9),
        kappa=Coefficient(0.0, pytest.approx(other.kappa.error or 0.0), 9),
        ac1=other.ac1,
        alpha=Coefficient(pytest.approx((17 * 16 - 17 * 16) / (18 * 17 - 17 * 16)), None, 9),
        violations=Coefficient(0.0, None, 1),
    )
    assert other.ac1.value == pytest.approx((8 / 9 - 2 * 17 / 18 / 18) / (1 - 2 * 17 / 18 / 18))
    assert found.overall.raw == Coefficient(pytest.approx(15 / 18), None, 18)
    assert [(pair.first, pair.second, pair.agreement.calls) for pair in found.pairs] == [("li", "wang", 9)]


def test_three_reviewers_take_the_mean_of_their_pairs(tmp_path: Path) -> None:
    two_reviewers(tmp_path)
    database = open_reviews(tmp_path)
    sun = Reviewing(database, "sun", "second")
    for number in range(10, 16):
        sun.decide(Call(f"c-{number:02d}", HIT), RULE, Choice.AGREE if number < 14 else Choice.DISAGREE)
    found = reviewers_report(history(database), {NIGHT})
    pairs = {(pair.first, pair.second): pair.agreement for pair in found.pairs}
    assert set(pairs) == {("li", "wang"), ("sun", "wang")}
    assert pairs["sun", "wang"].kappa == Coefficient(0.0, 0.0, 6)  # wang says yes to all
    rule = found.rules[1].agreement
    assert (rule.calls, rule.kappa) == (15, Coefficient(pytest.approx((9 * 24 / 42 + 6 * 0) / 15), None, 15))
    assert reviewers_report(history(database), {"2026-11-21"}).reviewers == ()


def test_who_heard_a_call_by_other_rules_has_not_rated_these(tmp_path: Path) -> None:
    """Wang completed both calls before the silent rule was reworded; li hears them blind since."""
    calls = [Call(f"c-{n}", HIT) for n in range(2)]
    database = open_reviews(tmp_path)
    wang = Reviewing(database, "wang")
    li = Reviewing(database, "li", "second", packs="bb22", marks={OTHER: "new"})
    for call in calls:
        wang.decide(call, RULE, Choice.AGREE)
        wang.decide(call, None, Choice.AGREE)
        li.decide(call, RULE, Choice.AGREE)
        li.decide(call, OTHER, Choice.MISSED)
    found = reviewers_report(history(database), {NIGHT})
    assert [(rule.rule_id, rule.agreement.calls) for rule in found.rules] == [(RULE, 2)]
    assert found.overall.raw == Coefficient(1.0, None, 2)
    assert found.reviewers[1] == ReviewerNumbers("wang", 2, 0, 4, share(2, 2), share(0, 2), 4.0)


ZH = """\
复核员 2026-11-20 至 2026-11-20
  复核员  复核完  二次复核  判定  认可命中  不确定  用时（秒）
  li           0        10    20     44.4%    5.0%         4.0
  wang        19         0    39     80.0%    0.0%         4.0
"""


def test_the_command(tmp_path: Path) -> None:
    two_reviewers(tmp_path)
    (tmp_path / "titles.yml").write_text(PACK, encoding="utf-8")
    arguments = ["--out", str(tmp_path), "--rules", str(tmp_path / "titles.yml")]
    shown = CliRunner().invoke(reviewers_command, arguments, catch_exceptions=False)
    assert shown.output.startswith(ZH)
    assert "  开场白       9   77.8%  0.57±" in shown.output
    english = CliRunner().invoke(reviewers_command, [*arguments, "--lang", "en"], catch_exceptions=False)
    assert max(width(line) for line in (shown.output + english.output).splitlines()) <= 80
    told = json.loads(CliRunner().invoke(reviewers_command, [*arguments, "--json"], catch_exceptions=False).output)
    assert told["result"]["rules"][1]["agreement"]["violations"]["value"] == 0.8
