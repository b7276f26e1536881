"""Sentence vectors beside the tables of the nights they were said in, so that other rules need not embed them again.

One SQLite file a model, shared by all workers. It holds no words: a sentence is known by a hash of it. The oldest
vectors make room for new ones. Whatever goes wrong with the file costs time and no answer: the vector is made again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inspect_pipeline.store.place import UrlPath

Vector = npt.NDArray[np.float32]

KEPT = 200_000  # vectors in the file: at 384 float32, 330 MB
_TOGETHER = 500  # keys of one query; SQLite takes 999
_WRITTEN_AT_ONCE = 32  # embedding as many takes a thousand times as long
_PATIENCE_S = 20.0  # for another worker that is writing


class StoredVectors:
    """The vectors of one model's sentences in `folder`. Nothing is stored where that is not on this machine."""

    def __init__(self, folder: Path, model: str, kept: int = KEPT) -> None:
        """The file is made when there is something to write, if the folder above `folder` is there by then."""
        name = blake2b(model.encode(), digest_size=8).hexdigest()
        self._path = folder / f"sentences-{name}.sqlite"
        self._kept = kept
        self._usable = not isinstance(folder, UrlPath)
        self._waiting: dict[bytes, bytes] = {}
        self._base: sqlite3.Connection | None = None

    def read(self, sentences: Iterable[str]) -> dict[str, Vector]:
        """Return the vectors of those sentences that have one."""
        keys = {_key(sentence): sentence for sentence in sentences}
        if not self._usable or not keys or not self._path.exists():
            return {}
        found: dict[str, Vector] = {}
        try:
            base = self._connection()
            for some in _batches(list(keys)):
                marks = ",".join("?" * len(some))
                for key, vector in base.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some):
                    found[keys[key]] = np.frombuffer(vector, dtype=np.float32)
        except (sqlite3.Error, ValueError):
            self._usable = False
            return {}
        return found

    def write(self, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors; they are written some dozens at a time, the last ones by `flush`."""
        if self._usable:
            self._waiting |= {_key(sentence): vector.tobytes() for sentence, vector in vectors.items()}
            if len(self._waiting) >= _WRITTEN_AT_ONCE:
                self.flush()

    def flush(self) -> None:
        """Write what waits to be written."""
        waiting, self._waiting = self._waiting, {}
        if not waiting or not self._path.parent.parent.is_dir():
            return
        try:
            self._path.parent.mkdir(exist_ok=True)
            with self._connection() as base:
                base.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")
                base.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", waiting.items())
                (count,) = base.execute("SELECT COUNT(*) FROM vectors").fetchone()
                if count > self._kept:
                    oldest = "SELECT rowid FROM vectors ORDER BY rowid LIMIT ?"
                    base.execute(f"DELETE FROM vectors WHERE rowid IN ({oldest})", (count - self._kept * 3 // 4,))
        except (sqlite3.Error, OSError):
            self._usable = False

    def _connection(self) -> sqlite3.Connection:
        if self._base is None:
            self._base = sqlite3.connect(self._path, timeout=_PATIENCE_S, check_same_thread=False)
            self._base.execute("PRAGMA synchronous = OFF")  # what a crash loses is made again
        return self._base


def _key(sentence: str) -> bytes:
    return blake2b(sentence.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _batches(keys: list[bytes]) -> list[list[bytes]]:
    return [keys[first : first + _TOGETHER] for first in range(0, len(keys), _TOGETHER)]
