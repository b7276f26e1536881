"""Arithmetic on stretches of time: lists of (start, end) in seconds, sorted and apart from one another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from inspect_pipeline.model import Seconds

Interval = tuple[Seconds, Seconds]


def merge(intervals: Iterable[Interval], gap_s: Seconds = 0.0) -> list[Interval]:
    """Return the union, sorted; stretches at most `gap_s` apart become one."""
    merged: list[Interval] = []
    begin = last = -math.inf
    for start, end in sorted(intervals):
        if start - last <= gap_s:
            if end > last:
                last = end
                merged[-1] = (begin, end)
        else:
            begin, last = start, end
            merged.append((start, end))
    return merged


def clip(intervals: Iterable[Interval], start_s: Seconds, end_s: Seconds) -> list[Interval]:
    """Return what lies between two moments."""
    return [
        (a if a > start_s else start_s, b if b < end_s else end_s) for a, b in intervals if b > start_s and a < end_s
    ]


def total(intervals: Iterable[Interval]) -> Seconds:
    """Return the seconds of stretches that do not overlap."""
    return sum([end - start for start, end in intervals])


def shared(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """Return what two merged lists have in common."""
    common: list[Interval] = []
    i = j = 0
    while i < len(one) and j < len(other):
        (start, end), (other_start, other_end) = one[i], other[j]
        first, last = start if start > other_start else other_start, end if end < other_end else other_end
        if last > first:
            common.append((first, last))
        if end < other_end:
            i += 1
        else:
            j += 1
    return common


def without(intervals: Sequence[Interval], removed: Sequence[Interval]) -> list[Interval]:
    """Return a merged list less what another merged list covers."""
    if not removed:
        return [*intervals]
    left: list[Interval] = []
    for start, end in intervals:
        at = start
        for cut_start, cut_end in clip(removed, start, end):
            if cut_start > at:
                left.append((at, cut_start))
            at = cut_end
        if at < end:
            left.append((at, end))
    return left


def between(intervals: Sequence[Interval]) -> list[Interval]:
    """Return the gaps between the stretches of a merged list."""
    return [(a[1], b[0]) for a, b in pairwise(intervals)]
