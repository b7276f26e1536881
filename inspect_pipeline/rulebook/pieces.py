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
from inspect_pipeline.rulebook.nearness import FILLER_PAIRS, Pattern
from inspect_pipeline.rulebook.scan import Fan, Numbers, symbols_of

_LONGEST_WINDOW = 80  # symbols; a place with a longer one (of very long phrases, among many fillers) is taken as it is
_NOTHING = 0  # is no symbol

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

    def places(self, sheet: HeardSheet, numbers: Numbers, offsets: Numbers, texts: Numbers) -> list[Place]:
        """Return where phrases may stand, by text and phrase.

        `numbers` are the strings that occur, `offsets` and `texts` where each does.
        """
        pieces, rows = self._by_string(numbers)
        phrases = self._phrases[pieces]
        begins = offsets[rows] - self._offsets[pieces]
        margin = 1 + int(self._offsets.max(initial=0))
        stride = margin + int(sheet.lengths.max(initial=0))
        keys = np.unique((texts[rows] * len(self._lengths) + phrases) * stride + begins + margin - 1)
        owners, begins = keys // stride, keys % stride - margin + 1
        at, phrases = owners // len(self._lengths), owners % len(self._lengths)
        enough = np.flatnonzero(self._has_enough(sheet, at, phrases, begins))
        return list(zip(at[enough].tolist(), phrases[enough].tolist(), begins[enough].tolist(), strict=True))

    def _has_enough(
        self, sheet: HeardSheet, texts: Numbers, phrases: Numbers, begins: Numbers
    ) -> npt.NDArray[np.bool_]:
        slack = self._near[phrases] + filler_pairs(sheet)[texts]
        low = np.maximum(begins - slack, 0)
        high = np.minimum(begins + self._lengths[phrases] + slack, sheet.lengths[texts])
        first = sheet.edges[texts] + 1 + low
        width = high - low
        wanted = self._symbols[phrases]
        present = np.zeros(wanted.shape, dtype=np.bool_)
        last = len(sheet.symbols) - 1
        for step in range(min(int(width.max(initial=0)), _LONGEST_WINDOW)):
            there = sheet.symbols[np.minimum(first + step, last)]
            there = np.where(step < width, there, _NOTHING)
            present |= wanted == there[:, None]
        found: Numbers = (present & (np.arange(wanted.shape[1]) < self._lengths[phrases][:, None])).sum(axis=1)
        return (found >= self._intact[phrases]) | (width > _LONGEST_WINDOW)


def filler_pairs(sheet: HeardSheet) -> Numbers:
    """Return how many fillers of two characters (一下, 那个 …) are in each text."""
    pairs = sheet.keys[:-1].astype(np.uint64) << np.uint64(32) | sheet.keys[1:]
    same = sheet.key_text[:-1] == sheet.key_text[1:]
    there = np.isin(pairs, _PAIRS) & same
    counts: Numbers = np.bincount(sheet.key_text[:-1][there], minlength=len(sheet.lengths))
    return counts


_PAIRS = np.array([ord(first) << 32 | ord(second) for first, second in map(tuple, FILLER_PAIRS)], dtype=np.uint64)
