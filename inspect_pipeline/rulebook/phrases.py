"""All phrases of all rules in one pass over many texts: exact, by sound, and with small errors.

What is found in the pass are the syllables of whole phrases and of pieces of long ones. A near match has at least one
piece intact (pigeonhole), so comparing the surroundings of pieces loses nothing. A place that merely resembles a phrase
(`almost`) must also have a piece intact. What a phrase comes to in a text is worked out when it is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rapidfuzz.distance.LCSseq import editops
from rapidfuzz.distance.LCSseq import similarity as common_subsequence

from inspect_pipeline.model import Match
from inspect_pipeline.rulebook.heard import Heard, HeardSheet, fold
from inspect_pipeline.rulebook.nearness import (
    ALMOST_SPREAD,
    DIGIT_RUN,
    NEAR_LEAST,
    ONE_CLAUSE_BELOW,
    ONE_CLAUSE_EXACT_BELOW,
    SOUND_LEAST,
    SOUND_STRICT_BELOW,
    Pattern,
)
from inspect_pipeline.rulebook.pieces import Pieces
from inspect_pipeline.rulebook.scan import LONGEST, Fan, Numbers, Scanner
from inspect_pipeline.rulebook.terms import Phrase
from inspect_pipeline.text.normalise import normalise
from inspect_pipeline.text.numbers import longest_digit_run, other_forms
from inspect_pipeline.text.sound import Ear, tones
from inspect_pipeline.text.words import is_word

_RANK = {Match.EXACT: 0, Match.SOUND: 1, Match.NEAR: 2}


_NOTHING: tuple[tuple[()], tuple[()]] = ((), ())


class Found(NamedTuple):
    """One phrase in one text. `start`/`end` count normal characters; `halves` is twice the distance."""

    phrase: int
    start: int
    end: int
    match: Match
    halves: int = 0

    def order(self) -> tuple[int, int, int, int]:
        """Sort key: the best first (least distance, exact before sound, longest, earliest)."""
        return (self.halves, _RANK[self.match], self.start - self.end, self.start)


class Clues:
    """Where each phrase may stand in one text, as offsets: `whole` as a form of its own, `begun` with errors."""

    __slots__ = ("begun", "whole")

    def __init__(self) -> None:
        self.whole: dict[int, list[tuple[int, str]]] = {}
        self.begun: dict[int, list[int]] = {}

    def phrases(self) -> set[int]:
        """Return the phrases."""
        return self.whole.keys() | self.begun.keys()


_NO_CLUES = Clues()


class PhraseIndex:
    """Finds `phrases` in texts. A phrase is named by its place in the sequence."""

    def __init__(self, phrases: Sequence[Phrase], ear: Ear, also: Iterable[str] = ()) -> None:
        """`also`: strings of syllables that the scanner finds for others in the same pass."""
        self.phrases = tuple(phrases)
        normals = [normalise(phrase.text).text for phrase in phrases]
        keys = [fold(normal) for normal in normals]
        self._patterns = [Pattern(key, ear.hear(key)) for key in keys]
        whole: list[tuple[str, int, str]] = []  # syllables, phrase and a form of its characters
        pieces: list[tuple[str, int, int]] = []  # syllables, phrase and where in it they stand
        for index, (phrase, normal, key) in enumerate(zip(phrases, normals, keys, strict=True)):
            forms = dict.fromkeys(fold(form) for form in (normal, *other_forms(normal)) if form)
            whole += [(ear.hear(form), index, form) for form in forms]
            if phrase.near and len(key) >= NEAR_LEAST and longest_digit_run(key) < DIGIT_RUN:
                pieces += [(piece, index, offset) for offset, piece in self._patterns[index].pieces()]
        self.scanner = Scanner([*(syllables for syllables, *_ in (*whole, *pieces)), *also])
        self._forms = whole
        self._whole = self._fan([syllables for syllables, *_ in whole])
        by_string = self._fan([syllables for syllables, *_ in pieces])
        self._pieces = Pieces(self._patterns, [(phrase, offset) for _, phrase, offset in pieces], by_string)
        self._by_sound = [
            phrase.sound and len(key) >= SOUND_LEAST and longest_digit_run(key) < DIGIT_RUN
            for phrase, key in zip(phrases, keys, strict=True)
        ]

    def _fan(self, strings: Sequence[str]) -> Fan:
        """Return what leads from the number of a string to its places in `strings`."""
        places: list[list[int]] = [[] for _ in self.scanner.numbers]
        for place, string in enumerate(strings):
            places[self.scanner.numbers[string[:LONGEST]]].append(place)
        return Fan(places)

    def clues(self, sheet: HeardSheet, numbers: Numbers, starts: Numbers) -> list[Clues]:
        """Return the clues of each text; `numbers` and `starts` are what the scanner finds in the symbols."""
        found: dict[int, Clues] = defaultdict(Clues)
        texts = sheet.text_at[starts]
        offsets = starts - sheet.edges[texts] - 1
        forms, rows = self._whole(numbers)
        for text, offset, form in zip(texts[rows].tolist(), offsets[rows].tolist(), forms.tolist(), strict=True):
            _, phrase, characters = self._forms[form]
            found[text].whole.setdefault(phrase, []).append((offset, characters))
        for text, phrase, begin in self._pieces.places(sheet, numbers, offsets, texts):
            found[text].begun.setdefault(phrase, []).append(begin)
        return [found.get(text, _NO_CLUES) for text in range(len(sheet.texts))]

    def find(self, phrase: int, heard: Heard, clues: Clues) -> tuple[Sequence[Found], Sequence[int]]:
        """Return the hits of a phrase in a text, the best that do not overlap, and the offsets at which it may be
        resembled."""
        sure = self._same(phrase, heard, clues) if phrase in clues.whole else []
        begun = clues.begun.get(phrase)
        if begun and sure:
            settled = [hit.start for hit in sure]
            begun = [begin for begin in begun if begin not in settled]
        if not begun:
            return (sure, ()) if sure else _NOTHING
        windows, resembling = self._candidates(phrase, heard, begun)
        near = self._near(phrase, heard, windows) if windows else None
        if near:
            return _best([*sure, *near]), resembling
        return (sure, resembling) if sure or resembling else _NOTHING

    def almost(self, phrase: int, heard: Heard, hits: Sequence[Found], resembling: Sequence[int]) -> list[Found]:
        """Return the places that almost are hits; `hits` and `resembling` are what `find` returns."""
        begins = [begin for begin in resembling if not self._taken(phrase, begin, hits)]
        alike = [place for begin in begins if (place := self._resembles(phrase, heard, begin))]
        return [place for place in _best(alike) if not any(_overlap(place, hit) for hit in hits)]

    def _same(self, phrase: int, heard: Heard, clues: Clues) -> list[Found]:
        """Return the exact and the sound hits of a phrase."""
        found: list[Found] = []
        pattern = self._patterns[phrase]
        for start, form in clues.whole[phrase]:
            end = start + len(form)
            said = heard.key[start:end]
            if said == form:
                if self._admits(phrase, heard, start, end, ONE_CLAUSE_EXACT_BELOW):
                    found.append(Found(phrase, start, end, Match.EXACT))
            elif (
                self._by_sound[phrase]
                and form == pattern.key
                and heard.heard[start:end] == pattern.heard
                and self._sounds(phrase, heard, start, end)
            ):
                found.append(Found(phrase, start, end, Match.SOUND))
        return _best(found)

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

    def _candidates(self, phrase: int, heard: Heard, begun: Iterable[int]) -> tuple[list[tuple[int, int]], list[int]]:
        """Return the windows in which a phrase may be near, and the offsets at which it may be resembled."""
        pattern = self._patterns[phrase]
        slack = pattern.near + heard.filler_pairs
        windows: list[tuple[int, int]] = []
        resembling: list[int] = []
        for begin in begun:
            low, high = begin - slack if begin > slack else 0, begin + pattern.length + slack
            syllables = heard.heard[low:high]
            common = common_subsequence(pattern.heard, syllables, score_cutoff=pattern.intact)
            if not common:
                continue
            if common >= pattern.near_intact and common_subsequence(
                pattern.parts, heard.parts(low, high), score_cutoff=pattern.near_parts
            ):
                windows.append((low, high))
            if common >= pattern.almost_intact:
                resembling.append(begin)
        return windows, resembling

    def _taken(self, phrase: int, begin: int, hits: Sequence[Found]) -> bool:
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
