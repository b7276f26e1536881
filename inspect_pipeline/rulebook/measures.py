"""What is measured in the audio of a call: waits, interruptions, speech rate, delays, loudness, repeats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from inspect_pipeline.model import ActivityKind, Evidence, Match, Reason, Speaker, Verdict
from inspect_pipeline.rulebook.hearing import Hearing, Truth
from inspect_pipeline.rulebook.keys import WAITS
from inspect_pipeline.rulebook.rule import Measure, Quantity
from inspect_pipeline.rulebook.spans import Interval, between, clip, merge, total

# Pauses inside one stretch of speech: shorter ones do not end it.
INTERRUPTER_PAUSE_S = 0.3
INTERRUPTED_PAUSE_S = 0.9  # somebody who takes a breath is still speaking; of 660 calls 1.0 gives one false alarm

_NEEDS_CHANNELS = (Quantity.INTERRUPTION, Quantity.SPEECH_RATE, Quantity.TALK_SHARE, Quantity.VOLUME)

_WITHOUT_TIMES = (Quantity.AGENT_REPEATS, Quantity.CUSTOMER_REPEATS)


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of a call. `evidence` is what it was read from, each with its own value."""

    value: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Why there is no number, and what the rule answers then."""

    verdict: Verdict
    reason: Reason


def unmeasurable(quantity: Quantity, hearing: Hearing) -> Unmeasured | None:
    """Return why a quantity cannot be measured in this recording at all."""
    if not hearing.transcript.timed and quantity not in _WITHOUT_TIMES:
        return Unmeasured(Verdict.NOT_APPLICABLE, Reason("untimed"))
    if quantity in _NEEDS_CHANNELS and hearing.transcript.channels == 1:
        return Unmeasured(Verdict.NOT_APPLICABLE, Reason("mono"))
    return None


def is_counted(quantity: Quantity) -> bool:
    """Return whether a quantity happens any number of times in a call, each with a length, rather than being one."""
    return quantity in WAITS or quantity is Quantity.INTERRUPTION


def occurrences(measure: Measure, hearing: Hearing) -> tuple[Evidence, ...]:
    """Return every wait or interruption longer than the limit (an interruption: as long or longer), `value` seconds."""
    if measure.quantity is Quantity.INTERRUPTION:
        return _interruptions(measure, hearing)
    return tuple(
        _measured(Speaker.UNKNOWN, wait, wait[1] - wait[0])
        for wait in _waits(measure.quantity, hearing)
        if wait[1] - wait[0] > measure.limit
    )


def _measured(speaker: Speaker, where: Interval, value: float) -> Evidence:
    return Evidence(None, speaker, where[0], where[1], "", "", Match.MEASURE, round(value, 3))


def _waits(quantity: Quantity, hearing: Hearing) -> list[Interval]:
    gaps = between(hearing.speech(Speaker.UNKNOWN))
    if quantity is Quantity.WAIT:
        return gaps
    music = hearing.spans(ActivityKind.MUSIC, Speaker.UNKNOWN)
    share = hearing.settings.hold_music_share
    held = quantity is Quantity.HOLD
    if not music and share > 0:
        return [] if held else gaps
    return [gap for gap in gaps if (total(clip(music, *gap)) >= share * (gap[1] - gap[0])) is held]


def _interruptions(measure: Measure, hearing: Hearing) -> tuple[Evidence, ...]:
    by, other = measure.by, Speaker.CUSTOMER if measure.by is Speaker.AGENT else Speaker.AGENT
    running = merge(hearing.speech(other), INTERRUPTED_PAUSE_S)
    cut_in: list[Evidence] = []
    for start, end in merge(hearing.speech(by), INTERRUPTER_PAUSE_S):
        for other_start, other_end in running:
            if other_start > start - measure.lead_s:
                break
            both = (end if end < other_end else other_end) - start
            if both > 0 and both >= measure.limit:
                cut_in.append(_measured(by, (start, start + both), both))
    return tuple(cut_in)


def read(measure: Measure, hearing: Hearing, speaker: Speaker) -> Reading | Unmeasured:
    """Return the one number of a call for a quantity; `speaker` is whose rate, share or loudness is meant.

    Of waits and interruptions it is the longest one's length, 0 when there is none.
    """
    if is_counted(measure.quantity):
        each = occurrences(replace(measure, limit=0.0), hearing)
        longest = max(each, key=lambda one: one.value or 0.0, default=None)
        return Reading(longest.value or 0.0, (longest,)) if longest else Reading(0.0)
    return _READERS[measure.quantity](hearing, speaker)


def _no_speech(speaker: Speaker) -> Unmeasured:
    return Unmeasured(Verdict.UNCERTAIN, Reason("no-speech", (("speaker", str(speaker)),)))


def _too_little() -> Unmeasured:
    return Unmeasured(Verdict.NOT_APPLICABLE, Reason("too-little-speech"))


def _speech_rate(hearing: Hearing, speaker: Speaker) -> Reading | Unmeasured:
    """Characters (letters, digits; no punctuation) a minute of the speaker's own speaking time."""
    speech = merge(hearing.speech(speaker), INTERRUPTER_PAUSE_S)
    lines = hearing.listening.lines
    own = [at for at, said in enumerate(hearing.utterances) if hearing.by(said, speaker) is Truth.YES]
    characters = sum([lines[at].length for at in own])
    spoken = total(speech)
    if characters < hearing.settings.min_rate_characters or spoken <= 0:
        return _too_little()
    rate = characters * 60 / spoken
    return Reading(rate, (_measured(speaker, (speech[0][0], speech[-1][1]), rate),))


