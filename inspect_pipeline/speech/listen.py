"""What the sound itself says, before any word is recognised: who speaks when on each track, and where music plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Span
from inspect_pipeline.speech.brief import brief_voices
from inspect_pipeline.speech.crosstalk import leakage, music_without_leakage
from inspect_pipeline.speech.decode import Track
from inspect_pipeline.speech.music import find_music
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.turns import Turn, cut_long, find_turns
from inspect_pipeline.speech.unheard import unheard_sound, unknown_frames
from inspect_pipeline.speech.vad import Frames, Speech, find_speech, frame_levels, speech_probabilities

_SHORT_MUSIC_S = 6.0  # may be a voice: it has tones, too, and where the detector is deaf it looks like a tune


@dataclass(frozen=True, slots=True)
class Listened:
    """One track: its speech, music and other loud sound in time order, and its level in dB of full scale each 32 ms.

    `brief` are voices too short to be turns ("mm"), which end a silence all the same.
    """

    speech: tuple[Speech, ...]
    music: tuple[Span, ...]
    sound: tuple[Span, ...]
    brief: tuple[Speech, ...]
    levels: Frames


def listen(tracks: Sequence[Track], settings: SpeechSettings) -> list[Listened]:
    """Find speech and music on each track of a call; what leaks from one channel into the other counts once."""
    levels = [frame_levels(track) for track in tracks]
    probabilities = [speech_probabilities(track, level) for track, level in zip(tracks, levels, strict=True)]
    own = probabilities
    if len(tracks) == 2:
        own = [_own(tracks, levels, probabilities, channel) for channel in (0, 1)]
    speech = [find_speech(each, level, settings.vad) for each, level in zip(own, levels, strict=True)]
    found = [find_music(*each) for each in zip(tracks, levels, speech, strict=True)]
    anybody = [span for _, words in found for span in words]
    listened = []
    for channel, (music, words) in enumerate(found):
        played = music
        if len(tracks) == 2:
            played = music_without_leakage(music, levels[channel], levels[1 - channel], found[1 - channel][1])
        other = levels[1 - channel] if len(tracks) == 2 else None
        known: list[Speech | Span] = [*words, *(tune for tune in played if tune.end_s - tune.start_s > _SHORT_MUSIC_S)]
        unknown = unknown_frames(levels[channel], other, known)
        sound = unheard_sound(levels[channel], unknown)
        brief = brief_voices(tracks[channel], levels[channel], unknown, anybody)
        listened.append(Listened(tuple(words), tuple(played), tuple(sound), tuple(brief), levels[channel]))
    return listened


def _own(tracks: Sequence[Track], levels: Sequence[Frames], probabilities: Sequence[Frames], channel: int) -> Frames:
    """A channel's probabilities of speech without what leaks in from the other one."""
    other = 1 - channel
    leaks = leakage((tracks[channel], tracks[other]), (levels[channel], levels[other]), probabilities[other])
    if not leaks.any():
        return probabilities[channel]
    # listened to again without the leak: the detector's memory of one voice makes it deaf to the next
    return speech_probabilities(tracks[channel], frame_levels(tracks[channel], leaks), leaks)


def call_turns(listened: Sequence[Listened], settings: SpeechSettings) -> list[Turn]:
    """Return the turns of a call in time order.

    A stereo turn bridges short pauses; in mono each span of speech stays alone until its speaker is known.
    """
    turns: list[Turn] = []
    for channel, track in enumerate(listened):
        stereo = len(listened) == 2
        other = listened[1 - channel].speech if stereo else ()
        gap_s = settings.turn_gap_s if stereo else 0.0
        for turn in find_turns(channel, track.speech, other, gap_s, settings.longest_turn_s):
            turns += cut_long(turn, track.levels, settings.longest_turn_s)
    return sorted(turns, key=lambda turn: (turn.start_s, turn.channel))


def sound_turns(listened: Sequence[Listened], settings: SpeechSettings) -> list[Turn]:
    """Return the loud stretches of a call that may be turns that the voice detector missed, in time order."""
    turns = [
        piece
        for channel, track in enumerate(listened)
        for span in track.sound
        for piece in cut_long(Turn(channel, span.start_s, span.end_s), track.levels, settings.longest_turn_s)
    ]
    return sorted(turns, key=lambda turn: (turn.start_s, turn.channel))
