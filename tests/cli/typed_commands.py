"""Typing commands as a user does, in this process or in another."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BAD = ROOT / "fixtures" / "bad"
CALLS = ROOT / "fixtures" / "calls"


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str


Typed = Callable[..., Done]


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return the environment of a process that runs the program with its own customer key."""
    kept = {name: value for name, value in os.environ.items() if not re.match(r"INSPECT_(?!CACHE)", name)}
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**kept, "PYTHONPATH": path, "XDG_DATA_HOME": str(data), "COLUMNS": "80", **more}


def started(args: list[object], folder: Path, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the program in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "inspect_pipeline", *map(str, args)],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
