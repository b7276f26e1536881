"""The sides of `transcribe.py`: recognisers in processes of their own, and the command that a user would type."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from memory import peak_mb
from recognisers import Call, Row, speaker_of

from inspect_pipeline.model import Recording
from inspect_pipeline.night.engine import visible_gpus, workers_that_fit
from inspect_pipeline.speech.decode import SAMPLE_RATE, Track, decode
from inspect_pipeline.speech.device import cores_here, cuda_devices
from inspect_pipeline.speech.models import resolve_model

CLI = "whisper-ctranslate2"
CLI_MISSING = f"{CLI} is not installed: pip install -c constraints.txt {CLI} (the dependency group 'bench')"
BENCH = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Known:
    """A recording whose truth is known."""

    recording: Recording
    truth: dict[str, Any]
    duration_s: float
    channels: int

    @property
    def call(self) -> Call:
        """Return what a recogniser is told of it."""
        return Call(self.recording.call_id, self.recording.path, self.recording.agent_channel, self.channels)

    @property
    def channel_s(self) -> float:
        """Return its seconds times its channels."""
        return self.duration_s * self.channels


@dataclass(frozen=True)
class Machine:
    """The model and the cores that all sides get."""

    folder: str
    device: str
    compute_type: str
    cores: int
    gpus: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """How many processes, and the threads of each."""

    processes: int
    threads: int

    def __str__(self) -> str:
        return f"{self.processes} x {self.threads}"


@dataclass(frozen=True)
class Round:
    """What a side did with the calls: wall and CPU seconds, its processes' peak and present memory, what it heard."""

    seconds: float
    cpu_s: float
    peak_mb: float
    held_mb: float
    heard: dict[str, list[Row]]


class Side(Protocol):
    """One of those that are compared."""

    layout: Layout

    def hear(self, calls: Sequence[Known]) -> Round:
        """Transcribe the calls."""
        ...

    def close(self) -> None:
        """End its processes."""
        ...


def this_machine(model: str) -> Machine:
    """Return the model's folder and what it is computed on here."""
    cuda = cuda_devices() > 0
    folder, device, compute_type = str(resolve_model(model)), *(("cuda", "float16") if cuda else ("cpu", "int8"))
    return Machine(folder, device, compute_type, cores_here(), visible_gpus() if cuda else ())


def layouts(side: str, machine: Machine, processes: int | None, calls: int) -> list[Layout]:
    """Return the layouts to choose from: the product's own; for others one process with all cores, or many with one.

    The product runs as many processes as fit, one a GPU where there are GPUs, with one thread each.
    """
    if side == "ours":
        return [Layout(min(calls, processes or workers_that_fit(gpus=len(machine.gpus))), 1)]
    many = processes or len(machine.gpus) or machine.cores
    return list(dict.fromkeys([Layout(1, machine.cores), Layout(min(calls, many), 1)]))


def deal(calls: Sequence[Known], hands: int) -> list[list[Known]]:
    """Share calls out, the longest first, each to whom has the least."""
    shares: list[list[Known]] = [[] for _ in range(hands)]
    for call in sorted(calls, key=lambda one: -one.channel_s):
        min(shares, key=lambda share: sum(one.channel_s for one in share)).append(call)
    return shares


class Workers:
    """A recogniser in some processes, its models loaded."""

    def __init__(self, side: str, layout: Layout, machine: Machine) -> None:
        self.side, self.layout = side, layout
        command = [sys.executable, str(BENCH / "recognisers.py"), side, machine.folder, machine.device]
        command += [machine.compute_type, str(layout.threads)]
        gpus = machine.gpus or (None,)
        self._processes = [
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=_environment(layout.threads, gpus[number % len(gpus)]),
            )
            for number in range(layout.processes)
        ]
        for process in self._processes:
            self._answer(process)

    def hear(self, calls: Sequence[Known]) -> Round:
        """Transcribe the calls; the clock runs until the last process has answered."""
        shares = deal(calls, len(self._processes))
        begun = time.monotonic()
        for process, share in zip(self._processes, shares, strict=True):
            assert process.stdin is not None
            print(json.dumps([one.call for one in share]), file=process.stdin, flush=True)
        answers = [json.loads(self._answer(process)) for process in self._processes]
        seconds = time.monotonic() - begun
        heard = {call_id: rows for answer in answers for call_id, rows in answer["heard"].items()}
        cpu_s, peak, held = (sum(answer[name] for answer in answers) for name in ("cpu_s", "peak_mb", "held_mb"))
        return Round(seconds, cpu_s, peak, held, heard)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.communicate()

    def _answer(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.side}: a process ended with {process.wait()} before it answered")
        return line


