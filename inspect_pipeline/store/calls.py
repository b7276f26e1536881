"""The stored calls of a night, read back one shard at a time, so that other rules can judge them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from inspect_pipeline.errors import StoreError
from inspect_pipeline.model import CallResult, Flag, Recording, Transcript
from inspect_pipeline.store.rows import Row
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.stored import by_call, flag_of, result_of
from inspect_pipeline.store.tables import part_facts, part_path, part_table, parts, read_part, rows_of, shard_of

SHARD_TABLES = (TableName.UTTERANCES, TableName.FINDINGS, TableName.CALLS)  # in the order in which they are written


def stored_results(out: Path, night: str, call_ids: Collection[str] | None = None) -> Iterator[CallResult]:
    """Yield the calls of a night (those of `call_ids`, or all) by shard and id, as they were judged.

    The customer's number is the masked one, and `elapsed_s` is not stored. Raises StoreError.
    """
    for path in parts(out, TableName.CALLS, night):
        for rows in by_call(shard_rows(out, night, shard_of(path))).values():
            call = rows[TableName.CALLS][0]
            if call_ids is None or call["call_id"] in call_ids:
                yield result_of(call, rows[TableName.UTTERANCES], rows[TableName.FINDINGS])


def transcripts_from(
    out: Path, night: str, call_ids: Collection[str] | None = None
) -> Iterator[tuple[Recording, Transcript]]:
    """Yield the inspected calls of a night with their transcripts, exactly as they were judged. Raises StoreError."""
    for result in stored_results(out, night, call_ids):
        if result.transcript is not None:
            yield result.recording, result.transcript


def stored_flags(out: Path, night: str) -> list[Flag]:
    """Return the calls of a night that a person must hear, by id. Raises StoreError."""
    return [flag_of(row) for path in parts(out, TableName.FLAGS, night) for row in read_part(path, TableName.FLAGS)]


def shard_rows(
    out: Path,
    night: str,
    shard: int,
    call_ids: Collection[str] | None = None,
    tables: Sequence[TableName] = SHARD_TABLES,
) -> dict[TableName, list[Row]]:
    """Return the rows of one shard, or of some of its calls, in some tables.

    Raises StoreError when its parts do not fit, also those that are not asked for.
    """
    contents = shard_tables(out, night, shard, call_ids, tables)
    return {table: list(rows_of(content)) for table, content in contents.items()}


def shard_tables(
    out: Path,
    night: str,
    shard: int,
    call_ids: Collection[str] | None = None,
    tables: Sequence[TableName] = SHARD_TABLES,
) -> dict[TableName, pa.Table]:
    """Return the same as tables, which can be written again as they are. Raises StoreError."""
    paths = {table: part_path(out, table, night, shard) for table in SHARD_TABLES}
    digests = {(part_facts(path) or {}).get("shard_digest") for path in paths.values()}
    if len(digests) != 1:
        raise StoreError(f"{paths[TableName.CALLS]}: its tables were not made together: run the night again")
    return {table: part_table(paths[table], table, None, call_ids) for table in tables}
