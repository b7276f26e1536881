"""Regular expressions over normalised text, each with a time limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import regex

from inspect_pipeline.rulebook.factors import is_plain
from inspect_pipeline.rulebook.terms import Regex

TIMEOUT_S = 0.25  # for one expression on one utterance: a thousand times what a sound one takes

_Match = re.Match[str] | regex.Match[str]


class _Pattern:
    """One compiled pattern: plain ones by `re`, which is some times quicker but knows no time limit."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._limited = None if is_plain(pattern) else regex.compile(pattern)

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        return re.compile(self._text)  # when it is first tried: most of a pack is not there in most calls

    def matches(self, normal: str) -> Iterator[_Match]:
        """Return all matches; going over them may raise TimeoutError."""
        if self._limited is None:
            return self._plain.finditer(normal)
        return self._limited.finditer(normal, timeout=TIMEOUT_S)


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
            (start, end)
            for start, end in found
            if not any(start < stop and begin < end for begin, stop in excused)
        ]
