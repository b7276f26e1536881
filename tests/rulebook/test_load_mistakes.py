"""Every mistake that a rule can hold, with the whole list of what the loader says about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from written_packs import NOTICE, PACK, RULE, problems, rule_problems

SOURCE = Path(__file__).with_suffix(".txt")
PROBLEM = re.compile(r"    \d+: ")


def cases(section: str) -> list[tuple[str, list[str]]]:
    """Return the cases of one section of the text file, each with its problems."""
    found: list[tuple[str, list[str]]] = []
    heading = ""
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif heading == section and PROBLEM.match(line):
            found[-1][1].append(line.strip())
        elif heading == section and line:
            found.append((line.replace("\\n", "\n"), []))
    return found


def edit(case: str) -> tuple[str, str]:
    """Return what is replaced, and by what."""
    old, _, new = case.partition(" =>")
    return old, new.removeprefix(" ")


def named(section: str) -> pytest.MarkDecorator:
    rows = cases(section)
    return pytest.mark.parametrize(("case", "expected"), rows, ids=[case for case, _ in rows])


def test_every_case_expects_a_problem() -> None:
    rows = [row for section in ("kind", "beside", "edit", "notice") for row in cases(section)]
    assert len(rows) > 80
    assert [case for case, expected in rows if not expected] == []


def test_the_rules_that_are_edited_are_right(tmp_path: Path) -> None:
    assert problems(PACK + RULE + NOTICE, tmp_path) == []


@named("kind")
def test_a_wrong_kind(case: str, expected: list[str], tmp_path: Path) -> None:
    assert rule_problems("must_say: [很高兴为您服务]", case, tmp_path) == expected


@named("beside")
def test_a_wrong_key_beside_the_kind(case: str, expected: list[str], tmp_path: Path) -> None:
    assert rule_problems("    severity: major\n", f"    severity: major\n    {case}\n", tmp_path) == expected


@named("edit")
def test_a_wrong_edit(case: str, expected: list[str], tmp_path: Path) -> None:
    assert rule_problems(*edit(case), tmp_path) == expected


@named("notice")
def test_a_wrong_notice(case: str, expected: list[str], tmp_path: Path) -> None:
    assert rule_problems(*edit(case), tmp_path, NOTICE) == expected
