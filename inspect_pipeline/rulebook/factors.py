"""Which strings a regular expression cannot match without, so that it is tried only where they stand.

What a part of an expression needs is kept as alternatives: each is a list of sets, and a match holds a string of every
set of one alternative. Neighbours are multiplied out as long as that stays small: `(很|太)(慢|差)` needs one of 很慢,
很差, 太慢, 太差. Understood are literals, classes, groups, alternatives and repeats; whatever else needs nothing, so
nothing is missed (the idea is that of the index of Google Code Search, Cox 2012).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import pairwise

import regex

_STRINGS_MOST = 150  # strings of one set
_ALTERNATIVES_MOST = 60  # of one expression; more are drawn together
_LONG = 60  # times that a repeat without end is taken to have
_WAYS_MOST = 200_000  # in which the repeats of a plain expression can share out a text
_CLASS_MOST = 30  # characters of a class that are worth looking for one by one
_TOKEN = regex.compile(
    r"""(?P<escape>\\.)
      | (?P<klass>\[\^?\]?(?:\\.|[^\]\\])*\])
      | (?P<assertion>\(\?<?[=!])
      | (?P<open>\((?:\?:|\?P?<[a-zA-Z_]\w*>|(?![?*])))
      | (?P<strange>\([?*])
      | (?P<close>\))
      | (?P<bar>\|)
      | (?P<repeat>[?*+]|\{\d*,?\d*\})(?P<mode>[?+]?)
      | (?P<edge>[\^$])
      | (?P<any>\.)
      | (?P<literal>.)""",
    regex.VERBOSE | regex.DOTALL,
)
_REPEAT = regex.compile(r"\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\}")

Strings = frozenset[str]
Alternative = tuple[Strings, ...]
Needs = tuple[Alternative, ...]

BEGIN, END = "\x02", "\x03"
"""What stands for the edges of a text in the strings: no text that was normalised holds them."""

_EMPTY: Strings = frozenset({""})
NOTHING_NEEDED: Needs = ((),)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one part of an expression needs. `exact`: all that it can match, when that is known and not too much; `head`
    and `tail`: what it begins and ends with (the empty string: not known)."""

    needs: Needs
    exact: Strings | None = None
    head: Strings = _EMPTY
    tail: Strings = _EMPTY


_ANYTHING = _Part(NOTHING_NEEDED)


@functools.lru_cache(maxsize=4096)
def needs_of(pattern: str) -> Needs:
    """Return the alternatives that `pattern` needs: every match holds a string of each set of one of them.

    The most telling set of an alternative comes first. One without sets needs nothing: it can match anywhere.
    """
    tokens = list(_TOKEN.finditer(pattern))
    if any(map(_unknown, tokens)):
        return NOTHING_NEEDED
    part, place = _alternatives(tokens, 0)
    if place != len(tokens) or () in part.needs:
        return NOTHING_NEEDED
    return tuple(dict.fromkeys(tuple(sorted(each, key=_telling, reverse=True)) for each in part.needs))


@functools.lru_cache(maxsize=4096)
def is_plain(pattern: str) -> bool:
    """Return whether a pattern means the same to `re` and to `regex`, and cannot take long on one utterance.

    It has no escapes, no possessive or lazy repeats, and few things that repeat a changing number of times: single
    characters, or groups in whose alternatives none is the beginning of another, so that a text is taken apart in one
    way. It may look ahead.
    """
    tokens = list(_TOKEN.finditer(pattern))
    if any(_unknown(token) or token["escape"] or token["mode"] or _looks_behind(token) for token in tokens):
        return False
    ways = 1
    opened: list[int] = []
    last = -1  # where the group that was closed last was opened
    for place, token in enumerate(tokens):
        if token["open"] or token["assertion"]:
            opened.append(place)
        elif token["close"] and opened:
            last = opened.pop()
        elif token["repeat"] and token["repeat"] != "?":
            least, most = _times(token["repeat"])
            group = place > 0 and bool(tokens[place - 1]["close"])
            if group and (least, most) != (1, 1) and not _taken_apart(tokens, last, place - 1):
                return False
            ways *= 1 + (_LONG if most is None else most) - least
    return ways <= _WAYS_MOST and _alternatives(tokens, 0)[1] == len(tokens)


def _looks_behind(token: regex.Match[str]) -> bool:
    return "<" in (token["assertion"] or "")


def _taken_apart(tokens: list[regex.Match[str]], opened: int, closed: int) -> bool:
    """Return whether what repeats of a group match they match in one way: no alternative begins another, or is it.

    By sound two alternatives may be the same: 会 and 回.
    """
    inside = tokens[opened + 1 : closed]
    if not tokens[opened]["open"] or not all(token["literal"] or token["bar"] for token in inside):
        return False
    ordered = sorted("".join(token[0] for token in inside).split("|"))
    return "" not in ordered and not any(after.startswith(before) for before, after in pairwise(ordered))


def _unknown(token: regex.Match[str]) -> bool:
    """Whether a token is a flag, a nested class, a fuzzy match or the like: then nothing is known to be needed."""
    return bool(token["strange"]) or "[" in (token["klass"] or "")[1:] or (token["literal"] or "") in {"{", "}"}


def _alternatives(tokens: list[regex.Match[str]], place: int) -> tuple[_Part, int]:
    """Read alternatives up to the closing bracket or the end; return what they need and where they end."""
    part, place = _sequence(tokens, place)
    parts = [part]
    while place < len(tokens) and tokens[place]["bar"]:
        part, place = _sequence(tokens, place + 1)
        parts.append(part)
    if len(parts) == 1:
        return part, place
    known = [each.exact for each in parts if each.exact is not None]
    exact = frozenset().union(*known)
    if len(known) == len(parts) and len(exact) <= _STRINGS_MOST:
        return _exactly(exact), place
    head, tail = (_union([getattr(each, end) for each in parts]) for end in ("head", "tail"))
    return _Part(_few(tuple(need for each in parts for need in each.needs)), None, head, tail), place


def _sequence(tokens: list[regex.Match[str]], place: int) -> tuple[_Part, int]:
    """Read what stands one after another; return all that it needs."""
    needs = NOTHING_NEEDED
    head: Strings | None = None
    run = _EMPTY
    while place < len(tokens) and not (tokens[place]["bar"] or tokens[place]["close"]):
        part, place = _repeated(tokens, place)
        longer = _joined(run, part.head)
        if part.exact is not None and longer is not None:
            run = longer
            continue
        run = run if longer is None else longer
        needs = _both(_both(needs, _exactly(run).needs), part.needs)
        head = run if head is None else head
        run = part.tail
    if head is None:
        return _exactly(run), place
    return _Part(_both(needs, _exactly(run).needs), None, head, run), place


def _repeated(tokens: list[regex.Match[str]], place: int) -> tuple[_Part, int]:
    """Read one thing with the repeat that follows it."""
    part, place = _item(tokens, place)
    if place == len(tokens) or not tokens[place]["repeat"]:
        return part, place
    least, most = _times(tokens[place]["repeat"])
    place += 1
    if part.exact is None:
        return (part if least else _ANYTHING), place
    sure = fits = _EMPTY
    exact: Strings | None = _EMPTY if least == 0 else frozenset()
    for count in range(1, (most or least) + 1):
        longer = _joined(fits, part.exact)
        if longer is None:
            exact = None
            break
        fits = longer
        sure = fits if count <= least else sure
        exact = exact | fits if exact is not None and count >= least else exact
    if exact is not None and most is not None and len(exact) <= _STRINGS_MOST:
        return _exactly(exact), place
    return _Part(_exactly(sure).needs, None, sure, sure), place


def _item(tokens: list[regex.Match[str]], place: int) -> tuple[_Part, int]:
    """Read one thing that can be repeated."""
    token = tokens[place]
    if token["open"] or token["assertion"]:
        part, end = _alternatives(tokens, place + 1)
        return (part if token["open"] else _exactly(_EMPTY)), end + 1
    if token["edge"]:
        return _exactly(frozenset({BEGIN if token["edge"] == "^" else END})), place + 1
    if token["literal"]:
        return _exactly(frozenset({token["literal"]})), place + 1
    members = _members((token["klass"] or "")[1:-1])
    return (_exactly(members) if members else _ANYTHING), place + 1


def _members(inside: str) -> Strings:
    """Return the characters of a class, none when they are not plain or too many."""
    if inside.startswith("^") or "\\" in inside:
        return frozenset()
    spread = regex.sub("(.)-(.)", lambda span: "".join(map(chr, range(ord(span[1]), ord(span[2]) + 1))), inside)
    return frozenset(spread) if len(spread) <= _CLASS_MOST else frozenset()


def _times(repeat: str) -> tuple[int, int | None]:
    """Return how often at least and at most; None: any number."""
    if repeat in "?*+":
        return int(repeat == "+"), 1 if repeat == "?" else None
    told = _REPEAT.fullmatch(repeat)
    assert told is not None
    least = int(told["least"] or 0)
    return least, least if not told["comma"] else int(told["most"]) if told["most"] else None


def _exactly(strings: Strings) -> _Part:
    return _Part(NOTHING_NEEDED if "" in strings else ((strings,),), strings, strings, strings)


def _joined(one: Strings, other: Strings) -> Strings | None:
    """Return every string of one with every string of the other behind it; None when that is too much."""
    if len(one) * len(other) > _STRINGS_MOST:
        return None
    return frozenset(before + after for before in one for after in other)


def _union(sets: list[Strings]) -> Strings:
    together = frozenset().union(*sets)
    return _EMPTY if "" in together or len(together) > _STRINGS_MOST else together


def _both(one: Needs, other: Needs) -> Needs:
    """Return the needs of two parts that stand one after the other."""
    if len(one) * len(other) > _ALTERNATIVES_MOST:
        one, other = sorted((one, other), key=len)
        other = _drawn_together(other)
        if len(one) * len(other) > _ALTERNATIVES_MOST:
            one = _drawn_together(one)
    return tuple((*before, *after) for before in one for after in other)


def _few(needs: Needs) -> Needs:
    return needs if len(needs) <= _ALTERNATIVES_MOST else _drawn_together(needs)


def _drawn_together(needs: Needs) -> Needs:
    """Return one alternative with one set in the place of many: weaker, and as true."""
    if () in needs:
        return NOTHING_NEEDED
    return ((frozenset().union(*(max(each, key=_telling) for each in needs)),),)


def _telling(strings: Strings) -> tuple[int, int]:
    """How much a need tells: long strings, few of them."""
    return min(map(len, strings)), -len(strings)
