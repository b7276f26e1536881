"""Names that the recogniser is told to expect must not be phrases that a rule looks for: it could invent them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspect_pipeline.errors import UsageError
from inspect_pipeline.rulebook.judge import rule_terms
from inspect_pipeline.rulebook.rule import Pack
from inspect_pipeline.rulebook.terms import Phrase
from inspect_pipeline.text.normalise import normalise


def check_hotwords(words: Iterable[str], packs: Sequence[Pack]) -> None:
    """Raise UsageError when one of `words` holds a phrase of a rule, which names both."""
    normal = {word: normalise(word).text for word in words}
    for pack in packs:
        for rule in pack.rules:
            phrases = {normalise(term.text).text for term in rule_terms(rule) if isinstance(term, Phrase)}
            for word, text in normal.items():
                if any(phrase in text for phrase in phrases):
                    raise UsageError(
                        f"[speech] hotwords: {word} is what rule {rule.id} looks for, and the recogniser may write "
                        "what it is told to expect: take it out"
                    )
