"""The tables keep every field of a call, and open in the tools that people use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.parquet as pq
import pytest

from inspect_pipeline.errors import StoreError
from inspect_pipeline.model import CallResult, CallStatus
from inspect_pipeline.privacy import CustomerKey
from inspect_pipeline.store.calls import stored_results, transcripts_from
from inspect_pipeline.store.rows import Origin, Row, result_rows
from inspect_pipeline.store.schema import SCHEMAS, TableName
from inspect_pipeline.store.tables import (
    part_facts,
    part_path,
    part_table,
    read_table,
    rows_of,
    stored_nights,
    write_part,
)

NIGHT = "2026-11-20"


def write(out: Path, result: CallResult, origin: Origin, key: CustomerKey, shard: int = 0) -> None:
    for table, rows in result_rows(result, origin, key).items():
        write_part(part_path(out, table, NIGHT, shard), table, rows, {"shard_digest": "d1", "night": NIGHT})


def test_a_call_comes_back_as_it_was_judged(tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey):
    write(tmp_path, result, origin, key)
    (call,) = stored_results(tmp_path, NIGHT)
    assert call.recording == replace(result.recording, customer_number="138****1111")
    assert call.recording.started_at is not None
    assert call.recording.started_at.isoformat() == "2026-11-20T23:59:58.125000+08:00"
    assert (call.status, call.error, call.audio) == (CallStatus.INSPECTED, None, result.audio)
    assert call.transcript == result.transcript
    assert call.judgement == result.judgement
    assert list(transcripts_from(tmp_path, NIGHT)) == [(call.recording, result.transcript)]
    assert list(transcripts_from(tmp_path, NIGHT, {"other"})) == []


def test_rows_are_what_arrow_says_and_a_table_is_written_as_its_rows(
    tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey
):
    write(tmp_path, result, origin, key)
    for table in (TableName.CALLS, TableName.UTTERANCES, TableName.FINDINGS):
        path = part_path(tmp_path, table, NIGHT)
        content, before = part_table(path, table), path.read_bytes()
        assert rows_of(content) == content.to_pylist()
        write_part(path, table, content, {"shard_digest": "d1", "night": NIGHT})
        assert path.read_bytes() == before


def test_rows_may_come_one_by_one(tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey):
    """A night's rows are never all held: a part is written row group by row group, as the rows come."""
    (row,) = result_rows(result, origin, key)[TableName.CALLS]

    def rows() -> Iterator[Row]:
        for number in range(20_001):
            yield {**row, "call_id": f"c-{number:05}"}

    one, other = (part_path(tmp_path, TableName.CALLS, night) for night in ("2026-11-20", "2026-11-21"))
    write_part(one, TableName.CALLS, rows(), {})
    write_part(other, TableName.CALLS, list(rows()), {})
    assert one.read_bytes() == other.read_bytes()
    metadata = pq.read_metadata(one)
    assert [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)] == [10_000, 10_000, 1]
    assert part_table(one, TableName.CALLS)["call_id"].to_pylist() == [f"c-{number:05}" for number in range(20_001)]


def test_the_row_of_a_call(tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey):
    write(tmp_path, result, origin, key)
    (row,) = read_table(tmp_path, TableName.CALLS).drop_columns(["activity", "removed", "started_at"]).to_pylist()
    assert row == {
        "call_id": "c-0001",
        "status": "inspected",
        "error": None,
        "path": "/recordings/c-0001.wav",
        "audio_sha256": "ab" * 32,
        "duration_s": 12.25,
        "channels": 2,
        "speaker_source": "voice",
        "agent_id": "0107",
        "team": "甲班",
        "site": "010",
        "queue": "报障",
        "direction": "inbound",
        "customer_id": key.customer_id("13812341111"),
        "customer_number": "138****1111",
        "metadata": [("tier", "vip"), ("套餐", "59")],
        "asr_model": "base",
        "confidence": 0.7,
        "speech_s": 4.6,
        "silence_s": 2.65,
        "overlap_s": None,
        "score": 85.5,
        "risk": "medium",
        "pack": "telecom-cn,pilot",
        "pack_fingerprint": "aa11,bb22",
        "utc_offset_min": 480,
        "speaker_confidence": 0.8,
        "timed": False,
        "codec": "pcm_alaw",
        "sample_rate": 8000,
        "tracks": 1,
        "agent_channel": 1,
        "manifest_duration_s": 12.5,
        "night": "2026-11-20",
    }


