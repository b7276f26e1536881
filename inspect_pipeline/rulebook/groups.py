"""Whether a group of terms is found in a part of the call, by the right speaker: yes, no or unsure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from inspect_pipeline.model import Reason, Speaker
from inspect_pipeline.rulebook.hearing import Hearing, Outcome, Truth
from inspect_pipeline.rulebook.listening import Found, label
from inspect_pipeline.rulebook.members import Members
from inspect_pipeline.rulebook.rule import Group
from inspect_pipeline.rulebook.windows import Scope
from inspect_pipeline.wording import clock

NOTHING = Outcome(Truth.NO)


@dataclass(frozen=True, slots=True)
class Search:
    """Where and how to look. `wanted`: finding it speaks for the person, so near misses count as unsure and weak hits
    are believed; otherwise weak hits are doubted. `excuse` says whether a hit does not count. `anybody`: speakers do
    not matter, not even those that groups name. `blames`: a hit is held against somebody (not in a notice).
    `frugal`: that it is found is enough, so no sentence model is asked where other terms have been found."""

    hearing: Hearing
    speaker: Speaker
    scope: Scope
    wanted: bool = False
    excuse: Callable[[Found], Outcome] | None = None
    anybody: bool = False
    blames: bool = True
    frugal: bool = False


def said_by_somebody(group: Group, search: Search) -> Outcome:
    """Return what is found when the speakers of a mono recording, which are only likely, are left aside."""
    if search.hearing.transcript.speaker_confidence >= 1:
        return NOTHING
    return evaluate(group, replace(search, scope=replace(search.scope, positions=None), anybody=True))


def evaluate(group: Group, search: Search) -> Outcome:
    """Return whether the group is satisfied: one of `any`, each of `all` and none of `none`."""
    return _evaluate(search.hearing.members(group), search)


def _evaluate(group: Members, search: Search) -> Outcome:
    if group.speaker not in (None, search.speaker) and not search.anybody:
        search = replace(search, speaker=group.speaker)
    speaker = Speaker.UNKNOWN if group.mixed else search.speaker
    touched = search.hearing.touched(search.scope.positions, speaker)
    if group.simple and touched.isdisjoint(group.numbers):
        return NOTHING
    parts: list[Outcome] = []
    if group.any:
        parts.append(_any_of(group.worth_asking(touched), search))
        if group.simple:
            return parts[0]
    parts.extend([_item(item, search, touched) for item in group.all])
    if group.none:
        against = replace(search, wanted=not search.wanted, frugal=False)
        parts.append(_not(_any([_item(item, against, touched) for item in group.none])))
    return _all(parts)


def _any_of(items: Sequence[int | Members], search: Search) -> Outcome:
    """Return whether one of the items, which may be there, is found; sentence models are asked last, if at all."""
    likes = search.hearing.listening.matcher.likes
    outcomes: list[Outcome | None] = []
    left = found = False
    for item in items:
        outcome = None if item in likes else _item(item, search)
        outcomes.append(outcome)
        if outcome is None:
            left = True
        elif outcome.truth is Truth.YES:
            found = True
    if left and not (found and search.frugal):
        asked = [
            _item(item, search) if outcome is None else outcome for item, outcome in zip(items, outcomes, strict=True)
        ]
        return _any(asked)
    return _any([outcome for outcome in outcomes if outcome is not None])


def _item(item: int | Members, search: Search, touched: frozenset[int] | None = None) -> Outcome:
    if not isinstance(item, int):
        return _evaluate(item, search)
    return NOTHING if touched is not None and item not in touched else _term(item, search)


def _term(number: int, search: Search) -> Outcome:
    hearing, scope = search.hearing, search.scope
    places = hearing.found_in(number, scope.positions, search.speaker)
    unable = hearing.unable(number, scope.positions, search.speaker)
    sure: list[Found] = []
    doubts: list[tuple[Found, Reason]] = []
    for found in places if unable is None else ():
        if not scope.admits(found):
            continue
        excuse = search.excuse(found) if search.excuse else NOTHING
        if excuse.truth is Truth.YES:
            continue
        doubt = _doubt(found, excuse, search)
        if doubt is None:
            sure.append(found)
        else:
            doubts.append((found, doubt))
    if sure:
        return Outcome(Truth.YES, tuple(sure))
    if doubts:
        return Outcome(Truth.UNSURE, tuple([found for found, _ in doubts]), doubts[0][1])
    if search.wanted:
        resembling = hearing.almost_in(number, scope.positions, search.speaker)
        near_misses = tuple([found for found in resembling if scope.admits(found)])
        if near_misses:
            return Outcome(Truth.UNSURE, near_misses, almost_reason(near_misses[0]))
    if unable is not None:
        return Outcome(Truth.UNSURE, (), Reason(unable, (("term", label(hearing.listening.matcher.terms[number])),)))
    return NOTHING


def _doubt(found: Found, excuse: Outcome, search: Search) -> Reason | None:
    hearing = search.hearing
    if hearing.by(found.utterance, search.speaker) is Truth.UNSURE:
        return Reason("speaker-unknown", (("confidence", f"{hearing.transcript.speaker_confidence:.2f}"),))
    if excuse.truth is Truth.UNSURE:
        return excuse.reason
    if not search.wanted and hearing.doubtful(found, search.blames):
        return Reason("doubtful-hit", _quoted(found))
    return None


def _quoted(found: Found) -> tuple[tuple[str, str], ...]:
    quote = found.utterance.text[found.hit.start : found.hit.end]
    return (("quote", quote), ("term", label(found.term)), ("at", clock(found.start_s)))


def almost_reason(found: Found) -> Reason:
    """Return the reason that something very like the term was heard."""
    return Reason("almost", _quoted(found))


def _any(outcomes: list[Outcome]) -> Outcome:
    for truth in (Truth.YES, Truth.UNSURE):
        having = [outcome for outcome in outcomes if outcome.truth is truth]
        if len(having) == 1:
            return having[0]
        if having:
            found = tuple([found for outcome in having for found in outcome.found])
            return Outcome(truth, found, having[0].reason)
    return NOTHING


def _all(outcomes: list[Outcome]) -> Outcome:
    for truth in (Truth.NO, Truth.UNSURE):
        for outcome in outcomes:
            if outcome.truth is truth:
                return outcome
    return Outcome(Truth.YES, tuple(found for outcome in outcomes for found in outcome.found))


def _not(outcome: Outcome) -> Outcome:
    if outcome.truth is Truth.YES:
        return Outcome(Truth.NO, outcome.found)
    if outcome.truth is Truth.NO:
        return Outcome(Truth.YES)
    return outcome
