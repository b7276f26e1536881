"""Working ahead in threads: the order stays, and no more is taken than there is room for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from inspect_pipeline.speech.ahead import in_order


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    def squared(number: int) -> int:
        time.sleep(0.002 * (number % 3))
        return number * number

    assert list(in_order(squared, range(20), threads, 2 * threads)) == [number * number for number in range(20)]


@pytest.mark.parametrize("ahead", [2, 5])
def test_no_more_items_are_taken_than_may_wait(ahead: int) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(30):
            taken.append(number)
            yield number

    for done in in_order(lambda number: number, items(), 2, ahead):
        assert len(taken) <= done + ahead


def test_items_are_worked_on_at_the_same_time() -> None:
    """Each waits until all are there: one after another, none would ever be done."""
    together = threading.Barrier(3)
    assert sorted(in_order(lambda _: together.wait(timeout=30), range(3), 3, 3)) == [0, 1, 2]


@pytest.mark.parametrize("threads", [0, 2])
def test_an_error_is_raised_in_its_place_and_nothing_more_is_begun(threads: int) -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 2:
            raise KeyError(number)
        return number

    results = in_order(work, range(50), threads, 2 * threads)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(KeyError):
        next(results)
    assert len(begun) <= 2 + 2 * threads + 1


def test_who_stops_listening_ends_the_threads() -> None:
    results = in_order(lambda number: number, iter(range(1000)), 2, 4)
    assert next(results) == 0
    before = threading.active_count()
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() < before
