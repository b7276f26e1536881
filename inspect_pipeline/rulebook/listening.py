"""What was found in one call, worked out where somebody asks for it, and once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from inspect_pipeline.model import Evidence, Reason, Seconds, Utterance
from inspect_pipeline.rulebook.matcher import Line, Matcher, Place, cannot_look
from inspect_pipeline.rulebook.terms import Hit, Term


class Found:
    """A hit in its utterance. `position` is the utterance's place in the transcript.

    `start_s`, `end_s`: the seconds of the hit, as if all characters of the utterance took the same time. Not a
    NamedTuple: several rules show the same hit, and `evidence` keeps what was made of it for the first.
    """

    __slots__ = ("end_s", "evidence", "hit", "position", "start_s", "term", "utterance")

    def __init__(self, term: Term, hit: Hit, utterance: Utterance, position: int) -> None:
        self.term = term
        self.hit = hit
        self.utterance = utterance
        self.position = position
        begin = utterance.start_s
        lasts, length = utterance.end_s - begin, len(utterance.text) or 1
        self.start_s: Seconds = begin + lasts * hit.start / length
        self.end_s: Seconds = begin + lasts * hit.end / length
        self.evidence: Evidence | None = None


class Listening:
    """The utterances of one call and the terms in them. A term is named by its number in the matcher.

    `terms`: those that may be in each utterance, without the `like` terms, about which a sentence model must be asked.
    """

    def __init__(
        self,
        utterances: Sequence[Utterance],
        matcher: Matcher,
        lines: Sequence[Line],
        meant: Sequence[Mapping[int, float]],
    ) -> None:
        """`lines`: what may be in each of the utterances. `meant`: their intents, see `Matcher.meant`."""
        self.matcher = matcher
        self._utterances = utterances
        self.lines = lines
        held = zip(lines, meant, strict=True)
        self.terms = [line.terms.union(means) if means else line.terms for line, means in held]
        self._meant = meant
        self.slow = False  # whether looking for anything took too long
        self._positions: dict[int, list[int]] = {}  # of each term, the utterances that it may be in
        for at, terms in enumerate(self.terms):
            for number in terms:
                known = self._positions.get(number)
                if known is None:
                    self._positions[number] = [at]
                else:
                    known.append(at)
        self._found: dict[int, dict[int, tuple[Found, ...]]] = {}  # by term and place

    def touched(self, places: Iterable[int]) -> frozenset[int]:
        """Return the terms that may be in the utterances at `places`; a `like` term may be in any."""
        return self.matcher.likes.union(*[self.terms[at] for at in places])

    def found(self, number: int, places: frozenset[int]) -> list[Found] | None:
        """Return where a term is in the utterances at `places`, in their order; None: it cannot be in any of them.

        Only those are looked at.
        """
        if number in self.matcher.likes:
            return self._alike(number, sorted(places)) if self.matcher.similarity else None
        positions = self._positions.get(number)
        if positions is None:
            return None
        known = self._found.get(number)
        if known is None:
            known = self._found[number] = {}
        found: list[Found] | None = None
        for at in positions:
            if at in places:
                here = known.get(at)
                if here is None:
                    here = known[at] = self._find(number, at)
                if found is None:
                    found = [*here]
                elif here:
                    found += here
        return found

    def _find(self, number: int, at: int) -> tuple[Found, ...]:
        line = self.lines[at]
        if number in self._meant[at]:
            return self._put(number, at, self.matcher.meant_place(line, number, self._meant[at][number]))
        places = self.matcher.places(line, number)
        if line.timed_out:
            self.slow = True
        return self._put(number, at, places) if places else ()

    def almost(self, number: int, places: frozenset[int]) -> list[Found]:
        """Return what resembles a term there too little for a hit and too much for a believable absence."""
        if not self.matcher.resembles(number):
            return []
        positions = [at for at in self._positions.get(number, ()) if at in places]
        almost = [(at, self.matcher.almost(self.lines[at], number)) for at in positions]
        return [found for at, some in almost if some for found in self._put(number, at, some)]

    def unable(self, number: int, places: frozenset[int]) -> Reason | None:
        """Return why a term that was looked for there could not be found; None: it could."""
        if number in self.matcher.likes:
            return self.matcher.missing.get(number)
        slow = self.slow and any(number in self.lines[at].timed_out for at in places)
        return cannot_look("regex-timeout", self.matcher.terms[number]) if slow else None

    def _alike(self, number: int, places: Sequence[int]) -> list[Found]:
        known = self._found.setdefault(number, {})
        if unknown := [at for at in places if at not in known]:
            found = self.matcher.alike(number, [self._utterances[at].text for at in unknown])
            known |= {at: self._put(number, at, each) for at, each in zip(unknown, found, strict=True)}
        return [found for at in places for found in known[at]]

    def _put(self, number: int, at: int, places: Iterable[Place]) -> tuple[Found, ...]:
        term, said = self.matcher.terms[number], self._utterances[at]
        return tuple([Found(term, Hit(said.index, *place), said, at) for place in places])
