"""A recording -> its transcript: decode, find who speaks when, recognise each turn, keep out what nobody said."""

from __future__ import annotations

import gc

from inspect_pipeline.errors import RecordingError
from inspect_pipeline.model import Audio, Recording, Transcript
from inspect_pipeline.speech.assemble import assemble
from inspect_pipeline.speech.decode import Track, check_duration, decode
from inspect_pipeline.speech.engine import Engine, WhisperEngine
from inspect_pipeline.speech.listen import call_turns, listen
from inspect_pipeline.speech.recognise import recognise
from inspect_pipeline.speech.settings import SpeechSettings

_COLLECT_EVERY = 50  # calls between two collections of what the audio library leaves in reference cycles


class Transcriber:
    """Turns recordings into transcripts, one at a time; keep one a process. Same recording, same transcript.

    `engine` defaults to Whisper with `settings.model`. Raises ModelError when that model cannot be used.
    """

    def __init__(self, settings: SpeechSettings | None = None, engine: Engine | None = None) -> None:
        self.settings = settings or SpeechSettings()
        self._engine = engine or WhisperEngine(self.settings)
        self._calls = 0

    @property
    def name(self) -> str:
        """The model and the kind of numbers it computes with."""
        return self._engine.name

    def transcribe(self, recording: Recording) -> tuple[Audio, Transcript]:
        """Return the facts of the file and the transcript of the call.

        Raises RecordingError (one line; the manifest's line in front when there is one) when the file cannot be
        decoded, or is shorter than its header or the manifest says.
        """
        audio, tracks = _decoded(recording)
        listened = listen(tracks, self.settings)
        turns = call_turns(listened, self.settings)
        heard = recognise(self._engine, tracks, turns, " ".join(self.settings.nouns))
        transcript = assemble(recording, audio, tracks, listened, list(zip(turns, heard, strict=True)), self.settings)
        self._calls += 1
        if self._calls % _COLLECT_EVERY == 0:
            gc.collect()
        return audio, transcript


def _decoded(recording: Recording) -> tuple[Audio, list[Track]]:
    try:
        audio, tracks = decode(recording.path)
        if recording.duration_s is not None:
            check_duration(recording.path, audio.duration_s, recording.duration_s, "the manifest")
    except RecordingError as error:
        if not recording.place:
            raise
        raise RecordingError(f"{recording.place}: {error}") from error
    return audio, tracks
