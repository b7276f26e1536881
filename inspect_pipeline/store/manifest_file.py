"""Reading a manifest that is a Parquet file. What the rows mean is not known here."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from inspect_pipeline.errors import ManifestError


def read_parquet_rows(path: Path) -> list[dict[str, str]]:
    """Return each row as text by column, null cells left out; 1086.0 is '1086', a time is ISO 8601.

    Raises ManifestError when the file is not Parquet, or a column holds lists or structures.
    """
    try:
        table = pq.read_table(pa.BufferReader(path.read_bytes()))
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ManifestError(f"{path}:1: not a Parquet file ({reason}): export it again, or give CSV") from error
    for field in table.schema:
        if pa.types.is_nested(field.type):
            raise ManifestError(f"{path}:1: column '{field.name}' holds {field.type}: give plain values")
    return [{column: _text(value) for column, value in row.items() if value is not None} for row in table.to_pylist()]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    return str(value)