class CommandLine:
    """whisper-ctranslate2 on the channels as files. Its time includes loading the model, as each use of it does."""

    def __init__(self, machine: Machine, calls: Sequence[Known], program: str) -> None:
        self.layout = Layout(1, machine.cores)
        self._folder = tempfile.TemporaryDirectory()
        self._sounds = Path(self._folder.name) / "sounds"
        self._sounds.mkdir()
        for call in calls:
            for channel, track in enumerate(decode(call.recording.path)[1]):
                write_sound(self._sounds / f"{call.recording.call_id}.{channel}.wav", [track])
        self._command = [program, "--model_directory", machine.folder, "--language", "zh", "--output_format", "json"]
        self._command += ["--device", machine.device, "--compute_type", machine.compute_type]
        self._command += ["--threads", str(machine.cores)]

    def hear(self, calls: Sequence[Known]) -> Round:
        """Run the command once on all channels."""
        sounds = [
            str(self._sounds / f"{one.recording.call_id}.{channel}.wav")
            for one in calls
            for channel in range(one.channels)
        ]
        with tempfile.TemporaryDirectory(dir=self._folder.name) as out, tempfile.TemporaryFile() as said:
            begun, cpu = time.monotonic(), _children_cpu_s()
            process = subprocess.Popen(
                [*self._command, "--output_dir", out, *sounds],
                stdout=said,
                stderr=said,
                env=_environment(self.layout.threads, None),
            )
            peak = 0.0
            while process.poll() is None:
                peak = max(peak, peak_mb(process.pid))
                time.sleep(0.02)
            seconds = time.monotonic() - begun
            if process.returncode:
                said.seek(0)
                raise SystemExit(f"{CLI}: {said.read().decode(errors='replace')[-2000:]}")
            heard = {one.recording.call_id: _written(Path(out), one.call) for one in calls}
        return Round(seconds, _children_cpu_s() - cpu, peak, peak, heard)

    def close(self) -> None:
        """Remove the channels' files."""
        self._folder.cleanup()


def installed_cli() -> str | None:
    """Return where whisper-ctranslate2 is: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(CLI)
    return str(beside) if beside.exists() else shutil.which(CLI)


def write_sound(path: Path, tracks: Sequence[Track], length_s: float | None = None) -> None:
    """Write tracks as the channels of a WAV file; to a length, again and again until it is reached."""
    block = np.stack(tracks, axis=1)
    left = len(block) if length_s is None else round(length_s * SAMPLE_RATE)
    with wave.open(str(path), "wb") as file:
        file.setparams((len(tracks), 2, SAMPLE_RATE, 0, "NONE", ""))
        while left > 0:
            file.writeframes(block[:left].tobytes())
            left -= len(block)


def _children_cpu_s() -> float:
    """Return the CPU seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _written(out: Path, call: Call) -> list[Row]:
    rows: list[Row] = []
    for channel in range(call.channels):
        answer = json.loads((out / f"{call.call_id}.{channel}.json").read_text(encoding="utf-8"))
        speaker = speaker_of(channel, call)
        rows += [(speaker, one["start"], one["end"], one["text"]) for one in answer["segments"]]
    return sorted(rows, key=lambda row: row[1])


def _environment(threads: int, gpu: str | None) -> dict[str, str]:
    """Return the environment of a process: this checkout's package, and no more threads than it is to have."""
    path = os.pathsep.join(filter(None, [str(BENCH.parent), os.environ.get("PYTHONPATH")]))
    own = {name: value for name, value in os.environ.items() if name not in {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}}
    own |= {"PYTHONPATH": path} | ({"CUDA_VISIBLE_DEVICES": gpu} if gpu is not None else {})
    return own | ({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} if threads == 1 else {})
