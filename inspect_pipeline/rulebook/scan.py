"""All strings of syllables that anything is looked for by, found in one pass over what was heard (Aho-Corasick)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ahocorasick_rs import AhoCorasick

from inspect_pipeline.rulebook.factors import BEGIN, END, Needs

Place = tuple[int, int, int]
"""The number of a string, and where it begins and ends."""


class Scanner:
    """Finds strings; each has a number. `factors.BEGIN` and `END` in a string stand for the edges of a text."""

    def __init__(self, strings: Iterable[str]) -> None:
        self.numbers = {string: number for number, string in enumerate(dict.fromkeys(strings))}
        self._automaton = AhoCorasick(list(self.numbers)) if self.numbers else None

    def scan(self, text: str) -> list[Place]:
        """Return every occurrence, overlapping ones too; the text's first character has offset 1."""
        if self._automaton is None:
            return []
        places: list[Place] = self._automaton.find_matches_as_indexes(f"{BEGIN}{text}{END}", overlapping=True)
        return places


class Sieve:
    """Tells from the strings that stand in a text which expressions can match there at all."""

    def __init__(self, needs: Sequence[Needs], scanner: Scanner) -> None:
        """`needs` of each expression; the scanner knows all their strings."""
        numbers = scanner.numbers
        self._always = [index for index, each in enumerate(needs) if () in each]
        # The first set of an alternative leads to it; the others are looked at only then.
        self._leads: dict[int, list[tuple[int, tuple[frozenset[int], ...]]]] = {}
        for index, each in enumerate(needs):
            for sets in filter(None, each):
                first, *also = (frozenset(numbers[string] for string in need) for need in sets)
                for number in first:
                    self._leads.setdefault(number, []).append((index, tuple(also)))

    def possible(self, places: Iterable[Place]) -> list[int]:
        """Return the expressions for which all that they need is there, in their order."""
        present = {place[0] for place in places}
        possible = set(self._always)
        for string in present & self._leads.keys():
            for index, also in self._leads[string]:
                if index not in possible and not any(map(present.isdisjoint, also)):
                    possible.add(index)
        return sorted(possible)


def strings_of(needs: Sequence[Needs]) -> list[str]:
    """Return all strings of some needs, in an order that is always the same."""
    return sorted({string for each in needs for sets in each for need in sets for string in need})
