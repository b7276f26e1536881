"""What the sound itself says, before any word is recognised: who speaks when on each track, and where music plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Span
from inspect_pipeline.speech.crosstalk import music_without_leakage, without_leakage
from inspect_pipeline.speech.decode import Track
from inspect_pipeline.speech.music import find_music
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.turns import Turn, cut_long, find_turns
from inspect_pipeline.speech.vad import Frames, Speech, find_speech, frame_levels, speech_probabilities


@dataclass(frozen=True, slots=True)
class Listened:
    """One track: its speech and music in time order, and its level in dB of full scale each 32 ms."""

    speech: tuple[Speech, ...]
    music: tuple[Span, ...]
    levels: Frames


def listen(tracks: Sequence[Track], settings: SpeechSettings) -> list[Listened]:
    """Find speech and music on each track of a call; what leaks from one channel into the other counts once."""
    levels = [frame_levels(track) for track in tracks]
    found = []
    for track, level in zip(tracks, levels, strict=True):
        speech = find_speech(speech_probabilities(track), level, settings.vad)
        found.append(find_music(track, level, speech))
    if len(tracks) == 1:
        music, own = found[0]
        return [Listened(tuple(own), tuple(music), levels[0])]
    listened = []
    for channel, (music, own) in enumerate(found):
        heard = found[1 - channel][1]
        kept = without_leakage(tracks[channel], tracks[1 - channel], levels[channel], levels[1 - channel], own, heard)
        played = music_without_leakage(music, levels[channel], levels[1 - channel], heard)
        listened.append(Listened(tuple(kept), tuple(played), levels[channel]))
    return listened


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
