"""Where the shards of a night are worked on. An engine is told which, and tells which calls are done."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Protocol

from inspect_pipeline.night.plan import NightPlan
from inspect_pipeline.night.shards import Work
from inspect_pipeline.night.told import CallDone
from inspect_pipeline.speech.device import cores_here, gpus_here


class Engine(Protocol):
    """Runs `Desk.attend` for every missing call and `compile_shard` for every shard, on this machine or on others.

    The desk keeps finished calls on disk and knows what killed a worker, and a part is replaced in one step, so an
    engine may run a shard again whenever it is not sure. Order, number of workers and repetition change nothing in
    the tables.
    """

    @property
    def workers(self) -> int:
        """Return how many calls are worked on at a time."""
        ...

    def run(self, plan: NightPlan, works: Sequence[Work]) -> Generator[CallDone, None, None]:
        """Yield each missing call once it is done, in any order; at the end the parts of all shards are written.

        Closing the generator stops all workers. Raises InspectError when no call can be inspected.
        """
        ...


def visible_gpus() -> tuple[str, ...]:
    """Return the names of the NVIDIA devices that this process may use, as CUDA_VISIBLE_DEVICES writes them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return tuple(name.strip() for name in chosen.split(",") if name.strip() not in ("", "-1"))
    return tuple(str(number) for number in range(gpus_here()))


def workers_that_fit(memory_each_gb: float = 1.5, gpus: int = 0) -> int:
    """Return how many workers this machine can feed: one a GPU, else one a CPU core as far as the memory goes.

    `memory_each_gb` is what a worker takes with its models (1.5 GB: Whisper base or small in 8 bits).
    """
    if gpus:
        return gpus
    cores = cores_here()
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
