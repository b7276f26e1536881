"""The bench of rightness, on the true words of the calls that ship."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from sounds import CALLS

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
