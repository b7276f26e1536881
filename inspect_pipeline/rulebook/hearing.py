"""One call as the rules see it: its transcript, what the matcher found in it, its turns and its speech.

Everything is worked out at most once a call and shared by all rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from inspect_pipeline.model import ActivityKind, Match, Reason, Removed, Seconds, Speaker, Transcript, Utterance
from inspect_pipeline.rulebook.rule import Group
from inspect_pipeline.rulebook.settings import JudgeSettings
from inspect_pipeline.rulebook.spans import Interval, merge, shared, without
from inspect_pipeline.rulebook.terms import Hit, Like, Look, Near, Phrase, Regex, Term

# A listener's noise: neither a turn of its own nor the end of the other's.
_BACKCHANNEL = re.compile(r"[\W嗯啊哦噢喔呃额诶欸哎唉哈嘿]*")


class Truth(Enum):
    """Whether something is so; `UNSURE` where the call does not allow an answer."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Found:
    """A hit in its utterance. `position` is the utterance's place in the transcript."""

    term: Term
    hit: Hit
    utterance: Utterance
    position: int

    def second(self, offset: int) -> Seconds:
        """Return the second at which a character is spoken, as if all took the same time."""
        said = self.utterance
        return said.start_s + (said.end_s - said.start_s) * offset / max(len(said.text), 1)

    @property
    def start_s(self) -> Seconds:
        """The second at which the hit begins."""
        return self.second(self.hit.start)

    @property
    def end_s(self) -> Seconds:
        """The second at which the hit ends."""
        return self.second(self.hit.end)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of a search: with YES what was found, with NO the forbidden thing found (none for mere absence)."""

    truth: Truth
    found: tuple[Found, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Members:
    """What is in a group: `terms` of its own and of the groups in it, the `places` of the terms in `group.any`, and
    the places of the `groups` in it."""

    terms: frozenset[Term]
    places: Mapping[Term, int]
    groups: tuple[int, ...]


Alike = Callable[[Like, Sequence[Utterance]], Sequence[Hit]]
"""Returns the clauses of some utterances that mean what a `like` term describes."""


def label(term: Term) -> str:
    """Return the term as a reader knows it from the pack."""
    match term:
        case Phrase():
            return term.text
        case Regex():
            return term.pattern
        case Near():
            return " … ".join(phrase.text for phrase in term.phrases)
        case Like():
            return term.examples[0] if term.examples else ""


class Hearing:
    """One call and what was found in it. Build one a call; all rules ask it."""

    def __init__(
        self,
        transcript: Transcript,
        look: Look,
        settings: JudgeSettings,
        members: Mapping[int, Members] | None = None,
        alike: Alike | None = None,
    ) -> None:
        """`members` gives what is in groups by their identity: hashing terms is dearer than looking.

        `alike` is asked for the `like` terms that `look` has left out.
        """
        self.transcript = transcript
        self.utterances = transcript.utterances
        self.look = look
        self.settings = settings
        self.trusted = transcript.speaker_confidence >= settings.min_speaker_confidence
        self._position = {said.index: position for position, said in enumerate(self.utterances)}
        self._found: dict[Term, tuple[Found, ...]] = {}
        self._speech: dict[Speaker, list[Interval]] = {}
        self._understood: dict[Speaker, list[Interval]] = {}
        self._members = members or {}
        self._alike = alike
        self._alike_in: dict[tuple[Like, int], tuple[Found, ...]] = {}
        self.lost: dict[Speaker, tuple[Seconds, Seconds]] = {}  # of the whole call, see `fairness.lost_seconds`
        # Most terms of most rules are simply not there: the others, worked out once, save looking at those.
        self.touched = frozenset(
            (
                *(term for term, hits in look.hits.items() if hits or (alike and isinstance(term, Like))),
                *look.almost.keys(),
                *look.unable.keys(),
            )
        )

    @cached_property
    def asks_model(self) -> bool:
        """Whether a sentence model is asked for any of the terms."""
        return self._alike is not None and any(
            isinstance(term, Like) and term not in self.look.unable for term in self.look.hits
        )

    def touches(self, group: Group) -> bool:
        """Return False when all terms of a group were looked for and none is there, nor anything like it."""
        members = self._members.get(id(group))
        return members is None or not self.touched.isdisjoint(members.terms)

    def worth_asking(self, group: Group) -> Sequence[Term | Group]:
        """Return the members of `group.any`, in their order, less the terms that are not there in any way."""
        members = self._members.get(id(group))
        if members is None:
            return group.any
        places = [members.places[term] for term in self.touched & members.terms if term in members.places]
        return [group.any[place] for place in sorted((*places, *members.groups))]

    def found(self, term: Term) -> tuple[Found, ...]:
        """Return where a term was found, in the order of the call."""
        known = self._found.get(term)
        if known is None:
            known = self._placed(term, self.look.hits.get(term, ()))
            self._found[term] = known
        return known

    def found_in(self, term: Term, positions: Iterable[int], speaker: Speaker) -> Sequence[Found]:
        """Return where a term was found by a speaker in the utterances at `positions`, or anywhere else as well."""
        if self._alike is None or not isinstance(term, Like) or term in self.look.unable:
            return self.found(term)
        places = [at for at in sorted(positions) if self.by(self.utterances[at], speaker) is not Truth.NO]
        unknown = [at for at in places if (term, at) not in self._alike_in]
        if unknown:
            self._alike_in |= {(term, at): () for at in unknown}
            for found in self._placed(term, self._alike(term, [self.utterances[at] for at in unknown])):
                self._alike_in[term, found.position] += (found,)
        return [found for at in places for found in self._alike_in[term, at]]

    def almost(self, term: Term) -> tuple[Found, ...]:
        """Return what resembles a term too little for a hit and too much for a believable absence."""
        return self._placed(term, self.look.almost.get(term, ()))

    def _placed(self, term: Term, hits: Iterable[Hit]) -> tuple[Found, ...]:
        places = self._position
        return tuple(Found(term, hit, self.utterances[places[hit.utterance]], places[hit.utterance]) for hit in hits)

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
            if _BACKCHANNEL.fullmatch(said.text):
                runs.append(0)
                continue
            if said.speaker is not speaking:
                current, speaking = current + 1, said.speaker
            runs.append(current)
        return tuple(runs)

    def is_turn_of(self, position: int, speaker: Speaker) -> bool:
        """Return whether an utterance counts towards a speaker's turns."""
        return self.runs[position] > 0 and speaker in (Speaker.UNKNOWN, self.utterances[position].speaker)

    def spans(self, kind: ActivityKind, speaker: Speaker) -> list[Interval]:
        """Return the stretches of one kind on a speaker's channel (`UNKNOWN`: on any), merged; blips left out."""
        blip = self.settings.blip_s if kind is ActivityKind.SPEECH else 0.0
        return merge(
            (part.start_s, part.end_s)
            for part in self.transcript.activity
            if part.kind is kind and speaker in (Speaker.UNKNOWN, part.speaker) and part.end_s - part.start_s >= blip
        )

    @cached_property
    def measured(self) -> bool:
        """Whether voice activity was measured; if not, the utterances' own times stand in for it."""
        return any(part.kind is ActivityKind.SPEECH for part in self.transcript.activity)

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
        covered = merge(
            (said.start_s - pad, said.end_s + pad)
            for said in self.utterances
            if said.confidence >= settings.min_utterance_confidence and self.by(said, whose) is not Truth.NO
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
            ends.append(max(said.end_s for said in self.utterances))
        if not starts:
            return 0.0, self.transcript.duration_s
        return min(starts), max(ends)
