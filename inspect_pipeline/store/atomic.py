"""Files that are there whole or not at all: written elsewhere on the same file system, synced, renamed in."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inspect_pipeline.errors import StoreError
from inspect_pipeline.store.place import UrlPath

# Everything that is not a table yet (spool, locks, files being written) lives here, out of the readers' globs.
WORK = ".work"
_LEFT_S = 3600.0  # no file takes that long to write

_NEXT_STEP = {
    errno.ENOSPC: "free some space and run the same command again",
    errno.EDQUOT: "free some space in your quota and run the same command again",
    errno.EACCES: "allow writing there, or name another folder with --out",
    errno.EPERM: "allow writing there, or name another folder with --out",
    errno.EROFS: "name a folder that can be written with --out",
    errno.ENOTDIR: "a file is where a folder should be: move it, or name another folder with --out",
    errno.EEXIST: "a file is where a folder should be: move it, or name another folder with --out",
}


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into a StoreError that names `path` and the next step."""
    try:
        yield
    except OSError as error:
        step = _NEXT_STEP.get(error.errno or 0, "check the disk and run the same command again")
        raise StoreError(f"{path}: cannot write: {error.strerror or error}: {step}") from error


def make_folder(path: Path) -> None:
    """Create `path` and its parents. Raises StoreError."""
    with storing(path):
        path.mkdir(parents=True, exist_ok=True)


def write_file(target: Path, content: bytes, scratch: Path) -> None:
    """Replace `target` by `content` in one step; `scratch` is a folder on the same file system.

    A reader sees the old file or the new one, also after a crash or a full disk. Raises StoreError.
    """
    if isinstance(target, UrlPath):
        with storing(target):
            target.write_bytes(content)  # an object is replaced in one step
        return
    make_folder(scratch)
    make_folder(target.parent)
    draft = scratch / f"{target.name}.{_writer(os.getpid())}.draft"
    try:
        with storing(target):
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, target)  # noqa: PTH105 - the name every reader knows this step by
            _sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):  # the write has failed already: that is what is told
            draft.unlink(missing_ok=True)
        raise


def remove_file(path: Path) -> None:
    """Remove `path` when it is there. Raises StoreError."""
    with storing(path):
        path.unlink(missing_ok=True)


def is_left(draft: Path) -> bool:
    """Return whether nobody is writing a draft any more: its process is gone, or it lies there for an hour."""
    _, _, pid = draft.name.removesuffix(".draft").rpartition("-")
    if Path("/proc/self").exists() and pid.isdecimal() and draft.name.endswith(f".{_writer(int(pid))}.draft"):
        return not Path(f"/proc/{pid}").exists()
    try:
        return time.time() - draft.stat().st_mtime > _LEFT_S
    except FileNotFoundError:
        return False  # it has just been renamed in


def _writer(pid: int) -> str:
    """Name a process among those of all machines that share the folder."""
    return f"{socket.gethostname()}-{pid}"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
