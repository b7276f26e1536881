"""Writing and reading the tables: `OUT/<table>/night=YYYY-MM-DD/part-<shard>.parquet`.

A part is written whole by one shard of the night, so that shards can run anywhere and be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from inspect_pipeline import __version__
from inspect_pipeline.errors import StoreError
from inspect_pipeline.store.atomic import WORK, remove_file, write_file
from inspect_pipeline.store.place import UrlPath
from inspect_pipeline.store.rows import Row
from inspect_pipeline.store.schema import SCHEMA_VERSION, SCHEMAS, TableName

_ROW_GROUP = 10_000  # rows; small enough to find one call quickly
_PART = re.compile(r"part-(\d+)\.parquet")
_NIGHT = re.compile(r"night=(\d{4}-\d{2}-\d{2})")


Content: TypeAlias = Iterable[Row] | pa.Table
"""What a part holds: rows, or the table that another part was read as."""


def part_path(out: Path, table: TableName, night: str, shard: int = 0) -> Path:
    """Return where the part of a shard is."""
    return out / table.value / f"night={night}" / f"part-{shard:04d}.parquet"


def write_part(path: Path, table: TableName, rows: Content, facts: Mapping[str, str]) -> None:
    """Replace the part at `path` (see `part_path`) by `rows`, in one step.

    `facts` go into the file's metadata beside `schema_version` and `tool`: what made the rows. The same rows and
    facts give the same bytes. Rows may come from a generator: no more than a row group of them is held. Raises
    StoreError.
    """
    schema = SCHEMAS[table].with_metadata(
        {
            "schema_version": str(SCHEMA_VERSION),
            "tool": f"inspect-pipeline {__version__}",
            **dict(sorted(facts.items())),
        }
    )
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        if isinstance(rows, pa.Table):
            writer.write_table(rows.combine_chunks().cast(schema), _ROW_GROUP)
        else:
            left = iter(rows)
            while group := list(islice(left, _ROW_GROUP)):
                writer.write_table(_table(group, schema), _ROW_GROUP)
    write_file(path, sink.getvalue().to_pybytes(), drafts(path.parent.parent.parent, path.parent.name))


def drafts(out: Path, folder: str) -> Path:
    """Return where files of `night=…` are written before they are renamed in."""
    return out / WORK / folder / "drafts"


def read_part(
    path: Path, table: TableName, columns: Sequence[str] | None = None, call_ids: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of one part (of some calls when told); maps are lists of pairs. Raises StoreError."""
    return rows_of(part_table(path, table, columns, call_ids))


def part_table(
    path: Path, table: TableName, columns: Sequence[str] | None = None, call_ids: Collection[str] | None = None
) -> pa.Table:
    """Return one part (or some of its columns, of some calls), without a row of Python each. Raises StoreError."""
    return _read_file(path, table, columns, call_ids)


