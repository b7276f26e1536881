"""Who is at work on a night. The system lets go of a lock when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inspect_pipeline.errors import UsageError
from inspect_pipeline.store.atomic import make_folder, storing
from inspect_pipeline.store.place import UrlPath


@contextmanager
def held(path: Path, what: str, shared: bool = False) -> Iterator[None]:
    """Hold the lock at `path`, alone or with others who share it. Raises UsageError when that cannot be had now."""
    with _opened(path) as handle:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(handle, 200, 0).decode("utf-8", errors="replace").strip() or "unknown"
            raise UsageError(f"{what} is being inspected by process {owner}: wait for it, or stop it") from error
        with storing(path):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield


@contextmanager
def awaited(path: Path) -> Iterator[None]:
    """Wait for the lock at `path` and hold it alone."""
    with _opened(path) as handle:
        with storing(path):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Open the file of a lock. For an object store, which has none, it is on this machine and keeps away what runs
    here; what runs elsewhere does the same work and writes the same bytes."""
    if isinstance(path, UrlPath):
        name = hashlib.sha256(str(path).encode()).hexdigest()[:32]
        path = Path(tempfile.gettempdir()) / f"inspect-pipeline-{os.getuid()}" / name
    make_folder(path.parent)
    with storing(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield handle
    finally:
        os.close(handle)
