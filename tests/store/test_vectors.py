"""Vectors of sentences stay from one command to the next, and nothing that happens to their file changes an answer."""

from __future__ import annotations

import sqlite3
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from inspect_pipeline.store.place import UrlPath
from inspect_pipeline.store.vectors import StoredVectors

MODEL = "model/one"


def vector(value: float) -> np.ndarray:
    return np.full(3, value, dtype=np.float32)


def kept(folder: Path, sentences: list[str], model: str = MODEL) -> dict[str, list[float]]:
    return {sentence: each.tolist() for sentence, each in StoredVectors(folder, model).read(sentences).items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".work"


def test_they_are_there_for_the_next_command_and_the_same_model(folder: Path) -> None:
    stored = StoredVectors(folder, MODEL)
    stored.write({"您好": vector(0.1), "再见": vector(2)})
    stored.flush()
    assert kept(folder, ["再见", "您好", "谢谢"]) == {"再见": [2, 2, 2], "您好": vector(0.1).tolist()}
    assert kept(folder, ["您好"], model="model/two") == {}
    (file,) = folder.iterdir()
    assert "您好".encode() not in file.read_bytes()


def test_the_oldest_make_room(folder: Path) -> None:
    stored = StoredVectors(folder, MODEL, kept=8)
    for number in range(12):
        stored.write({str(number): vector(number)})
        stored.flush()
    names = [str(number) for number in range(12)]
    assert sorted(StoredVectors(folder, MODEL).read(names), key=int) == names[6:]


def test_a_file_that_is_none_costs_no_answer(folder: Path) -> None:
    stored = StoredVectors(folder, MODEL)
    stored.write({"您好": vector(1)})
    stored.flush()
    (file,) = folder.iterdir()
    file.write_bytes(b"not a database" * 100)
    broken = StoredVectors(folder, MODEL)
    assert broken.read(["您好"]) == {}
    broken.write({"您好": vector(1)})
    broken.flush()
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(file).execute("SELECT * FROM vectors")


def test_nothing_is_made_where_no_night_is_or_far_away(tmp_path: Path) -> None:
    for folder in (tmp_path / "out" / ".work", UrlPath("s3://bucket/out/.work")):
        stored = StoredVectors(folder, MODEL)
        assert stored.read(["您好"]) == {}
        stored.write({"您好": vector(1)})
        stored.flush()
    assert list(tmp_path.iterdir()) == []


def _write(folder: Path, first: int) -> None:
    stored = StoredVectors(folder, MODEL)
    for number in range(first, first + 40):
        stored.write({str(number): vector(number)})
        stored.flush()


def test_workers_share_one_file(folder: Path) -> None:
    workers = [get_context("spawn").Process(target=_write, args=(folder, first)) for first in (0, 20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    names = [str(number) for number in range(60)]
    assert kept(folder, names) == {name: vector(float(name)).tolist() for name in names}
