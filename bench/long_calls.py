"""Memory of one worker on calls of hours and over a long night, for `transcribe.py`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from sides import Known, Layout, Machine, Workers, write_sound

from inspect_pipeline.model import Recording
from inspect_pipeline.speech.decode import decode

SHORT_S = 600.0
NIGHT_PARTS = (0.25, 0.5, 1.0)


def long_calls(machine: Machine, calls: Sequence[Known], hours: float) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the peak memory for a call of ten minutes and for one of some hours, each in a new process; and lines."""
    tracks = [decode(one.recording.path)[1] for one in calls if one.channels == 2]
    if not tracks:
        raise SystemExit("a long call is made of stereo recordings: there are none")
    joined = [np.concatenate([pair[channel] for pair in tracks]) for channel in range(2)]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for length_s in (SHORT_S, hours * 3600):
            path = Path(folder) / f"{length_s:.0f}.wav"
            write_sound(path, joined, length_s)
            call = Known(Recording(path.stem, str(path), agent_channel=0), {}, length_s, 2)
            with worker(machine) as ours:
                done = ours.hear([call])
            rows.append(
                {
                    "minutes": length_s / 60,
                    "seconds": round(done.seconds, 1),
                    "utterances": len(done.heard[path.stem]),
                    "peak_mb": round(done.peak_mb),
                }
            )
    lines = [
        f"{row['minutes']:6.0f} minutes: peak {row['peak_mb']} MB, {row['peak_mb'] / rows[0]['peak_mb']:.2f} times "
        f"that for {rows[0]['minutes']:.0f} minutes; {row['utterances']} utterances in {row['seconds']:.0f} s"
        for row in rows
    ]
    return rows, lines


def long_night(machine: Machine, calls: Sequence[Known], count: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the memory that one worker holds after a quarter, half and all of some calls; and lines to print."""
    coming = cycle(calls)
    rows: list[dict[str, Any]] = []
    with worker(machine) as ours:
        for share in NIGHT_PARTS:
            done_before = rows[-1]["calls"] if rows else 0
            wanted = round(count * share) - done_before
            some = [renamed(call, done_before + number) for number, call in enumerate(islice(coming, wanted))]
            done = ours.hear(some)
            rows.append({"calls": done_before + wanted, "held_mb": round(done.held_mb), "peak_mb": round(done.peak_mb)})
    return rows, [f"{row['calls']:6} calls: {row['held_mb']} MB held, peak {row['peak_mb']} MB" for row in rows]


@contextmanager
def worker(machine: Machine) -> Iterator[Workers]:
    """One process of one thread with the package's transcriber."""
    workers = Workers("ours", Layout(1, 1), machine)
    try:
        yield workers
    finally:
        workers.close()


def renamed(call: Known, number: int) -> Known:
    """Return the call under another id: an answer holds each id once."""
    return replace(call, recording=replace(call.recording, call_id=f"{number}"))
