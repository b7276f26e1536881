"""Terms, groups, named lists and excuses of a pack: from located YAML to their typed forms."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence as SequenceType
from dataclasses import replace
from enum import StrEnum

import regex

from inspect_pipeline.model import Speaker
from inspect_pipeline.rulebook.fields import (
    Context,
    Fields,
    meant,
    read_choice,
    read_count,
    read_extent,
    read_items,
    read_number,
    read_switch,
    read_text,
    unique_entries,
)
from inspect_pipeline.rulebook.keys import DISTANCE_UNITS, PHRASE_SWITCHES, TERM_KEYS
from inspect_pipeline.rulebook.read_intents import read_intent
from inspect_pipeline.rulebook.rule import Excuse, Extent, Group, Place
from inspect_pipeline.rulebook.sentences import read_sentences
from inspect_pipeline.rulebook.terms import Like, Near, Phrase, Regex, Term
from inspect_pipeline.rulebook.yamlfile import Entry, Mapping, Node, Scalar, Sequence

GROUP_KEYS = ("any", "all", "none")

_NEVER_IN_NORMAL_TEXT = frozenset("，。！？、；：“”‘’「」《》（）…—　")
_STAND_IN = Phrase("")


class Who(StrEnum):
    """How a pack writes a speaker. `same`: whoever said the hit (excuses only)."""

    AGENT = "agent"
    CUSTOMER = "customer"
    ANY = "any"
    SAME = "same"


_SPEAKERS: MappingType[Who, Speaker] = {
    Who.AGENT: Speaker.AGENT,
    Who.CUSTOMER: Speaker.CUSTOMER,
    Who.ANY: Speaker.UNKNOWN,
}


def read_speaker(node: Node, context: Context) -> Speaker:
    """Read agent, customer or any (as UNKNOWN)."""
    return _SPEAKERS[read_choice(node, context, (Who.AGENT, Who.CUSTOMER, Who.ANY))]


def read_group(node: Node, context: Context) -> Group:
    """Read one term, a list of terms (any of them), or a mapping with `any`, `all` or `none`."""
    if isinstance(node, Sequence):
        return Group(any=read_alternatives(node, context))
    if is_term(node):
        return Group(any=_read_item(node, context))
    return group_of(Fields(node, context, "group"))


def is_term(node: Node) -> bool:
    """Tell a term (plain text, or a mapping that names its kind of term) from a group."""
    if isinstance(node, Mapping):
        keys = {entry.key for entry in node.entries}
        return bool(keys & set(TERM_KEYS)) and not keys & set(GROUP_KEYS)
    return isinstance(node, Scalar)


def group_of(fields: Fields, who: SequenceType[Who] = (Who.AGENT, Who.CUSTOMER, Who.ANY)) -> Group:
    """Read the group that stands in a mapping which may hold other keys as well."""
    if not fields.broken and not fields.present(GROUP_KEYS):
        fields.context.wrong(fields.line, "empty group", ": needs any, all or none")
    return Group(
        any=fields.read("any", read_alternatives, ()),
        all=fields.read("all", _read_conjuncts, ()),
        none=fields.read("none", read_alternatives, ()),
        speaker=fields.read("speaker", lambda node, context: _SPEAKERS.get(read_choice(node, context, who)), None),
    )


def read_hits(node: Node, context: Context) -> Group:
    """Read a group that must be able to hit: one with only `none` finds nothing to point at."""
    group = read_group(node, context)
    refuse_only_none(group, node.line, context)
    return group


def refuse_only_none(group: Group, line: int, context: Context) -> None:
    """Write down a group that has `none` alone where a hit is needed."""
    if group.none and not group.any and not group.all:
        context.wrong(line, "'none' alone never hits", ": add any or all")


def read_alternatives(node: Node, context: Context) -> tuple[Term | Group, ...]:
    """Read a list of terms and groups; a `{list: …}` is replaced by the terms of that list."""
    return tuple(item for items in _read_each(node, context) for item in items)


def _read_conjuncts(node: Node, context: Context) -> tuple[Term | Group, ...]:
    """Read the items of `all`: a `{list: …}` is one item, any term of that list."""
    return tuple(items[0] if len(items) == 1 else Group(any=items) for items in _read_each(node, context))


def _read_each(node: Node, context: Context) -> tuple[tuple[Term | Group, ...], ...]:
    each = read_items(node, context, _read_item)
    written: set[tuple[Term | Group, ...]] = set()
    for items, item_node in zip(each, node.items if isinstance(node, Sequence) else (), strict=True):
        if items in written and items != (_STAND_IN,):
            context.wrong(item_node.line, "the same term is written twice")
        written.add(items)
    return each


def _read_item(node: Node, context: Context) -> tuple[Term | Group, ...]:
    if isinstance(node, Mapping):
        keys = {entry.key for entry in node.entries}
        if keys & set(GROUP_KEYS):
            return (read_group(node, context),)
        if "list" in keys:
            return _read_reference(node, context)
    return (read_term(node, context),)


def read_term(node: Node, context: Context) -> Term:
    """Read one term: a phrase as plain text, or a mapping with phrase, regex, near, like or intent."""
    if isinstance(node, Scalar):
        return _phrase(node, context)
    if isinstance(node, Sequence):
        context.wrong(node.line, "a list stands where a term belongs", ": use any or all")
        return _STAND_IN
    keys = [entry.key for entry in node.entries]
    section = next((key for key in TERM_KEYS if key in keys), None)
    if section is None or section == "list":
        kinds = ", ".join(TERM_KEYS[:-1])
        message = f"a term needs one of {kinds}, {'list' if section is None else 'not list'}"
        context.wrong(node.line, message, meant(keys[0], TERM_KEYS) if keys else "")
        return _STAND_IN
    fields = Fields(node, context, section)
    if section == "phrase":
        return _read_phrase(fields)
    if section == "regex":
        pattern, unless = fields.need("regex", _pattern, ""), fields.read("except", _pattern, None)
        return Regex(pattern, unless, fields.read("sound", read_switch, True))
    if section == "intent":
        return read_intent(fields) or _STAND_IN
    return _read_near(fields) if section == "near" else _read_like(fields)


def _phrase(node: Node, context: Context) -> Phrase:
    text = read_text(node, context)
    if text and not any(character.isalnum() for character in text):
        context.wrong(node.line, f"'{text}' holds nothing that can be heard")
    return Phrase(text)


def _read_phrase(fields: Fields) -> Phrase:
    text = fields.need("phrase", _phrase, _STAND_IN).text
    sound, near, word = (fields.read(key, read_switch, key != "word") for key in PHRASE_SWITCHES)
    return Phrase(text, sound=sound, near=near, word=word)


def _pattern(node: Node, context: Context) -> str:
    pattern = read_text(node, context)
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        context.wrong(node.line, f"regex '{pattern}' does not compile ({error})")
        return ""
    if pattern and compiled.search("") is not None:
        context.wrong(node.line, f"regex '{pattern}' matches the empty text, so it matches everywhere")
    lost = sorted(_NEVER_IN_NORMAL_TEXT & set(pattern))
    if lost:
        message = f"regex '{pattern}' holds '{''.join(lost)}', but punctuation is dropped before it is matched"
        context.wrong(node.line, message)
    return pattern


def _read_near(fields: Fields) -> Near:
    phrases = fields.need("near", lambda node, context: read_items(node, context, _near_phrase), ())
    if len(phrases) == 1:
        fields.context.wrong(fields.line_of("near"), "'near' needs two phrases or more")
    return Near(phrases, fields.need("within", read_count, 1))


def _near_phrase(node: Node, context: Context) -> Phrase:
    term = read_term(node, context)
    if not isinstance(term, Phrase):
        context.wrong(node.line, "only phrases can stand in 'near'")
        return _STAND_IN
    return term


def _read_like(fields: Fields) -> Like:
    examples = fields.need("like", read_sentences, ())
    counter_examples = fields.need("unlike", read_sentences, ())
    for text in sorted(set(examples) & set(counter_examples)):
        fields.context.wrong(fields.line_of("unlike"), f"'{text}' is both like and unlike")
    return Like(examples, counter_examples, fields.read("threshold", read_number, None))


def _read_reference(node: Node, context: Context) -> tuple[Term | Group, ...]:
    name = Fields(node, context, "list").need("list", read_text, "")
    if name and name not in context.lists:
        hint = meant(name, context.lists) or f" (lists of this pack: {', '.join(context.lists) or 'none'})"
        context.wrong(node.line, f"unknown list '{name}'", hint)
    return context.lists.get(name, ())


def read_lists(node: Node, context: Context) -> None:
    """Read the named lists into `context.lists`, each after those that it refers to."""
    if not isinstance(node, Mapping):
        context.wrong(node.line, "expected a mapping of names to lists of terms")
        return
    entries = {entry.key: entry for entry in unique_entries(node, context)}
    context.lists.update(dict.fromkeys(entries, ()))
    done: set[str] = set()
    for name in entries:
        _read_list(name, entries, context, done, ())


def _read_list(
    name: str, entries: MappingType[str, Entry], context: Context, done: set[str], trail: tuple[str, ...]
) -> None:
    if name in trail:
        circle = " -> ".join((*trail[trail.index(name) :], name))
        context.wrong(entries[name].line, f"lists refer to each other in a circle: {circle}")
        return
    if name in done:
        return
    done.add(name)
    node = entries[name].value
    for item in node.items if isinstance(node, Sequence) else ():
        referred = _referred(item)
        if referred in entries:
            _read_list(referred, entries, context, done, (*trail, name))
    own = context.inside(f"list {name}")
    context.lists[name] = tuple(dict.fromkeys(read_alternatives(node, own)))
    if any(isinstance(term, Group) for term in context.lists[name]):
        own.wrong(entries[name].line, "a group (any, all, none) cannot stand")


def _referred(node: Node) -> str:
    if isinstance(node, Mapping):
        return next((e.value.text for e in node.entries if e.key == "list" and isinstance(e.value, Scalar)), "")
    return ""


def read_excuses(node: Node, context: Context) -> tuple[Excuse, ...]:
    """Read the list of an `except`."""
    return read_items(node, context, _read_excuse)


def _read_excuse(node: Node, context: Context) -> Excuse:
    if is_term(node):
        return Excuse(_as_written(Group(any=_read_item(node, context))))
    fields = Fields(node, context, "excuse")
    group = group_of(fields, tuple(Who))
    refuse_only_none(group, node.line, context)
    places = fields.present(("in", "before", "after"))
    for key in places[1:]:
        context.wrong(fields.line_of(key), f"'{key}' and '{places[0]}' cannot both say where the excuse stands")
    if "before" in places:
        return Excuse(group, Place.BEFORE, fields.read("before", read_distance, None))
    if "after" in places:
        return Excuse(group, Place.AFTER, fields.read("after", read_distance, None))
    return Excuse(_as_written(group), fields.read("in", _read_place, Place.CLAUSE))


def _as_written(group: Group) -> Group:
    """Return the group with its expressions matching by their characters only: mere homophones excuse nothing."""

    def written(item: Term | Group) -> Term | Group:
        if isinstance(item, Group):
            return _as_written(item)
        return replace(item, sound=False) if isinstance(item, Regex) else item

    any_, all_, none = (tuple(map(written, items)) for items in (group.any, group.all, group.none))
    return replace(group, any=any_, all=all_, none=none)


def _read_place(node: Node, context: Context) -> Place:
    return read_choice(node, context, (Place.OVERLAP, Place.CLAUSE, Place.BEFORE_CLAUSE, Place.UTTERANCE))


def read_distance(node: Node, context: Context) -> Extent:
    """Read how far away: `2 turns` or `15s`."""
    return read_extent(node, context, DISTANCE_UNITS)
