"""Appeals, adjudication, hand-over, scores and filters as they are typed, whole outputs compared."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from inspect_pipeline.review.corrections import Word, correct
from inspect_pipeline.review.database import open_reviews
from tests.review.nights import NIGHT, flags, results, write_night
from tests.review.test_review_commands import Desk, desk

__all__ = ["desk"]
RUDE = ("--rule", "forbidden.rude")
CONFIG = """
[review]
second_share = 1.0
appeal_days = 36500
causes = ["识别错误"]
[[review.reviewers]]
name = "王芳"
[[review.reviewers]]
name = "李强"
"""


def told(desk: Desk, command: str, *args: str, reviewer: str = "王芳", keys: str | None = None) -> list[str]:
    done = desk.run(command, *args, reviewer=reviewer, keys=keys)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output.splitlines()


def configured(desk: Desk, text: str = CONFIG) -> None:
    Path("inspect.toml").write_text(text, encoding="utf-8")  # the test runs in a folder of its own


def test_an_appeal_from_reason_to_score(desk: Desk) -> None:
    configured(desk)
    told(desk, "decide", "c-0001", "agree", *RUDE)
    assert told(desk, "appeal", "c-0001", *RUDE, "--reason", "客户在转述", "--by", "班长") == [
        "c-0001  服务禁语  第 1 轮申诉中  班长"
    ]
    waiting = told(desk, "appeals")
    assert waiting[0].split() == ["通话", "规则", "申诉", "申诉人", "时间", "日期", "理由"]
    assert waiting[1].split()[:2] + waiting[1].split()[-2:] == ["c-0001", "服务禁语", NIGHT, "客户在转述"]
    own = desk.run("decide-appeal", "c-0001", "granted", *RUDE, "--by", "王芳")
    assert str(own.exception) == "c-0001: 王芳 has had a part in this; somebody else must decide the appeal"
    ruled = told(desk, "decide-appeal", "c-0001", "granted", *RUDE, "--by", "李强", "--note", "是转述")
    assert ruled == ["c-0001  服务禁语  第 1 轮申诉成立（终局）  李强"]
    assert told(desk, "appeals") == ["没有待裁定的申诉。"]
    assert [(one["round"], one["outcome"], one["final"]) for one in desk.json("appeals", "--all")] == [
        (1, "granted", True)
    ]
    assert told(desk, "scores") == [
        "通话    机器得分  复核得分  机器风险  复核风险  日期",
        "c-0001  0         90        高风险    低风险    2026-11-20",
    ]
    again = desk.run("decide-appeal", "c-0001", "granted", *RUDE, "--by", "赵敏")
    assert str(again.exception) == "c-0001: no appeal on forbidden.rude waits for a decision"
    told(desk, "export")
    with (desk.out / "reviews.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["机器得分"], row["复核得分"], row["申诉"]) == ("0", "90", "第 1 轮申诉成立（终局）")
    stored = pq.read_table(desk.out / "scores" / f"night={NIGHT}" / "part-0000.parquet", partitioning=None).to_pylist()
    assert [(row["call_id"], row["machine_score"], row["reviewed_score"]) for row in stored] == [("c-0001", 0.0, 90.0)]


def test_show_tells_everything_that_people_said_of_a_call(desk: Desk) -> None:
    configured(desk, CONFIG.replace("second_share = 1.0", ""))
    first = desk.json("list")[0]["assigned_to"]
    other = {"王芳": "李强", "李强": "王芳"}[first]
    told(desk, "decide", "c-0001", "disagree", *RUDE, "--cause", "识别错误")
    told(desk, "decide", "c-0001", "agree", *RUDE)
    told(desk, "decide", "c-0001", "agree")
    told(desk, "hand-over", "c-0001", "--to", other, reviewer=first)
    told(desk, "appeal", "c-0001", *RUDE, "--reason", "客户在转述", "--by", "班长")
    told(desk, "decide-appeal", "c-0001", "granted", *RUDE, "--by", "赵敏", "--note", "是转述")
    correct(open_reviews(desk.out), NIGHT, "c-0001", Word(3, "12315", "12300"), "李强", datetime.now(UTC))
    lines = told(desk, "show", "c-0001")
    said = [line[15:] for line in lines[lines.index("复核记录") : lines.index("对话")]]  # without their moments
    assert said == [
        "",
        "王芳  不同意  服务禁语  识别错误  （已改判）",
        "王芳  同意  服务禁语",
        "王芳  无漏判  整通",
        lines[lines.index("申诉记录") - 2][15:],
        "",
        "",
        "班长  第 1 轮申诉中  服务禁语  客户在转述",
        "赵敏  第 1 轮申诉成立（终局）  服务禁语  是转述",
        "",
        "",
        "李强  0:16  12315 → 12300",
        "",
        "",
        f"{first}  {first} → {other}",
        "",
    ]
    assert "  复核得分 90 低风险  机器得分 0 高风险" in lines
    data = desk.json("show", "c-0001")
    assert (data["score"], data["reviewed_score"], data["appeals"][0]["outcome"]) == (0.0, 90.0, "granted")
    assert (data["corrections"][0]["said"], data["hand_overs"][0]["given_to"]) == ("12300", other)


def test_contested_finding_that_nobody_had_reviewed_is_exported(desk: Desk) -> None:
    configured(desk)
    told(desk, "appeal", "c-0001", *RUDE, "--reason", "没说过", "--by", "班长")
    told(desk, "export", "--lang", "en")
    with (desk.out / "reviews.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert [row[name] for name in ("call", "rule id", "machine", "decision", "appeal", "length", "machine score")] == [
        "c-0001", "forbidden.rude", "violated", "", "appeal 1 open", "0:37", "0",
    ]  # fmt: skip


def test_two_who_differ_are_listed_and_a_third_decides(desk: Desk) -> None:
    configured(desk)
    write_night(desk.out, results(), flags()[:1])
    first = desk.json("list")[0]["assigned_to"]
    second = {"王芳": "李强", "李强": "王芳"}[first]
    told(desk, "next", reviewer=first, keys="aaaaa")
    told(desk, "next", reviewer=second, keys="ovuov")
    assert told(desk, "adjudicate") == [
        "通话    一审       盲审         日期        规则",
        f"c-0001  {first} 成立  {second} 不成立  2026-11-20  服务禁语 forbidden.rude",
    ]
    refused = desk.run("adjudicate", "c-0001", "no", *RUDE, "--by", first)
    assert str(refused.exception).endswith(f"{first} is one of the two who differ; a third person must decide")
    assert told(desk, "adjudicate", "c-0001", "no", *RUDE, "--by", "主管") == ["c-0001  服务禁语  不成立  主管"]
    assert told(desk, "adjudicate") == ["没有意见不一的结论。"]
    assert desk.json("scores")[0]["reviewed_score"] == 90.0
    roles = {decision["role"] for decision in desk.json("show", "c-0001")["decisions"]}
    assert roles == {"first", "second", "adjudicator"}


def test_blind_reviewer_is_told_nothing_by_any_command(desk: Desk) -> None:
    configured(desk)
    write_night(desk.out, results(), flags()[:1])
    rows = desk.json("list", "--reviewer", "外人")
    second = next(row["assigned_to"] for row in rows if row["role"] == "second")
    (own,) = desk.json("list", "--reviewer", second)
    assert (own["role"], own["risk"], own["reasons"], own["score"]) == ("second", None, None, None)
    shown = desk.run("show", "c-0001", reviewer=second).output
    assert "禁语" not in shown
    assert "主管现在不在" in shown
    refused = desk.run("decide", "c-0001", "agree", *RUDE, reviewer=second)
    assert str(refused.exception) == f"c-0001: {second} hears this call blind: decide on it with review next"


def test_hand_over(desk: Desk) -> None:
    configured(desk, CONFIG.replace("second_share = 1.0", ""))
    rows = desk.json("list")
    mine = [row for row in rows if row["assigned_to"] == "王芳"]
    given = told(desk, "hand-over", "--all", "--to", "李强")
    assert given == [f"已交给 李强：{len(mine)} 通"]
    assert {row["assigned_to"] for row in desk.json("list")} == {"李强"}
    assert told(desk, "hand-over", "c-0001", "--to", "王芳", reviewer="李强") == ["已交给 王芳：1 通"]
    assert str(desk.run("hand-over", "c-0001", "--to", "王方").exception) == (
        "王方 is none of the configured reviewers: 王芳, 李强"
    )
    assert str(desk.run("hand-over", "--to", "李强").exception) == "name a call, or give --all"
    assert str(desk.run("hand-over", "c-0002", "--to", "王芳").exception) == (
        "c-0002 does not wait for 王芳: see inspect-pipeline review list"
    )


def test_hand_over_of_all_leaves_out_what_must_not_be_and_tells_it(desk: Desk) -> None:
    """李强 hears some of her calls blind; those stay with her."""
    configured(desk, CONFIG + '[[review.reviewers]]\nname = "赵敏"\n')
    rows = desk.json("list", "--reviewer", "外人")
    held = {(row["call_id"], row["role"]) for row in rows if row["assigned_to"] == "王芳"}
    other = {row["call_id"] for row in rows if row["assigned_to"] == "李强"}
    stays = {call_id for call_id, _ in held} & other
    assert 0 < len(stays) < len(held)
    lines = told(desk, "hand-over", "--all", "--to", "李强")
    why = "李强 hears this call in the other role; nobody hears one twice"
    assert sorted(lines[:-1]) == [f"warning: {call_id}: {why}" for call_id in sorted(stays)]
    assert lines[-1] == f"已交给 李强：{len(held) - len(stays)} 通"
    left = [row["call_id"] for row in desk.json("list", "--reviewer", "外人") if row["assigned_to"] == "王芳"]
    assert set(left) == stays
    again = desk.run("hand-over", "--all", "--to", "李强")
    assert str(again.exception).endswith(why)


def test_there_is_nothing_to_disagree_with_in_a_whole_call(desk: Desk) -> None:
    refused = desk.run("decide", "c-0003", "disagree")
    assert str(refused.exception) == "c-0003: of a whole call say 'missed', and of which rule with --rule"
    assert told(desk, "decide", "c-0003", "missed") == ["c-0003  整通  有漏判  王芳"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--rule", "greeting.opening"), ["c-0002"]),
        (("--grade", "high", "--grade", "none"), ["c-0001", "c-0003"]),
        (("--team", "二组"), []),
        (("--agent", "0107", "--text", "还剩三点五个G"), ["c-0003"]),
    ],
)
def test_list_of_what_is_looked_for(desk: Desk, options: tuple[str, ...], found: list[str]) -> None:
    assert [row["call_id"] for row in desk.json("list", *options)] == found


def test_unknown_cause_and_a_stranger_are_told(desk: Desk) -> None:
    configured(desk)
    refused = desk.run("decide", "c-0001", "agree", "--cause", "心情不好")
    assert str(refused.exception) == "unknown cause '心情不好': use one of 识别错误, or add it to [review] causes"
    lines = told(desk, "next", reviewer="外人", keys="a")
    assert "外人 不在 [review] reviewers 名单里，只能复核没有分给别人的通话。" in lines
    assert "没有待复核的通话了。" in lines
