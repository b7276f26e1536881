"""What `run` says while it works and when it is done."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pexpect
import pytest
from typed_commands import BAD, environment

from inspect_pipeline.cli.progress import told
from inspect_pipeline.cli.run import show_summary
from inspect_pipeline.night.told import NightSummary, NotInspected, Progress

SUMMARY = NightSummary(
    night="2026-11-20",
    calls=1216,
    inspected=1204,
    failed=11,
    skipped=1,
    fresh=1216,
    audio_s=218_000.0,
    elapsed_s=4_000.0,
    workers=2,
    rules={
        "greeting.opening": {"met": 1100, "violated": 64, "noticed": 0, "uncertain": 40, "not_applicable": 0},
        "risk.churn": {"met": 0, "violated": 0, "noticed": 7, "uncertain": 0, "not_applicable": 1197},
    },
    risks={"high": 31, "medium": 64, "low": 200, "none": 909},
    flagged=58,
    flag_reasons={"clean": 20, "critical": 31, "high-risk": 31, "uncertain": 7},
    failures=tuple(
        NotInspected(f"c-{number:02d}", "", f"manifest.csv:{number}: /recordings/night/c-{number:02d}.wav: the file is "
                     "empty: fetch the recording again") for number in range(2, 13)
    ),
    skips=(NotInspected("c-99", "", "0.4 s is shorter than 1 s"),),
)  # fmt: skip


@pytest.fixture(autouse=True)
def screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_the_account_of_a_partial_night_ends_with_what_matters(capsys: pytest.CaptureFixture[str]) -> None:
    show_summary(SUMMARY, Path("nights/a b"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:6] == [
        "rule              violated  noticed   met  uncertain  not applicable",
        "greeting.opening        64        ·  1100         40               ·",
        "risk.churn               ·        7     ·          ·            1197",
        "",
        "failed: c-02: manifest.csv:2: /recordings/night/c-02.wav: the file is empty:",
        "    fetch the recording again",
    ]
    assert lines[-14:] == [
        "failed: 1 more: inspect-pipeline report night --night 2026-11-20 --all --out",
        "    'nights/a b'",
        "",
        "skipped: c-99: 0.4 s is shorter than 1 s",
        "",
        "Night 2026-11-20: PARTIAL, 11 calls failed",
        "  1,216 calls in = 1,204 inspected + 11 failed + 1 skipped",
        "  60.6 h of audio in 1:06:40 with 2 workers, 54 x real time",
        "  risk: 31 high, 64 medium, 200 low, 909 none",
        "  58 calls to hear: 31 critical, 31 high risk, 7 uncertain, 20 random (a call",
        "    may have several reasons)",
        "Mend what failed and run the same command again: what is done is kept.",
        "Tables are in nights/a b. Next:",
        "  inspect-pipeline review next --out 'nights/a b'",
    ]


def test_the_account_of_a_quiet_night(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = dataclasses.replace(
        SUMMARY, calls=1, inspected=1, failed=0, skipped=0, fresh=0, audio_s=59.0, workers=1, rules={}, flagged=0,
        risks={"high": 0, "medium": 0, "low": 0, "none": 1}, flag_reasons={}, failures=(), skips=(),
    )  # fmt: skip
    show_summary(quiet, Path("out"))
    assert capsys.readouterr().out.splitlines() == [
        "Night 2026-11-20: complete",
        "  1 call in = 1 inspected + 0 failed + 0 skipped",
        "  1.0 min of audio; nothing was left to do",
        "  risk: 0 high, 0 medium, 0 low, 1 none",
        "  0 calls to hear",
        "Tables are in out. Next:",
        "  inspect-pipeline review next",
    ]


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress(0, 40, 0, 0, 0, 0, 0.0, 3.0), "0/40  loading models"),
        (Progress(10, 40, 10, 0, 0, 0, 0.0, 3.0), "10/40  loading models"),
        (Progress(20, 40, 10, 9, 1, 0, 720.0, 60.0), "20/40  1 failed  12.0 min  12x  2:00 left"),
        (Progress(40, 40, 10, 30, 0, 0, 7_200.0, 600.0), "40/40  2.0 h  12x  writing"),
        (Progress(40, 40, 40, 0, 0, 0, 0.0, 1.0), "40/40  writing"),
    ],
)
def test_how_far_a_night_is(progress: Progress, words: str) -> None:
    assert told(progress) == words


def test_a_bar_on_a_terminal_that_is_gone_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(f"call_id,path\na,{BAD}/calls/empty.wav\n", encoding="utf-8")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "inspect_pipeline", "run", str(tmp_path), "--night", "2026-11-20", "--workers", "1"],
        cwd=str(tmp_path),
        env={**environment(tmp_path), "TERM": "xterm-256color"},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=120,
    )
    child.expect("0/1  loading models")
    child.expect_exact("\x1b[2K")  # the bar's line is wiped
    child.expect("Night 2026-11-20: PARTIAL, 1 call failed")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 3
