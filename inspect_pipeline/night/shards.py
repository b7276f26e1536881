"""The unit of work: a shard, its recordings in, its part files out. It may be done anywhere, and again."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from inspect_pipeline.model import CallStatus
from inspect_pipeline.night.compile import compile_shard, is_stored, keep_stored
from inspect_pipeline.night.desk import desk_of
from inspect_pipeline.night.local import LocalEngine
from inspect_pipeline.night.plan import NightPlan, Shard, Task
from inspect_pipeline.night.spool import Spool
from inspect_pipeline.night.told import CallDone
from inspect_pipeline.store.journal import read_records


@dataclass(frozen=True, slots=True)
class Work:
    """A shard that is not stored as it should be, and those of its calls that are still to inspect."""

    shard: Shard
    missing: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """The engine that works here: so many worker processes, spread over the `gpus` when there are any."""

    workers: int = 1
    gpus: tuple[str, ...] = ()

    def run(self, plan: NightPlan, works: Sequence[Work]) -> Generator[CallDone, None, None]:
        """Yield each missing call once it is spooled. See `Engine`."""
        yield from inspect_here(plan, works, LocalEngine(desk_of(plan), self.workers, self.gpus))


def inspect_here(plan: NightPlan, works: Sequence[Work], engine: LocalEngine) -> Generator[CallDone, None, None]:
    """Have every missing call inspected, and write each shard as soon as its calls are complete."""
    spool = Spool(plan.out, plan.night)
    shards = {work.shard.index: work.shard for work in works}
    waiting = {work.shard.index: len(work.missing) for work in works}
    for index in [index for index, count in waiting.items() if not count]:
        compile_shard(plan, spool, shards[index])
    with closing(engine.run([task for work in works for task in work.missing])) as calls:
        for call in calls:
            yield call
            waiting[call.shard] -= 1
            if not waiting[call.shard]:
                compile_shard(plan, spool, shards[call.shard])


def works_of(plan: NightPlan, shards: Sequence[Shard]) -> list[Work]:
    """Return what is to do in `shards`: nothing in those that are stored as they should be.

    What is stored of the others is put into the spool. Raises StoreError.
    """
    spool = Spool(plan.out, plan.night)
    records = read_records(plan.out, plan.night)
    missing: dict[int, list[Task]] = {}
    changed = [shard for shard in shards if not is_stored(plan, shard, records.get(shard.index))]
    for shard in changed:
        missing[shard.index] = []
        for task in shard.tasks:
            entry = spool.get(task)
            if entry is None or (plan.retry_failed and entry.status is CallStatus.FAILED):
                spool.drop(task)
                missing[shard.index].append(task)
    kept = set(keep_stored(plan, spool, [task for tasks in missing.values() for task in tasks], records))
    return [Work(shard, tuple(task for task in missing[shard.index] if task.call_id not in kept)) for shard in changed]
