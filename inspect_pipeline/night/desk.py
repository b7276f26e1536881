"""One call from recording to spool. Every engine's workers sit at such a desk."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from inspect_pipeline.errors import InspectError
from inspect_pipeline.model import CallResult, CallStatus, Recording, Seconds
from inspect_pipeline.night.plan import Inspect, InspectFactory, NightPlan, Patience, Task
from inspect_pipeline.night.spool import Entry, Spool
from inspect_pipeline.night.told import CallDone
from inspect_pipeline.privacy import CustomerKey
from inspect_pipeline.store.rows import Origin, result_rows

DEATHS = 2  # a call that ended its worker so often is not tried again


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

    def attend(self, task: Task, inspect: Inspect) -> CallDone:
        """Inspect one call, unless it is spooled already, and spool it.

        A call that cannot be inspected becomes `failed`, also when that is a bug; raises InspectError for what no
        other call would survive either.
        """
        spool = self.spool
        entry = spool.get(task)
        if entry is None:
            started = time.monotonic()
            result = self._result(task, inspect)
            rows = result_rows(result, self.origin, self.key)
            entry = Entry(result.status, round(time.monotonic() - started, 3), rows)
            spool.put(task, entry)
        spool.forgive(task)
        return told(task, entry)

    def _result(self, task: Task, inspect: Inspect) -> CallResult:
        recording = task.recording
        if reason := self._skip_reason(recording):
            return CallResult(recording, CallStatus.SKIPPED, error=reason)
        if self.spool.attempts(task) >= DEATHS:
            reason = "killed its worker twice (a crash, too little memory, or no answer in time): listen to it by hand"
            return CallResult(recording, CallStatus.FAILED, error=reason)
        self.spool.begin(task)
        try:
            result = inspect(recording)
        except InspectError:
            raise
        except Exception as error:  # noqa: BLE001 - one call's bug must not cost the night; it is failed, and told
            place = self.spool.note(task, traceback.format_exc())
            reason = f"a bug: {type(error).__name__}: {' '.join(str(error).split())} (see {place})"
            return CallResult(recording, CallStatus.FAILED, error=reason)
        if result.audio is not None and result.audio.duration_s < self.minimum_s:
            return CallResult(recording, CallStatus.SKIPPED, self._too_short(result.audio.duration_s), result.audio)
        return result

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
