"""What a sound file's own bytes say of its length, where decoding alone would hide that a part is missing.

Decoders stop quietly at the end of a cut file, and for some formats the length that the container reports is only
the file's size divided by a bit rate. Formats: RIFF WAVE (Microsoft, 1991; RF64 from EBU Tech 3306), AMR (RFC 4867,
section 5), Ogg pages (RFC 3533), MP3 with or without a Xing, Info or VBRI header.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from inspect_pipeline.model import Seconds

_UNKNOWN = {0, 0xFFFFFFFF}  # what recorders that stream write for a size they do not know yet
# Bytes of speech after the frame header, by frame type 0-15 (RFC 4867, table 1 and the storage format).
_AMR_NB = (12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, 0, 0, 0, 0)
_AMR_WB = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0)
_AMR_FRAME_S = 0.02


@dataclass(frozen=True, slots=True)
class Declared:
    """`seconds` by the header, None when it does not say; `cut` says in words what is missing, empty when nothing is.

    `trust_container` is False where the container's length is only an estimate from the bit rate.
    """

    seconds: Seconds | None = None
    cut: str = ""
    trust_container: bool = True


def declared_length(path: Path) -> Declared:
    """Return what the file at `path` says of its length. The file must be readable; unknown formats say nothing."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    size = path.stat().st_size
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return _wave(head, size)
    if head.startswith(b"#!AMR\n"):
        return _amr(path.read_bytes(), 6, _AMR_NB)
    if head.startswith(b"#!AMR-WB\n"):
        return _amr(path.read_bytes(), 9, _AMR_WB)
    if head.startswith(b"OggS"):
        return _ogg(path, size)
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return Declared(trust_container=any(mark in head for mark in (b"Xing", b"Info", b"VBRI")))
    return Declared()


def _wave(head: bytes, size: int) -> Declared:
    byte_rate = 0
    large = 0  # RF64 keeps the true size of the data in its ds64 chunk
    at = 12
    while at + 8 <= len(head):
        name = head[at : at + 4]
        (length,) = struct.unpack_from("<I", head, at + 4)
        body = at + 8
        if name == b"ds64" and body + 16 <= len(head):
            (large,) = struct.unpack_from("<Q", head, body + 8)
        if name == b"fmt " and body + 12 <= len(head):
            (byte_rate,) = struct.unpack_from("<I", head, body + 8)
        if name == b"data":
            if length == 0xFFFFFFFF and large:
                length = large
            if length in _UNKNOWN or not byte_rate:
                return Declared()
            return Declared(seconds=length / byte_rate, cut=_missing(length, size - body, byte_rate))
        at = body + length + length % 2
    return Declared()


def _missing(declared: int, there: int, byte_rate: int) -> str:
    seconds = (declared - there) / byte_rate
    if seconds <= max(1.0, 0.03 * declared / byte_rate):
        return ""
    return f"the header promises {declared / byte_rate:.2f} s of data, the file holds {max(0, there) / byte_rate:.2f} s"


def _amr(content: bytes, at: int, sizes: tuple[int, ...]) -> Declared:
    """Count the frames, 20 ms each, silence descriptors too: the container's length is a guess from the bit rate."""
    frames = 0
    while at < len(content):
        at += 1 + sizes[content[at] >> 3 & 0x0F]
        frames += at <= len(content)
    cut = "the file ends inside a frame" if at > len(content) else ""
    return Declared(seconds=frames * _AMR_FRAME_S, cut=cut, trust_container=False)


def _ogg(path: Path, size: int) -> Declared:
    """An Ogg file is cut when its last page is not whole."""
    with path.open("rb") as file:
        file.seek(max(0, size - (1 << 17)))
        tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0:
        return Declared(cut="the last page of the file is missing")
    segments = tail[at + 26] if at + 26 < len(tail) else 255
    table = tail[at + 27 : at + 27 + segments]
    whole = len(table) == segments and at + 27 + segments + sum(table) <= len(tail)
    return Declared(cut="" if whole else "the file ends inside a page")
