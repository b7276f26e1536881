"""Many texts in their normal form at once: what `normalise` does to one, done to all of them by array look-ups.

An operation on an array costs as much for twenty characters as for a thousand, so a block of calls is read together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntFlag
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from inspect_pipeline.text.normalise import (
    FORMS,
    KEPT,
    ends_clause,
    is_han,
    is_pause,
    normalise,
    simplified_by_words,
)

Codes = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]

_CODE_POINTS = 0x110000
_SEVERAL = _CODE_POINTS  # stands for a form that is not one character
_DROPPED = ord(" ")


def codes_of(text: str) -> Codes:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def text_of(codes: Codes) -> str:
    """Return the text of some code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


class CharacterTable:
    """A function from characters to numbers below 2**32 - 1, as an array. It learns a character when it meets it."""

    def __init__(self, function: Callable[[str], int]) -> None:
        self._function = function
        self._values = np.zeros(_CODE_POINTS, dtype=np.uint32)  # one more than the value; 0: not met yet

    def __call__(self, codes: Codes) -> Codes:
        """Return the value of each character."""
        values = self._values[codes]
        if not values.all():
            for code in np.unique(codes[values == 0]).tolist():
                self._values[code] = self._function(chr(code)) + 1
            values = self._values[codes]
        return values - np.uint32(1)


def _form(character: str) -> int:
    form = FORMS[ord(character)]
    if len(form) == 1:
        return ord(form)
    return _SEVERAL if any(KEPT[each] for each in form) else _DROPPED


class _Kind(IntFlag):
    """What a character is to the ends of clauses."""

    BREAK = 1  # it always ends one
    POINT = 2  # it ends one unless it stands between two digits
    PAUSE = 4  # it ends one if only its like stands between two Chinese characters
    DIGIT = 8
    HAN = 16


def _kind(character: str) -> int:
    if not ends_clause(character):
        digit = _Kind.DIGIT if character in "0123456789" else _Kind(0)
        return digit | _Kind.HAN * is_han(character) | _Kind.PAUSE * is_pause(character)
    return _Kind.BREAK if ends_clause(f"0{character}0") else _Kind.POINT


_form_of = CharacterTable(_form)
_kind_of = CharacterTable(_kind)
_is_kept = CharacterTable(lambda character: int(KEPT[character]))


@dataclass(frozen=True, slots=True)
class Sheet:
    """Texts in their normal form, one after another.

    Text `i` is `codes[starts[i]:starts[i + 1]]`; `offsets` tells of each character where it stands in its own text.
    """

    texts: Sequence[str]
    codes: Codes
    starts: Offsets
    offsets: Offsets

    def clause_begins(self) -> npt.NDArray[np.bool_]:
        """Tell of each character whether it is the first of its clause, as `normalise.clauses` has them."""
        begins = np.zeros(len(self.codes), dtype=np.bool_)
        begins[self.starts[:-1][np.diff(self.starts) > 0]] = True
        if len(self.codes):
            begins[1:] |= self._breaks()
        return begins

    def _breaks(self) -> npt.NDArray[np.bool_]:
        """Tell of each character but the last whether a clause of its text ends after it; at ends of texts anything."""
        edges = np.cumsum([0, *map(len, self.texts)], dtype=np.int64)
        at = self.offsets + np.repeat(edges[:-1], np.diff(self.starts))
        kinds = _kind_of(codes_of("".join(self.texts)))
        digit = np.concatenate([[False], kinds & _Kind.DIGIT != 0, [False]])
        ends = (kinds & _Kind.BREAK != 0) | ((kinds & _Kind.POINT != 0) & ~(digit[:-2] & digit[2:]))
        broken = np.diff(np.cumsum(ends)[at]) > 0
        between = np.diff(at) - 1
        paused = np.diff(np.cumsum(kinds & _Kind.PAUSE != 0)[at]) == between
        han = (kinds & _Kind.HAN != 0)[at]
        breaks: npt.NDArray[np.bool_] = broken | ((between > 0) & paused & han[:-1] & han[1:])
        return breaks


def normalise_all(texts: Sequence[str]) -> Sheet:
    """Return the normal form of some texts, which may be none."""
    codes = codes_of("".join(texts))
    edges = np.concatenate([[0], np.cumsum([len(text) for text in texts], dtype=np.int64)])
    forms = _form_of(codes)
    simple = None if (forms == _SEVERAL).any() else _simplified(text_of(forms), edges)
    if simple is None:
        return _one_by_one(texts)
    simple_codes = codes_of(simple)
    places = np.flatnonzero(_is_kept(simple_codes))
    starts = np.searchsorted(places, edges)
    offsets = places - np.repeat(edges[:-1], np.diff(starts))
    return Sheet(texts, simple_codes[places], starts, offsets)


def _simplified(forms: str, edges: Offsets) -> str | None:
    """Return the forms in Simplified Chinese, None when that changes the length.

    Each text is a line of its own while it is done: no word reaches over its end.
    """
    bounds = edges.tolist()
    lines = "\n".join([forms[start:end] for start, end in pairwise(bounds)])
    simple = simplified_by_words(lines)
    if simple == lines:
        return forms
    if len(simple) != len(lines):
        return None
    return "".join([simple[start + line : end + line] for line, (start, end) in enumerate(pairwise(bounds))])


def _one_by_one(texts: Sequence[str]) -> Sheet:
    """Return the same, slowly: characters with forms of several characters (㎏, ½) are among the texts."""
    normals = [normalise(text) for text in texts]
    starts = np.concatenate([[0], np.cumsum([len(normal.text) for normal in normals], dtype=np.int64)])
    offsets = np.array([place for normal in normals for place in normal.offsets[:-1]], dtype=np.int64)
    return Sheet(texts, codes_of("".join(normal.text for normal in normals)), starts, offsets)
