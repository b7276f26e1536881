"""Digits as they are spoken and as they are written: 幺二三幺五, 12315 and 一二三一五 are one number."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"

_SPOKEN = {"幺": "一", "〇": "零", "○": "零", "两": "二", "俩": "二"}
_TABLE = str.maketrans(_SPOKEN | {str(value): digit for value, digit in enumerate(DIGITS)})


def canonical_digits(normal: str) -> str:
    """Return `normal` with every digit as one Chinese numeral, one character for one character."""
    return normal.translate(_TABLE)


def longest_digit_run(normal: str) -> int:
    """Return the length of the longest run of digits in `normal`, however they are written."""
    longest = run = 0
    for character in canonical_digits(normal):
        run = run + 1 if character in DIGITS else 0
        longest = max(longest, run)
    return longest
