"""The words of the product as types: what each part of the pipeline hands to the next.

Data flows one way: recording -> tracks -> transcript -> findings -> score and risk -> flags -> reviews.
Everything here is immutable and free of logic. Times are seconds from the start of the recording
unless a name says otherwise; a `datetime` always carries its zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Seconds = float


class Speaker(StrEnum):
    """Who spoke."""

    AGENT = "agent"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"


class SpeakerSource(StrEnum):
    """How the speakers of a call were told apart."""

    CHANNEL = "channel"  # one speaker a stereo channel
    TEXT = "text"  # from what was said and who took turns (mono), or written in a dialogue
    VOICE = "voice"  # from the sound of the voices (mono)
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """The answer of one rule for one call. Every rule gives exactly one."""

    MET = "met"
    VIOLATED = "violated"
    NOTICED = "noticed"
    UNCERTAIN = "uncertain"
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """How grave a violation is. A critical one sets the score to the floor and is always heard."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


class Risk(StrEnum):
    """How urgently a person should hear the call."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


class Match(StrEnum):
    """How a piece of evidence was found."""

    EXACT = "exact"  # the normalised characters are the same
    SOUND = "sound"  # the syllables are the same
    NEAR = "near"  # a few syllables differ; `value` is the distance
    REGEX = "regex"
    LIKE = "like"  # a sentence model; `value` is the score
    MEASURE = "measure"  # measured in the audio; `value` is seconds, characters a minute or a share


class ActivityKind(StrEnum):
    """What a stretch of audio on one channel is."""

    SPEECH = "speech"
    MUSIC = "music"  # hold music or ring-back: sound, but nobody speaks


class CallStatus(StrEnum):
    """What became of a call. calls in = inspected + failed + skipped."""

    INSPECTED = "inspected"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Recording:
    """One audio file of one call, with its metadata from the phone system.

    `path` is absolute (or a URL); `agent_channel` is 0 or 1, None for mono or when not told;
    `metadata` holds the manifest's columns that have no field of their own; `place` is the manifest's
    line, `path:line`, for messages (empty for a file found in a folder).
    """

    call_id: str
    path: str
    started_at: datetime | None = None
    duration_s: Seconds | None = None
    agent_id: str | None = None
    team: str | None = None
    site: str | None = None
    queue: str | None = None
    direction: str | None = None
    customer_number: str | None = None
    agent_channel: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in seconds."""

    start_s: Seconds
    end_s: Seconds


@dataclass(frozen=True, slots=True)
class Activity:
    """One stretch of speech or music on one channel, from voice activity detection (not from recognition)."""

    kind: ActivityKind
    speaker: Speaker
    channel: int | None
    start_s: Seconds
    end_s: Seconds
    level_db: float | None = None  # mean level, dB relative to full scale


@dataclass(frozen=True, slots=True)
class Utterance:
    """One stretch of speech by one speaker, a turn long at most.

    `text` is Simplified Chinese as it is judged, `text_raw` what the recogniser wrote, `confidence` 0-1.
    """

    index: int
    speaker: Speaker
    channel: int | None
    start_s: Seconds
    end_s: Seconds
    text: str
    text_raw: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Removed:
    """Recognised text that nobody said (a loop, a stock hallucination, text on silence), kept out of the judging."""

    speaker: Speaker
    start_s: Seconds
    end_s: Seconds
    text: str
    reason: str  # loop | stock | silence | music | prompt


@dataclass(frozen=True, slots=True)
class Transcript:
    """All utterances of a call in time order, and what the audio itself says about who spoke when.

    `timed` is False for a text dialogue without times: its seconds are estimates, and timing rules do not apply.
    `speaker_confidence` 0-1 is 1 for channels; rules that need a speaker abstain when it is low.
    `confidence` 0-1 is the mean over the utterances, weighted by duration; 0 when nothing was recognised.
    """

    call_id: str
    duration_s: Seconds
    utterances: tuple[Utterance, ...]
    activity: tuple[Activity, ...] = ()
    removed: tuple[Removed, ...] = ()
    speaker_source: SpeakerSource = SpeakerSource.CHANNEL
    speaker_confidence: float = 1.0
    confidence: float = 1.0
    channels: int = 2
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a finding rests on: the quote, its seconds, its speaker, the term and how it matched.

    `utterance` is None for what was measured. `value`: edit distance, score, or the measured number.
    """

    utterance: int | None
    speaker: Speaker
    start_s: Seconds
    end_s: Seconds
    quote: str
    term: str
    match: Match
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is: a stable code with its values; `wording.reason_text` says it in words."""

    code: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one rule for one call, with its evidence. `risk` is what this finding raises the call's risk to."""

    call_id: str
    rule_id: str
    fingerprint: str
    verdict: Verdict
    severity: Severity
    points_lost: float
    risk: Risk
    reason: Reason
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings of a call and what they add up to. `score` is None when nothing could be judged."""

    findings: tuple[Finding, ...]
    score: float | None
    risk: Risk


@dataclass(frozen=True, slots=True)
class Audio:
    """Facts of the decoded file. `same_channels`: it is stereo with one sound on both channels, treated as mono."""

    sha256: str
    duration_s: Seconds
    channels: int
    sample_rate: int
    codec: str
    same_channels: bool = False


@dataclass(frozen=True, slots=True)
class CallResult:
    """One call of the night, whatever became of it. `error` is set for failed and skipped calls."""

    recording: Recording
    status: CallStatus
    error: str | None = None
    audio: Audio | None = None
    transcript: Transcript | None = None
    judgement: Judgement | None = None
    elapsed_s: Seconds = 0.0  # for the progress line and the slowest calls; never stored in a table


@dataclass(frozen=True, slots=True)
class Flag:
    """A call that a person must hear: why, with what probability it was drawn, by when."""

    call_id: str
    reasons: tuple[str, ...]
    probability: float
    draw: float
    risk: Risk
    due_at: datetime | None
    reviewer: str | None = None
    second_reviewer: str | None = None


class SentenceModel(Protocol):
    """A sentence encoder. `name` identifies model and version (an answer depends on them)."""

    name: str

    def embed(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one unit-length vector a sentence, in order: shape (sentences, size of the encoder)."""
        ...
