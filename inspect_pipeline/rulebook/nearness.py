"""How far a stretch of text may differ from a phrase, and how far it does: all limits of approximate matching.

Distances are counted in halves inside (integers), and given to the outside in syllables. A syllable costs half when
its initial or its final is right, a filler (的, 您, 一下 …) costs half to add or drop, anything else costs one.
A negation is never added, dropped or replaced. Sellers' weighted edit distance with a free start and a free end.
"""

from __future__ import annotations

from itertools import pairwise

from inspect_pipeline.text.sound import is_negation, syllable_distance

SOUND_LEAST = 2  # a single character sounds like too much
SOUND_STRICT_BELOW = 4  # shorter: also equal tones or a character that is right; two characters: and no other word
NEAR_LEAST = 4  # shorter phrases never match with errors
NEAR_SHARE = 0.20  # of the length, the limit of long phrases; short ones: (n // 2 - 1) halves, see near_halves
ALMOST_SHARE = 0.375  # of the length, the limit of what resembles a phrase
ALMOST_INTACT = 0.6  # of the syllables must be right and in order
CONTENT_INTACT = 2  # syllables of content words that must be right, for both
ONE_CLAUSE_BELOW = 6  # shorter phrases match by sound or with errors only inside one clause
ONE_CLAUSE_EXACT_BELOW = 4  # shorter phrases match at all only inside one clause
DIGIT_RUN = 3  # a phrase with this many digits in a row is a number: it matches exactly or not

FILLERS = frozenset("的了啊呢吧吗嘛呀哦嗯呃诶那这就您你我请")
FILLER_PAIRS = frozenset({"一下", "那个", "这个", "就是", "然后"})
FUNCTION_WORDS = frozenset("的了啊呢吧吗嘛呀哦嗯呃那这就您你我他是在有给把也都个一")

_NEVER = 1 << 12
_SHIFT = 16


def near_halves(length: int) -> int:
    """Return the largest distance of a near match, in halves: 0.5 for 4-5 syllables, 1 for 6-7, 1.5, 2, then a fifth.

    Never more than n // 2 - 1, so that among 1 + halves pieces of two syllables or more one is always intact.
    """
    if length < NEAR_LEAST:
        return 0
    return min(length // 2 - 1, max(4, int(2 * NEAR_SHARE * length)))


def almost_halves(length: int) -> int:
    """Return the largest distance at which a place resembles a phrase, in halves."""
    return int(2 * ALMOST_SHARE * length) if length >= NEAR_LEAST else 0


def intact(length: int) -> int:
    """Return how many syllables must be right and in order for a place to be worth comparing."""
    least_near = length - near_halves(length)
    return min(least_near, -int(-ALMOST_INTACT * length // 1))


class _Costs(dict[str, int]):
    """Halves for reading one heard symbol as another."""

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self._symbol = symbol

    def __missing__(self, other: str) -> int:
        cost = int(2 * syllable_distance(self._symbol, other))
        if cost and (is_negation(other) or is_negation(self._symbol)):
            cost = _NEVER
        self[other] = cost
        return cost


class Pattern:
    """One phrase made ready for comparing: `key` its folded characters, `heard` its syllables."""

    def __init__(self, key: str, heard: str) -> None:
        self.key = key
        self.heard = heard
        self.length = len(key)
        self.near = near_halves(self.length)
        self.almost = almost_halves(self.length)
        self.intact = intact(self.length)
        self.content = frozenset(
            symbol for character, symbol in zip(key, heard, strict=True) if character not in FUNCTION_WORDS
        )
        self.content_needed = min(CONTENT_INTACT, len(self.content))
        self._steps = [
            (_Costs(symbol), omission(character, symbol) << _SHIFT)
            for character, symbol in zip(key, heard, strict=True)
        ]

    def pieces(self) -> list[tuple[int, str]]:
        """Return (offset, syllables) of 1 + near pieces: whatever is a near match has one of them intact."""
        count = self.near + 1
        edges = [self.length * index // count for index in range(count + 1)]
        return [(start, self.heard[start:end]) for start, end in pairwise(edges)]

    def anchored(self, heard: str) -> bool:
        """Whether enough syllables of content words stand in a matched stretch."""
        return len(self.content.intersection(heard)) >= self.content_needed

    def endings(self, key: str, heard: str, halves: int) -> list[tuple[int, int, int]]:
        """Return (halves, start, end) for each end in the text where the least distance is at most `halves`.

        Of equal distances at one end the longest stretch is given.
        """
        steps = self._steps
        column = [0]
        for _, drop in steps:
            column.append(column[-1] + drop)
        before: list[int] | None = None
        limit = (halves + 1) << _SHIFT
        found = []
        for place, symbol in enumerate(heard):
            add = addition(key[place], symbol) << _SHIFT
            pair = before if key[place - 1 : place + 1] in FILLER_PAIRS else None
            value = place + 1
            new = [value]
            for row, (costs, drop) in enumerate(steps):
                value = min(column[row] + (costs[symbol] << _SHIFT), column[row + 1] + add, value + drop)
                if pair is not None:
                    value = min(value, pair[row + 1] + (1 << _SHIFT))
                new.append(value)
            before, column = column, new
            if value < limit:
                found.append((value >> _SHIFT, value & ((1 << _SHIFT) - 1), place + 1))
        return found


def addition(character: str, symbol: str) -> int:
    """Return the halves for a character that the phrase does not have."""
    return _NEVER if is_negation(symbol) else 1 if character in FILLERS else 2


def omission(character: str, symbol: str) -> int:
    """Return the halves for leaving out a character of the phrase."""
    return addition(character, symbol)
