"""Which strings a regular expression cannot match without, so that it is tried only where one of them stands.

Understands literals, classes, groups, alternatives and repeats; whatever else needs nothing, so nothing is missed.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import regex

_CLASS_MOST = 12  # characters of a class that are worth looking for one by one
_TOKEN = regex.compile(
    r"""(?P<escape>\\.)
      | (?P<klass>\[\^?\]?(?:\\.|[^\]\\])*\])
      | (?P<assertion>\(\?<?[=!])
      | (?P<open>\((?:\?:|\?P?<[a-zA-Z_]\w*>|(?![?*])))
      | (?P<strange>\([?*])
      | (?P<close>\))
      | (?P<bar>\|)
      | (?P<repeat>[?*+]|\{\d*,?\d*\})(?P<mode>[?+]?)
      | (?P<any>[.^$])
      | (?P<literal>.)""",
    regex.VERBOSE | regex.DOTALL,
)

Needs = tuple[frozenset[str], ...]


def needs_of(pattern: str) -> Needs:
    """Return sets of strings: every match of `pattern` holds a string of each set. The most telling set comes first."""
    tokens = list(_TOKEN.finditer(pattern))
    if any(map(_unknown, tokens)):
        return ()
    needs, place = _alternatives(tokens, 0)
    return tuple(sorted(needs, key=_telling, reverse=True)) if place == len(tokens) else ()


def _unknown(token: regex.Match[str]) -> bool:
    """Whether a token is a flag, a nested class, a fuzzy match or the like: then nothing is known to be needed."""
    return bool(token["strange"]) or "[" in (token["klass"] or "")[1:] or (token["literal"] or "") in {"{", "}"}


def _alternatives(tokens: list[regex.Match[str]], place: int) -> tuple[Needs, int]:
    """Read alternatives up to the closing bracket or the end; return what they need and where they end."""
    needs, place = _sequence(tokens, place)
    while place < len(tokens) and tokens[place]["bar"]:
        more, place = _sequence(tokens, place + 1)
        needs = (max(needs, key=_telling) | max(more, key=_telling),) if needs and more else ()
    return needs, place


def _sequence(tokens: list[regex.Match[str]], place: int) -> tuple[Needs, int]:
    """Read what stands one after another; return all that it needs."""
    needs: Needs = ()
    run = ""
    while place < len(tokens) and not (tokens[place]["bar"] or tokens[place]["close"]):
        token = tokens[place]
        inner, place = _item(tokens, place)
        repeated = place < len(tokens) and bool(tokens[place]["repeat"])
        if repeated:
            inner = () if _may_be_absent(tokens[place]["repeat"]) else inner
            place += 1
        if token["literal"] and not repeated:
            run += token["literal"]
            continue
        needs += inner + ((frozenset({run}),) if run else ())
        run = ""
    return needs + ((frozenset({run}),) if run else ()), place


def _item(tokens: list[regex.Match[str]], place: int) -> tuple[Needs, int]:
    """Read one thing that can be repeated."""
    token = tokens[place]
    if token["open"] or token["assertion"]:
        needs, end = _alternatives(tokens, place + 1)
        return (needs if token["open"] else ()), end + 1
    if token["literal"]:
        return (frozenset({token["literal"]}),), place + 1
    inside = (token["klass"] or "")[1:-1]
    listed = 0 < len(inside) <= _CLASS_MOST and not any(mark in inside for mark in "^\\-")
    return ((frozenset(inside),) if listed else ()), place + 1


def _may_be_absent(repeat: str) -> bool:
    return repeat in ("?", "*") or regex.match(r"\{0*[,}]", repeat) is not None


def _telling(strings: AbstractSet[str]) -> tuple[int, int]:
    """How much a need tells: long strings, few of them."""
    return min(len(string) for string in strings), -len(strings)
