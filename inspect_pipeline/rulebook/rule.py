"""A rule as it is judged: the typed form of one entry of a pack. `load` builds it, `judge` answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from inspect_pipeline.model import Risk, Seconds, Severity, Speaker, Verdict
from inspect_pipeline.rulebook.terms import Term


class Unit(StrEnum):
    """What a window or a distance is counted in."""

    SECONDS = "s"
    TURNS = "turns"
    PERCENT = "%"


@dataclass(frozen=True, slots=True)
class Extent:
    """How far: `20s`, `3 turns` or `10 %`."""

    amount: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the call that is searched: its `first` or its `last` extent."""

    first: Extent | None = None
    last: Extent | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Terms or groups of which any, all or none must be found. `speaker` None: the rule's; UNKNOWN: anybody."""

    any: tuple[Term | Group, ...] = ()
    all: tuple[Term | Group, ...] = ()
    none: tuple[Term | Group, ...] = ()
    speaker: Speaker | None = None


class Place(StrEnum):
    """Where an excuse must stand, seen from the hit."""

    OVERLAP = "overlap"
    CLAUSE = "clause"  # the same clause, or overlapping the hit
    BEFORE_CLAUSE = "before-clause"  # earlier in the same clause (negation)
    UTTERANCE = "utterance"
    BEFORE = "before"  # within `extent` before the hit (or the wait)
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Excuse:
    """What makes a hit not count: negation, quoting the customer, an announced wait."""

    group: Group
    place: Place = Place.CLAUSE
    extent: Extent | None = None


class Position(StrEnum):
    """Where a reply must stand, seen from its trigger."""

    BEFORE = "before"
    AFTER = "after"
    AROUND = "around"


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing that must be said around a trigger. `name` is what the reason calls it when it is missing."""

    name: str
    group: Group
    position: Position = Position.AFTER
    within: Extent | None = None


class Quantity(StrEnum):
    """What a measure rule measures."""

    DEAD_AIR = "dead-air"
    INTERRUPTION = "interruption"
    SPEECH_RATE = "speech-rate"
    TALK_SHARE = "talk-share"
    PICK_UP_DELAY = "pick-up-delay"
    HANG_UP_GAP = "hang-up-gap"
    HOLD = "hold"
    WAIT = "wait"  # dead air or hold
    DURATION = "duration"
    VOLUME = "volume"
    AGENT_REPEATS = "agent-repeats"
    CUSTOMER_REPEATS = "customer-repeats"


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity and its limit, in the quantity's unit: seconds, characters a minute, a share 0-1, times, dB.

    `over` True: violated above the limit. `times`: how often it must happen. `lead_s`: how long the customer must have
    been speaking before an onset counts as an interruption.
    """

    quantity: Quantity
    limit: float
    over: bool = True
    times: int = 1
    by: Speaker = Speaker.AGENT
    lead_s: Seconds = 0.5


@dataclass(frozen=True, slots=True)
class Trigger:
    """What calls for a reply: something that was said (`group`, unless excused) or a measured wait."""

    group: Group | None = None
    measure: Measure | None = None
    excuses: tuple[Excuse, ...] = ()


@dataclass(frozen=True, slots=True)
class MustSay:
    """The group is satisfied inside the window."""

    group: Group


@dataclass(frozen=True, slots=True)
class MustNotSay:
    """No unexcused hit of the group."""

    group: Group


@dataclass(frozen=True, slots=True)
class MustReply:
    """Each reply stands where it should around the trigger (`every` trigger, or at least one)."""

    trigger: Trigger
    replies: tuple[Reply, ...]
    every: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an ordered exchange, the first its trigger. `after`: the step it follows (None: the one before)."""

    name: str
    group: Group
    within: Extent | None = None
    excuses: tuple[Excuse, ...] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True)
class MustFollow:
    """The steps come in this order after the first."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A signal that raises the risk and blames nobody."""

    group: Group


Kind = MustSay | MustNotSay | MustReply | MustFollow | Measure | Notice


@dataclass(frozen=True, slots=True)
class Condition:
    """One metadata condition of `only_if`: the value is (or is not) one of `values`, or lies over/under a number."""

    column: str
    values: tuple[str, ...] = ()
    negated: bool = False
    over: float | None = None
    under: float | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A dialogue inside the rule with the answer it must get. `known_gap`: expected to fail, and why."""

    expect: Verdict
    call: str
    line: int
    quote: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    known_gap: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to check. `speaker` UNKNOWN means anybody. `place` is the `path:line` it is written at."""

    id: str
    title: str
    why: str
    kind: Kind
    speaker: Speaker
    severity: Severity
    risk: Risk
    fingerprint: str
    place: str
    window: Window | None = None
    when: Group | None = None
    only_if: tuple[Condition, ...] = ()
    excuses: tuple[Excuse, ...] = ()
    points: float = 0.0
    per_hit: float | None = None
    cap: float | None = None
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Where a score starts and how low it can fall."""

    base: float = 100.0
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class Pack:
    """A file of rules. `fingerprint` covers the fingerprints of its rules and its scorecard."""

    id: str
    title: str
    path: str
    scorecard: Scorecard
    rules: tuple[Rule, ...]
    fingerprint: str
