"""All strings of syllables that anything is looked for by, found in one pass over many texts.

A string of up to four symbols is one 64-bit number; where it stands is a look-up of each number that occurs. Longer
strings are told by their first four and their last four symbols.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from inspect_pipeline.rulebook.factors import Needs

_AT_ONCE = 8192  # numbers that are spread out together: what comes of them stays in the processor's cache
LONGEST = 8  # symbols of a string that are told apart: of longer ones the beginning is looked for
_GRAM = 4
_BITS = np.uint64(16)
_FACTOR = 0x9E3779B97F4A7C15  # Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4)

Numbers = npt.NDArray[np.int64]
Symbols = npt.NDArray[np.uint16]
Grams = npt.NDArray[np.uint64]


def symbols_of(codes: npt.NDArray[np.uint32]) -> Symbols:
    """Return code points as symbols; those beyond 16 bits become one symbol, which all of them share."""
    return np.minimum(codes, 0xFFFF).astype(np.uint16)


class Fan:
    """Which members each of some numbers leads to."""

    def __init__(self, members: Sequence[Sequence[int]]) -> None:
        self._counts = np.array([len(each) for each in members], dtype=np.int64)
        self._starts = np.cumsum(self._counts) - self._counts
        self._members = np.array([member for each in members for member in each], dtype=np.int64)

    def __call__(self, numbers: Numbers) -> tuple[Numbers, Numbers]:
        """Return the members of each number, and the place in `numbers` of the number that leads there."""
        counts = self._counts[numbers]
        ends = np.cumsum(counts)
        rows = np.repeat(np.arange(len(numbers)), counts)
        shift = self._starts[numbers] - (ends - counts)
        return self._members[np.arange(len(rows)) + shift[rows]], rows


class _Table:
    """Distinct codes, none of them 0, in hash tables without collisions: what collides goes on to the next table."""

    def __init__(self, codes: Sequence[int]) -> None:
        self._levels: list[tuple[np.uint64, np.uint64, Grams, Numbers]] = []
        rest = np.arange(len(codes))
        values = np.array(codes, dtype=np.uint64)
        while len(rest):
            bits = max(4, int(len(rest) * 4).bit_length())
            factor = np.uint64(_FACTOR * (2 * len(self._levels) + 1) % 2**64)
            shift = np.uint64(64 - bits)
            slots, first = np.unique((values[rest] * factor) >> shift, return_index=True)
            kept, numbers = np.zeros(1 << bits, dtype=np.uint64), np.zeros(1 << bits, dtype=np.int64)
            kept[slots], numbers[slots] = values[rest[first]], rest[first]
            self._levels.append((factor, shift, kept, numbers))
            rest = np.delete(rest, first)

    def find(self, grams: Grams) -> tuple[Numbers, Numbers]:
        """Return the number of each code that is among `grams`, and where it is."""
        numbers, places = [], []
        for factor, shift, kept, known in self._levels:
            slots = (grams * factor) >> shift
            found = np.flatnonzero(kept[slots] == grams)
            numbers.append(known[slots[found]])
            places.append(found)
        return np.concatenate([*numbers, _NONE]), np.concatenate([*places, _NONE])


_NONE: Numbers = np.empty(0, dtype=np.int64)


class Scanner:
    """Finds strings; each has a number. `factors.BEGIN` and `END` in a string stand for the edges of a text."""

    def __init__(self, strings: Iterable[str]) -> None:
        """Of a string of more than `LONGEST` symbols only the beginning is looked for."""
        self.numbers = {string: number for number, string in enumerate(dict.fromkeys(s[:LONGEST] for s in strings))}
        self._tables = [self._table(length) for length in range(1, _GRAM + 1)]
        symbols = [symbols_of(np.array([*map(ord, string)], dtype=np.uint32)) for string in self.numbers]
        self._tails = np.array([_code(each[-_GRAM:]) for each in symbols], dtype=np.uint64)
        self._tail_starts = np.array([max(0, len(each) - _GRAM) for each in symbols], dtype=np.int64)

    def _table(self, length: int) -> tuple[_Table, Fan]:
        """Return the codes that strings of a length begin with (`_GRAM`: of that length or more), and the strings."""
        by_code: dict[int, list[int]] = {}
        for string, number in self.numbers.items():
            if min(len(string), _GRAM) == length:
                code = _code(symbols_of(np.array([*map(ord, string[:_GRAM])], dtype=np.uint32)))
                by_code.setdefault(code, []).append(number)
        return _Table(list(by_code)), Fan(list(by_code.values()))

    def scan(self, symbols: Symbols) -> tuple[Numbers, Numbers]:
        """Return the number of every string that occurs and where it begins, overlapping ones too."""
        numbers, starts = [_NONE], [_NONE]
        grams = symbols.astype(np.uint64)
        for length, (table, strings) in enumerate(self._tables, start=1):
            if length > 1:
                grams = (grams[:-1] << _BITS) | symbols[length - 1 :]
            codes, places = table.find(grams)
            found, rows = strings(codes)
            numbers.append(found)
            starts.append(places[rows])
        tails = starts[-1] + self._tail_starts[numbers[-1]]
        ends = np.flatnonzero(tails < len(grams))
        ends = ends[grams[tails[ends]] == self._tails[numbers[-1][ends]]]
        numbers[-1], starts[-1] = numbers[-1][ends], starts[-1][ends]
        return np.concatenate(numbers), np.concatenate(starts)


def _code(symbols: Symbols) -> int:
    code = 0
    for symbol in symbols.tolist():
        code = code << 16 | symbol
    return code


class Sieve:
    """Tells from the strings that stand in texts which expressions can match there at all."""

    def __init__(self, needs: Sequence[Needs], scanner: Scanner) -> None:
        """`needs` of each expression; the scanner knows all their strings."""
        self._count = len(needs)
        self._always = [index for index, each in enumerate(needs) if () in each]
        self._sometimes = [index for index, each in enumerate(needs) if () not in each]
        alternatives = [sets for index in self._sometimes for sets in needs[index]]
        sets = {
            need: number for number, need in enumerate(dict.fromkeys(need for each in alternatives for need in each))
        }
        self._sets = len(sets)
        self._needed = np.array([sets[need] for each in alternatives for need in each], dtype=np.int64)
        self._first_needed = _starts([len(each) for each in alternatives])
        self._first_alternative = _starts([len(needs[index]) for index in self._sometimes])
        holding: list[list[int]] = [[] for _ in scanner.numbers]
        for need, number in sets.items():
            for string in sorted({string[:LONGEST] for string in need}):
                holding[scanner.numbers[string]].append(number)
        self._holding = Fan(holding)

    def possible(self, numbers: Numbers, texts: Numbers, count: int) -> npt.NDArray[np.bool_]:
        """Return for each of `count` texts and each expression whether all that it needs is there.

        `numbers` are the strings that occur, `texts` in which of the texts each does. Shape (count, expressions).
        """
        possible = np.zeros((self._count, count), dtype=np.bool_)
        possible[self._always] = True
        if self._sometimes and count:
            present = np.zeros(self._sets * count, dtype=np.bool_)
            for first in range(0, len(numbers), _AT_ONCE):
                held, rows = self._holding(numbers[first : first + _AT_ONCE])
                present[held * count + texts[first : first + _AT_ONCE][rows]] = True
            bits = np.packbits(present.reshape(self._sets, count), axis=1)  # eight texts a byte
            alternatives = np.bitwise_and.reduceat(bits[self._needed], self._first_needed, axis=0)
            some = np.bitwise_or.reduceat(alternatives, self._first_alternative, axis=0)
            possible[self._sometimes] = np.unpackbits(some, axis=1, count=count)
        return possible.T


def _starts(lengths: Sequence[int]) -> Numbers:
    return np.cumsum([0, *lengths[:-1]], dtype=np.int64)


def strings_of(needs: Sequence[Needs]) -> list[str]:
    """Return all strings of some needs, in an order that is always the same."""
    return sorted({string for each in needs for sets in each for need in sets for string in need})
