"""One call as the rules see it: its transcript, what the matcher found in it, its turns and its speech.

Everything is worked out at most once a call and shared by all rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from inspect_pipeline.model import ActivityKind, Match, Reason, Removed, Seconds, Speaker, Transcript, Utterance
from inspect_pipeline.rulebook.intents import is_backchannel
from inspect_pipeline.rulebook.listening import Found, Listening
from inspect_pipeline.rulebook.members import Members
from inspect_pipeline.rulebook.rule import Group
from inspect_pipeline.rulebook.settings import JudgeSettings
from inspect_pipeline.rulebook.spans import Interval, clip, merge, shared, without
from inspect_pipeline.rulebook.terms import Intent

if TYPE_CHECKING:
    from inspect_pipeline.rulebook.windows import Scope


class Truth(Enum):
    """Whether something is so; `UNSURE` where the call does not allow an answer."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class Outcome(NamedTuple):
    """The answer of a search: with YES what was found, with NO the forbidden thing found (none for mere absence)."""

    truth: Truth
    found: tuple[Found, ...] = ()
    reason: Reason | None = None


class Hearing:
    """One call and what was found in it. Build one a call; all rules ask it."""

    def __init__(
        self, transcript: Transcript, listening: Listening, settings: JudgeSettings, members: Mapping[int, Members]
    ) -> None:
        """`members`: of every group that is asked for, by its identity."""
        self.transcript = transcript
        self.utterances = transcript.utterances
        self.listening = listening
        self.settings = settings
        self._touched: dict[Speaker, frozenset[int]] = {}
        self._members = members
        self.trusted = transcript.speaker_confidence >= settings.min_speaker_confidence
        self._spoken: dict[Speaker, frozenset[int]] = {}
        self._turns: dict[Speaker, Mapping[int, int]] = {}
        self._speech: dict[Speaker, list[Interval]] = {}
        self._understood: dict[Speaker, list[Interval]] = {}
        self.doubts: dict[Speaker, Reason | None] = {}  # about the whole call, see `fairness.doubt_nothing`
        self.scopes: dict[tuple[int, Speaker], Scope] = {}  # of windows, see `windows.window_scope`
        self.lost: dict[Speaker, tuple[Seconds, Seconds]] = {}  # of the whole call, see `fairness.lost_seconds`

    def members(self, group: Group) -> Members:
        """Return what is in a group of the rules."""
        return self._members[id(group)]

    @property
    def asks_model(self) -> bool:
        """Whether a sentence model is asked for any of the terms."""
        matcher = self.listening.matcher
        return matcher.similarity is not None and bool(matcher.likes)

    def touched(self, speaker: Speaker) -> frozenset[int]:
        """Return the terms that may be in what a speaker says."""
        known = self._touched.get(speaker)
        if known is None:
            known = self._touched[speaker] = self.listening.touched(self.places(None, speaker))
        return known

    def places(self, positions: frozenset[int] | None, speaker: Speaker) -> frozenset[int]:
        """Return the utterances at `positions` (None: all) that are, or may be, a speaker's."""
        known = self._spoken.get(speaker)
        if known is None:
            known = self._spoken[speaker] = self._spoken_by(speaker)
        return known if positions is None else known & positions

    def _spoken_by(self, speaker: Speaker) -> frozenset[int]:
        if speaker is Speaker.UNKNOWN or not self.trusted:
            return frozenset(range(len(self.utterances)))
        who = (speaker, Speaker.UNKNOWN)
        return frozenset([at for at, said in enumerate(self.utterances) if said.speaker in who])

    @cached_property
    def unsure(self) -> bool:
        """Whether it is unsure of any utterance who said it."""
        return not self.trusted or Speaker.UNKNOWN in [said.speaker for said in self.utterances]

    def by(self, said: Utterance, speaker: Speaker) -> Truth:
        """Return whether an utterance is a speaker's; `UNKNOWN` asks for anybody's."""
        if speaker is Speaker.UNKNOWN:
            return Truth.YES
        if not self.trusted or said.speaker is Speaker.UNKNOWN:
            return Truth.UNSURE
        return Truth.YES if said.speaker is speaker else Truth.NO

    def doubtful(self, found: Found, blames: bool) -> bool:
        """Return whether a hit is too weak: to be heard at all or, when it `blames` somebody, to do that."""
        settings, hit, confidence = self.settings, found.hit, found.utterance.confidence
        if confidence < settings.doubtful_any_confidence:
            return True
        if blames and isinstance(found.term, Intent):
            short = self.listening.lines[found.position].length < settings.short_intent_characters
            unlikely = short and hit.distance < settings.short_intent_probability
            return confidence < settings.doubtful_intent_confidence or unlikely
        if blames and hit.match is Match.LIKE:
            return confidence < settings.doubtful_like_confidence
        if not blames or hit.match not in (Match.SOUND, Match.NEAR):
            return False
        far = hit.match is Match.NEAR and hit.distance > settings.doubtful_distance * (hit.end - hit.start)
        return far or confidence < settings.doubtful_confidence

    @cached_property
    def runs(self) -> tuple[int, ...]:
        """The turn each utterance belongs to, from 1: a maximal run of one speaker's utterances.

        A backchannel (嗯, 啊) neither is a turn nor ends the other's; it has 0.
        """
        runs: list[int] = []
        current, speaking = 0, None
        for said in self.utterances:
            if is_backchannel(said.text):
                runs.append(0)
                continue
            if said.speaker is not speaking:
                current, speaking = current + 1, said.speaker
            runs.append(current)
        return tuple(runs)

    def turns_of(self, speaker: Speaker) -> Mapping[int, int]:
        """Return the utterances that count towards a speaker's turns, each with its turn, in their order."""
        known = self._turns.get(speaker)
        if known is None:
            anybody, said = speaker is Speaker.UNKNOWN, self.utterances
            known = self._turns[speaker] = {
                at: run for at, run in enumerate(self.runs) if run and (anybody or said[at].speaker is speaker)
            }
        return known

    def spans(self, kind: ActivityKind, speaker: Speaker) -> list[Interval]:
        """Return the stretches of one kind on a speaker's channel (`UNKNOWN`: on any), merged; blips left out."""
        anybody = speaker is Speaker.UNKNOWN
        found = [
            (part.start_s, part.end_s)
            for part in self.transcript.activity
            if part.kind is kind and (anybody or part.speaker is speaker)
        ]
        if kind is not ActivityKind.SPEECH:
            return merge(found)
        blip, near = self.settings.blip_s, self.settings.blip_near_s
        long = [(start, end) for start, end in found if end - start >= blip]
        if len(long) < len(found):
            around = merge([(start - near, end + near) for start, end in long])
            long += [(start, end) for start, end in found if end - start < blip and clip(around, start, end)]
        return merge(long)

    @cached_property
    def measured(self) -> bool:
        """Whether voice activity was measured; if not, the utterances' own times stand in for it."""
        return ActivityKind.SPEECH in [part.kind for part in self.transcript.activity]

    def speech(self, speaker: Speaker) -> list[Interval]:
        """Return when a speaker spoke (`UNKNOWN`: when anybody did), merged.

        On a mono recording speech belongs to nobody yet, and everybody's is returned.
        """
        if speaker not in self._speech:
            self._speech[speaker] = self._heard_speech(speaker)
        return self._speech[speaker]

    def _heard_speech(self, speaker: Speaker) -> list[Interval]:
        anybody = Speaker.UNKNOWN
        if self.measured:
            return self.spans(ActivityKind.SPEECH, anybody if self.transcript.channels == 1 else speaker)
        texts: tuple[Utterance | Removed, ...] = (*self.utterances, *self.transcript.removed)
        return merge((text.start_s, text.end_s) for text in texts if speaker in (anybody, text.speaker))

    def understood(self, speaker: Speaker) -> list[Interval]:
        """Return the part of a speaker's speech that was understood, merged; see `JudgeSettings` for what is lost."""
        if speaker not in self._understood:
            self._understood[speaker] = self._understood_speech(speaker)
        return self._understood[speaker]

    def _understood_speech(self, speaker: Speaker) -> list[Interval]:
        settings = self.settings
        pad = settings.cover_pad_s if self.measured else 0.0
        whose = Speaker.UNKNOWN if self.transcript.channels == 1 else speaker
        least, places = settings.min_utterance_confidence, self.places(None, whose)
        covered = merge(
            [
                (said.start_s - pad, said.end_s + pad)
                for at, said in enumerate(self.utterances)
                if said.confidence >= least and at in places
            ]
        )
        removed = merge(
            (text.start_s, text.end_s)
            for text in self.transcript.removed
            if Speaker.UNKNOWN in (whose, text.speaker) or text.speaker is whose
        )
        return without(shared(self.speech(speaker), covered), removed)

    @cached_property
    def bounds(self) -> Interval:
        """The first and the last second of speech: ring-back before and silence after are not part of the talk."""
        speech = self.speech(Speaker.UNKNOWN)
        starts = [speech[0][0]] if speech else []
        ends = [speech[-1][1]] if speech else []
        if self.utterances:
            starts.append(self.utterances[0].start_s)
            ends.append(max([said.end_s for said in self.utterances]))
        if not starts:
            return 0.0, self.transcript.duration_s
        return min(starts), max(ends)
