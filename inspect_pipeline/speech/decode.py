"""A recording's file -> its tracks: 16 kHz mono samples, one array a channel.

Tracks are kept as 16-bit integers (a call of two hours and two channels takes 460 MB, half of what floats take) and
turned into floats a stretch at a time with `samples`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from inspect_pipeline.errors import RecordingError
from inspect_pipeline.model import Audio, Seconds
from inspect_pipeline.speech.declared import Declared, declared_length
from inspect_pipeline.store.place import is_url, local_copy, place_of

SAMPLE_RATE = 16_000
Track = NDArray[np.int16]
Samples = NDArray[np.float32]

_FULL_SCALE = 32767.0
_GROW_S = 600  # a track whose length is not known grows ten minutes at a time
# Two channels are one voice when their difference is 30 dB below them: lossy codecs add a little to each.
_SAME_ENERGY = 1e-3
# Formats without a header that says so: 8 kHz, one channel, by their extension.
_RAW = {".alaw": "alaw", ".al": "alaw", ".pcma": "alaw", ".ulaw": "mulaw", ".ul": "mulaw", ".pcmu": "mulaw"}


def samples(track: Track, start_s: Seconds = 0.0, end_s: Seconds | None = None) -> Samples:
    """Return a stretch of `track` as float32 in -1..1, 16 kHz; seconds beyond its ends are cut off."""
    first = max(0, round(start_s * SAMPLE_RATE))
    last = len(track) if end_s is None else max(first, round(end_s * SAMPLE_RATE))
    return track[first:last].astype(np.float32) / np.float32(_FULL_SCALE)


def decode(path: str) -> tuple[Audio, list[Track]]:
    """Decode the recording at `path`: its facts, and one or two tracks of equal length (left first).

    A stereo file whose channels are the same becomes one track, `channels=1`: nobody can be told apart in it.
    Raises RecordingError (one line, with the path and what to do) for what does not exist, is not audio, has no
    samples or more than two channels, or ends before its own header says. A URL is copied here for as long.
    """
    if not is_url(path):
        return _decode(str(place_of(path)))
    try:
        with local_copy(path) as copy:
            try:
                return _decode(str(copy))
            except RecordingError as error:
                raise RecordingError(str(error).replace(str(copy), path)) from error
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: no such object: mend the path in the manifest, or upload it") from error
    except OSError as error:
        reason = " ".join(str(error).split()).removeprefix(f"{path}: ")
        raise RecordingError(f"{path}: cannot be fetched ({reason}): run again with --retry-failed") from error


def _decode(path: str) -> tuple[Audio, list[Track]]:
    sha256 = _sha256(path)
    declared = declared_length(Path(path))
    try:
        codec, sample_rate, container_s, tracks = _decode_file(path)
    except (av.FFmpegError, ValueError, EOFError) as error:
        reason = str(getattr(error, "strerror", None) or error).lower()
        raise RecordingError(
            f"{path}: no audio can be decoded ({reason}): play the file, or export it again"
        ) from error
    if not tracks or not len(tracks[0]):
        raise RecordingError(f"{path}: holds no audio samples: the recorder wrote only a header; export it again")
    seconds = len(tracks[0]) / SAMPLE_RATE
    _check_length(path, seconds, container_s, declared)
    same = len(tracks) == 2 and _same(tracks[0], tracks[1])
    if same:
        tracks = tracks[:1]
    return Audio(sha256, seconds, len(tracks), sample_rate, codec, same), tracks


def check_duration(place: str, decoded_s: Seconds, expected_s: Seconds, who: str) -> None:
    """Raise RecordingError when a recording is shorter than `who` says, by more than a second and 3 %."""
    if decoded_s < expected_s - max(1.0, 0.03 * expected_s):
        raise RecordingError(
            f"{place}: truncated: {decoded_s:.2f} s decoded, {who} says {expected_s:.2f} s: fetch the recording again"
        )


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as file:
            empty = True
            while block := file.read(1 << 20):
                empty = False
                digest.update(block)
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: no such file: mend the path in the manifest, or fetch the recording") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecordingError(f"{path}: cannot be read ({reason}): check the path and its rights") from error
    if empty:
        raise RecordingError(f"{path}: the file is empty: fetch the recording again")
    return digest.hexdigest()


def _check_length(path: str, seconds: Seconds, container_s: Seconds | None, declared: Declared) -> None:
    if declared.cut:
        raise RecordingError(f"{path}: truncated: {declared.cut}: fetch the recording again")
    if declared.seconds is not None:
        check_duration(path, seconds, declared.seconds, "its header")
    if container_s is not None and declared.trust_container:
        check_duration(path, seconds, container_s, "its container")


def _decode_file(path: str) -> tuple[str, int, Seconds | None, list[Track]]:
    raw = _RAW.get(Path(path).suffix.lower())
    options = {"sample_rate": "8000", "channels": "1"} if raw else {}
    with av.open(path, format=raw, options=options, metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise RecordingError(f"{path}: has no audio in it: give the sound recording of the call")
        stream = container.streams.audio[0]
        decoder = _decoder(stream)
        channels = stream.codec_context.channels
        if channels > 2:
            raise RecordingError(f"{path}: has {channels} channels: split it into one or two (agent, customer)")
        seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
        if seconds is None and container.duration:
            seconds = container.duration / av.time_base
        tracks = _collect(_frames(container, stream, decoder), channels, seconds)
        return stream.codec_context.name, stream.codec_context.sample_rate, seconds, tracks


def _decoder(stream: av.AudioStream) -> av.AudioCodecContext:
    """The stream's own decoder; for AMR another: the built-in one refuses silence descriptors (DTX) and so shifts
    all that follows."""
    if stream.codec_context.name in {"amrnb", "amr_nb"}:
        decoder = av.CodecContext.create("libopencore_amrnb", "r")
        assert isinstance(decoder, av.AudioCodecContext)
        return decoder
    return stream.codec_context


def _frames(
    container: av.container.InputContainer, stream: av.AudioStream, decoder: av.AudioCodecContext
) -> Iterator[av.AudioFrame]:
    """Decode packet by packet. A packet that cannot be decoded is left out; the lost time shows in the length check."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return  # the file's tail cannot be read: what came before is whole
        if packet is None:
            return
        try:
            for frame in decoder.decode(packet):
                if isinstance(frame, av.AudioFrame):
                    yield frame
        except av.InvalidDataError:
            continue
        except EOFError:
            return


