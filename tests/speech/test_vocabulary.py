"""The model's table cut to the tokens of Chinese: what stays, what goes, and that the numbers outside are the same."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from sounds import CALLS
from tokenizers import Tokenizer

from inspect_pipeline.speech.engine import WhisperEngine
from inspect_pipeline.speech.models import resolve_model
from inspect_pipeline.speech.packaged import packaged_parts
from inspect_pipeline.speech.settings import NOUNS, SpeechSettings
from inspect_pipeline.speech.vocabulary import Narrowed, narrowed_files

needs_packages = pytest.mark.skipif(packaged_parts() is None, reason="the packages of the extra 'offline' are needed")


@pytest.fixture(scope="module")
def narrowed() -> tuple[dict[str, bytes], list[int]]:
    found = narrowed_files(resolve_model("base"))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(resolve_model("base") / "tokenizer.json"))


@needs_packages
def test_all_that_was_said_in_the_calls_can_be_written(
    narrowed: tuple[dict[str, bytes], list[int]], tokenizer: Tokenizer
) -> None:
    kept = set(narrowed[1])
    texts = [turn["text"] for path in CALLS.glob("*.json") for turn in json.loads(path.read_text("utf-8"))["turns"]]
    assert len(texts) > 100
    for text in [*texts, *NOUNS, "訴們麼，。？！《》…—", "WiFi、APP、5G、VIP、PDF、12315", "龘齉爩"]:
        assert set(tokenizer.encode(text, add_special_tokens=False).ids) <= kept, text


@needs_packages
@pytest.mark.parametrize("text", ["Привет", " unbelievable", "합니다", "ありがとう"])
def test_words_of_other_languages_cannot(
    text: str, narrowed: tuple[dict[str, bytes], list[int]], tokenizer: Tokenizer
) -> None:
    assert not set(tokenizer.encode(text, add_special_tokens=False).ids) <= set(narrowed[1])


@needs_packages
def test_the_files_agree_with_the_tokens_kept(narrowed: tuple[dict[str, bytes], list[int]]) -> None:
    files, kept = narrowed
    whole = resolve_model("base")
    words = (whole / "vocabulary.txt").read_text("utf-8").split("\n")
    assert json.loads(files["vocabulary.json"]) == [words[token] for token in kept]
    assert 10_000 < len(kept) < 17_000
    left_out = 51_865 - len(kept)
    assert len(files["model.bin"]) == (whole / "model.bin").stat().st_size - left_out * 512 * 2
    config, before = json.loads(files["config.json"]), json.loads((whole / "config.json").read_text("utf-8"))
    assert [kept[place] for place in config["suppress_ids_begin"]] == before["suppress_ids_begin"]
    assert config["alignment_heads"] == before["alignment_heads"]


@needs_packages
def test_only_chinese_on_a_processor_is_narrowed() -> None:
    def model(language: str) -> object:
        return WhisperEngine(SpeechSettings(threads=1, language=language))._model.model

    assert isinstance(model("zh"), Narrowed)
    assert not isinstance(model("en"), Narrowed)


def test_a_model_of_an_unknown_kind_stays_whole(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(51_864)] + ["<|endoftext|>"]
    (tmp_path / "vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    for version, spec, rows in [(7, b"WhisperSpec\0", 51_865), (6, b"OtherSpec\0", 51_865), (6, b"WhisperSpec\0", 9)]:
        table = struct.pack("<H19sB2IBI", 19, b"decoder/embeddings/", 2, rows, 1, 1, rows) + b"\0" * rows
        head = struct.pack(f"<IH{len(spec)}sII", version, len(spec), spec, 3, 1)
        (tmp_path / "model.bin").write_bytes(head + table + struct.pack("<I", 0))
        assert narrowed_files(tmp_path) is None
    (tmp_path / "vocabulary.json").write_text(json.dumps(words[-100:]), encoding="utf-8")
    assert narrowed_files(tmp_path) is None
