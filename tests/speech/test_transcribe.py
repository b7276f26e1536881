"""Recordings -> transcripts, with the real model on recorded calls."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sounds import CALLS, bursts, noise, tone, write

from inspect_pipeline.errors import DeviceError, ModelError, RecordingError
from inspect_pipeline.model import ActivityKind, Audio, Recording, Speaker, SpeakerSource, Transcript
from inspect_pipeline.speech.decode import Samples, Track, decode, samples
from inspect_pipeline.speech.engine import Heard, WhisperEngine
from inspect_pipeline.speech.manifest import read_source
from inspect_pipeline.speech.packaged import packaged_parts
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.transcribe import Transcriber
from inspect_pipeline.text.normalise import normalise
from inspect_pipeline.text.numbers import canonical_digits

needs_packages = pytest.mark.skipif(packaged_parts() is None, reason="the packages of the extra 'offline' are needed")
RECORDINGS = {recording.call_id: recording for recording in read_source(str(CALLS))}


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    """Whisper base from the packages, joined in the user's cache."""
    return Transcriber(SpeechSettings(threads=2))


def text_of(transcript: Transcript, speaker: Speaker) -> str:
    return "".join(each.text for each in transcript.utterances if each.speaker is speaker)


def order_of(transcript: Transcript) -> str:
    """Who spoke after whom, an utterance after another of the same speaker left out."""
    letters = [each.speaker.value[0].upper() for each in transcript.utterances]
    return "".join(letters[:1] + [letter for before, letter in pairwise(letters) if before != letter])


def character_errors(transcript: Transcript, call_id: str) -> float:
    """Character error rate over the whole call, both speakers, punctuation aside and digits spoken one by one."""
    turns = json.loads((CALLS / f"{call_id}.json").read_text(encoding="utf-8"))["turns"]
    truth = _spoken("".join(turn["text"] for turn in turns))
    return _distance(truth, _spoken("".join(each.text for each in transcript.utterances))) / len(truth)


def _spoken(text: str) -> str:
    return canonical_digits(normalise(text).text)


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


@needs_packages
def test_a_stereo_call(transcriber: Transcriber) -> None:
    recording = RECORDINGS["demo-02-billing-rude"]
    audio, transcript = transcriber.transcribe(recording)

    assert (audio.codec, audio.sample_rate, audio.channels) == ("pcm_mulaw", 8000, 2)
    assert (transcript.call_id, transcript.channels, transcript.timed) == ("demo-02-billing-rude", 2, True)
    assert (transcript.speaker_source, transcript.speaker_confidence) == (SpeakerSource.CHANNEL, 1.0)
    assert order_of(transcript) == "ACACACAC"
    turns = json.loads((CALLS / "demo-02-billing-rude.json").read_text(encoding="utf-8"))["turns"]
    for utterance, turn in zip(transcript.utterances, turns, strict=True):
        assert (utterance.start_s, utterance.end_s) == (
            pytest.approx(turn["start"], abs=0.3),
            pytest.approx(turn["end"], abs=0.3),
        )
        assert (utterance.channel, utterance.speaker.value[0].upper()) == ("AC".index(turn["who"]), turn["who"])
    assert "你爱投诉就投诉" in text_of(transcript, Speaker.AGENT)
    assert "太过分了" in text_of(transcript, Speaker.CUSTOMER)
    assert character_errors(transcript, recording.call_id) < 0.25
    assert transcript.confidence > 0.6
    assert [each.index for each in transcript.utterances] == list(range(8))


@needs_packages
def test_the_same_recording_gives_the_same_transcript(transcriber: Transcriber) -> None:
    recording = RECORDINGS["dev-14-noisy-rude"]
    first = transcriber.transcribe(recording)
    transcriber.transcribe(RECORDINGS["dev-10-overlap-fast"])
    assert transcriber.transcribe(recording) == first


@needs_packages
def test_a_mono_call_has_its_speakers(transcriber: Transcriber) -> None:
    recording = RECORDINGS["demo-06-mono-roaming"]
    _, transcript = transcriber.transcribe(recording)
    assert (transcript.channels, transcript.speaker_source) == (1, SpeakerSource.VOICE)
    assert 0.7 <= transcript.speaker_confidence <= 0.95
    assert order_of(transcript) == "ACACACACA"
    assert {each.channel for each in transcript.utterances} == {None}
    assert {each.channel for each in transcript.activity} == {None}
    assert "请问还有其他可以帮您的吗" in text_of(transcript, Speaker.AGENT)
    assert "没有了" in text_of(transcript, Speaker.CUSTOMER)
    assert character_errors(transcript, recording.call_id) < 0.25