def _collect(frames: Iterator[av.AudioFrame], channels: int, expected_s: Seconds | None) -> list[Track]:
    """Resample to 16 kHz and gather the channels, without ever holding the recording twice."""
    channels = max(1, channels)
    resampler = av.AudioResampler(format="fltp", layout="stereo" if channels == 2 else "mono", rate=SAMPLE_RATE)
    room = int((expected_s or _GROW_S) * SAMPLE_RATE) + SAMPLE_RATE
    held = np.empty((channels, room), dtype=np.int16)
    count = 0
    for frame in _then_none(frames):
        for resampled in resampler.resample(frame):
            block = resampled.to_ndarray()
            if count + block.shape[1] > held.shape[1]:
                more = np.empty((channels, _GROW_S * SAMPLE_RATE), dtype=np.int16)
                held = np.concatenate([held[:, :count], more], axis=1)
            held[:, count : count + block.shape[1]] = np.clip(np.rint(block * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE)
            count += block.shape[1]
    return [held[channel, :count] for channel in range(channels)]


def _then_none(frames: Iterator[av.AudioFrame]) -> Iterator[av.AudioFrame | None]:
    """The frames, then the None that makes the resampler give what it still holds (nothing for no frames)."""
    any_frame = False
    for frame in frames:
        any_frame = True
        frame.pts = None  # a jump in the time stamps is no silence to fill in
        yield frame
    if any_frame:
        yield None


def _same(left: Track, right: Track) -> bool:
    """Whether two channels carry the same sound. Two silent channels are not the same: there is nothing to compare."""
    energy = difference = 0.0
    for start in range(0, len(left), SAMPLE_RATE * 60):
        first = left[start : start + SAMPLE_RATE * 60].astype(np.float32)
        second = right[start : start + SAMPLE_RATE * 60].astype(np.float32)
        energy += float(np.dot(first, first)) + float(np.dot(second, second))
        difference += float(np.dot(first - second, first - second))
    return energy > 0 and difference < _SAME_ENERGY * energy
