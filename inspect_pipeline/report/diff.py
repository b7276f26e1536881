"""Two packs over the same stored nights: which calls answer a rule otherwise, and what that does to the scores.

Only rules whose fingerprint differs are judged. What a night has stored under a fingerprint that one of the packs has
is taken from there, so that a rule can be tried while it is being written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from inspect_pipeline.config import Config
from inspect_pipeline.model import CallStatus, Finding, Reason, Recording, Risk, Severity, Transcript, Verdict
from inspect_pipeline.night.engine import workers_that_fit
from inspect_pipeline.night.inspect import Inspector
from inspect_pipeline.night.processes import MEMORY_GB, in_processes
from inspect_pipeline.report.difference import Difference, Flip, Shift, pack_rules, rules_between
from inspect_pipeline.report.labels import Labels
from inspect_pipeline.review.outcome import Holds, Key
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.metadata import recording_metadata
from inspect_pipeline.rulebook.rule import Pack
from inspect_pipeline.store.calls import shard_rows
from inspect_pipeline.store.rows import Row
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.stored import by_call, recording_of, transcript_of
from inspect_pipeline.store.tables import part_path, parts, read_part, shard_of
from inspect_pipeline.triage.score import can_take_points, score_call

_ANSWERS = ("call_id", "rule_id", "fingerprint", "verdict", "severity", "points_lost", "risk")
_TOGETHER = 200  # calls that are judged together
_SHARDS_A_WORKER = 16  # at least: for fewer another process takes longer to start than to work

_Shard = tuple[str, int]  # its night and its number

Told = Callable[[int, int], None]
"""Hears how many of how many shards are compared."""


def compare(config: Config, old: Pack, new: Pack, nights: Sequence[str], labels: Labels, told: Told) -> Difference:
    """Compare two packs over the inspected calls of stored nights. Raises StoreError and ModelError.

    `labels`: what reviewers said; it counts where it was said of either wording of the rule, also when she was not
    asked about it and heard the call to the end.
    """
    shards = [(night, shard_of(path)) for night in nights for path in parts(config.out, TableName.CALLS, night)]
    workers = min(config.night.workers or workers_that_fit(MEMORY_GB), len(shards) // _SHARDS_A_WORKER)
    found: dict[_Shard, Difference] = {}
    told(0, len(shards))
    with closing(in_processes(workers, partial(_Comparison, config, (old, new), labels), shards)) as compared:
        for shard, difference in compared:
            found[shard] = difference
            told(len(found), len(shards))
    whole = Difference(rules_between(old, new), nights=tuple(nights))
    for shard in shards:
        whole.add(found[shard])
    return whole


class _Comparison:
    """Both packs and what reviewers said, ready to compare shards. One a process."""

    def __init__(self, config: Config, packs: tuple[Pack, Pack], labels: Labels) -> None:
        self._out = config.out
        self._rules = rules_between(*packs)
        self._sides = _Side(config, packs[0]), _Side(config, packs[1])
        self._said = _Said(_labels_by_call(labels.explicit, self._sides), labels)

    def __call__(self, shard: _Shard) -> tuple[_Shard, Difference]:
        """Compare the inspected calls of one shard."""
        difference = Difference(self._rules)
        calls = list(_stored_calls(self._out, *shard))
        before = self._judged
        for first in range(0, len(calls), _TOGETHER):
            _compare_calls(difference, calls[first : first + _TOGETHER], self._sides, self._said)
        difference.judged = self._judged - before
        return shard, difference

    @property
    def _judged(self) -> int:
        return sum(side.judged for side in self._sides)


@dataclass(frozen=True, slots=True)
class _Said:
    """What reviewers said: `by_call` of a call and rule, under the wording of one of the packs, and all of it."""

    by_call: Mapping[tuple[str, str, str], Holds]
    labels: Labels

    def of(self, night: str, findings: Sequence[Finding]) -> Holds | None:
        """Return what was said of a rule in a call, given its answers under both wordings; None when nothing was."""
        call_id, rule_id = findings[0].call_id, findings[0].rule_id
        if (found := self.by_call.get((night, call_id, rule_id))) is not None:
            return found
        keys = [Key(night, call_id, rule_id, finding.fingerprint, finding.verdict) for finding in findings]
        return next((label for key in keys if (label := self.labels.of(key)) is not None), None)


@dataclass(frozen=True, slots=True)
class _Stored:
    """One inspected call and what is stored of its answers, by rule and fingerprint. `utterances` are rows."""

    night: str
    call: Row
    utterances: Sequence[Row]
    answers: Mapping[tuple[str, str], Row]

    def spoken(self) -> tuple[Recording, Transcript]:
        """Return what is judged, as it was."""
        recording, transcript = recording_of(self.call), transcript_of(self.call, list(self.utterances))
        assert transcript is not None, "an inspected call has a transcript"
        if recording.duration_s is None:
            recording = replace(recording, duration_s=transcript.duration_s)
        return recording, transcript


class _Side:
    """One of the two packs: answers from the store where they are there, from the judge otherwise."""

    def __init__(self, config: Config, pack: Pack) -> None:
        self.pack = pack
        self.rules = pack_rules(pack)
        self.judged = 0
        self._config = config
        self._judges: dict[tuple[str, ...], Judge] = {}
        self._scoring = {rule.id for rule in pack.rules if can_take_points(rule)}

    def findings(self, calls: Sequence[_Stored]) -> list[dict[str, Finding]]:
        """Return the answers of all rules for each call; those from the store are without their evidence and reason."""
        found: list[dict[str, Finding]] = []
        unknown: dict[tuple[str, ...], list[int]] = {}  # rules -> the calls that they were never asked about
        for place, stored in enumerate(calls):
            known = {rule.id: stored.answers.get((rule.id, rule.fingerprint)) for rule in self.pack.rules}
            found.append({rule_id: _bare(row) for rule_id, row in known.items() if row is not None})
            unknown.setdefault(tuple(rule_id for rule_id, row in known.items() if row is None), []).append(place)
        for rule_ids, places in unknown.items():
            for place, judged in zip(places, self.judge([calls[place] for place in places], rule_ids), strict=True):
                found[place] |= judged
        return found

    def judge(self, calls: Sequence[_Stored], rule_ids: tuple[str, ...]) -> list[dict[str, Finding]]:
        """Return the answers of some rules for each call, judged now."""
        if not rule_ids:
            return [{} for _ in calls]
        if rule_ids not in self._judges:
            rules = tuple(rule for rule in self.pack.rules if rule.id in rule_ids)
            self._judges[rule_ids] = Inspector(self._config, [replace(self.pack, rules=rules)]).judge
        self.judged += len(rule_ids) * len(calls)
        spoken = [stored.spoken() for stored in calls]
        known = [(transcript, recording_metadata(recording)) for recording, transcript in spoken]
        return [{finding.rule_id: finding for finding in each} for each in self._judges[rule_ids].judged(known)]

    def score(self, findings: Mapping[str, Finding]) -> float | None:
        """Return the call's score under this pack alone."""
        return score_call(tuple(findings.values()), self.pack.scorecard, self._scoring)[0]


