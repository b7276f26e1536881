"""Where the calls of a night are worked on. An engine is told which calls, and tells which are spooled."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Protocol

from inspect_pipeline.night.plan import Task
from inspect_pipeline.night.told import CallDone


class Engine(Protocol):
    """Runs `Desk.attend` for every task, on this machine or on others.

    The desk keeps finished calls on disk and knows what killed a worker, so an engine may run a task again whenever
    it is not sure. Order, number of workers and repetition change nothing in the tables.
    """

    def run(self, tasks: Sequence[Task]) -> Generator[CallDone, None, None]:
        """Yield each call once it is spooled, in any order. Closing the generator stops all workers.

        Raises InspectError when no call can be inspected.
        """
        ...


def visible_gpus() -> tuple[str, ...]:
    """Return the names of the NVIDIA devices that this process may use, as CUDA_VISIBLE_DEVICES writes them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return tuple(name.strip() for name in chosen.split(",") if name.strip() not in ("", "-1"))
    return tuple(str(number) for number, _ in enumerate(Path("/proc/driver/nvidia/gpus").glob("*")))


def workers_that_fit(memory_each_gb: float = 1.5, gpus: int = 0) -> int:
    """Return how many workers this machine can feed: one a GPU, else one a CPU core as far as the memory goes.

    `memory_each_gb` is what a worker takes with its models (1.5 GB: Whisper base or small in 8 bits).
    """
    if gpus:
        return gpus
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = _free_memory_gb()
    return cores if memory is None else max(1, min(cores, int(memory / memory_each_gb)))


def _free_memory_gb() -> float | None:
    """Return the memory that can be had without swapping; None where the system does not say."""
    table = Path("/proc/meminfo")
    if not table.exists():
        return None
    for line in table.read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 2**20
    return None
