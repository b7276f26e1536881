"""Call text in one form for matching, with the way back to the characters it came from.

The stored transcript is never altered: rules match on the normal form, and quotes are cut from the original.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Protocol

SPOKEN_SIGNS = "%"  # signs that are read aloud, kept although Unicode calls them punctuation

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff"
_REMEMBERED = 512  # texts: those of one call are asked for several times

_PAUSE = " \t\u3000"
_BREAK = re.compile(
    "[，。！？；：…—～!?;\n\r|]+"  # always the end of a clause
    "|(?<![0-9])[,.:~]|[,.:~](?![0-9])"  # unless they stand inside a number or a time
    f"|(?<=[{_HAN}])[{_PAUSE}]+(?=[{_HAN}])"  # a recogniser's pause
)
_HAN_CHARACTER = re.compile(f"[{_HAN}]")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Normal:
    """The normal form of a text. `offsets[i]` is where `text[i]` stands in the original; one more entry ends it."""

    text: str
    offsets: tuple[int, ...]


class _Forms(dict[int, str]):
    """A translation table to each character's compatibility form in lower case."""

    def __missing__(self, code: int) -> str:
        form = unicodedata.normalize("NFKC", chr(code)).lower()
        self[code] = form
        return form


class _Kept(dict[str, bool]):
    """Whether a character belongs to the normal form."""

    def __missing__(self, character: str) -> bool:
        kept = character.isalnum() or character in SPOKEN_SIGNS
        self[character] = kept
        return kept


FORMS = _Forms()
"""Code point -> the character's form: one character or several."""

KEPT = _Kept()
"""Character -> whether it belongs to the normal form."""


@functools.cache
def _converter() -> _Converter:
    import opencc

    converter: _Converter = opencc.OpenCC("t2s")
    return converter


def simplify(text: str) -> str:
    """Return `text` in Simplified Chinese, one character for one character (words stay: 軟體 becomes 软体)."""
    simple = simplified_by_words(text)
    if len(simple) == len(text):
        return simple
    converter = _converter()
    return "".join(_one_for_one(converter.convert(character), character) for character in text)


def simplified_by_words(text: str) -> str:
    """Return `text` in Simplified Chinese as its words ask for it, even where that changes its length."""
    return _converter().convert(text)


def _one_for_one(simple: str, character: str) -> str:
    return simple if len(simple) == 1 else character


@functools.lru_cache(maxsize=_REMEMBERED)
def normalise(original: str) -> Normal:
    """Return the form that rules match on: NFKC, lower case, Simplified, without punctuation and spaces."""
    spread = original.translate(FORMS)
    simple = simplify(spread)
    places: Sequence[int] = range(len(original))
    if len(spread) != len(original):
        places = [place for place, character in enumerate(original) for _ in FORMS[ord(character)]]
    kept = [KEPT[character] for character in simple]
    offsets = (*compress(places, kept), len(original))
    return Normal("".join(compress(simple, kept)), offsets)


def is_han(character: str) -> bool:
    """Return whether a character is Chinese."""
    return _HAN_CHARACTER.match(character) is not None


def is_pause(character: str) -> bool:
    """Return whether a character between Chinese ones is a recogniser's pause, which ends a clause."""
    return character in _PAUSE


def ends_clause(original: str) -> bool:
    """Return whether a clause ends inside a text that begins and ends with a letter, digit or character."""
    return _BREAK.search(original) is not None


def clauses(original: str) -> list[tuple[int, int]]:
    """Return the clauses of `original` as (start, end) offsets: the text between punctuation or pauses.

    Quotation marks, brackets and the enumeration comma (、) do not end a clause, nor does a point or a comma inside
    a number. A stretch without any letter, digit or character is no clause.
    """
    found = []
    start = 0
    for stop, resume in [match.span() for match in _BREAK.finditer(original)] + [(len(original), len(original))]:
        piece = original[start:stop]
        if any(KEPT[character] for character in piece):
            left = start + len(piece) - len(piece.lstrip())
            found.append((left, start + len(piece.rstrip())))
        start = resume
    return found
