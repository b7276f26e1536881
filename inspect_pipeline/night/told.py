"""What a night tells while it runs and when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inspect_pipeline.errors import InspectError
from inspect_pipeline.model import CallStatus, Seconds


class StoppedError(InspectError):
    """The night was interrupted. What is done is kept, and the same command goes on."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class CallDone:
    """One call that is safely spooled."""

    call_id: str
    shard: int
    status: CallStatus
    error: str | None
    audio_s: Seconds
    elapsed_s: Seconds


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the night is. `kept`: calls of `done` that an earlier run did; `last` is None at the start.

    `audio_s` and `elapsed_s` are of this run only: their ratio is its speed.
    """

    done: int
    total: int
    kept: int
    inspected: int
    failed: int
    skipped: int
    audio_s: Seconds
    elapsed_s: Seconds
    last: CallDone | None = None


@dataclass(frozen=True, slots=True)
class NotInspected:
    """One failed or skipped call, and why."""

    call_id: str
    path: str
    error: str


@dataclass(frozen=True, slots=True)
class NightSummary:
    """The account of a night, from its stored tables: calls = inspected + failed + skipped.

    `fresh`: calls that this run worked on, the others were done before. `rules`: verdict -> calls, by rule in pack
    order. `risks` and `flag_reasons`: calls by risk and flagged calls by reason.
    """

    night: str
    calls: int
    inspected: int
    failed: int
    skipped: int
    fresh: int
    audio_s: Seconds
    elapsed_s: Seconds
    workers: int
    rules: Mapping[str, Mapping[str, int]]
    risks: Mapping[str, int]
    flagged: int
    flag_reasons: Mapping[str, int]
    failures: tuple[NotInspected, ...]
    skips: tuple[NotInspected, ...]

    @property
    def exit_code(self) -> int:
        """Return 3 when a call failed, else 0."""
        return 3 if self.failed else 0


@dataclass(frozen=True, slots=True)
class SliceSummary:
    """The account of slice `index` of `of`, counted from 0: calls = inspected + failed + skipped in its `shards`.

    `fresh`: calls that this run worked on, the others were done before.
    """

    night: str
    index: int
    of: int
    shards: int
    calls: int
    inspected: int
    failed: int
    skipped: int
    fresh: int
    audio_s: Seconds
    elapsed_s: Seconds
    workers: int
    failures: tuple[NotInspected, ...]

    @property
    def exit_code(self) -> int:
        """Return 0: a failed call is stored, and the run that finishes the night tells of it; no scheduler should
        repeat the slice for it."""
        return 0
