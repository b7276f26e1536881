"""Files of every kind that recorders write -> the same tracks; files that are not whole -> one clear line."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from sounds import bursts, level_db, noise, tone, write

from inspect_pipeline.errors import RecordingError, UsageError
from inspect_pipeline.model import Audio
from inspect_pipeline.speech.decode import SAMPLE_RATE, decode, samples

# file name, codec of the writer, rate, channels, options, name that is reported, dB by which the codec may be off
FORMATS = [
    ("pcm.wav", "pcm_s16le", 16_000, 2, {}, "pcm_s16le", 0.3),
    ("high.wav", "pcm_s16le", 48_000, 1, {}, "pcm_s16le", 0.3),
    ("cd.wav", "pcm_s16le", 44_100, 2, {}, "pcm_s16le", 0.3),
    ("mulaw.wav", "pcm_mulaw", 8_000, 2, {}, "pcm_mulaw", 0.3),
    ("alaw.wav", "pcm_alaw", 8_000, 1, {}, "pcm_alaw", 0.3),
    ("adpcm.wav", "adpcm_ima_wav", 8_000, 1, {}, "adpcm_ima_wav", 0.5),
    ("call.flac", "flac", 8_000, 2, {}, "flac", 0.3),
    ("call.mp3", "libmp3lame", 16_000, 2, {}, "mp3float", 0.5),
    ("call.opus", "libopus", 48_000, 1, {}, "opus", 1.0),
    ("call.ogg", "libopus", 48_000, 2, {}, "opus", 1.0),
    ("call.m4a", "aac", 16_000, 1, {}, "aac", 1.0),
    ("call.amr", "libopencore_amrnb", 8_000, 1, {"dtx": "0"}, "amrnb", 2.0),
    ("dtx.amr", "libopencore_amrnb", 8_000, 1, {"dtx": "1"}, "amrnb", 2.0),
    ("call.alaw", "pcm_alaw", 8_000, 1, {}, "pcm_alaw", 0.3),
]


@pytest.mark.parametrize(("name", "codec", "rate", "channels", "options", "reported", "off_db"), FORMATS)
def test_every_format_gives_the_same_sound(
    tmp_path: Path,
    name: str,
    codec: str,
    rate: int,
    channels: int,
    options: dict[str, str],
    reported: str,
    off_db: float,
) -> None:
    sounds = [bursts(10.0, rate), 0.1 * bursts(10.0, rate, 800.0)][:channels]
    path = write(tmp_path / name, sounds, codec, rate, options)

    audio, tracks = decode(str(path))

    assert (audio.channels, audio.sample_rate, audio.codec) == (channels, rate, reported)
    assert audio.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert audio.duration_s == pytest.approx(10.0, abs=0.3)  # a codec's last block
    assert [len(each) for each in tracks] == [len(tracks[0])] * channels
    assert len(tracks[0]) == round(audio.duration_s * SAMPLE_RATE)
    for sound, each in zip(sounds, tracks, strict=True):
        loud, quiet = each[: SAMPLE_RATE // 2], each[round(1.3 * SAMPLE_RATE) : round(1.8 * SAMPLE_RATE)]
        assert level_db(each) == pytest.approx(10 * np.log10(np.mean(sound**2)), abs=off_db)
        assert level_db(loud) - level_db(quiet) > 20


def test_amr_with_silence_descriptors_keeps_every_second(tmp_path: Path) -> None:
    # The usual decoder refuses these frames: what follows a silence would shift forward.
    path = write(tmp_path / "dtx.amr", [bursts(20.0, 8_000)], "libopencore_amrnb", 8_000, {"dtx": "1"})
    frames = {byte >> 3 & 15 for byte in _amr_frame_headers(path.read_bytes())}
    assert 8 in frames, "the file holds silence descriptors"

    audio, (track,) = decode(str(path))

    assert audio.duration_s == pytest.approx(20.0, abs=0.1)
    last = [level_db(track[round(at * SAMPLE_RATE) : round((at + 0.5) * SAMPLE_RATE)]) for at in (18.3, 19.4)]
    assert last[0] - last[1] > 20


def _amr_frame_headers(content: bytes) -> list[int]:
    sizes = (12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0)
    at, headers = 6, []
    while at < len(content):
        headers.append(content[at])
        at += 1 + sizes[content[at] >> 3 & 15]
    return headers


def test_two_channels_with_the_same_sound_are_one_track(tmp_path: Path) -> None:
    sound = bursts(3.0, 8_000) + noise(3.0, rate=8_000)
    path = write(tmp_path / "dual.wav", [sound, sound], "pcm_mulaw", 8_000)
    audio, tracks = decode(str(path))
    assert (audio.channels, len(tracks), audio.same_channels) == (1, 1, True)


def test_a_silent_channel_stays_a_channel(tmp_path: Path) -> None:
    path = write(tmp_path / "one-side.wav", [bursts(3.0, 8_000), 0 * seconds_of(3.0)], "pcm_s16le", 8_000)
    audio, tracks = decode(str(path))
    assert audio.channels == 2
    assert not tracks[1].any()


def seconds_of(length_s: float) -> np.ndarray:
    return np.zeros(round(length_s * 8_000))


def test_two_silent_channels_are_not_one(tmp_path: Path) -> None:
    path = write(tmp_path / "silent.wav", [seconds_of(2.0), seconds_of(2.0)], "pcm_s16le", 8_000)
    assert decode(str(path))[0].channels == 2


def test_samples_are_floats_between_minus_one_and_one(tmp_path: Path) -> None:
    path = write(tmp_path / "t.wav", [tone(2.0, rate=16_000)], "pcm_s16le", 16_000)
    _, (track,) = decode(str(path))
    stretch = samples(track, 0.5, 1.0)
    assert (stretch.dtype, len(stretch)) == (np.float32, 8_000)
    assert float(np.abs(stretch).max()) == pytest.approx(0.3, abs=0.01)
    assert len(samples(track, -1.0, 99.0)) == len(track)


def test_more_than_two_channels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "four.wav"
    body = np.zeros((8_000, 4), dtype="<i2").tobytes()
    path.write_bytes(_wave_header(len(body), channels=4) + body)
    _fails(path, "has 4 channels: split it into one or two (agent, customer)")


def _wave_header(size: int, channels: int = 1, rate: int = 8_000) -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", size + 36)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", size)
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.wav", b"", "the file is empty: fetch the recording again"),
        ("header.wav", _wave_header(0), "holds no audio samples"),
        ("words.wav", "通话记录：您好".encode() * 50, "no audio can be decoded"),
        ("zeros.mp3", bytes(5_000), "no audio can be decoded"),
    ],
)
def test_what_is_no_recording_says_so(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    _fails(path, message)


def test_what_does_not_exist_says_so(tmp_path: Path) -> None:
    _fails(tmp_path / "gone.wav", "no such file: mend the path in the manifest, or fetch the recording")
    _fails(tmp_path, "cannot be read (Is a directory)")
    with pytest.raises(UsageError, match="recorder:// cannot be reached"):
        decode("recorder://example/1.wav")


def test_a_picture_without_sound_says_so(tmp_path: Path) -> None:
    import av

    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    _fails(path, "has no audio in it")


@pytest.mark.parametrize(
    ("name", "codec", "rate", "options"),
    [
        ("pcm.wav", "pcm_s16le", 8_000, {}),
        ("alaw.wav", "pcm_alaw", 8_000, {}),
        ("call.mp3", "libmp3lame", 16_000, {}),
        ("call.flac", "flac", 8_000, {}),
        ("call.ogg", "libopus", 48_000, {}),
        ("call.amr", "libopencore_amrnb", 8_000, {"dtx": "1"}),
    ],
)
def test_a_file_cut_in_half_is_truncated_not_short(
    tmp_path: Path, name: str, codec: str, rate: int, options: dict[str, str]
) -> None:
    # Decoders stop quietly at the end of a cut file. A call without a closing must not be judged for it.
    whole = write(tmp_path / name, [bursts(12.0, rate) + noise(12.0, rate=rate)], codec, rate, options)
    assert isinstance(decode(str(whole))[0], Audio)
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2 - 7])
    _fails(cut, "truncated: ")


def test_a_header_that_does_not_know_its_size_is_believed(tmp_path: Path) -> None:
    # Recorders that stream write 0 or all ones into the size, and never come back to mend it.
    body = (1000 * np.sin(np.arange(16_000))).astype("<i2").tobytes()
    path = tmp_path / "stream.wav"
    header = bytearray(_wave_header(len(body)))
    header[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(header) + body)
    assert decode(str(path))[0].duration_s == pytest.approx(2.0, abs=0.01)


def test_a_corrupt_stretch_that_loses_time_is_truncated(tmp_path: Path) -> None:
    whole = write(tmp_path / "call.mp3", [bursts(20.0, 16_000)], "libmp3lame", 16_000)
    content = bytearray(whole.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    damaged = tmp_path / "damaged.mp3"
    damaged.write_bytes(content)
    _fails(damaged, "truncated: ")


def _fails(path: Path, message: str) -> None:
    with pytest.raises(RecordingError) as caught:
        decode(str(path))
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert message in text
    assert "\n" not in text
