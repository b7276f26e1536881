"""Regular expressions over normalised text, each with a time limit and tried only where it can match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

import regex

from inspect_pipeline.rulebook.factors import is_plain, needs_of
from inspect_pipeline.rulebook.scan import Scanner, Sieve, strings_of
from inspect_pipeline.rulebook.terms import Regex

TIMEOUT_S = 0.25  # for one expression on one utterance: a thousand times what a sound one takes

Spans = list[tuple[Regex, tuple[int, int]]]


class _Pattern:
    """One compiled pattern: plain ones by `re`, which is some times quicker but knows no time limit."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._limited = None if is_plain(pattern) else regex.compile(pattern)

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        return re.compile(self._text)  # when it is first tried: most of a pack is not there in most calls

    def spans(self, normal: str) -> list[tuple[int, int]]:
        """Return all matches. Raises TimeoutError."""
        if self._limited is None:
            return [match.span() for match in self._plain.finditer(normal)]
        return [match.span() for match in self._limited.finditer(normal, timeout=TIMEOUT_S)]


class _Expression:
    """A compiled expression with its excuse."""

    def __init__(self, term: Regex) -> None:
        self.term = term
        self._pattern = _Pattern(term.pattern)
        self._unless = _Pattern(term.unless) if term.unless else None

    def places(self, normal: str) -> list[tuple[int, int]]:
        """Return the matches that are not empty and not excused. Raises TimeoutError."""
        found = self._pattern.spans(normal)
        if not found:
            return found
        excused = []
        if self._unless is not None:
            excused = self._unless.spans(normal)
        return [
            (start, end)
            for start, end in found
            if start < end and not any(start < stop and begin < end for begin, stop in excused)
        ]


class Expressions:
    """All expressions of all rules. A match is excused when `unless` matches over it."""

    def __init__(self, terms: Sequence[Regex]) -> None:
        """Raise `regex.error` for an expression that does not compile."""
        self._expressions = [_Expression(term) for term in terms]

    def find(self, normal: str, places: Iterable[int] | None = None) -> tuple[Spans, list[Regex]]:
        """Return the matches in one normalised text, in the order of the terms, and the terms that timed out.

        `places`: those of the terms that can match, when that is known; None: it is found out.
        """
        found: Spans = []
        timed_out: list[Regex] = []
        for index in self._possible(normal) if places is None else places:
            expression = self._expressions[index]
            try:
                found += [(expression.term, span) for span in expression.places(normal)]
            except TimeoutError:
                timed_out.append(expression.term)
        return found, timed_out

    def _possible(self, normal: str) -> list[int]:
        scanner, sieve = self._sieve
        return sieve.possible(scanner.scan(normal))

    @cached_property
    def _sieve(self) -> tuple[Scanner, Sieve]:
        needs = [needs_of(expression.term.pattern) for expression in self._expressions]
        scanner = Scanner(strings_of(needs))
        return scanner, Sieve(needs, scanner)
