"""Recognition on a GPU, where there is one: what is chosen by itself there, and that it hears what a CPU hears."""

from __future__ import annotations

import pytest
from test_transcribe import RECORDINGS, character_errors, needs_packages

from inspect_pipeline.speech.device import cuda_devices, listeners_of_a_gpu
from inspect_pipeline.speech.engine import WhisperEngine
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.transcribe import Transcriber

pytestmark = [needs_packages, pytest.mark.skipif(cuda_devices() == 0, reason="a CUDA GPU is needed")]


def test_a_gpu_is_chosen_with_batches_that_its_memory_holds() -> None:
    engine = WhisperEngine(SpeechSettings())
    assert engine.on_gpu
    assert engine.name == "base/float16"
    assert 8 < engine.batch_size <= 64
    assert listeners_of_a_gpu() >= 1


def test_a_gpu_hears_what_a_cpu_hears() -> None:
    night = [RECORDINGS[name] for name in ("dev-08-shirking", "demo-06-mono-roaming", "dev-10-overlap-fast")] * 4
    on_gpu = list(Transcriber(SpeechSettings(device="cuda")).transcribe_many(night))
    on_cpu = list(Transcriber(SpeechSettings(device="cpu")).transcribe_many(night[:3]))
    assert [one.recording for one in on_gpu] == night
    for one, other in zip(on_gpu, on_cpu, strict=False):
        assert one.transcript is not None
        assert other.transcript is not None
        call_id = one.recording.call_id
        assert character_errors(one.transcript, call_id) <= character_errors(other.transcript, call_id) + 0.05
        assert len(one.transcript.utterances) == pytest.approx(len(other.transcript.utterances), abs=2)
