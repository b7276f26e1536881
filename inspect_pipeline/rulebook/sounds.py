"""Regular expressions by sound: the characters of a pattern become syllables, so that homophones match it too.

A pattern runs on syllables as it runs on characters, because both are one symbol a character. What it then finds must
still share characters with the pattern: 反得很 is 烦得很, but a run of mere homophones is not what was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inspect_pipeline.rulebook.expressions import Expressions
from inspect_pipeline.rulebook.factors import Needs, needs_of
from inspect_pipeline.rulebook.phrases import Heard, fold
from inspect_pipeline.rulebook.terms import Regex
from inspect_pipeline.text.sound import Ear

LEAST = 4  # characters that a match by sound has at least
ONE_CLAUSE_BELOW = 6  # a shorter one lies within one clause
LEAST_SHARED = 2  # of which so many stand in the pattern themselves
MOST_DIFFERENT = 2  # and so many at the most are there by their sound only
Spans = list[tuple[Regex, tuple[int, int]]]


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


class SoundExpressions:
    """The expressions of all rules on syllables."""

    def __init__(self, terms: Sequence[Regex], ear: Ear) -> None:
        heard = {
            term: Regex(_hear(term.pattern, ear), _hear(term.unless, ear) if term.unless else None) for term in terms
        }
        self._terms = {sound: term for term, sound in heard.items()}
        self._literals = {term: _literals(term.pattern, ear) for term in terms}
        sounds = {sound: place for place, sound in enumerate(self._terms)}
        self._places = {term: sounds[sound] for term, sound in heard.items()}
        self._expressions = Expressions(list(self._terms))

    def find(self, heard: Heard, possible: Iterable[Regex] | None = None) -> Spans:
        """Return what is found by sound only, in the order of the terms; what would take too long is left out.

        `possible`: the terms that can be there by sound and are not there exactly; None: all.
        """
        places = None if possible is None else sorted(self._places[term] for term in possible if term in self._places)
        matches, _ = self._expressions.find(heard.heard, places)
        found = []
        for sound, (start, end) in matches:
            term = self._terms[sound]
            if end - start < ONE_CLAUSE_BELOW and heard.straddles(start, end):
                continue
            if self._literals[term].allow(heard.key[start:end], heard.heard[start:end]):
                found.append((term, (start, end)))
        return found


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
