"""All phrases of all rules in one pass over a text: exact, by sound, and with small errors.

Three automata (Aho-Corasick) run over the text: whole phrases as characters, whole phrases as syllables, and pieces
of long phrases as syllables. A near match has at least one piece intact (pigeonhole), so comparing the surroundings
of pieces loses nothing. A place that merely resembles a phrase (`almost`) must also have a piece intact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance.LCSseq import editops
from rapidfuzz.distance.LCSseq import similarity as common_subsequence

from inspect_pipeline.model import Match
from inspect_pipeline.rulebook.nearness import (
    ALMOST_SPREAD,
    DIGIT_RUN,
    FILLER_PAIRS,
    NEAR_LEAST,
    ONE_CLAUSE_BELOW,
    ONE_CLAUSE_EXACT_BELOW,
    SOUND_LEAST,
    SOUND_STRICT_BELOW,
    Pattern,
)
from inspect_pipeline.rulebook.scan import Place, Scanner
from inspect_pipeline.rulebook.terms import Phrase
from inspect_pipeline.text.normalise import Normal, ends_clause, normalise
from inspect_pipeline.text.numbers import DIGIT_TABLE, longest_digit_run, other_forms
from inspect_pipeline.text.sound import Ear, parts_of, tones
from inspect_pipeline.text.words import boundaries, is_word

_SAME = DIGIT_TABLE | str.maketrans({"您": "你", "妳": "你", "她": "他", "它": "他", "牠": "他", "帐": "账"})
_RANK = {Match.EXACT: 0, Match.SOUND: 1, Match.NEAR: 2}


def fold(normal: str) -> str:
    """Return `normal` with characters that count as equal made equal: digits, 您 and 你, 帐 and 账."""
    return normal.translate(_SAME)


@dataclass(frozen=True, slots=True)
class Found:
    """One phrase in one text. `start`/`end` count normal characters; `halves` is twice the distance."""

    phrase: int
    start: int
    end: int
    match: Match
    halves: int = 0

    def order(self) -> tuple[int, int, int, int]:
        """Sort key: the best first (least distance, exact before sound, longest, earliest)."""
        return (self.halves, _RANK[self.match], self.start - self.end, self.start)


class Heard:
    """One text in the forms that phrases are matched on."""

    def __init__(self, text: str, ear: Ear) -> None:
        self.text = text
        self.normal: Normal = normalise(text)
        self.key = fold(self.normal.text)
        self.heard = ear.hear(self.key)

    def straddles(self, start: int, end: int) -> bool:
        """Whether a clause ends inside the stretch."""
        first, last = self.original(start, end)
        return ends_clause(self.text[first:last])

    def on_words(self, start: int, end: int) -> bool:
        """Whether the stretch begins and ends on word boundaries."""
        return {start, end} <= boundaries(self.normal.text)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the original of a stretch of the normal text."""
        return self.normal.offsets[start], self.normal.offsets[end - 1] + 1


