"""One night: what is stored is kept, what is missing is inspected, everything is accounted for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import CallStatus
from inspect_pipeline.night.engine import Engine
from inspect_pipeline.night.finish import account_slice, finish_night
from inspect_pipeline.night.plan import NightPlan, Shard, Slice, shards_of
from inspect_pipeline.night.shards import ThisMachine, works_of
from inspect_pipeline.night.spool import Spool
from inspect_pipeline.night.stopping import stoppable
from inspect_pipeline.night.told import CallDone, NightSummary, Progress, SliceSummary, StoppedError
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
    course = _Course(plan, shards, progress)
    with Spool(plan.out, plan.night).lock(), _stopping(course):
        engine = engine or ThisMachine(plan.workers, plan.gpus)
        _inspect(course, shards, engine)
        call_ids = {shard.index: shard.call_ids for shard in shards}
        return finish_night(replace(plan, workers=engine.workers), call_ids, course.fresh, course.elapsed())


def run_slice(plan: NightPlan, part: Slice, progress: Tell) -> SliceSummary:
    """Inspect what is missing of one slice of a night on this machine, store it, and return its account.

    Slices of a night may run at the same time on any machines that share OUT. When all are done, `run_night` finds
    every shard stored and draws the flags. The same slice twice: the second waits, and finds it done. Raises what
    `run_night` raises.
    """
    shards = shards_of(plan)
    own = [shard for shard in shards if shard.index % part.of == part.index]
    course = _Course(plan, own, progress)
    spool = Spool(plan.out, plan.night)
    with spool.lock(shared=True), spool.turn(f"slice-{part.index}-of-{part.of}"), _stopping(course):
        _inspect(course, shards, ThisMachine(plan.workers, plan.gpus))
        call_ids = {shard.index: shard.call_ids for shard in own}
        return account_slice(plan, call_ids, part, course.fresh, course.elapsed())


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


@contextmanager
def _stopping(course: _Course) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop the night."""
    with stoppable():
        try:
            yield
        except KeyboardInterrupt as stop:
            raise StoppedError(
                f"night {course.plan.night}: stopped with {course.done} of {course.total} calls done: "
                "run the same command again to go on"
            ) from stop


def _inspect(course: _Course, night: Sequence[Shard], engine: Engine) -> None:
    """Have every missing call of the course inspected and stored. `night`: all shards of the night."""
    plan = course.plan
    Spool(plan.out, plan.night).sweep()
    if not plan.replace:
        _refuse_to_lose_calls(plan, night)
    works = works_of(plan, course.shards)
    course.kept = course.total - sum(len(work.missing) for work in works)
    course.report()
    with closing(engine.run(plan, works)) as calls:
        for call in calls:
            course.report(call)


def _refuse_to_lose_calls(plan: NightPlan, shards: Sequence[Shard]) -> None:
    """Raise UsageError when the night holds calls that this run would drop."""
    stored = set(read_table(plan.out, TableName.CALLS, [plan.night], ["call_id"])["call_id"].to_pylist())
    lost = sorted(stored.difference(*(shard.call_ids for shard in shards)))
    if lost:
        raise UsageError(
            f"{plan.out}: night {plan.night} holds {len(lost)} calls that are not in this run ({lost[0]} …): "
            "list all recordings of the night in one manifest, drop the others with --replace, or name another --out"
        )
