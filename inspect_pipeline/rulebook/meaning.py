"""What texts mean: the intents that each of them may have, worked out for a block of texts at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate

import numpy as np

from inspect_pipeline.rulebook.intents import Floats, IntentClassifier
from inspect_pipeline.rulebook.terms import Intent, Term
from inspect_pipeline.text.normalise import clauses

Span = tuple[int, int]


class Meaning:
    """Several texts with the probability of each intent, shape (texts, intents), and the clauses that speak for it."""

    def __init__(self, classifier: IntentClassifier, texts: Sequence[str]) -> None:
        self.texts = texts
        self.probabilities = classifier.probabilities(texts)
        self._classifier = classifier

    @cached_property
    def _clauses(self) -> tuple[list[list[Span]], dict[int, Floats]]:
        """The clauses of each text and, of those that have several, the probabilities of each."""
        spans = [clauses(text) or [(0, len(text))] for text in self.texts]
        several = [number for number, each in enumerate(spans) if len(each) > 1]
        said = [self.texts[number][start:end] for number in several for start, end in spans[number]]
        ends = list(accumulate(len(spans[number]) for number in several))
        parts = np.split(self._classifier.probabilities(said), ends[:-1]) if said else []
        return spans, dict(zip(several, parts, strict=True))

    def place(self, text: int, term: Intent) -> tuple[int, int, float]:
        """Return where in a text, given by number, an intent speaks most (`under`: all of it), and its probability."""
        intent = term.classifier.names.index(term.name)
        probability = float(self.probabilities[text, intent])
        if term.under is not None:
            return 0, len(self.texts[text]), probability
        spans, speaks = self._clauses
        start, end = spans[text][int(speaks[text][:, intent].argmax()) if text in speaks else 0]
        return start, end, probability


class IntentIndex:
    """The intents among some terms, which are named by their numbers."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._wanted: dict[IntentClassifier, list[tuple[int, Intent]]] = {}
        for number, term in enumerate(terms):
            if isinstance(term, Intent):
                self._wanted.setdefault(term.classifier, []).append((number, term))

    def read(self, texts: Sequence[str]) -> list[dict[int, Meaning]]:
        """Return for each text the intents that it may have, and where their probability is known."""
        found: list[dict[int, Meaning]] = [{} for _ in texts]
        for classifier, wanted in self._wanted.items():
            meaning = Meaning(classifier, texts)
            for number, term in wanted:
                chances = meaning.probabilities[:, classifier.names.index(term.name)]
                for text in term.holding(chances).tolist():
                    found[text][number] = meaning
        return found
