"""How far a stretch of text may differ from a phrase, and how far it does: all limits of approximate matching.

Distances are counted in halves inside (integers), and given to the outside in syllables. A syllable costs half when
its initial or its final is right, a filler (的, 您, 一下 …) costs half to add, or to drop inside a phrase; anything
else costs one. A negation is never added, dropped or replaced. The distance is the least over all starts and ends
(Sellers 1980).
"""

from __future__ import annotations

import math
from itertools import pairwise, zip_longest

from inspect_pipeline.text.sound import NEGATIONS, is_negation, parts_of, syllable_distance

SOUND_LEAST = 2  # a single character sounds like too much
SOUND_STRICT_BELOW = 4  # shorter: also equal tones or a character that is right; two characters: and no other word
NEAR_LEAST = 4  # shorter phrases never match with errors
NEAR_SHARE = 0.20  # of the length, the limit of long phrases; short ones: n // 2 - 1 halves, see near_halves
NEAR_CONTENT = 2  # syllables of content words that must be right
ALMOST_INTACT = 2 / 3  # of all syllables must be right and in order to resemble
ALMOST_CONTENT = 3 / 5  # of the syllables of content words must be right to resemble
ALMOST_SPREAD = 1  # characters by which a stretch that resembles may be longer than the phrase on each side
ONE_CLAUSE_BELOW = 6  # shorter phrases match by sound or with errors only inside one clause
ONE_CLAUSE_EXACT_BELOW = 4  # shorter phrases match at all only inside one clause
DIGIT_RUN = 3  # a phrase with this many digits in a row is a number: it matches exactly or not

FILLERS = frozenset("的了啊呢吧吗嘛呀哦嗯呃诶那这就您你我请")
FILLER_PAIRS = ("一下", "那个", "这个", "就是", "然后")
PERSONS = frozenset("我你他")  # who acts must stay: 您怎么知道 is not 我怎么知道; only 你 (您) may be left out
FUNCTION_WORDS = frozenset("的了啊呢吧吗嘛呀哦嗯呃那这就您你我他是在有给把也都个一")

_SHIFT = 16  # a cell of the distance table holds halves << _SHIFT | start: one comparison prefers the longer stretch
_HALF = 1 << _SHIFT
_NEVER = 1 << 28
_REMEMBERED = 1024  # stretches of text around one phrase


