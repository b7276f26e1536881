"""Which part of a call is searched: windows of a rule, and the surroundings of a moment (replies, excuses)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from inspect_pipeline.model import Seconds, Speaker
from inspect_pipeline.rulebook.hearing import Hearing
from inspect_pipeline.rulebook.listening import Found
from inspect_pipeline.rulebook.rule import Extent, Position, Unit, Window


class Moment(NamedTuple):
    """What replies and excuses are seen from: a hit, or a measured stretch (then `position` is None).

    `start` and `end` are the hit's characters within the utterance at `position`.
    """

    start_s: Seconds
    end_s: Seconds
    position: int | None = None
    start: int = 0
    end: int = 0

    @classmethod
    def of(cls, found: Found) -> Moment:
        """Return where a hit stands."""
        return cls(found.start_s, found.end_s, found.position, found.hit.start, found.hit.end)


class Scope(NamedTuple):
    """A part of the call: the seconds it spans and the utterances that belong to it (None: all).

    Seen from a `moment`, only what is said on the right `side` of it belongs, to the character; `same_utterance`
    lets everything in the moment's own utterance count.
    """

    start_s: Seconds
    end_s: Seconds
    positions: frozenset[int] | None = None
    moment: Moment | None = None
    side: Position = Position.AROUND
    same_utterance: bool = False

    def admits(self, found: Found) -> bool:
        """Return whether a hit lies inside."""
        if self.positions is not None and found.position not in self.positions:
            return False
        moment = self.moment
        if moment is None:
            return True
        if self.same_utterance and found.position == moment.position:
            return True
        if self.side is Position.AROUND:
            return True  # also the trigger itself: a check that is spoken of is a check
        return _follows(found, moment) if self.side is Position.AFTER else _precedes(found, moment)


def _follows(found: Found, moment: Moment) -> bool:
    if moment.position is None:
        return found.utterance.end_s > moment.end_s
    if found.position == moment.position:
        return found.hit.start >= moment.end
    if found.position > moment.position:
        return found.end_s > moment.start_s
    return found.start_s >= moment.end_s


def _precedes(found: Found, moment: Moment) -> bool:
    if moment.position is None:
        return found.utterance.start_s < moment.start_s
    if found.position == moment.position:
        return found.hit.end <= moment.start
    if found.position < moment.position:
        return found.start_s < moment.end_s
    return found.end_s <= moment.start_s


def whole(hearing: Hearing) -> Scope:
    """Return the whole call."""
    return window_scope(hearing, None, Speaker.UNKNOWN)


def window_scope(hearing: Hearing, window: Window | None, speaker: Speaker) -> Scope:
    """Return the part that a rule's window covers; turns are those of `speaker`, seconds run from the first speech."""
    key = id(window), speaker
    known = hearing.scopes.get(key)
    if known is None:
        known = hearing.scopes[key] = _window_scope(hearing, window, speaker)
    return known


def _window_scope(hearing: Hearing, window: Window | None, speaker: Speaker) -> Scope:
    begin, end = hearing.bounds
    extent, first = (None, True) if window is None else (window.first, True) if window.first else (window.last, False)
    if extent is None:
        return Scope(begin, end)
    if extent.unit is Unit.TURNS:
        positions = _turns(hearing, range(len(hearing.utterances)), int(extent.amount), speaker, first)
        edges = [hearing.utterances[position] for position in positions]
        if first:
            return Scope(begin, max([said.end_s for said in edges], default=end), positions)
        return Scope(min([said.start_s for said in edges], default=begin), end, positions)
    seconds = _seconds(hearing, extent)
    said_at = enumerate(hearing.utterances)
    if first:
        return Scope(
            begin, min(end, begin + seconds), frozenset(at for at, said in said_at if said.start_s <= begin + seconds)
        )
    return Scope(max(begin, end - seconds), end, frozenset(at for at, said in said_at if said.end_s >= end - seconds))


def _seconds(hearing: Hearing, extent: Extent) -> Seconds:
    if extent.unit is Unit.PERCENT:
        begin, end = hearing.bounds
        return (end - begin) * extent.amount / 100
    return extent.amount


