"""Regular expressions by sound: the characters of a pattern become syllables, so that homophones match it too.

A pattern runs on syllables as it runs on characters, because both are one symbol a character. What it then finds must
still share characters with the pattern: 反得很 is 烦得很, but a run of mere homophones is not what was said.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspect_pipeline.rulebook.expressions import Expression
from inspect_pipeline.rulebook.factors import Needs, needs_of
from inspect_pipeline.rulebook.heard import Heard, fold
from inspect_pipeline.rulebook.terms import Regex
from inspect_pipeline.text.sound import Ear

LEAST = 4  # characters that a match by sound has at least
ONE_CLAUSE_BELOW = 6  # a shorter one lies within one clause
LEAST_SHARED = 2  # of which so many stand in the pattern themselves
MOST_DIFFERENT = 2  # and so many at the most are there by their sound only


@dataclass(frozen=True, slots=True)
class _Literals:
    """The characters of a pattern, and their syllables."""

    characters: frozenset[str]
    symbols: frozenset[str]

    def allow(self, key: str, heard: str) -> bool:
        """Return whether a stretch shares enough characters with the pattern to be it."""
        shared = sum(character in self.characters for character in key)
        by_sound = sum(
            character not in self.characters and symbol in self.symbols
            for character, symbol in zip(key, heard, strict=True)
        )
        return len(key) >= LEAST and shared >= max(LEAST_SHARED, by_sound) and 0 < by_sound <= MOST_DIFFERENT


class SoundExpression:
    """An expression on syllables."""

    def __init__(self, term: Regex, ear: Ear) -> None:
        self._expression = Expression(Regex(_hear(term.pattern, ear), _hear(term.unless, ear) if term.unless else None))
        self._literals = _literals(term.pattern, ear)

    @property
    def pattern(self) -> str:
        """The pattern in syllables."""
        return self._expression.term.pattern

    def places(self, heard: Heard) -> list[tuple[int, int]]:
        """Return what is found by sound only, where nothing was found exactly; none when it would take too long."""
        try:
            spans = self._expression.places(heard.heard)
        except TimeoutError:
            return []  # by its characters it was looked for
        if not spans:
            return spans
        return [
            (start, end)
            for start, end in spans
            if not (end - start < ONE_CLAUSE_BELOW and heard.straddles(start, end))
            and self._literals.allow(heard.key[start:end], heard.heard[start:end])
        ]


def heard_needs(pattern: str, ear: Ear) -> Needs:
    """Return what a pattern needs, in syllables: where that is missing it matches neither exactly nor by sound."""
    return tuple(
        tuple(frozenset(ear.hear(fold(string)) for string in need) for need in sets) for sets in needs_of(pattern)
    )


def _hear(pattern: str, ear: Ear) -> str:
    """Return the pattern with its Chinese characters as syllables; operators and counts stay."""
    return "".join(character if character.isascii() else ear.symbol(character) for character in fold_letters(pattern))


def fold_letters(pattern: str) -> str:
    """Return the pattern with equal characters made equal, ASCII (operators, counts) untouched."""
    return "".join(character if character.isascii() else fold(character) for character in pattern)


def _literals(pattern: str, ear: Ear) -> _Literals:
    characters = frozenset(character for character in fold_letters(pattern) if not character.isascii())
    return _Literals(characters, frozenset(map(ear.symbol, characters)))
