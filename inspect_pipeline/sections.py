"""The sections of `inspect.toml`: what each setting means, and what it is when nothing is said. `config` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SpeechConfig:
    """[speech] The recogniser. `model`: a size, a hub id or a folder. `hotwords`: names it should know, never phrases
    that a rule checks."""

    model: str = "base"
    language: str = "zh"
    device: str = "auto"
    compute_type: str = "auto"
    hotwords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesConfig:
    """[rules] `packs`: the names of those that ship, or files. `sentence_model`: what `like` terms use (None: whichever
    is installed)."""

    packs: tuple[str, ...] = ("telecom-cn",)
    sentence_model: str | None = None


@dataclass(frozen=True, slots=True)
class GroupSampling:
    """[sampling.agent], [sampling.team], [sampling.queue] What is drawn at random from the calls of each of them.

    `share` of the calls, but so many that `at_least` and no more than `at_most` a night are expected. A call whose
    manifest names no agent (team, queue) belongs to none.
    """

    share: float = 0.0
    at_least: int = 0
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """[sampling] The probability (0-1) that each reason to hear a call proposes; the largest counts.

    `critical`: a critical rule is violated; `violation`: any is; `uncertain`: any could not be answered; `low_score`: a
    score below `low_score_below`; `near_threshold`: a score within `near_points` of one of `thresholds`; `new_rule`,
    `new_fingerprint`: a rule that the night before did not have, or had in another meaning, answered violated, noticed
    or uncertain; `clean`: no reason at all. 1 makes a reason mandatory: the budget never cuts it. 0 turns it off: calls
    that had no other count as clean. `targets`: how many calls a night to aim at for a reason, instead.
    `agent`, `team`, `queue`: what is drawn at random from each.

    `budget`: how many calls a night can be heard (None: any number). When more are expected, all that is not mandatory
    is scaled down alike, but not below `reserve` (0-1) of the budget, so that what the rules miss stays measurable.
    `calibration`: the share of the drawn calls that two people hear ([review] `second_share` can only raise it).
    `seed`: which calls are drawn.
    """

    seed: str = "0"
    critical: float = 1.0
    high_risk: float = 1.0
    medium_risk: float = 0.3
    low_score: float = 0.3
    violation: float = 0.1
    new_rule: float = 0.2
    new_fingerprint: float = 0.1
    near_threshold: float = 0.1
    uncertain: float = 0.05
    clean: float = 0.02
    low_score_below: float = 60.0
    thresholds: tuple[float, ...] = (60.0, 80.0)
    near_points: float = 2.0
    targets: Mapping[str, int] = field(default_factory=dict)
    agent: GroupSampling = GroupSampling()
    team: GroupSampling = GroupSampling()
    queue: GroupSampling = GroupSampling()
    budget: int | None = None
    reserve: float = 0.1
    calibration: float = 0.05


@dataclass(frozen=True, slots=True)
class DueHours:
    """[review.due_hours] Hours in which a flagged call must be heard, by its risk."""

    high: float = 2.0
    medium: float = 24.0
    low: float = 72.0


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One of [[review.reviewers]]. `share`: how much of the queue, beside the others' shares. `team`: whose calls are
    her own team's. `queues`, `languages`: the only ones she hears (none: all). What is dealt to her is hers until it is
    overdue; then it is for any of them who may hear it."""

    name: str
    share: float = 1.0
    team: str | None = None
    queues: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewConfig:
    """[review] `database`: an SQLite file or a PostgreSQL URL (None: a file in OUT). `reviewer`: who reviews here.

    `reviewers`: who gets the calls (none: whoever asks). `never_own_team`: nobody hears her own team. `second_share`:
    the share (0-1) of the flagged calls that a second reviewer hears, blind; those of [sampling] `calibration` count
    towards it, and without it they are all. `appeal_days`: how long a finding can be
    contested. `causes`: why a machine's answer can be wrong, to choose from.
    """

    database: str | None = None
    reviewer: str | None = None
    due_hours: DueHours = DueHours()
    reviewers: tuple[Reviewer, ...] = ()
    never_own_team: bool = False
    second_share: float = 0.0
    appeal_days: float = 7.0
    causes: tuple[str, ...] = ("识别错误", "说话人分错", "规则过严", "规则缺说法", "断章取义", "录音质量")


@dataclass(frozen=True, slots=True)
class PrivacyConfig:
    """[privacy] `key_file`: the key that turns numbers into customer ids (None: the installation's own)."""

    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class NightConfig:
    """[night] `workers`: processes at a time (None: as many as the machine allows). `shard_size`: calls a part file."""

    workers: int | None = None
    shard_size: int = 200


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. `lang` is what reviewers and managers read: zh or en."""

    out: Path = Path("out")
    lang: str = "zh"
    speech: SpeechConfig = SpeechConfig()
    rules: RulesConfig = RulesConfig()
    sampling: SamplingConfig = SamplingConfig()
    review: ReviewConfig = ReviewConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    night: NightConfig = NightConfig()
