"""Manifests and folders -> recordings; every mistake at once, each with its line."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sounds import CALLS

from inspect_pipeline.errors import ManifestError
from inspect_pipeline.model import Recording
from inspect_pipeline.speech.manifest import read_source

CHINA = timezone(timedelta(hours=8))
FULL = """call_id,path,started_at,duration_s,agent_id,team,site,queue,direction,customer_number,agent_channel,vip
c1,a/1.wav,2026-11-20T09:12:00+08:00,58.77,1086,宽带一组,成都,宽带故障,inbound,13800001111,0,gold
c2,/rec/2.wav,2026/11/20 9:05,,,,,,,,,
"""


def listed(folder: Path) -> list[Recording]:
    """What FULL says, whatever the format."""
    path = folder / "calls.csv"
    return [
        Recording(
            call_id="c1",
            path=str(folder / "a/1.wav"),
            started_at=datetime(2026, 11, 20, 9, 12, tzinfo=CHINA),
            duration_s=58.77,
            agent_id="1086",
            team="宽带一组",
            site="成都",
            queue="宽带故障",
            direction="inbound",
            customer_number="13800001111",
            agent_channel=0,
            metadata={"vip": "gold"},
            place=f"{path}:2",
        ),
        Recording("c2", "/rec/2.wav", datetime(2026, 11, 20, 9, 5, tzinfo=CHINA), place=f"{path}:3"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_in_any_encoding_that_is_in_use(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "calls.csv").write_text(FULL, encoding=encoding)
    assert read_source(str(tmp_path / "calls.csv")) == listed(tmp_path)


def test_tabs_and_quoted_cells(tmp_path: Path) -> None:
    path = tmp_path / "calls.tsv"
    path.write_text('call_id\tpath\tnote\nc1\t1.wav\t"a\nb"\n\nc2\t2.wav\t\n', encoding="utf-8")
    assert [(each.call_id, each.metadata, each.place) for each in read_source(str(path))] == [
        ("c1", {"note": "a\nb"}, f"{path}:2"),
        ("c2", {}, f"{path}:5"),
    ]


def test_jsonl_and_parquet_say_the_same_as_csv(tmp_path: Path) -> None:
    rows = [
        {
            "call_id": "c1",
            "path": "a/1.wav",
            "started_at": "2026-11-20T09:12:00+08:00",
            "duration_s": 58.77,
            "agent_id": 1086,
            "team": "宽带一组",
            "site": "成都",
            "queue": "宽带故障",
            "direction": "inbound",
            "customer_number": 13800001111,
            "agent_channel": 0,
            "vip": "gold",
        },
        {"call_id": "c2", "path": "/rec/2.wav", "started_at": "2026-11-20 09:05"},
    ]
    jsonl = tmp_path / "calls.jsonl"
    jsonl.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    parquet = tmp_path / "calls.parquet"
    moments = [datetime(2026, 11, 20, 9, 12, tzinfo=CHINA), datetime(2026, 11, 20, 9, 5, tzinfo=CHINA)]
    table = pa.Table.from_pylist([{**row, "started_at": moment} for row, moment in zip(rows, moments, strict=True)])
    pq.write_table(table, parquet)

    expected = [_unplaced(each) for each in listed(tmp_path)]
    assert [_unplaced(each) for each in read_source(str(jsonl))] == expected
    assert [_unplaced(each) for each in read_source(str(parquet))] == expected
    assert [each.place for each in read_source(str(jsonl))] == [f"{jsonl}:1", f"{jsonl}:2"]


def _unplaced(recording: Recording) -> tuple[object, ...]:
    return tuple(getattr(recording, name) for name in Recording.__slots__ if name != "place")


def test_a_folder_with_a_manifest_is_its_manifest() -> None:
    calls = read_source(str(CALLS))
    assert len(calls) == 14
    assert calls[5] == Recording(
        call_id="demo-06-mono-roaming",
        path=str(CALLS / "demo-06-mono-roaming.wav"),
        started_at=datetime(2026, 11, 20, 20, 2, tzinfo=CHINA),
        duration_s=33.27,
        agent_id="5001",
        team="综合组",
        site="成都",
        queue="国际漫游",
        direction="inbound",
        customer_number="13400006666",
        place=f"{CALLS / 'manifest.csv'}:7",
    )


def test_a_folder_without_a_manifest_is_a_call_a_file(tmp_path: Path) -> None:
    for name in ("b.WAV", "a.mp3", "deep/c.amr", "notes.txt", ".hidden.wav", ".trash/d.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert read_source(str(tmp_path)) == [
        Recording("a", str(tmp_path / "a.mp3")),
        Recording("b", str(tmp_path / "b.WAV")),
        Recording("c", str(tmp_path / "deep/c.amr")),
    ]


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(
        "call_id,path,started_at,duration_s,agent_channel,customer_number\n"
        "ok,1.wav,2026-11-20,1,1,138\n"
        "../x,2.wav,yesterday,-3,2,1.38E+10\n"
        "ok,,2026-11-20T25:00:00,long,left,\n"
        "short,3.wav\n"
        ".,4.wav,,,,\n",
        encoding="utf-8",
    )
    assert problems_of(path) == [
        "3: call_id '../x' is a path: a call_id may not hold / or \\, nor be . or ..",
        "3: started_at 'yesterday' is not a time: write it like 2026-11-20T09:12:00+08:00",
        "3: duration_s '-3' is not a number of seconds: write it like 58.77, or leave it empty",
        "3: customer_number '1.38E+10' was cut by a spreadsheet: export that column as text",
        "3: agent_channel '2' is neither 0 (left) nor 1 (right): leave it empty for mono",
        "4: path is empty: every call needs call_id and path",
        "4: started_at '2026-11-20T25:00:00' is not a time: write it like 2026-11-20T09:12:00+08:00",
        "4: duration_s 'long' is not a number of seconds: write it like 58.77, or leave it empty",
        "4: agent_channel 'left' is neither 0 (left) nor 1 (right): leave it empty for mono",
        "4: call_id 'ok' is already on line 2: each call needs its own",
        "5: 2 cells where the header has 6: a comma inside a cell needs quotes",
        "6: call_id '.' is a path: a call_id may not hold / or \\, nor be . or ..",
    ]


@pytest.mark.parametrize("call_id", ["a/b", "a\\b", "..", "n" * 201, "a\tb", "1.2E+19"])
def test_a_call_id_that_cannot_be_one(tmp_path: Path, call_id: str) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(json.dumps({"call_id": call_id, "path": "1.wav"}) + "\n", encoding="utf-8")
    (problem,) = problems_of(path)
    assert problem.startswith("1: call_id '")


def problems_of(path: Path) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        read_source(str(path))
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", b"id,file\n1,2\n", "1: column 'call_id' is missing: every call needs call_id and path"),
        (
            "b.csv",
            b"callid,path\n1,2\n",
            "1: column 'call_id' is missing (did you mean 'callid'?): every call needs call_id and path",
        ),
        ("c.csv", b"call_id,path\n", "1: the manifest lists no calls: nothing to inspect"),
        ("d.csv", b"", "1: the manifest lists no calls: nothing to inspect"),
        ("e.csv", b"call_id,path,path\n1,2,3\n", "1: column 'path' is there twice: keep one"),
        ("f.csv", b"call_id,path\n1,\x81\xff\n", "2: neither UTF-8 nor GB18030 text: save it as CSV UTF-8"),
        ("g.csv", "call_id,path\n".encode("utf-16"), "1: this is UTF-16 text: save it as CSV UTF-8"),
        ("h.jsonl", b'{"call_id": "1", "path": "2"}\n{oops\n', "2: not JSON ("),
        ("i.jsonl", b"[1]\n", "1: not a JSON object: write one object a line"),
        ("j.jsonl", b'{"call_id": "1", "path": ["2"]}\n', "1: 'path' holds a list or an object: give a plain value"),
        ("k.parquet", b"no table", "1: not a Parquet file ("),
    ],
)
def test_one_mistake(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert problems_of(path)[0].startswith(problem)


def test_what_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "one.wav").write_bytes(b"x")
    (tmp_path / "list.xlsx").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    for name, message in [
        ("gone.csv", "gone.csv: no such file or folder: give a manifest (CSV, JSONL, Parquet) or a folder"),
        ("one.wav", "one.wav: this is a recording, not a list of recordings: give its folder, or a manifest"),
        ("list.xlsx", "list.xlsx: not a manifest by its name: use .csv, .jsonl or .parquet"),
        ("empty", "empty: no manifest.csv and no recordings in it"),
    ]:
        with pytest.raises(ManifestError) as caught:
            read_source(str(tmp_path / name))
        assert message in str(caught.value)


def test_two_files_of_one_name_are_no_call_each(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"x")
    (tmp_path / "a.mp3").write_bytes(b"x")
    with pytest.raises(ManifestError, match=r"a\.wav: call_id 'a' is also .*a\.mp3: rename one, or write a manifest"):
        read_source(str(tmp_path))


def test_a_path_that_does_not_exist_is_no_mistake_of_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("call_id,path\nc1,gone.wav\n", encoding="utf-8")
    assert [each.path for each in read_source(str(tmp_path))] == [str(tmp_path / "gone.wav")]
