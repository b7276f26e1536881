"""What `like` terms ask of a sentence model. `semantic.py` answers; the matcher only compares scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inspect_pipeline.rulebook.terms import Like


class Similarity(Protocol):
    """How much clauses mean what a `like` term describes."""

    def scores(self, like: Like, clauses: Sequence[str]) -> Sequence[float]:
        """Return one score a clause, in order: about 1 for what is like the examples, -1 for the others."""
        ...

    def threshold(self, like: Like) -> float:
        """Return the least score that is a hit: the term's own, or learned from its two lists."""
        ...
