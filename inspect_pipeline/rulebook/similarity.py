"""What `like` terms ask of a sentence model. `semantic.py` answers; the matcher only compares margins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inspect_pipeline.rulebook.terms import Like


class Similarity(Protocol):
    """How much clauses mean what a `like` term describes."""

    def margins(self, like: Like, clauses: Sequence[str]) -> Sequence[float]:
        """Return one margin a clause, in order: best example minus best counter-example (cosine)."""
        ...

    def threshold(self, like: Like) -> float:
        """Return the least margin that is a hit: the term's own, or learned from its two lists."""
        ...
