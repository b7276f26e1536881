"""What makes a hit not count: negation, quoting the customer, an announced wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inspect_pipeline.model import Match, Speaker
from inspect_pipeline.rulebook.fairness import doubt_absence
from inspect_pipeline.rulebook.groups import NOTHING, Search, evaluate
from inspect_pipeline.rulebook.hearing import Hearing, Outcome, Truth
from inspect_pipeline.rulebook.listening import Found
from inspect_pipeline.rulebook.rule import Excuse, Place, Position
from inspect_pipeline.rulebook.terms import Intent
from inspect_pipeline.rulebook.windows import Moment, reply_scope, whole
from inspect_pipeline.text.normalise import clauses

# Recognised text may lack punctuation; a clause then ends this many characters from the hit.
CLAUSE_CHARACTERS = 12

_SIDES = {Place.BEFORE: Position.BEFORE, Place.AFTER: Position.AFTER}


def excuser(hearing: Hearing, excuses: Sequence[Excuse]) -> Callable[[Found], Outcome] | None:
    """Return a function that says of a hit whether one of the excuses holds; None when there are no excuses."""
    if not excuses:
        return None

    def excuse(found: Found) -> Outcome:
        said_by = found.utterance.speaker
        unsure = NOTHING
        for each in excuses:
            outcome = _excused(each, found, said_by, hearing)
            if outcome.truth is Truth.YES:
                return outcome
            if outcome.truth is Truth.UNSURE and unsure is NOTHING:
                unsure = outcome
        return unsure

    return excuse


def bars(hearing: Hearing, excuses: Sequence[Excuse]) -> frozenset[int]:
    """Return the terms whose presence in an utterance excuses every hit in it; see `Search.bars`."""
    whole_utterance = [each for each in excuses if each.place is Place.UTTERANCE]
    return frozenset().union(*[hearing.members(each.group).bars for each in whole_utterance])


def excused_moment(hearing: Hearing, excuses: Sequence[Excuse], moment: Moment, speaker: Speaker) -> Outcome:
    """Return whether something measured (a wait, an interruption) is excused; `speaker` is the rule's."""
    return _first([_around(each, moment, speaker, hearing) for each in excuses if each.place in _SIDES])


def _first(outcomes: list[Outcome]) -> Outcome:
    for truth in (Truth.YES, Truth.UNSURE):
        for outcome in outcomes:
            if outcome.truth is truth:
                return outcome
    return NOTHING


def _excused(excuse: Excuse, found: Found, said_by: Speaker, hearing: Hearing) -> Outcome:
    if excuse.place in _SIDES:
        return _around(excuse, Moment.of(found), said_by, hearing)
    if isinstance(found.term, Intent):
        return NOTHING  # it was found in the whole utterance, negations and quotations included
    group = excuse.group
    if group.speaker is not None and group.speaker not in (Speaker.UNKNOWN, said_by):
        return NOTHING
    # Within one utterance there is one speaker, whoever it is.
    own, members = frozenset((found.position,)), hearing.members(group)
    if members.simple and not members.asks and members.numbers.isdisjoint(hearing.listening.terms[found.position]):
        return NOTHING
    scope = whole(hearing)._replace(positions=own)
    outcome = evaluate(group, Search(hearing, Speaker.UNKNOWN, scope, wanted=True, anybody=True))
    if outcome.truth is Truth.NO or (outcome.truth is Truth.UNSURE and not outcome.found):
        return outcome
    if excuse.place is Place.UTTERANCE or any(_stands(excuse.place, each, found) for each in outcome.found):
        return outcome
    return NOTHING


def _stands(place: Place, excuse: Found, found: Found) -> bool:
    hit, other = found.hit, excuse.hit
    overlaps = other.start < hit.end and other.end > hit.start
    if place is Place.OVERLAP:
        return overlaps
    left, right = clause_around(found.utterance.text, hit.start, hit.end)
    if place is Place.BEFORE_CLAUSE:
        # what a sentence model finds is a whole clause, negation included
        return other.end > left and (other.start < hit.start or (hit.match is Match.LIKE and overlaps))
    return overlaps or (other.end > left and other.start < right)


def clause_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the offsets of the clause that holds `text[start:end]`.

    It ends at the nearest punctuation or, where there is none near, `CLAUSE_CHARACTERS` from the hit.
    """
    left, right = max(0, start - CLAUSE_CHARACTERS), min(len(text), end + CLAUSE_CHARACTERS)
    for first, last in clauses(text):
        if first <= start < last:
            left = max(left, first)
        if first < end <= last:
            right = min(right, last)
    return left, right


def _around(excuse: Excuse, moment: Moment, same: Speaker, hearing: Hearing) -> Outcome:
    speaker = same if excuse.group.speaker is None else excuse.group.speaker
    scope = reply_scope(hearing, moment, _SIDES[excuse.place], excuse.extent, speaker)
    outcome = evaluate(excuse.group, Search(hearing, speaker, scope, wanted=True))
    if outcome.truth is not Truth.NO or outcome.found:
        return outcome
    doubt = doubt_absence(hearing, speaker, scope)
    return Outcome(Truth.UNSURE, (), doubt) if doubt and doubt.code == "unintelligible" else NOTHING