def near_halves(length: int) -> int:
    """Return the largest distance of a near match, in halves: 0.5 for 4-5 syllables, 1 for 6-7, 1.5, 2, then a fifth.

    Never more than n // 2 - 1, so that of 1 + halves pieces, each of two syllables or more, one is always intact.
    """
    if length < NEAR_LEAST:
        return 0
    return min(length // 2 - 1, max(4, int(2 * NEAR_SHARE * length)))


class _Costs(dict[str, int]):
    """The cost of hearing another symbol in place of one."""

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self._symbol = symbol

    def __missing__(self, other: str) -> int:
        cost = int(2 * syllable_distance(self._symbol, other)) * _HALF
        if cost and (is_negation(other) or is_negation(self._symbol)):
            cost = _NEVER
        self[other] = cost
        return cost


class _Extra(dict[str, int]):
    """The cost of a character that only one side has."""

    def __missing__(self, character: str) -> int:
        cost = _NEVER if character in NEGATIONS else _HALF if character in FILLERS else 2 * _HALF
        self[character] = cost
        return cost


_extra = _Extra()
_symbol_costs: dict[str, _Costs] = {}


def _costs_of(symbol: str) -> _Costs:
    return _symbol_costs.setdefault(symbol, _Costs(symbol))


class Pattern:
    """One phrase made ready for comparing: `key` its folded characters, `heard` its syllables."""

    def __init__(self, key: str, heard: str) -> None:
        self.key = key
        self.heard = heard
        self._endings: dict[str, list[tuple[int, int, int]]] = {}
        self.length = len(key)
        self.near = near_halves(self.length)
        self.near_intact = self.length - self.near
        self.parts = parts_of(heard)
        fillers = sum(character in FILLERS for character in key)
        self.near_parts = (
            2 * self.length - self.near - min(self.near, fillers)
        )  # a filler left out costs one, loses two
        self._negations = [symbol for symbol in heard if is_negation(symbol)]
        self.almost_intact = math.ceil(ALMOST_INTACT * self.length)
        self.intact = min(self.near_intact, self.almost_intact)
        pairs = zip(key, heard, strict=True)
        self._content = frozenset(symbol for character, symbol in pairs if character not in FUNCTION_WORDS)
        self._near_content = min(NEAR_CONTENT, len(self._content))
        self._almost_content = max(self._near_content, math.ceil(ALMOST_CONTENT * len(self._content)))
        self._persons = PERSONS.intersection(key)
        edges = (0, self.length - 1)  # without a filler at its edge it would be another, shorter phrase
        self._steps = [
            (_costs_of(symbol), max(_extra[character], 2 * _HALF if place in edges else 0))
            for place, (character, symbol) in enumerate(zip(key, heard, strict=True))
        ]

    def pieces(self) -> list[tuple[int, str]]:
        """Return (offset, syllables) of 1 + near pieces: whatever is a near match has one of them intact."""
        count = self.near + 1
        edges = [self.length * index // count for index in range(count + 1)]
        return [(start, self.heard[start:end]) for start, end in pairwise(edges)]

    def near_anchored(self, key: str, heard: str) -> bool:
        """Whether a stretch has enough syllables of content words, and the same persons, for a near match."""
        if len(self._content.intersection(heard)) < self._near_content:
            return False
        said = PERSONS.intersection(key)
        lacking = self._persons - said
        return not lacking or (lacking == {"你"} and said <= self._persons)

    def almost_anchored(self, heard: str) -> bool:
        """Whether a stretch has enough syllables of content words, and the negations, to resemble the phrase."""
        if len(self._content.intersection(heard)) < self._almost_content:
            return False
        return [symbol for symbol in heard if is_negation(symbol)] == self._negations

    def endings(self, key: str, heard: str) -> list[tuple[int, int, int]]:
        """Return (halves, start, end) for each end in the text where the least distance is a near match's.

        Of equal distances at one end the longest stretch is given. What people say around a phrase repeats itself, so
        answers are remembered.
        """
        known = self._endings.get(key)
        if known is None:
            if len(self._endings) >= _REMEMBERED:
                self._endings.clear()
            known = self._endings[key] = self._work_out(key, heard)
        return known

    def _work_out(self, key: str, heard: str) -> list[tuple[int, int, int]]:
        """Return the endings. Rows beyond the last that can still become a near match are left out (Ukkonen 1985)."""
        length, limit, first = self.length, (self.near + 1) * _HALF, self._steps[0][0]
        column = self._cut([0], limit)
        before = [_NEVER]
        found = []
        for place, symbol in enumerate(heard):
            paired = key[place - 1 : place + 1] in FILLER_PAIRS
            value = place + 1
            new = [value]
            if len(column) > 2 or first[symbol] < limit or paired:
                add = _extra[key[place]]
                for (costs, drop), diagonal, left in zip(self._steps, column, column[1:], strict=False):
                    value += drop
                    other = diagonal + costs[symbol]
                    value = min(value, other)
                    other = left + add
                    value = min(value, other)
                    new.append(value)
                if paired:
                    new = self._over_pair(new, before)
            before, column = column, self._cut(new, limit)
            if len(column) > length and (value := column[length]) < limit:
                found.append((value >> _SHIFT, value & (_HALF - 1), place + 1))
        return found

    def _over_pair(self, column: list[int], before: list[int]) -> list[int]:
        """Return the column with the two last characters of the text taken as one filler, for half a syllable."""
        new = column[:1]
        rows = zip_longest(column[1:], before[1:], fillvalue=_NEVER)
        for (_, drop), (own, earlier) in zip(self._steps, rows, strict=False):
            new.append(min(own, earlier + _HALF, new[-1] + drop))
        return new

    def _cut(self, column: list[int], limit: int) -> list[int]:
        """Leave out syllables of the phrase as far as the limit allows, and cut off what is beyond it."""
        while len(column) <= self.length and (value := column[-1] + self._steps[len(column) - 1][1]) < limit:
            column.append(value)
        while column[-1] >= limit:
            column.pop()
        if len(column) <= self.length:
            column.append(_NEVER)
        return column
