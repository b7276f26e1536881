"""The sentence model behind `like` terms: the real packaged model, and a transformers one from a folder."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from inspect_pipeline.errors import ModelError
from inspect_pipeline.rulebook.load import load_packs
from inspect_pipeline.rulebook.terms import Like
from inspect_pipeline.semantic import Similarity, load_sentence_model
from inspect_pipeline.store.vectors import StoredVectors

EMPATHY = Like(
    ("我非常理解您的心情", "给您添麻烦了真的很抱歉", "换了谁都会着急的", "让您受委屈了", "您的感受我完全明白"),
    ("地址是哪里", "请您稍等我查一下", "您的套餐是五十八元", "祝您生活愉快", "机主叫什么名字", "还有其他可以帮您的吗"),
)


@pytest.fixture(scope="module")
def similarity() -> Similarity:
    model = load_sentence_model(None)
    assert model is not None, "make test installs the extra 'offline'"
    return Similarity(model)


def test_paraphrases_are_told_from_ordinary_talk(similarity: Similarity) -> None:
    alike = similarity.scores(EMPATHY, ["换成是我也会很难受", "您的心情我能体会", "真是对不起让您着急了"])
    other = similarity.scores(EMPATHY, ["哦地址是哪里", "这个业务每月十块钱", "请报一下您的号码"])
    assert min(alike) > max(other)


def test_scores_do_not_depend_on_company(similarity: Similarity) -> None:
    model = load_sentence_model(None)
    assert model is not None
    clauses = ["换成是我也会很难受", "哦地址是哪里", *EMPATHY.examples, *EMPATHY.counter_examples]
    alone = [Similarity(model).scores(EMPATHY, [clause])[0] for clause in clauses]
    assert list(similarity.scores(EMPATHY, clauses)) == alone


def test_the_threshold_lies_above_unseen_counter_examples(similarity: Similarity) -> None:
    assert 0.0 <= similarity.threshold(EMPATHY) < 1.0
    assert similarity.threshold(Like(EMPATHY.examples, EMPATHY.counter_examples, threshold=0.3)) == 0.3


def test_leaving_one_out_in_closed_form_is_leaving_one_out(similarity: Similarity) -> None:
    """The threshold's closed form against training again without each counter-example."""
    scores = []
    for left in EMPATHY.counter_examples:
        rest = tuple(sentence for sentence in EMPATHY.counter_examples if sentence != left)
        scores.append(similarity.scores(Like(EMPATHY.examples, rest), [left])[0])
    # Without one counter-example the examples weigh a little less, so the two agree nearly, not exactly.
    assert similarity.threshold(EMPATHY) == pytest.approx(max(0.0, *scores), abs=0.1)


def test_the_shipped_pack_keeps_polite_talk_apart_from_faults(similarity: Similarity) -> None:
    """A pack's sentence files travel with it, and a missing one is a mistake with its place."""
    (pack,) = load_packs([Path(__file__).parent.parent / "rules" / "telecom-cn.yml"])
    assert {rule.id for rule in pack.rules} >= {"forbidden.rude", "empathy.after-complaint"}


def test_a_model_that_is_not_there_is_an_error_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"semantic|cannot load"):
        load_sentence_model(str(tmp_path / "nothing"))


def test_a_transformers_model_from_a_folder(tmp_path: Path) -> None:
    """A tiny encoder, made here, goes through the real transformers code: loading, batches, pooling."""
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        pytest.skip("torch and transformers are not installed (extra 'semantic')")
    import transformers

    characters = sorted(
        {character for sentence in EMPATHY.examples + EMPATHY.counter_examples for character in sentence}
    )
    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]), "utf-8")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}), "utf-8")
    transformers.set_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(characters) + 5, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    model = load_sentence_model(str(tmp_path))
    assert model is not None
    vectors = model.embed([*EMPATHY.examples, *EMPATHY.counter_examples] * 10)
    assert vectors.shape == (110, 32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(vectors[0], model.embed([EMPATHY.examples[0]])[0], atol=1e-5)
    assert Similarity(model).scores(EMPATHY, EMPATHY.examples[:1])[0] > 0


def test_vectors_that_are_stored_are_not_made_again_and_give_the_same_scores(
    similarity: Similarity, tmp_path: Path
) -> None:
    clauses = [f"您的话费是{number}块钱" for number in range(40)] + ["换成是我也会很难受"]
    model = Asked()
    scores = [list(Similarity(model, StoredVectors(tmp_path / ".work", "m")).scores(EMPATHY, clauses)) for _ in "12"]
    assert scores == [list(similarity.scores(EMPATHY, clauses))] * 2
    assert [sentence for sentence in model.asked if sentence in clauses] == clauses


class Asked:
    """The packaged model, and what it was asked."""

    def __init__(self) -> None:
        model = load_sentence_model(None)
        assert model is not None
        self.name, self._model = model.name, model
        self.asked: list[str] = []

    def embed(self, sentences: Sequence[str]) -> np.ndarray:
        self.asked += sentences
        return self._model.embed(sentences)
