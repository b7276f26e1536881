"""What texts mean: the intents that each of them may have, worked out for a block of texts at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate

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
    def _clauses(self) -> tuple[list[list[Span]], list[int], Floats]:
        """The clauses of each text, where its first one stands among all, and the probabilities of all."""
        spans = [clauses(text) or [(0, len(text))] for text in self.texts]
        firsts = [0, *accumulate(map(len, spans))]
        said = [text[start:end] for text, each in zip(self.texts, spans, strict=True) for start, end in each]
        return spans, firsts, self._classifier.probabilities(said)

    def place(self, text: int, term: Intent) -> tuple[int, int, float]:
        """Return where in a text, given by number, an intent speaks most (`under`: all of it), and its probability."""
        intent = term.classifier.names.index(term.name)
        probability = float(self.probabilities[text, intent])
        if term.under is not None:
            return 0, len(self.texts[text]), probability
        spans, firsts, speaks = self._clauses
        start, end = spans[text][int(speaks[firsts[text] : firsts[text + 1], intent].argmax())]
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
