"""Speech to which the voice detector is deaf is found by the recogniser; other loud sound is not taken for words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sounds import CALLS, noise, write

from inspect_pipeline.model import ActivityKind, Recording, Span
from inspect_pipeline.speech import listen as listening
from inspect_pipeline.speech.manifest import read_source
from inspect_pipeline.speech.packaged import packaged_parts
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.transcribe import Transcriber
from inspect_pipeline.speech.unheard import unheard_sound, unknown_frames
from inspect_pipeline.speech.vad import FRAME_S, Frames, Speech

needs_packages = pytest.mark.skipif(packaged_parts() is None, reason="the packages of the extra 'offline' are needed")


def levels_of(seconds: float, *loud: tuple[float, float], background: float = -50.0) -> Frames:
    levels = np.full(round(seconds / FRAME_S), background, dtype=np.float32)
    for start_s, end_s in loud:
        levels[round(start_s / FRAME_S) : round(end_s / FRAME_S)] = -25.0
    return levels


def test_loud_stretches_outside_of_speech_are_found() -> None:
    levels = levels_of(30.0, (2.0, 4.0), (6.0, 7.0), (7.2, 8.0), (10.0, 10.2), (12.0, 20.0))
    found = unheard_sound(levels, unknown_frames(levels, None, [Speech(2.0, 4.0, -25.0, 0.9), Span(12.0, 20.0)]))
    assert [(round(span.start_s, 1), round(span.end_s, 1)) for span in found] == [(6.0, 8.0)]  # 10.0: too short
    louder = levels_of(30.0, (1.9, 8.1)) + np.float32(4.0)
    assert unheard_sound(levels, unknown_frames(levels, louder, [Span(12.0, 20.0)])) == []  # it leaks in
    none = np.empty(0, dtype=np.float32)
    assert unheard_sound(none, unknown_frames(none, None, [])) == []


@needs_packages
def test_words_to_which_the_detector_is_deaf_are_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = next(one for one in read_source(str(CALLS)) if one.call_id == "dev-07-bill-explained")
    transcriber = Transcriber(SpeechSettings(threads=2))
    _, before = transcriber.transcribe(recording)
    lost = next(each for each in reversed(before.utterances) if each.channel == 0 and each.end_s - each.start_s > 1.0)
    hear = listening.speech_probabilities

    def deaf(track: np.ndarray, levels: Frames) -> Frames:
        probabilities = hear(track, levels)
        probabilities[round((lost.start_s - 0.3) / FRAME_S) : round((lost.end_s + 0.3) / FRAME_S)] = 0.0
        return probabilities

    monkeypatch.setattr(listening, "speech_probabilities", deaf)
    _, after = transcriber.transcribe(recording)
    (found,) = [each for each in after.utterances if each.channel == 0 and each.start_s > lost.start_s - 0.3]
    assert (found.start_s, found.end_s) == pytest.approx((lost.start_s, lost.end_s), abs=0.3)
    assert len(set(found.text) & set(lost.text)) >= 0.7 * len(set(lost.text))
    assert any(
        each.kind is ActivityKind.SPEECH and each.channel == 0 and each.start_s == found.start_s
        for each in after.activity
    )


@needs_packages
def test_bursts_of_noise_are_no_words(tmp_path: Path) -> None:
    loud = noise(12.0, 0.1, 8_000) * (np.arange(96_000) / 8_000 % 3 < 0.7) + noise(12.0, 0.001, 8_000)
    path = write(tmp_path / "noise.wav", [loud, noise(12.0, 0.001, 8_000)], "pcm_mulaw", 8_000)
    _, transcript = Transcriber(SpeechSettings(threads=2)).transcribe(Recording("noise", str(path)))
    assert (transcript.utterances, transcript.removed) == ((), ())
