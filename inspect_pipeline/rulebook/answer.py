"""The answer of a rule before points and fingerprints are put to it."""

from __future__ import annotations

from typing import NamedTuple

from inspect_pipeline.model import Evidence, Reason, Verdict


class Answer(NamedTuple):
    """A verdict with its reason and evidence. `hits` counts what `per_hit` points are taken for."""

    verdict: Verdict
    reason: Reason
    evidence: tuple[Evidence, ...] = ()
    hits: int = 1
