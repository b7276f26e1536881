"""Trains an intent classifier on tagged turns: L2-regularised logistic regression, an intent at a time.

A turn counts for an intent when it is tagged with it, against it when its speaker could have had that intent and it is
not. Newton steps whose systems are solved by conjugate gradients (Lin, Weng, Keerthi: Trust Region Newton Method for
Large-Scale Logistic Regression, 2008). The same turns give the same classifier.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from inspect_pipeline.model import Speaker
from inspect_pipeline.rulebook.grams import (
    AROUND_KINDS,
    MOST_GRAMS,
    NO_GRAM,
    Floats,
    Integers,
    Keys,
    KnownGrams,
    grams,
    shares_a_slot,
    text_of_symbols,
)
from inspect_pipeline.rulebook.intents import AROUND, Bytes, IntentClassifier
from inspect_pipeline.text.sheet import normalise_all
from inspect_pipeline.text.sound import Ear

WRONG, LOST = 0.125, 0.02  # characters of a misheard turn
PENALTY = 0.03  # 1/C of the usual parametrisation
LEAST_TURNS, LEAST_TURNS_AROUND = 2, 5  # an n-gram of fewer turns speaks for nothing
_STEPS = 12
_INNER_STEPS = 30

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TaggedTurn:
    """One turn and its intents. `about`: the intents that were decided, None for all; `open`: those left open.

    `before` and `after`: what the other speaker says, empty where nothing is known of it.
    """

    speaker: Speaker
    text: str
    intents: frozenset[str]
    about: frozenset[str] | None = None
    open: frozenset[str] = frozenset()
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Rows:
    """A sparse matrix, one row a turn: `value` at (`row`, `column`)."""

    row: Integers
    column: Integers
    value: Doubles
    size: tuple[int, int]

    def times(self, weights: Doubles) -> Doubles:
        return np.bincount(self.row, self.value * weights[self.column], self.size[0]).astype(np.float64)

    def back(self, values: Doubles) -> Doubles:
        return np.bincount(self.column, self.value * values[self.row], self.size[1]).astype(np.float64)


def misheard(turns: Sequence[TaggedTurn], seed: int = 1) -> list[TaggedTurn]:
    """Return the turns as a recogniser garbles them: homophones for one character in eight, one in fifty lost.

    The homophones are those of the turns themselves, the frequent ones more often: a recogniser writes likely words.
    """
    dice = random.Random(seed)
    ear = Ear()
    times = Counter(character for turn in turns for character in turn.text if character.isalpha())
    homophones: dict[str, list[str]] = {}
    for character in sorted(times):
        homophones.setdefault(ear.symbol(character), []).append(character)

    def hear(character: str) -> str:
        chance = dice.random()
        if character not in times or chance >= WRONG + LOST:
            return character
        if chance >= WRONG:
            return ""
        others = homophones[ear.symbol(character)]
        return dice.choices(others, [times[other] for other in others])[0]

    return [replace(turn, text="".join(map(hear, turn.text))) for turn in turns]


def train_as_heard(turns: Sequence[TaggedTurn]) -> IntentClassifier:
    """Return the classifier of turns as they were written and as a recogniser garbles them."""
    return train([*turns, *misheard(turns)])


def train(turns: Sequence[TaggedTurn], penalty: float = PENALTY) -> IntentClassifier:
    """Return the classifier of all intents that `turns` are tagged with, by name."""
    names = tuple(sorted({name for turn in turns for name in turn.intents}))
    speakers = {name: {turn.speaker for turn in turns if name in turn.intents} for name in names}
    counted = _counted([turn.text for turn in turns])
    known, times, near = _known(counted.key, _counted([turn.text for turn in turns], AROUND_KINDS).key)
    rarity = (np.log((1 + len(turns)) / (1 + times)) + 1).astype(np.float16).astype(np.float32)
    known_grams = KnownGrams(known)
    parts = [_scaled(counted, known_grams, rarity, len(turns))]
    for place, texts in enumerate(([turn.before for turn in turns], [turn.after for turn in turns])):
        row, column, value = _scaled(_counted(texts, AROUND_KINDS), known_grams, rarity, len(turns))
        there = np.array([bool(text) for text in texts])[row]  # the edges of an empty text are n-grams, too
        there &= column < near
        parts.append((row[there], column[there] + len(known) + place * near, value[there] * AROUND))
    row, column, value = (np.concatenate(each) for each in zip(*parts, strict=True))
    columns = len(known) + 2 * near
    weights = np.zeros((columns, len(names)), dtype=np.float32)
    offsets = np.zeros(len(names), dtype=np.float32)
    for place, name in enumerate(names):
        decided = np.array([_counts(turn, name, speakers) for turn in turns])
        truth = np.array([name in turn.intents for turn in turns])
        used = np.flatnonzero(decided)
        inside = decided[row]
        numbers = np.zeros(len(turns), dtype=np.int64)
        numbers[used] = np.arange(len(used))
        part = _Rows(numbers[row[inside]], column[inside], value[inside], (len(used), columns))
        solved, offset = _solve(part, truth[used], penalty)
        weights[:, place], offsets[place] = solved, offset
    own, before, after = np.split(weights, [len(known), len(known) + near])
    (ours, scale), (theirs, scale_around) = _whole_numbers(own), _whole_numbers(np.hstack([before, after]))
    return IntentClassifier(names, known, rarity, ours, theirs, np.append(scale, scale_around), offsets)


def _whole_numbers(weights: Floats) -> tuple[Bytes, Floats]:
    """Return weights as whole numbers (-127 to 127) and the scale of each column: a quarter of the size."""
    scale = (np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127).astype(np.float32)
    return np.rint(weights / scale).astype(np.int8), scale


class _Counted(NamedTuple):
    """Which text has which n-grams: the text's number, the n-gram's key, and how often."""

    text: Integers
    key: Keys
    often: Integers


def _counted(texts: Sequence[str], kinds: int | None = None) -> _Counted:
    """Count the n-grams of texts, of the first `kinds` only."""
    sheet = normalise_all(texts)
    text = text_of_symbols(sheet) << 32
    found = [text[there] | keys[there] for keys in islice(grams(sheet), kinds) for there in [keys != NO_GRAM]]
    pairs, often = np.unique(np.concatenate(found), return_counts=True)
    return _Counted(pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.uint32), often)


def _known(keys: Keys, keys_around: Keys) -> tuple[Keys, Integers, int]:
    """Choose the n-grams that a classifier knows, given once for each text that they are in: the most frequent ones.

    Return their keys, how many texts each is in, and how many of them, which come first, count around an utterance.
    """
    known, times = np.unique(keys, return_counts=True)
    order = np.argsort(-times, kind="stable")
    order = order[times[order] >= LEAST_TURNS]
    order = order[~shares_a_slot(known[order])][:MOST_GRAMS]
    known, times = known[order], times[order]
    near = np.isin(known, keys_around) & (times >= LEAST_TURNS_AROUND)
    order = np.argsort(~near, kind="stable")
    return known[order], times[order], int(near.sum())


def _scaled(counted: _Counted, known: KnownGrams, rarity: Floats, texts: int) -> tuple[Integers, Integers, Doubles]:
    """Return the n-grams that are known with their values, each text scaled by the length of all that is known of it.

    `IntentClassifier.read` does the same.
    """
    column = known.rows(counted.key)
    inside = column < len(rarity)
    row, column, often = counted.text[inside], column[inside], counted.often[inside]
    value = rarity[column].astype(np.float64)
    norm = np.sqrt(np.bincount(row, often * value**2, texts))
    return row, column.astype(np.int64), often * value / np.maximum(norm[row], 1e-9)


def _counts(turn: TaggedTurn, name: str, speakers: Mapping[str, set[Speaker]]) -> bool:
    decided = (turn.about is None or name in turn.about) and name not in turn.open
    return decided and turn.speaker in speakers[name]


def _solve(rows: _Rows, truth: npt.NDArray[np.bool_], penalty: float) -> tuple[Floats, float]:
    """Return weights and offset that minimise penalty/2 |w|^2 + sum of log losses."""
    sign = np.where(truth, 1.0, -1.0)
    state = np.zeros(rows.size[1] + 1)

    def ahead(x: Doubles) -> Doubles:
        made: Doubles = rows.times(x[:-1]) + x[-1]
        return made

    def back(values: Doubles) -> Doubles:
        return np.append(rows.back(values), values.sum())

    hold = np.append(np.full(rows.size[1], penalty), 1e-6)

    def loss(x: Doubles) -> float:
        return float(np.logaddexp(0, -sign * ahead(x)).sum() + 0.5 * (hold * x * x).sum())

    now = loss(state)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-ahead(state)))
        slope = back(chance - truth) + hold * state
        curve = chance * (1 - chance)

        def bent(x: Doubles, curve: Doubles = curve) -> Doubles:
            return back(curve * ahead(x)) + hold * x

        step = _conjugate(bent, -slope)
        size = 1.0
        while (then := loss(state + size * step)) > now and size > 1e-4:
            size /= 2
        state = state + size * step
        if now - then < 1e-5 * now:
            break
        now = then
    return state[:-1].astype(np.float32), float(state[-1])


def _conjugate(product: Callable[[Doubles], Doubles], right: Doubles) -> Doubles:
    """Return an approximate solution of product(x) = right."""
    x, rest = np.zeros_like(right), right.copy()
    way, square = rest.copy(), float(rest @ rest)
    goal = 0.01 * square
    for _ in range(_INNER_STEPS):
        made = product(way)
        length = square / float(way @ made)
        x += length * way
        rest -= length * made
        new = float(rest @ rest)
        if new < goal:
            break
        way, square = rest + new / square * way, new
    return x
