"""Every key that a pack may hold, by the place it stands in. `docs/rules.md` explains each; a test compares."""

from __future__ import annotations

from collections.abc import Mapping

from inspect_pipeline.rulebook.rule import Quantity, Unit

KINDS = ("must_say", "must_not_say", "must_reply", "must_follow", "measure", "notice")

_GROUP = ("any", "all", "none", "speaker")

KEYS: Mapping[str, tuple[str, ...]] = {
    "pack": ("pack", "title", "scorecard", "intents", "lists", "rules"),
    "scorecard": ("base", "floor"),
    "rule": (
        *("id", "title", "why", *KINDS, "speaker", "window", "when", "only_if", "except"),
        *("severity", "points", "per_hit", "cap", "risk", "examples"),
    ),
    "window": ("first", "last"),
    "condition": ("not", "over", "under"),
    "example": ("expect", "call", "quote", "metadata", "known_gap"),
    "group": _GROUP,
    "phrase": ("phrase", "sound", "near", "word"),
    "regex": ("regex", "except", "sound"),
    "near": ("near", "within"),
    "like": ("like", "unlike", "threshold"),
    "intent": ("intent", "least", "doubt", "garbled", "under"),
    "sentences": ("file",),
    "list": ("list",),
    "excuse": (*_GROUP, "in", "before", "after"),
    "must_reply": ("when", *_GROUP, "within", "position", "replies", "every"),
    "trigger": (*_GROUP, "except", "measure", "over"),
    "reply": ("name", *_GROUP, "within", "position"),
    "must_follow": ("steps",),
    "step": ("name", *_GROUP, "except", "within", "after"),
    "measure": ("what", "over", "under", "times", "by", "lead"),
}
"""Section -> the keys it knows."""

TERM_KEYS = ("phrase", "regex", "near", "like", "intent", "list")
"""The key that tells which kind of term a mapping is. `phrase` comes first: a phrase may also have `near: off`."""

PHRASE_SWITCHES = ("sound", "near", "word")

QUANTITY_UNITS: Mapping[Quantity, str] = {
    Quantity.DEAD_AIR: "s",
    Quantity.INTERRUPTION: "s",
    Quantity.SPEECH_RATE: "/min",
    Quantity.TALK_SHARE: "%",
    Quantity.PICK_UP_DELAY: "s",
    Quantity.HANG_UP_GAP: "s",
    Quantity.HOLD: "s",
    Quantity.WAIT: "s",
    Quantity.DURATION: "s",
    Quantity.VOLUME: "dB",
    Quantity.AGENT_REPEATS: "times",
    Quantity.CUSTOMER_REPEATS: "times",
}
"""What each quantity is counted in."""

WAITS = (Quantity.WAIT, Quantity.HOLD, Quantity.DEAD_AIR)
"""What can trigger a reply."""

COUNTED = (Quantity.DEAD_AIR, Quantity.HOLD, Quantity.WAIT, Quantity.INTERRUPTION)
"""What happens at moments of a call, so that each can be counted and excused; all else is one number a call."""

WINDOW_UNITS = (Unit.SECONDS, Unit.TURNS, Unit.PERCENT)
DISTANCE_UNITS = (Unit.SECONDS, Unit.TURNS)
