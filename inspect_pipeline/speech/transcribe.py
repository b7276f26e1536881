"""A recording -> its transcript: decode, find who speaks when, recognise each turn, keep out what nobody said.

On a CPU one call's sound is listened to and then recognised by the same core. A GPU recognises faster than a core
listens (decoding, voice detection): there, threads listen to the calls that come next while it works.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from inspect_pipeline.errors import RecordingError
from inspect_pipeline.model import Audio, Recording, Seconds, Transcript
from inspect_pipeline.speech.ahead import in_order
from inspect_pipeline.speech.assemble import assemble
from inspect_pipeline.speech.decode import Track, check_duration, decode
from inspect_pipeline.speech.device import listeners_of_a_gpu
from inspect_pipeline.speech.engine import Engine, Heard, WhisperEngine
from inspect_pipeline.speech.listen import Listened, call_turns, listen, sound_turns
from inspect_pipeline.speech.recognise import BATCHES, Spoken, recognise
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.turns import Turn
from inspect_pipeline.speech.unheard import as_speech
from inspect_pipeline.speech.windows import LONGEST_S

_COLLECT_EVERY = 50  # calls between two collections of what the audio library leaves in reference cycles
_AT_THE_GPU = 2  # threads: one waits for the GPU while the other prepares what it gets next


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A recording with the facts of its file and its transcript; or with neither, and why, as `error`.

    `elapsed_s` is the time it took: its own part, and by its speech a share of what was done for several together
    (with threads it counts their waiting, too).
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


@dataclass(frozen=True, slots=True)
class _Group:
    """Recordings whose speech is recognised together, in order: those that could be decoded, and the others' errors."""

    members: tuple[_Gathered | Transcribed, ...]

    @property
    def ready(self) -> list[_Gathered]:
        return [one for one in self.members if isinstance(one, _Gathered)]


@dataclass(frozen=True, slots=True)
class _Recognised:
    """A group, what was written for the turns of each call that is ready, and how long that took."""

    group: _Group
    written: list[list[tuple[Turn, Heard]]]
    elapsed_s: Seconds


class Transcriber:
    """Turns recordings into transcripts; keep one a process. Same recording, same transcript, whatever it is with.

    `engine` defaults to Whisper with `settings.model`. `listeners`: threads that decode and listen to the recordings
    that come next; by default none on a CPU, and on a GPU as many as it has cores of this machine. Raises ModelError
    when that model cannot be used.
    """

    def __init__(
        self, settings: SpeechSettings | None = None, engine: Engine | None = None, listeners: int | None = None
    ) -> None:
        self.settings = settings or SpeechSettings()
        self._engine = engine or WhisperEngine(self.settings)
        if listeners is None:
            listeners = listeners_of_a_gpu() if self._engine.on_gpu else 0
        self._listeners = listeners
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
        one = self._gather(recording)
        return one.audio, self._assembled(one, self._written([one])[0])

    def transcribe_many(self, recordings: Iterable[Recording]) -> Iterator[Transcribed]:
        """Yield what was heard of each recording, in order. A recording is asked for when it is to be decoded.

        As many are decoded as it takes to fill the recogniser's batches, and with listeners that again and a few more,
        so memory holds one long call or some short ones, however many there are.
        """
        gathered = in_order(self._gathered, recordings, self._listeners, 2 * self._listeners)
        at_the_gpu = _AT_THE_GPU if self._listeners else 0
        for recognised in in_order(self._recognised, self._groups(gathered), at_the_gpu, at_the_gpu):
            yield from self._transcribed(recognised)
            del recognised  # its sound, before more is decoded

    def _gathered(self, recording: Recording) -> _Gathered | Transcribed:
        started = time.monotonic()
        try:
            return self._gather(recording)
        except RecordingError as error:
            return Transcribed(recording, None, None, str(error), time.monotonic() - started)

    def _gather(self, recording: Recording) -> _Gathered:
        started = time.monotonic()
        audio, tracks = _decoded(recording)
        listened = listen(tracks, self.settings)
        spoken = Spoken(tracks, call_turns(listened, self.settings), sound_turns(listened, self.settings))
        return _Gathered(recording, audio, tracks, listened, spoken, time.monotonic() - started)

    def _groups(self, gathered: Iterable[_Gathered | Transcribed]) -> Iterator[_Group]:
        enough_s = BATCHES * self._engine.batch_size * LONGEST_S
        members: list[_Gathered | Transcribed] = []
        speech_s = 0.0
        for one in gathered:
            self._calls += 1
            if self._calls % _COLLECT_EVERY == 0:
                gc.collect()
            members.append(one)
            speech_s += one.speech_s if isinstance(one, _Gathered) else 0.0
            del one
            if speech_s >= enough_s:
                group, members, speech_s = _Group(tuple(members)), [], 0.0
                yield group
                del group
        if members:
            yield _Group(tuple(members))

    def _recognised(self, group: _Group) -> _Recognised:
        started = time.monotonic()
        written = self._written(group.ready)
        return _Recognised(group, written, time.monotonic() - started)

    def _transcribed(self, recognised: _Recognised) -> Iterator[Transcribed]:
        written = iter(recognised.written)
        a_second = recognised.elapsed_s / (sum(one.speech_s for one in recognised.group.ready) or 1.0)
        for one in recognised.group.members:
            if isinstance(one, Transcribed):
                yield one
                continue
            started = time.monotonic()
            transcript = self._assembled(one, next(written))
            elapsed_s = one.elapsed_s + a_second * one.speech_s + time.monotonic() - started
            yield Transcribed(one.recording, one.audio, transcript, None, elapsed_s)

    def _written(self, gathered: Sequence[_Gathered]) -> list[list[tuple[Turn, Heard]]]:
        return recognise(self._engine, [one.spoken for one in gathered], " ".join(self.settings.nouns))

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
