"""When absence may be believed: what was searched must have been intelligible."""

from __future__ import annotations

from inspect_pipeline.model import Reason, Seconds, Speaker
from inspect_pipeline.rulebook.hearing import Hearing, Truth
from inspect_pipeline.rulebook.spans import Interval, clip, merge, shared, total, without
from inspect_pipeline.rulebook.windows import Scope, whole
from inspect_pipeline.wording import clock


def window_values(scope: Scope) -> tuple[tuple[str, str], ...]:
    """Return the searched window as values of a reason."""
    return (("from", clock(scope.start_s)), ("to", clock(scope.end_s)))


def lost_seconds(hearing: Hearing, speaker: Speaker, window: Interval) -> tuple[Seconds, Seconds]:
    """Return how long the speaker spoke in the window, and how much of it was not understood."""
    settings = hearing.settings
    pad = settings.cover_pad_s if hearing.measured else 0.0
    anybody = hearing.transcript.channels == 1
    speech = clip(hearing.speech(speaker), *window)
    understood = merge(
        (said.start_s - pad, said.end_s + pad)
        for said in hearing.utterances
        if said.confidence >= settings.min_utterance_confidence
        and (anybody or hearing.by(said, speaker) is not Truth.NO)
    )
    removed = merge(
        (text.start_s, text.end_s)
        for text in hearing.transcript.removed
        if anybody or speaker in (Speaker.UNKNOWN, text.speaker) or text.speaker is Speaker.UNKNOWN
    )
    return total(speech), total(speech) - total(without(shared(speech, understood), removed))


def mean_confidence(hearing: Hearing, speaker: Speaker, window: Interval) -> float:
    """Return the confidence of what the speaker said in the window, weighted by seconds; 1 when nothing was said."""
    start_s, end_s = window
    weight = weighted = 0.0
    for said in hearing.utterances:
        seconds = min(said.end_s, end_s) - max(said.start_s, start_s)
        if seconds > 0 and hearing.by(said, speaker) is not Truth.NO:
            weight += seconds
            weighted += seconds * said.confidence
    return weighted / weight if weight else 1.0


def doubt_absence(hearing: Hearing, speaker: Speaker, scope: Scope) -> Reason | None:
    """Return why something not found in the scope may have been said all the same; None: it was not said."""
    settings, window = hearing.settings, (scope.start_s, scope.end_s)
    if not hearing.speech(speaker):
        return Reason("no-speech")
    speech_s, lost_s = lost_seconds(hearing, speaker, window)
    share = lost_s / speech_s if speech_s else 0.0
    confidence = mean_confidence(hearing, speaker, window)
    if (lost_s >= settings.min_lost_s and share > settings.max_lost) or confidence < settings.min_confidence:
        return _unintelligible(share, confidence, scope)
    if speaker is not Speaker.UNKNOWN and not hearing.trusted:
        return Reason("speaker-unknown", (("confidence", f"{hearing.transcript.speaker_confidence:.2f}"),))
    return None


def doubt_nothing(hearing: Hearing, speaker: Speaker) -> Reason | None:
    """Return why 'nothing was said that matters' may be wrong: most of the speaker's speech was unintelligible."""
    scope = whole(hearing)
    window = (scope.start_s, scope.end_s)
    speech_s, lost_s = lost_seconds(hearing, speaker, window)
    share = lost_s / speech_s if speech_s else 0.0
    if lost_s >= hearing.settings.min_lost_s and share > hearing.settings.max_lost_overall:
        return _unintelligible(share, mean_confidence(hearing, speaker, window), scope)
    return None


def _unintelligible(share: float, confidence: float, scope: Scope) -> Reason:
    values = (("share", f"{share:.2f}"), ("confidence", f"{confidence:.2f}"), *window_values(scope))
    return Reason("unintelligible", values)
