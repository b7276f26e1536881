"""The measured quality of rules from stored nights and a review database, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from inspect_pipeline.cli.quality import rules as rules_command
from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import Risk, Verdict
from inspect_pipeline.report.columns import width
from inspect_pipeline.report.estimate import Cell, Label, precision_of, recall_of
from inspect_pipeline.report.intervals import share
from inspect_pipeline.report.quality import OlderCalls, OlderLabels, Quality, RuleQuality, Week, quality_report, week_of
from inspect_pipeline.report.quality_lines import quality_lines
from inspect_pipeline.review.database import open_reviews
from inspect_pipeline.review.decisions import Choice, history
from inspect_pipeline.review.outcome import Key
from tests.report.measured import NIGHT, Call, Reviewing, write_measured
from tests.review.nights import PACK

RULE, OTHER = "greeting.opening", "forbidden.rude"
HIT = {RULE: Verdict.VIOLATED, OTHER: Verdict.MET}
CLEAN = {RULE: Verdict.MET, OTHER: Verdict.MET}
DOUBT = {RULE: Verdict.UNCERTAIN, OTHER: Verdict.MET}


def calls() -> list[Call]:
    """200 hits of which 40 are drawn, 1000 clean calls of which 100 are, 10 doubtful ones, all certain."""
    hits = [Call(f"h-{n:04d}", HIT, 0.2, n < 40) for n in range(200)]
    clean = [Call(f"n-{n:04d}", CLEAN, 0.1, n < 100, Risk.NONE) for n in range(1000)]
    return [*hits, *clean, *(Call(f"u-{n:04d}", DOUBT) for n in range(10))]


def review(out: Path, night: list[Call], until: int = 1000) -> None:
    """Of the drawn hits 30 are right and 10 are not; 4 of the clean calls hide a violation; 2 of the doubtful are one.

    `until`: how many clean calls she gets to.
    """
    database = open_reviews(out)
    wang = Reviewing(database, "wang")
    for number, call in enumerate(one for one in night if one.flagged and one.call_id.startswith("h")):
        wang.decide(call, RULE, Choice.AGREE if number < 30 else Choice.DISAGREE)
        wang.decide(call, None, Choice.AGREE)
    for number, call in enumerate(one for one in night if one.flagged and one.call_id.startswith("n")):
        if number < until:
            if number % 25 == 0:
                wang.decide(call, RULE, Choice.MISSED)
            wang.decide(call, None, Choice.AGREE)
    for number, call in enumerate(one for one in night if one.call_id.startswith("u")):
        wang.decide(call, RULE, (Choice.MISSED, Choice.MISSED, Choice.DISAGREE, Choice.AGREE)[min(number, 3)])
        wang.decide(call, None, Choice.AGREE)
    database.close()


def test_precision_and_recall_by_hand(tmp_path: Path) -> None:
    night = calls()
    write_measured(tmp_path, night)
    review(tmp_path, night)
    found = quality_report(tmp_path, history(open_reviews(tmp_path)), {}, None, None)
    assert (found.nights, found.drawn, found.reviewed, found.outside) == ((NIGHT,), 150, 150, 0)
    hits = [Cell(200, (Label(True, 5.0, 30), Label(False, 5.0, 10)))]
    doubt = Cell(10, (Label(True, 1.0, 2), Label(False, 1.0, 1)))  # of the others people could not tell, either
    rest = [doubt, Cell(1000, (Label(True, 10.0, 4), Label(False, 10.0, 96)))]
    quality = Quality(
        calls=1210,
        hits=200,
        uncertain=share(10, 1210),
        hits_reviewed=40,
        others_reviewed=103,
        found=36,
        unsure=7,
        precision=precision_of(hits),
        recall=recall_of(hits, rest),
    )
    weeks = (Week("2026-W47", quality),)
    assert found.rules[0] == RuleQuality(RULE, f"fp-{RULE}", True, NIGHT, NIGHT, quality, weeks)
    assert quality.recall is not None
    assert quality.recall.value == pytest.approx(150 / (150 + 40 + 10 * 2 / 3), abs=0.02)
    other = found.rules[1].quality
    assert (found.rules[1].rule_id, other.hits, other.others_reviewed, other.found) == (OTHER, 0, 150, 0)
    assert (other.precision, other.recall) == (None, None)
    assert found.older == ()


def test_calls_that_nobody_has_reached_yet_do_not_count_as_in_order(tmp_path: Path) -> None:
    """She works from the gravest risk down: with a quarter of the clean calls heard each stands for four."""
    night = calls()
    write_measured(tmp_path, night)
    review(tmp_path, night, until=25)
    found = quality_report(tmp_path, history(open_reviews(tmp_path)), {}, None, None)
    assert (found.drawn, found.reviewed) == (150, 75)
    hits = [Cell(200, (Label(True, 5.0, 30), Label(False, 5.0, 10)))]
    doubt = Cell(10, (Label(True, 1.0, 2), Label(False, 1.0, 1)))
    quality = found.rules[0].quality
    assert quality.others_reviewed == 28
    assert quality.recall is None  # too few
    write_measured(tmp_path, [*night, *(Call(f"x-{n}", CLEAN, 1.0, True, Risk.NONE) for n in range(100))])
    wang = Reviewing(open_reviews(tmp_path), "wang")
    for number in range(50):
        wang.decide(Call(f"x-{number}", CLEAN), None, Choice.AGREE)
    found = quality_report(tmp_path, history(open_reviews(tmp_path)), {}, None, None)
    heard = 200 / 75
    rest = [
        doubt,
        Cell(1000, (Label(True, 10.0 * heard, 1), Label(False, 10.0 * heard, 24))),
        Cell(100, (Label(False, heard, 50),)),
    ]
    recall, expected = found.rules[0].quality.recall, recall_of(hits, rest)
    assert recall is not None
    assert expected is not None
    assert (recall.value, recall.low, recall.high) == pytest.approx((expected.value, expected.low, expected.high))


def test_no_recall_from_flagged_calls_alone(tmp_path: Path) -> None:
    """Nobody has heard a clean call yet, or none can be drawn: hits and doubts say nothing of what is missed there."""
    grave = [Call(f"g-{n:03d}", CLEAN, risk=Risk.HIGH) for n in range(100)]
    waiting = [Call(f"n-{n:04d}", CLEAN, 0.1, n < 100, Risk.NONE) for n in range(1000)]
    hits = [Call(f"h-{n:03d}", HIT) for n in range(30)]
    for others in (waiting, [Call(call.call_id, CLEAN, 0.0, False, Risk.NONE) for call in waiting]):
        write_measured(tmp_path, [*grave, *others, *hits])
        wang = Reviewing(open_reviews(tmp_path), "wang")
        for call in hits:
            wang.decide(call, RULE, Choice.AGREE)
        for call in (*hits, *grave):
            wang.decide(call, None, Choice.AGREE)
        quality = quality_report(tmp_path, history(open_reviews(tmp_path)), {}, None, None).rules[0].quality
        assert (quality.hits_reviewed, quality.others_reviewed, quality.found) == (30, 100, 30)
        assert quality.precision is not None
        assert quality.recall is None
    for call in waiting[:100]:
        wang.decide(call, None, Choice.AGREE)
    write_measured(tmp_path, [*grave, *waiting, *hits])
    recall = quality_report(tmp_path, history(open_reviews(tmp_path)), {}, None, None).rules[0].quality.recall
    assert recall is not None
    assert recall.value == 1.0


def test_only_a_finished_review_says_that_nothing_was_missed(tmp_path: Path) -> None:
    night = [Call(f"n-{n}", CLEAN, 0.5, n < 7) for n in range(10)]
    write_measured(tmp_path, night)
    wang = Reviewing(open_reviews(tmp_path), "wang")
    wang.decide(night[0], None, Choice.AGREE)  # nothing missed
    wang.decide(night[1], RULE, Choice.MISSED)  # and then she quit
    wang.decide(night[2], None, Choice.MISSED)  # something, but nobody knows what
    wang.decide(night[3], RULE, Choice.MISSED)
    wang.decide(night[3], None, Choice.MISSED)  # that, and nothing else
    wang.decide(night[4], None, Choice.UNSURE)
    wang.decide(night[8], None, Choice.AGREE)  # nobody drew it
    found = quality_report(tmp_path, history(open_reviews(tmp_path)), {}, None, None)
    assert (found.drawn, found.reviewed, found.outside) == (7, 2, 1)
    assert [(rule.quality.others_reviewed, rule.quality.found) for rule in found.rules] == [(2, 1), (2, 0)]


def test_appeals_and_adjudication_decide_the_label(tmp_path: Path) -> None:
    night = [Call(f"h-{n}", HIT) for n in range(3)]
    write_measured(tmp_path, night)
    database = open_reviews(tmp_path)
    for call in night:
        Reviewing(database, "wang").decide(call, RULE, Choice.AGREE)
    Reviewing(database, "li", "second").decide(night[1], RULE, Choice.DISAGREE)
    Reviewing(database, "li", "second").decide(night[2], RULE, Choice.DISAGREE)
    Reviewing(database, "zhao", "adjudicator").decide(night[2], RULE, Choice.AGREE)
    appealed = {Key(NIGHT, "h-0", RULE, f"fp-{RULE}", Verdict.VIOLATED): True}
    quality = quality_report(tmp_path, history(database), appealed, None, None).rules[0].quality
    assert (quality.hits_reviewed, quality.found, quality.unsure) == (2, 1, 1)


def test_older_wordings_are_shown_apart(tmp_path: Path) -> None:
    """An earlier night keeps its wording; a night that was judged again keeps only the count of its decisions."""
    night = [Call(f"h-{n}", HIT) for n in range(4)]
    write_measured(tmp_path, night, "2026-11-13", {RULE: "old1"})
    write_measured(tmp_path, night)
    write_measured(tmp_path, night, "2026-11-27")
    database = open_reviews(tmp_path)
    earlier, now = Reviewing(database, "wang", night="2026-11-13"), Reviewing(database, "wang")
    for number, call in enumerate(night):
        earlier.decide(call, RULE, Choice.AGREE, "old1")
        now.decide(call, RULE, Choice.AGREE if number else Choice.DISAGREE, "old2")
        now.decide(call, None, Choice.AGREE)
    now.decide(night[3], RULE, Choice.AGREE)
    found = quality_report(tmp_path, history(database), {}, None, None)
    assert found.nights == ("2026-11-13", NIGHT)
    assert [(rule.rule_id, rule.fingerprint, rule.current, rule.quality.hits_reviewed) for rule in found.rules] == [
        (RULE, f"fp-{RULE}", True, 1),
        (OTHER, f"fp-{OTHER}", True, 0),
        (RULE, "old1", False, 4),
    ]
    assert [week.week for week in found.rules[1].weeks] == ["2026-W46", "2026-W47"]
    assert found.older == (OlderLabels(RULE, "old2", 4, share(3, 4), 0, 0),)
    later = quality_report(tmp_path, history(database), {}, "2026-11-14", "2026-11-27")
    assert [rule.fingerprint for rule in later.rules] == [f"fp-{RULE}", f"fp-{OTHER}"]


def test_what_was_silent_before_it_was_judged_again_is_no_miss(tmp_path: Path) -> None:
    """She agreed with a hit of the old wording; the new one is silent: her word is not turned into 'in order'."""
    night = [Call("h-0", CLEAN)]
    write_measured(tmp_path, night)
    wang = Reviewing(open_reviews(tmp_path), "wang")
    wang.decide(Call("h-0", HIT), RULE, Choice.AGREE, "old")
    wang.decide(night[0], None, Choice.AGREE)
    found = quality_report(tmp_path, history(open_reviews(tmp_path)), {}, None, None)
    assert [rule.quality.others_reviewed for rule in found.rules] == [0, 1]
    assert found.older[0].decisions == 1


def test_nothing_missed_is_said_of_the_rules_as_they_were(tmp_path: Path) -> None:
    """One rule was reworded and the night judged again: what was said of whole calls before counts for the other."""
    night = [Call(f"n-{n}", CLEAN) for n in range(8)]
    new = {RULE: "new"}
    write_measured(tmp_path, night, fingerprints=new)
    database = open_reviews(tmp_path)
    before = Reviewing(database, "wang")
    unknown, after = Reviewing(database, "li", packs=None), Reviewing(database, "zhao", packs="bb22", marks=new)
    for call, choice in zip(night[:4], (Choice.AGREE, Choice.AGREE, Choice.MISSED, Choice.UNSURE), strict=True):
        before.decide(call, None, choice)
    unknown.decide(night[4], None, Choice.AGREE)
    for call in night[5:]:
        after.decide(call, None, Choice.AGREE)
    found = quality_report(tmp_path, history(database), {}, None, None)
    assert (found.drawn, found.reviewed) == (8, 3)
    assert [(rule.rule_id, rule.quality.others_reviewed) for rule in found.rules] == [(RULE, 3), (OTHER, 5)]
    assert found.older_calls == (OlderCalls(None, 1, 1, 0, 0), OlderCalls("aa11", 4, 2, 1, 1))
    lines = quality_lines(found, {}, "zh")
    assert lines[lines.index("旧版规则下的复核（不计入上表）") + 1 :] == [
        "  整通  规则未知  1 通：无漏判 1，有漏判 0，不确定 0（旧版数据库，都不算数）",
        "  整通  aa11  4 通：无漏判 2，有漏判 1，不确定 1（对改动过的规则不算数）",
    ]
    assert "whole call  aa11  4 calls: 2 complete, 1 missed, 1 unsure" in "\n".join(quality_lines(found, {}, "en"))


def test_nights_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run one, or name another folder"):
        quality_report(tmp_path, [], {}, None, None)
    write_measured(tmp_path, [Call("a", CLEAN)])
    with pytest.raises(UsageError, match="it has 2026-11-20 to 2026-11-20"):
        quality_report(tmp_path, [], {}, "2026-11-21", None)
    assert quality_report(tmp_path, [], {}, None, None).rules == ()


def test_weeks() -> None:
    assert [week_of(night) for night in ("2026-12-31", "2027-01-01", "2027-01-04")] == [
        "2026-W53",
        "2026-W53",
        "2027-W01",
    ]


ZH = """\
规则质量 2026-11-20 至 2026-11-20
  抽中 150 通，复核完 150 通（按抽中概率加权，区间为 95%）

