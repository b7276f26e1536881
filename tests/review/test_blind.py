"""The second review: blind to what the machine and the first reviewer said, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inspect_pipeline.model import Verdict
from inspect_pipeline.report.columns import width
from inspect_pipeline.review.archive import Archive, take_over_flags
from inspect_pipeline.review.assign import CALIBRATION, Assignment
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.database import open_reviews
from inspect_pipeline.review.decisions import history, standing
from inspect_pipeline.review.listing import call_lines, call_result, queue_result
from inspect_pipeline.review.outcome import differences
from inspect_pipeline.review.paint import Frame
from inspect_pipeline.review.queue import item_of
from inspect_pipeline.review.said import said_of
from inspect_pipeline.review.screen import View, draw, draw_help
from tests.review.conftest import NOW
from tests.review.nights import NIGHT, flags, results, small_night, write_night
from tests.review.test_session import Day

TITLES = {"forbidden.rude": "服务禁语", "greeting.opening": "开场白"}
TOLD = ("违规  ", "高风险", "得分", "致命", "100", "【", "未听到", "人工", "同意", "待定", "扣 ")


def day(tmp_path: Path) -> Day:
    """The rude call is heard twice, second by 李强."""
    small_night(tmp_path)
    write_night(tmp_path, results(), [replace(flags()[0], reviewer="王芳", second_reviewer="李强")])
    database = open_reviews(tmp_path)
    take_over_flags(database, tmp_path, NOW)
    return Day(tmp_path, database)


def second_case(sitting: Day) -> Case:
    item = item_of(sitting.database, NIGHT, "c-0001", "second")
    return Archive(sitting.out, TITLES).case(NIGHT, "c-0001", item)


def test_screen_of_a_blind_review(tmp_path: Path) -> None:
    screen = draw(View(second_case(day(tmp_path)), 3, 4, 40, NOW), Frame(rows=18))
    assert screen.split("\n") == [
        "c-0001  11-20 09:31                                                  今天 4 / 40",
        "客服 0107  班组 一组  队列 投诉  时长 0:37",
        "盲审：不显示机器和一审的结论                             期限 11-24 10:00 已超时",
        "-" * 80,
        "违规（或信号）是否成立？服务禁语  forbidden.rude                     第 4 / 5 项",
        "",
        "   0:00 客服 您好，很高兴为您服务。",
        "   0:04 客户 我这个月话费怎么多扣了三十块？我根本没有办过什么视频会员，你们这不",
        "             是坑人吗！",
        "   0:12 客服 系统显示您上个月确实订购了。",
        "   0:16 客户 我没订过，你们再不处理我就打12315投诉。",
        "   0:22 客服 爱投诉就投诉，你自己点的你自己不知道吗？",
        "   0:27 客户 你这是什么态度！叫你们主管来。",
        "   0:31 客服 主管现在不在，您等着吧。",
        "   0:34 客户 行，我记住你了。",
        "",
        "",
        "v成立 o不成立 u不确定 f其余不成立 n备注 w改词 b返回 s跳过 p播放 q退出 ?帮助",
    ]


@pytest.mark.parametrize("frame", [Frame(), Frame(lang="en"), Frame(60, 16), Frame(40, 12)])
def test_every_blind_screen_fits_and_tells_nothing(tmp_path: Path, frame: Frame) -> None:
    case = second_case(day(tmp_path))
    for step in range(len(case.steps())):
        lines = draw(View(case, step, 4, 40, NOW), frame).split("\n")
        assert len(lines) <= frame.rows
        assert max(width(line) for line in lines) <= frame.columns
        assert not [told for told in TOLD if any(told in line for line in lines)]
    assert max(width(line) for line in draw_help(Frame(), blind=True).split("\n")) <= 80


def test_answers_are_stored_as_the_second_one_s_own(tmp_path: Path) -> None:
    sitting = day(tmp_path)
    sitting([*"aaaaa"], "王芳")
    summary = sitting(["o", "v", "n", "听不清", "u", "o", "x", "v"], "李强")
    assert (summary.calls, summary.decisions, summary.left) == (1, 5, 0)
    made = {d.subject.rule_id: d for d in history(sitting.database) if d.reviewer == "李强"}
    assert [(rule_id, d.choice.value, d.note, d.subject.role) for rule_id, d in made.items()] == [
        ("greeting.opening", "agree", "", "second"),  # the machine: met
        ("empathy.after-complaint", "agree", "", "second"),  # violated
        ("closing.farewell", "unsure", "听不清", "second"),  # uncertain
        ("forbidden.rude", "disagree", "", "second"),  # violated
        ("risk.escalation", "agree", "", "second"),  # noticed
    ]
    assert not [told for told in TOLD for screen in sitting.screens if told in screen]
    assert "已存：closing.farewell  不确定" in sitting.screens[4]
    assert "没有这个键：x" in sitting.screens[6]
    (pair,) = differences(history(sitting.database))
    assert (pair.key.rule_id, pair.key.verdict) == ("forbidden.rude", Verdict.VIOLATED)
    assert [pair.first, pair.second] == [("王芳", "yes"), ("李强", "no")]


def test_no_to_the_rest_ends_the_call_and_keeps_what_was_said(tmp_path: Path) -> None:
    sitting = day(tmp_path)
    sitting(["v", "b", "n", "只说这一条", "f"], "李强")
    assert sorted((rule_id or "", choice, note) for _, rule_id, choice, note in sitting.decided()) == [
        ("closing.farewell", "disagree", ""),
        ("empathy.after-complaint", "disagree", ""),
        ("forbidden.rude", "disagree", ""),
        ("greeting.opening", "missed", ""),
        ("risk.escalation", "disagree", ""),
    ]
    item = item_of(sitting.database, NIGHT, "c-0001", "second")
    assert item is not None
    assert item.done_by == "李强"


def test_a_blind_call_that_was_left_goes_on_where_it_was(tmp_path: Path) -> None:
    sitting = day(tmp_path)
    sitting("vvq", "李强")
    sitting("ob", "李强")
    assert "第 3 / 5 项" in sitting.screens[0]
    assert "已判 不成立" in sitting.screens[2]
    assert len(standing(history(sitting.database))) == 3


def test_a_failed_call_can_be_heard_blind_too(tmp_path: Path) -> None:
    small_night(tmp_path)
    write_night(tmp_path, results(), [replace(flags()[0], call_id="c-0004", second_reviewer="李强")])
    database = open_reviews(tmp_path)
    take_over_flags(database, tmp_path, NOW)
    sitting = Day(tmp_path, database)
    assert sitting("o", "李强").calls == 1
    assert sitting.decided() == [("c-0004", None, "agree", "")]


def test_show_tells_a_blind_reviewer_the_words_only(tmp_path: Path) -> None:
    sitting = day(tmp_path)
    sitting("aaaaa", "王芳")
    case = second_case(sitting)
    said = said_of(sitting.database, NIGHT, "c-0001")
    lines = call_lines(case, said, NOW, Frame())
    assert lines[4:6] == ["对话", "   0:00 客服 您好，很高兴为您服务。"]
    told = call_result(case, said)
    assert (told["score"], told["risk"], told["findings"], told["decisions"]) == (None, None, [], [])
    assert (told["reviewed_score"], told["appeals"], told["corrections"], told["hand_overs"]) == (None, [], [], [])
    assert len(told["utterances"]) == 8


def test_a_share_is_heard_twice_without_flags_that_say_so(tmp_path: Path) -> None:
    small_night(tmp_path)
    database = open_reviews(tmp_path)
    take_over_flags(database, tmp_path, NOW, Assignment(second_share=1.0))
    roles = [item_of(database, NIGHT, f"c-000{n}", "second") for n in (1, 2, 3)]
    assert [item is not None and item.assigned_to is None for item in roles] == [True] * 3


def test_the_first_reviewer_is_not_told_that_somebody_checks(tmp_path: Path) -> None:
    flagged = [replace(flags()[0], reasons=("critical", CALIBRATION))]
    write_night(tmp_path, results(), flagged)
    database = open_reviews(tmp_path)
    take_over_flags(database, tmp_path, NOW)
    assert item_of(database, NIGHT, "c-0001", "second") is not None
    item = item_of(database, NIGHT, "c-0001")
    assert item is not None
    assert item.told_reasons == ("critical",)
    case = Archive(tmp_path, TITLES).case(NIGHT, "c-0001", item)
    assert draw(View(case, 0, 0, 1, NOW), Frame()).split("\n")[2].split()[:2] == ["原因", "致命违规"]
    assert [row["reasons"] for row in queue_result([item], NOW)] == [["critical"]]
