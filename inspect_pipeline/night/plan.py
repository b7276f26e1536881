"""What a night is: its recordings, what they are judged with, and how they are cut into shards."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, time, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

from inspect_pipeline import __version__
from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import CallResult, Recording, Seconds
from inspect_pipeline.privacy import CustomerKey
from inspect_pipeline.store.place import file_facts
from inspect_pipeline.store.rows import Origin
from inspect_pipeline.store.schema import SCHEMA_VERSION
from inspect_pipeline.triage.sample import SamplingPlan

CHINA = timezone(timedelta(hours=8))

Inspect = Callable[[Iterable[Recording]], Iterator[CallResult]]
"""Inspects some calls together and yields their results in order. Takes each recording when it is about to touch it.
Raises an InspectError only when no call can be inspected (a model is missing)."""

InspectFactory = Callable[[], Inspect]
"""Loads the models and returns `Inspect`. It is called once in each worker, so it must pickle."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take before its worker is held for hanging: `base_s` plus so much a second of call."""

    base_s: Seconds = 600.0
    per_second: float = 20.0
    unknown_s: Seconds = 3600.0  # assumed length when the manifest tells none

    def limit_s(self, recording: Recording) -> Seconds:
        """Return the limit for one recording."""
        length = self.unknown_s if recording.duration_s is None else recording.duration_s
        return self.base_s + self.per_second * length


@dataclass(frozen=True, slots=True)
class NightPlan:
    """Everything that a run of a night needs to know.

    `night` is YYYY-MM-DD (see `choose_night`). `origin`, `settings` (any other text that changes transcripts) and
    `judging` (that changes findings) decide with the recordings what is done already. `limit`: only the first calls by
    id. `retry_failed`: try failed calls again although nothing changed. `replace`: drop stored calls that are not among
    `recordings`. The workers are spread over the `gpus`. `seed` and `sampling` decide which calls a person hears;
    reviewers begin at `review_at` in `zone`.
    """

    recordings: Sequence[Recording]
    night: str
    out: Path
    factory: InspectFactory
    origin: Origin
    key: CustomerKey
    settings: str = ""
    judging: str = ""
    workers: int = 1
    gpus: tuple[str, ...] = ()
    shard_size: int = 64
    limit: int | None = None
    retry_failed: bool = False
    replace: bool = False
    minimum_s: Seconds = 1.0
    patience: Patience = Patience()
    seed: str = "0"
    sampling: SamplingPlan = field(default_factory=SamplingPlan)
    zone: tzinfo = CHINA
    review_at: time = time(8)


@dataclass(frozen=True, slots=True)
class Task:
    """One call of one shard. `heard` is the digest of what its transcript is made from (the file by its size),
    `changed` the file's time of change in ns (None: no such file), `rules` the digest of what judges it."""

    recording: Recording
    shard: int
    heard: str
    changed: int | None
    rules: str

    @property
    def call_id(self) -> str:
        """Return the call's id."""
        return self.recording.call_id

    @property
    def key(self) -> str:
        """Return the digest of everything that the call's rows are made from."""
        return digest_of([self.heard, self.changed, self.rules])


@dataclass(frozen=True, slots=True)
class Shard:
    """The unit of work: the calls, by id, whose rows make one part file of each table. `of`: shards in the night."""

    index: int
    of: int
    tasks: tuple[Task, ...]
    rules: str

    @property
    def digest(self) -> str:
        """Return the digest that its parts carry. A copied recording does not change it."""
        return shard_digest([task.heard for task in self.tasks], self.rules)

    @property
    def call_ids(self) -> list[str]:
        """Return the ids of its calls."""
        return [task.call_id for task in self.tasks]


@dataclass(frozen=True, slots=True)
class Slice:
    """The shards of a night whose index divided by `of` leaves `index`, from 0: what one machine of `of` works on."""

    index: int
    of: int

    def __post_init__(self) -> None:
        """Raise UsageError for a slice that there is not."""
        if not 0 <= self.index < self.of:
            raise UsageError(
                f"--shard {self.index}/{self.of}: slices are counted from 0: 0/{self.of} to {self.of - 1}/{self.of}"
            )


def shard_digest(heard: Sequence[str], rules: str) -> str:
    """Return the digest of a shard from those of its calls' transcripts, by id, and of the rules."""
    return digest_of([list(heard), rules])


def choose_night(recordings: Sequence[Recording], asked: date | None, today: date) -> str:
    """Return the night to inspect: the asked one, else the only date in `started_at`, else today.

    Raises UsageError when the recordings are of several dates.
    """
    if asked is not None:
        return asked.isoformat()
    dates = sorted({recording.started_at.date() for recording in recordings if recording.started_at})
    if len(dates) > 1:
        raise UsageError(
            f"the recordings are of {len(dates)} nights ({dates[0]} to {dates[-1]}): name one with --night"
        )
    return (dates[0] if dates else today).isoformat()


def shards_of(plan: NightPlan) -> list[Shard]:
    """Return the shards of a night. A call's shard depends on its id and on the number of calls only.

    Raises UsageError when a call is listed twice.
    """
    twice = sorted(call_id for call_id, count in Counter(one.call_id for one in plan.recordings).items() if count > 1)
    if twice:
        raise UsageError(f"call {twice[0]} is listed more than once ({len(twice)} such calls): list each call once")
    recordings = sorted(plan.recordings, key=lambda one: one.call_id)[: plan.limit]
    count = 1
    while count * plan.shard_size < len(recordings):
        count *= 2
    settings, rules = _settings(plan), rules_digest(plan)
    facts = file_facts(recording.path for recording in recordings)
    members: list[list[Task]] = [[] for _ in range(count)]
    for recording in recordings:
        index = int(hashlib.sha256(recording.call_id.encode()).hexdigest()[:8], 16) % count
        size, changed = facts[recording.path]
        heard = _heard(recording, size, settings, plan.key)
        members[index].append(Task(recording, index, heard, changed, rules))
    return [Shard(index, count, tuple(tasks), rules) for index, tasks in enumerate(members)]


def rules_digest(plan: NightPlan) -> str:
    """Return the digest of what turns a transcript into findings."""
    return digest_of([__version__, SCHEMA_VERSION, plan.origin.packs, plan.judging])


def _settings(plan: NightPlan) -> str:
    """Return the digest of what the transcripts of the night share."""
    key_name = hashlib.sha256(b"customer key\n" + plan.key.secret).hexdigest()
    return digest_of(
        [__version__, SCHEMA_VERSION, plan.night, plan.origin.model, plan.settings, plan.minimum_s, key_name]
    )


def _heard(recording: Recording, size: int | None, settings: str, key: CustomerKey) -> str:
    facts: dict[str, Any] = asdict(recording)
    facts.pop("place")  # another line of the manifest is not another call
    facts["started_at"] = recording.started_at.isoformat() if recording.started_at else None
    facts["customer_number"] = key.customer_id(recording.customer_number) if recording.customer_number else None
    return digest_of([settings, facts, size])


def digest_of(facts: Sequence[Any]) -> str:
    """Return the sha256 of plain facts, in hex."""
    canonical = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
