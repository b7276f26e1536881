"""What a rule looks for, and what a look finds. The vocabulary that the pack loader and the matcher share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from inspect_pipeline.model import Match
from inspect_pipeline.rulebook.grams import Floats, Integers
from inspect_pipeline.rulebook.intents import IntentClassifier


class _Term:
    """A term keeps its hash: it is a key wherever something is worked out for a call, and may hold many sentences."""

    __slots__ = ("_hash",)
    _hash: int

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            value = hash(tuple(getattr(self, field.name) for field in fields(self)))  # type: ignore[arg-type]
            object.__setattr__(self, "_hash", value)
            return value


@dataclass(frozen=True, slots=True)
class Phrase(_Term):
    """A phrase, matched on normalised characters anywhere in an utterance.

    `sound`: also when the syllables are the same. `near`: also with a few wrong syllables when it is long enough.
    `word`: only where it begins and ends on word boundaries (jieba), for short phrases.
    """

    text: str
    sound: bool = True
    near: bool = True
    word: bool = False

    __hash__ = _Term.__hash__


@dataclass(frozen=True, slots=True)
class Regex(_Term):
    """A regular expression over the normalised text of one utterance; `unless` excuses a match that it also matches.

    `sound`: also where the syllables match and enough characters do.
    """

    pattern: str
    unless: str | None = None
    sound: bool = True

    __hash__ = _Term.__hash__


@dataclass(frozen=True, slots=True)
class Near(_Term):
    """All `phrases` in one utterance, in any order, with at most `within` other characters between neighbours."""

    phrases: tuple[Phrase, ...]
    within: int

    __hash__ = _Term.__hash__


@dataclass(frozen=True, slots=True)
class Like(_Term):
    """A clause that is like the `examples` and not like the `counter_examples`.

    `threshold` is the least score (about 1: like the examples, -1: like the others); None: learned from both lists.
    """

    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    threshold: float | None = None

    __hash__ = _Term.__hash__


@dataclass(frozen=True, slots=True)
class Intent(_Term):
    """An utterance that has the intent `name` with a probability of at least `least`, as `classifier` believes.

    From `doubt` on it may have it: neither presence nor absence is believed then. `under`: instead, an utterance of
    which that is believed with less than this probability. `garbled`: the `least` of an utterance that the recogniser
    is not sure of; `doubt` falls with it, by the same odds.
    """

    classifier: IntentClassifier
    name: str
    least: float = 0.5
    doubt: float | None = None
    under: float | None = None
    garbled: float | None = None

    __hash__ = _Term.__hash__

    def holding(self, probabilities: Floats) -> Integers:
        """Return the places of the utterances that are found, be it doubtfully."""
        if self.under is not None:
            return np.flatnonzero(probabilities < self.under)
        return np.flatnonzero(probabilities >= (self.least if self.doubt is None else self.doubt))

    @property
    def lost_odds(self) -> float:
        """The log-odds that an intent loses by garbled words, to be given back before `least` and `doubt` are asked."""
        return 0.0 if self.garbled is None else _log_odds(self.least) - _log_odds(self.garbled)

    def doubtful(self, probability: float) -> bool:
        """Whether an utterance that is found may not have the intent."""
        return self.under is None and probability < self.least


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


Term = Phrase | Regex | Near | Like | Intent


def label(term: Term) -> str:
    """Return the term as a reader knows it from the pack."""
    match term:
        case Phrase():
            return term.text
        case Regex():
            return term.pattern
        case Near():
            return " … ".join(phrase.text for phrase in term.phrases)
        case Like():
            return term.examples[0] if term.examples else ""
        case Intent():
            return term.name


class Hit(NamedTuple):
    """One term found in one utterance. `start`/`end` are offsets into `Utterance.text` (the original characters).

    `distance`: 0 exact; for `near` the edit distance in syllables (halves for a syllable that is half right);
    for `like` the score.
    """

    utterance: int
    start: int
    end: int
    match: Match
    distance: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """All that was found in one transcript: hits of each term, in utterance order.

    `almost`: per phrase, places that resemble it but not enough for a hit: absence cannot be believed there.
    `unable`: terms that could not be looked for, with the reason code (`regex-timeout`, `model-missing`).
    """

    hits: Mapping[Term, tuple[Hit, ...]]
    almost: Mapping[Term, tuple[Hit, ...]]
    unable: Mapping[Term, str]