@needs_packages
def test_hold_music_is_kept_apart_from_speech(transcriber: Transcriber) -> None:
    _, transcript = transcriber.transcribe(RECORDINGS["demo-05-simcard-hold"])
    (played,) = [each for each in transcript.activity if each.kind is ActivityKind.MUSIC]
    assert (played.speaker, played.channel, played.level_db) == (Speaker.AGENT, 0, None)
    assert (played.start_s, played.end_s) == (pytest.approx(27.0, abs=0.3), pytest.approx(35.0, abs=0.4))
    assert all(each.end_s < 27 or each.start_s > 34.5 for each in transcript.utterances)


@needs_packages
def test_text_is_simplified_and_the_raw_text_kept(transcriber: Transcriber) -> None:
    transcripts = [transcriber.transcribe(RECORDINGS[name])[1] for name in ("dev-08-shirking", "dev-14-noisy-rude")]
    for each in transcripts:
        assert not {"們", "訴", "問", "麼", "務"} & set("".join(utterance.text for utterance in each.utterances))
        assert all(normalise(u.text_raw).text == normalise(u.text).text for u in each.utterances)


@needs_packages
def test_nobody_speaks_on_ring_back_noise_and_silence(transcriber: Transcriber, tmp_path: Path) -> None:
    ringing = tone(12.0, 450.0, 0.1, 8_000) * (np.arange(96_000) / 8_000 % 5 < 1)
    path = write(tmp_path / "unanswered.wav", [ringing, noise(12.0, 0.002, 8_000)], "pcm_mulaw", 8_000)
    audio, transcript = transcriber.transcribe(Recording("unanswered", str(path)))
    assert audio.duration_s == pytest.approx(12.0, abs=0.01)
    assert (transcript.utterances, transcript.removed, transcript.confidence) == ((), (), 0.0)
    assert {each.kind for each in transcript.activity} == {ActivityKind.MUSIC}


@needs_packages
@pytest.mark.parametrize("listeners", [0, 3])
def test_calls_recognised_together_are_as_if_each_was_alone(
    transcriber: Transcriber, tmp_path: Path, listeners: int
) -> None:
    """Whatever shares a batch, whatever is damaged between them, whoever listens: a night in other handfuls is the
    same night."""
    names = ["dev-08-shirking", "demo-06-mono-roaming", "dev-10-overlap-fast"]
    damaged = Recording("damaged", str(tmp_path / "gone.wav"))
    recordings = [RECORDINGS[name] for name in names]
    many = Transcriber(transcriber.settings, listeners=listeners)
    together = list(many.transcribe_many([recordings[0], damaged, *recordings[1:]]))
    assert [each.recording.call_id for each in together] == [names[0], "damaged", *names[1:]]
    failed = together.pop(1)
    assert (failed.audio, failed.transcript) == (None, None)
    assert "gone.wav: no such file" in (failed.error or "")
    assert [(each.audio, each.transcript) for each in together] == [
        transcriber.transcribe(recording) for recording in recordings
    ]
    assert all(each.elapsed_s > 0 for each in together)


@needs_packages
def test_a_second_try_writes_the_same_each_time() -> None:
    """In noise that no model understands, too, and whatever shares the batch."""
    engine = WhisperEngine(SpeechSettings(threads=2))
    sound = samples(decode(RECORDINGS["dev-14-noisy-rude"].path)[1][0])
    sound = sound + np.random.default_rng(7).normal(0, 0.05, len(sound)).astype(np.float32)
    stretches = [sound[start * 16_000 : (start + 4) * 16_000] for start in range(0, 24, 4)]
    first = engine.recognise(stretches, "宽带", repetition_penalty=1.1)
    assert any(each.text for each in first)
    assert engine.recognise(stretches[::-1], "宽带", repetition_penalty=1.1) == first[::-1]
    assert [engine.recognise([each], "宽带", repetition_penalty=1.1)[0] for each in stretches] == first


