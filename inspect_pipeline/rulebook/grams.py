"""Texts as n-grams of characters and of syllables, and as clauses: what a classifier of intents reads.

An n-gram is known by a hash of 32 bits, its key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from inspect_pipeline.rulebook.heard import fold
from inspect_pipeline.text.sheet import CharacterTable, Sheet
from inspect_pipeline.text.sound import Ear

NO_GRAM = 0  # the key of what is none
MOST_GRAMS = 1 << 19  # that a classifier knows
AROUND_KINDS = 2  # the first kinds of n-grams: what is read of the utterances around
_KINDS = ((0, (0,)), (0, (0, 1)), (0, (0, 1, 2)), (1, (0, 1)), (1, (0, 1, 2)), (1, (0, 2)))
"""Characters (0) or syllables (1), and which of them from the first on: the last are two with one between them."""
_SLOTS = 4 * MOST_GRAMS
_FACTORS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint64)
_EDGE = 1  # the symbol before the first character and after the last

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint32]

_folded = CharacterTable(lambda character: ord(fold(character)))
_ear = Ear()
_heard = CharacterTable(lambda character: ord(_ear.symbol(character)))


def grams(sheet: Sheet) -> Iterator[Keys]:
    """Yield for each symbol the key of the n-gram that begins with it, one kind after another.

    The symbols of a text are its characters between two edges. An n-gram that would reach over its end is `NO_GRAM`.
    """
    text, inner = _symbols(sheet)
    layers = [np.full(len(text), _EDGE, dtype=np.uint64) for _ in range(2)]
    codes = _folded(sheet.codes)
    layers[0][inner], layers[1][inner] = codes, _heard(codes)
    for kind, (layer, places) in enumerate(_KINDS):
        reach = places[-1]
        count = max(0, len(text) - reach)
        mixed = np.full(count, kind, dtype=np.uint64)
        for place, factor in zip(places, _FACTORS, strict=False):
            mixed = (mixed ^ layers[layer][place : place + count]) * factor
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
        keys = np.full(len(text), NO_GRAM, dtype=np.uint32)
        keys[:count] = mixed >> np.uint64(32)
        keys[:count][text[:count] != text[len(text) - count :]] = NO_GRAM
        yield keys


class KnownGrams:
    """The n-grams that a classifier knows, by their keys, and which row of its tables each of them has."""

    def __init__(self, keys: Keys) -> None:
        """`keys` (n-grams): the first ones by their rows, none of which `shares_a_slot` with another."""
        self._keys = np.append(keys, np.uint32(NO_GRAM))
        self._rows = np.full(_SLOTS, len(keys), dtype=np.int32)
        self._rows[_slot(keys)] = np.arange(len(keys))

    def rows(self, keys: Keys) -> Rows:
        """Return the row of each n-gram, the one after the last for one that is not known."""
        rows = self._rows.take(_slot(keys))
        rows[self._keys.take(rows) != keys] = len(self._keys) - 1
        return rows


def shares_a_slot(keys: Keys) -> npt.NDArray[np.bool_]:
    """Tell of each n-gram whether one before it has its slot in a table of `KnownGrams`: only one of them can be."""
    shares = np.ones(len(keys), dtype=bool)
    shares[np.unique(_slot(keys), return_index=True)[1]] = False
    return shares


def _slot(keys: Keys) -> Keys:
    return keys & np.uint32(_SLOTS - 1)


def text_of_symbols(sheet: Sheet) -> Integers:
    """Return the number of the text that each symbol is in."""
    return _symbols(sheet)[0]


def _symbols(sheet: Sheet) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Return the text of each symbol, and whether it is a character or an edge."""
    lengths = np.diff(sheet.starts) + 2
    text = np.repeat(np.arange(len(lengths)), lengths)
    inner = np.ones(len(text), dtype=bool)
    inner[text_starts(sheet)] = inner[text_starts(sheet) + lengths - 1] = False
    return text, inner


def text_starts(sheet: Sheet) -> Integers:
    """Return the first symbol of each text."""
    edges: Integers = sheet.starts[:-1] + 2 * np.arange(len(sheet.texts))
    return edges


class Clauses(NamedTuple):
    """The clauses of several texts, counted through; a text has one at least.

    `first`: that of each text; `symbols`: the first symbol of each; `starts`, `ends`: where each stands in its text.
    """

    first: Integers
    symbols: Integers
    starts: Integers
    ends: Integers

    @classmethod
    def of(cls, sheet: Sheet) -> Clauses:
        """Return the clauses of texts."""
        text, inner = _symbols(sheet)
        edges = text_starts(sheet)
        begins = np.zeros(len(text), dtype=bool)
        begins[inner] = sheet.clause_begins()
        begins[edges] = True  # stands for the first character
        begins[edges[np.diff(sheet.starts) > 0] + 1] = False
        symbols = np.flatnonzero(begins)
        characters = symbols - 2 * text[symbols] - inner[symbols]
        after = np.append(characters[1:], len(sheet.codes))
        some, offsets = after > characters, np.append(sheet.offsets, 0)
        starts, ends = np.where(some, offsets[characters], 0), np.where(some, offsets[after - 1] + 1, 0)
        return cls(np.searchsorted(symbols, edges), symbols, starts, ends)

    def best(self, odds: Floats) -> Integers:
        """Return for each text and each column the clause of the highest odds, the first of such."""
        highest = np.maximum.reduceat(odds, self.first, axis=0)
        texts = np.repeat(np.arange(len(self.first)), np.diff(np.append(self.first, len(odds))))
        numbers = np.arange(len(odds))[:, None]
        return np.minimum.reduceat(np.where(odds == highest[texts], numbers, len(odds)), self.first, axis=0)
