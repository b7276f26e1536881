"""What an utterance does: complains, apologises, promises … A linear classifier over characters and syllables.

Paraphrase is the rule in calls, and no list of wordings is complete. A classifier that is trained on many tagged turns
(`intent_training.py`) knows more of them, and it explains itself: the clause that speaks most for the answer is the
quote. Syllables stand beside characters, so that a homophone of the recogniser's costs half of the evidence, not all.

An utterance is its n-grams, as often as they stand in it: one to three characters, two or three syllables without
tones, hashed into tables (Weinberger et al.: Feature Hashing for Large Scale Multitask Learning, 2009), each weighing
as much as it is rare (inverse document frequency), divided by the root of the sum of these squares. The log-odds of an
intent are linear in them, and in the single characters and pairs of what the other speaker says before and after:
「三零六二」 is a check after 「后四位是多少」.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from inspect_pipeline.model import Speaker
from inspect_pipeline.rulebook.heard import fold
from inspect_pipeline.text.sheet import CharacterTable, normalise_all
from inspect_pipeline.text.sound import Ear

BUCKETS = 1 << 16  # of each of the two tables, characters and syllables
_ORDERS = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3))  # which table, and how many of them
AROUND_ORDERS = 2  # the first of them, all of characters: what is read of the utterances around
AROUND = 0.5  # what is said around an utterance is scaled to this length
_FACTORS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint64)
_EDGE = 1  # the symbol before the first character and after the last
# A listener's noise: neither a turn of its own nor the end of the other's.
_BACKCHANNEL = re.compile(r"[\W嗯啊哦噢喔呃额诶欸哎唉哈嘿]*")

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.int8]

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


def is_backchannel(text: str) -> bool:
    """Tell whether a text is a listener's noise (嗯, 啊), which answers nothing."""
    return _BACKCHANNEL.fullmatch(text) is not None


def neighbours(turns: Sequence[tuple[Speaker, str]]) -> list[tuple[int, int]]:
    """Return for each turn the last one before and the first one after it that somebody else says; -1 for none.

    Backchannels are nobody's turns.
    """
    speakers = [speaker for speaker, _ in turns]
    loud = [not is_backchannel(text) for _, text in turns]
    before = _last_of_others(speakers, loud)
    after = _last_of_others(speakers[::-1], loud[::-1])[::-1]
    return [(one, len(turns) - 1 - other if other >= 0 else -1) for one, other in zip(before, after, strict=True)]


def _last_of_others(speakers: Sequence[Speaker], loud: Sequence[bool]) -> list[int]:
    """Return for each turn the last loud one before it of another speaker; -1 for none."""
    found = []
    last, speaking, other = -1, None, -1  # the last loud turn, whose it is, and the last one of somebody else
    for at, speaker in enumerate(speakers):
        found.append(other if speaker is speaking else last)
        if loud[at]:
            if speaker is not speaking:
                other, speaking = last, speaker
            last = at
    return found


@dataclass(frozen=True)
class IntentClassifier:
    """Log-odds of several intents for an utterance.

    `rarity` (2 * BUCKETS): the weight of an n-gram, 0 for one never met in training. `weights` (2 * BUCKETS, intents),
    those of the utterances before and after it, `around` (BUCKETS, 2 * intents), each a whole number times the `scale`
    of its column (3 * intents), and `offsets` (intents) make the log-odds. Two classifiers are the same when their
    `digest` is.
    """

    names: tuple[str, ...]
    rarity: Floats
    weights: Bytes
    around: Bytes
    scale: Floats
    offsets: Floats

    @cached_property
    def digest(self) -> str:
        """A hash of all that an answer depends on."""
        parts = [
            "\n".join(self.names).encode(),
            *(each.tobytes() for each in (self.rarity, self.weights, self.around, self.scale, self.offsets)),
        ]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntentClassifier) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def _pull(self) -> tuple[Floats, Floats]:
        """What each n-gram adds: to its own text's odds, and for one of characters to its own and its neighbours'."""
        count = len(self.names)
        own = self.weights * self.scale[:count] * self.rarity[:, None]
        around = self.around * self.scale[count:] * self.rarity[:BUCKETS, None]
        return own, np.hstack([own[:BUCKETS], around])

    def odds(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the log-odds of each intent for each text alone, and what the text adds to those of its neighbours.

        Shapes (texts, intents) and (texts, 2 * intents): to those of the one after it, then of the one before it.
        """
        count = len(self.names)
        sums, squares, squares_around = self._sums(texts, 3 * count)
        sums[:, :count] /= _length(squares)
        sums[:, count:] *= AROUND / _length(squares_around)
        return sums[:, :count] + self.offsets, sums[:, count:]

    def odds_alone(self, texts: Sequence[str]) -> Floats:
        """Return the log-odds of each intent for each text alone, shape (texts, intents)."""
        sums, squares, _ = self._sums(texts, len(self.names))
        sums /= _length(squares)
        return sums + self.offsets

    def _sums(self, texts: Sequence[str], width: int) -> tuple[Floats, Floats, Floats]:
        """Add up what n-grams add (`width` columns of it) and the squares of their rarity, all and those of around."""
        count = len(self.names)
        sums = np.zeros((len(texts), width), dtype=np.float32)
        squares, squares_around = (np.zeros(len(texts), dtype=np.float32) for _ in range(2))
        for order, (buckets, text) in enumerate(grams(texts)):
            rarity = self.rarity[buckets]
            known = np.flatnonzero(rarity)
            if not len(known):
                continue
            numbers = text[known]
            first = np.flatnonzero(np.diff(numbers, prepend=-1))
            at = numbers[first]
            square = np.add.reduceat(rarity[known] ** 2, first)
            squares[at] += square
            if order < AROUND_ORDERS:
                squares_around[at] += square
            wide = width > count and order < AROUND_ORDERS
            rows = self._pull[wide][buckets[known]]
            sums[at, : rows.shape[1]] += np.add.reduceat(rows, first, axis=0)
        return sums, squares, squares_around

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return the probability of each intent for each text alone, shape (texts, intents), rounded to 3 digits."""
        return probability(self.odds_alone(texts))

    def dump(self) -> bytes:
        """Return the classifier as a file. The same classifier is the same file."""
        known, around = np.flatnonzero(self.rarity), np.flatnonzero(self.around.any(axis=1))
        arrays = {
            "names": np.array(self.names),
            "known": known.astype(np.int32),
            "rarity": self.rarity[known].astype(np.float16),
            "weights": self.weights[known],
            "known_around": around.astype(np.int32),
            "around": self.around[around],
            "scale": self.scale,
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
                weights = np.zeros((2 * BUCKETS, len(names)), dtype=np.int8)
                around = np.zeros((BUCKETS, 2 * len(names)), dtype=np.int8)
                rarity[file["known"]] = file["rarity"]
                weights[file["known"]] = file["weights"]
                around[file["known_around"]] = file["around"]
                return cls(names, rarity, weights, around, file["scale"], file["offsets"])
        except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"no intent classifier ({error})") from error


def probability(odds: Floats) -> Floats:
    """Return the probabilities of log-odds, rounded to 3 digits: they do not depend on the order of a sum then."""
    return np.round(1 / (1 + np.exp(-odds)), 3)


def _length(squares: Floats) -> Floats:
    """Return the lengths of texts, one a row, of the sums of squares."""
    return np.sqrt(np.maximum(squares, np.float32(1e-9)))[:, None]
