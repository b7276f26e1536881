"""Places that are not on this machine: `s3://bucket/key` and whatever else fsspec reaches, in the shape of a Path.

An object store has no folders, no locks and no renaming; it replaces an object in one step, which is all that a part
of a table needs. How to reach it (endpoint, credentials) is in the environment, as for its other tools.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PosixPath
from typing import IO, Any
from urllib.parse import unquote

from inspect_pipeline.errors import UsageError

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/+(.*)", re.DOTALL)


class UrlPath(PosixPath):
    """An object, or what its name begins with. Raises OSError like a path; made by `place_of`."""

    def __str__(self) -> str:
        """Return the URL."""
        return re.sub(r"^([a-z][a-z0-9+.-]+):/(?!/)", r"\1://", super().__str__())

    @property
    def _store(self) -> Any:
        return _store_of(self.parts[0].removesuffix(":"))

    @property
    def _key(self) -> str:
        return "/".join(self.parts[1:])

    def absolute(self) -> UrlPath:
        """Return it: it is the same from everywhere."""
        return self

    def resolve(self, strict: bool = False) -> UrlPath:
        """Return it: there are no links."""
        del strict
        return self

    def exists(self, *, follow_symlinks: bool = True) -> bool:
        """Tell whether there is such an object, or one whose name begins so."""
        del follow_symlinks
        with _speaking(self):
            return bool(self._store.exists(self._key))

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Tell whether objects' names begin so."""
        del follow_symlinks
        with _speaking(self):
            return bool(self._store.isdir(self._key))

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Tell whether there is such an object."""
        del follow_symlinks
        with _speaking(self):
            return bool(self._store.isfile(self._key))

    def iterdir(self) -> Generator[UrlPath, None, None]:
        """Yield what lies directly below."""
        with _speaking(self):
            names = self._store.ls(self._key, detail=False)
        for name in names:
            if name.strip("/") != self._key:
                yield self / name.rstrip("/").rpartition("/")[2]

    def glob(self, pattern: str, **_: Any) -> Generator[UrlPath, None, None]:
        """Yield what lies directly below and is called so; nothing where nothing is."""
        if self.is_dir():
            yield from (path for path in self.iterdir() if path.match(pattern))

    def read_bytes(self) -> bytes:
        """Return the object."""
        with _speaking(self):
            content: bytes = self._store.cat_file(self._key)
            return content

    def read_text(self, encoding: str | None = None, errors: str | None = None, newline: str | None = None) -> str:
        """Return the object as text."""
        del newline
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")

    def write_bytes(self, data: Any) -> int:
        """Replace the object, in one step."""
        with _speaking(self):
            self._store.pipe_file(self._key, bytes(data))
        return len(data)

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the object."""
        with _speaking(self):
            try:
                self._store.rm_file(self._key)
            except FileNotFoundError:
                if not missing_ok:
                    raise

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: there are no folders."""

    def files(self, deep: bool) -> dict[str, dict[str, Any]]:
        """Return the facts of the objects directly below, or of all below, by their path from here."""
        with _speaking(self):
            if deep:
                found = self._store.find(self._key, detail=True)
            else:
                listed = self._store.ls(self._key, detail=True)
                found = {facts["name"]: facts for facts in listed if facts["type"] == "file"}
        return {name.strip("/").removeprefix(self._key).lstrip("/"): facts for name, facts in found.items()}

    def copy_to(self, file: IO[bytes]) -> None:
        """Write the object's bytes to a file of this machine."""
        with _speaking(self), self._store.open(self._key, "rb") as source:
            while block := source.read(1 << 20):
                file.write(block)


def place_of(name: str | Path) -> Path:
    """Return the place that a person names: a path, or a URL. Raises UsageError when nothing speaks its protocol."""
    match = _URL.fullmatch(str(name))
    if match is None:
        return Path(name)
    scheme, rest = match.groups()
    if scheme == "file":
        return Path("/" + unquote(rest))
    _store_of(scheme)
    return UrlPath(f"{scheme}:/{rest}")


def files_below(folder: Path) -> list[Path]:
    """Return all files in a folder and below, sorted. Raises OSError."""
    if isinstance(folder, UrlPath):
        return sorted(folder / name for name in folder.files(deep=True))
    return sorted(path for path in folder.rglob("*") if path.is_file())


def file_facts(names: Iterable[str]) -> dict[str, tuple[int | None, int | None]]:
    """Return size and time of change (ns) of each file; None for what cannot be looked at.

    An object store is asked once for each folder: asking for each of 190,000 recordings would take an hour.
    """
    facts: dict[str, tuple[int | None, int | None]] = {}
    folders: dict[Path, list[tuple[str, str]]] = defaultdict(list)
    for name in names:
        facts[name] = None, None
        place = place_of(name)
        if isinstance(place, UrlPath):
            folders[place.parent].append((name, place.name))
            continue
        try:
            stat = place.stat()
        except (OSError, ValueError):
            continue  # the inspection will say why
        facts[name] = stat.st_size, stat.st_mtime_ns
    for folder, members in folders.items():
        assert isinstance(folder, UrlPath)
        try:
            found = folder.files(deep=False)
        except OSError:
            continue
        facts |= {name: _facts_of(found[key]) for name, key in members if key in found}
    return facts


@contextmanager
def local_copy(name: str) -> Iterator[Path]:
    """Yield a file of this machine that holds the object at a URL, for as long as it is used. Raises OSError."""
    place = place_of(name)
    assert isinstance(place, UrlPath)
    with tempfile.TemporaryDirectory(prefix="inspect-pipeline-") as folder:
        copy = Path(folder) / f"recording{place.suffix}"
        with copy.open("wb") as file:
            place.copy_to(file)
        yield copy


def is_url(name: str | Path) -> bool:
    """Tell whether a place is not on this machine."""
    match = _URL.fullmatch(str(name))
    return match is not None and match[1] != "file"


def _facts_of(facts: dict[str, Any]) -> tuple[int | None, int | None]:
    changed: Any = facts.get("LastModified", facts.get("created"))
    return facts.get("size"), None if changed is None else int(changed.timestamp() * 1e9)


def _store_of(scheme: str) -> Any:
    try:
        import fsspec

        # what another machine has just written is there: no listing is remembered
        return fsspec.filesystem(scheme, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        extra = "pip install 'inspect-pipeline[s3]'" if scheme == "s3" else "install the package that fsspec names"
        raise UsageError(f"{scheme}:// cannot be reached ({error}): {extra}") from error


@contextmanager
def _speaking(place: UrlPath) -> Iterator[None]:
    """Turn whatever a store's own library raises into an OSError that names the place."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"{place}: {type(error).__name__}: {' '.join(str(error).split())}") from error
