"""From spooled calls to the part files of a shard, and back: what is stored already is not inspected again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from inspect_pipeline.errors import StoreError
from inspect_pipeline.model import CallStatus
from inspect_pipeline.night.plan import NightPlan, Shard, Task
from inspect_pipeline.night.spool import Entry, Spool
from inspect_pipeline.store.calls import SHARD_TABLES, shard_rows
from inspect_pipeline.store.journal import WRITING, CallRecord, ShardRecord, read_record, remove_record, write_record
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.stored import by_call
from inspect_pipeline.store.tables import Content, part_facts, part_path, write_part


def is_stored(plan: NightPlan, shard: Shard, record: ShardRecord | None) -> bool:
    """Return whether the parts of a shard are there and made from exactly what the plan asks for."""
    paths = [part_path(plan.out, table, plan.night, shard.index) for table in SHARD_TABLES]
    if {(part_facts(path) or {}).get("shard_digest") for path in paths} != {shard.digest}:
        return False
    if record is None:
        return not plan.retry_failed  # nothing tells which calls failed
    if record.digest != shard.digest:
        return False  # a run ended while it wrote the parts
    return all(_keeps(plan, task, record) for task in shard.tasks)


def keep_stored(plan: NightPlan, spool: Spool, tasks: Iterable[Task], records: Mapping[int, ShardRecord]) -> list[str]:
    """Put back into the spool each call of `tasks` that an earlier run stored from the same input. Return their ids.

    This is done for all changed shards before any part is replaced: when the number of shards has changed, a call's
    rows may lie in a part that another shard is about to write. Raises StoreError.
    """
    wanted: dict[int, list[Task]] = defaultdict(list)
    where = {call_id: index for index, record in records.items() for call_id in record.calls}
    for task in tasks:
        index = where.get(task.call_id)
        if index is not None and _keeps(plan, task, records[index]):
            wanted[index].append(task)
    kept: list[str] = []
    for index, members in wanted.items():
        facts = part_facts(part_path(plan.out, TableName.CALLS, plan.night, index)) or {}
        if facts.get("shard_digest") != records[index].digest:
            continue  # other parts than those the record speaks of: inspect again
        stored = by_call(shard_rows(plan.out, plan.night, index))
        for task in members:
            rows = stored[task.call_id]
            call = records[index].calls[task.call_id]
            spool.put(task, Entry(call.status, call.elapsed_s, rows))
            kept.append(task.call_id)
    return kept


def compile_shard(plan: NightPlan, spool: Spool, shard: Shard) -> None:
    """Write the parts of a shard whose calls are all spooled, and clear its spool. Raises StoreError.

    Two that work on the same shard may both come here, one after the other: the second finds it done.
    """
    with spool.turn(f"compile-{shard.index:04d}"):
        entries = [(task, entry) for task in shard.tasks if (entry := spool.get(task)) is not None]
        if len(entries) == len(shard.tasks):
            _write_entries(plan, shard, entries)
        elif not is_stored(replace(plan, retry_failed=False), shard, read_record(plan.out, plan.night, shard.index)):
            raise StoreError(f"{spool.folder}: calls of shard {shard.index} are gone: run the same command again")
        for task in shard.tasks:
            spool.drop(task)


def _write_entries(plan: NightPlan, shard: Shard, entries: Sequence[tuple[Task, Entry]]) -> None:
    facts = {
        "night": plan.night,
        "shard": f"{shard.index}/{shard.of}",
        "shard_digest": shard.digest,
        "model": plan.origin.model,
        **pack_facts(plan),
    }
    rows = {table: [row for _, entry in entries for row in entry.rows[table]] for table in SHARD_TABLES}
    calls = {
        task.call_id: CallRecord(task.heard, task.changed, entry.status, entry.elapsed_s) for task, entry in entries
    }
    write_shard(plan, shard.index, rows, facts, ShardRecord(shard.digest, shard.rules, calls))


def write_shard(
    plan: NightPlan,
    index: int,
    rows: Mapping[TableName, Content],
    facts: Mapping[str, str],
    record: ShardRecord | None,
) -> None:
    """Write the parts of a shard and then its record (None: there is none). Raises StoreError.

    `calls` is the last part: whoever finds a call there finds its utterances and findings, too.
    """
    write_record(plan.out, plan.night, index, WRITING)
    for table in SHARD_TABLES:
        write_part(part_path(plan.out, table, plan.night, index), table, rows[table], facts)
    if record is None:
        remove_record(plan.out, plan.night, index)
    else:
        write_record(plan.out, plan.night, index, record)


def pack_facts(plan: NightPlan) -> dict[str, str]:
    """Return what a part's metadata says of the rules."""
    return {"pack": plan.origin.pack, "pack_fingerprint": plan.origin.pack_fingerprint}


def _keeps(plan: NightPlan, task: Task, record: ShardRecord) -> bool:
    """Return whether what was stored of a call is still its answer."""
    call = record.calls.get(task.call_id)
    if call is None or (call.heard, call.changed, record.rules) != (task.heard, task.changed, task.rules):
        return False
    return not (plan.retry_failed and call.status is CallStatus.FAILED)
