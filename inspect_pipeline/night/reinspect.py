"""Other rules over a stored night: the transcripts stay, findings, scores, risks and flags are made anew."""

from __future__ import annotations

import time
from collections.abc import Callable

from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import CallStatus, Judgement, Recording, Transcript
from inspect_pipeline.night.compile import pack_facts, write_shard
from inspect_pipeline.night.finish import finish_night
from inspect_pipeline.night.plan import NightPlan, digest_of, rules_digest, shard_digest
from inspect_pipeline.night.spool import Spool
from inspect_pipeline.night.stopping import stoppable, undisturbed
from inspect_pipeline.night.told import NightSummary, StoppedError
from inspect_pipeline.store.calls import shard_rows
from inspect_pipeline.store.journal import ShardRecord, read_records
from inspect_pipeline.store.rows import Row, finding_row
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.stored import by_call, result_of
from inspect_pipeline.store.tables import part_facts, part_path, parts, read_table, shard_of

JudgeTranscript = Callable[[Transcript, Recording], Judgement]
"""Judges a stored transcript; the recording's customer number is masked. `Inspector.judge` with `judge_transcript`."""


def reinspect_night(plan: NightPlan, judge: JudgeTranscript, told: Callable[[int, int], None]) -> NightSummary:
    """Judge a stored night by the rules of `plan`, whose recordings are not looked at, and return its account.

    The tables become what `run_night` would have made with these rules, so that it does not do the night again.
    `told` hears how many of how many calls are judged. Raises UsageError when nothing is stored of the night, and
    StoreError. After an interruption the same command does the rest.
    """
    started = time.monotonic()
    spool = Spool(plan.out, plan.night)
    with spool.lock(), stoppable():
        spool.sweep()
        total = len(read_table(plan.out, TableName.CALLS, [plan.night], ["call_id"]))
        if not total:
            raise UsageError(
                f"{plan.out}: nothing is stored of night {plan.night}: run it first, or name another --out"
            )
        records = read_records(plan.out, plan.night)
        shards: dict[int, list[str]] = {}
        done = 0
        try:
            for path in parts(plan.out, TableName.CALLS, plan.night):
                index = shard_of(path)
                shards[index] = _judge_shard(plan, index, records.get(index), judge)
                done += len(shards[index])
                told(done, total)
            return finish_night(plan, shards, done, time.monotonic() - started)
        except KeyboardInterrupt as stop:
            raise StoppedError(
                f"night {plan.night}: stopped with {done} of {total} calls judged: run the same command again to go on"
            ) from stop


def _judge_shard(plan: NightPlan, index: int, record: ShardRecord | None, judge: JudgeTranscript) -> list[str]:
    """Judge one shard, unless these rules have judged it, and return the ids of its calls."""
    rules = rules_digest(plan)
    rows = shard_rows(plan.out, plan.night, index)
    call_ids = [call["call_id"] for call in rows[TableName.CALLS]]
    facts = part_facts(part_path(plan.out, TableName.CALLS, plan.night, index)) or {}
    known = record is not None and record.digest == facts["shard_digest"]
    if record is not None and known:
        if record.rules == rules:
            return call_ids
        digest = shard_digest([record.calls[call_id].heard for call_id in call_ids], rules)
        record = ShardRecord(digest, rules, record.calls)
    else:  # nothing tells what the transcripts were made from: a later run makes them anew
        digest = digest_of([facts["shard_digest"], rules])
    judged = [_judge_call(plan, call, judge) for call in by_call(rows).values()]
    rows[TableName.CALLS] = [call for call, _ in judged]
    rows[TableName.FINDINGS] = [finding for _, findings in judged for finding in findings]
    made_from = {name: facts[name] for name in ("night", "shard", "model")}
    with undisturbed():  # half of it would have to be transcribed again
        write_shard(
            plan, index, rows, {**made_from, "shard_digest": digest, **pack_facts(plan)}, record if known else None
        )
    return call_ids


def _judge_call(plan: NightPlan, rows: dict[TableName, list[Row]], judge: JudgeTranscript) -> tuple[Row, list[Row]]:
    call = rows[TableName.CALLS][0]
    result = result_of(call, rows[TableName.UTTERANCES], rows[TableName.FINDINGS])
    packs = pack_facts(plan)
    if result.status is not CallStatus.INSPECTED or result.transcript is None:
        return {**call, **packs}, []
    judgement = judge(result.transcript, result.recording)
    answer = {"score": judgement.score, "risk": judgement.risk.value}
    return {**call, **packs, **answer}, [finding_row(finding) for finding in judgement.findings]