def test_a_failed_call_has_a_row_and_nothing_else(tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey):
    failed = CallResult(result.recording, CallStatus.FAILED, error="c-0001.wav: no sound in it")
    write(tmp_path, failed, origin, key)
    (call,) = stored_results(tmp_path, NIGHT)
    assert (call.status, call.error) == (CallStatus.FAILED, "c-0001.wav: no sound in it")
    assert (call.audio, call.transcript, call.judgement) == (None, None, None)
    assert read_table(tmp_path, TableName.CALLS)["risk"].to_pylist() == [None]
    assert len(read_table(tmp_path, TableName.FINDINGS)) == 0


def test_the_same_rows_are_the_same_bytes(tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey):
    write(tmp_path / "a", result, origin, key)
    write(tmp_path / "b", replace(result, elapsed_s=99.0), origin, key)
    for table in (TableName.CALLS, TableName.UTTERANCES, TableName.FINDINGS):
        one, other = (part_path(tmp_path / side, table, NIGHT).read_bytes() for side in "ab")
        assert one == other


def test_an_empty_part_has_the_schema_of_a_full_one(tmp_path: Path):
    for table, schema in SCHEMAS.items():
        path = part_path(tmp_path, table, NIGHT)
        write_part(path, table, [], {})
        assert pq.read_schema(path).equals(schema)
        assert read_table(tmp_path, table).column_names == [*schema.names, "night"]


def test_units_and_versions_are_in_the_file(tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey):
    write(tmp_path, result, origin, key)
    path = part_path(tmp_path, TableName.CALLS, NIGHT)
    assert pq.read_schema(path).field("duration_s").metadata[b"unit"] == b"s"
    facts = part_facts(path)
    assert facts == {"schema_version": "1", "tool": "inspect-pipeline 0.1.0", "shard_digest": "d1", "night": NIGHT}
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_nothing_stored_is_an_empty_table(tmp_path: Path):
    assert stored_nights(tmp_path) == []
    assert len(read_table(tmp_path, TableName.CALLS)) == 0
    assert len(read_table(tmp_path, TableName.CALLS, nights=["2026-01-01"], columns=["call_id"])) == 0


def test_nights_and_codes_keep_their_zeros_in_every_reader(
    tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey
):
    write(tmp_path, result, origin, key)
    night = read_table(tmp_path, TableName.CALLS, columns=["site"])
    assert night.to_pylist() == [{"site": "010", "night": "2026-11-20"}]
    everything = f"{tmp_path}/calls/night=*/*.parquet"
    rows = duckdb.sql(
        "select call_id, site, night, utc_offset_min, len(activity), metadata['tier'] "
        f"from read_parquet('{everything}', hive_types_autocast=false)"
    ).fetchall()
    assert rows == [("c-0001", "010", "2026-11-20", 480, 3, "vip")]
    (quotes,) = duckdb.sql(
        f"select list(e.quote) from (select unnest(evidence) as e from '{tmp_path}/findings/**/*.parquet')"
    ).fetchall()
    assert quotes == (["请问有什么可以帮您", "我要投诉", ""],)
    frame = polars.read_parquet(tmp_path / "utterances")
    assert frame.select("speaker", "start_s").rows() == [("agent", 0.1), ("customer", 2.1)]
    table = pandas.read_parquet(tmp_path / "findings")
    assert table[["rule_id", "points_lost"]].to_numpy().tolist() == [
        ["greeting.opening", 0.0],
        ["empathy.after-complaint", 14.5],
    ]


def test_parts_that_were_not_made_together_are_not_mixed(
    tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey
):
    write(tmp_path, result, origin, key)
    write_part(part_path(tmp_path, TableName.FINDINGS, NIGHT), TableName.FINDINGS, [], {"shard_digest": "d2"})
    with pytest.raises(StoreError, match="not made together: run the night again"):
        list(stored_results(tmp_path, NIGHT))


def test_a_damaged_part_is_named(tmp_path: Path, result: CallResult, origin: Origin, key: CustomerKey):
    write(tmp_path, result, origin, key)
    path = part_path(tmp_path, TableName.CALLS, NIGHT)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(StoreError, match=r"part-0000\.parquet: cannot read: .*: remove it and run the night again"):
        read_table(tmp_path, TableName.CALLS)


def test_a_newer_schema_is_not_guessed_at(tmp_path: Path):
    path = part_path(tmp_path, TableName.CALLS, NIGHT)
    write_part(path, TableName.CALLS, [], {"schema_version": "2"})
    with pytest.raises(StoreError, match="written by a newer version"):
        read_table(tmp_path, TableName.CALLS)
