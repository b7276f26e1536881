"""Whisper for Chinese calls without the words of other languages: the same model with a third of its tokens.

A step of the search weighs every token that could come next: with a small model more work than all its layers. A model
of all languages has 51,865 tokens, and Chinese text is made of about 3,000 of them. So the table is cut when a model is
loaded: what no Chinese text can hold goes; of Latin letters what is common stays, or short, or in capitals (WiFi, PDF).
What is left has the very weights that it had, and the numbers outside of this module are those of the whole vocabulary.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LANGUAGE = "zh"
_MULTILINGUAL = 51_865  # tokens of a model of all languages, at least
_END = "<|endoftext|>"  # from here on tokens are signs to the model; the last 1,501 of them are times, never asked for
_FIRST_TIME = "<|0.00|>"
_COMMON = 12_000  # a word in Latin letters is common when it is among the first so many tokens
_LARGEST = 600 * 2**20  # bytes of a model whose table is worth it; in larger ones the layers are nearly all
_VERSION, _SPEC = 6, b"WhisperSpec\0"  # of the model files that this knows how to read
_TABLES = (b"decoder/embeddings/", b"decoder/projection/")
_CHINESE = (("\u3000", "\u303f"), ("\u4e00", "\u9fff"), ("\uff00", "\uffef"), ("\u2010", "\u2027"))


@dataclass(frozen=True, slots=True)
class Written:
    """What the search found, as CTranslate2 names it."""

    sequences_ids: list[list[int]]
    scores: list[float]
    no_speech_prob: float


class Narrowed:
    """A CTranslate2 Whisper with only the tokens `kept`, that is asked, and answers, in the whole table's numbers."""

    def __init__(self, model: Any, kept: Sequence[int]) -> None:
        self._model = model
        self._kept = kept
        self._place = {token: place for place, token in enumerate(kept)}
        self.is_multilingual = True  # it no longer shows in the number of tokens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(
        self, features: Any, prompts: Sequence[Sequence[int]], suppress_tokens: Sequence[int] = (-1,), **options: Any
    ) -> list[Written]:
        """See ctranslate2.models.Whisper.generate."""
        found = self._model.generate(
            features, self._inside(prompts), suppress_tokens=self._inside([suppress_tokens])[0], **options
        )
        return [
            Written([[self._kept[token] for token in ids] for ids in one.sequences_ids], one.scores, one.no_speech_prob)
            for one in found
        ]

    def align(
        self, features: Any, start: Sequence[int], texts: Sequence[Sequence[int]], frames: Any, **options: Any
    ) -> Any:
        """See ctranslate2.models.Whisper.align."""
        return self._model.align(features, self._inside([start])[0], self._inside(texts), frames, **options)

    def _inside(self, texts: Sequence[Sequence[int]]) -> list[list[int]]:
        """The numbers that the model knows; negative ones mean something else, tokens that it lacks are left out."""
        place = self._place
        return [[place.get(token, token) for token in text if token < 0 or token in place] for text in texts]


def kept_tokens(vocabulary: Sequence[str]) -> list[int]:
    """Return the tokens that a Chinese text may need, in order, and all signs to the model but the times."""
    end = vocabulary.index(_END)
    times = vocabulary.index(_FIRST_TIME) if _FIRST_TIME in vocabulary else len(vocabulary)
    return [number for number in range(end) if _may_be_chinese(vocabulary[number], number)] + [*range(end, times)]


def narrowed_files(folder: Path) -> tuple[dict[str, bytes], list[int]] | None:
    """Return the files of the model in `folder` with fewer tokens, and the tokens kept.

    None where that is not worth it, or the model is not of a kind that is known here.
    """
    path = folder / "model.bin"
    names = [name for name in ("vocabulary.json", "vocabulary.txt") if (folder / name).exists()]
    if not names or path.stat().st_size > _LARGEST:
        return None
    text = (folder / names[0]).read_text(encoding="utf-8")
    vocabulary = json.loads(text) if names[0].endswith("json") else text.removesuffix("\n").split("\n")
    if len(vocabulary) < _MULTILINGUAL or _END not in vocabulary:
        return None
    kept = kept_tokens(vocabulary)
    model = _narrowed_model(memoryview(path.read_bytes()), len(vocabulary), kept)
    if model is None:
        return None
    config = _narrowed_config(json.loads((folder / "config.json").read_text(encoding="utf-8")), kept)
    left = [vocabulary[token] for token in kept]
    files = {
        "model.bin": model,
        "vocabulary.json": json.dumps(left).encode(),
        "config.json": json.dumps(config).encode(),
    }
    return files, kept


def _may_be_chinese(token: str, number: int) -> bool:
    """Tokens are bytes of UTF-8, each written as a sign of its own (GPT-2's table); a part of a sign is kept."""
    try:
        text = bytes(_BYTES[sign] for sign in token).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return True
    if text.isascii():
        return number < _COMMON or len(text.strip()) < 3 or text.isupper()
    return any(first <= sign <= last for sign in text for first, last in _CHINESE)


def _gpt2_bytes() -> dict[str, int]:
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + place): byte for place, byte in enumerate(hidden)}


_BYTES = _gpt2_bytes()


def _narrowed_config(config: Mapping[str, Any], kept: Sequence[int]) -> dict[str, Any]:
    place = {token: number for number, token in enumerate(kept)}
    lists = ("suppress_ids", "suppress_ids_begin", "lang_ids")
    return dict(config) | {
        name: [place[token] for token in config[name] if token in place] for name in lists if name in config
    }


def _narrowed_model(data: memoryview, tokens: int, kept: Sequence[int]) -> bytes | None:
    """Cut the rows of the tokens out of a model file (CTranslate2's format, python/ctranslate2/specs/model_spec.py)."""
    version, length = struct.unpack_from("<IH", data)
    at = 6 + length
    if version != _VERSION or data[6:at] != _SPEC:
        return None
    pieces: list[bytes | memoryview] = [data[: at + 8]]
    (count,) = struct.unpack_from("<I", data, at + 4)
    at += 8
    for _ in range(count):
        begin = at
        (length,) = struct.unpack_from("<H", data, at)
        name, at = bytes(data[at + 2 : at + 2 + length]), at + 2 + length
        shape = struct.unpack_from(f"<{data[at]}I", data, at + 1)
        at += 1 + 4 * len(shape)
        kind, size = struct.unpack_from("<BI", data, at)
        at += 5 + size
        if not shape or not name.startswith(_TABLES):
            pieces.append(data[begin:at])
            continue
        if shape[0] != tokens:
            return None
        rows = np.frombuffer(data, np.uint8, size, at - size).reshape(tokens, -1)[np.asarray(kept)]
        head = struct.pack(f"<H{length}sB{len(shape)}I", length, name, len(shape), len(kept), *shape[1:])
        pieces += [head, struct.pack("<BI", kind, rows.nbytes), rows.tobytes()]
    return b"".join([*pieces, data[at:]])
