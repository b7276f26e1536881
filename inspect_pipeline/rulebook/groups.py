"""Whether a group of terms is found in a part of the call, by the right speaker: yes, no or unsure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from inspect_pipeline.model import Reason, Speaker
from inspect_pipeline.rulebook.hearing import Hearing, Outcome, Truth
from inspect_pipeline.rulebook.listening import Found
from inspect_pipeline.rulebook.members import Members
from inspect_pipeline.rulebook.rule import Group
from inspect_pipeline.rulebook.terms import Intent, label
from inspect_pipeline.rulebook.windows import Scope
from inspect_pipeline.wording import clock

NOTHING = Outcome(Truth.NO)


class Search(NamedTuple):
    """Where and how to look. `wanted`: finding it speaks for the person, so near misses count as unsure and weak hits
    are believed; otherwise weak hits are doubted. `excuse` says whether a hit does not count. `anybody`: speakers do
    not matter, not even those that groups name. `blames`: a hit is held against somebody (not in a notice).
    `frugal`: that it is found is enough, so no sentence model is asked where other terms have been found. `bars`: terms
    whose presence in an utterance excuses all that is found there, so no sentence model is asked about it."""

    hearing: Hearing
    speaker: Speaker
    scope: Scope
    wanted: bool = False
    excuse: Callable[[Found], Outcome] | None = None
    anybody: bool = False
    blames: bool = True
    frugal: bool = False
    bars: frozenset[int] = frozenset()


def said_by_somebody(group: Group, search: Search) -> Outcome:
    """Return what is found when the speakers of a mono recording, which are only likely, are left aside."""
    if search.hearing.transcript.speaker_confidence >= 1:
        return NOTHING
    return evaluate(group, search._replace(scope=search.scope._replace(positions=None), anybody=True))


def evaluate(group: Group, search: Search) -> Outcome:
    """Return whether the group is satisfied: one of `any`, each of `all` and none of `none`."""
    return _evaluate(search.hearing.members(group), search)


def _evaluate(group: Members, search: Search) -> Outcome:
    hearing = search.hearing
    speaker = search.speaker
    if group.speaker not in (None, speaker) and not search.anybody:
        search = search._replace(speaker=group.speaker)
        speaker = search.speaker
    if group.flat and hearing.touched(speaker).isdisjoint(group.own):
        return NOTHING
    places = hearing.places(search.scope.positions, speaker)
    if group.simple:
        return _any_of(group, search, places)
    parts = [_any_of(group, search, places)] if group.any else []
    parts.extend([_item(item, search, places) for item in group.all])
    if group.none:
        against = search._replace(wanted=not search.wanted, frugal=False)
        parts.append(_not(_any([_item(item, against, places) for item in group.none])))
    return _all(parts)


def _any_of(group: Members, search: Search, places: frozenset[int]) -> Outcome:
    """Return whether a member of `any` is found. Sentence models are asked last, and only when that can matter.

    What an utterance means is known already, so where that settles a search, no words are looked for.
    """
    listening = search.hearing.listening
    for number in group.intents if search.wanted and search.frugal else ():
        outcome = _said(number, search, places)
        if outcome is not None and outcome.truth is Truth.YES:
            return outcome
    outcomes = {place: _evaluate(item, search) for place, item in group.groups} if group.groups else {}
    lacking: list[int] = []
    for number in group.worded & search.hearing.touched(search.speaker):
        found = listening.found(number, places)
        if found is not None:
            outcome = _weighed(number, found, search, places) if found else None
            if outcome is None:
                lacking.append(number)
            else:
                outcomes[group.places[number]] = outcome
    settled = _has_yes(outcomes)
    asked = places if not search.bars or not group.likes else _unbarred(search, places)
    for number in () if (settled and search.frugal) or not asked else group.likes:
        outcome = _said(number, search, asked)
        if outcome is None:
            lacking.append(number)
        else:
            outcomes[group.places[number]] = outcome
            settled = settled or outcome.truth is Truth.YES
    for number in () if settled else lacking:
        outcome = _resembled(number, search, places)
        if outcome is not None:
            outcomes[group.places[number]] = outcome
    return _any([outcomes[place] for place in sorted(outcomes)] if len(outcomes) > 1 else [*outcomes.values()])


def _unbarred(search: Search, places: frozenset[int]) -> frozenset[int]:
    """Return the utterances in which a hit would not be excused by what they mean."""
    terms = search.hearing.listening.terms
    return frozenset([at for at in places if terms[at].isdisjoint(search.bars)])


def _has_yes(outcomes: Mapping[int, Outcome]) -> bool:
    for outcome in outcomes.values():  # noqa: SIM110 - a generator costs more than the look
        if outcome.truth is Truth.YES:
            return True
    return False


def _item(item: int | Members, search: Search, places: frozenset[int]) -> Outcome:
    if not isinstance(item, int):
        return _evaluate(item, search)
    if item not in search.hearing.touched(search.speaker):
        return NOTHING
    return _said(item, search, places) or _resembled(item, search, places) or NOTHING


def _said(number: int, search: Search, places: frozenset[int]) -> Outcome | None:
    """Return what is found of a term, surely or doubtfully; None when nothing is."""
    found = search.hearing.listening.found(number, places)
    return _weighed(number, found, search, places) if found else None


def _weighed(number: int, all_found: list[Found], search: Search, places: frozenset[int]) -> Outcome | None:
    """Return which hits of a term count, surely or doubtfully; None when none does."""
    hearing, scope, excuse = search.hearing, search.scope, search.excuse
    if hearing.listening.slow and hearing.listening.unable(number, places):
        return None
    moment = scope.moment
    meant = isinstance(all_found[0].term, Intent)
    if moment is None and excuse is None and search.wanted and not hearing.unsure and not meant:
        return Outcome(Truth.YES, tuple(all_found))
    sure: list[Found] = []
    doubts: list[tuple[Found, Reason]] = []
    for found in all_found:
        if moment is not None and not scope.admits(found):
            continue
        excused = NOTHING if excuse is None else excuse(found)
        if excused.truth is Truth.YES:
            continue
        doubt = _doubt(found, excused, search)
        if doubt is None:
            sure.append(found)
        else:
            doubts.append((found, doubt))
    if sure:
        return Outcome(Truth.YES, tuple(sure))
    return Outcome(Truth.UNSURE, tuple([found for found, _ in doubts]), doubts[0][1]) if doubts else None


def _resembled(number: int, search: Search, places: frozenset[int]) -> Outcome | None:
    """Return that something very like a term was heard where it was wanted, or that it could not be looked for."""
    listening, scope = search.hearing.listening, search.scope
    if search.wanted:
        near_misses = tuple([found for found in listening.almost(number, places) if scope.admits(found)])
        if near_misses:
            return Outcome(Truth.UNSURE, near_misses, almost_reason(near_misses[0]))
    unable = listening.unable(number, places)
    return None if unable is None else Outcome(Truth.UNSURE, (), unable)


def _doubt(found: Found, excuse: Outcome, search: Search) -> Reason | None:
    hearing = search.hearing
    if hearing.unsure and hearing.by(found.utterance, search.speaker) is Truth.UNSURE:
        return Reason("speaker-unknown", (("confidence", f"{hearing.transcript.speaker_confidence:.2f}"),))
    if excuse.truth is Truth.UNSURE:
        return excuse.reason
    if isinstance(found.term, Intent) and found.term.doubtful(found.hit.distance):
        return Reason("doubtful-hit", _quoted(found))
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
    if not outcomes:
        return NOTHING
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
