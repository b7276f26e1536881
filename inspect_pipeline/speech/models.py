"""Where recognition models come from, and whether they are whole.

A model is named by a size (`base`, `large-v3`), a hub id (`owner/name`) or a folder. `base` also travels as two data
packages (the `offline` extra); their halves are joined once into the user's cache and checked against the known sum.
Nothing is downloaded unless it is asked for.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from inspect_pipeline.errors import ModelError
from inspect_pipeline.speech.packaged import PACKAGED_BASE, PACKAGES, JoinedModel, packaged_parts

PACKAGED_NAME = "base"
# faster-whisper's names for the models that are asked for most, largest last.
SIZES = ("tiny", "base", "small", "medium", "large-v2", "large-v3", "large-v3-turbo")
_NEEDED = ("config.json", "model.bin", "tokenizer.json")
_VOCABULARY = ("vocabulary.json", "vocabulary.txt")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ModelState(StrEnum):
    """Whether a model can be used."""

    AVAILABLE = "available"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model: where it lies, its size in bytes (0 when missing), its state, and what to do to get or mend it."""

    name: str
    where: str
    size: int
    state: ModelState
    hint: str


def cache_folder() -> Path:
    """The user's cache: INSPECT_CACHE, else XDG_CACHE_HOME/inspect-pipeline, else ~/.cache/inspect-pipeline."""
    if chosen := os.environ.get("INSPECT_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "inspect-pipeline"


def resolve_model(name: str, *, download: bool = False) -> Path:
    """Return the folder of the model `name` (a size, a hub id or a folder), whole and ready to load.

    Only with `download` is the hub asked. Raises ModelError naming the missing file, or how to get the model.
    """
    if _is_folder(name):
        return _whole_folder(Path(name).expanduser())
    if name == PACKAGED_NAME and (packaged_parts() is not None or _joined().exists()):
        return _joined().ensure()
    return _hub_model(name, download)


def list_models() -> list[ModelInfo]:
    """Return the known sizes with their state on this machine, and the hub models that are in the cache."""
    return [_look(name) for name in SIZES]


def verify_model(name: str) -> ModelInfo:
    """Check the whole model again, byte by byte where its sum is known; else by its files.

    Raises ModelError when it is missing or damaged, with what to do.
    """
    if name == PACKAGED_NAME and not _is_folder(name) and (packaged_parts() is not None or _joined().exists()):
        joined = _joined()
        joined.ensure()
        joined.verify()
        return _info(name, joined.folder)
    folder = resolve_model(name)
    _verify_hub_sums(name, folder)
    return _info(name, folder)


def _joined() -> JoinedModel:
    return JoinedModel(cache_folder() / "models" / PACKAGED_BASE)


def _is_folder(name: str) -> bool:
    return name.startswith((".", "~", "/")) or Path(name).is_dir()


def _whole_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such model folder: give a folder, a size ({', '.join(SIZES)}) or a hub id")
    for file in _NEEDED:
        if not (folder / file).is_file() or not (folder / file).stat().st_size:
            raise ModelError(f"{folder / file}: missing or empty: a CTranslate2 Whisper model needs {_needed()}")
    if not any((folder / file).is_file() for file in _VOCABULARY):
        raise ModelError(f"{folder / _VOCABULARY[0]}: missing: a CTranslate2 Whisper model needs {_needed()}")
    return folder


def _needed() -> str:
    return ", ".join(_NEEDED) + " and vocabulary.json or .txt"


def _hub_model(name: str, download: bool) -> Path:
    from faster_whisper.utils import available_models, download_model

    if "/" not in name and name not in available_models():
        raise ModelError(f"model '{name}' is not known: give a size ({', '.join(SIZES)}), a hub id or a folder")
    try:
        return _whole_folder(Path(download_model(name, local_files_only=not download)))
    except ModelError:
        raise
    except Exception as error:  # the hub's client raises many kinds: offline, no such model, no right
        raise ModelError(f"model '{name}' is not on this machine: {_hint(name)}") from error


def _hint(name: str) -> str:
    get = f"copy its folder here and give the folder, or fetch it where the hub is reachable (models fetch {name})"
    if name == PACKAGED_NAME:
        return f"install the packages {' and '.join(PACKAGES)} (extra 'offline'), or {get}"
    return get


def _look(name: str) -> ModelInfo:
    return _state(name, lambda: _packaged_info() if name == PACKAGED_NAME else _info(name, _hub_model(name, False)))


def _packaged_info() -> ModelInfo:
    joined = _joined()
    if joined.exists():
        joined.check()
        return _info(PACKAGED_NAME, joined.folder)
    parts = packaged_parts()
    if parts is None:
        return _info(PACKAGED_NAME, _hub_model(PACKAGED_NAME, False))
    size = sum(part.stat().st_size for part in parts)
    return ModelInfo(PACKAGED_NAME, "packages " + ", ".join(PACKAGES), size, ModelState.AVAILABLE, "")


def _state(name: str, look: Callable[[], ModelInfo]) -> ModelInfo:
    try:
        return look()
    except ModelError as error:
        lost = "is not on this machine" in str(error)
        return ModelInfo(
            name, "", 0, ModelState.MISSING if lost else ModelState.DAMAGED, _hint(name) if lost else str(error)
        )


def _info(name: str, folder: Path) -> ModelInfo:
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    return ModelInfo(name, str(folder), size, ModelState.AVAILABLE, "")


def _verify_hub_sums(name: str, folder: Path) -> None:
    """Files in the hub's cache are links to blobs named by their SHA-256; elsewhere only the files' form is checked."""
    for file in sorted(folder.iterdir()):
        blob = file.resolve()
        if _SHA256.fullmatch(blob.name) and JoinedModel.sum_of(blob) != blob.name:
            raise ModelError(
                f"{file}: damaged (its SHA-256 is not {blob.name[:12]}…): delete it and fetch {name} again"
            )
    try:
        json.loads((folder / "config.json").read_text(encoding="utf-8"))
        json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(
            f"{folder}: config.json or tokenizer.json is not JSON ({error}): copy the model again"
        ) from error