class PhraseIndex:
    """Finds `phrases` in texts. A phrase is named by its place in the sequence."""

    def __init__(self, phrases: Sequence[Phrase], ear: Ear, also: Iterable[str] = ()) -> None:
        """`also`: strings of syllables that the scanner finds for others in the same pass."""
        self.phrases = tuple(phrases)
        normals = [normalise(phrase.text).text for phrase in phrases]
        keys = [fold(normal) for normal in normals]
        self._patterns = [Pattern(key, ear.hear(key)) for key in keys]
        whole: dict[str, list[tuple[int, str]]] = {}  # by syllables: phrase and a form of its characters
        pieces: dict[str, list[tuple[int, int]]] = {}  # by syllables: phrase and where in it they stand
        for index, (phrase, normal, key) in enumerate(zip(phrases, normals, keys, strict=True)):
            for form in dict.fromkeys(fold(form) for form in (normal, *other_forms(normal)) if form):
                whole.setdefault(ear.hear(form), []).append((index, form))
            if phrase.near and len(key) >= NEAR_LEAST and longest_digit_run(key) < DIGIT_RUN:
                for offset, piece in self._patterns[index].pieces():
                    pieces.setdefault(piece, []).append((index, offset))
        self.scanner = Scanner([*whole, *pieces, *also])
        self._whole = {self.scanner.numbers[string]: owners for string, owners in whole.items()}
        self._pieces = {self.scanner.numbers[string]: owners for string, owners in pieces.items()}
        self._by_sound = [
            phrase.sound and len(key) >= SOUND_LEAST and longest_digit_run(key) < DIGIT_RUN
            for phrase, key in zip(phrases, keys, strict=True)
        ]

    def find(self, heard: Heard, places: Sequence[Place] | None = None) -> tuple[list[Found], list[Found]]:
        """Return the hits and the places that almost are: of each phrase the best that do not overlap.

        `places`: what the scanner finds, when it is known.
        """
        if places is None:
            places = self.scanner.scan(heard.heard)
        return self._similar(heard, self._same(heard, places), places)

    def _same(self, heard: Heard, places: Sequence[Place]) -> dict[int, list[Found]]:
        """Return the exact and the sound hits of each phrase."""
        found: dict[int, list[Found]] = {}
        for number, after, end_after in places:
            if number not in self._whole:
                continue
            start, end = after - 1, end_after - 1
            said = heard.key[start:end]
            for phrase, form in self._whole[number]:
                if said == form:
                    if self._admits(phrase, heard, start, end, ONE_CLAUSE_EXACT_BELOW):
                        found.setdefault(phrase, []).append(Found(phrase, start, end, Match.EXACT))
                elif (
                    self._by_sound[phrase]
                    and form == self._patterns[phrase].key
                    and self._sounds(phrase, heard, start, end)
                ):
                    found.setdefault(phrase, []).append(Found(phrase, start, end, Match.SOUND))
        return {phrase: _best(hits) for phrase, hits in found.items()}

    def _admits(self, phrase: int, heard: Heard, start: int, end: int, whole_below: int) -> bool:
        """Whether clause and word boundaries allow the phrase to stand here."""
        if self._patterns[phrase].length < whole_below and heard.straddles(start, end):
            return False
        return not self.phrases[phrase].word or heard.on_words(start, end)

    def _sounds(self, phrase: int, heard: Heard, start: int, end: int) -> bool:
        """Whether a stretch with the syllables of a phrase is the phrase misheard, and not another word."""
        key, said = self._patterns[phrase].key, heard.key[start:end]
        if len(key) < SOUND_STRICT_BELOW:
            alike = any(a == b for a, b in zip(key, said, strict=True)) or tones(key) == tones(said)
            if not alike:
                return False
            if len(key) == SOUND_LEAST and (is_word(said) or not heard.on_words(start, end)):
                return False
        return self._admits(phrase, heard, start, end, ONE_CLAUSE_BELOW)

    def _similar(
        self, heard: Heard, sure: dict[int, list[Found]], places: Sequence[Place]
    ) -> tuple[list[Found], list[Found]]:
        """Add the near hits to the sure ones, and return both with what almost is a hit."""
        windows, resembling = self._candidates(heard, sure, places)
        hits = dict(sure)
        for phrase, spans in windows.items():
            if near := self._near(phrase, heard, spans):
                hits[phrase] = _best([*hits.get(phrase, []), *near])
        almost: list[Found] = []
        for phrase in sorted(resembling):
            taken = hits.get(phrase, [])
            begins = [begin for begin in resembling[phrase] if not self._taken(phrase, begin, taken)]
            alike = [place for begin in begins if (place := self._resembles(phrase, heard, begin))]
            almost += [place for place in _best(alike) if not any(_overlap(place, hit) for hit in taken)]
        return [hit for phrase in sorted(hits) for hit in hits[phrase]], almost

    def _candidates(
        self, heard: Heard, sure: dict[int, list[Found]], places: Sequence[Place]
    ) -> tuple[dict[int, list[tuple[int, int]]], dict[int, list[int]]]:
        """Return the windows in which each phrase may be near, and the offsets at which it may be resembled."""
        settled = {(hit.phrase, hit.start) for places in sure.values() for hit in places}
        syllables, parts, patterns = heard.heard, parts_of(heard.heard), self._patterns
        begun = {
            (phrase, after - 1 - offset)
            for number, after, _ in places
            if number in self._pieces
            for phrase, offset in self._pieces[number]
        }
        pairs = sum([heard.key.count(pair) for pair in FILLER_PAIRS])
        windows: dict[int, list[tuple[int, int]]] = {}
        resembling: dict[int, list[int]] = {}
        for phrase, begin in begun - settled:
            pattern = patterns[phrase]
            slack = pattern.near + pairs
            low, high = begin - slack if begin > slack else 0, begin + pattern.length + slack
            common = common_subsequence(pattern.heard, syllables[low:high], score_cutoff=pattern.intact)
            if not common:
                continue
            if common >= pattern.near_intact and common_subsequence(
                pattern.parts, parts[2 * low : 2 * high], score_cutoff=pattern.near_parts
            ):
                windows.setdefault(phrase, []).append((low, high))
            if common >= pattern.almost_intact:
                resembling.setdefault(phrase, []).append(begin)
        return windows, resembling

    def _taken(self, phrase: int, begin: int, hits: list[Found]) -> bool:
        """Whether the phrase written from `begin` on would lie over the middle of one of its hits."""
        middle = begin + self._patterns[phrase].length // 2
        return any(hit.start <= middle < hit.end for hit in hits)

    def _near(self, phrase: int, heard: Heard, windows: list[tuple[int, int]]) -> list[Found]:
        """Return the near hits of a phrase in the windows."""
        pattern = self._patterns[phrase]
        places = [
            Found(phrase, low + start, low + end, Match.NEAR, halves)
            for low, high in _merged(windows)
            for halves, start, end in pattern.endings(heard.key[low:high], heard.heard[low:high])
        ]
        return [
            place
            for place in places
            if pattern.near_anchored(heard.key[place.start : place.end], heard.heard[place.start : place.end])
            and self._admits(phrase, heard, place.start, place.end, ONE_CLAUSE_BELOW)
        ]

    def _resembles(self, phrase: int, heard: Heard, begin: int) -> Found | None:
        """Return the place around `begin` that resembles a phrase, if most of its syllables are right there."""
        pattern = self._patterns[phrase]
        low = max(0, begin - ALMOST_SPREAD)
        stretch = heard.heard[low : begin + pattern.length + ALMOST_SPREAD]
        if not common_subsequence(pattern.heard, stretch, score_cutoff=pattern.almost_intact):
            return None
        right = [block for block in editops(pattern.heard, stretch).as_matching_blocks() if block.size]
        start, end = low + right[0].b, low + right[-1].b + right[-1].size
        if not pattern.almost_anchored(heard.heard[start:end]):
            return None
        if not self._admits(phrase, heard, start, end, ONE_CLAUSE_BELOW):
            return None
        wrong = max(pattern.length, end - start) - sum(block.size for block in right)
        return Found(phrase, start, end, Match.NEAR, 2 * wrong)


def _merged(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join windows that touch."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(windows):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def _overlap(a: Found, b: Found) -> bool:
    return a.start < b.end and b.start < a.end


def _best(places: list[Found]) -> list[Found]:
    """Return the best places that do not overlap, in the order of the text."""
    if len(places) < 2:
        return places
    taken: list[Found] = []
    for place in sorted(places, key=Found.order):
        if not any(_overlap(place, other) for other in taken):
            taken.append(place)
    return sorted(taken, key=lambda place: place.start)
