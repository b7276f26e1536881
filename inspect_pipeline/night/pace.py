"""How long calls take, and so when a worker is held for hanging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Seconds
from inspect_pipeline.night.plan import Patience, Task
from inspect_pipeline.night.told import CallDone

_ENOUGH = 32  # calls, after which it is known how long one takes; and
_TIMES = 10.0  # so much longer is too long


@dataclass(slots=True)
class Pace:
    """What the calls of a run took, in seconds of work for a second of recording."""

    calls: int = 0
    audio_s: Seconds = 0.0
    elapsed_s: Seconds = 0.0

    def learn(self, done: CallDone) -> None:
        """Count a call, unless nothing of it was listened to."""
        if done.audio_s > 0:
            self.calls += 1
            self.audio_s += done.audio_s
            self.elapsed_s += done.elapsed_s

    def limit_s(self, tasks: Sequence[Task], patience: Patience) -> Seconds:
        """Return how long some calls may take together.

        At first that is the patience with each of them, which a slow model on a slow machine may need: for a handful
        of calls, hours. Once the pace is known it is the patience with a call of no length, and ten times what the
        calls should take.
        """
        most = sum(patience.limit_s(task.recording) for task in tasks)
        if self.calls < _ENOUGH:
            return most
        mean_s = self.audio_s / self.calls
        lengths = (task.recording.duration_s for task in tasks)
        seconds = sum(mean_s if length is None else length for length in lengths)
        return min(most, patience.base_s + _TIMES * seconds * self.elapsed_s / self.audio_s)
