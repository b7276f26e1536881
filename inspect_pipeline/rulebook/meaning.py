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
        self.meant: set[int] = set()  # the texts, by number, that may have an intent: those that `place` is asked about
        self._classifier = classifier

    @cached_property
    def _clauses(self) -> dict[int, tuple[list[Span], int]]:
        """The clauses of each text that may have an intent, and where its first one stands in `_speaks`."""
        spans = {number: clauses(self.texts[number]) or [(0, len(self.texts[number]))] for number in sorted(self.meant)}
        firsts = accumulate((len(each) if len(each) > 1 else 0 for each in spans.values()), initial=0)
        return {number: (each, first) for (number, each), first in zip(spans.items(), firsts, strict=False)}

    @cached_property
    def _speaks(self) -> Floats:
        """The probabilities of the clauses of the texts that have several."""
        several = {number: spans for number, (spans, _) in self._clauses.items() if len(spans) > 1}
        return self._classifier.probabilities(
            [self.texts[number][start:end] for number, spans in several.items() for start, end in spans]
        )

    def place(self, text: int, term: Intent) -> tuple[int, int, float]:
        """Return where in a text, given by number, an intent speaks most (`under`: all of it), and its probability."""
        intent = term.classifier.names.index(term.name)
        probability = float(self.probabilities[text, intent])
        if term.under is not None:
            return 0, len(self.texts[text]), probability
        spans, first = self._clauses[text]
        if len(spans) == 1:
            return (*spans[0], probability)
        start, end = spans[int(self._speaks[first : first + len(spans), intent].argmax())]
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
                held = term.holding(chances).tolist()
                for text in held:
                    found[text][number] = meaning
                if term.under is None:
                    meaning.meant.update(held)
        return found
