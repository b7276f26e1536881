"""What was found in one call, worked out where somebody asks for it, and once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from inspect_pipeline.model import Seconds, Utterance
from inspect_pipeline.rulebook.matcher import Line, Matcher, Place
from inspect_pipeline.rulebook.terms import Hit, Intent, Like, Near, Phrase, Regex, Term


class Found(NamedTuple):
    """A hit in its utterance. `position` is the utterance's place in the transcript."""

    term: Term
    hit: Hit
    utterance: Utterance
    position: int

    def second(self, offset: int) -> Seconds:
        """Return the second at which a character is spoken, as if all took the same time."""
        said = self.utterance
        return said.start_s + (said.end_s - said.start_s) * offset / max(len(said.text), 1)

    @property
    def start_s(self) -> Seconds:
        """The second at which the hit begins."""
        return self.second(self.hit.start)

    @property
    def end_s(self) -> Seconds:
        """The second at which the hit ends."""
        return self.second(self.hit.end)


def label(term: Term) -> str:
    """Return the term as a reader knows it from the pack."""
    match term:
        case Phrase():
            return term.text
        case Regex():
            return term.pattern
        case Near():
            return " … ".join(phrase.text for phrase in term.phrases)
        case Like():
            return term.examples[0] if term.examples else ""
        case Intent():
            return term.name


class Listening:
    """The utterances of one call and the terms in them. A term is named by its number in the matcher."""

    def __init__(self, utterances: Sequence[Utterance], matcher: Matcher, lines: Sequence[Line]) -> None:
        """`lines`: what may be in each of the utterances."""
        self.matcher = matcher
        self._utterances = utterances
        self.lines = lines
        self._slow = False  # whether looking for anything took too long
        self._positions: dict[int, list[int]] = {}
        for at, line in enumerate(lines):
            for number in line.terms:
                self._positions.setdefault(number, []).append(at)
        self._found: dict[tuple[int, int], tuple[Found, ...]] = {}

    def touched(self, places: Iterable[int]) -> frozenset[int]:
        """Return the terms that may be in the utterances at `places`; a `like` term may be in any."""
        return self.matcher.likes.union(*[self.lines[at].terms for at in places])

    def may_be(self, number: int, places: frozenset[int]) -> bool:
        """Return whether a term, no `like` term, may be in one of the utterances at `places`."""
        return not places.isdisjoint(self._positions[number])

    def found(self, number: int, places: frozenset[int]) -> list[Found]:
        """Return where a term is in the utterances at `places`, in their order. Only those are looked at."""
        if number in self.matcher.likes:
            return self._alike(number, sorted(places))
        found: list[Found] = []
        for at in self._positions.get(number, ()):
            if at in places:
                known = self._found.get((number, at))
                found += self._find(number, at) if known is None else known
        return found

    def _find(self, number: int, at: int) -> tuple[Found, ...]:
        line = self.lines[at]
        places = self.matcher.places(line, number)
        found = self._found[number, at] = self._put(number, at, places) if places else ()
        self._slow = self._slow or bool(line.timed_out)
        return found

    def almost(self, number: int, places: frozenset[int]) -> list[Found]:
        """Return what resembles a term there too little for a hit and too much for a believable absence."""
        positions = [at for at in self._positions.get(number, ()) if at in places]
        almost = [(at, self.matcher.almost(self.lines[at], number)) for at in positions]
        return [found for at, some in almost if some for found in self._put(number, at, some)]

    def unable(self, number: int, places: frozenset[int]) -> str | None:
        """Return why a term that was looked for there could not be found, as the code of a reason; None: it could."""
        if number in self.matcher.likes:
            return None if self.matcher.similarity else "model-missing"
        slow = self._slow and any(number in self.lines[at].timed_out for at in places)
        return "regex-timeout" if slow else None

    def _alike(self, number: int, places: Sequence[int]) -> list[Found]:
        if self.matcher.similarity is None:
            return []
        if unknown := [at for at in places if (number, at) not in self._found]:
            found = self.matcher.alike(number, [self._utterances[at].text for at in unknown])
            self._found |= {(number, at): self._put(number, at, each) for at, each in zip(unknown, found, strict=True)}
        return [found for at in places for found in self._found[number, at]]

    def _put(self, number: int, at: int, places: Iterable[Place]) -> tuple[Found, ...]:
        term, said = self.matcher.terms[number], self._utterances[at]
        return tuple([Found(term, Hit(said.index, *place), said, at) for place in places])
