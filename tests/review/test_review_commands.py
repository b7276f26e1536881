"""The review commands as they are typed, whole outputs compared."""

from __future__ import annotations

import csv
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pexpect
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from inspect_pipeline.cli.review import review
from inspect_pipeline.report.columns import width
from inspect_pipeline.review.corrections import Word, correct
from inspect_pipeline.review.database import open_reviews
from inspect_pipeline.review.decisions import history
from tests.review.nights import NIGHT, small_night


class Desk:
    """A folder with a small night, and the commands run on it."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.pack = small_night(out)

    def run(self, command: str, *args: str, keys: str | None = None, reviewer: str = "王芳") -> Result:
        options = ["--out", str(self.out), "--rules", str(self.pack)]
        return CliRunner().invoke(
            review, [command, *args, *options], input=keys, env={"INSPECT_REVIEWER": reviewer, "NO_COLOR": None}
        )

    def json(self, command: str, *args: str) -> Any:
        done = self.run(command, *args, "--json")
        assert done.exit_code == 0, done.output
        answer = json.loads(done.stdout)
        assert answer["schema"] == 1
        return answer["result"]

    def decisions(self) -> list[tuple[str, str | None, str, str, str]]:
        return [
            (d.subject.call_id, d.subject.rule_id, d.reviewer, d.choice.value, d.note)
            for d in history(open_reviews(self.out))
        ]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    return Desk(out)


def test_list(desk: Desk) -> None:
    assert desk.run("list").output.splitlines() == [
        "通话    风险    期限                 得分  客服  日期        状态    原因",
        "c-0001  高风险  11-21 10:00  已超时     0  0107  2026-11-20  待复核  致命违规、高风险、有违规",
        "c-0002  中风险  11-21 10:00            90  0107  2026-11-20  待复核  中风险、有违规",
        "c-0003  无风险  11-22 10:00           100  0107  2026-11-20  待复核  随机抽查",
    ]


def test_list_json_and_finished_calls(desk: Desk) -> None:
    desk.run("decide", "c-0003", "agree")
    assert [row["call_id"] for row in desk.json("list")] == ["c-0001", "c-0002"]
    done = desk.json("list", "--all")[2]
    assert done.pop("done_at") is not None
    assert done == {
        "night": "2026-11-20",
        "call_id": "c-0003",
        "role": "first",
        "risk": "none",
        "reasons": ["clean"],
        "due_at": "2099-11-22T02:00:00+00:00",
        "overdue": False,
        "probability": 0.02,
        "score": 100.0,
        "agent_id": "0107",
        "team": "一组",
        "queue": "投诉",
        "assigned_to": None,
        "state": "done",
        "claimed_by": None,
        "done_by": "王芳",
    }


def test_next_with_piped_keys(desk: Desk) -> None:
    done = desk.run("next", keys="d\nn客户在转述\na")
    assert done.exit_code == 0
    screens = done.output.split("\n\nc-0001")
    assert len(screens) == 4
    assert screens[1].splitlines() == [
        "  11-20 09:31                                                   今天 0 / 3",
        "高风险  得分 0  客服 0107  班组 一组  队列 投诉  时长 0:37",
        "原因 致命违规、高风险、有违规                            期限 11-21 10:00 已超时",
        "-" * 80,
        "违规  投诉后共情  empathy.after-complaint  扣 10 分                  第 2 / 5 项",
        "对「坑人」，0:11–0:31 内未听到应有的回应「致歉」",
        "",
        "   0:00 客服 您好，很高兴为您服务。",
        ">  0:04 客户 我这个月话费怎么多扣了三十块？我根本没有办过什么视频会员，你们这不",
        "             是【坑人】吗！",
        "   0:12 客服 系统显示您上个月确实订购了。",
        "   0:16 客户 我没订过，你们再不处理我就打12315投诉。",
        "   0:22 客服 爱投诉就投诉，你自己点的你自己不知道吗？",
        "   0:27 客户 你这是什么态度！叫你们主管来。",
        "   0:31 客服 主管现在不在，您等着吧。",
        *[""] * 7,
        "已存：服务禁语  不同意",
        "a同意 d不同意 u不确定 n备注 c原因 w改词 b返回 s跳过 p播放 q退出 ?帮助",
    ]
    assert screens[3].splitlines()[-3:] == ["", "本次复核 0 通，2 项判定已保存。", "还有 3 通待复核。"]
    assert desk.decisions() == [
        ("c-0001", "forbidden.rude", "王芳", "disagree", ""),
        ("c-0001", "empathy.after-complaint", "王芳", "agree", "客户在转述"),
    ]


def test_next_until_nothing_is_left(desk: Desk) -> None:
    done = desk.run("next", "--lang", "en", keys="aaaaa" + "aa" + "a")
    assert done.output.splitlines()[-2:] == ["3 calls reviewed, 8 decisions stored.", "0 calls are left."]
    assert desk.run("next", keys="a").output == "没有待复核的通话了。\n"
    assert desk.run("list").output == "队列里没有通话。\n"


def test_show(desk: Desk) -> None:
    desk.run("decide", "c-0003", "missed", "--rule", "forbidden.rude", "--note", "语气不耐烦")
    lines = desk.run("show", "c-0003").output.splitlines()
    moment = lines[19].split("  王芳")[0]
    assert lines == [
        "c-0003  11-20 09:50",
        "无风险  得分 100  客服 0107  班组 一组  队列 投诉  时长 0:10",
        "原因 随机抽查                                                   期限 11-22 10:00",
        "-" * 80,
        "各项结果",
        "  合格  开场白  greeting.opening",
        "      已听到应说的内容",
        "      0:00 客服 “有什么可以帮您” 原文一致",
        "  不适用  投诉后共情  empathy.after-complaint",
        "      通话中没有出现需要回应的情形",
        "  合格  礼貌道别  closing.farewell",
        "      已听到应说的内容",
        "      0:08 客服 “再见” 原文一致",
        "  合格  服务禁语  forbidden.rude",
        "      未发现违规用语",
        "  不适用  越级投诉苗头  risk.escalation",
        "      未听到需要留意的内容",
        "",
        "复核记录",
        f"{moment}  王芳  漏判  服务禁语  语气不耐烦",
        "  复核得分 0 低风险  机器得分 100 无风险",
        "",
        "对话",
        "   0:00 客服 您好，请问有什么可以帮您？",
        "   0:03 客户 查一下流量还剩多少。",
        "   0:06 客服 还剩三点五个G，感谢来电，再见。",
    ]


def test_show_json_tells_everything(desk: Desk) -> None:
    desk.run("decide", "c-0001", "disagree", "--rule", "forbidden.rude")
    told = desk.json("show", "c-0001")
    assert [(f["rule_id"], f["title"], f["verdict"]) for f in told["findings"]] == [
        ("greeting.opening", "开场白", "met"),
        ("empathy.after-complaint", "投诉后共情", "violated"),
        ("closing.farewell", "礼貌道别", "uncertain"),
        ("forbidden.rude", "服务禁语", "violated"),
        ("risk.escalation", "越级投诉苗头", "noticed"),
    ]
    assert len(told["utterances"]) == 8
    assert [(d["rule_id"], d["decision"], d["verdict"]) for d in told["decisions"]] == [
        ("forbidden.rude", "disagree", "violated")
    ]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("decide", "c-9", "agree"), "OUT: no call c-9"),
        (
            ("decide", "c-0001", "agree", "--rule", "forbidden.rud"),
            "c-0001 was not judged by a rule 'forbidden.rud' (did you mean 'forbidden.rude'?)",
        ),
        (
            ("decide", "c-0001", "missed", "--rule", "forbidden.rude"),
            "c-0001: forbidden.rude was not missed: the machine answered violated",
        ),
        (("listen", "c-0001", "--at", "31"), "'31' is no moment of a call: write it like 0:31"),
        (("listen", "c-0001", "--at", "0:31", "--rule", "forbidden.rude"), "give --at or --rule, not both"),
        (
            ("export",),
            "sqlite:///OUT/reviews.sqlite: nothing has been decided yet; start with: inspect-pipeline review next",
        ),
    ],
)
def test_errors_name_the_place_and_the_next_step(desk: Desk, args: tuple[str, ...], message: str) -> None:
    done = desk.run(*args)
    assert str(done.exception).replace(str(desk.out), "OUT") == message
    assert desk.decisions() == []


def test_call_that_somebody_hears_is_not_decided_by_another(desk: Desk) -> None:
    database = open_reviews(desk.out)
    desk.run("list")
    from datetime import UTC, datetime

    from inspect_pipeline.review.queue import claim_next

    claim_next(database, "李强", datetime.now(UTC))
    assert str(desk.run("decide", "c-0001", "agree").exception) == "c-0001: 李强 is hearing this call"
    assert desk.run("list").output.splitlines()[1].split()[8:10] == ["复核中", "李强"]


def test_same_call_id_in_two_nights_must_be_named_by_its_night(desk: Desk) -> None:
    from tests.review.nights import flags, results, write_night

    write_night(desk.out, results(), flags(), "2026-11-19")
    done = desk.run("show", "c-0001")
    assert str(done.exception) == "c-0001 is in several nights (2026-11-19, 2026-11-20): name one with --night"
    assert desk.run("show", "c-0001", "--night", "2026-11-19").exit_code == 0


def test_export(desk: Desk) -> None:
    desk.run("next", keys="n=1+1 打断客户\na")
    desk.run("decide", "c-0003", "agree")
    written = desk.run("export").output.splitlines()
    assert written == [
        str(desk.out / "reviews" / f"night={NIGHT}" / "part-0000.parquet"),
        str(desk.out / "scores" / f"night={NIGHT}" / "part-0000.parquet"),
        str(desk.out / "reviews.csv"),
        str(desk.out / "reviews.xlsx"),
    ]
    rows = pq.read_table(written[0], partitioning=None).to_pylist()
    stored = history(open_reviews(desk.out))
    assert [row | {"decided_at": None} for row in rows] == [
        {
            "review_id": stored[0].review_id,
            "call_id": "c-0001",
            "rule_id": "forbidden.rude",
            "fingerprint": "fp-forbidden.rude",
            "reviewer": "王芳",
            "decision": "agree",
            "note": "=1+1 打断客户",
            "decided_at": None,
            "seconds": stored[0].seconds,
            "verdict": "violated",
            "role": "first",
            "supersedes": None,
            "cause": None,
        },
        {
            "review_id": stored[1].review_id,
            "call_id": "c-0003",
            "rule_id": None,
            "fingerprint": "aa11",  # of the packs that judged it
            "reviewer": "王芳",
            "decision": "agree",
            "note": "",
            "decided_at": None,
            "seconds": None,
            "verdict": None,
            "role": "first",
            "supersedes": None,
            "cause": None,
        },
    ]
    assert [row["decided_at"] for row in rows] == [made.decided_at for made in stored]
    content = Path(written[2]).read_bytes()
    assert content.startswith("\ufeff日期,通话,".encode())
    first = content.decode("utf-8-sig").splitlines()[1].split(",")
    assert first[:23] == [
        NIGHT, "c-0001", "2026-11-20 09:31:00", "\t0107", "一组", "投诉", "", "0:37", "0", "0", "高风险", "高风险",
        "服务禁语", "forbidden.rude", "违规", "100", "0:22 爱投诉就投诉; 0:24 你自己不知道吗", "同意", "一审", "王芳",
        "'=1+1 打断客户", "", "",
    ]  # fmt: skip
    whole = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))[1]
    assert [whole[name] for name in ("规则", "规则编号", "机器结论", "扣分", "复核结论")] == [
        "整通",
        "",
        "",
        "",
        "无漏判",
    ]


def test_words_put_right_are_exported_with_the_call_s_own_time(desk: Desk) -> None:
    desk.run("decide", "c-0003", "agree")
    heard = datetime(2026, 11, 21, 22, 45, 50, tzinfo=UTC)
    correct(open_reviews(desk.out), NIGHT, "c-0001", Word(3, "12315", "12300"), "李强", heard)
    written = desk.run("export").output.splitlines()
    content = Path(written[-1]).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines() == [
        "日期,通话,句序,识别为,应为,复核人,时间",
        f"{NIGHT},c-0001,3,12315,12300,李强,2026-11-22 06:45:50",
    ]


def spawn(desk: Desk, what: str = "next") -> Any:
    command = ["-m", "inspect_pipeline", "review", what, "--out", str(desk.out), "--rules", str(desk.pack)]
    environment = os.environ | {"TERM": "xterm", "INSPECT_REVIEWER": "王芳", "PYTHONIOENCODING": "utf-8"}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent.parent.parent), *sys.path])
    return pexpect.spawn(sys.executable, command, env=environment, dimensions=(24, 80), encoding="utf-8", timeout=30)


def test_list_fits_the_terminal_and_leaves_nothing_out(desk: Desk) -> None:
    terminal = spawn(desk, "list")
    assert terminal.expect(pexpect.EOF) == 0
    lines = terminal.before.splitlines()
    assert lines[:3] == [
        "通话    风险    期限                 得分  客服",
        "c-0001  高风险  11-21 10:00  已超时     0  0107",
        "    2026-11-20  待复核  致命违规、高风险、有违规",
    ]
    assert max(width(line) for line in lines) <= 80


def test_one_key_on_a_terminal_without_enter_and_ctrl_c_keeps_it(desk: Desk) -> None:
    terminal = spawn(desk)
    terminal.expect("第 1 / 5 项")
    terminal.send("a")
    terminal.expect("第 2 / 5 项")
    terminal.sendintr()
    terminal.expect("1 项判定已保存")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert desk.decisions() == [("c-0001", "forbidden.rude", "王芳", "agree", "")]
    assert desk.run("list").output.splitlines()[1].split()[8] == "待复核"


def test_killed_session_keeps_its_decisions_and_comes_back_to_the_same_call(desk: Desk) -> None:
    terminal = spawn(desk)
    terminal.expect("第 1 / 5 项")
    terminal.send("ad")
    terminal.expect("第 3 / 5 项")
    terminal.kill(signal.SIGKILL)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert [made[3] for made in desk.decisions()] == ["agree", "disagree"]
    again = desk.run("next", keys="q").output
    assert again.startswith("c-0001")
    assert "第 3 / 5 项" in again
