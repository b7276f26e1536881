"""From what was found to the evidence that a finding carries."""

from __future__ import annotations

from collections.abc import Iterable

from inspect_pipeline.model import Evidence, Match
from inspect_pipeline.rulebook.listening import Found
from inspect_pipeline.rulebook.terms import label

# Of hits that overlap, the surest one is shown.
_SURENESS = {
    match: place
    for place, match in enumerate((Match.EXACT, Match.REGEX, Match.SOUND, Match.NEAR, Match.LIKE, Match.MEASURE))
}


def evidence_of(found: Iterable[Found]) -> tuple[Evidence, ...]:
    """Return one piece of evidence a place, in the order of the call; of overlapping hits the surest and longest."""
    given = list(found)
    if len(given) > 1:
        given.sort(key=_order)
        if any(map(_overlap, given, given[1:])):
            given = _best(given)
    return tuple([_evidence(each) for each in given])


def _best(given: list[Found]) -> list[Found]:
    chosen: list[Found] = []
    for each in sorted(given, key=_preference):
        if not any(_overlap(each, other) for other in chosen):
            chosen.append(each)
    chosen.sort(key=_order)
    return chosen


def _order(found: Found) -> tuple[int, int]:
    return found.position, found.hit.start


def _preference(found: Found) -> tuple[int, float, int, int, int, str]:
    hit = found.hit
    length = hit.end - hit.start
    return (_SURENESS[hit.match], abs(hit.distance), -length, found.position, hit.start, label(found.term))


def _overlap(one: Found, other: Found) -> bool:
    if one.position != other.position:
        return False
    first, second = one.hit, other.hit
    return first.start < second.end and second.start < first.end


def _evidence(found: Found) -> Evidence:
    evidence = found.evidence
    if evidence is None:
        hit, said = found.hit, found.utterance
        evidence = found.evidence = Evidence(
            utterance=said.index,
            speaker=said.speaker,
            start_s=round(found.start_s, 3),
            end_s=round(found.end_s, 3),
            quote=said.text[hit.start : hit.end],
            term=label(found.term),
            match=hit.match,
            value=hit.distance if hit.match in (Match.NEAR, Match.LIKE) else None,
        )
    return evidence
