"""Measures how fast the cores feed a GPU: everything that is done to a recording but the recogniser's model.

    python bench/feeding.py [FOLDER] [--listeners 0,1,2] [--rounds N] [--batch N] [--times N] [--model NAME] [--json]

FOLDER (default `fixtures/calls`) holds recordings, or a manifest of them; `--times` that many copies of each are a
night. `--batch` windows are recognised together (a large GPU takes 64; default: what the engine takes here).

In a first round the model writes down every call, which is timed: the model alone. In the rounds that count its texts
are recalled, and the rest is done as ever: decoding, voice detection, windows, features, guards, speakers. One thread
does it, or so many listeners beside the two threads that wait for a GPU (see `Transcriber`); the numbers of listeners
take turns, round by round.

Printed are medians of channel-seconds a second of wall and of CPU time, and how many times as fast as the model of this
machine that is: below 1 the model waits. On a machine with a GPU the model's line is the GPU's. The peak of the memory
is the process's, over all rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
import zlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from memory import peak_mb

from inspect_pipeline.model import Recording
from inspect_pipeline.speech.device import cores_here
from inspect_pipeline.speech.engine import Features, Heard, WhisperEngine
from inspect_pipeline.speech.manifest import read_source
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.transcribe import Transcriber

CALLS = Path(__file__).resolve().parents[1] / "fixtures" / "calls"
Written = TypeVar("Written")


class Recalled(WhisperEngine):
    """Whisper that recognises every stretch once, and then recalls what it wrote. `model_s` is the model's own time."""

    def __init__(self, settings: SpeechSettings) -> None:
        super().__init__(settings)
        self.model_s = 0.0
        self._known: dict[Hashable, Any] = {}
        self._one = threading.Lock()

    def _batch(self, features: list[Features], prompt: str, words: bool, repetition_penalty: float) -> list[Heard]:
        def write() -> list[Heard]:
            return super(Recalled, self)._batch(features, prompt, words, repetition_penalty)

        return self._recalled(features, (words, repetition_penalty), write)

    def _first_step(self, features: list[Features]) -> list[float]:
        return self._recalled(features, "first step", lambda: super(Recalled, self)._first_step(features))

    def _recalled(self, features: list[Features], asked: Hashable, write: Callable[[], list[Written]]) -> list[Written]:
        keys = [(asked, zlib.crc32(np.ascontiguousarray(each))) for each in features]
        with self._one:
            if any(key not in self._known for key in keys):
                begun = time.perf_counter()
                self._known.update(zip(keys, write(), strict=True))
                self.model_s += time.perf_counter() - begun
        return [self._known[key] for key in keys]


def feed(transcriber: Transcriber, night: Sequence[Recording]) -> tuple[float, float, float]:
    """Transcribe the calls and return their channel-seconds, the wall seconds and the CPU seconds."""
    begun, cpu = time.perf_counter(), time.process_time()
    channel_s = 0.0
    for one in transcriber.transcribe_many(night):
        if one.audio is None:
            raise SystemExit(one.error)
        channel_s += one.audio.duration_s * one.audio.channels
    return channel_s, time.perf_counter() - begun, time.process_time() - cpu


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Feed by each number of listeners in turns and return what was measured."""
    calls = read_source(str(options.folder))
    night = [replace(one, call_id=f"{one.call_id}-{copy}") for copy in range(options.times) for one in calls]
    settings = SpeechSettings(options.model, threads=1, batch_size=options.batch)
    engine = Recalled(settings)
    channel_s, _, _ = feed(Transcriber(settings, engine), calls)
    sides = {number: Transcriber(settings, engine, listeners=number) for number in options.listeners}
    rounds: dict[int, list[tuple[float, float]]] = {number: [] for number in sides}
    for _ in range(options.rounds):
        for number, side in sides.items():
            done_s, wall_s, cpu_s = feed(side, night)
            rounds[number].append((done_s / wall_s, done_s / cpu_s))
    model = channel_s / engine.model_s
    rows = []
    for number, speeds in rounds.items():
        wall, cpu = (statistics.median(each) for each in zip(*speeds, strict=True))
        rows.append({"listeners": number, "ch_s_a_second": wall, "ch_s_a_cpu_second": cpu, "times_model": wall / model})
    return {
        "calls": len(night),
        "channel_seconds": round(channel_s * options.times, 1),
        "rounds": options.rounds,
        "cores": cores_here(),
        "batch": engine.batch_size,
        "peak_mb": round(peak_mb()),
        "model": engine.name,
        "model_on": "GPU" if engine.on_gpu else "one core",
        "model_ch_s_a_second": model,
        "feeding": rows,
    }


def table(result: dict[str, Any]) -> list[str]:
    """Return what was measured as lines to print."""
    head = ("calls", "channel_seconds", "rounds", "cores", "batch", "peak_mb")
    return [
        "  ".join(f"{name} {result[name]}" for name in head),
        f"{result['model']} alone on {result['model_on']}: {result['model_ch_s_a_second']:.1f} ch-s/s",
        f"{'listeners':>9}{'ch-s/s':>9}{'ch-s/CPU-s':>12}{'x model':>9}",
        *(
            f"{row['listeners']:9}{row['ch_s_a_second']:9.1f}{row['ch_s_a_cpu_second']:12.1f}{row['times_model']:9.2f}"
            for row in result["feeding"]
        ),
    ]


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    cores = cores_here()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=CALLS)
    parser.add_argument(
        "--listeners",
        type=lambda text: [int(number) for number in text.split(",")],
        default=sorted({0, 1, -(-cores // 2), cores}),
        help="separated by commas (default: none, one, half the cores and all)",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=0)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--model", default="base")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def main() -> None:
    """Run the bench."""
    options = options_of(None)
    result = measure(options)
    print(json.dumps({"schema": 1, "result": result}) if options.json else "\n".join(table(result)))


if __name__ == "__main__":
    main()
