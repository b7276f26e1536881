"""When a worker hangs: late while nothing is known, soon once other calls have shown what one takes."""

from __future__ import annotations

import pytest

from inspect_pipeline.model import CallStatus, Recording
from inspect_pipeline.night.pace import Pace
from inspect_pipeline.night.plan import Patience, Task
from inspect_pipeline.night.told import CallDone


def handful(*lengths: float | None) -> list[Task]:
    recordings = [Recording(f"c-{number}", "x.wav", duration_s=length) for number, length in enumerate(lengths)]
    return [Task(recording, 0, "", None, "") for recording in recordings]


def told(audio_s: float, elapsed_s: float) -> CallDone:
    return CallDone("c", 0, CallStatus.INSPECTED, None, audio_s, elapsed_s)


def test_a_handful_that_hangs_is_found_out_within_the_night() -> None:
    """16 calls of 3 minutes: nearly 19 hours by the patience with each, half an hour at the others' pace."""
    pace, patience, calls = Pace(), Patience(), handful(*[180.0] * 16)
    assert pace.limit_s(calls, patience) == 16 * (600 + 20 * 180)
    for _ in range(32):
        pace.learn(told(0.0, 5.0))  # failed, nothing was listened to
    assert pace.limit_s(calls, patience) == 16 * (600 + 20 * 180)
    for _ in range(32):
        pace.learn(told(180.0, 7.2))
    assert pace.limit_s(calls, patience) == pytest.approx(600 + 10 * 16 * 7.2)


def test_a_call_of_unknown_length_is_taken_for_one_like_the_others() -> None:
    pace = Pace()
    for number in range(32):
        pace.learn(told(100.0 + number % 2 * 100.0, 6.0))
    assert pace.limit_s(handful(None, 300.0), Patience()) == pytest.approx(600 + 10 * (150 + 300) * 6 / 150)


def test_a_slow_pace_makes_nobody_more_patient() -> None:
    pace = Pace()
    for _ in range(32):
        pace.learn(told(10.0, 500.0))
    assert pace.limit_s(handful(10.0), Patience()) == Patience().limit_s(Recording("c", "x.wav", duration_s=10.0))
