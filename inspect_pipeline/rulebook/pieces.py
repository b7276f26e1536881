"""Where phrases may stand with errors: around one of their pieces, with enough of their syllables close by.

A near match has at least one piece intact (pigeonhole), and so must a place that merely resembles a phrase. Most such
places have little else of the phrase. The syllables of the phrase that occur near the piece, in any order, are at least
as many as those that occur in its order, so counting them (for all places at once) passes over nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from inspect_pipeline.rulebook.heard import HeardSheet
from inspect_pipeline.rulebook.nearness import Pattern
from inspect_pipeline.rulebook.scan import Fan, Grams, Numbers, Symbols, symbols_of

_LONGEST_WINDOW = 80  # symbols; a place with a longer one (of very long phrases, among many fillers) is taken as it is
_LEVELS: Numbers = np.array([max(width, 1).bit_length() - 1 for width in range(_LONGEST_WINDOW + 1)])
_FACTOR = 0x9E37  # Fibonacci hashing, see `scan`
_NOTHING = 0  # is no symbol

Flags = npt.NDArray[np.bool_]
Place = tuple[int, int, int]
"""A text, a phrase, and the offset in the text at which the phrase would begin (it may be negative)."""


class Pieces:
    """The pieces of all phrases."""

    def __init__(self, patterns: Sequence[Pattern], pieces: Sequence[tuple[int, int]], by_string: Fan) -> None:
        """`pieces`: of each piece the phrase and the offset in it; `by_string` leads from a string to its pieces."""
        self._by_string = by_string
        self._phrases = np.array([phrase for phrase, _ in pieces], dtype=np.int64)
        self._offsets = np.array([offset for _, offset in pieces], dtype=np.int64)
        self._lengths = np.array([pattern.length for pattern in patterns], dtype=np.int64)
        self._near = np.array([pattern.near for pattern in patterns], dtype=np.int64)
        self._intact = np.array([pattern.intact for pattern in patterns], dtype=np.int64)
        longest = max((pattern.length for pattern in patterns), default=0)
        self._symbols = np.full((len(patterns), longest), 0xFFFF, dtype=np.uint16)
        for number, pattern in enumerate(patterns):
            codes = np.array([*map(ord, pattern.heard)], dtype=np.uint32)
            self._symbols[number, : pattern.length] = symbols_of(codes)
        real = np.arange(longest) < self._lengths[:, None]
        bits = np.where(real, _bits_of(self._symbols), np.uint64(0))
        self._bits: Grams = np.bitwise_or.reduce(bits, axis=1)

    def places(self, sheet: HeardSheet, numbers: Numbers, offsets: Numbers, texts: Numbers) -> list[Place]:
        """Return where phrases may stand, by text and phrase.

        `numbers` are the strings that occur, `offsets` and `texts` where each does.
        """
        pieces, rows = self._by_string(numbers)
        phrases = self._phrases[pieces]
        begins = offsets[rows] - self._offsets[pieces]
        at = texts[rows]
        likely = np.flatnonzero(self._may_have_enough(sheet, phrases, *self._windows(sheet, at, phrases, begins)))
        margin = 1 + int(self._offsets.max(initial=0))
        stride = margin + int(sheet.lengths.max(initial=0))
        keys = (at[likely] * len(self._lengths) + phrases[likely]) * stride + begins[likely] + margin - 1
        keys = np.unique(keys)
        owners, begins = keys // stride, keys % stride - margin + 1
        at, phrases = owners // len(self._lengths), owners % len(self._lengths)
        enough = self._has_enough(sheet, phrases, *self._windows(sheet, at, phrases, begins))
        return list(zip(at[enough].tolist(), phrases[enough].tolist(), begins[enough].tolist(), strict=True))

    def _windows(self, sheet: HeardSheet, at: Numbers, phrases: Numbers, begins: Numbers) -> tuple[Numbers, Numbers]:
        """Return where in the symbols the surroundings of each place begin, and how many they are."""
        slack = self._near[phrases] + sheet.filler_pairs[at]
        low = np.maximum(begins - slack, 0)
        width = np.minimum(begins + self._lengths[phrases] + slack, sheet.lengths[at]) - low
        return sheet.edges[at] + 1 + low, width

    def _may_have_enough(self, sheet: HeardSheet, phrases: Numbers, first: Numbers, width: Numbers) -> Flags:
        """Return whether `width` symbols from `first` on may hold enough of a phrase, by one bit a symbol.

        The bits of a stretch are those of two overlapping stretches whose length is a power of two.
        """
        levels = [_bits_of(sheet.symbols)]
        for level in range(_LEVELS.max()):
            shorter = levels[-1]
            longer = shorter.copy()
            longer[: -(1 << level)] |= shorter[1 << level :]
            levels.append(longer)
        here = _LEVELS[np.minimum(width, _LONGEST_WINDOW)]
        bits = np.stack(levels)
        there = bits[here, first] | bits[here, first + width - (1 << here)]
        lacking = _ones_in(self._bits[phrases] & ~there)
        return (self._lengths[phrases] - lacking >= self._intact[phrases]) | (width > _LONGEST_WINDOW)

    def _has_enough(self, sheet: HeardSheet, phrases: Numbers, first: Numbers, width: Numbers) -> Flags:
        wanted = self._symbols[phrases]
        present = np.zeros(wanted.shape, dtype=np.bool_)
        last = len(sheet.symbols) - 1
        for step in range(min(int(width.max(initial=0)), _LONGEST_WINDOW)):
            there = sheet.symbols[np.minimum(first + step, last)]
            there = np.where(step < width, there, _NOTHING)
            present |= wanted == there[:, None]
        found: Numbers = (present & (np.arange(wanted.shape[1]) < self._lengths[phrases][:, None])).sum(axis=1)
        return (found >= self._intact[phrases]) | (width > _LONGEST_WINDOW)


def _bits_of(symbols: Symbols) -> Grams:
    """Return one of 64 bits for each symbol, the same for the same symbol."""
    return np.uint64(1) << ((symbols * np.uint16(_FACTOR)) >> np.uint16(10)).astype(np.uint64)


def _ones_in(bits: Grams) -> Numbers:
    """Return how many bits are set in each number (Warren, Hacker's Delight, 5-1)."""
    pairs = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    fours = (pairs & np.uint64(0x3333333333333333)) + ((pairs >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bytes_ = (fours + (fours >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    ones: Numbers = ((bytes_ * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.int64)
    return ones
