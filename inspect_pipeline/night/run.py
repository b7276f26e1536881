"""One night: what is stored is kept, what is missing is inspected, everything is accounted for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import CallStatus
from inspect_pipeline.night.compile import compile_shard, is_stored, keep_stored
from inspect_pipeline.night.desk import desk_of
from inspect_pipeline.night.engine import Engine
from inspect_pipeline.night.finish import finish_night
from inspect_pipeline.night.local import LocalEngine
from inspect_pipeline.night.plan import NightPlan, Shard, Task, shards_of
from inspect_pipeline.night.spool import Spool
from inspect_pipeline.night.stopping import stoppable
from inspect_pipeline.night.told import CallDone, NightSummary, Progress, StoppedError
from inspect_pipeline.store.journal import read_records
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import read_table

Tell = Callable[[Progress], None]


def run_night(plan: NightPlan, progress: Tell, engine: Engine | None = None) -> NightSummary:
    """Inspect what is missing of a night, store it, draw its flags, and return its account.

    `progress` is called at the start and after each call. `engine` None: worker processes on this machine.
    Raises StoppedError on Ctrl-C and SIGTERM, StoreError when the disk refuses, ModelError when no call can be
    inspected, UsageError when another run is at this night or stored calls would be lost. After any of them, also
    after a power cut, the same command goes on where it was.
    """
    shards = shards_of(plan)
    spool = Spool(plan.out, plan.night)
    with spool.lock():
        spool.sweep()
        if not plan.replace:
            _refuse_to_lose_calls(plan, shards)
        course = _Course(plan, shards, progress)
        with stoppable():
            try:
                _inspect(course, spool, engine or LocalEngine(desk_of(plan), plan.workers, plan.gpus))
                call_ids = {shard.index: shard.call_ids for shard in shards}
                return finish_night(plan, call_ids, course.fresh, course.elapsed())
            except KeyboardInterrupt as stop:
                raise StoppedError(
                    f"night {plan.night}: stopped with {course.done} of {course.total} calls done: "
                    "run the same command again to go on"
                ) from stop


@dataclass(slots=True)
class _Course:
    """Where the run of a night stands."""

    plan: NightPlan
    shards: Sequence[Shard]
    tell: Tell
    started: float = field(default_factory=time.monotonic)
    kept: int = 0
    fresh: int = 0
    audio_s: float = 0.0
    counts: Counter[CallStatus] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(len(shard.tasks) for shard in self.shards)

    @property
    def done(self) -> int:
        return self.kept + self.fresh

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def report(self, last: CallDone | None = None) -> None:
        """Tell how far the night is."""
        if last is not None:
            self.fresh += 1
            self.audio_s += last.audio_s
            self.counts[last.status] += 1
        inspected, failed, skipped = (self.counts[status] for status in CallStatus)
        self.tell(
            Progress(self.done, self.total, self.kept, inspected, failed, skipped, self.audio_s, self.elapsed(), last)
        )


def _inspect(course: _Course, spool: Spool, engine: Engine) -> None:
    """Have every missing call inspected, and write each shard as soon as its calls are complete."""
    missing = _missing(course, spool)
    course.report()
    shards = {shard.index: shard for shard in course.shards}
    waiting = {index: len(tasks) for index, tasks in missing.items()}
    for index in [index for index, count in waiting.items() if not count]:
        compile_shard(course.plan, spool, shards[index])
    tasks = [task for members in missing.values() for task in members]
    if not tasks:
        return
    with closing(engine.run(tasks)) as calls:
        for call in calls:
            waiting[call.shard] -= 1
            course.report(call)
            if not waiting[call.shard]:
                compile_shard(course.plan, spool, shards[call.shard])


def _missing(course: _Course, spool: Spool) -> dict[int, list[Task]]:
    """Return the calls that must be inspected, by shard; a shard that is stored as it should be is not among them."""
    plan = course.plan
    records = read_records(plan.out, plan.night)
    changed = [shard for shard in course.shards if not is_stored(plan, shard, records.get(shard.index))]
    course.kept = course.total - sum(len(shard.tasks) for shard in changed)
    missing: dict[int, list[Task]] = {}
    for shard in changed:
        missing[shard.index] = []
        for task in shard.tasks:
            entry = spool.get(task)
            if entry is None or (plan.retry_failed and entry.status is CallStatus.FAILED):
                spool.drop(task)
                missing[shard.index].append(task)
    kept = set(keep_stored(plan, spool, [task for tasks in missing.values() for task in tasks], records))
    for index, tasks in missing.items():
        missing[index] = [task for task in tasks if task.call_id not in kept]
    course.kept = course.total - sum(len(tasks) for tasks in missing.values())
    return missing


def _refuse_to_lose_calls(plan: NightPlan, shards: Sequence[Shard]) -> None:
    """Raise UsageError when the night holds calls that this run would drop."""
    stored = set(read_table(plan.out, TableName.CALLS, [plan.night], ["call_id"])["call_id"].to_pylist())
    lost = sorted(stored.difference(*(shard.call_ids for shard in shards)))
    if lost:
        raise UsageError(
            f"{plan.out}: night {plan.night} holds {len(lost)} calls that are not in this run ({lost[0]} …): "
            "list all recordings of the night in one manifest, drop the others with --replace, or name another --out"
        )