def _compare_calls(difference: Difference, calls: Sequence[_Stored], sides: tuple[_Side, _Side], said: _Said) -> None:
    old, new = (side.findings(calls) for side in sides)
    for stored, before, after in zip(calls, old, new, strict=True):
        _compare_call(difference, stored, sides, said, (before, after))


def _compare_call(
    difference: Difference,
    stored: _Stored,
    sides: tuple[_Side, _Side],
    said: _Said,
    answers: tuple[Mapping[str, Finding], Mapping[str, Finding]],
) -> None:
    old, new = answers
    difference.calls += 1
    team = stored.call["team"]
    for rule_id in difference.rules.changed:
        verdicts = old[rule_id].verdict, new[rule_id].verdict
        if verdicts[0] is verdicts[1]:
            continue
        counts = difference.counts.setdefault(rule_id, {})
        counts[verdicts] = counts.get(verdicts, 0) + 1
        # with quotes, also where only the verdict was stored
        before, after = (
            side.judge([stored], (rule_id,))[0][rule_id] if not found[rule_id].reason.code else found[rule_id]
            for side, found in zip(sides, (old, new), strict=True)
        )
        label = said.of(stored.night, (old[rule_id], new[rule_id]))
        difference.flips.append(Flip(stored.night, stored.call["call_id"], team, rule_id, before, after, label))
    for findings, only in ((old, difference.rules.removed), (new, difference.rules.added)):
        for rule_id in only:
            answered = difference.answered.setdefault(rule_id, {})
            answered[findings[rule_id].verdict] = answered.get(findings[rule_id].verdict, 0) + 1
    scores = sides[0].score(old), sides[1].score(new)
    if scores[0] is not None and scores[1] is not None:
        difference.teams.setdefault(team or "", Shift()).add(scores[0], scores[1])


def _labels_by_call(labels: Mapping[Key, Holds], sides: tuple[_Side, _Side]) -> dict[tuple[str, str, str], Holds]:
    """Return what was said of each call and rule under the wording of one of the packs."""
    found: dict[tuple[str, str, str], Holds] = {}
    for key, holds in labels.items():
        wordings = [side.rules[key.rule_id].fingerprint for side in sides if key.rule_id in side.rules]
        if key.fingerprint in wordings:
            found[key.night, key.call_id, key.rule_id] = holds
    return found


def _stored_calls(out: Path, night: str, shard: int) -> Iterator[_Stored]:
    """Yield the inspected calls of a shard. Raises StoreError when its parts were not made together."""
    rows = by_call(shard_rows(out, night, shard, tables=(TableName.CALLS, TableName.UTTERANCES)))
    answers: dict[str, dict[tuple[str, str], Row]] = {}
    for row in read_part(part_path(out, TableName.FINDINGS, night, shard), TableName.FINDINGS, _ANSWERS):
        answers.setdefault(row["call_id"], {})[row["rule_id"], row["fingerprint"]] = row
    for call_id, one in rows.items():
        (call,) = one[TableName.CALLS]
        if call["status"] == CallStatus.INSPECTED.value:
            yield _Stored(night, call, one[TableName.UTTERANCES], answers.get(call_id, {}))


def _bare(row: Row) -> Finding:
    """Return a stored answer without its reason (an empty code) and evidence: reading those is dear."""
    return Finding(
        row["call_id"], row["rule_id"], row["fingerprint"], Verdict(row["verdict"]), Severity(row["severity"]),
        row["points_lost"], Risk(row["risk"]), Reason(""),
    )  # fmt: skip
