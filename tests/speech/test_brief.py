"""A voice shorter than a word ends a silence; a click, a thump, a late or a foreign voice does not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sounds import CALLS, RATE, noise, seconds, track

from inspect_pipeline.model import Speaker
from inspect_pipeline.speech import listen as listening
from inspect_pipeline.speech.brief import brief_voices
from inspect_pipeline.speech.decode import Track
from inspect_pipeline.speech.manifest import read_source
from inspect_pipeline.speech.packaged import packaged_parts
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.transcribe import Transcriber
from inspect_pipeline.speech.unheard import unknown_frames
from inspect_pipeline.speech.vad import Speech, frame_levels

needs_packages = pytest.mark.skipif(packaged_parts() is None, reason="the packages of the extra 'offline' are needed")


def hum(pitch_hz: float, length_s: float = 0.2) -> NDArray[np.float64]:
    """A voice with closed lips: the first harmonics of a pitch that falls a little, rising and dying away."""
    moments = seconds(length_s)
    phase = 2 * np.pi * pitch_hz * (moments - 0.2 * moments**2)
    voice = np.sum([np.sin(order * phase) / order for order in range(1, 7)], axis=0)
    return np.asarray(0.1 * voice * np.hanning(len(moments)))


def with_sound(sound: NDArray[np.float64], at_s: float) -> Track:
    """Ten seconds of faint noise with a sound in it."""
    whole = noise(10.0, 0.002)
    first = round(at_s * RATE)
    whole[first : first + len(sound)] += sound
    return track(whole)


def brief_in(own: Track, other: Track | None = None) -> list[tuple[float, float]]:
    speech = [Speech(1.0, 3.0, -25.0, 0.9)]
    levels = frame_levels(own)
    unknown = unknown_frames(levels, None if other is None else frame_levels(other), speech)
    return [(span.start_s, span.end_s) for span in brief_voices(own, levels, unknown, speech)]


@pytest.mark.parametrize("pitch_hz", [90.0, 140.0, 220.0, 330.0])
def test_a_voice_shorter_than_a_word_is_told_by_its_pitch(pitch_hz: float) -> None:
    ((start_s, end_s),) = brief_in(with_sound(hum(pitch_hz), 3.5))
    assert start_s == pytest.approx(3.5, abs=0.07)
    assert end_s == pytest.approx(3.7, abs=0.07)


def test_a_brief_noise_and_a_late_or_foreign_voice_end_no_silence() -> None:
    rng = np.random.default_rng(7)
    for length_s in (0.03, 0.12, 0.2, 0.3):
        thump = 0.1 * rng.standard_normal(round(length_s * RATE))
        assert brief_in(with_sound(thump, 3.5)) == []
    assert brief_in(with_sound(hum(140.0), 6.0)) == []  # three seconds after speech: nobody's answer
    assert brief_in(with_sound(hum(140.0), 3.5), with_sound(3 * hum(140.0), 3.5)) == []  # it leaks in
    assert brief_in(with_sound(hum(140.0, 0.08), 3.5)) == []
    assert brief_in(np.empty(0, dtype=np.int16)) == []


@needs_packages
def test_a_brief_voice_is_activity_of_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = next(one for one in read_source(str(CALLS)) if one.call_id == "dev-07-bill-explained")
    monkeypatch.setattr(listening, "brief_voices", lambda *_: [Speech(10.0, 10.2, -25.0, 1.0)])
    _, heard = Transcriber(SpeechSettings(threads=2)).transcribe(recording)
    brief = [each for each in heard.activity if (each.start_s, each.end_s) == (10.0, 10.2)]
    assert [(each.channel, each.speaker) for each in brief] == [(0, Speaker.AGENT), (1, Speaker.CUSTOMER)]
    assert all(each.start_s != 10.0 for each in heard.utterances)
