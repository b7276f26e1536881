"""Who hears which call: in proportion to the shares, among those who may, the same on every machine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from inspect_pipeline.config import Reviewer
from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Risk
from inspect_pipeline.review.assign import CALIBRATION, Assignment, CallFacts, dealt_to, heard_twice
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.decisions import Answer, Choice, Subject, record
from inspect_pipeline.review.hand_over import hand_over, held_by
from inspect_pipeline.review.intake import Enqueued
from inspect_pipeline.review.queue import EVERYTHING, Filter, claim_next, count_open, finish, item_of, items, release
from inspect_pipeline.review.schema import hand_overs
from inspect_pipeline.triage.plan import chances, plan_night
from inspect_pipeline.triage.sample import JudgedCall, SamplingPlan, choose_flags
from tests.review.conftest import NIGHT, NOW, flag, take

WANG, LI, ZHAO = Reviewer("王芳", share=2.0), Reviewer("李强"), Reviewer("赵敏")
PLAN = Assignment((WANG, LI, ZHAO), seed="7")
PLAIN = CallFacts()


def dealt(plan: Assignment, facts: CallFacts = PLAIN, calls: int = 4000) -> dict[str, str | None]:
    return {f"c-{n}": dealt_to(plan, NIGHT, f"c-{n}", facts) for n in range(calls)}


def test_calls_are_dealt_in_proportion_to_the_shares() -> None:
    counts = Counter(dealt(PLAN).values())
    expected = {"王芳": 2000, "李强": 1000, "赵敏": 1000}
    assert set(counts) == set(expected)
    assert all(abs(counts[name] - share) < 120 for name, share in expected.items())  # about four standard deviations


def test_a_reviewer_who_leaves_moves_only_her_own_calls() -> None:
    before, after = dealt(PLAN), dealt(replace(PLAN, reviewers=(WANG, LI)))
    moved = {call_id for call_id in before if before[call_id] != after[call_id]}
    assert moved == {call_id for call_id, who in before.items() if who == "赵敏"}


def test_own_team_queue_and_language() -> None:
    people = (
        Reviewer("组长", team="一组"),
        Reviewer("投诉员", queues=("投诉",)),
        Reviewer("粤语员", languages=("粤语",)),
    )
    plan = Assignment(people, never_own_team=True)

    def able(facts: CallFacts) -> set[str | None]:
        return set(dealt(plan, facts, 60).values())

    assert able(CallFacts(team="一组", phone_queue="投诉", language="普通话")) == {"投诉员"}
    assert able(CallFacts(team="二组", phone_queue="宽带", language="粤语")) == {"组长", "粤语员"}
    assert able(CallFacts(team="二组", phone_queue="投诉")) == {"组长", "投诉员", "粤语员"}
    assert able(CallFacts(team="一组", phone_queue="宽带", language="普通话")) == {None}
    assert (
        dealt_to(replace(plan, never_own_team=False), NIGHT, "c", CallFacts(None, team="一组"), {"投诉员"}) is not None
    )


def test_share_that_is_heard_twice_is_the_same_every_time() -> None:
    plan = replace(PLAN, second_share=0.1)
    twice = [f"c-{n}" for n in range(4000) if heard_twice(plan, NIGHT, flag(f"c-{n}"))]
    assert twice == [f"c-{n}" for n in range(4000) if heard_twice(plan, NIGHT, flag(f"c-{n}"))]
    assert abs(len(twice) - 400) < 80
    assert heard_twice(PLAN, NIGHT, replace(flag("c-1"), second_reviewer="李强"))
    assert heard_twice(PLAN, NIGHT, flag("c-1", reasons=("violation", CALIBRATION)))
    assert not heard_twice(PLAN, NIGHT, flag("c-1"))


@pytest.mark.parametrize(("calibration", "share", "twice"), [(0.05, 0.1, 0.1), (0.1, 0.05, 0.1), (0.1, 0.0, 0.1)])
def test_calibration_counts_towards_the_second_share(calibration: float, share: float, twice: float) -> None:
    """One draw decides both: of all drawn calls the larger share is heard twice, not the sum."""
    calls = [JudgedCall(f"c-{n}", Risk.HIGH, 90.0, False, False, False) for n in range(4000)]
    sampling = SamplingPlan(calibration=calibration)
    drawn = list(chances(plan_night(calls, sampling), sampling, NIGHT, PLAN.seed))
    flags = choose_flags(drawn, sampling, NOW)
    assert len(flags) == 4000
    plan = replace(PLAN, second_share=share)
    heard = {flag.call_id for flag in flags if heard_twice(plan, NIGHT, flag)}
    assert heard >= {flag.call_id for flag in flags if CALIBRATION in flag.reasons}
    assert heard == {call.call_id for call in drawn if call.second_draw < twice}
    assert abs(len(heard) - 4000 * twice) < 80


def test_the_queue_gives_each_reviewer_her_own_calls_and_two_people_one_call(database: ReviewDatabase) -> None:
    plan = replace(PLAN, second_share=1.0)
    assert take(database, [flag(f"c-{n}") for n in range(20)], plan=plan) == Enqueued(added=40)
    by_call: dict[str, set[str | None]] = {}
    for item in items(database):
        by_call.setdefault(item.call_id, set()).add(item.assigned_to)
    assert all(len(people) == 2 and None not in people for people in by_call.values())
    second = item_of(database, NIGHT, "c-0", "second")
    assert second is not None
    assert (second.blind, second.due_at) == (True, NOW + timedelta(hours=2 + 72))
    for name in ("王芳", "李强", "赵敏"):
        mine = [item for item in items(database) if item.assigned_to == name]
        assert count_open(database, name, NOW) == len(mine)
    assert claim_next(database, "外人", NOW) is None


LATE = NOW + timedelta(hours=3)  # an hour after the calls of high risk were due


def test_what_an_absent_reviewer_leaves_overdue_is_for_whoever_comes_first(database: ReviewDatabase) -> None:
    take(database, [flag(f"c-{n}") for n in range(12)], plan=PLAN)
    mine = {item.call_id for item in held_by(database, "李强", NOW)}
    left = {item.call_id for item in held_by(database, "王芳", NOW)}
    assert mine
    assert left
    assert (count_open(database, "李强", NOW), count_open(database, "李强", LATE)) == (len(mine), 12)
    first = claim_next(database, "王芳", NOW)  # she is there after all, and hears one of hers
    assert first is not None
    taken = set()
    while (item := claim_next(database, "李强", NOW + timedelta(hours=2, minutes=1))) is not None:
        taken.add(item.call_id)
        finish(database, item, "李强", LATE)
    assert taken == {f"c-{n}" for n in range(12)}  # her claim had run out by then, too
    assert claim_next(database, "王芳", LATE) is None


def test_an_overdue_call_that_somebody_hears_is_not_taken_from_her(database: ReviewDatabase) -> None:
    take(database, [flag("c-1")], plan=Assignment((WANG,)))
    assert claim_next(database, "李强", NOW) is None
    assert claim_next(database, "李强", LATE) is not None
    assert claim_next(database, "王芳", LATE) is None
    assert held_by(database, "王芳", LATE) == []  # nothing of it is hers to hand over now
    assert [item.call_id for item in held_by(database, "李强", LATE)] == ["c-1"]


def test_what_others_left_is_not_for_who_must_not_hear_it(database: ReviewDatabase) -> None:
    """Not for the one who heard it first, nor for her own team, nor in a queue or a language that is not hers."""
    facts = {
        "c-1": CallFacts(team="一组", phone_queue="投诉", language="粤语"),
        "c-2": CallFacts(team="二组", phone_queue="宽带"),
    }
    plan = Assignment((WANG, LI), second_share=1.0)
    take(database, [flag("c-1"), flag("c-2")], facts=facts, plan=plan)

    def open_to(name: str, wanted: Filter = EVERYTHING) -> set[str]:
        late = NOW + timedelta(hours=80)
        found = set()
        while (item := claim_next(database, name, late, wanted)) is not None:
            found.add(f"{item.call_id}/{item.role}")
            release(database, item, name)
            wanted = replace(wanted, passed=wanted.passed | {(item.night, item.call_id)})
        return found

    assert open_to("赵敏") == {"c-1/first", "c-2/first"}
    assert open_to("外人", Filter(overdue=False)) == set()
    assert open_to("赵敏", Filter(not_team="一组")) == {"c-2/first"}
    assert open_to("赵敏", Filter(queues=("投诉", "套餐"))) == {"c-1/first"}
    assert open_to("赵敏", Filter(languages=("普通话",))) == {"c-2/first"}
    for item in items(database):
        if item.role == "first":
            finish(database, item, "赵敏", NOW)
    assert open_to("赵敏") == set()
    assert open_to("孙丽") == {"c-1/second", "c-2/second"}
    own = {item.assigned_to for item in items(database) if item.role == "second"}
    assert own <= {"王芳", "李强"}


def test_without_configured_reviewers_nobody_hears_a_call_in_both_roles(database: ReviewDatabase) -> None:
    take(database, [flag("c-1")], plan=Assignment(second_share=1.0))
    first = claim_next(database, "王芳", NOW)
    assert first is not None
    assert first.role == "first"
    record(database, Answer(Subject(NIGHT, "c-1"), Choice.AGREE), "王芳", NOW)
    finish(database, first, "王芳", NOW)
    assert claim_next(database, "王芳", NOW) is None
    second = claim_next(database, "李强", NOW)
    assert second is not None
    assert second.role == "second"


def test_who_spoke_on_a_call_is_not_given_it_blind(database: ReviewDatabase) -> None:
    """She decided from the command line, without having claimed it."""
    take(database, [flag("c-1")], plan=Assignment(second_share=1.0))
    record(database, Answer(Subject(NIGHT, "c-1"), Choice.AGREE), "王芳", NOW)
    item = claim_next(database, "王芳", NOW)
    assert item is not None
    assert item.role == "first"
    assert claim_next(database, "王芳", NOW, Filter(passed=frozenset({(NIGHT, "c-1")}))) is None


def test_own_team_is_kept_from_whoever_asks(database: ReviewDatabase) -> None:
    facts = {"c-1": CallFacts(team="一组"), "c-2": CallFacts(team="二组")}
    take(database, [flag("c-1"), flag("c-2")], facts=facts)
    item = claim_next(database, "组长", NOW, Filter(not_team="一组"))
    assert item is not None
    assert item.call_id == "c-2"
    assert Assignment((Reviewer("组长", team="一组"),), never_own_team=True).own_team("组长") == "一组"
    assert Assignment((Reviewer("组长", team="一组"),)).own_team("组长") is None


def test_filter_by_rule_agent_team_and_grade(database: ReviewDatabase) -> None:
    facts = {
        "c-1": CallFacts(agent_id="0107", team="一组", asked=(("forbidden.rude", "violated"),)),
        "c-2": CallFacts(agent_id="0108", team="一组", asked=(("closing.farewell", "uncertain"),)),
        "c-3": CallFacts(agent_id="0107", team="二组"),
    }
    flags = [flag("c-1"), flag("c-2", Risk.MEDIUM), flag("c-3", Risk.LOW)]
    take(database, flags, facts=facts, plan=Assignment(second_share=1.0))

    def found(wanted: Filter) -> list[str]:
        return [f"{item.call_id}/{item.role}" for item in items(database, wanted)]

    assert found(Filter(rule="closing.farewell")) == ["c-2/first"]  # a blind one would tell what the machine said
    assert found(Filter(grades=(Risk.HIGH, Risk.LOW))) == ["c-1/first", "c-3/first"]
    assert found(Filter(agent="0107", team="二组")) == ["c-3/first", "c-3/second"]
    assert found(Filter(calls=frozenset({(NIGHT, "c-2")}))) == ["c-2/first", "c-2/second"]
    assert found(Filter(calls=frozenset())) == []
    assert found(Filter(agent="0199")) == []


def test_hand_over_one_or_all_and_who_gave_what_to_whom(database: ReviewDatabase) -> None:
    take(database, [flag(f"c-{n}") for n in range(12)], plan=PLAN)
    mine = held_by(database, "王芳", NOW)
    assert mine
    for item in mine:
        hand_over(database, item, "李强", "王芳", PLAN, NOW)
    assert held_by(database, "王芳", NOW) == []
    assert {item.call_id for item in mine} <= {item.call_id for item in held_by(database, "李强", NOW)}
    take(database, [flag(f"c-{n}") for n in range(12)], plan=PLAN)  # taking over the night again gives nothing back
    assert held_by(database, "王芳", NOW) == []
    with database.read() as connection:
        told = [tuple(row)[4:] for row in connection.execute(select(hand_overs))]
    assert told == [("王芳", "王芳", "李强", NOW)] * len(mine)


def test_hand_over_that_must_not_be_is_refused_and_changes_nothing(database: ReviewDatabase) -> None:
    plan = Assignment((WANG, LI, Reviewer("组长", team="一组")), never_own_team=True, second_share=1.0)
    take(database, [flag("c-1")], facts={"c-1": CallFacts(team="一组")}, plan=plan)
    first, second = items(database)
    before = items(database)
    giver, other = str(first.assigned_to), str(second.assigned_to)
    for to, why in (
        ("王方", "王方 is none of the configured reviewers: 王芳, 李强, 组长"),
        ("组长", "c-1: 组长 must not hear team 一组"),
        (other, f"c-1: {other} hears this call in the other role; nobody hears one twice"),
    ):
        with pytest.raises(ReviewError, match=why):
            hand_over(database, first, to, giver, plan, NOW)
    assert items(database) == before
    claim_next(database, giver, NOW)
    with pytest.raises(ReviewError, match=f"c-1: {giver} is hearing this call"):
        hand_over(database, first, other, other, plan, NOW)
