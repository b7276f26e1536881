"""What the reviewer sees: fits the terminal, marks the hit, and shows what was searched."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from inspect_pipeline.model import Evidence, Judgement, Match, Reason, Risk, Speaker, Utterance, Verdict
from inspect_pipeline.report.columns import width
from inspect_pipeline.review.archive import Archive
from inspect_pipeline.review.case import Case, quote_spans
from inspect_pipeline.review.decisions import Draft
from inspect_pipeline.review.paint import REVERSE, Frame, marked_lines
from inspect_pipeline.review.screen import View, draw, draw_help, draw_rules, page_count
from inspect_pipeline.wording import reason_text
from tests.review.conftest import NOW
from tests.review.nights import NIGHT, finding, quote, small_night

ANSI = re.compile(r"\x1b\[[0-9;]*m")
TITLES = {"forbidden.rude": "服务禁语", "empathy.after-complaint": "投诉后共情"}


def case_of(tmp_path: Path, call_id: str) -> Case:
    small_night(tmp_path)
    return Archive(tmp_path, TITLES).case(NIGHT, call_id)


@pytest.mark.parametrize("call_id", ["c-0001", "c-0002", "c-0003", "c-0004"])
@pytest.mark.parametrize("frame", [Frame(), Frame(colour=True), Frame(lang="en"), Frame(60, 16), Frame(40, 12)])
def test_every_screen_fits_the_terminal(tmp_path: Path, call_id: str, frame: Frame) -> None:
    case = case_of(tmp_path, call_id)
    for step in range(len(case.steps())):
        view = View(case, step, 3, 12, NOW, message="消息" * 40)
        for page in range(page_count(view, frame)):
            for shown in (view, View(case, step, 3, 12, NOW, page=page, draft=Draft("备注" * 40))):
                lines = [ANSI.sub("", line) for line in draw(shown, frame).split("\n")]
                assert len(lines) <= frame.rows
                assert max(width(line) for line in lines) <= frame.columns
    assert len(draw_help(frame).split("\n")) <= 24


def test_screen_of_a_hit(tmp_path: Path) -> None:
    screen = draw(View(case_of(tmp_path, "c-0001"), 0, 3, 12, NOW), Frame(rows=15))
    assert screen.split("\n") == [
        "c-0001  11-20 09:31                                                  今天 3 / 12",
        "高风险  得分 0  客服 0107  班组 一组  队列 投诉  时长 0:37",
        "",
        "-" * 80,
        "违规  服务禁语  forbidden.rude  扣 100 分                            第 1 / 5 项",
        "说了不该说的话：「爱投诉就投诉」",
        "",
        "   0:12 客服 系统显示您上个月确实订购了。",
        "   0:16 客户 我没订过，你们再不处理我就打12315投诉。",
        ">  0:22 客服 【爱投诉就投诉】，你自己点的【你自己不知道吗】？",
        "   0:27 客户 你这是什么态度！叫你们主管来。",
        "   0:31 客服 主管现在不在，您等着吧。",
        "",
        "",
        "a同意 d不同意 u不确定 n备注 c原因 w改词 b返回 s跳过 p播放 q退出 ?帮助",
    ]


def test_pages_together_show_every_utterance_once(tmp_path: Path) -> None:
    case = case_of(tmp_path, "c-0002")
    view = View(case, 0, 1, 1, NOW)
    pages = [draw(View(case, 0, 1, 1, NOW, page=page), Frame()) for page in range(page_count(view, Frame()))]
    assert len(pages) == 3
    assert re.findall(r"第(\d+)句", "".join(pages)) == [str(number) for number in range(40)]
    assert [page.split("\n")[-2].strip() for page in pages] == [f"空格翻页 {number} / 3" for number in (1, 2, 3)]


def test_hit_is_in_reverse_video_with_colour_and_in_brackets_without() -> None:
    assert marked_lines("你自己不知道吗？", [(0, 7)], 20, Frame()) == ["【你自己不知道吗】？"]
    assert marked_lines("你自己不知道吗？", [(0, 7)], 10, Frame(colour=True)) == [
        f"{REVERSE}你自己不知\x1b[0m",
        f"{REVERSE}道吗\x1b[0m？",
    ]


def test_caller_cannot_steer_the_terminal() -> None:
    assert marked_lines("\x1b[2J清屏\r\x07", [], 20, Frame(colour=True)) == [" [2J清屏"]


def test_quote_said_twice_is_marked_as_often_as_there_is_evidence() -> None:
    said = Utterance(7, Speaker.AGENT, 0, 0.0, 4.0, "再见，好的再见，再见", "", 0.9)
    once, other = quote(7, Speaker.AGENT, 0.0, "再见"), quote(8, Speaker.AGENT, 0.0, "好的", Match.NEAR)
    assert quote_spans(said, [once, other]) == ((0, 2),)
    assert quote_spans(said, [once, once]) == ((0, 2), (5, 7))
    assert quote_spans(said, [once, quote(7, Speaker.AGENT, 0.0, "见，好")]) == ((0, 4),)


def test_measured_wait_and_inexact_hit_are_shown(tmp_path: Path) -> None:
    case = case_of(tmp_path, "c-0003")
    wait = Evidence(None, Speaker.UNKNOWN, 1.5, 2.75, "", "dead-air", Match.MEASURE, 12.5)
    near = Evidence(2, Speaker.AGENT, 8.0, 9.0, "感谢来电", "感谢您的来电", Match.NEAR, 1.0)
    found = finding("c-0003", "timing.dead-air", Verdict.VIOLATED, Reason("over-limit"), wait, near)
    judged = replace(case.result, judgement=Judgement((found,), 90.0, Risk.LOW))
    screen = draw(View(replace(case, result=judged), 0, 0, 0, NOW), Frame(rows=14))
    assert screen.split("\n")[4:12] == [
        "违规  timing.dead-air                                                第 1 / 2 项",
        reason_text(Reason("over-limit"), "zh"),
        "读音相近：“感谢来电” ← 感谢您的来电",
        "",
        "   0:00 客服 您好，请问有什么可以帮您？",
        ">  0:01      [0:01–0:02 测量]",
        "   0:03 客户 查一下流量还剩多少。",
        ">  0:06 客服 还剩三点五个G，【感谢来电】，再见。",
    ]


def test_many_rules_to_pick_from_fit_the_terminal(tmp_path: Path) -> None:
    case = case_of(tmp_path, "c-0003")
    quiet = tuple(finding("c-0003", f"family.rule-{n:02}", Verdict.MET, Reason("said")) for n in range(35))
    judged = replace(case.result, judgement=Judgement(quiet, 90.0, Risk.LOW))
    many = replace(case, result=judged)
    lines = draw_rules(many, many.silent_findings(), Frame()).split("\n")
    assert len(lines) <= 24
    assert max(width(line) for line in lines) <= 80
    assert {int(number) for number in re.findall(r"(?:^|\s)(\d+)  family", "\n".join(lines))} == set(range(1, 36))
