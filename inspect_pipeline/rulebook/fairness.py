"""When absence may be believed: what was searched must have been intelligible."""

from __future__ import annotations

from inspect_pipeline.model import Reason, Seconds, Speaker
from inspect_pipeline.rulebook.hearing import Hearing
from inspect_pipeline.rulebook.spans import Interval, clip, total
from inspect_pipeline.rulebook.windows import Scope, whole
from inspect_pipeline.wording import clock


def window_values(scope: Scope) -> tuple[tuple[str, str], ...]:
    """Return the searched window as values of a reason."""
    return (("from", clock(scope.start_s)), ("to", clock(scope.end_s)))


def lost_seconds(hearing: Hearing, speaker: Speaker, window: Interval) -> tuple[Seconds, Seconds]:
    """Return how long the speaker spoke in the window, and how much of it was not understood."""
    if window != hearing.bounds:
        return _lost_in(hearing, speaker, window)
    if speaker not in hearing.lost:
        hearing.lost[speaker] = _lost_in(hearing, speaker, window)
    return hearing.lost[speaker]


def _lost_in(hearing: Hearing, speaker: Speaker, window: Interval) -> tuple[Seconds, Seconds]:
    speech_s = total(clip(hearing.speech(speaker), *window))
    return speech_s, speech_s - total(clip(hearing.understood(speaker), *window))


def mean_confidence(hearing: Hearing, speaker: Speaker, window: Interval) -> float:
    """Return the confidence of what the speaker said in the window, weighted by seconds; 1 when nothing was said."""
    start_s, end_s = window
    weight = weighted = 0.0
    places = hearing.places(None, speaker)
    for at, said in enumerate(hearing.utterances):
        seconds = min(said.end_s, end_s) - max(said.start_s, start_s)
        if seconds > 0 and at in places:
            weight += seconds
            weighted += seconds * said.confidence
    return weighted / weight if weight else 1.0


def unintelligible(hearing: Hearing, speaker: Speaker, scope: Scope) -> Reason:
    """Return the reason that too much of what the speaker said in the scope was not understood."""
    share = lost_share(hearing, speaker, scope)
    confidence = mean_confidence(hearing, speaker, (scope.start_s, scope.end_s))
    lost = (("share", f"{share:.2f}"),) if share >= 0.01 else ()
    return Reason("unintelligible", (*lost, ("confidence", f"{confidence:.2f}"), *window_values(scope)))


def lost_share(hearing: Hearing, speaker: Speaker, scope: Scope) -> float:
    """Return the share 0-1 of the speaker's speech in the scope that was not understood; 0 when it is next to none."""
    speech_s, lost_s = lost_seconds(hearing, speaker, (scope.start_s, scope.end_s))
    return lost_s / speech_s if lost_s >= hearing.settings.min_lost_s else 0.0


def doubt_absence(hearing: Hearing, speaker: Speaker, scope: Scope) -> Reason | None:
    """Return why something not found in the scope may have been said all the same; None: it was not said."""
    settings, window = hearing.settings, (scope.start_s, scope.end_s)
    if not hearing.speech(speaker):
        return Reason("no-speech", (("speaker", str(speaker)),))
    lost = lost_share(hearing, speaker, scope) > settings.max_lost
    if lost or mean_confidence(hearing, speaker, window) < settings.min_confidence:
        return unintelligible(hearing, speaker, scope)
    if speaker is not Speaker.UNKNOWN and not hearing.trusted:
        return speaker_doubt(hearing)
    return None


def speaker_doubt(hearing: Hearing) -> Reason:
    """Return the reason that it is not sure enough who spoke."""
    return Reason("speaker-unknown", (("confidence", f"{hearing.transcript.speaker_confidence:.2f}"),))


def doubt_nothing(hearing: Hearing, speaker: Speaker) -> Reason | None:
    """Return why 'nothing was said that matters' may be wrong: most of the speaker's speech was unintelligible."""
    if speaker not in hearing.doubts:
        scope = whole(hearing)
        lost = lost_share(hearing, speaker, scope) > hearing.settings.max_lost_overall
        hearing.doubts[speaker] = unintelligible(hearing, speaker, scope) if lost else None
    return hearing.doubts[speaker]
