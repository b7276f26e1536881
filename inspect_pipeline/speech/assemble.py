"""Turns, what was written for them and what the sound says -> the transcript of a call, with its speakers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inspect_pipeline.model import (
    Activity,
    ActivityKind,
    Audio,
    Recording,
    Removed,
    Speaker,
    SpeakerSource,
    Transcript,
    Utterance,
)
from inspect_pipeline.speech.decode import Track, samples
from inspect_pipeline.speech.engine import Heard
from inspect_pipeline.speech.guards import Cut, Stretch, guard
from inspect_pipeline.speech.listen import Listened
from inspect_pipeline.speech.music import share_in
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.speakers import Spoken, agent_channel, tell_apart
from inspect_pipeline.speech.turns import Turn
from inspect_pipeline.speech.voice import voice
from inspect_pipeline.text.normalise import simplify


@dataclass(frozen=True, slots=True)
class _Said:
    """One turn: what of its text was said, what was not, how sure the recogniser was, and who spoke."""

    turn: Turn
    text: str
    cuts: tuple[Cut, ...]
    confidence: float
    speaker: Speaker = Speaker.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Known:
    """The turns with their speakers, and how those are known."""

    said: tuple[_Said, ...]
    source: SpeakerSource
    confidence: float


def assemble(
    recording: Recording,
    audio: Audio,
    tracks: Sequence[Track],
    listened: Sequence[Listened],
    written: Sequence[tuple[Turn, Heard]],
    settings: SpeechSettings,
) -> Transcript:
    """Return the transcript of a call from its tracks, what was heard on them, and what was written for each turn."""
    said = [_said(turn, heard, listened[turn.channel], settings) for turn, heard in written]
    known = _by_channel(recording, said) if len(tracks) == 2 else _by_voice(tracks[0], said)
    stereo = len(tracks) == 2
    spoken = known.said if stereo else _joined(known.said, settings)
    utterances = tuple(_utterance(index, each, stereo) for index, each in enumerate(_with_text(spoken)))
    return Transcript(
        call_id=recording.call_id,
        duration_s=audio.duration_s,
        utterances=utterances,
        activity=_activity(listened, known.said, stereo),
        removed=_removed(known.said),
        speaker_source=known.source,
        speaker_confidence=known.confidence,
        confidence=_mean_confidence(utterances),
        channels=len(tracks),
    )


def _said(turn: Turn, heard: Heard, track: Listened, settings: SpeechSettings) -> _Said:
    peak = max(
        (span.peak for span in track.speech if span.start_s < turn.end_s and span.end_s > turn.start_s), default=0.0
    )
    stretch = Stretch(turn.end_s - turn.start_s, peak, share_in(track.music, turn.start_s, turn.end_s))
    text, cuts = guard(heard, stretch, settings.nouns)
    return _Said(turn, text, cuts, min(1.0, math.exp(heard.logprob)))


def _by_channel(recording: Recording, said: Sequence[_Said]) -> _Known:
    channel, confidence = recording.agent_channel, 1.0
    if channel is None:
        texts = [[each.text for each in said if each.turn.channel == side] for side in (0, 1)]
        channel, confidence = agent_channel(texts[0], texts[1])
    who = [Speaker.CUSTOMER, Speaker.CUSTOMER]
    who[channel] = Speaker.AGENT
    return _Known(
        tuple(replace(each, speaker=who[each.turn.channel]) for each in said), SpeakerSource.CHANNEL, confidence
    )


def _by_voice(track: Track, said: Sequence[_Said]) -> _Known:
    spoken = [
        Spoken(
            simplify(each.text),
            each.turn.end_s - each.turn.start_s,
            voice(samples(track, each.turn.start_s, each.turn.end_s)),
        )
        for each in said
    ]
    speakers = tell_apart(spoken)
    named = tuple(replace(each, speaker=who) for each, who in zip(said, speakers.who, strict=True))
    return _Known(named, speakers.source, speakers.confidence)


def _joined(said: Sequence[_Said], settings: SpeechSettings) -> list[_Said]:
    """Join the pieces of a mono call that one speaker said in one breath; the text is parted where the pause was."""
    joined: list[_Said] = []
    for each in _with_text(said):
        last = joined[-1] if joined else None
        if (
            last is None
            or each.speaker is Speaker.UNKNOWN
            or last.speaker is not each.speaker
            or each.turn.start_s - last.turn.end_s >= settings.turn_gap_s
            or each.turn.end_s - last.turn.start_s > settings.longest_turn_s
        ):
            joined.append(each)
            continue
        lengths = last.turn.end_s - last.turn.start_s, each.turn.end_s - each.turn.start_s
        confidence = (last.confidence * lengths[0] + each.confidence * lengths[1]) / sum(lengths)
        turn = Turn(last.turn.channel, last.turn.start_s, each.turn.end_s)
        joined[-1] = _Said(turn, f"{last.text} {each.text}", (), confidence, last.speaker)
    return joined


def _with_text(said: Sequence[_Said]) -> list[_Said]:
    return [each for each in said if each.text]


def _utterance(index: int, said: _Said, stereo: bool) -> Utterance:
    return Utterance(
        index=index,
        speaker=said.speaker,
        channel=said.turn.channel if stereo else None,
        start_s=_rounded(said.turn.start_s),
        end_s=_rounded(said.turn.end_s),
        text=simplify(said.text),
        text_raw=said.text,
        confidence=said.confidence,
    )


def _removed(said: Sequence[_Said]) -> tuple[Removed, ...]:
    return tuple(
        Removed(each.speaker, _rounded(each.turn.start_s), _rounded(each.turn.end_s), cut.text, cut.reason)
        for each in said
        for cut in each.cuts
    )


def _activity(listened: Sequence[Listened], said: Sequence[_Said], stereo: bool) -> tuple[Activity, ...]:
    activity = []
    for channel, track in enumerate(listened):
        side = channel if stereo else None
        own = [each for each in said if each.turn.channel == channel]
        anyone = own[0].speaker if stereo and own else Speaker.UNKNOWN
        heard = [(span, _speaker_at(own, (span.start_s + span.end_s) / 2)) for span in track.speech]
        for span, speaker in (*heard, *((span, anyone) for span in track.brief)):
            start_s, end_s = _rounded(span.start_s), _rounded(span.end_s)
            activity.append(Activity(ActivityKind.SPEECH, speaker, side, start_s, end_s, round(span.level_db, 1)))
        for played in track.music:
            start_s, end_s = _rounded(played.start_s), _rounded(played.end_s)
            activity.append(Activity(ActivityKind.MUSIC, anyone, side, start_s, end_s))
    return tuple(sorted(activity, key=lambda each: (each.start_s, each.channel or 0, each.end_s)))


def _speaker_at(said: Sequence[_Said], moment_s: float) -> Speaker:
    for each in said:
        if each.turn.start_s <= moment_s <= each.turn.end_s:
            return each.speaker
    return Speaker.UNKNOWN


def _mean_confidence(utterances: Sequence[Utterance]) -> float:
    seconds = sum(each.end_s - each.start_s for each in utterances)
    if not seconds:
        return 0.0
    return sum(each.confidence * (each.end_s - each.start_s) for each in utterances) / seconds


def _rounded(seconds: float) -> float:
    """Seconds to a millisecond: the frames are 32 ms long."""
    return round(seconds, 3)
