"""Texts as n-grams of characters and of syllables, and as clauses: what a classifier of intents reads.

An n-gram is a bucket of one of two tables (Weinberger et al.: Feature Hashing for Large Scale Multitask Learning,
2009).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from inspect_pipeline.rulebook.heard import fold
from inspect_pipeline.text.sheet import CharacterTable, Sheet
from inspect_pipeline.text.sound import Ear

BUCKETS = 1 << 16  # of each of the two tables, characters and syllables
NO_GRAM = 2 * BUCKETS
AROUND_ORDERS = 2  # the first kinds of n-grams, all of characters: what is read of the utterances around
_ORDERS = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3))  # which table, and how many of them
_FACTORS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint64)
_EDGE = 1  # the symbol before the first character and after the last

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

_folded = CharacterTable(lambda character: ord(fold(character)))
_ear = Ear()
_heard = CharacterTable(lambda character: ord(_ear.symbol(character)))


def grams(sheet: Sheet) -> Iterator[Integers]:
    """Yield for each symbol the bucket of the n-gram that begins with it, one kind after another.

    The symbols of a text are its characters between two edges. An n-gram that would reach over its end is `NO_GRAM`.
    """
    text, inner = _symbols(sheet)
    layers = [np.full(len(text), _EDGE, dtype=np.uint64) for _ in range(2)]
    keys = _folded(sheet.codes)
    layers[0][inner], layers[1][inner] = keys, _heard(keys)
    for table, order in _ORDERS:
        count = max(0, len(text) - order + 1)
        mixed = np.zeros(count, dtype=np.uint64)
        for place in range(order):
            mixed = (mixed ^ layers[table][place : place + count]) * _FACTORS[place]
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
        bucket = np.full(len(text), NO_GRAM, dtype=np.int64)
        bucket[:count] = (mixed >> np.uint64(40)) & np.uint64(BUCKETS - 1)
        bucket[:count] += table * BUCKETS
        bucket[:count][text[:count] != text[len(text) - count :]] = NO_GRAM
        yield bucket


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
