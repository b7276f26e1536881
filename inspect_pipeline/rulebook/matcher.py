"""Finds all terms of all rules in transcripts, with how each was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product

import numpy as np

from inspect_pipeline.model import Match, Reason, Utterance
from inspect_pipeline.rulebook.expressions import Expression
from inspect_pipeline.rulebook.heard import Heard, HeardSheet, hearing_table
from inspect_pipeline.rulebook.meaning import IntentIndex, TextRead
from inspect_pipeline.rulebook.phrases import Clues, Found, PhraseIndex
from inspect_pipeline.rulebook.scan import Sieve, strings_of
from inspect_pipeline.rulebook.similarity import Similarity
from inspect_pipeline.rulebook.sounds import SoundExpression, heard_needs
from inspect_pipeline.rulebook.terms import Hit, Intent, Like, Look, Near, Phrase, Regex, Term, label
from inspect_pipeline.text.normalise import clauses, normalise
from inspect_pipeline.text.sound import Ear

LIKE_CLAUSE_LEAST = 4  # characters of a clause that a sentence model is asked about
_CACHED_TEXTS = 20_000  # of a thousand calls, some kB each
_WORSE = (Match.EXACT, Match.SOUND, Match.NEAR)


Place = tuple[int, int, Match, float]
"""Where something is in a text, start and end as offsets into the original, how it was found, and its distance."""

_NO_PLACES: tuple[Place, ...] = ()
_NO_TERMS: frozenset[int] = frozenset()


def cannot_look(code: str, term: Term) -> Reason:
    """Return the reason that a term could not be looked for."""
    return Reason(code, (("term", label(term)),))


class Line:
    """One distinct text: what may be in it, and what is, once that was asked for."""

    __slots__ = ("clues", "heard", "number", "parts", "places", "read", "sheet", "terms", "timed_out")

    def __init__(self, sheet: HeardSheet, number: int, clues: Clues, terms: frozenset[int], read: TextRead) -> None:
        self.sheet = sheet
        self.number = number
        self.clues = clues
        self.terms = terms
        self.heard: Heard | None = None
        self.places: dict[int, tuple[Place, ...]] = {}
        self.parts: dict[int, tuple[Sequence[Found], Sequence[int]]] = {}
        self.timed_out = _NO_TERMS
        self.read = read

    @property
    def length(self) -> int:
        """How many normal characters the text has."""
        return self.sheet.length(self.number)

    def as_heard(self) -> Heard:
        """Return the text as it is heard."""
        if self.heard is None:
            self.heard = self.sheet.heard(self.number)
        return self.heard


class Matcher:
    """Looks for `terms` in transcripts. It holds no state between looks but a cache, and can be pickled.

    Phrases match on normalised characters (see `text.normalise`), digits and 您/你 made equal. Regular expressions
    run on the normalised text of one utterance: Simplified, lower case, no punctuation, no spaces. A term is named by
    its number in `terms`. What terms may be in a text is found in one pass over many texts; whether one is, and where,
    is found out when somebody asks: most of what may be said is never asked for.
    """

    def __init__(self, terms: Iterable[Term], ear: Ear | None = None, similarity: Similarity | None = None) -> None:
        """Raise `regex.error` for an expression that does not compile."""
        self.terms = tuple(dict.fromkeys(terms))
        self.numbers = {term: number for number, term in enumerate(self.terms)}
        self.similarity = similarity
        self.likes = frozenset(number for number, term in enumerate(self.terms) if isinstance(term, Like))
        without = frozenset() if similarity else self.likes
        self.missing = {number: cannot_look("model-missing", self.terms[number]) for number in without}
        self._ear = ear or Ear()
        self._hears = hearing_table(self._ear)
        self._expressions = {
            number: (Expression(term), SoundExpression(term, self._ear) if term.sound else None)
            for number, term in enumerate(self.terms)
            if isinstance(term, Regex)
        }
        nears = {number: term for number, term in enumerate(self.terms) if isinstance(term, Near)}
        phrases = [term for term in self.terms if isinstance(term, Phrase)]
        parts = list(dict.fromkeys([*phrases, *(phrase for near in nears.values() for phrase in near.phrases)]))
        needs = [heard_needs(expression.term.pattern, self._ear) for expression, _ in self._expressions.values()]
        self._index = PhraseIndex(parts, self._ear, strings_of(needs))
        self._sieve = Sieve(needs, self._index.scanner)
        self._sifted = np.array([*self._expressions], dtype=np.int64)
        places = {phrase: place for place, phrase in enumerate(parts)}
        self._phrases = {self.numbers[phrase]: places[phrase] for phrase in phrases}
        self._nears = {
            number: ([places[phrase] for phrase in near.phrases], near.within) for number, near in nears.items()
        }
        self._leads: list[list[int]] = [[] for _ in parts]  # from a phrase to the terms that it may be (part of)
        for number, phrase in self._phrases.items():
            self._leads[phrase].append(number)
        for number, (all_parts, _) in self._nears.items():
            self._leads[all_parts[0]].append(number)
        self._intents = IntentIndex(self.terms)
        self._lines: dict[str, Line] = {}

    def __reduce__(self) -> tuple[type[Matcher], tuple[tuple[Term, ...], Ear, Similarity | None]]:
        return type(self), (self.terms, self._ear, self.similarity)

    def lines(self, texts: Iterable[str]) -> dict[str, Line]:
        """Return what may be in some texts, by text. It is remembered, for calls repeat themselves."""
        distinct = dict.fromkeys(texts)
        known = {text: line for text in distinct if (line := self._lines.get(text)) is not None}
        new = [text for text in distinct if text not in known]
        if not new:
            return known
        read = self._read(new)
        if len(self._lines) + len(read) > _CACHED_TEXTS:
            self._lines.clear()
        self._lines |= read
        return known | read

    def _read(self, texts: Sequence[str]) -> dict[str, Line]:
        sheet = HeardSheet(texts, self._hears)
        numbers, starts = self._index.scanner.scan(sheet.symbols)
        clues = self._index.clues(sheet, numbers, starts)
        possible = self._sieve.possible(numbers, sheet.text_at[starts], len(texts))
        rows, places = possible.nonzero()
        expressions = self._sifted[places].tolist()
        ends = np.cumsum(np.bincount(rows, minlength=len(texts))).tolist()
        read = {}
        meanings = self._intents.read(texts)
        start = 0
        for number, (text, each, end) in enumerate(zip(texts, clues, ends, strict=True)):
            terms = expressions[start:end]
            for phrase in each.phrases():
                terms += self._leads[phrase]
            held = frozenset(terms) if terms else _NO_TERMS
            read[text] = Line(sheet, number, each, held, TextRead(meanings, number))
            start = end
        return read

    def meant(self, calls: Sequence[Sequence[Utterance]], lines: Mapping[str, Line]) -> list[list[dict[int, float]]]:
        """Return for each utterance of each call the intents that it may have, by number, with their probability.

        It depends on what the other speaker says before and after. `lines`: of all their texts.
        """
        turns = [[(said.speaker, said.text) for said in utterances] for utterances in calls]
        confidences = [said.confidence for utterances in calls for said in utterances]
        return self._intents.meant(turns, {text: line.read for text, line in lines.items()}, confidences)

    def meant_place(self, line: Line, number: int, probability: float) -> tuple[Place, ...]:
        """Return where in a text an intent speaks most."""
        term = self.terms[number]
        assert isinstance(term, Intent)
        span = self._intents.place(term, line.read, len(line.sheet.texts[line.number]))
        return ((*span, Match.LIKE, probability),)

    def places(self, line: Line, number: int) -> tuple[Place, ...]:
        """Return where a term that is no intent is in a text; nowhere for what took too long, see `Line.timed_out`."""
        known = line.places.get(number)
        if known is None:
            known = line.places[number] = self._places(line, number)
        return known

    def resembles(self, number: int) -> bool:
        """Return whether anything can resemble a term: a phrase that `almost` looks for."""
        return number in self._phrases

    def almost(self, line: Line, number: int) -> tuple[Place, ...]:
        """Return what resembles a term too little for a hit and too much for a believable absence."""
        phrase = self._phrases.get(number)
        if phrase is None:
            return _NO_PLACES
        hits, resembling = self._found(line, phrase)
        if not resembling:
            return _NO_PLACES
        heard = line.as_heard()
        return tuple([_place(heard, place) for place in self._index.almost(phrase, heard, hits, resembling)])

    def _places(self, line: Line, number: int) -> tuple[Place, ...]:
        heard = line.as_heard()
        if number in self._expressions:
            return self._matches(line, heard, number)
        if number in self._phrases:
            found = self._found(line, self._phrases[number])[0]
            return tuple([_place(heard, hit) for hit in found]) if found else _NO_PLACES
        parts, within = self._nears[number]
        choices = [self._found(line, part)[0] for part in parts]
        return tuple([_place(heard, place) for place in _together(choices, within)])

    def _found(self, line: Line, phrase: int) -> tuple[Sequence[Found], Sequence[int]]:
        """Return the hits of a phrase in a text, and where it may be resembled."""
        known = line.parts.get(phrase)
        if known is None:
            known = line.parts[phrase] = self._index.find(phrase, line.as_heard(), line.clues)
        return known

    def _matches(self, line: Line, heard: Heard, number: int) -> tuple[Place, ...]:
        expression, by_sound = self._expressions[number]
        match = Match.REGEX
        try:
            spans = expression.places(heard.normal)
        except TimeoutError:
            line.timed_out |= {number}
            self._lines.pop(heard.text, None)  # the next call that says this may have better luck
            return _NO_PLACES
        if not spans and by_sound is not None:
            match, spans = Match.SOUND, by_sound.places(heard)
        if not spans:
            return _NO_PLACES
        offsets = heard.offsets
        return tuple([(offsets[start], offsets[end - 1] + 1, match, 0.0) for start, end in spans])

    def look(self, utterances: Sequence[Utterance]) -> Look:
        """Return all hits in `utterances`, and what could not be looked for. Every term has an entry in `hits`."""
        lines = self.lines([utterance.text for utterance in utterances])
        hits: dict[int, list[Hit]] = {number: [] for number in range(len(self.terms))}
        almost: dict[int, list[Hit]] = {}
        unable: dict[int, str] = {}
        (meant,) = self.meant([utterances], lines)
        for utterance, means in zip(utterances, meant, strict=True):
            line = lines[utterance.text]
            for number, probability in means.items():
                hits[number] += [Hit(utterance.index, *place) for place in self.meant_place(line, number, probability)]
            for number in sorted(line.terms):
                hits[number] += [Hit(utterance.index, *place) for place in self.places(line, number)]
                if resembling := self.almost(line, number):
                    almost.setdefault(number, []).extend(Hit(utterance.index, *place) for place in resembling)
            unable |= dict.fromkeys(line.timed_out, "regex-timeout")
        for number in unable:
            hits[number] = []
        if self.similarity is None:
            unable |= dict.fromkeys(self.likes, "model-missing")
        texts = [utterance.text for utterance in utterances]
        for number in self.likes:
            for utterance, places in zip(utterances, self.alike(number, texts), strict=True):
                hits[number] += [Hit(utterance.index, *place) for place in places]
        return Look(
            {self.terms[number]: tuple(found) for number, found in hits.items()},
            {self.terms[number]: tuple(found) for number, found in almost.items()},
            {self.terms[number]: reason for number, reason in unable.items()},
        )

    def alike(self, number: int, texts: Sequence[str]) -> list[tuple[Place, ...]]:
        """Return for each text its clauses that mean what a `like` term describes; none without a sentence model."""
        like = self.terms[number]
        spans = [list(_clauses(text)) for text in texts]
        distinct = list(
            dict.fromkeys(text[start:end] for text, each in zip(texts, spans, strict=True) for start, end in each)
        )
        if self.similarity is None or not distinct or not isinstance(like, Like):
            return [_NO_PLACES] * len(texts)
        scores = dict(zip(distinct, self.similarity.scores(like, distinct), strict=True))
        threshold = self.similarity.threshold(like)
        return [
            tuple(
                [
                    (*span, Match.LIKE, scores[text[slice(*span)]])
                    for span in each
                    if scores[text[slice(*span)]] >= threshold
                ]
            )
            for text, each in zip(texts, spans, strict=True)
        ]


def _place(heard: Heard, found: Found) -> Place:
    return (*heard.original(found.start, found.end), found.match, found.halves / 2)


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the clauses that are long enough for a sentence model."""
    for start, end in clauses(text):
        if len(normalise(text[start:end]).text) >= LIKE_CLAUSE_LEAST:
            yield start, end


def _together(choices: list[Sequence[Found]], within: int) -> list[Found]:
    """Return where one of each choice stand together, at most `within` characters between neighbours."""
    found = []
    for parts in product(*choices):
        ordered = sorted(parts, key=lambda part: part.start)
        gaps = [after.start - before.end for before, after in pairwise(ordered)]
        if all(0 <= gap <= within for gap in gaps):
            worst = max((part.match for part in parts), key=_WORSE.index)
            halves = sum(part.halves for part in parts)
            found.append(Found(0, ordered[0].start, ordered[-1].end, worst, halves))
    taken: list[Found] = []
    for place in sorted(found, key=lambda place: (place.halves, place.end - place.start, place.start)):
        if not any(place.start < other.end and other.start < place.end for other in taken):
            taken.append(place)
    return sorted(taken, key=lambda place: place.start)
