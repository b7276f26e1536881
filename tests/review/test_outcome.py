"""What stands on a finding: reviewers who differ, a third one, appeals, and the score that follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Judgement, Risk, Verdict
from inspect_pipeline.review.adjudicate import open_differences, settle
from inspect_pipeline.review.appeals import Appeal, Contest, Ruling, appeal, appeals_of, decide_appeal, overturned
from inspect_pipeline.review.archive import Archive
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Answer, Choice, Subject, history, record, standing
from inspect_pipeline.review.outcome import (
    Difference,
    Holds,
    Key,
    Outcome,
    Source,
    choice_for,
    completed_calls,
    differences,
    holds,
    outcomes,
)
from inspect_pipeline.review.rescore import ReviewedScore, rescore, reviewed_judgement, reviewed_scores, tariff_of
from inspect_pipeline.review.schema import FIRST, SECOND
from inspect_pipeline.review.wordings import note_wordings
from inspect_pipeline.rulebook.load import load_packs
from tests.review.conftest import NIGHT, NOW
from tests.review.nights import rude_findings, small_night

RULES = {
    "forbidden.rude": Verdict.VIOLATED,
    "empathy.after-complaint": Verdict.VIOLATED,
    "risk.escalation": Verdict.NOTICED,
    "closing.farewell": Verdict.UNCERTAIN,
    "greeting.opening": Verdict.MET,
}
WEEK = timedelta(days=7)


def key(rule_id: str) -> Key:
    return Key(NIGHT, "c-0001", rule_id, f"fp-{rule_id}", RULES[rule_id])


def subject(rule_id: str | None, role: str = FIRST) -> Subject:
    if rule_id is None:
        return Subject(NIGHT, "c-0001", fingerprint="aa11", role=role)
    return Subject(NIGHT, "c-0001", rule_id, f"fp-{rule_id}", RULES[rule_id], role)


def say(
    database: ReviewDatabase,
    rule_id: str | None,
    choice: Choice,
    who: str = "王芳",
    role: str = FIRST,
    now: datetime = NOW,
) -> None:
    record(database, Answer(subject(rule_id, role), choice), who, now)


def first_review(database: ReviewDatabase, whole: Choice = Choice.AGREE) -> None:
    with database.write() as connection:
        note_wordings(connection, {"aa11": {rule_id: f"fp-{rule_id}" for rule_id in RULES}})
    for rule_id in ("forbidden.rude", "empathy.after-complaint", "risk.escalation", "closing.farewell"):
        say(database, rule_id, Choice.AGREE)
    say(database, None, whole)


def blind_review(database: ReviewDatabase, said: Sequence[Holds]) -> None:
    for rule_id, heard in zip(RULES, said, strict=True):
        say(database, rule_id, choice_for(RULES[rule_id], heard), "李强", SECOND)


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("said", list(Holds))
def test_what_a_blind_reviewer_says_is_kept_whatever_the_machine_said(verdict: Verdict, said: Holds) -> None:
    assert holds(verdict, choice_for(verdict, said)) is said


def test_to_agree_that_it_is_uncertain_is_to_say_that_it_cannot_be_told() -> None:
    assert [holds(Verdict.UNCERTAIN, choice) for choice in (Choice.AGREE, Choice.DISAGREE, Choice.MISSED)] == [
        Holds.UNSURE, Holds.NO, Holds.YES,
    ]  # fmt: skip


def test_two_who_differ_in_known_ways_are_found_and_a_third_decides(database: ReviewDatabase) -> None:
    first_review(database)
    blind_review(database, [Holds.YES, Holds.NO, Holds.YES, Holds.YES, Holds.YES])
    pairs = [
        Difference(key("closing.farewell"), ("王芳", Holds.UNSURE), ("李强", Holds.YES)),
        Difference(key("empathy.after-complaint"), ("王芳", Holds.YES), ("李强", Holds.NO)),
        # the first one had only said of the whole call that nothing was missed
        Difference(key("greeting.opening"), ("王芳", Holds.NO), ("李强", Holds.YES)),
    ]
    assert open_differences(database) == pairs
    before = outcomes(history(database), {})
    assert {k.rule_id: v for k, v in before.items()} == {
        "forbidden.rude": Outcome(Holds.YES, Source.REVIEW),
        "risk.escalation": Outcome(Holds.YES, Source.REVIEW),
        "closing.farewell": Outcome(Holds.UNSURE, Source.OPEN),
        "empathy.after-complaint": Outcome(Holds.UNSURE, Source.OPEN),
        "greeting.opening": Outcome(Holds.UNSURE, Source.OPEN),
    }
    for who in ("王芳", "李强"):
        with pytest.raises(ReviewError, match=f"{who} is one of the two who differ; a third person must decide"):
            settle(database, pairs[1], Holds.NO, who, "", NOW)
    made = settle(database, pairs[1], Holds.NO, "赵敏", "说了抱歉", NOW)
    assert (made.subject.role, made.choice, made.note) == ("adjudicator", Choice.DISAGREE, "说了抱歉")
    with pytest.raises(ReviewError, match="赵敏 has decided between the two"):
        settle(database, pairs[1], Holds.YES, "孙丽", "", NOW)
    assert open_differences(database) == [pairs[0], pairs[2]]
    assert differences(history(database))[1].settled == made
    assert outcomes(history(database), {})[key("empathy.after-complaint")] == Outcome(Holds.NO, Source.ADJUDICATION)


@pytest.mark.parametrize("whole", [Choice.MISSED, Choice.UNSURE])
def test_a_whole_call_that_names_no_rule_is_no_word_on_any(database: ReviewDatabase, whole: Choice) -> None:
    """She says that something was missed, not what, or that she cannot tell: nobody differs from that."""
    first_review(database, whole)
    blind_review(database, [Holds.YES, Holds.YES, Holds.YES, Holds.UNSURE, Holds.YES])
    assert differences(history(database)) == []
    assert outcomes(history(database), {})[key("greeting.opening")] == Outcome(Holds.YES, Source.REVIEW)
    assert completed_calls(history(database)) == {}
    say(database, "closing.farewell", Choice.MISSED)  # now it is known what: nothing else was
    found = [pair.key.rule_id for pair in differences(history(database))]
    assert found == ["closing.farewell", *(["greeting.opening"] if whole is Choice.MISSED else [])]


def test_a_whole_call_speaks_of_the_rules_as_they_were_then(database: ReviewDatabase) -> None:
    """The call was judged again: one rule has changed, one is new. By the new packs she is asked anew."""
    first_review(database)
    now = {**{rule_id: f"fp-{rule_id}" for rule_id in RULES}, "greeting.opening": "changed", "closing.new": "new"}
    with database.write() as connection:
        note_wordings(connection, {"bb22": now})
    for rule_id in ("greeting.opening", "closing.new", "closing.same"):
        mark = now.get(rule_id, "same")
        silent = Subject(NIGHT, "c-0001", rule_id, mark, Verdict.MET, SECOND)
        record(database, Answer(silent, Choice.MISSED), "李强", NOW)
    assert differences(history(database)) == []
    again = Subject(NIGHT, "c-0001", fingerprint="bb22")
    record(database, Answer(again, Choice.AGREE), "王芳", NOW + timedelta(minutes=1))
    assert [pair.key.rule_id for pair in differences(history(database))] == ["closing.new", "greeting.opening"]
    before = {(rule_id, f"fp-{rule_id}") for rule_id in RULES}
    assert completed_calls(history(database)) == {((NIGHT, "c-0001"), "王芳"): before | set(now.items())}
    record(database, Answer(again, Choice.UNSURE), "王芳", NOW + timedelta(minutes=2))
    rest = {("greeting.opening", "fp-greeting.opening")}  # of all others she is no longer sure
    assert completed_calls(standing(history(database))) == {((NIGHT, "c-0001"), "王芳"): rest}


def test_a_first_reviewer_who_changes_her_mind_ends_the_difference(database: ReviewDatabase) -> None:
    first_review(database)
    blind_review(database, [Holds.NO, Holds.YES, Holds.YES, Holds.UNSURE, Holds.NO])
    (pair,) = open_differences(database)
    assert pair.key == key("forbidden.rude")
    say(database, "forbidden.rude", Choice.DISAGREE, now=NOW + timedelta(minutes=1))
    assert open_differences(database) == []
    with pytest.raises(ReviewError, match=r"c-0001: forbidden.rude: the two reviewers do not differ \(any more\)"):
        settle(database, pair, Holds.NO, "赵敏", "", NOW)


def contest(rule_id: str = "forbidden.rude", by: str = "班长", reason: str = "客户在转述") -> Contest:
    return Contest(key(rule_id), reason, by, NOW - timedelta(hours=1), WEEK)


def test_appeal_is_decided_by_somebody_else_once_more_and_then_it_is_final(database: ReviewDatabase) -> None:
    say(database, "forbidden.rude", Choice.AGREE)
    first = appeal(database, contest(), NOW)
    assert first == Appeal(first.appeal_id, key("forbidden.rude"), 1, "客户在转述", "班长", NOW)
    with pytest.raises(ReviewError, match=r"forbidden\.rude is contested already, by 班长"):
        appeal(database, contest(by="组长"), NOW)
    for who in ("班长", "王芳"):  # raised it, reviewed the call
        with pytest.raises(ReviewError, match=f"{who} has had a part in this; somebody else must decide"):
            decide_appeal(database, first, Ruling.GRANTED, who, "", NOW)
    lost = decide_appeal(database, first, Ruling.DISMISSED, "李强", "录音清楚", NOW + timedelta(days=1))
    assert (lost.outcome, lost.final, lost.decided_by, lost.note) == (Ruling.DISMISSED, False, "李强", "录音清楚")
    again = appeal(database, contest(reason="请再听"), NOW + timedelta(days=8))
    assert again.round == 2
    with pytest.raises(ReviewError, match="李强 has had a part in this"):
        decide_appeal(database, again, Ruling.GRANTED, "李强", "", NOW + timedelta(days=8))
    won = decide_appeal(database, again, Ruling.GRANTED, "赵敏", "", NOW + timedelta(days=8))
    assert won.final
    assert overturned(appeals_of(database)) == {key("forbidden.rude"): True}
    assert appeals_of(database) == [lost, won]
    with pytest.raises(ReviewError, match="the appeal was granted and that is final"):
        appeal(database, contest(), NOW + timedelta(days=8))
    with pytest.raises(ReviewError, match="赵敏 has decided this appeal: granted"):
        decide_appeal(database, again, Ruling.DISMISSED, "孙丽", "", NOW)


def test_window_runs_from_the_last_word(database: ReviewDatabase) -> None:
    late = NOW + timedelta(days=7, minutes=1)
    with pytest.raises(ReviewError, match=r"c-0001: forbidden\.rude could be contested until 2026-11-28 08:00"):
        appeal(database, contest(), late)
    say(database, "forbidden.rude", Choice.AGREE, now=NOW + timedelta(days=3))
    assert appeal(database, contest(), late).round == 1


@pytest.mark.parametrize("rule_id", ["risk.escalation", "closing.farewell", "greeting.opening"])
def test_what_is_not_held_against_the_agent_is_not_contested(database: ReviewDatabase, rule_id: str) -> None:
    with pytest.raises(ReviewError, match="is not held against the agent: there is nothing to contest"):
        appeal(database, contest(rule_id), NOW)


def test_violation_that_a_reviewer_found_or_took_back(database: ReviewDatabase) -> None:
    say(database, "greeting.opening", Choice.MISSED)
    assert appeal(database, contest("greeting.opening"), NOW).round == 1
    say(database, "forbidden.rude", Choice.DISAGREE)
    with pytest.raises(ReviewError, match="nothing to contest"):
        appeal(database, contest(), NOW)
    with pytest.raises(ReviewError, match="an appeal needs a reason"):
        appeal(database, contest(reason="  "), NOW)


def test_score_follows_the_decisions_and_the_machine_s_stays(tmp_path: Path, database: ReviewDatabase) -> None:
    pack = small_night(tmp_path)
    tariff = tariff_of(load_packs([pack]))
    archive = Archive(tmp_path, {})

    def scores() -> tuple[float | None, Risk]:
        assert rescore(database, archive, tariff, NOW, {(NIGHT, "c-0001")}) == []
        one = reviewed_scores(database)[NIGHT, "c-0001"]
        assert one == ReviewedScore(NIGHT, "c-0001", 0.0, Risk.HIGH, one.reviewed_score, one.reviewed_risk, NOW)
        return one.reviewed_score, one.reviewed_risk

    say(database, "forbidden.rude", Choice.AGREE)
    assert scores() == (0.0, Risk.HIGH)
    say(database, "forbidden.rude", Choice.UNSURE)  # where it cannot be told, no points are lost
    assert scores() == (90.0, Risk.LOW)
    say(database, "forbidden.rude", Choice.AGREE)
    say(database, "greeting.opening", Choice.MISSED)
    raised = appeal(database, contest(), NOW)
    assert scores() == (0.0, Risk.HIGH)
    decide_appeal(database, raised, Ruling.GRANTED, "李强", "", NOW)
    assert scores() == (89.0, Risk.LOW)  # 10 for the missing reply, 1 for the greeting that a person missed
    say(database, "empathy.after-complaint", Choice.DISAGREE)
    say(database, "greeting.opening", Choice.AGREE)
    assert scores()[0] == 100.0


def test_untouched_findings_give_the_machine_s_own_judgement(tmp_path: Path) -> None:
    tariff = tariff_of(load_packs([small_night(tmp_path)]))
    judged = Judgement(rude_findings("c-0001"), 0.0, Risk.HIGH)
    assert reviewed_judgement(judged, {}, tariff) is judged
    assert reviewed_judgement(judged, {"forbidden.rude": Holds.YES, "greeting.opening": Holds.NO}, tariff) == judged


def test_missed_violation_of_an_unknown_price_is_told(tmp_path: Path, database: ReviewDatabase) -> None:
    tariff = tariff_of(load_packs([small_night(tmp_path)]))
    nothing = type(tariff)({}, tariff.scorecard)
    say(database, "greeting.opening", Choice.MISSED)
    assert rescore(database, Archive(tmp_path, {}), nothing, NOW) == [
        "c-0001: what greeting.opening costs is not known: name its pack with --rules"
    ]
    assert reviewed_scores(database) == {}
