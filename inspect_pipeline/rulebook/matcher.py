"""Finds all terms of all rules in one transcript, with how each was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product

import regex

from inspect_pipeline.model import Match, Utterance
from inspect_pipeline.rulebook.phrases import Found, Heard, PhraseIndex
from inspect_pipeline.rulebook.similarity import Similarity
from inspect_pipeline.rulebook.terms import Hit, Like, Look, Near, Phrase, Regex, Term
from inspect_pipeline.text.normalise import clauses, normalise
from inspect_pipeline.text.sound import Ear

REGEX_TIMEOUT_S = 0.25  # for one expression on one utterance
LIKE_CLAUSE_LEAST = 4  # characters of a clause that a sentence model is asked about
_CACHED_TEXTS = 4096
_WORSE = (Match.EXACT, Match.SOUND, Match.NEAR)


class Matcher:
    """Looks for `terms` in transcripts. It holds no state between looks but a cache, and can be pickled.

    Phrases match on normalised characters (see `text.normalise`), digits and 您/你 made equal. Regular expressions
    run on the normalised text of one utterance: Simplified, lower case, no punctuation, no spaces.
    """

    def __init__(self, terms: Iterable[Term], ear: Ear | None = None, similarity: Similarity | None = None) -> None:
        """Raise `regex.error` for an expression that does not compile."""
        self.terms = tuple(dict.fromkeys(terms))
        self._ear = ear or Ear()
        self._similarity = similarity
        self._nears = [term for term in self.terms if isinstance(term, Near)]
        self._likes = [term for term in self.terms if isinstance(term, Like)]
        self._regexes = [_Expression(term) for term in self.terms if isinstance(term, Regex)]
        phrases = [term for term in self.terms if isinstance(term, Phrase)]
        self._plain = len(phrases)
        parts = dict.fromkeys([*phrases, *(phrase for near in self._nears for phrase in near.phrases)])
        self._index = PhraseIndex(list(parts), self._ear)
        self._parts = {phrase: place for place, phrase in enumerate(parts)}
        self._none: dict[Term, tuple[Hit, ...]] = dict.fromkeys(self.terms, ())
        self._texts: dict[str, _Text] = {}

    def __reduce__(self) -> tuple[type[Matcher], tuple[tuple[Term, ...], Ear, Similarity | None]]:
        return type(self), (self.terms, self._ear, self._similarity)

    def look(self, utterances: Sequence[Utterance]) -> Look:
        """Return all hits in `utterances`, and what could not be looked for. Every term has an entry in `hits`."""
        texts = [self._text(utterance.text) for utterance in utterances]
        hits: dict[Term, list[Hit]] = {}
        almost: dict[Term, list[Hit]] = {}
        for utterance, text in zip(utterances, texts, strict=True):
            for term, place in text.hits:
                hits.setdefault(term, []).append(_at(utterance, place))
            for term, place in text.almost:
                almost.setdefault(term, []).append(_at(utterance, place))
        unable: dict[Term, str] = {}
        self._look_regexes(utterances, texts, hits, unable)
        self._look_likes(utterances, hits, unable)
        return Look(
            self._none | {term: tuple(found) for term, found in hits.items()},
            {term: tuple(found) for term, found in almost.items()},
            unable,
        )

    def _text(self, text: str) -> _Text:
        """Return what phrases and near terms find in one text; remembered, for calls repeat themselves."""
        known = self._texts.get(text)
        if known is None:
            if len(self._texts) >= _CACHED_TEXTS:
                self._texts.clear()
            known = self._texts[text] = self._read(text)
        return known

    def _read(self, text: str) -> _Text:
        heard = Heard(text, self._ear)
        hits, almost = self._index.find(heard)
        phrases = self._index.phrases
        found = _Text(heard.normal.text, heard)
        for hit in hits:
            if hit.phrase < self._plain:
                found.hits.append((phrases[hit.phrase], _place(heard, hit)))
        for hit in almost:
            if hit.phrase < self._plain:
                found.almost.append((phrases[hit.phrase], _place(heard, hit)))
        by_phrase: dict[int, list[Found]] = {}
        for hit in hits:
            by_phrase.setdefault(hit.phrase, []).append(hit)
        for near in self._nears:
            choices = [by_phrase.get(self._parts[phrase], []) for phrase in near.phrases]
            found.hits += [(near, _place(heard, place)) for place in _together(choices, near.within)]
        return found

    def _look_regexes(
        self, utterances: Sequence[Utterance], texts: list[_Text], hits: dict[Term, list[Hit]], unable: dict[Term, str]
    ) -> None:
        whole = "\n".join(text.normal for text in texts)
        for expression in self._regexes:
            try:
                if not expression.worth(whole):
                    continue
                found = [
                    Hit(utterance.index, *text.heard.original(start, end), Match.REGEX)
                    for utterance, text in zip(utterances, texts, strict=True)
                    for start, end in expression.places(text.normal)
                ]
            except TimeoutError:
                unable[expression.term] = "regex-timeout"
            else:
                if found:
                    hits[expression.term] = found

    def _look_likes(
        self, utterances: Sequence[Utterance], hits: dict[Term, list[Hit]], unable: dict[Term, str]
    ) -> None:
        if not self._likes:
            return
        if self._similarity is None:
            unable.update(dict.fromkeys(self._likes, "model-missing"))
            return
        places = [(utterance, start, end) for utterance in utterances for start, end in _clauses(utterance.text)]
        distinct = list(dict.fromkeys(utterance.text[start:end] for utterance, start, end in places))
        if not distinct:
            return
        for like in self._likes:
            margins = dict(zip(distinct, self._similarity.margins(like, distinct), strict=True))
            threshold = self._similarity.threshold(like)
            found = [
                Hit(utterance.index, start, end, Match.LIKE, margin)
                for utterance, start, end in places
                if (margin := margins[utterance.text[start:end]]) >= threshold
            ]
            if found:
                hits[like] = found


class _Text:
    """What one text holds: its normal form and the places of phrases and near terms."""

    def __init__(self, normal: str, heard: Heard) -> None:
        self.normal = normal
        self.heard = heard
        self.hits: list[tuple[Term, _Place]] = []
        self.almost: list[tuple[Term, _Place]] = []


_Place = tuple[int, int, Match, float]


def _place(heard: Heard, found: Found) -> _Place:
    return (*heard.original(found.start, found.end), found.match, found.halves / 2)


def _at(utterance: Utterance, place: _Place) -> Hit:
    return Hit(utterance.index, *place)


class _Expression:
    """A compiled expression with its excuse."""

    def __init__(self, term: Regex) -> None:
        self.term = term
        self._pattern = regex.compile(term.pattern)
        self._unless = regex.compile(term.unless) if term.unless else None
        # Without anchors, look-around and escapes a match in one line is a match in all lines joined.
        self._local = not any(mark in term.pattern.replace("(?:", "") for mark in ("^", "$", "\\", "(?", "(*"))

    def worth(self, whole: str) -> bool:
        """Whether the expression can match at all in the joined texts. Raises TimeoutError."""
        return not self._local or self._pattern.search(whole, timeout=REGEX_TIMEOUT_S) is not None

    def places(self, normal: str) -> list[tuple[int, int]]:
        """Return the unexcused matches that are not empty. Raises TimeoutError."""
        found = [match.span() for match in self._pattern.finditer(normal, timeout=REGEX_TIMEOUT_S)]
        found = [(start, end) for start, end in found if start < end]
        if not found or self._unless is None:
            return found
        excused = [match.span() for match in self._unless.finditer(normal, timeout=REGEX_TIMEOUT_S)]
        return [
            (start, end) for start, end in found if not any(start < stop and begin < end for begin, stop in excused)
        ]


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the clauses that are long enough for a sentence model."""
    for start, end in clauses(text):
        if len(normalise(text[start:end]).text) >= LIKE_CLAUSE_LEAST:
            yield start, end


def _together(choices: list[list[Found]], within: int) -> list[Found]:
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
