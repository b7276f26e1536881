"""Call scripts (YAML, as in `fixtures/scripts`) as calls of known truth, judged by their words before any voice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHARACTER_S, PAUSE_S = 0.205, 0.15  # about what the voices of the recordings need for a character and at punctuation
GAP_S = 0.45  # between turns, where a script says nothing else


def read_scripts(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the truth of each script of a folder, in the form of a recording's truth file.

    Times are estimated from the number of characters, so labels of `timing.*` are left out: only a voice decides them.
    """
    for path in sorted(folder.glob("*.yaml")):
        for script in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if script:
                yield _truth(script)


def _truth(script: dict[str, Any]) -> dict[str, Any]:
    turns: list[dict[str, Any]] = []
    now, ends = 0.6, {"A": 0.0, "C": 0.0}
    for turn in script["turns"]:
        who = "A" if "A" in turn else "C"
        text = str(turn[who])
        speed = turn.get("speed", script.get("agent_speed" if who == "A" else "customer_speed", 1.0))
        start = max(now + turn.get("gap", GAP_S), ends[who] + 0.05)
        spoken = sum(character.isalnum() for character in text)
        now = ends[who] = start + max(0.4, CHARACTER_S * spoken + PAUSE_S * (len(text) - spoken)) / speed
        turns.append({"who": who, "start": round(start, 2), "end": round(now, 2), "text": text})
    labels = {rule: label for rule, label in script["labels"].items() if not rule.startswith("timing.")}
    return {
        "id": script["id"],
        "duration": round(now + 0.8, 2),
        "metadata": {key: str(value) for key, value in script.get("metadata", {}).items()},
        "labels": labels,
        "turns": turns,
        "mono": bool(script.get("mono")),
    }
