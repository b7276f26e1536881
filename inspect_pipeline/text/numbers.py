"""Digits as they are spoken and as they are written: 幺二三幺五, 12315 and 一二三一五 are one number."""

from __future__ import annotations

import re

DIGITS = "零一二三四五六七八九"

_SPOKEN = {"幺": "一", "〇": "零", "○": "零", "两": "二", "俩": "二"}
DIGIT_TABLE = str.maketrans(_SPOKEN | {str(value): digit for value, digit in enumerate(DIGITS)})


def canonical_digits(normal: str) -> str:
    """Return `normal` with every digit as one Chinese numeral, one character for one character."""
    return normal.translate(DIGIT_TABLE)


def longest_digit_run(normal: str) -> int:
    """Return the length of the longest run of digits in `normal`, however they are written."""
    longest = run = 0
    for character in canonical_digits(normal):
        run = run + 1 if character in DIGITS else 0
        longest = max(longest, run)
    return longest


_UNITS = {"十": 10, "百": 100, "千": 1000}
_SPOKEN_NUMBER = re.compile(
    f"百分之(?P<share>百|[{DIGITS}两十百]+)|(?P<number>[{DIGITS}两十百千]*[十百千][{DIGITS}两十百千]*)"
)
_WRITTEN_NUMBER = re.compile("(?<![0-9])(?P<number>0|[1-9][0-9]{0,3})(?![0-9])(?P<share>%?)")


def other_forms(normal: str) -> tuple[str, ...]:
    """Return `normal` with its numbers written the other way: 二十四小时 as 24小时, 100% as 百分之百.

    Numbers up to 9999; one form with all of them in digits, one with all of them in words, without `normal` itself.
    """
    written = _SPOKEN_NUMBER.sub(_in_digits, normal)
    spoken = _WRITTEN_NUMBER.sub(_in_words, normal)
    return tuple(dict.fromkeys(form for form in (written, spoken) if form != normal))


def _in_digits(match: re.Match[str]) -> str:
    share = match["share"]
    value = 100 if share == "百" else _value(share or match["number"])
    if value is None:
        return match[0]
    return f"{value}%" if share else str(value)


def _value(spoken: str) -> int | None:
    """Return the value of a spoken number up to 9999, or None when the characters are not one (十分之一百)."""
    total, digit, ceiling = 0, None, 10_000
    for character in canonical_digits(spoken):
        if character not in _UNITS:
            if digit:
                return None
            digit = DIGITS.index(character)
            continue
        unit = _UNITS[character]
        if unit >= ceiling or (digit is None and (unit > 10 or total)) or digit == 0:
            return None
        total, digit, ceiling = total + (digit or 1) * unit, None, unit
    return total + (digit or 0)


def _in_words(match: re.Match[str]) -> str:
    words = _words(int(match["number"]))
    if not match["share"]:
        return words
    return "百分之百" if words == "一百" else f"百分之{words}"


def _words(value: int) -> str:
    """Return how a number up to 9999 is spoken."""
    if value < 10:
        return DIGITS[value]
    words = ""
    skipped = False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if not digit:
            skipped = bool(words)
            continue
        words += ("零" if skipped else "") + DIGITS[digit] + name
        skipped = False
    return words.removeprefix("一") if 10 <= value < 20 else words
