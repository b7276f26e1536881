"""The recognisers that `transcribe.py` compares, each in a process of its own; it is started by that bench.

    python bench/recognisers.py SIDE MODEL_FOLDER DEVICE COMPUTE_TYPE THREADS

The model is loaded, then `ready` is told. Each line that comes in is a list of calls; the line that answers it holds
what was heard in each call (speaker, start, end, text), the CPU seconds that it took, and the process's peak and
present memory in MB.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from memory import held_mb, peak_mb

Row = tuple[str, float, float, str]  # speaker, start, end, text
Heard = tuple[str, list[Row]]  # call_id, utterances
BATCH_SIZE = 8  # of the batched pipeline: its default


class Call(NamedTuple):
    """What a recogniser is told of a call."""

    call_id: str
    path: str
    agent_channel: int | None
    channels: int


class Loading(NamedTuple):
    """The model and how it computes, the same for all sides but for the threads."""

    folder: str
    device: str
    compute_type: str
    threads: int


Hear = Callable[[Sequence[Call]], Iterator[Heard]]


def ours(loading: Loading) -> Hear:
    """Load the package's own transcriber."""
    from inspect_pipeline.model import Recording
    from inspect_pipeline.speech.settings import SpeechSettings
    from inspect_pipeline.speech.transcribe import Transcriber

    folder, device, compute_type, threads = loading
    transcriber = Transcriber(SpeechSettings(folder, device=device, compute_type=compute_type, threads=threads))

    def hear(calls: Sequence[Call]) -> Iterator[Heard]:
        recordings = [Recording(one.call_id, one.path, agent_channel=one.agent_channel) for one in calls]
        for one in transcriber.transcribe_many(recordings):
            if one.transcript is None:
                raise SystemExit(one.error)
            rows = [(said.speaker.value, said.start_s, said.end_s, said.text) for said in one.transcript.utterances]
            yield one.recording.call_id, rows

    return hear


def sequential(loading: Loading) -> Hear:
    """Load faster-whisper as it comes."""
    model = _whisper(loading)
    return _by_channel(lambda sound: model.transcribe(sound, language="zh")[0])


def batched(loading: Loading) -> Hear:
    """Load faster-whisper's batched pipeline."""
    from faster_whisper import BatchedInferencePipeline

    pipeline = BatchedInferencePipeline(_whisper(loading))
    return _by_channel(lambda sound: pipeline.transcribe(sound, language="zh", batch_size=BATCH_SIZE)[0])


SIDES = {"ours": ours, "sequential": sequential, "batched": batched}


def speaker_of(channel: int, call: Call) -> str:
    """Return who speaks on a channel: the agent on the left one, unless the manifest says otherwise."""
    if call.channels == 1:
        return "unknown"
    return "agent" if channel == (call.agent_channel or 0) else "customer"


def _whisper(loading: Loading) -> Any:
    from faster_whisper import WhisperModel

    folder, device, compute_type, threads = loading
    return WhisperModel(folder, device=device, compute_type=compute_type, cpu_threads=threads)


def _by_channel(transcribe: Callable[[Any], Any]) -> Hear:
    """Transcribe a call's channels one after the other, and put what was heard in the order of time."""
    from faster_whisper.audio import decode_audio

    def hear(calls: Sequence[Call]) -> Iterator[Heard]:
        for call in calls:
            sounds = decode_audio(call.path, split_stereo=True) if call.channels == 2 else [decode_audio(call.path)]
            rows: list[Row] = []
            for channel, sound in enumerate(sounds):
                speaker = speaker_of(channel, call)
                rows += [(speaker, one.start, one.end, one.text) for one in transcribe(sound)]
            yield call.call_id, sorted(rows, key=lambda row: row[1])

    return hear


def main() -> None:
    """Load a side, then answer until no more calls come."""
    side, folder, device, compute_type, threads = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    hear = SIDES[side](Loading(folder, device, compute_type, int(threads)))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        cpu = time.process_time()
        heard = dict(hear([Call(*one) for one in json.loads(line)]))
        answer = {"heard": heard, "cpu_s": time.process_time() - cpu, "peak_mb": peak_mb(), "held_mb": held_mb()}
        print(json.dumps(answer, ensure_ascii=False), file=answers, flush=True)


if __name__ == "__main__":
    main()
