"""Files that are there whole or not at all: written elsewhere on the same file system, synced, renamed in."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inspect_pipeline.errors import StoreError

# Everything that is not a table yet (spool, locks, files being written) lives here, out of the readers' globs.
WORK = ".work"

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
    make_folder(scratch)
    make_folder(target.parent)
    draft = scratch / f"{target.name}.{os.getpid()}.draft"
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


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
