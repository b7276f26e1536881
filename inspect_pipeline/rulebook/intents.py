"""What an utterance does: complains, apologises, promises … A linear classifier over characters and syllables.

Paraphrase is the rule in calls, and no list of wordings is complete. A classifier that is trained on many tagged turns
(`intent_training.py`) knows more of them, and it explains itself: the clause that speaks most for the answer is the
quote. Syllables stand beside characters, so that a homophone of the recogniser's costs half of the evidence, not all.

An utterance is its n-grams, as often as they stand in it: one to three characters, two or three syllables without
tones, also two with one between them, each weighing as much as it is rare (inverse document frequency), divided by the
root of the sum of these squares. The log-odds of an intent are linear in them, and in the single characters and pairs
of what the other speaker says before and after: 「三零六二」 is a check after 「后四位是多少」.
"""

from __future__ import annotations

import bisect
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from inspect_pipeline.model import Speaker
from inspect_pipeline.rulebook.grams import (
    AROUND_KINDS,
    Clauses,
    Floats,
    Integers,
    Keys,
    KnownGrams,
    Rows,
    grams,
    text_starts,
)
from inspect_pipeline.text.sheet import Sheet, normalise_all

AROUND = 0.5  # what is said around an utterance is scaled to this length
_AT_ONCE = 1024  # symbols: what their n-grams add stays in the processor's cache
# A listener's noise: neither a turn of its own nor the end of the other's.
_BACKCHANNEL = re.compile(r"[\W嗯啊哦噢喔呃额诶欸哎唉哈嘿]*")

Bytes = npt.NDArray[np.int8]


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


class Read(NamedTuple):
    """What speaks for each intent in several texts.

    `own` (texts, intents): log-odds of each text alone; `around` (texts, 2 * intents): what it adds to those of the
    text after it, then of the one before it; `clause` (texts, intents): the one of its `clauses` that speaks most.
    """

    own: Floats
    around: Floats
    clause: Integers
    clauses: Clauses


@dataclass(frozen=True)
class IntentClassifier:
    """Log-odds of several intents for an utterance.

    `known`: the keys of the n-grams that were met in training, first those that count around an utterance, too;
    `rarity` (known): their weight. `weights` (known, intents), those of the utterances before and after it, `around`
    (the first of the known, 2 * intents), each a whole number times the `scale` of its column (3 * intents), and
    `offsets` (intents) make the log-odds. Two classifiers are the same when their `digest` is.
    """

    names: tuple[str, ...]
    known: Keys
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
            *(
                each.tobytes()
                for each in (self.known, self.rarity, self.weights, self.around, self.scale, self.offsets)
            ),
        ]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntentClassifier) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def _grams(self) -> KnownGrams:
        return KnownGrams(self.known)

    @cached_property
    def _pull(self) -> tuple[Floats, Floats]:
        """What each n-gram adds to its own text's odds, and to its neighbours'.

        The square of its rarity is the last column of each, and their last row, all zeros, that of what is not known.
        """
        count = len(self.names)
        return (
            _weighed(self.weights, self.scale[:count], self.rarity),
            _weighed(self.around, self.scale[count:], self.rarity[: len(self.around)]),
        )

    def read(self, texts: Sequence[str]) -> Read:
        """Return what speaks for each intent in some texts."""
        sheet = normalise_all(texts)
        clauses = Clauses.of(sheet)
        of_clauses = self._sums(sheet, clauses.symbols)
        own, around = (np.add.reduceat(sums, clauses.first, axis=0) for sums in of_clauses)
        return Read(
            self._odds(own),
            around[:, :-1] * (AROUND / _length(around)),
            clauses.best(self._odds(of_clauses[0])),
            clauses,
        )

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return the probability of each intent for each text alone, shape (texts, intents), rounded to 3 digits."""
        sheet = normalise_all(texts)
        return probability(self._odds(self._sums(sheet, text_starts(sheet))[0]))

    def _odds(self, own: Floats) -> Floats:
        """Return the log-odds that `_sums` add up to."""
        return own[:, :-1] / _length(own) + self.offsets

    def _sums(self, sheet: Sheet, first: Integers) -> tuple[Floats, Floats]:
        """Add up what n-grams add in each of the parts that begin at `first`, to its own odds and to its neighbours'.

        The last column of each is the square of the length.
        """
        rows = [self._grams.rows(keys) for keys in grams(sheet)]
        sums = [np.zeros((len(first), pull.shape[1]), dtype=np.float32) for pull in self._pull]
        for parts, symbols in _some_at_once(first, len(rows[0])):
            for summed, pull, kinds in zip(sums, self._pull, (rows, rows[:AROUND_KINDS]), strict=True):
                added = _taken(pull, kinds[0][symbols])
                for each in kinds[1:]:
                    added += _taken(pull, each[symbols])
                np.add.reduceat(added, first[parts] - symbols.start, axis=0, out=summed[parts])
        return sums[0], sums[1]

    def dump(self) -> bytes:
        """Return the classifier as a file. The same classifier is the same file."""
        arrays = {
            "names": np.array(self.names),
            "keys": self.known,
            "rarity": self.rarity.astype(np.float16),
            "weights": self.weights,
            "around": self.around,
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
                known, rarity = file["keys"], file["rarity"].astype(np.float32)
                weights, around = file["weights"], file["around"]
                fit = weights.shape == (len(rarity), len(names)) and around.shape[1:] == (2 * len(names),)
                if not fit or not len(known) == len(rarity) >= len(around):
                    raise ValueError("its tables do not fit together")
                return cls(names, known, rarity, weights, around, file["scale"], file["offsets"])
        except KeyError as error:
            raise ValueError("an intent classifier of another version") from error
        except (OSError, ValueError, IndexError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"no intent classifier ({error})") from error


def _some_at_once(first: Integers, count: int) -> Iterator[tuple[slice, slice]]:
    """Cut `count` things, of which a group begins at each of `first`, between groups; yield groups and things."""
    group, starts = 0, [*first.tolist(), count]
    while group < len(first):
        after = max(group + 1, bisect.bisect_right(starts, starts[group] + _AT_ONCE) - 1)
        yield slice(group, after), slice(starts[group], starts[after])
        group = after


def _weighed(weights: Bytes, scale: Floats, rarity: Floats) -> Floats:
    """Return the weights in whole numbers as what they add, with the square of the rarity as the last column.

    The last row is all zeros.
    """
    made = np.zeros((len(weights) + 1, weights.shape[1] + 1), dtype=np.float32)
    np.multiply(weights, scale, out=made[:-1, :-1])
    made[:-1, :-1] *= rarity[:, None]
    made[:-1, -1] = rarity**2
    return made


def _taken(pull: Floats, rows: Rows) -> Floats:
    """Return the rows of a table, the last one for those beyond its end."""
    return pull.take(rows, axis=0, mode="clip")


def probability(odds: Floats) -> Floats:
    """Return the probabilities of log-odds, rounded to 3 digits: they do not depend on the order of a sum then."""
    return np.round(1 / (1 + np.exp(-odds)), 3)


def _length(sums: Floats) -> Floats:
    """Return the length of each row, the square of which is the last column."""
    return np.sqrt(np.maximum(sums[:, -1:], np.float32(1e-9)))
