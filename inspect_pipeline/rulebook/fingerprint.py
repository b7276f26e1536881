"""A hash of all that changes what a rule means, so that a stored finding tells which meaning it answers to.

Not in it: title, why, examples, the place in the file, the names of lists, replies and steps, and the order or the
repetition of alternatives, excuses and conditions.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from enum import Enum

from inspect_pipeline.rulebook.intents import IntentClassifier
from inspect_pipeline.rulebook.rule import Condition, Excuse, Group, Kind, MustFollow, Reply, Rule, Scorecard, Step
from inspect_pipeline.rulebook.terms import Like, Near

MATCHER_VERSION = 3
"""Raised by one whenever the matching or the judging changes an answer, so that old findings are told apart."""

_LENGTH = 16
_NOT_MEANING = ("id", "title", "why", "fingerprint", "place", "examples")

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def rule_fingerprint(rule: Rule) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of the rule's canonical JSON. `rule.fingerprint` is not read."""
    meaning: dict[str, Json] = {
        field.name: _canonical(getattr(rule, field.name)) for field in fields(rule) if field.name not in _NOT_MEANING
    }
    meaning["kind"] = {type(rule.kind).__name__: _kind(rule.kind)}
    return _digest({"matcher": MATCHER_VERSION, "rule": meaning})


def pack_fingerprint(rules: tuple[Rule, ...], scorecard: Scorecard) -> str:
    """Return the hash over the rules' ids and fingerprints, in any order, and the scorecard."""
    named: Json = {rule.id: rule.fingerprint for rule in rules}
    return _digest({"rules": named, "scorecard": _canonical(scorecard)})


def _digest(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def _kind(kind: Kind) -> Json:
    if isinstance(kind, MustFollow):
        names = [step.name for step in kind.steps]
        return [_step(step, number, names) for number, step in enumerate(kind.steps)]
    return _canonical(kind)


def _step(step: Step, number: int, names: list[str]) -> Json:
    written = _plain(step, leave_out=("name", "after"))
    written["after"] = number - 1 if step.after is None else names.index(step.after)
    return written


def _canonical(value: object) -> Json:
    if isinstance(value, Enum | IntentClassifier):
        return str(value.value) if isinstance(value, Enum) else value.digest
    if value is None or isinstance(value, bool | int | float | str):
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(value, tuple):
        items = [_canonical(item) for item in value]
        return _unordered(items) if all(isinstance(item, Condition | Excuse | str) for item in value) else items
    if isinstance(value, Group):
        return _group(value)
    if isinstance(value, Reply):
        return _plain(value, leave_out=("name",))
    if isinstance(value, Like):
        return _sorted_members(value, ("examples", "counter_examples"))
    if isinstance(value, Near):
        return _sorted_members(value, ("phrases",))
    if is_dataclass(value):
        return _plain(value)
    raise TypeError(f"no canonical form of {type(value).__name__}")


def _plain(value: object, leave_out: tuple[str, ...] = ()) -> dict[str, Json]:
    """Return the fields with the class's name; two classes with the same fields must not look alike."""
    assert is_dataclass(value)
    members = {f.name: _canonical(getattr(value, f.name)) for f in fields(value) if f.name not in leave_out}
    return {"": type(value).__name__, **members}


def _group(group: Group) -> Json:
    """Return a group without the order of its members; an `any` inside an `any` is the same as its members."""
    members = _sorted_members(group, ("all",))
    members["any"] = _unordered(_flat_any(group))
    members["none"] = _unordered(_flat_any(Group(any=group.none)))
    return members


def _flat_any(group: Group) -> list[Json]:
    flat: list[Json] = []
    for item in group.any:
        if isinstance(item, Group) and item.speaker is None and not item.all and not item.none:
            flat.extend(_flat_any(item))
        else:
            flat.append(_canonical(item))
    return flat


def _sorted_members(value: object, names: tuple[str, ...]) -> dict[str, Json]:
    members = _plain(value, leave_out=names)
    for name in names:
        members[name] = _unordered([_canonical(item) for item in getattr(value, name)])
    return members


def _unordered(items: list[Json]) -> list[Json]:
    by_text = {json.dumps(item, ensure_ascii=False, sort_keys=True): item for item in items}
    return [by_text[text] for text in sorted(by_text)]