规则      命中  精确率       召回率         复核  待定
开场白     200  75% (60–86)  76% (58–90)  40+103  0.8%
服务禁语     0  样本不足     样本不足      0+150  0.0%
复核 = 命中的通话 + 未命中的通话；精确率至少要 20 通命中，召回率至少要 20 通属
实、60 通未命中，且抽不到或还没听到的不超过 5%

每周（精确率 / 召回率，%）
  规则     26-W47
  开场白  75 / 76
"""


def test_the_command(tmp_path: Path) -> None:
    night = calls()
    write_measured(tmp_path, night)
    review(tmp_path, night)
    (tmp_path / "titles.yml").write_text(PACK, encoding="utf-8")
    arguments = ["--out", str(tmp_path), "--rules", str(tmp_path / "titles.yml"), "--from", NIGHT]
    shown = CliRunner().invoke(rules_command, arguments, catch_exceptions=False)
    assert (shown.exit_code, shown.output) == (0, ZH)
    english = CliRunner().invoke(rules_command, [*arguments, "--lang", "en"], catch_exceptions=False)
    assert "too few" in english.output
    assert max(width(line) for line in (shown.output + english.output).splitlines()) <= 80
    told = json.loads(CliRunner().invoke(rules_command, [*arguments, "--json"], catch_exceptions=False).output)
    assert told["schema"] == 1
    assert told["result"]["rules"][1]["quality"]["precision"] is None
    assert told["result"]["rules"][0]["quality"]["precision"]["value"] == 0.75