def _turns(hearing: Hearing, places: Sequence[int], count: int, speaker: Speaker, first: bool) -> frozenset[int]:
    """Return the places up to the end of the speaker's N-th turn (or from the start of the N-th last)."""
    turn_of = hearing.turns_of(speaker)
    own = [at for at in places if at in turn_of]
    turns = sorted({turn_of[at] for at in own})
    if len(turns) <= count:
        return frozenset(places)
    if first:
        last = turns[count - 1]
        edge = max([at for at in own if turn_of[at] <= last])
        return frozenset([at for at in places if at <= edge])
    begin = turns[-count]
    edge = min([at for at in own if turn_of[at] >= begin])
    return frozenset([at for at in places if at >= edge])


def reply_scope(hearing: Hearing, moment: Moment, side: Position, within: Extent | None, speaker: Speaker) -> Scope:
    """Return where a reply (or an excuse) may stand: on one side of a moment or on both, within an extent."""
    begin, end = hearing.bounds
    if side is Position.AFTER:
        positions = _near(hearing, moment, within, speaker, after=True)
        return Scope(moment.end_s, _latest(hearing, positions, within, end), positions, moment, side)
    if side is Position.BEFORE:
        positions = _near(hearing, moment, within, speaker, after=False)
        return Scope(_earliest(hearing, positions, within, begin), moment.start_s, positions, moment, side)
    if within is None and moment.position is not None:
        return Scope(begin, end, _all_around(hearing, moment, moment.position), moment, side)
    before = reply_scope(hearing, moment, Position.BEFORE, within, speaker)
    after = reply_scope(hearing, moment, Position.AFTER, within, speaker)
    positions = (before.positions or frozenset()) | (after.positions or frozenset())
    return Scope(before.start_s, after.end_s, positions, moment, side)


def _latest(hearing: Hearing, positions: frozenset[int], within: Extent | None, end: Seconds) -> Seconds:
    if within is None or not positions or len(hearing.utterances) - 1 in positions:
        return end
    said = hearing.utterances
    return max([said[at].end_s for at in positions])


def _earliest(hearing: Hearing, positions: frozenset[int], within: Extent | None, begin: Seconds) -> Seconds:
    if within is None or not positions or 0 in positions:
        return begin
    said = hearing.utterances
    return min([said[at].start_s for at in positions])


def _near(hearing: Hearing, moment: Moment, within: Extent | None, speaker: Speaker, *, after: bool) -> frozenset[int]:
    places = _after(hearing, moment) if after else _before(hearing, moment)
    if within is None:
        return frozenset(places)
    if within.unit is Unit.TURNS:
        return _turns(hearing, places, int(within.amount), speaker, first=after)
    seconds = _seconds(hearing, within)
    if after:
        return frozenset([at for at in places if hearing.utterances[at].start_s <= moment.end_s + seconds])
    return frozenset([at for at in places if hearing.utterances[at].end_s >= moment.start_s - seconds])


def _after(hearing: Hearing, moment: Moment) -> list[int]:
    """Return the utterances of which anything lies after the moment.

    Around a measured wait nobody speaks, so an utterance that begins before it and ends after it has been stretched
    over it by the recogniser and counts on both sides.
    """
    said, own = hearing.utterances, moment.position
    if own is None:
        return [at for at, one in enumerate(said) if one.end_s > moment.end_s]
    before = [at for at in range(own) if said[at].end_s > moment.end_s]
    here = [own] if moment.end < len(said[own].text) else []
    return [*before, *here, *[at for at in range(own + 1, len(said)) if said[at].end_s > moment.start_s]]


def _before(hearing: Hearing, moment: Moment) -> list[int]:
    """Return the utterances of which anything lies before the moment."""
    said, own = hearing.utterances, moment.position
    if own is None:
        return [at for at, one in enumerate(said) if one.start_s < moment.start_s]
    here = [own] if moment.start > 0 else []
    return [*range(own), *here, *[at for at in range(own + 1, len(said)) if said[at].start_s < moment.start_s]]


def _all_around(hearing: Hearing, moment: Moment, own: int) -> frozenset[int]:
    """Return all utterances of which anything lies before or after something said: not its own, if it is all of it."""
    everything = hearing.places(None, Speaker.UNKNOWN)
    alone = moment.start <= 0 and moment.end >= len(hearing.utterances[own].text)
    return everything - {own} if alone else everything


def has_speech(hearing: Hearing, scope: Scope, speaker: Speaker) -> bool:
    """Return whether the speaker says anything in the scope (or may)."""
    return bool(hearing.places(scope.positions, speaker))
