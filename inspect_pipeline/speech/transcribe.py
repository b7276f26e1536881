"""A recording -> its transcript: decode, find who speaks when, recognise each turn, keep out what nobody said."""

from __future__ import annotations

import gc
import math
from collections.abc import Sequence

from inspect_pipeline.errors import RecordingError
from inspect_pipeline.model import (
    Activity,
    ActivityKind,
    Audio,
    Recording,
    Speaker,
    SpeakerSource,
    Transcript,
    Utterance,
)
from inspect_pipeline.speech.decode import Track, check_duration, decode, samples
from inspect_pipeline.speech.engine import Engine, Heard, WhisperEngine
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.turns import Turn, cut_long, find_turns
from inspect_pipeline.speech.vad import Frames, Speech, find_speech, frame_levels, speech_probabilities
from inspect_pipeline.text.normalise import simplify

_LEAD_S = 0.2  # sound given to the recogniser before and after a turn
_COLLECT_EVERY = 50  # calls between two collections of what the audio library leaves in cycles


class Transcriber:
    """Turns recordings into transcripts, one at a time; keep one a process. Same recording, same transcript.

    `name` identifies the model and its numbers. Raises ModelError when the model cannot be used.
    """

    def __init__(self, settings: SpeechSettings | None = None, engine: Engine | None = None) -> None:
        self.settings = settings or SpeechSettings()
        self._engine = engine or WhisperEngine(self.settings)
        self._calls = 0

    @property
    def name(self) -> str:
        """The model and its compute type."""
        return self._engine.name

    def transcribe(self, recording: Recording) -> tuple[Audio, Transcript]:
        """Return the facts of the file and the transcript of the call.

        Raises RecordingError (one line; the manifest's line in front when there is one) when the file cannot be
        decoded or is shorter than it or the manifest says.
        """
        place = recording.place or recording.call_id
        audio, tracks = self._decoded(recording, place)
        levels = [frame_levels(track) for track in tracks]
        speech = [
            find_speech(speech_probabilities(track), level, self.settings.vad)
            for track, level in zip(tracks, levels, strict=True)
        ]
        turns = self._turns(speech, levels)
        heard = self._recognise(tracks, turns)
        transcript = _assemble(recording, audio, turns, heard, speech)
        self._calls += 1
        if self._calls % _COLLECT_EVERY == 0:
            gc.collect()
        return audio, transcript

    def _decoded(self, recording: Recording, place: str) -> tuple[Audio, list[Track]]:
        try:
            audio, tracks = decode(recording.path)
            if recording.duration_s is not None:
                check_duration(recording.path, audio.duration_s, recording.duration_s, "the manifest")
        except RecordingError as error:
            if not recording.place:
                raise
            raise RecordingError(f"{place}: {error}") from error
        return audio, tracks

    def _turns(self, speech: Sequence[Sequence[Speech]], levels: Sequence[Frames]) -> list[Turn]:
        turns: list[Turn] = []
        for channel, spans in enumerate(speech):
            other = speech[1 - channel] if len(speech) == 2 else ()
            gap_s = self.settings.turn_gap_s if len(speech) == 2 else 0.0
            for turn in find_turns(channel, spans, other, gap_s, self.settings.longest_turn_s):
                turns += cut_long(turn, levels[channel], self.settings.longest_turn_s)
        return sorted(turns, key=lambda turn: (turn.start_s, turn.channel))

    def _recognise(self, tracks: Sequence[Track], turns: Sequence[Turn]) -> list[Heard]:
        stretches = [samples(tracks[turn.channel], turn.start_s - _LEAD_S, turn.end_s + _LEAD_S) for turn in turns]
        return self._engine.recognise(stretches, " ".join(self.settings.nouns))


def _assemble(
    recording: Recording,
    audio: Audio,
    turns: Sequence[Turn],
    heard: Sequence[Heard],
    speech: Sequence[Sequence[Speech]],
) -> Transcript:
    who = [Speaker.AGENT, Speaker.CUSTOMER] if audio.channels == 2 else [Speaker.UNKNOWN]
    if recording.agent_channel == 1:
        who.reverse()
    utterances = tuple(
        Utterance(
            index,
            who[turn.channel],
            turn.channel if audio.channels == 2 else None,
            turn.start_s,
            turn.end_s,
            simplify(each.text),
            each.text,
            math.exp(each.logprob),
        )
        for index, (turn, each) in enumerate(zip(turns, heard, strict=True))
    )
    activity = tuple(
        Activity(ActivityKind.SPEECH, who[channel], channel, span.start_s, span.end_s, span.level_db)
        for channel, spans in enumerate(speech)
        for span in spans
    )
    return Transcript(
        recording.call_id,
        audio.duration_s,
        utterances,
        activity,
        channels=audio.channels,
        speaker_source=SpeakerSource.CHANNEL if audio.channels == 2 else SpeakerSource.UNKNOWN,
        speaker_confidence=1.0 if audio.channels == 2 else 0.0,
    )
