"""A recording -> its transcript: decode, find who speaks when, recognise each turn, keep out what nobody said."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from inspect_pipeline.errors import RecordingError
from inspect_pipeline.model import Audio, Recording, Seconds, Transcript
from inspect_pipeline.speech.assemble import assemble
from inspect_pipeline.speech.decode import Track, check_duration, decode
from inspect_pipeline.speech.engine import Engine, Heard, WhisperEngine
from inspect_pipeline.speech.listen import Listened, call_turns, listen, sound_turns
from inspect_pipeline.speech.recognise import Spoken, recognise
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.turns import Turn
from inspect_pipeline.speech.unheard import as_speech
from inspect_pipeline.speech.windows import LONGEST_S

_COLLECT_EVERY = 50  # calls between two collections of what the audio library leaves in reference cycles
_BATCHES = 4  # of speech that are gathered before it is recognised: stretches of like length share one


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A recording with the facts of its file and its transcript; or with neither, and why, as `error`.

    `elapsed_s` is the time it took: its own part, and by its speech a share of what was done for several together.
    """

    recording: Recording
    audio: Audio | None
    transcript: Transcript | None
    error: str | None
    elapsed_s: Seconds


@dataclass(frozen=True, slots=True)
class _Gathered:
    """A recording whose speech is found and not yet recognised."""

    recording: Recording
    audio: Audio
    tracks: list[Track]
    listened: list[Listened]
    spoken: Spoken
    elapsed_s: Seconds

    @property
    def speech_s(self) -> Seconds:
        return sum(turn.end_s - turn.start_s for turn in self.spoken.turns)


class Transcriber:
    """Turns recordings into transcripts; keep one a process. Same recording, same transcript, whatever it is with.

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
        return self._together([self._gather(recording)])[0]

    def transcribe_many(self, recordings: Sequence[Recording]) -> Iterator[Transcribed]:
        """Yield what was heard of each recording, in order.

        As many are decoded as it takes to fill the recogniser's batches, so memory holds one long call or some short
        ones, however many there are.
        """
        gathered: list[_Gathered | Transcribed] = []
        enough_s = _BATCHES * self._engine.batch_size * LONGEST_S
        for recording in recordings:
            started = time.monotonic()
            try:
                gathered.append(self._gather(recording))
            except RecordingError as error:
                gathered.append(Transcribed(recording, None, None, str(error), time.monotonic() - started))
            if sum(one.speech_s for one in gathered if isinstance(one, _Gathered)) >= enough_s:
                yield from self._heard(gathered)
                gathered.clear()
        yield from self._heard(gathered)

    def _gather(self, recording: Recording) -> _Gathered:
        started = time.monotonic()
        audio, tracks = _decoded(recording)
        listened = listen(tracks, self.settings)
        spoken = Spoken(tracks, call_turns(listened, self.settings), sound_turns(listened, self.settings))
        self._calls += 1
        if self._calls % _COLLECT_EVERY == 0:
            gc.collect()
        return _Gathered(recording, audio, tracks, listened, spoken, time.monotonic() - started)

    def _heard(self, gathered: Sequence[_Gathered | Transcribed]) -> Iterator[Transcribed]:
        started = time.monotonic()
        ready = [one for one in gathered if isinstance(one, _Gathered)]
        transcripts = iter(self._together(ready))
        a_second = (time.monotonic() - started) / (sum(one.speech_s for one in ready) or 1.0)
        for one in gathered:
            if isinstance(one, Transcribed):
                yield one
                continue
            audio, transcript = next(transcripts)
            yield Transcribed(one.recording, audio, transcript, None, one.elapsed_s + a_second * one.speech_s)

    def _together(self, gathered: Sequence[_Gathered]) -> list[tuple[Audio, Transcript]]:
        heard = recognise(self._engine, [one.spoken for one in gathered], " ".join(self.settings.nouns))
        return [(one.audio, self._assembled(one, written)) for one, written in zip(gathered, heard, strict=True)]

    def _assembled(self, one: _Gathered, written: list[tuple[Turn, Heard]]) -> Transcript:
        listened = [_with_speech(track, channel, one.spoken, written) for channel, track in enumerate(one.listened)]
        return assemble(one.recording, one.audio, one.tracks, listened, written, self.settings)


def _with_speech(track: Listened, channel: int, spoken: Spoken, written: Sequence[tuple[Turn, Heard]]) -> Listened:
    """Return what was heard on a track with the sound that turned out to be speech."""
    sound = {turn for turn in spoken.sound if turn.channel == channel}
    found = [as_speech(turn, heard, track.levels) for turn, heard in written if turn in sound]
    if not found:
        return track
    music = [tune for tune in track.music if not any(tune.start_s < s.end_s and s.start_s < tune.end_s for s in found)]
    speech = sorted([*track.speech, *found], key=lambda span: span.start_s)
    return replace(track, speech=tuple(speech), music=tuple(music))


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
