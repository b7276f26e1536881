"""Sounds and files for the tests, made with numpy and PyAV."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

CALLS = Path(__file__).parents[2] / "fixtures" / "calls"
RATE = 16_000
_RAW = {".alaw": "alaw"}  # a format that has no header


def seconds(length_s: float, rate: int = RATE) -> NDArray[np.float64]:
    """The moments of `length_s` seconds."""
    return np.arange(round(length_s * rate)) / rate


def tone(length_s: float, hertz: float = 450.0, level: float = 0.3, rate: int = RATE) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * hertz * seconds(length_s, rate))


def noise(length_s: float, level: float = 0.01, rate: int = RATE) -> NDArray[np.float64]:
    return level * np.random.default_rng(7).standard_normal(round(length_s * rate))


def bursts(length_s: float, rate: int, hertz: float = 500.0) -> NDArray[np.float64]:
    """A tone that sounds in every other second: half of a recording is silence, as in a call."""
    return tone(length_s, hertz, rate=rate) * (seconds(length_s, rate) % 2 < 1)


def track(sound: NDArray[np.float64]) -> NDArray[np.int16]:
    """Samples as a track keeps them."""
    return np.rint(np.clip(sound, -1, 1) * 32767).astype(np.int16)


def write(
    path: Path, channels: list[NDArray[np.float64]], codec: str, rate: int, options: dict[str, str] | None = None
) -> Path:
    """Encode channels into a file; the container follows from the path's extension."""
    with av.open(str(path), "w", format=_RAW.get(path.suffix)) as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.layout = "stereo" if len(channels) == 2 else "mono"
        stream.codec_context.options = options or {}
        samples = np.stack([track(channel) for channel in channels], axis=1).reshape(1, -1)
        for start in range(0, samples.shape[1], 1600 * len(channels)):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, start : start + 1600 * len(channels)]),
                format="s16",
                layout=stream.codec_context.layout.name,
            )
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def level_db(samples: NDArray[np.int16]) -> float:
    """Mean level in dB of full scale."""
    power = float(np.mean((samples.astype(np.float64) / 32767) ** 2))
    return 10 * float(np.log10(power + 1e-12))
