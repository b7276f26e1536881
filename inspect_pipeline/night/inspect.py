"""One call from recording to judgement: the part that `check` and every night share."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inspect_pipeline.config import Config
from inspect_pipeline.errors import RecordingError, UsageError
from inspect_pipeline.model import CallResult, CallStatus, Judgement, Recording, Transcript
from inspect_pipeline.night.plan import Inspect
from inspect_pipeline.rulebook.hotwords import check_hotwords
from inspect_pipeline.rulebook.judge import Judge, rule_terms
from inspect_pipeline.rulebook.load import load_packs, pack_path
from inspect_pipeline.rulebook.rule import Pack
from inspect_pipeline.rulebook.terms import Like
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.store.vectors import StoredVectors
from inspect_pipeline.text.dialogue import parse_dialogue
from inspect_pipeline.triage.score import judge_calls

if TYPE_CHECKING:
    from inspect_pipeline.speech.transcribe import Transcribed


class Transcribes(Protocol):
    """Turns recordings into transcripts; `speech.transcribe.Transcriber` is the one that ships."""

    def transcribe_many(self, recordings: Iterable[Recording]) -> Iterator[Transcribed]:
        """Yield what was heard of each recording, in order."""
        ...


def inspect_calls(recordings: Iterable[Recording], transcriber: Transcribes, judge: Judge) -> Iterator[CallResult]:
    """Transcribe calls together and judge each. One that cannot be inspected gives a failed result with the reason."""
    for heard in transcriber.transcribe_many(recordings):
        recording = heard.recording
        if heard.transcript is None:
            yield CallResult(recording, CallStatus.FAILED, heard.error, elapsed_s=heard.elapsed_s)
            continue
        started = time.monotonic()
        judgement = judge_transcript(judge, heard.transcript, recording)
        elapsed_s = heard.elapsed_s + time.monotonic() - started
        yield CallResult(
            recording, CallStatus.INSPECTED, None, heard.audio, heard.transcript, judgement, elapsed_s=elapsed_s
        )


def judge_transcript(judge: Judge, transcript: Transcript, recording: Recording) -> Judgement:
    """Judge a transcript, fresh or stored. Rules on the duration get the decoded one when the manifest has none."""
    return next(judge_transcripts(judge, [(transcript, recording)]))


def judge_transcripts(judge: Judge, calls: Sequence[tuple[Transcript, Recording]]) -> Iterator[Judgement]:
    """Judge some transcripts, in order: some dozens together are quicker than one after another."""
    known = [
        (spoken, recording if recording.duration_s is not None else replace(recording, duration_s=spoken.duration_s))
        for spoken, recording in calls
    ]
    return judge_calls(judge, known)


class Inspector:
    """Inspects recordings and dialogues by one configuration. Models are loaded when they are first needed."""

    def __init__(self, config: Config, packs: Sequence[Pack], threads: int = 0) -> None:
        """Take the settings and the rules. `threads`: of the recogniser on a CPU; 0 leaves it to the engine."""
        self.config = config
        self.packs = tuple(packs)
        self.threads = threads

    @classmethod
    def from_config(
        cls, config: Config, *, model: str | None = None, packs: Sequence[str] = (), threads: int = 0
    ) -> Inspector:
        """Return an inspector; `model` and `packs` (names or files) beat the configuration.

        Raises PackError, and UsageError when a pack is not there or looks for a hotword.
        """
        chosen = config if model is None else replace(config, speech=replace(config.speech, model=model))
        loaded = load_packs([pack_path(name) for name in packs or config.rules.packs])
        check_hotwords(config.speech.hotwords, loaded)
        return cls(chosen, loaded, threads)

    @cached_property
    def judge(self) -> Judge:
        """The judge. The sentence model is loaded only when a rule needs it. Raises ModelError."""
        if not any(isinstance(term, Like) for pack in self.packs for rule in pack.rules for term in rule_terms(rule)):
            return Judge(self.packs)
        from inspect_pipeline.semantic import Similarity, load_sentence_model

        model = load_sentence_model(self.config.rules.sentence_model)
        if model is None:
            return Judge(self.packs)
        return Judge(self.packs, Similarity(model, StoredVectors(self.config.out / ".work", model.name)))

    @cached_property
    def transcriber(self) -> Transcribes:
        """The recogniser. Raises ModelError."""
        from inspect_pipeline.speech.transcribe import Transcriber

        return Transcriber(speech_settings(self.config, self.threads))

    def inspect(self, recording: Recording) -> CallResult:
        """Inspect one recording. Raises ModelError."""
        return next(self.inspect_calls([recording]))

    def inspect_calls(self, recordings: Iterable[Recording]) -> Iterator[CallResult]:
        """Inspect some recordings together, in order: the recogniser is quicker than with one at a time. Raises
        ModelError."""
        return inspect_calls(recordings, self.transcriber, self.judge)

    def inspect_dialogue(self, file: Path) -> CallResult:
        """Judge a written dialogue (`.txt`, or a truth file `.json`)."""
        recording = Recording(call_id=file.stem, path=str(file.resolve()))
        try:
            transcript = parse_dialogue(_read_text(file), recording.call_id, str(file))
        except RecordingError as error:
            return CallResult(recording, CallStatus.FAILED, str(error))
        judgement = judge_transcript(self.judge, transcript, recording)
        return CallResult(recording, CallStatus.INSPECTED, transcript=transcript, judgement=judgement)


def load_inspect(config: Config, fingerprints: Sequence[str] = ()) -> Inspect:
    """Load all models and return what inspects a call: a worker's `InspectFactory`, once its arguments are bound.

    `fingerprints`: what the packs must be. Raises UsageError when they are others here, and what `Inspector` raises.
    """
    inspector = Inspector.from_config(config, threads=1)
    if fingerprints and [pack.fingerprint for pack in inspector.packs] != list(fingerprints):
        raise UsageError(f"the packs {', '.join(config.rules.packs)} are not those of the run here: install the same")
    _ = inspector.judge, inspector.transcriber  # loaded now, not within the first call's time limit
    return inspector.inspect_calls


def speech_settings(config: Config, threads: int = 0) -> SpeechSettings:
    """Return the recogniser's settings. Hotwords of the configuration take the place of those that ship."""
    speech = config.speech
    settings = SpeechSettings(
        model=speech.model,
        language=speech.language,
        device=speech.device,
        compute_type=speech.compute_type,
        threads=threads,
    )
    return replace(settings, nouns=speech.hotwords) if speech.hotwords else settings


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecordingError(f"{file}: not UTF-8 at byte {error.start}: save it as UTF-8") from error
    except OSError as error:
        raise RecordingError(f"{file}: cannot be read: {error.strerror}") from error
