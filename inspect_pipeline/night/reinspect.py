"""Other rules over a stored night: the transcripts stay, findings, scores, risks and flags are made anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

from inspect_pipeline.config import Config
from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import CallStatus, Judgement, Recording, Transcript
from inspect_pipeline.night.compile import pack_facts, write_shard
from inspect_pipeline.night.configured import configured_plan
from inspect_pipeline.night.engine import workers_that_fit
from inspect_pipeline.night.finish import finish_night
from inspect_pipeline.night.inspect import Inspector, judge_transcripts
from inspect_pipeline.night.plan import NightPlan, digest_of, rules_digest, shard_digest
from inspect_pipeline.night.processes import MEMORY_GB, in_processes
from inspect_pipeline.night.spool import Spool
from inspect_pipeline.night.stopping import stoppable, undisturbed
from inspect_pipeline.night.told import NightSummary, StoppedError
from inspect_pipeline.store.calls import shard_tables
from inspect_pipeline.store.journal import ShardRecord, read_record
from inspect_pipeline.store.rows import Row, finding_row
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.stored import by_call, recording_of, transcript_of
from inspect_pipeline.store.tables import Content, part_facts, part_path, parts, read_table, rows_of, shard_of

_TOGETHER = 200  # calls that are judged together

JudgeTranscripts = Callable[[Sequence[tuple[Transcript, Recording]]], Iterable[Judgement]]
"""Judges stored transcripts, in order; the customer numbers of their recordings are masked."""

LoadJudge = Callable[[], JudgeTranscripts]
"""Loads the rules and the sentence model. It is called once in each worker, so it must pickle (see `load_judge`)."""


def load_judge(config: Config) -> JudgeTranscripts:
    """Return what judges transcripts by the packs of the configuration. Raises PackError and ModelError."""
    return partial(judge_transcripts, Inspector.from_config(config).judge)


def reinspection_plan(config: Config, night: str) -> tuple[NightPlan, LoadJudge]:
    """Return the plan of judging a stored night by the packs of the configuration, and what loads them.

    Raises PackError, UsageError and ConfigError.
    """
    plan = configured_plan(config, (), night)
    return replace(plan, workers=config.night.workers or workers_that_fit(MEMORY_GB)), partial(load_judge, config)


def reinspect_night(plan: NightPlan, load: LoadJudge, told: Callable[[int, int], None]) -> NightSummary:
    """Judge a stored night by the rules of `plan`, whose recordings are not looked at, and return its account.

    The tables become what `run_night` would have made with these rules, so that it does not do the night again. Shards
    are judged in `plan.workers` processes, and each is replaced as a whole. `told` hears how many of how many calls are
    judged. Raises UsageError when nothing is stored of the night, and StoreError. After an interruption the same
    command does the rest.
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
        indexes = [shard_of(path) for path in parts(plan.out, TableName.CALLS, plan.night)]
        shards: dict[int, list[str]] = {}
        done = 0
        told(done, total)
        try:
            bare = partial(_loaded, replace(plan, recordings=()), load)
            with closing(in_processes(plan.workers, bare, indexes)) as judged:
                for index, call_ids in judged:
                    shards[index] = call_ids
                    done += len(call_ids)
                    told(done, total)
            return finish_night(plan, shards, done, time.monotonic() - started)
        except KeyboardInterrupt as stop:
            raise StoppedError(
                f"night {plan.night}: stopped with {done} of {total} calls judged: run the same command again to go on"
            ) from stop


def _loaded(plan: NightPlan, load: LoadJudge) -> Callable[[int], tuple[int, list[str]]]:
    """Load the rules and return what judges a shard."""
    return partial(_judged_shard, plan, load())


def _judged_shard(plan: NightPlan, judge: JudgeTranscripts, index: int) -> tuple[int, list[str]]:
    return index, _judge_shard(plan, index, judge)


def _judge_shard(plan: NightPlan, index: int, judge: JudgeTranscripts) -> list[str]:
    """Judge one shard, unless these rules have judged it, and return the ids of its calls."""
    rules, record = rules_digest(plan), read_record(plan.out, plan.night, index)
    contents = shard_tables(plan.out, plan.night, index, tables=(TableName.CALLS, TableName.UTTERANCES))
    rows: dict[TableName, list[Row]] = {table: list(rows_of(content)) for table, content in contents.items()}
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
    stored = list(by_call(rows).values())
    blocks = [stored[first : first + _TOGETHER] for first in range(0, len(stored), _TOGETHER)]
    judged = [call for block in blocks for call in _judge_calls(plan, block, judge)]
    made: dict[TableName, Content] = {
        TableName.UTTERANCES: contents[TableName.UTTERANCES],  # as they were read
        TableName.FINDINGS: [finding for _, findings in judged for finding in findings],
        TableName.CALLS: [call for call, _ in judged],
    }
    made_from = {name: facts[name] for name in ("night", "shard", "model")}
    with undisturbed():  # half of it would have to be transcribed again
        write_shard(
            plan, index, made, {**made_from, "shard_digest": digest, **pack_facts(plan)}, record if known else None
        )
    return call_ids


def _judge_calls(
    plan: NightPlan, stored: Sequence[dict[TableName, list[Row]]], judge: JudgeTranscripts
) -> list[tuple[Row, list[Row]]]:
    """Return the row of each call and those of its findings; a call that was not inspected stays as it is."""
    heard = [_heard(rows) for rows in stored]
    judgements = iter(judge([call for call in heard if call is not None]))
    packs = pack_facts(plan)
    judged: list[tuple[Row, list[Row]]] = []
    for rows, call in zip(stored, heard, strict=True):
        row = {**rows[TableName.CALLS][0], **packs}
        if call is None:
            judged.append((row, []))
            continue
        judgement = next(judgements)
        answer = {"score": judgement.score, "risk": judgement.risk.value}
        judged.append(({**row, **answer}, [finding_row(finding) for finding in judgement.findings]))
    return judged


def _heard(rows: dict[TableName, list[Row]]) -> tuple[Transcript, Recording] | None:
    call = rows[TableName.CALLS][0]
    transcript = transcript_of(call, rows[TableName.UTTERANCES])
    if CallStatus(call["status"]) is not CallStatus.INSPECTED or transcript is None:
        return None
    return transcript, recording_of(call)
