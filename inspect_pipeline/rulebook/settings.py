"""When the judge abstains, and from where on it measures."""

from __future__ import annotations

from dataclasses import dataclass

from inspect_pipeline.model import Seconds


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """When the judge abstains. Shares and confidences are 0-1, times seconds.

    Absence (`must_say`, `must_reply`, `must_follow`) is believed while at most `max_lost` of the speaker's speech in
    the searched window, or less than `min_lost_s` of it, was unintelligible, and the mean confidence there is at least
    `min_confidence`. Speech is lost where no utterance of confidence `min_utterance_confidence` covers it (within
    `cover_pad_s`) or where what was recognised had to be removed. An answer that blames nobody (nothing forbidden
    found, no trigger, no signal) is believed while no more than `max_lost_overall` of the speaker's speech in the call
    is lost. Where a hit blames somebody, one by sound or near is doubted below `doubtful_confidence`, a near one also
    when more than `doubtful_distance` of its syllables differ, one by a sentence model below `doubtful_like_confidence`
    (to which what is garbled can seem to mean anything), an intent below `doubtful_intent_confidence`, and
    one that is less probable than `short_intent_probability` in an utterance of fewer than `short_intent_characters`
    characters (all three blames that rested on so little in 288 calls as text and 72 recognised ones were false). Any
    hit is doubted below `doubtful_any_confidence`.
    Speakers are believed from `min_speaker_confidence`. Speech shorter than `blip_s` breaks no silence, unless it is
    within `blip_near_s` of longer speech: then it is a syllable of it or a brief answer to it.

    The confidences are those of Whisper base on telephone speech. An utterance of 0.5 has half of its words or fewer;
    what resembles there the phrase that is missing (`Look.almost`) is doubted on its own, so more may be believed: on
    104 calls, bounds of 0.5 and 0.4 found 14 more of 190 violations than 0.6 and 0.5, with 12 false alarms, not 11.
    """

    min_speaker_confidence: float = 0.7
    max_lost: float = 0.25
    min_lost_s: Seconds = 0.8
    min_confidence: float = 0.5
    min_utterance_confidence: float = 0.4
    cover_pad_s: Seconds = 0.3
    max_lost_overall: float = 0.6
    doubtful_confidence: float = 0.6
    doubtful_like_confidence: float = 0.8
    doubtful_intent_confidence: float = 0.45
    short_intent_characters: int = 7
    short_intent_probability: float = 0.9
    doubtful_distance: float = 0.15
    doubtful_any_confidence: float = 0.2
    blip_s: Seconds = 0.2
    blip_near_s: Seconds = 1.0
    hold_music_share: float = 0.5
    min_rate_characters: int = 30
    repeat_characters: int = 6
    repeat_similarity: float = 0.8
