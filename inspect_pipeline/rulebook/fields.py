"""Reading located YAML into values. A mistake is written down and reading goes on, so that all are told at once.

A value that could not be read is replaced by a stand-in of the right type. No stand-in is ever used: a load that
wrote down a mistake ends in PackError.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from inspect_pipeline.errors import Problem
from inspect_pipeline.rulebook.intents import IntentClassifier
from inspect_pipeline.rulebook.keys import KEYS
from inspect_pipeline.rulebook.rule import Extent, Group, Unit
from inspect_pipeline.rulebook.terms import Term
from inspect_pipeline.rulebook.yamlfile import Entry, Mapping, Node, Scalar
from inspect_pipeline.rulebook.yamlfile import Sequence as Items

Value = TypeVar("Value")
Default = TypeVar("Default")
Choice = TypeVar("Choice", bound=StrEnum)

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?)\s*(.*)", re.DOTALL)
_UNIT_WORDS = {"s": Unit.SECONDS, "turn": Unit.TURNS, "turns": Unit.TURNS, "%": Unit.PERCENT}
_UNIT_SAMPLES = {Unit.SECONDS: "{}s", Unit.TURNS: "3 turns", Unit.PERCENT: "10 %"}


@dataclass(frozen=True, slots=True)
class Context:
    """Where the reading stands: the file, what is being read (`rule greeting.opening`), and the mistakes so far."""

    path: str
    label: str
    problems: list[Problem]
    lists: dict[str, tuple[Term | Group, ...]]
    intents: list[IntentClassifier | None] = field(default_factory=list)  # the pack's, None: it could not be read

    def inside(self, part: str) -> Context:
        """Return the context of a part of what is being read."""
        return replace(self, label=f"{part} of {self.label}")

    def wrong(self, line: int, message: str, hint: str = "") -> None:
        """Write one mistake down."""
        self.problems.append(Problem(f"{self.path}:{line}", f"{message} in {self.label}{hint}"))


Reader = Callable[[Node, Context], Value]


def meant(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean '…'?)` when one of `known` resembles the word, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""


class Fields:
    """The keys of one mapping. Unknown and duplicate keys are written down when it is made."""

    def __init__(self, node: Node, context: Context, section: str) -> None:
        self.context = context
        self.line = node.line
        self.broken = not isinstance(node, Mapping)
        self._entries: dict[str, Entry] = {}
        if not isinstance(node, Mapping):
            context.wrong(node.line, f"expected a mapping with {_listed(KEYS[section])}")
            return
        for entry in unique_entries(node, context):
            if entry.key in KEYS[section]:
                self._entries[entry.key] = entry
            else:
                hint = meant(entry.key, KEYS[section]) or f" (known: {', '.join(KEYS[section])})"
                context.wrong(entry.line, f"unknown key '{entry.key}'", hint)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def present(self, keys: Iterable[str]) -> list[str]:
        """Return those of the keys that are written, in the order asked."""
        return [key for key in keys if key in self._entries]

    def line_of(self, key: str) -> int:
        """Return the line of a key that is written, else of the mapping."""
        return self._entries[key].line if key in self._entries else self.line

    def node(self, key: str) -> Node:
        """Return the value of a key that is written."""
        return self._entries[key].value

    def read(self, key: str, reader: Reader[Value], default: Default) -> Value | Default:
        """Return the value of an optional key."""
        return reader(self._entries[key].value, self.context.inside(f"'{key}'")) if key in self else default

    def need(self, key: str, reader: Reader[Value], default: Default) -> Value | Default:
        """Return the value of a key that must be there; `default` is a stand-in."""
        if key not in self and not self.broken:
            self.context.wrong(self.line, f"missing '{key}'")
        return self.read(key, reader, default)

    def refuse(self, keys: Iterable[str], why: str) -> None:
        """Write down each of the keys that is written although it has no meaning here."""
        for key in self.present(keys):
            self.context.wrong(self.line_of(key), f"'{key}' {why}")


def unique_entries(node: Mapping, context: Context) -> list[Entry]:
    """Return the entries of a mapping, the first of each key; write down the others."""
    seen: dict[str, Entry] = {}
    for entry in node.entries:
        if entry.key in seen:
            context.wrong(entry.line, f"key '{entry.key}' is written twice (first in line {seen[entry.key].line})")
        else:
            seen[entry.key] = entry
    return list(seen.values())


def read_text(node: Node, context: Context) -> str:
    """Read a text that is not empty, without the space around it."""
    if not isinstance(node, Scalar):
        context.wrong(node.line, "expected a text, found a list or a mapping")
        return ""
    if not node.text.strip():
        context.wrong(node.line, "empty text")
    return node.text.strip()


def read_items(node: Node, context: Context, reader: Reader[Value]) -> tuple[Value, ...]:
    """Read a list that is not empty."""
    if not isinstance(node, Items):
        context.wrong(node.line, "expected a list")
        return ()
    if not node.items:
        context.wrong(node.line, "empty list")
    return tuple(reader(item, context) for item in node.items)


def read_texts(node: Node, context: Context) -> tuple[str, ...]:
    """Read a list of texts, each written once."""
    texts = read_items(node, context, read_text)
    for text in sorted({text for text in texts if texts.count(text) > 1}):
        context.wrong(node.line, f"'{text}' is written twice")
    return texts


def read_switch(node: Node, context: Context) -> bool:
    """Read on or off (also true and false, yes and no)."""
    text = read_text(node, context)
    if text not in ("on", "off", "true", "false", "yes", "no"):
        context.wrong(node.line, f"'{text}' is not a switch", ": write on or off")
    return text in ("on", "true", "yes")


def read_number(node: Node, context: Context) -> float:
    """Read a plain number."""
    text = read_text(node, context)
    if not _NUMBER.fullmatch(text):
        context.wrong(node.line, f"'{text}' is not a number")
        return 0.0
    return float(text)


def read_count(node: Node, context: Context) -> int:
    """Read a whole number from 1."""
    text = read_text(node, context)
    if not re.fullmatch(r"\d+", text) or int(text) < 1:
        context.wrong(node.line, f"'{text}' is not a whole number from 1")
        return 1
    return int(text)


def read_choice(node: Node, context: Context, choices: Iterable[Choice]) -> Choice:
    """Read one of the values of an enumeration."""
    text = read_text(node, context)
    by_name = {choice.value: choice for choice in choices}
    if text in by_name:
        return by_name[text]
    context.wrong(node.line, f"unknown value '{text}'", meant(text, by_name) or f" (one of: {', '.join(by_name)})")
    return next(iter(by_name.values()))


def read_extent(node: Node, context: Context, units: Sequence[Unit]) -> Extent:
    """Read `20s`, `3 turns` or `10 %`; only the given units are allowed."""
    text = read_text(node, context)
    amount = _AMOUNT.fullmatch(text)
    samples = _extent_samples(amount[1] if amount else "20", units)
    if amount is None or (unit := _UNIT_WORDS.get(amount[2])) not in units or unit is None:
        needs = "needs a unit" if amount and not amount[2] else "is not an extent"
        context.wrong(node.line, f"'{text}' {needs}", f": write {samples}")
        return Extent(1.0, units[0])
    value = float(amount[1])
    if value <= 0 or (unit is Unit.TURNS and value != int(value)) or (unit is Unit.PERCENT and value > 100):
        context.wrong(node.line, f"'{text}' is out of range", f": write {samples}")
    return Extent(value, unit)


def read_quantity(node: Node, context: Context, unit: str) -> float:
    """Read a number with its unit: `10s`, `400/min`, `80 %`, `3 times`, `-40 dB`. A share is returned as 0-1."""
    text = read_text(node, context)
    amount = _AMOUNT.fullmatch(text)
    words = ("times", "time") if unit == "times" else (unit,)
    if amount is None or amount[2] not in words:
        sample = f"{amount[1] if amount else 10}{'' if unit in ('s', '/min') else ' '}{unit}"
        needs = "needs a unit" if amount and not amount[2] else "has the wrong unit" if amount else "is not a number"
        context.wrong(node.line, f"'{text}' {needs}", f": write {sample}")
        return 0.0
    value = float(amount[1])
    if unit != "dB" and value < 0:
        context.wrong(node.line, f"'{text}' is below zero")
    if unit == "%" and value > 100:
        context.wrong(node.line, f"'{text}' is more than all")
    return value / 100 if unit == "%" else value


def _extent_samples(number: str, units: Sequence[Unit]) -> str:
    samples = [_UNIT_SAMPLES[unit].format(number) for unit in units]
    return " or ".join((", ".join(samples[:-1]), samples[-1])) if len(samples) > 1 else samples[0]


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(f"'{key}'" for key in keys[:4]) + (" …" if len(keys) > 4 else "")
