"""The end of a night: every call is accounted for, and the calls that a person must hear are drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inspect_pipeline.errors import StoreError
from inspect_pipeline.model import CallStatus, Risk, Verdict
from inspect_pipeline.night.draw import draw_calls
from inspect_pipeline.night.plan import NightPlan, Slice
from inspect_pipeline.night.told import NightSummary, NotInspected, SliceSummary
from inspect_pipeline.store.calls import SHARD_TABLES
from inspect_pipeline.store.journal import read_records, remove_record
from inspect_pipeline.store.judged import JUDGED_CALL, JUDGED_FINDING, Rules, judged_call, rules_before
from inspect_pipeline.store.rows import Row
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import part_path, parts, read_part, remove_part, shard_of
from inspect_pipeline.triage.sample import JudgedCall

_CALLS = (*JUDGED_CALL, "error", "path", "duration_s")


@dataclass(slots=True)
class _Account:
    """What has been counted so far."""

    status: Counter[CallStatus] = field(default_factory=Counter)
    risks: Counter[str] = field(default_factory=Counter)
    rules: dict[str, Counter[str]] = field(default_factory=dict)  # as the first inspected call answers them
    audio_s: float = 0.0
    not_inspected: dict[CallStatus, list[NotInspected]] = field(default_factory=dict)
    judged: list[JudgedCall] = field(default_factory=list)
    known: Rules | None = None  # the rules of the night before


def finish_night(plan: NightPlan, shards: Mapping[int, Sequence[str]], fresh: int, elapsed_s: float) -> NightSummary:
    """Drop parts of no shard, count the stored night, draw the flags.

    `shards`: the ids of the calls that must be in each, in order. Raises StoreError when the count is not right.
    """
    _drop_other_parts(plan, shards)
    account = _Account(known=rules_before(plan.out, plan.night))
    for index, call_ids in sorted(shards.items()):
        _count_shard(plan, index, call_ids, account)
    flags = draw_calls(plan, account.judged)
    calls = sum(len(call_ids) for call_ids in shards.values())
    if calls != sum(account.status.values()):
        raise StoreError(f"{plan.out}: {calls} calls in, {sum(account.status.values())} stored: run the night again")
    return NightSummary(
        night=plan.night,
        calls=calls,
        inspected=account.status[CallStatus.INSPECTED],
        failed=account.status[CallStatus.FAILED],
        skipped=account.status[CallStatus.SKIPPED],
        fresh=fresh,
        audio_s=account.audio_s,
        elapsed_s=elapsed_s,
        workers=plan.workers,
        rules={
            rule: {verdict.value: count[verdict.value] for verdict in Verdict} for rule, count in account.rules.items()
        },
        risks={risk.value: account.risks[risk.value] for risk in Risk},
        flagged=len(flags),
        flag_reasons=dict(sorted(Counter(reason for flag in flags for reason in flag.reasons).items())),
        failures=_by_id(account.not_inspected.get(CallStatus.FAILED, [])),
        skips=_by_id(account.not_inspected.get(CallStatus.SKIPPED, [])),
    )


def account_slice(
    plan: NightPlan, shards: Mapping[int, Sequence[str]], part: Slice, fresh: int, elapsed_s: float
) -> SliceSummary:
    """Count the stored shards of a slice. Raises StoreError when a shard does not hold its calls."""
    account = _Account()
    for index, call_ids in sorted(shards.items()):
        _count_shard(plan, index, call_ids, account)
    return SliceSummary(
        night=plan.night,
        index=part.index,
        of=part.of,
        shards=len(shards),
        calls=sum(account.status.values()),
        inspected=account.status[CallStatus.INSPECTED],
        failed=account.status[CallStatus.FAILED],
        skipped=account.status[CallStatus.SKIPPED],
        fresh=fresh,
        audio_s=account.audio_s,
        elapsed_s=elapsed_s,
        workers=plan.workers,
        failures=_by_id(account.not_inspected.get(CallStatus.FAILED, [])),
    )


def _drop_other_parts(plan: NightPlan, shards: Collection[int]) -> None:
    """Remove the parts and records of an earlier, larger number of shards."""
    for table in reversed(SHARD_TABLES):
        for path in parts(plan.out, table, plan.night):
            if shard_of(path) not in shards:
                remove_part(path)
    for index in read_records(plan.out, plan.night):
        if index not in shards:
            remove_record(plan.out, plan.night, index)


def _count_shard(plan: NightPlan, index: int, call_ids: Sequence[str], account: _Account) -> None:
    path = part_path(plan.out, TableName.CALLS, plan.night, index)
    calls = read_part(path, TableName.CALLS, _CALLS)
    if [call["call_id"] for call in calls] != list(call_ids):
        raise StoreError(f"{path}: does not hold the calls of its shard: remove it and run the night again")
    findings = read_part(part_path(plan.out, TableName.FINDINGS, plan.night, index), TableName.FINDINGS, JUDGED_FINDING)
    answers: dict[str, list[Row]] = {call["call_id"]: [] for call in calls}
    for row in findings:
        answers[row["call_id"]].append(row)
    for call in calls:
        _count_call(path, call, answers[call["call_id"]], account)


def _count_call(path: Path, call: Row, findings: Sequence[Row], account: _Account) -> None:
    status = CallStatus(call["status"])
    account.status[status] += 1
    account.audio_s += call["duration_s"] or 0.0
    if status is not CallStatus.INSPECTED:
        told = NotInspected(call["call_id"], call["path"], call["error"] or "")
        account.not_inspected.setdefault(status, []).append(told)
        return
    answered = [row["rule_id"] for row in findings]
    if not account.judged:
        account.rules = {rule: Counter() for rule in answered}
    if answered != list(account.rules):
        raise StoreError(f"{path}: call {call['call_id']} has not one answer of each rule: remove it and run again")
    for row in findings:
        account.rules[row["rule_id"]][row["verdict"]] += 1
    account.risks[call["risk"]] += 1
    account.judged.append(judged_call(call, findings, account.known))


def _by_id(entries: Sequence[NotInspected]) -> tuple[NotInspected, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.call_id))
