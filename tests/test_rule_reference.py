"""docs/rules.md explains every key that the loader knows, and each of its rules loads and passes its own examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inspect_pipeline.rulebook.examples import run_examples
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.keys import KEYS, KINDS, QUANTITY_UNITS, TERM_KEYS, WAITS
from inspect_pipeline.rulebook.load import load_packs
from inspect_pipeline.rulebook.rule import (
    Measure,
    MustFollow,
    MustNotSay,
    MustReply,
    MustSay,
    Notice,
    Pack,
    Place,
    Position,
)

PAGE = (Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml (pack|rule)\n(.*?)```", PAGE, re.DOTALL)
HEAD = "pack: reference\ntitle: t\nrules:\n"

# The heading under which the keys of a section are explained.
HEADINGS = {
    "pack": "The file",
    "scorecard": "The file",
    "rule": "A rule",
    "window": "window",
    "condition": "only_if",
    "example": "examples",
    "group": "Groups",
    "phrase": "Terms",
    "regex": "Terms",
    "near": "Terms",
    "like": "Terms",
    "intent": "Terms",
    "list": "Terms",
    "sentences": "Terms",
    "excuse": "except",
    "must_reply": "must_reply",
    "trigger": "must_reply",
    "reply": "must_reply",
    "must_follow": "must_follow",
    "step": "must_follow",
    "measure": "measure",
}


def chapter(heading: str) -> str:
    """Return the text under a heading."""
    return re.split(rf"^## {heading}$", PAGE, flags=re.MULTILINE)[1].split("\n## ")[0]


def packs(folder: Path) -> list[Pack]:
    """Return every snippet as a pack of its own."""
    found: list[Pack] = []
    for number, (what, text) in enumerate(SNIPPETS):
        path = folder / f"{number}.yml"
        path.write_text(text if what == "pack" else HEAD + text, encoding="utf-8")
        found.extend(load_packs([path]))
    return found


@pytest.mark.parametrize(("section", "key"), [(section, key) for section, keys in KEYS.items() for key in keys])
def test_every_key_is_explained(section: str, key: str) -> None:
    in_tables = "\n".join(line for line in chapter(HEADINGS[section]).splitlines() if line.startswith("|"))
    assert f"`{key}`" in in_tables


def test_every_kind_of_term_and_every_quantity_is_explained() -> None:
    assert [key for key in TERM_KEYS if f"{{{key}: " not in chapter("Terms")] == []
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| `([^`]+)` \|$", chapter("measure"), re.MULTILINE)
    units = {str(what): unit for what, unit in QUANTITY_UNITS.items() if what != "wait"}
    assert {what: re.sub(r"[-\d ]", "", unit) for what, unit in rows} == units
    assert [value for value in (*Place, *Position, *WAITS) if f"`{value}`" not in PAGE] == []


def test_every_kind_has_a_snippet_and_no_snippet_is_left_out(tmp_path: Path) -> None:
    shown = {type(rule.kind) for pack in packs(tmp_path) for rule in pack.rules}
    assert shown == {MustSay, MustNotSay, MustReply, MustFollow, Measure, Notice}
    assert len(KINDS) == len(shown)
    assert PAGE.count("```yaml") == len(SNIPPETS)


def test_every_snippet_passes_its_own_examples(tmp_path: Path) -> None:
    failed = [
        result.message
        for pack in packs(tmp_path)
        for result in run_examples(pack, Judge([pack]).answer)
        if result.message
    ]
    assert failed == []
