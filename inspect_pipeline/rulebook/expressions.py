"""Regular expressions over normalised text, each with a time limit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

import regex

from inspect_pipeline.rulebook.factors import is_plain
from inspect_pipeline.rulebook.terms import Regex

TIMEOUT_S = 0.25  # for one expression on one utterance: a thousand times what a sound one takes

Matches = Callable[[str], Iterable[re.Match[str]]]


class _Pattern:
    """One compiled pattern: plain ones by `re`, which is some times quicker but knows no time limit.

    `matches` finds all matches in a text; going over them may raise TimeoutError.
    """

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        plain = is_plain(pattern)
        self.matches: Matches = self._first if plain else partial(regex.compile(pattern).finditer, timeout=TIMEOUT_S)

    def _first(self, normal: str) -> Iterable[re.Match[str]]:
        """Compile the pattern when it is first tried: most of a pack is not there in most calls."""
        self.matches = re.compile(self._text).finditer
        return self.matches(normal)


class Expression:
    """A compiled expression with its excuse: a match that `unless` matches over does not count."""

    def __init__(self, term: Regex) -> None:
        """Raise `regex.error` for an expression that does not compile."""
        self.term = term
        self._pattern = _Pattern(term.pattern)
        self._unless = _Pattern(term.unless) if term.unless else None

    def places(self, normal: str) -> list[tuple[int, int]]:
        """Return the matches that are not empty and not excused. Raises TimeoutError."""
        found = [match.span() for match in self._pattern.matches(normal) if match[0]]
        if not found or self._unless is None:
            return found
        excused = [match.span() for match in self._unless.matches(normal)]
        if not excused:
            return found
        return [
            (start, end) for start, end in found if not any(start < stop and begin < end for begin, stop in excused)
        ]