class Failing:
    """A model on a GPU whose memory holds so many windows and no more, or that says something else of it."""

    def __init__(self, model: Any, holds: int, says: str = "CUDA failed with error out of memory") -> None:
        self.model, self.holds, self.says = model, holds, says
        self.batches: list[int] = []

    def generate(self, encoded: Any, prompts: list[list[int]], **options: Any) -> Any:
        if len(prompts) > self.holds:
            raise RuntimeError(self.says)
        self.batches.append(len(prompts))
        return self.model.generate(encoded, prompts, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


@pytest.fixture
def as_on_gpu() -> WhisperEngine:
    """An engine that takes the ways of a GPU, on the CPU: batches are encoded and aligned together."""
    engine = WhisperEngine(SpeechSettings(threads=2))
    engine.on_gpu = True
    return engine


def stretches_of(call_id: str, seconds: int) -> list[Samples]:
    sound = samples(decode(RECORDINGS[call_id].path)[1][0])
    return [sound[start * 16_000 : (start + 3) * 16_000] for start in range(seconds)]


@needs_packages
def test_a_batch_that_the_memory_does_not_hold_is_halved(as_on_gpu: WhisperEngine) -> None:
    stretches = stretches_of("dev-08-shirking", 8)
    before = as_on_gpu.recognise(stretches, "宽带", words=True), as_on_gpu.no_speech(stretches)
    small = as_on_gpu._model.model = Failing(as_on_gpu._model.model, holds=2)
    heard, silent = as_on_gpu.recognise(stretches, "宽带", words=True), as_on_gpu.no_speech(stretches)
    assert [each.text for each in heard] == [each.text for each in before[0]]
    assert silent == pytest.approx(before[1], abs=1e-3)
    assert (small.batches, as_on_gpu.batch_size) == ([2] * 8, 2)
    small.holds = 0
    with pytest.raises(ModelError, match="memory does not hold one window: end what else uses it"):
        as_on_gpu.recognise(stretches[:2], "")


@needs_packages
def test_the_ways_of_a_gpu_hear_what_those_of_a_cpu_hear(as_on_gpu: WhisperEngine, transcriber: Transcriber) -> None:
    as_on_gpu.batch_size = 64
    names = ["dev-08-shirking", "demo-06-mono-roaming", "dev-10-overlap-fast"]
    for one in Transcriber(SpeechSettings(), as_on_gpu).transcribe_many([RECORDINGS[name] for name in names]):
        assert one.transcript is not None
        call_id, expected = one.recording.call_id, transcriber.transcribe(one.recording)[1]
        assert character_errors(one.transcript, call_id) == pytest.approx(character_errors(expected, call_id), abs=0.02)
        spans = [
            [(said.speaker, said.start_s, said.end_s) for said in each.utterances]
            for each in (one.transcript, expected)
        ]
        assert spans[0] == spans[1]


@needs_packages
def test_a_gpu_that_fails_says_so(as_on_gpu: WhisperEngine, tmp_path: Path) -> None:
    model = as_on_gpu._model.model
    as_on_gpu._model.model = Failing(model, 0, "CUDA failed with error unspecified launch failure\nat device.cc:12")
    with pytest.raises(DeviceError, match=r"^base/int8 failed on the GPU \(CUDA .* unspecified launch failure\)$"):
        as_on_gpu.recognise(stretches_of("dev-08-shirking", 1), "")
    as_on_gpu._model.model = Failing(model, 0, "Library libcublas.so.12 is not found or cannot be loaded")
    with pytest.raises(ModelError, match=r"libcublas\.so\.12 is not found .* or set device = 'cpu' in \[speech\]"):
        as_on_gpu._try_out(tmp_path)


class Scripted:
    """An engine of another kind, as the protocol allows: it says what it is told, to see what becomes of it."""

    name = "scripted"
    batch_size = 4
    on_gpu = False

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.calls: list[tuple[int, float]] = []

    def recognise(
        self, stretches: object, prompt: str, *, words: bool = False, repetition_penalty: float = 1.0
    ) -> list[Heard]:
        count = len(list(stretches))  # type: ignore[call-overload]
        self.calls.append((count, repetition_penalty))
        return [Heard(self.texts.pop(0) if self.texts else "", -0.3, 0.1) for _ in range(count)]

    def no_speech(self, stretches: object) -> list[float]:
        return [1.0 for _ in list(stretches)]  # type: ignore[call-overload]


def test_a_loop_is_tried_again_then_taken_out_and_counted() -> None:
    engine = Scripted(*["谢谢" * 40] * 40)
    _, transcript = Transcriber(SpeechSettings(), engine).transcribe(RECORDINGS["dev-08-shirking"])
    assert transcript.utterances == ()
    assert {each.reason for each in transcript.removed} == {"loop"}
    assert [penalty for _, penalty in engine.calls] == [1.0, 1.0, 1.1]


@pytest.mark.parametrize(("batch_size", "at_once"), [(8, 64), (64, 100)])
def test_large_batches_get_as_many_windows_as_they_hold(batch_size: int, at_once: int) -> None:
    engine = Scripted(*["好"] * 1000)
    engine.batch_size = batch_size
    night = [replace(RECORDINGS["dev-08-shirking"], call_id=f"c-{number}") for number in range(40)]
    assert len(list(Transcriber(SpeechSettings(), engine).transcribe_many(night))) == 40
    windows = max(count for count, _ in engine.calls)
    assert windows == 64 if at_once == 64 else windows > at_once


class Busy(Scripted):
    """It recognises each call by itself, the first one only when `enough` calls are listened to, and notes how many
    are at the end."""

    batch_size = 0

    def __init__(self, enough: int) -> None:
        super().__init__()
        self.enough = enough
        self.decoded: list[str] = []
        self.more = threading.Condition()
        self.waited: list[bool] = []

    def heard(self, path: str) -> tuple[Audio, list[Track]]:
        decoded = decode(path)
        with self.more:
            self.decoded.append(path)
            self.more.notify_all()
        return decoded

    def recognise(
        self, stretches: object, prompt: str, *, words: bool = False, repetition_penalty: float = 1.0
    ) -> list[Heard]:
        with self.more:
            self.waited.append(self.more.wait_for(lambda: len(self.decoded) >= self.enough, timeout=10))
        return super().recognise(stretches, prompt, words=words, repetition_penalty=repetition_penalty)


def test_the_next_calls_are_listened_to_while_one_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU never waits for a core that decodes; and what waits for the GPU is a few calls, however long the night."""
    engine = Busy(enough=4)
    monkeypatch.setattr("inspect_pipeline.speech.transcribe.decode", engine.heard)
    night = [replace(RECORDINGS["dev-14-noisy-rude"], call_id=f"c-{number}") for number in range(12)]
    done = []
    for one in Transcriber(SpeechSettings(), engine, listeners=2).transcribe_many(night):
        done.append(one.recording.call_id)
        assert len(engine.decoded) <= len(done) + 2 * 2 + 2  # two for each listener, and two at the GPU
    assert done == [one.call_id for one in night]
    assert all(engine.waited)


def test_the_agents_channel_comes_from_the_manifest_or_from_the_words() -> None:
    recording = RECORDINGS["dev-08-shirking"]
    agent, customer = "您好工号1086请问有什么可以帮您", "你们怎么又乱扣我家的宽带钱"

    def who(channel: int | None) -> tuple[Speaker, float]:
        engine = Scripted(*([customer] * 2 + [agent] * 2 + [""] * 40))  # left: the customer's words
        changed = replace(recording, agent_channel=channel)
        transcript = Transcriber(SpeechSettings(), engine).transcribe(changed)[1]
        return next(each.speaker for each in transcript.activity if each.channel == 0), transcript.speaker_confidence

    assert who(0) == (Speaker.AGENT, 1.0)
    assert who(1) == (Speaker.CUSTOMER, 1.0)
    assert who(None)[0] in {Speaker.AGENT, Speaker.CUSTOMER}
    assert 0.5 <= who(None)[1] <= 1.0


def test_a_call_shorter_than_the_manifest_says_is_truncated(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", [bursts(8.0, 8_000)], "pcm_mulaw", 8_000)
    listed = Recording("a", str(path), duration_s=60.0, place="night/manifest.csv:7")
    with pytest.raises(RecordingError) as caught:
        Transcriber(SpeechSettings(), Scripted()).transcribe(listed)
    assert str(caught.value) == (
        f"night/manifest.csv:7: {path}: truncated: 8.00 s decoded, the manifest says 60.00 s: fetch the recording again"
    )
    Transcriber(SpeechSettings(), Scripted()).transcribe(replace(listed, duration_s=8.9))


def test_a_recording_that_is_gone_names_the_manifests_line(tmp_path: Path) -> None:
    listed = Recording("a", str(tmp_path / "gone.wav"), place="night/manifest.csv:3")
    with pytest.raises(RecordingError, match=r"^night/manifest\.csv:3: .*gone\.wav: no such file"):
        Transcriber(SpeechSettings(), Scripted()).transcribe(listed)


@needs_packages
def test_a_device_that_is_not_there_says_so() -> None:
    with pytest.raises(ModelError, match="cannot be loaded on tpu as int8"):
        WhisperEngine(SpeechSettings(device="tpu", compute_type="int8"))
