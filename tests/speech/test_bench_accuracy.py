"""The bench of rightness, on the true words of the calls that ship."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from sounds import CALLS

from inspect_pipeline.model import Verdict

ROOT = CALLS.parents[1]


def test_accuracy_is_told_as_json() -> None:
    """A count by text became a mapping with tuples for keys, which JSON has not."""
    command = [sys.executable, "bench/accuracy.py", str(CALLS), "--text", "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8", check=True)
    answer = json.loads(done.stdout)
    report = answer["result"]["calls"]
    assert (answer["schema"], report["edits"]) == (1, 0)
    assert report["other"]["risk.churn: pass answered not_applicable"] == 0
    assert report["total"]["decided"] > 200
    assert len(report["speech_rates"]) == 12  # of the stereo calls, whose speakers are known for sure
    assert all(measured == pytest.approx(true, rel=0.05) for measured, true in report["speech_rates"])


def test_a_speech_rate_is_told_beside_the_true_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    import accuracy

    turns = [
        {"who": "A", "start": 1.0, "end": 3.0, "text": "您好，请讲。"},
        {"who": "C", "start": 3.0, "end": 9.0, "text": "我要查话费。"},
        {"who": "A", "start": 9.0, "end": 10.0, "text": "好的。"},
    ]
    assert accuracy.true_rate({"turns": turns}) == pytest.approx(6 * 60 / 3)
    assert accuracy.rate_line([(330.0, 300.0), (190.0, 200.0)]) == (
        "speech rate: 2 measured, 260 characters a minute beside the true 250; "
        "relative error 7.5% in the mean, worst +10.0%"
    )


def test_scripts_are_judged_by_their_words_without_what_only_a_voice_decides() -> None:
    command = [sys.executable, "bench/accuracy.py", "fixtures/scripts/held", "--text", "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8", check=True)
    report = json.loads(done.stdout)["result"]["held"]
    assert {rule for rule in report["rules"] if rule.startswith("timing.")} == set()
    assert report["total"]["decided"] == 332
    assert report["total"]["hit"] >= 30


def test_several_folders_are_summed_and_an_abstention_is_told_from_a_miss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    import accuracy

    def report(*verdicts: tuple[Verdict, str]) -> accuracy.Report:
        made = accuracy.Report()
        for verdict, label in verdicts:
            made.rules.setdefault("a.b", accuracy.Counts()).add(verdict, label)
            made.total.add(verdict, label)
        return made

    some = report((Verdict.VIOLATED, "fail"), (Verdict.UNCERTAIN, "fail"), (Verdict.UNCERTAIN, "pass"))
    others = report((Verdict.VIOLATED, "pass"), (Verdict.MET, "fail"), (Verdict.VIOLATED, "fail"))
    accuracy.show("both", accuracy.together([some, others]))
    told = capsys.readouterr().out
    assert "2/1/2 (1)" in told
    assert "recall of what it answered                      0.667" in told
    assert (some.total.hit, others.total.hit) == (1, 1)
