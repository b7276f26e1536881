"""What is no readable pack file at all is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_packs import PACK, RULE, problems

from inspect_pipeline.rulebook.yamlfile import Entry, Mapping, Scalar, Sequence, parse_yaml, read_yaml

LISTS = """\
lists:
  a: [x, {list: b}]
  b: [{list: c}]
  c: [{list: a}]
  d: []
  e: [{all: [x]}]
  f: [{list: zz}]
rules:
"""


def test_every_scalar_is_text_and_every_node_has_its_line() -> None:
    assert parse_yaml("a: 1:30\nb:\n  - no\n  - '2'\n") == Mapping(
        (
            Entry("a", 1, Scalar("1:30", 1)),
            Entry("b", 2, Sequence((Scalar("no", 3), Scalar("2", 4)), 3)),
        ),
        1,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1: the file is empty"]),
        ("# nothing\n", ["1: the file is empty"]),
        ("- a\n", ["1: expected a mapping with 'pack', 'title', 'scorecard', 'intents' … in the pack"]),
        ("x\n", ["1: expected a mapping with 'pack', 'title', 'scorecard', 'intents' … in the pack"]),
        ("pack: p\ntitle: t\n", ["1: missing 'rules' in the pack"]),
        (
            "pack: P P\ntitle: t\nrules: []\n",
            [
                "1: 'P P' is not a name in small letters, digits and hyphens in 'pack' of the pack",
                "3: empty list in 'rules' of the pack",
            ],
        ),
        ("pack: p\ntitle: t\nrules: {}\n", ["3: expected a list in 'rules' of the pack"]),
        (PACK + "\t- id: x\n", ["4: indented with a tab: YAML needs spaces"]),
        (PACK + "  - &a\n    id: x\n", ["4: anchor '&a' is not read: share terms with 'lists:'"]),
        (PACK + "  - *a\n", ["4: alias '*a' is not read: share terms with 'lists:'"]),
        (PACK + "  - !!int 3\n", ["4: tag 'tag:yaml.org,2002:int' is not read: every value is text"]),
        (PACK + "  - ? [a]\n    : b\n", ["4: a key must be one word, not a list or a mapping"]),
        (PACK + RULE + "---\na: b\n", ["14: a second document begins here ('---'): one file holds one document"]),
        ("a:\n  b: \x07\n", ["2: holds a character that YAML does not allow (a control character?)"]),
        ("[" * 60 + "]" * 60, ["1: nested more than 40 levels deep"]),
        (
            PACK.replace("rules:", "scorecard: {base: 50, floor: 200, top: 3}\nlists: [a]\nrulez:") + RULE,
            [
                "1: missing 'rules' in the pack",
                "3: unknown key 'top' in 'scorecard' of the pack (known: base, floor)",
                "3: the floor 200 is not below the base 50 in 'scorecard' of the pack",
                "4: expected a mapping of names to lists of terms in the pack",
                "5: unknown key 'rulez' in the pack (did you mean 'rules'?)",
            ],
        ),
        (
            PACK.replace("rules:\n", LISTS) + RULE,
            [
                "4: lists refer to each other in a circle: a -> b -> c -> a in the pack",
                "7: empty list in list d of the pack",
                "8: a group (any, all, none) cannot stand in list e of the pack",
                "9: unknown list 'zz' in list f of the pack (lists of this pack: a, b, c, d, e, f)",
            ],
        ),
    ],
)
def test_a_file_that_is_wrong_as_a_whole(text: str, expected: list[str], tmp_path: Path) -> None:
    assert problems(text, tmp_path) == expected


@pytest.mark.parametrize("text", ["a: [", "a: b: c", 'a: "x', "a: @b", "a: 1\nb: {", "- a\nb: c"])
def test_broken_syntax_is_one_problem_with_a_line(text: str, tmp_path: Path) -> None:
    (problem,) = problems(text, tmp_path)
    line, message = problem.split(": ", 1)
    assert line.isdigit()
    assert message.startswith("is not valid YAML: ")


def test_bytes_that_are_no_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "gbk.yml"
    path.write_bytes("pack: p\ntitle: 电信\n".encode("gbk"))
    assert str(read_yaml(path)) == f"{path}:2: is not UTF-8: save the file in that encoding"


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.yml"
    path.write_bytes("\ufeffpack: p\r\ntitle: t\r\n".encode())
    expected = Mapping((Entry("pack", 1, Scalar("p", 1)), Entry("title", 2, Scalar("t", 2))), 1)
    assert read_yaml(path) == expected
