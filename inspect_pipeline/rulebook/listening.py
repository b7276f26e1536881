"""What was found in one call, worked out where somebody asks for it, and once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Seconds, Utterance
from inspect_pipeline.rulebook.matcher import Line, Matcher, Place
from inspect_pipeline.rulebook.terms import Hit, Like, Near, Phrase, Regex, Term


@dataclass(frozen=True, slots=True)
class Found:
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


class Listening:
    """The utterances of one call and the terms in them. A term is named by its number in the matcher."""

    def __init__(self, utterances: Sequence[Utterance], matcher: Matcher, lines: Sequence[Line]) -> None:
        """`lines`: what may be in each of the utterances."""
        self.matcher = matcher
        self._utterances = utterances
        self.lines = lines
        self.slow = False  # whether looking for anything took too long
        self._found: dict[tuple[int, int], tuple[Found, ...]] = {}
        self._alike: dict[tuple[int, int], tuple[Found, ...]] = {}

    def found(self, number: int, at: int) -> tuple[Found, ...]:
        """Return where a term, no `like` term, is in an utterance that it may be in."""
        known = self._found.get((number, at))
        if known is None:
            line = self.lines[at]
            places = self.matcher.places(line, number)
            known = self._found[number, at] = self._put(number, at, places) if places else ()
            self.slow = self.slow or bool(line.timed_out)
        return known

    def almost(self, number: int, at: int) -> tuple[Found, ...]:
        """Return what resembles a term too little for a hit and too much for a believable absence."""
        return self._put(number, at, self.matcher.almost(self.lines[at], number))

    def timed_out(self, number: int, at: int) -> bool:
        """Return whether looking for a term in an utterance took too long, once it was tried."""
        return number in self.lines[at].timed_out

    def alike(self, number: int, positions: Iterable[int]) -> list[Found]:
        """Return where a `like` term is in some utterances. Only those are asked about."""
        places = sorted(positions)
        if unknown := [at for at in places if (number, at) not in self._alike]:
            found = self.matcher.alike(number, [self._utterances[at].text for at in unknown])
            self._alike |= {(number, at): self._put(number, at, each) for at, each in zip(unknown, found, strict=True)}
        return [found for at in places for found in self._alike[number, at]]

    def _put(self, number: int, at: int, places: Iterable[Place]) -> tuple[Found, ...]:
        term, said = self.matcher.terms[number], self._utterances[at]
        return tuple([Found(term, Hit(said.index, *place), said, at) for place in places])
