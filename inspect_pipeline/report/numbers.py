"""The numbers of a night, counted from the rows of its tables. Nothing here reads or prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from inspect_pipeline.errors import StoreError
from inspect_pipeline.model import CallStatus, Finding, Flag, Risk, Seconds, Verdict
from inspect_pipeline.report.intervals import Share, share
from inspect_pipeline.store.rows import Row

BANDS = ((0, 60), (60, 70), (70, 80), (80, 90), (90, 100))  # [low, high), and 100 on its own
CALL_COLUMNS = ("call_id", "status", "error", "path", "duration_s", "score", "risk", "asr_model", "pack")
FINDING_COLUMNS = ("rule_id", "verdict", "reason_code")
QUIET = "nothing-noticed"  # the reason when a signal was listened for and not heard
SLOWEST = 5


@dataclass(frozen=True, slots=True)
class NotInspected:
    """One failed or skipped call, and why."""

    call_id: str
    path: str
    error: str


@dataclass(frozen=True, slots=True)
class Scores:
    """How the scores are spread. `bands`: calls by "0-59" … "100"; mean and median are None without a score."""

    bands: Mapping[str, int]
    unscored: int
    mean: float | None
    median: float | None


@dataclass(frozen=True, slots=True)
class Example:
    """One call in which a rule was violated or noticed. `at_s` and `quote` are None when nothing is quoted."""

    call_id: str
    at_s: Seconds | None
    quote: str | None
    reason_code: str
    reason_values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RuleNumbers:
    """One rule over the inspected calls of a night.

    `violated` is out of the calls that it could judge (met or violated), `uncertain` out of those and the uncertain
    ones, `noticed` out of those that were listened to for a signal (heard or not).
    """

    rule_id: str
    verdicts: Mapping[str, int]
    violated: Share
    uncertain: Share
    noticed: Share
    example: Example | None

    @property
    def fired(self) -> bool:
        """Tell whether the rule was violated or noticed in any call."""
        return self.verdicts[Verdict.VIOLATED] + self.verdicts[Verdict.NOTICED] > 0


@dataclass(frozen=True, slots=True)
class SlowCall:
    """How long it took to inspect one call."""

    call_id: str
    elapsed_s: Seconds
    audio_s: Seconds


@dataclass(frozen=True, slots=True)
class NightReport:
    """The numbers of a night: calls = inspected + failed + skipped.

    `rules` are in pack order. `never_fired` were judged but neither violated nor noticed, `never_applied` applied to
    no call. `slowest` is empty when the night's journal is not there.
    """

    night: str
    calls: int
    inspected: int
    failed: int
    skipped: int
    audio_s: Seconds
    models: tuple[str, ...]
    packs: tuple[str, ...]
    scores: Scores
    risks: Mapping[str, int]
    rules: tuple[RuleNumbers, ...]
    never_fired: tuple[str, ...]
    never_applied: tuple[str, ...]
    flagged: int
    flag_reasons: Mapping[str, int]
    slowest: tuple[SlowCall, ...]
    failures: tuple[NotInspected, ...]
    skips: tuple[NotInspected, ...]


@dataclass(slots=True)
class Account:
    """What has been counted of a night so far, one shard after the other."""

    status: Counter[str] = field(default_factory=Counter)
    risks: Counter[str] = field(default_factory=Counter)
    models: set[str] = field(default_factory=set)
    packs: set[str] = field(default_factory=set)
    scores: list[float] = field(default_factory=list)
    rules: dict[str, Counter[str]] = field(default_factory=dict)
    quiet: Counter[str] = field(default_factory=Counter)  # by rule: listened for and not heard
    audio_s: dict[str, Seconds] = field(default_factory=dict)
    not_inspected: list[tuple[str, NotInspected]] = field(default_factory=list)

    def add(self, calls: Sequence[Row], findings: Sequence[Row]) -> None:
        """Count the rows of one shard (CALL_COLUMNS, FINDING_COLUMNS)."""
        for call in calls:
            self._add_call(call)
        for row in findings:
            self.rules.setdefault(row["rule_id"], Counter())[row["verdict"]] += 1
            self.quiet[row["rule_id"]] += row["reason_code"] == QUIET

    def _add_call(self, call: Row) -> None:
        status = CallStatus(call["status"])
        self.status[status] += 1
        if call["duration_s"] is not None:
            self.audio_s[call["call_id"]] = call["duration_s"]
        if status is not CallStatus.INSPECTED:
            self.not_inspected.append((status, NotInspected(call["call_id"], call["path"], call["error"])))
            return
        self.risks[call["risk"]] += 1
        self.models.add(call["asr_model"])
        self.packs.add(call["pack"])
        if call["score"] is not None:
            self.scores.append(call["score"])

    def report(
        self, night: str, flags: Sequence[Flag], elapsed: Mapping[str, Seconds], examples: Mapping[str, Example]
    ) -> NightReport:
        """Return the numbers. Raises StoreError when a rule has not one answer for each inspected call."""
        inspected = self.status[CallStatus.INSPECTED]
        for rule_id, verdicts in self.rules.items():
            if verdicts.total() != inspected:
                raise StoreError(
                    f"night {night}: rule {rule_id} answered {verdicts.total()} of {inspected} inspected calls: "
                    "run the night again"
                )
        rules = tuple(
            _rule(rule_id, verdicts, self.quiet[rule_id], examples.get(rule_id))
            for rule_id, verdicts in self.rules.items()
        )
        silent = [rule for rule in rules if not rule.fired]
        return NightReport(
            night=night,
            calls=self.status.total(),
            inspected=inspected,
            failed=self.status[CallStatus.FAILED],
            skipped=self.status[CallStatus.SKIPPED],
            audio_s=sum(self.audio_s.values()),
            models=tuple(sorted(self.models)),
            packs=tuple(sorted(self.packs)),
            scores=_scores(self.scores, inspected),
            risks={risk.value: self.risks[risk] for risk in Risk},
            rules=rules,
            never_fired=tuple(rule.rule_id for rule in silent if not _never_applied(rule)),
            never_applied=tuple(rule.rule_id for rule in silent if _never_applied(rule)),
            flagged=len(flags),
            flag_reasons=dict(Counter(reason for flag in flags for reason in flag.reasons).most_common()),
            slowest=self._slowest(elapsed),
            failures=self._not_inspected(CallStatus.FAILED),
            skips=self._not_inspected(CallStatus.SKIPPED),
        )

    def _slowest(self, elapsed: Mapping[str, Seconds]) -> tuple[SlowCall, ...]:
        """Return the calls that took longest; a call that a run kept from an earlier one took no time."""
        timed = [(seconds, call_id) for call_id, seconds in elapsed.items() if seconds > 0]
        longest = sorted(timed, key=lambda one: (-one[0], one[1]))[:SLOWEST]
        return tuple(SlowCall(call_id, seconds, self.audio_s.get(call_id, 0.0)) for seconds, call_id in longest)

    def _not_inspected(self, status: CallStatus) -> tuple[NotInspected, ...]:
        return tuple(sorted((call for found, call in self.not_inspected if found == status), key=lambda c: c.call_id))


def example_of(finding: Finding) -> Example:
    """Return a finding as the example of its rule: its first quote, else its first measured moment."""
    quoted = [hit for hit in finding.evidence if hit.quote] or list(finding.evidence)
    at_s, quote = (quoted[0].start_s, quoted[0].quote or None) if quoted else (None, None)
    return Example(finding.call_id, at_s, quote, finding.reason.code, finding.reason.values)


def _rule(rule_id: str, counted: Counter[str], quiet: int, example: Example | None) -> RuleNumbers:
    met, violated = counted[Verdict.MET], counted[Verdict.VIOLATED]
    uncertain, noticed = counted[Verdict.UNCERTAIN], counted[Verdict.NOTICED]
    return RuleNumbers(
        rule_id,
        {verdict.value: counted[verdict] for verdict in Verdict},
        share(violated, met + violated),
        share(uncertain, met + violated + noticed + quiet + uncertain),
        share(noticed, noticed + quiet),
        example,
    )


def _never_applied(rule: RuleNumbers) -> bool:
    """Tell whether no call gave the rule anything to judge or to listen for."""
    return rule.uncertain.of == 0


def _scores(scores: Sequence[float], inspected: int) -> Scores:
    bands = {f"{low}-{high - 1}": sum(low <= score < high for score in scores) for low, high in BANDS}
    bands["100"] = sum(score >= 100 for score in scores)
    if not scores:
        return Scores(bands, inspected, None, None)
    return Scores(bands, inspected - len(scores), fmean(scores), median(scores))
