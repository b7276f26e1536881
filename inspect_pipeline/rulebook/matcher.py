"""Finds all terms of all rules in one transcript, with how each was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product

from inspect_pipeline.model import Match, Utterance
from inspect_pipeline.rulebook.expressions import Expressions
from inspect_pipeline.rulebook.phrases import Found, Heard, PhraseIndex
from inspect_pipeline.rulebook.scan import Sieve, strings_of
from inspect_pipeline.rulebook.similarity import Similarity
from inspect_pipeline.rulebook.sounds import SoundExpressions, heard_needs
from inspect_pipeline.rulebook.terms import Hit, Like, Look, Near, Phrase, Regex, Term
from inspect_pipeline.text.normalise import clauses, normalise
from inspect_pipeline.text.sound import Ear

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
        self._regexes = [term for term in self.terms if isinstance(term, Regex)]
        self._expressions = Expressions(self._regexes)
        self._sounds = SoundExpressions([term for term in self._regexes if term.sound], self._ear)
        phrases = [term for term in self.terms if isinstance(term, Phrase)]
        self._plain = len(phrases)
        parts = dict.fromkeys([*phrases, *(phrase for near in self._nears for phrase in near.phrases)])
        needs = [heard_needs(term.pattern, self._ear) for term in self._regexes]
        self._index = PhraseIndex(list(parts), self._ear, strings_of(needs))
        self._sieve = Sieve(needs, self._index.scanner)
        self._parts = {phrase: place for place, phrase in enumerate(parts)}
        self._none: dict[Term, tuple[Hit, ...]] = dict.fromkeys(self.terms, ())
        self._texts: dict[str, _Text] = {}

    def __reduce__(self) -> tuple[type[Matcher], tuple[tuple[Term, ...], Ear, Similarity | None]]:
        return type(self), (self.terms, self._ear, self._similarity)

    def look(self, utterances: Sequence[Utterance], likes: bool = True) -> Look:
        """Return all hits in `utterances`, and what could not be looked for. Every term has an entry in `hits`.

        A sentence model is a thousand times dearer than all else: without `likes` their terms are left out, and `alike`
        answers for those utterances that matter.
        """
        texts = [self._text(utterance.text) for utterance in utterances]
        hits: dict[Term, list[Hit]] = {}
        almost: dict[Term, list[Hit]] = {}
        for utterance, text in zip(utterances, texts, strict=True):
            for term, place in text.hits:
                hits.setdefault(term, []).append(_at(utterance, place))
            for term, place in text.almost:
                almost.setdefault(term, []).append(_at(utterance, place))
        unable: dict[Term, str] = {term: "regex-timeout" for text in texts for term in text.timed_out}
        for term in unable:
            hits.pop(term, None)
        if self._similarity is None:
            unable.update(dict.fromkeys(self._likes, "model-missing"))
        elif likes:
            hits |= {like: found for like in self._likes if (found := self.alike(like, utterances))}
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
            known = self._read(text)
            if not known.timed_out:
                self._texts[text] = known
        return known

    def _read(self, text: str) -> _Text:
        heard = Heard(text, self._ear)
        places = self._index.scanner.scan(heard.heard)
        hits, almost = self._index.find(heard, places)
        phrases = self._index.phrases
        found = _Text()
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
        possible = self._sieve.possible(places)
        matches, found.timed_out = self._expressions.find(heard.normal.text, possible)
        found.hits += [(term, (*heard.original(*span), Match.REGEX, 0.0)) for term, span in matches]
        exact = {term for term, _ in matches}
        unsure = [term for index in possible if (term := self._regexes[index]) not in exact]
        by_sound = self._sounds.find(heard, unsure) if unsure else []
        found.hits += [(term, (*heard.original(*span), Match.SOUND, 0.0)) for term, span in by_sound]
        return found

    def alike(self, like: Like, utterances: Sequence[Utterance]) -> list[Hit]:
        """Return the clauses of `utterances` that mean what `like` describes; none without a sentence model."""
        places = [(utterance, start, end) for utterance in utterances for start, end in _clauses(utterance.text)]
        distinct = list(dict.fromkeys(utterance.text[start:end] for utterance, start, end in places))
        if self._similarity is None or not distinct:
            return []
        scores = dict(zip(distinct, self._similarity.scores(like, distinct), strict=True))
        threshold = self._similarity.threshold(like)
        return [
            Hit(utterance.index, start, end, Match.LIKE, score)
            for utterance, start, end in places
            if (score := scores[utterance.text[start:end]]) >= threshold
        ]


class _Text:
    """What one text holds: the places of phrases, near terms and expressions, and the expressions that timed out."""

    def __init__(self) -> None:
        self.hits: list[tuple[Term, _Place]] = []
        self.almost: list[tuple[Term, _Place]] = []
        self.timed_out: list[Regex] = []


_Place = tuple[int, int, Match, float]


def _place(heard: Heard, found: Found) -> _Place:
    return (*heard.original(found.start, found.end), found.match, found.halves / 2)


def _at(utterance: Utterance, place: _Place) -> Hit:
    return Hit(utterance.index, *place)


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
