"""What two packs answer otherwise over the same calls: rule by rule, flip by flip, team by team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from inspect_pipeline.model import Finding, Verdict
from inspect_pipeline.review.outcome import SEEN, Holds
from inspect_pipeline.rulebook.rule import Pack, Rule

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Rules:
    """Which rules differ, by id in the order of the packs."""

    changed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    same: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flip:
    """One call that one rule answers otherwise. `label`: what reviewers say of the call under either wording."""

    night: str
    call_id: str
    team: str | None
    rule_id: str
    old: Finding
    new: Finding
    label: Holds | None

    @property
    def better(self) -> bool | None:
        """Whether the flip is what reviewers said (False: they said the contrary); None when they do not decide it."""
        seen = [finding.verdict in SEEN for finding in (self.old, self.new)]
        if self.label not in (Holds.YES, Holds.NO) or seen[0] is seen[1]:
            return None
        return seen[1] is (self.label is Holds.YES)


@dataclass(slots=True)
class Shift:
    """Mean scores of the calls that have one under both packs."""

    calls: int = 0
    old_sum: float = 0.0
    new_sum: float = 0.0

    def add(self, old: float, new: float) -> None:
        """Count one call."""
        self.calls += 1
        self.old_sum += old
        self.new_sum += new

    def join(self, other: Shift) -> None:
        """Count the calls of another one."""
        self.calls += other.calls
        self.old_sum += other.old_sum
        self.new_sum += other.new_sum


@dataclass(slots=True)
class Difference:
    """What came out. `counts`: rule -> (old verdict, new verdict) -> calls, flips only; `answered`: rule that only one
    pack has -> verdict -> calls; `teams`: mean scores by team, '' for calls without one; `judged`: answers worked out.
    """

    rules: Rules
    calls: int = 0
    nights: tuple[str, ...] = ()
    judged: int = 0
    flips: list[Flip] = field(default_factory=list)
    counts: dict[str, dict[tuple[Verdict, Verdict], int]] = field(default_factory=dict)
    answered: dict[str, dict[Verdict, int]] = field(default_factory=dict)
    teams: dict[str, Shift] = field(default_factory=dict)

    def add(self, other: Difference) -> None:
        """Add what came out of other calls, with the same packs."""
        self.calls += other.calls
        self.judged += other.judged
        self.flips += other.flips
        _add_up(self.counts, other.counts)
        _add_up(self.answered, other.answered)
        for team, shift in other.teams.items():
            self.teams.setdefault(team, Shift()).join(shift)


def _add_up(own: dict[str, dict[Answer, int]], other: Mapping[str, Mapping[Answer, int]]) -> None:
    for rule_id, counts in other.items():
        sums = own.setdefault(rule_id, {})
        for answer, calls in counts.items():
            sums[answer] = sums.get(answer, 0) + calls


def rules_between(old: Pack, new: Pack) -> Rules:
    """Return which rules two packs share, under the same or another fingerprint, and which only one has."""
    before, after = pack_rules(old), pack_rules(new)
    both = [rule_id for rule_id in after if rule_id in before]
    same = tuple(rule_id for rule_id in both if before[rule_id].fingerprint == after[rule_id].fingerprint)
    return Rules(
        changed=tuple(rule_id for rule_id in both if rule_id not in same),
        added=tuple(rule_id for rule_id in after if rule_id not in before),
        removed=tuple(rule_id for rule_id in before if rule_id not in after),
        same=same,
    )


def pack_rules(pack: Pack) -> dict[str, Rule]:
    """Return the rules of a pack by id."""
    return {rule.id: rule for rule in pack.rules}
