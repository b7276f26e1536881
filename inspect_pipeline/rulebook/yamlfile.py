"""YAML as it was written: every scalar a string, every node with its line, duplicate keys kept.

YAML's own typing is not wanted here: it turns `1:30` into 90 and `no` into false. Anchors, aliases, tags and merge
keys are refused, so that what stands at a line is what is read there; terms are shared with `lists:` instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from inspect_pipeline.errors import Problem

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, as text. `line` counts from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping with its value; `line` is the key's."""

    key: str
    line: int
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """A YAML mapping in the order it was written, duplicate keys included."""

    entries: tuple[Entry, ...]
    line: int


Node = Scalar | Sequence | Mapping


class YamlError(Exception):
    """The file is not the YAML that is read here."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(f"{line}: {message}")


def read_yaml(path: Path) -> Node | Problem:
    """Read one file. Returns its top node, or the one problem that kept it from being read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return Problem(str(path), f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return Problem(f"{path}:{line}", "is not UTF-8: save the file in that encoding")
    try:
        return parse_yaml(text)
    except YamlError as mistake:
        return Problem(f"{path}:{mistake.line}", mistake.message)


def parse_yaml(text: str) -> Node:
    """Parse one document. Raises YamlError with the line of what is wrong."""
    try:
        events = iter(yaml.parse(text, Loader=_LOADER))
        first = _next_content(events)
        if first is None:
            raise YamlError(1, "the file is empty")
        node = _build(first, events, 0)
        second = _next_content(events)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(line, "holds a character that YAML does not allow (a control character?)") from error
    except yaml.MarkedYAMLError as error:
        raise YamlError(_line_of(error), _syntax_message(error, text)) from error
    if second is not None:
        raise YamlError(_line(second), "a second document begins here ('---'): one file holds one document")
    return node


def _next_content(events: Iterator[yaml.Event]) -> yaml.Event | None:
    framing = (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent, yaml.StreamEndEvent)
    for event in events:
        if not isinstance(event, framing):
            return None if _is_nothing(event) else event
    return None


def _is_nothing(event: yaml.Event) -> bool:
    """Tell the empty plain scalar that a document without content consists of."""
    return isinstance(event, yaml.ScalarEvent) and event.value == "" and event.style in (None, "")


def _build(event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
    line = _line(event)
    if depth > _DEEPEST:
        raise YamlError(line, f"nested more than {_DEEPEST} levels deep")
    _refuse_sharing(event)
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(event.value, line)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_build(event, events, depth + 1))
        return Sequence(tuple(items), line)
    entries: list[Entry] = []
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _build(event, events, depth + 1)
        if not isinstance(key, Scalar):
            raise YamlError(key.line, "a key must be one word, not a list or a mapping")
        entries.append(Entry(key.text, key.line, _build(next(events), events, depth + 1)))
    return Mapping(tuple(entries), line)


def _refuse_sharing(event: yaml.Event) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise YamlError(_line(event), f"alias '*{event.anchor}' is not read: share terms with 'lists:'")
    if getattr(event, "anchor", None) is not None:
        raise YamlError(
            _line(event), f"anchor '&{getattr(event, 'anchor', '')}' is not read: share terms with 'lists:'"
        )
    tag = getattr(event, "tag", None)
    if tag not in (None, "!"):
        raise YamlError(_line(event), f"tag '{tag}' is not read: every value is text")


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return 1 if mark is None else int(mark.line) + 1


def _line_of(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return 1 if mark is None else int(mark.line) + 1


def _syntax_message(error: yaml.MarkedYAMLError, text: str) -> str:
    lines = text.splitlines()
    number = _line_of(error)
    written = lines[number - 1] if number <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return "indented with a tab: YAML needs spaces"
    begun = ""
    if error.context_mark is not None and error.context_mark.line + 1 != number:
        begun = f" (begun in line {error.context_mark.line + 1})"
    context = f" {error.context}{begun}" if error.context else ""
    return f"is not valid YAML: {error.problem}{context}"
