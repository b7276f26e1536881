"""What an utterance does: complains, apologises, promises … A linear classifier over characters and syllables.

Paraphrase is the rule in calls, and no list of wordings is complete. A classifier that is trained on many tagged turns
(`intent_training.py`) knows more of them, and it explains itself: the clause that speaks most for the answer is the
quote. Syllables stand beside characters, so that a homophone of the recogniser's costs half of the evidence, not all.

An utterance is the set of its n-grams: one to three characters, two or three syllables without tones, hashed into
tables (Weinberger et al.: Feature Hashing for Large Scale Multitask Learning, 2009), each weighing as much as it is
rare (inverse document frequency), scaled to length 1. The log-odds of an intent are linear in them.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from inspect_pipeline.rulebook.heard import fold
from inspect_pipeline.text.sheet import CharacterTable, normalise_all
from inspect_pipeline.text.sound import Ear

BUCKETS = 1 << 16  # of each of the two tables, characters and syllables
_ORDERS = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3))  # which table, and how many of them
_FACTORS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint64)
_EDGE = 1  # the symbol before the first character and after the last

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

_folded = CharacterTable(lambda character: ord(fold(character)))
_ear = Ear()
_heard = CharacterTable(lambda character: ord(_ear.symbol(character)))


def grams(texts: Sequence[str]) -> Iterator[tuple[Integers, Integers]]:
    """Yield the buckets of n-grams and the number of the text that each is in (ascending), one kind after another."""
    sheet = normalise_all(texts)
    lengths = np.diff(sheet.starts) + 2
    text = np.repeat(np.arange(len(texts)), lengths)
    inner = np.ones(len(text), dtype=bool)
    ends = np.cumsum(lengths)
    inner[ends - lengths] = inner[ends - 1] = False
    layers = [np.full(len(text), _EDGE, dtype=np.uint64) for _ in range(2)]
    keys = _folded(sheet.codes)
    layers[0][inner], layers[1][inner] = keys, _heard(keys)
    for table, order in _ORDERS:
        count = max(0, len(text) - order + 1)
        mixed = np.zeros(count, dtype=np.uint64)
        for place in range(order):
            mixed = (mixed ^ layers[table][place : place + count]) * _FACTORS[place]
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
        bucket = ((mixed >> np.uint64(40)) & np.uint64(BUCKETS - 1)).astype(np.int64) + table * BUCKETS
        whole = text[:count] == text[len(text) - count :]
        yield bucket[whole], text[:count][whole]


@dataclass(frozen=True)
class IntentClassifier:
    """Log-odds of several intents for an utterance.

    `rarity` (2 * BUCKETS): the weight of an n-gram, 0 for one never met in training. `weights` (2 * BUCKETS, intents)
    and `offsets` (intents) make the log-odds. Two classifiers are the same when their `digest` is.
    """

    names: tuple[str, ...]
    rarity: Floats
    weights: Floats
    offsets: Floats

    @cached_property
    def digest(self) -> str:
        """A hash of all that an answer depends on."""
        parts = [
            "\n".join(self.names).encode(),
            *(each.tobytes() for each in (self.rarity, self.weights, self.offsets)),
        ]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntentClassifier) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def _pull(self) -> Floats:
        return self.weights * self.rarity[:, None]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return the probability of each intent for each text, shape (texts, intents), rounded to 3 digits."""
        odds = np.zeros((len(texts), len(self.names)), dtype=np.float32)
        square = np.zeros(len(texts), dtype=np.float32)
        for buckets, text in grams(texts):
            rarity = self.rarity[buckets]
            known = np.flatnonzero(rarity)
            if not len(known):
                continue
            rows, numbers = self._pull[buckets[known]], text[known]
            first = np.flatnonzero(np.diff(numbers, prepend=-1))
            odds[numbers[first]] += np.add.reduceat(rows, first, axis=0)
            square[numbers[first]] += np.add.reduceat(rarity[known] ** 2, first)
        odds /= np.sqrt(np.maximum(square, 1e-9))[:, None]
        odds += self.offsets
        return np.round(1 / (1 + np.exp(-odds)), 3)

    def dump(self) -> bytes:
        """Return the classifier as a file. The same classifier is the same file."""
        known = np.flatnonzero(self.rarity).astype(np.int32)
        arrays = {
            "names": np.array(self.names),
            "known": known,
            "rarity": self.rarity[known].astype(np.float16),
            "weights": self.weights[known].astype(np.float16),
            "offsets": self.offsets,
        }
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                part = io.BytesIO()
                np.save(part, array, allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), part.getvalue(), zipfile.ZIP_DEFLATED)
        return file.getvalue()

    @classmethod
    def load(cls, content: bytes) -> IntentClassifier:
        """Return the classifier of a file that `dump` made. Raise ValueError when it is none."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                names = tuple(str(name) for name in file["names"])
                rarity = np.zeros(2 * BUCKETS, dtype=np.float32)
                weights = np.zeros((2 * BUCKETS, len(names)), dtype=np.float32)
                rarity[file["known"]] = file["rarity"]
                weights[file["known"]] = file["weights"]
                return cls(names, rarity, weights, file["offsets"].astype(np.float32))
        except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"no intent classifier ({error})") from error