def rows_of(content: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of a table; maps are lists of pairs."""
    names = content.column_names
    return [dict(zip(names, row, strict=True)) for row in zip(*map(_values_of, content.columns), strict=True)]


def _values_of(column: pa.ChunkedArray) -> list[Any]:
    """Return the values of a column. By way of numpy that takes a fifth of the time, where it means the same."""
    kind = column.type
    plain = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    if pa.types.is_string(kind) or (plain and not column.null_count):
        values: list[Any] = column.to_numpy().tolist()
        return values
    return list(column.to_pylist())


def calls_that_say(path: Path, text: str) -> set[str]:
    """Return the calls of a part of `utterances` in whose words `text` stands. Raises StoreError."""
    content = _read_file(path, TableName.UTTERANCES, ["call_id", "text"])
    found: set[str] = set(content.filter(pc.match_substring(content["text"], text))["call_id"].unique().to_pylist())
    return found


def read_table(
    out: Path, table: TableName, nights: Iterable[str] | None = None, columns: Sequence[str] | None = None
) -> pa.Table:
    """Return a table of some nights (all when None), sorted by night and part, with `night` as the last column.

    `columns` does not name `night`. A table nobody has written has no rows. Raises StoreError.
    """
    wanted = stored_nights(out, table) if nights is None else sorted(set(nights))
    schema = _chosen(table, columns).append(pa.field("night", pa.string()))
    pieces = []
    for night in wanted:
        for path in parts(out, table, night):
            piece = _read_file(path, table, columns)
            pieces.append(piece.append_column(schema.field("night"), pa.array([night] * len(piece), pa.string())))
    return pa.concat_tables(pieces) if pieces else schema.empty_table()


def part_facts(path: Path) -> dict[str, str] | None:
    """Return what a part's metadata says made it; None when there is no such part. Raises StoreError."""
    if not path.exists():
        return None
    with _reading(path):
        metadata = pq.read_schema(_opened(path)).metadata or {}
    return {name.decode(): value.decode() for name, value in metadata.items() if name != b"ARROW:schema"}


def parts(out: Path, table: TableName, night: str) -> list[Path]:
    """Return the parts of a night, by shard."""
    folder = part_path(out, table, night).parent
    found = [path for path in folder.iterdir() if _PART.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=shard_of)


def shard_of(path: Path) -> int:
    """Return the shard that wrote a part."""
    match = _PART.fullmatch(path.name)
    if match is None:
        raise StoreError(f"{path}: not a part of a table: move it away")
    return int(match[1])


def stored_nights(out: Path, table: TableName = TableName.CALLS) -> list[str]:
    """Return the nights that have a part of `table`, oldest first."""
    folder = out / table.value
    names = [_NIGHT.fullmatch(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(match[1] for match in names if match and parts(out, table, match[1]))


def remove_part(path: Path) -> None:
    """Remove a part that no shard of the night stands for any more. Raises StoreError."""
    remove_file(path)


def _chosen(table: TableName, columns: Sequence[str] | None) -> pa.Schema:
    schema = SCHEMAS[table]
    return schema if columns is None else pa.schema([schema.field(name) for name in columns])


def _read_file(
    path: Path, table: TableName, columns: Sequence[str] | None, call_ids: Collection[str] | None = None
) -> pa.Table:
    """Return one part in today's schema: a column that an older version did not know is null.

    Of the calls that are asked for, only the row groups that can hold them are read.
    """
    with _reading(path), pq.ParquetFile(_opened(path)) as file:
        version = int((file.schema_arrow.metadata or {}).get(b"schema_version", b"0"))
        if version > SCHEMA_VERSION:
            raise StoreError(f"{path}: written by a newer version (schema {version}): update inspect-pipeline")
        wanted = _chosen(table, columns)
        there = [name for name in wanted.names if name in file.schema_arrow.names]
        if call_ids is None:
            content = file.read(columns=there)
        else:
            content = file.read_row_groups(_groups_of(file, call_ids), columns=there)
            content = _of_calls(content, call_ids)
    arrays = [
        content[field.name].cast(field.type) if field.name in there else pa.nulls(len(content), field.type)
        for field in wanted
    ]
    return pa.Table.from_arrays(arrays, schema=wanted)


def _of_calls(content: pa.Table, call_ids: Collection[str]) -> pa.Table:
    """Return the rows of some calls, cut out run by run: those of a call stand together."""
    runs = []
    start = 0
    for wanted, run in groupby(content["call_id"].to_pylist(), key=frozenset(call_ids).__contains__):
        length = sum(1 for _ in run)
        if wanted:
            runs.append(content.slice(start, length))
        start += length
    return pa.concat_tables(runs) if runs else content.slice(0, 0)


def _groups_of(file: pq.ParquetFile, call_ids: Collection[str]) -> list[int]:
    """Return the row groups whose statistics do not rule out that they hold one of the calls."""
    place = file.schema_arrow.names.index("call_id")
    first, last = min(call_ids, default=""), max(call_ids, default="")
    groups = []
    for number in range(file.metadata.num_row_groups):
        known = file.metadata.row_group(number).column(place).statistics
        if known is None or not known.has_min_max or (known.min <= last and known.max >= first):
            groups.append(number)
    return groups


def _opened(path: Path) -> Path | pa.BufferReader:
    """Return what Arrow reads a part from; an object is fetched whole, it is small."""
    return pa.BufferReader(path.read_bytes()) if isinstance(path, UrlPath) else path


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what cannot be read into a StoreError that names the file."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise StoreError(f"{path}: cannot read: {reason}: remove it and run the night again") from error


def _table(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(_given([row.get(field.name) for row in rows], field), field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _given(values: list[Any], field: pa.Field) -> list[Any]:
    """Return the values of a column as Arrow takes them: moments from ISO 8601, maps from lists of pairs."""
    if pa.types.is_timestamp(field.type):
        return [datetime.fromisoformat(value) if isinstance(value, str) else value for value in values]
    if pa.types.is_map(field.type):
        return [value and [(name, said) for name, said in value] for value in values]
    return values
