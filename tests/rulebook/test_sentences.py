"""Sentences of `like` terms from files beside the pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspect_pipeline.errors import PackError
from inspect_pipeline.rulebook.load import load_packs
from inspect_pipeline.rulebook.rule import MustNotSay
from inspect_pipeline.rulebook.terms import Like

PACK = """pack: p
title: t
rules:
  - id: a.b
    title: t
    why: w
    must_not_say: [{like: [甲乙丙, {file: fault.txt}], unlike: [{file: ordinary.txt}]}]
    severity: minor
    points: 1
    examples:
      - {expect: met, call: "客服: 好"}
      - {expect: violated, call: "客服: 不好"}
"""


def write(folder: Path, fault: str | None, ordinary: str) -> Path:
    (folder / "p.yml").write_text(PACK, "utf-8")
    (folder / "ordinary.txt").write_text(ordinary, "utf-8")
    if fault is not None:
        (folder / "fault.txt").write_text(fault, "utf-8")
    return folder / "p.yml"


def term(path: Path) -> Like:
    (pack,) = load_packs([path])
    kind = pack.rules[0].kind
    assert isinstance(kind, MustNotSay)
    (like,) = kind.group.any
    assert isinstance(like, Like)
    return like


def test_sentences_come_from_files_beside_the_pack(tmp_path: Path) -> None:
    path = write(tmp_path, "# a comment\n\n你自己看\n甲乙丙\n", "请稍等\n好的\n")
    assert term(path) == Like(("甲乙丙", "你自己看"), ("请稍等", "好的"))


def test_a_changed_sentence_changes_the_fingerprint(tmp_path: Path) -> None:
    before = load_packs([write(tmp_path, "你自己看\n", "请稍等\n")])[0].fingerprint
    after = load_packs([write(tmp_path, "你自己看\n", "请稍候\n")])[0].fingerprint
    assert before != after


@pytest.mark.parametrize(
    ("fault", "ordinary", "mistake"),
    [
        (None, "请稍等\n", "p.yml:7: file 'fault.txt' cannot be read (No such file or directory)"),
        ("你自己看\n请稍等\n你自己看\n", "好的\n", "fault.txt:3: '你自己看' stands in line 1 already"),
        ("请稍等\n", "请稍等\n", "p.yml:7: '请稍等' is both like and unlike"),
    ],
)
def test_mistakes_in_sentence_files_name_their_place(
    tmp_path: Path, fault: str | None, ordinary: str, mistake: str
) -> None:
    with pytest.raises(PackError) as caught:
        load_packs([write(tmp_path, fault, ordinary)])
    assert mistake in str(caught.value)
