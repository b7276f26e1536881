"""A reviewer's day at a real terminal: forty calls, one key a decision, looked at from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pexpect
import pytest

from inspect_pipeline.review.archive import Archive, take_over_flags
from inspect_pipeline.review.database import open_reviews
from inspect_pipeline.review.decisions import history, standing
from inspect_pipeline.review.paint import Frame
from inspect_pipeline.review.queue import claim_next, count_open, done_since, items
from inspect_pipeline.review.screen import View, draw
from tests.review.conftest import NOW
from tests.review.nights import PACK, many_calls, write_shards

KEYS = r"\?帮助"  # what the last line of every screen ends with
ROOT = Path(__file__).parent.parent.parent


def night(out: Path, calls: int, rules: int = 5) -> Path:
    out.mkdir()
    write_shards(out, *many_calls(calls, rules))
    pack = out / "titles.yml"
    pack.write_text(PACK, encoding="utf-8")
    return out


def environment(reviewer: str) -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), *sys.path])
    return os.environ | {
        "TERM": "xterm", "INSPECT_REVIEWER": reviewer, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": paths,
    }  # fmt: skip


def command(out: Path, *more: str) -> list[str]:
    return ["-m", "inspect_pipeline", "review", "next", "--out", str(out), "--rules", str(out / "titles.yml"), *more]


def sit_down(out: Path, *more: str) -> Any:
    return pexpect.spawn(
        sys.executable, command(out, *more), env=environment("王芳"), dimensions=(24, 80), encoding="utf-8", timeout=60
    )


def press(terminal: Any, keys: str) -> str:
    """Press one key after the other, each when its screen is there; return the last screen."""
    for key in keys:
        terminal.send(key)
        terminal.expect(KEYS)
    return str(terminal.before)


def test_forty_calls_at_a_terminal(tmp_path: Path) -> None:
    """Four rude calls of five steps, then long ones of two; notes, a cause, a word, undo over calls, a skip, a quit."""
    out = night(tmp_path / "out", 42)
    terminal = sit_down(out)
    terminal.expect("今天 0 / 42")
    terminal.expect(KEYS)
    press(terminal, "adaua")  # the first rude call
    terminal.send("n")
    terminal.expect("备注（回车保存）：")
    terminal.sendline("像是在转述")
    terminal.expect(KEYS)
    terminal.send("c")
    terminal.expect("序号（回车取消）：")
    terminal.sendline("3")
    terminal.expect("规则过严")
    terminal.expect(KEYS)
    press(terminal, "daaa")
    assert "已判 无漏判" in press(terminal, "ab")  # the third call's first screen, and back to the second's last
    assert "今天 2 / 42" in press(terminal, "u")  # decided anew; the third again
    terminal.send("w")
    terminal.expect("改词")
    terminal.sendline("主管=主任")
    terminal.expect("主管 → 主任")
    terminal.expect(KEYS)
    for at in range(3, 6):
        assert f"今天 {at} / 42" in press(terminal, "aaaaa")
    press(terminal, "s")  # the first long one is put off
    for at in range(6, 40):
        screen = press(terminal, "aa" if at % 5 else "da")
        assert f"今天 {at} / 42" in screen
    terminal.send("aa")
    terminal.expect("今天 40 / 42")
    terminal.expect(KEYS)
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    assert "本次复核 40 通，96 项判定已保存。" in terminal.before
    assert "还有 2 通待复核。" in terminal.before
    terminal.close()
    assert terminal.exitstatus == 0
    database = open_reviews(out)
    made = history(database)
    assert len(made) == 96
    stands = standing(made)
    by_choice = {
        choice: sum(d.choice.value == choice for d in stands) for choice in ("agree", "disagree", "unsure", "missed")
    }
    assert by_choice == {"agree": 85, "disagree": 8, "unsure": 2, "missed": 0}
    noted = [(d.subject.call_id, d.subject.rule_id, d.note, d.cause) for d in stands if d.note or d.cause]
    assert noted == [("c-00010", "forbidden.rude", "像是在转述", "规则过严")]
    assert sum(item.done_by == "王芳" for item in items(database)) == 40
    assert all(item.claimed_by is None for item in items(database))


def test_power_cut_in_the_middle_of_a_call(tmp_path: Path) -> None:
    out = night(tmp_path / "out", 12)
    terminal = sit_down(out)
    terminal.expect(KEYS)
    press(terminal, "aaaaa" + "aad")
    terminal.kill(signal.SIGKILL)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert len(history(open_reviews(out))) == 8
    again = sit_down(out)
    again.expect("今天 1 / 12")
    again.expect("第 4 / 5 项")
    again.expect(KEYS)
    assert "今天 2 / 12" in press(again, "aa")
    again.send("q")
    again.expect(pexpect.EOF)


def test_eight_at_once_hear_every_call_once(tmp_path: Path) -> None:
    """Eight sessions of the program itself, started together; each hears what it is given until nothing is left."""
    out = night(tmp_path / "out", 24)
    people = [f"复核员{number}" for number in range(8)]
    sessions = [
        subprocess.Popen(
            [sys.executable, *command(out)], env=environment(name), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for name in people
    ]  # fmt: skip
    for session in sessions:
        assert session.stdin is not None
        session.stdin.write("a" * 100)
        session.stdin.close()
    for session in sessions:
        assert session.stdout is not None
        session.stdout.read()
        assert session.wait(timeout=60) == 0
    database = open_reviews(out)
    made = history(database)
    assert len(made) == 3 * 5 + 21 * 2
    assert all(d.supersedes is None for d in made)
    by_call: dict[str, set[str]] = {}
    for decision in made:
        by_call.setdefault(decision.subject.call_id, set()).add(decision.reviewer)
    assert len(by_call) == 24
    assert {item.call_id: {item.done_by} for item in items(database)} == by_call


def test_filters_on_the_command_line(tmp_path: Path) -> None:
    out = night(tmp_path / "out", 20)
    terminal = sit_down(out, "--text", "叫你们主管来", "--agent", "0102", "--grade", "high")
    terminal.expect("今天 0 / 1")
    terminal.expect(KEYS)
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    assert "还有 1 通待复核" in terminal.before


@pytest.mark.parametrize("calls", [2000])
def test_next_call_of_a_big_night_takes_under_200_ms(tmp_path: Path, calls: int) -> None:
    """Processor time, which does not depend on what else the machine does: claim, count, read the call, draw."""
    out = night(tmp_path / "out", calls)
    database = open_reviews(out)
    take_over_flags(database, out, NOW)
    archive = Archive(out, {})
    took = []
    for _ in range(9):
        began = time.process_time()
        take_over_flags(database, out, NOW)
        item = claim_next(database, "王芳", NOW)
        assert item is not None
        done = len(done_since(database, "王芳", NOW))
        view = View(archive.case(item.night, item.call_id, item), 0, done, count_open(database, "王芳", NOW), NOW)
        draw(view, Frame())
        took.append(time.process_time() - began)
    assert sorted(took)[4] < 0.2
