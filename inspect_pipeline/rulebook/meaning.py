"""What texts mean: the intents that each of them may have, worked out for a block of texts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from inspect_pipeline.model import Speaker
from inspect_pipeline.rulebook.grams import Floats
from inspect_pipeline.rulebook.intents import IntentClassifier, neighbours, probability
from inspect_pipeline.rulebook.terms import Intent, Term

Span = tuple[int, int]

SURE_CONFIDENCE = 0.85  # of the recogniser in an utterance; words that were written down have 1


class Meaning:
    """Several texts as a classifier has read them, each by its number."""

    def __init__(self, classifier: IntentClassifier, texts: Sequence[str]) -> None:
        self.read = classifier.read(texts)
        self._names = classifier.names
        self._spans: list[Span] = [
            *zip(self.read.clauses.starts.tolist(), self.read.clauses.ends.tolist(), strict=True)
        ]

    def place(self, text: int, name: str) -> Span:
        """Return where in a text an intent speaks most: the clause of the highest odds."""
        return self._spans[int(self.read.clause[text, self._names.index(name)])]


class TextRead(NamedTuple):
    """A text by its number in the block that it was read in, to each of the classifiers."""

    meanings: tuple[Meaning, ...]
    number: int


class IntentIndex:
    """The intents among some terms, which are named by their numbers."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._wanted: dict[IntentClassifier, list[tuple[int, Intent]]] = {}
        for number, term in enumerate(terms):
            if isinstance(term, Intent):
                self._wanted.setdefault(term.classifier, []).append((number, term))
        self._classifiers = list(self._wanted)

    def read(self, texts: Sequence[str]) -> tuple[Meaning, ...]:
        """Return what some texts mean, to each of the classifiers."""
        return tuple(Meaning(classifier, texts) for classifier in self._wanted)

    def meant(
        self,
        calls: Sequence[Sequence[tuple[Speaker, str]]],
        read: Mapping[str, TextRead],
        confidences: Sequence[float],
    ) -> list[list[dict[int, float]]]:
        """Return for each utterance of each call the intents that it may have, with their probability.

        `confidences`: the recogniser's (0-1) in the utterances of all calls, one after the other.
        """
        found: list[list[dict[int, float]]] = [[{} for _ in turns] for turns in calls]
        each = [said for call in found for said in call]
        if not self._wanted or not each:
            return found
        texts = [read[text] for turns in calls for _, text in turns]
        before, after = _places_around(calls)
        garbled = np.array(confidences) < SURE_CONFIDENCE
        for which, (classifier, wanted) in enumerate(self._wanted.items()):
            count = len(classifier.names)
            own, around = _together([known.meanings[which] for known in texts], [known.number for known in texts])
            odds = own + around[before, :count] + around[after, count:]
            chances = probability(odds)
            for number, term in wanted:
                intent = classifier.names.index(term.name)
                held = chances[:, intent]
                if term.lost_odds:
                    held = np.where(garbled, probability(odds[:, intent] + np.float32(term.lost_odds)), held)
                places = term.holding(held)
                for at, chance in zip(places.tolist(), held[places].tolist(), strict=True):
                    each[at][number] = chance
        return found

    def place(self, term: Intent, known: TextRead, length: int) -> Span:
        """Return where in a text, `length` characters long, an intent speaks most; `under`: all of it."""
        if term.under is not None:
            return 0, length
        return known.meanings[self._classifiers.index(term.classifier)].place(known.number, term.name)


def _together(meanings: Sequence[Meaning], numbers: Sequence[int]) -> tuple[Floats, Floats]:
    """Return the rows of `own` and `around` of texts from several blocks; those of `around` end with one of zeros."""
    blocks: dict[Meaning, list[int]] = {}
    for at, meaning in enumerate(meanings):
        blocks.setdefault(meaning, []).append(at)
    wide = meanings[0].read.around.shape[1]
    own = np.empty((len(numbers), wide // 2), dtype=np.float32)
    around = np.zeros((len(numbers) + 1, wide), dtype=np.float32)
    which = np.array(numbers)
    for meaning, places in blocks.items():
        own[places], around[places] = meaning.read.own[which[places]], meaning.read.around[which[places]]
    return own, around


def _places_around(calls: Sequence[Sequence[tuple[Speaker, str]]]) -> tuple[list[int], list[int]]:
    """Return the neighbours of all utterances of some calls (see `neighbours`), counted through; -1 for none."""
    before, after, first = [], [], 0
    for turns in calls:
        for one, other in neighbours(turns):
            before.append(one if one < 0 else first + one)
            after.append(other if other < 0 else first + other)
        first += len(turns)
    return before, after
