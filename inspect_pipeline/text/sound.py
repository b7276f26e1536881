"""What call text sounds like: one private-use character a syllable, so that matching sounds is matching strings.

Readings are those of single characters (no phrase context): a recogniser's error has no reliable context, and both
sides of a comparison are read alike.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping

from inspect_pipeline.text.numbers import canonical_digits

NEGATIONS = "不没别无未"  # a negation is a sound of its own: it is never taken for a homophone
STANDARD_CONFUSIONS = frozenset({"zh/z", "ch/c", "sh/s", "in/ing", "en/eng", "an/ang"})
REGIONAL_CONFUSIONS = frozenset({"n/l", "f/h"})

_SPELLED_INITIALS = "b p m f d t n l g k h j q x zh ch sh r z c s"
_SPELLED_FINALS = (
    "a o e ai ei ao ou an ang en eng ong er i ih ia ie iao iou ian in iang ing iong io "
    "u ua uo uai uei uan uen uang ueng v ve van vn"
)
_INITIALS = ("", *_SPELLED_INITIALS.split())
_FINALS = tuple(_SPELLED_FINALS.split())
_FINAL_INDEX = {final: index for index, final in enumerate(_FINALS)}
_INITIAL_INDEX = {initial: index for index, initial in enumerate(_INITIALS)}
_ROW = 64  # codes a row of finals takes
_FIRST = 0xE000
_FIRST_NEGATION = 0xF000
_FIRST_INITIAL = 0xF100
_FIRST_FINAL = 0xF200
_WHOLE = {"": ("", ""), "yi": ("", "i"), "yu": ("", "v"), "wu": ("", "u"), "you": ("", "iou"), "wei": ("", "uei")}
_SHORT = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve"}
_TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
# Characters whose first dictionary reading is not the one heard in calls.
_SPOKEN = {
    "长": "cháng",
    "嗯": "èn",
    "谁": "shéi",
    "地": "dì",
    "得": "de",
    "着": "zhe",
    "呣": "mú",
    "欸": "èi",
    "诶": "èi",
}


@functools.cache
def _dictionary() -> Mapping[int, str]:
    from pypinyin.pinyin_dict import pinyin_dict

    readings: Mapping[int, str] = pinyin_dict
    return readings


@functools.cache
def reading(character: str) -> tuple[str, str, str] | None:
    """Return initial, final and tone (`1`-`5`) of one character, or None when it has no Mandarin syllable."""
    marked = _SPOKEN.get(character) or _dictionary().get(ord(character), "").split(",")[0]
    spelled = unicodedata.normalize("NFD", marked)
    tone = next((_TONES[mark] for mark in spelled if mark in _TONES), "5")
    letters = "".join(letter for letter in spelled if letter not in _TONES)
    initial, final = _split(unicodedata.normalize("NFC", letters).replace("ü", "v"))
    return (initial, final, tone) if final in _FINAL_INDEX else None


def _split(syllable: str) -> tuple[str, str]:
    """Split a toneless pinyin syllable into its initial and its full final: `liu` is `l` and `iou`, `yan` is `ian`."""
    if syllable in _WHOLE:
        return _WHOLE[syllable]
    initial = syllable[:2] if syllable[:2] in ("zh", "ch", "sh") else syllable[:1]
    rest = syllable[len(initial) :]
    if initial == "w":
        return "", {"en": "uen"}.get(rest, f"u{rest}")
    if initial == "y":
        return "", _after_y(rest)
    if initial not in _INITIAL_INDEX:
        return "", syllable
    if rest == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s"):
        return initial, "ih"
    if initial in ("j", "q", "x") and rest.startswith("u"):
        return initial, f"v{rest[1:]}"
    return initial, _SHORT.get(rest, rest)


def _after_y(rest: str) -> str:
    if rest.startswith("u"):
        return f"v{rest[1:]}"
    return rest if rest.startswith("i") else f"i{rest}"


class Ear:
    """Hears text as syllables without tones; sounds in `confusions` (`zh/z`, `an/ang`, …) are heard as one."""

    def __init__(self, confusions: frozenset[str] = STANDARD_CONFUSIONS) -> None:
        """Raise ValueError when a confusion is not a pair of initials or a pair of finals."""
        self.confusions = confusions
        self._initials: dict[str, str] = {}
        self._finals: dict[str, str] = {}
        for pair in sorted(confusions):
            self._confuse(pair)
        self._heard = _Heard(self)

    def _confuse(self, pair: str) -> None:
        first, _, second = pair.partition("/")
        if first in _INITIAL_INDEX and second in _INITIAL_INDEX and first and second:
            self._initials[first] = self._initials.get(second, second)
        elif first in _FINAL_INDEX and second in _FINAL_INDEX:
            short, long = sorted((first, second), key=len)
            for final in _FINALS:
                if final.endswith(long) and final[: -len(long)] + short in _FINAL_INDEX:
                    self._finals[final] = final[: -len(long)] + short
        else:
            raise ValueError(f"unknown confusion '{pair}': write two initials or two finals, such as zh/z or an/ang")

    def __reduce__(self) -> tuple[type[Ear], tuple[frozenset[str]]]:
        return type(self), (self.confusions,)

    def hear(self, normal: str) -> str:
        """Return one symbol a character: its syllable; a negation and what has no syllable stand for themselves."""
        return normal.translate(self._heard)

    def symbol(self, character: str) -> str:
        """Return the symbol of one character."""
        character = canonical_digits(character)
        if character in NEGATIONS:
            return chr(_FIRST_NEGATION + NEGATIONS.index(character))
        known = reading(character)
        if known is None:
            return character
        initial = self._initials.get(known[0], known[0])
        final = self._finals.get(known[1], known[1])
        return chr(_FIRST + _INITIAL_INDEX[initial] * _ROW + _FINAL_INDEX[final])


class _Heard(dict[int, str]):
    """A translation table that learns a character when it is first heard."""

    def __init__(self, ear: Ear) -> None:
        super().__init__()
        self._ear = ear

    def __missing__(self, code: int) -> str:
        symbol = self._ear.symbol(chr(code))
        self[code] = symbol
        return symbol


def tones(normal: str) -> str:
    """Return the tone of each character of `normal`: `1`-`4`, `5` neutral, `0` where there is no syllable."""
    return "".join(known[2] if (known := reading(character)) else "0" for character in canonical_digits(normal))


def is_negation(symbol: str) -> bool:
    """Whether a heard symbol is a negation."""
    return _FIRST_NEGATION <= ord(symbol) < _FIRST_NEGATION + len(NEGATIONS)


class _Parts(dict[int, str]):
    """A translation table from a heard symbol to its two parts."""

    def __missing__(self, code: int) -> str:
        if _FIRST <= code < _FIRST_NEGATION:
            initial, final = divmod(code - _FIRST, _ROW)
            parts = chr(_FIRST_INITIAL + initial) + chr(_FIRST_FINAL + final)
        else:
            parts = chr(code) * 2
        self[code] = parts
        return parts


_parts = _Parts()


def parts_of(heard: str) -> str:
    """Return two symbols for each heard one, its initial and its final, so that half a syllable can be counted."""
    return heard.translate(_parts)


def syllable_distance(a: str, b: str) -> float:
    """Return how far two heard symbols are apart: 0 the same, 0.5 the same initial or the same final, 1 otherwise."""
    if a == b:
        return 0.0
    if not (_FIRST <= ord(a) < _FIRST_NEGATION and _FIRST <= ord(b) < _FIRST_NEGATION):
        return 1.0
    initial_a, final_a = divmod(ord(a) - _FIRST, _ROW)
    initial_b, final_b = divmod(ord(b) - _FIRST, _ROW)
    return 0.5 if final_a == final_b or (initial_a == initial_b and initial_a) else 1.0
