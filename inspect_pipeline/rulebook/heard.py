"""Texts in the forms that phrases and expressions are matched on: normal, folded, and as syllables."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from inspect_pipeline.rulebook.factors import BEGIN, END
from inspect_pipeline.rulebook.nearness import FILLER_PAIRS
from inspect_pipeline.rulebook.scan import Numbers, symbols_of
from inspect_pipeline.text.normalise import ends_clause, normalise
from inspect_pipeline.text.numbers import DIGIT_TABLE
from inspect_pipeline.text.sheet import CharacterTable, normalise_all, text_of
from inspect_pipeline.text.sound import Ear, parts_of
from inspect_pipeline.text.words import boundaries

_SAME = DIGIT_TABLE | str.maketrans({"您": "你", "妳": "你", "她": "他", "它": "他", "牠": "他", "帐": "账"})


def fold(normal: str) -> str:
    """Return `normal` with characters that count as equal made equal: digits, 您 and 你, 帐 and 账."""
    return normal.translate(_SAME)


class Heard:
    """One text in the forms that it is matched on: `normal`, `key` (folded) and `heard` (syllables), all of a length.

    `offsets`: where each character stands in the original.
    """

    __slots__ = ("_filler_pairs", "_parts", "heard", "key", "normal", "offsets", "text")

    def __init__(self, text: str, normal: str, key: str, heard: str, offsets: Sequence[int]) -> None:
        self.text = text
        self.normal = normal
        self.key = key
        self.heard = heard
        self.offsets = offsets
        self._parts: str | None = None
        self._filler_pairs = -1

    @classmethod
    def of(cls, text: str, ear: Ear) -> Heard:
        """Return one text as it is heard."""
        normal = normalise(text)
        key = fold(normal.text)
        return cls(text, normal.text, key, ear.hear(key), normal.offsets)

    def straddles(self, start: int, end: int) -> bool:
        """Whether a clause ends inside the stretch."""
        first, last = self.original(start, end)
        return ends_clause(self.text[first:last])

    def on_words(self, start: int, end: int) -> bool:
        """Whether the stretch begins and ends on word boundaries."""
        return {start, end} <= boundaries(self.normal)

    def parts(self, start: int, end: int) -> str:
        """Return a stretch of `heard` by initials and finals, see `sound.parts_of`."""
        if self._parts is None:
            self._parts = parts_of(self.heard)
        return self._parts[2 * start : 2 * end]

    @property
    def filler_pairs(self) -> int:
        """How many fillers of two characters (一下, 那个 …) there are."""
        if self._filler_pairs < 0:
            self._filler_pairs = sum([self.key.count(pair) for pair in FILLER_PAIRS])
        return self._filler_pairs

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the original of a stretch of the normal text."""
        return self.offsets[start], self.offsets[end - 1] + 1


_PAIRS = np.array([ord(first) << 32 | ord(second) for first, second in map(tuple, FILLER_PAIRS)], dtype=np.uint64)
_fold_of = CharacterTable(lambda character: ord(fold(character)))


class HeardSheet:
    """Many texts as they are heard, read at once.

    `symbols`: the syllables of all texts, each text between `BEGIN` and `END`; `text_at`: the number of the text that
    each symbol belongs to; `edges`: where each text's `BEGIN` is.
    """

    def __init__(self, texts: Sequence[str], hears: CharacterTable) -> None:
        """`hears`: the syllable of each folded character, see `hearing_table`."""
        sheet = normalise_all(texts)
        self.texts = texts
        keys = _fold_of(sheet.codes)
        heard = hears(keys)
        self._strings = text_of(sheet.codes), text_of(keys), text_of(heard)
        self._starts: list[int] = sheet.starts.tolist()
        self._offsets = array("q", sheet.offsets.tobytes())  # no list of numbers for the garbage collector to go over
        lengths = np.diff(sheet.starts)
        numbers = np.arange(len(texts))
        self.keys = keys
        self.lengths = lengths
        self.key_text: Numbers = np.repeat(numbers, lengths)
        self.text_at: Numbers = np.repeat(numbers, lengths + 2)
        self.edges: Numbers = sheet.starts[:-1] + 2 * numbers
        self.symbols = np.empty(len(heard) + 2 * len(texts), dtype=np.uint16)
        self.symbols[np.arange(len(heard)) + 2 * self.key_text + 1] = symbols_of(heard)
        self.symbols[self.edges] = ord(BEGIN)
        self.symbols[self.edges + lengths + 1] = ord(END)

    @cached_property
    def filler_pairs(self) -> Numbers:
        """How many fillers of two characters (一下, 那个 …) are in each text."""
        pairs = self.keys[:-1].astype(np.uint64) << np.uint64(32) | self.keys[1:]
        same = self.key_text[:-1] == self.key_text[1:]
        there = np.isin(pairs, _PAIRS) & same
        counts: Numbers = np.bincount(self.key_text[:-1][there], minlength=len(self.lengths))
        return counts

    def heard(self, number: int) -> Heard:
        """Return one of the texts."""
        start, end = self._starts[number], self._starts[number + 1]
        normal, key, heard = self._strings
        return Heard(self.texts[number], normal[start:end], key[start:end], heard[start:end], self._offsets[start:end])

    def length(self, number: int) -> int:
        """Return how many normal characters one of the texts has."""
        return self._starts[number + 1] - self._starts[number]


def hearing_table(ear: Ear) -> CharacterTable:
    """Return the syllables of an ear as a table over folded characters."""
    return CharacterTable(lambda character: ord(ear.symbol(character)))