def _talk_share(hearing: Hearing, speaker: Speaker) -> Reading | Unmeasured:
    own = total(hearing.speech(speaker))
    both = total(hearing.speech(Speaker.AGENT)) + total(hearing.speech(Speaker.CUSTOMER))
    if both <= 0:
        return _no_speech(speaker)
    return Reading(own / both, (_measured(speaker, hearing.bounds, own / both),))


def _pick_up_delay(hearing: Hearing, _: Speaker) -> Reading | Unmeasured:
    """Seconds from the start of the recording to the first word of the agent."""
    if hearing.transcript.channels == 1:
        own = [hearing.by(said, Speaker.AGENT) for said in hearing.utterances]
        if Truth.UNSURE in own:
            return Unmeasured(Verdict.UNCERTAIN, Reason("speaker-unknown"))
        first = hearing.utterances[own.index(Truth.YES)].start_s if Truth.YES in own else None
    else:
        speech = hearing.speech(Speaker.AGENT)
        first = speech[0][0] if speech else None
    if first is None:
        return _no_speech(Speaker.AGENT)
    return Reading(first, (_measured(Speaker.AGENT, (0.0, first), first),))


def _hang_up_gap(hearing: Hearing, _: Speaker) -> Reading | Unmeasured:
    """Seconds from the last speech of anybody to the end of the recording."""
    speech = hearing.speech(Speaker.UNKNOWN)
    if not speech:
        return _no_speech(Speaker.UNKNOWN)
    end = hearing.transcript.duration_s
    gap = max(0.0, end - speech[-1][1])
    return Reading(gap, (_measured(Speaker.UNKNOWN, (speech[-1][1], end), gap),))


def _duration(hearing: Hearing, _: Speaker) -> Reading | Unmeasured:
    seconds = hearing.transcript.duration_s
    return Reading(seconds, (_measured(Speaker.UNKNOWN, (0.0, seconds), seconds),))


def _volume(hearing: Hearing, speaker: Speaker) -> Reading | Unmeasured:
    """Mean level of the speaker's speech, weighted by seconds, in dB relative to full scale."""
    levels = [
        (part.level_db, part.end_s - part.start_s)
        for part in hearing.transcript.activity
        if part.kind is ActivityKind.SPEECH and part.speaker is speaker and part.level_db is not None
    ]
    seconds = sum(length for _, length in levels)
    if seconds <= 0:
        return _too_little() if hearing.speech(speaker) else _no_speech(speaker)
    level = sum(level * length for level, length in levels) / seconds
    return Reading(level, (_measured(speaker, hearing.bounds, level),))


def _repeats(speaker: Speaker) -> Callable[[Hearing, Speaker], Reading | Unmeasured]:
    def read_repeats(hearing: Hearing, _: Speaker) -> Reading | Unmeasured:
        """How often the speaker said again what he had said before, nearly in the same words."""
        settings = hearing.settings
        places = hearing.places(None, speaker)
        before: list[str] = []
        again: list[Evidence] = []
        alike_from = 100 * settings.repeat_similarity
        for at, said in enumerate(hearing.utterances):
            line = hearing.listening.lines[at]
            if at not in places or line.length < settings.repeat_characters:
                continue
            text = line.as_heard().normal
            if hearing.unsure and hearing.by(said, speaker) is Truth.UNSURE:
                return Unmeasured(Verdict.UNCERTAIN, Reason("speaker-unknown"))
            closest = process.extractOne(text, before, scorer=fuzz.ratio, processor=None, score_cutoff=alike_from)
            alike = closest[1] / 100 if closest else 0.0
            if alike >= settings.repeat_similarity:
                again.append(
                    Evidence(
                        said.index, speaker, said.start_s, said.end_s, said.text, "", Match.MEASURE, round(alike, 3)
                    )
                )
            before.append(text)
        return Reading(float(len(again)), tuple(again))

    return read_repeats


_READERS: Mapping[Quantity, Callable[[Hearing, Speaker], Reading | Unmeasured]] = {
    Quantity.SPEECH_RATE: _speech_rate,
    Quantity.TALK_SHARE: _talk_share,
    Quantity.PICK_UP_DELAY: _pick_up_delay,
    Quantity.HANG_UP_GAP: _hang_up_gap,
    Quantity.DURATION: _duration,
    Quantity.VOLUME: _volume,
    Quantity.AGENT_REPEATS: _repeats(Speaker.AGENT),
    Quantity.CUSTOMER_REPEATS: _repeats(Speaker.CUSTOMER),
}
