"""Some calls from recording to spool. Every engine's workers sit at such a desk."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_pipeline.errors import InspectError
from inspect_pipeline.model import CallResult, CallStatus, Recording, Seconds
from inspect_pipeline.night.plan import Inspect, InspectFactory, NightPlan, Patience, Task
from inspect_pipeline.night.spool import Entry, Spool
from inspect_pipeline.night.told import CallDone
from inspect_pipeline.privacy import CustomerKey
from inspect_pipeline.store.rows import Origin, result_rows

DEATHS = 2  # a call that, alone, ended its worker so often is not tried again


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker needs beside its models. Pickles, so that it can go to another process or machine."""

    out: Path
    night: str
    factory: InspectFactory
    origin: Origin
    key: CustomerKey
    minimum_s: Seconds
    patience: Patience

    @property
    def spool(self) -> Spool:
        """Return the night's working folder."""
        return Spool(self.out, self.night)

    def attend(self, tasks: Sequence[Task], inspect: Inspect) -> Iterator[CallDone]:
        """Inspect calls, except those that are spooled already, and yield each once it is spooled.

        A call that cannot be inspected becomes `failed`, also when that is a bug; raises InspectError for what no
        other call would survive either.
        """
        spool = self.spool
        fresh = []
        for task in tasks:
            if (entry := spool.get(task)) is not None:
                spool.forgive(task)
                yield told(task, entry)
            elif (result := self._unheard(task)) is not None:
                yield self._spooled(task, result)
            else:
                fresh.append(task)
        for task, result in zip(fresh, self._results(fresh, inspect), strict=True):
            yield self._spooled(task, result)

    def _spooled(self, task: Task, result: CallResult) -> CallDone:
        entry = Entry(result.status, round(result.elapsed_s, 3), result_rows(result, self.origin, self.key))
        self.spool.put(task, entry)
        self.spool.forgive(task)
        return told(task, entry)

    def _unheard(self, task: Task) -> CallResult | None:
        """Return the result of a call that need not, or must not, be listened to."""
        recording = task.recording
        if reason := self._skip_reason(recording):
            return CallResult(recording, CallStatus.SKIPPED, error=reason)
        if self.spool.attempts(task) >= DEATHS:
            reason = "killed its worker twice (a crash, too little memory, or no answer in time): listen to it by hand"
            return CallResult(recording, CallStatus.FAILED, error=reason)
        return None

    def _results(self, tasks: Sequence[Task], inspect: Inspect) -> Iterator[CallResult]:
        done = 0
        try:
            for result in inspect(self._begun(tasks)):
                done += 1
                yield self._of_length(result)
        except InspectError:
            raise
        except Exception as error:  # noqa: BLE001 - one call's bug must not cost the night; it is failed, and told
            left = tasks[done:]
            if len(left) > 1:  # whose bug it was is not known: each alone
                for task in left:
                    yield from self._results([task], inspect)
                return
            place = self.spool.note(left[0], traceback.format_exc())
            reason = f"a bug: {type(error).__name__}: {' '.join(str(error).split())} (see {place})"
            yield CallResult(left[0].recording, CallStatus.FAILED, error=reason)

    def _begun(self, tasks: Sequence[Task]) -> Iterator[Recording]:
        """Yield recordings, each marked when it is asked for: calls that were not begun did not kill their worker."""
        for task in tasks:
            self.spool.begin(task, alone=len(tasks) == 1)
            yield task.recording

    def _of_length(self, result: CallResult) -> CallResult:
        if result.audio is None or result.audio.duration_s >= self.minimum_s:
            return result
        reason = self._too_short(result.audio.duration_s)
        return CallResult(result.recording, CallStatus.SKIPPED, reason, result.audio, elapsed_s=result.elapsed_s)

    def _skip_reason(self, recording: Recording) -> str | None:
        started = recording.started_at
        if started is not None and started.date().isoformat() != self.night:
            return f"began on {started.date()}, not in the night of {self.night}"
        if recording.duration_s is not None and recording.duration_s < self.minimum_s:
            return self._too_short(recording.duration_s)
        return None

    def _too_short(self, duration_s: Seconds) -> str:
        return f"{duration_s:g} s is shorter than {self.minimum_s:g} s"


def desk_of(plan: NightPlan) -> Desk:
    """Return the desk at which the workers of a night sit."""
    return Desk(plan.out, plan.night, plan.factory, plan.origin, plan.key, plan.minimum_s, plan.patience)


def told(task: Task, entry: Entry) -> CallDone:
    """Return what is told of a finished call."""
    call = entry.call
    return CallDone(
        task.call_id, task.shard, entry.status, call.get("error"), call.get("duration_s") or 0.0, entry.elapsed_s
    )
