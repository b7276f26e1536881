"""Regular expressions over normalised text, each with a time limit."""

from __future__ import annotations

import re
from functools import cached_property

import regex

from inspect_pipeline.rulebook.factors import is_plain
from inspect_pipeline.rulebook.terms import Regex

TIMEOUT_S = 0.25  # for one expression on one utterance: a thousand times what a sound one takes


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


class Expression:
    """A compiled expression with its excuse: a match that `unless` matches over does not count."""

    def __init__(self, term: Regex) -> None:
        """Raise `regex.error` for an expression that does not compile."""
        self.term = term
        self._pattern = _Pattern(term.pattern)
        self._unless = _Pattern(term.unless) if term.unless else None

    def places(self, normal: str) -> list[tuple[int, int]]:
        """Return the matches that are not empty and not excused. Raises TimeoutError."""
        found = self._pattern.spans(normal)
        if not found:
            return found
        excused = self._unless.spans(normal) if self._unless is not None else ()
        if not excused:
            return [(start, end) for start, end in found if start < end]
        return [
            (start, end)
            for start, end in found
            if start < end and not any(start < stop and begin < end for begin, stop in excused)
        ]
