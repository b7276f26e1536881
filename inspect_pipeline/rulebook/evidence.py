"""From what was found to the evidence that a finding carries."""

from __future__ import annotations

from collections.abc import Iterable

from inspect_pipeline.model import Evidence, Match
from inspect_pipeline.rulebook.listening import Found, label

# Of hits that overlap, the surest one is shown.
_SURENESS = {
    match: place
    for place, match in enumerate((Match.EXACT, Match.REGEX, Match.SOUND, Match.NEAR, Match.LIKE, Match.MEASURE))
}


def evidence_of(found: Iterable[Found]) -> tuple[Evidence, ...]:
    """Return one piece of evidence a place, in the order of the call; of overlapping hits the surest and longest."""
    given = list(found)
    if len(given) < 2:
        return tuple([_evidence(each) for each in given])
    chosen: list[Found] = []
    for each in sorted(given, key=_preference):
        if not any(_overlap(each, other) for other in chosen):
            chosen.append(each)
    chosen.sort(key=lambda each: (each.position, each.hit.start))
    return tuple([_evidence(each) for each in chosen])


def _preference(found: Found) -> tuple[int, float, int, int, int, str]:
    hit = found.hit
    length = hit.end - hit.start
    return (_SURENESS[hit.match], abs(hit.distance), -length, found.position, hit.start, label(found.term))


def _overlap(one: Found, other: Found) -> bool:
    same = one.position == other.position
    return same and one.hit.start < other.hit.end and other.hit.start < one.hit.end


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
