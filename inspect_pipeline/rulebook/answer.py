"""The answer of a rule before points and fingerprints are put to it."""

from __future__ import annotations

from dataclasses import dataclass

from inspect_pipeline.model import Evidence, Reason, Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict with its reason and evidence. `hits` counts what `per_hit` points are taken for."""

    verdict: Verdict
    reason: Reason
    evidence: tuple[Evidence, ...] = ()
    hits: int = 1
