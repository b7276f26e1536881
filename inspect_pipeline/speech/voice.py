"""What a voice sounds like, in a few numbers an utterance: its pitch and the colour of its spectrum.

Used to tell two speakers of one mono call apart, not to recognise anyone: the numbers mean something within a call
only.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inspect_pipeline.speech.decode import SAMPLE_RATE, Samples

PITCH = 0  # column of the pitch, log2 Hz; the others are the bands
BANDS = 16

_WINDOW = 1024  # 64 ms
_HOP = 256
_LOWEST_HZ, _HIGHEST_HZ = 70, 400
_VOICED = 0.45  # normalised autocorrelation over which a frame has a pitch
_AS_GOOD = 0.98  # share of the best correlation from which a shorter lag is believed
_LONGEST_S = 12
_EDGES_HZ = np.geomspace(280.0, 3400.0, BANDS + 1)

Voice = NDArray[np.float64]


def voice(stretch: Samples) -> Voice | None:
    """Return pitch and band levels of a stretch of speech (16 kHz), None when too little of it is voiced.

    17 numbers: the median pitch in log2 Hz, then 16 band levels in dB around their mean.
    """
    stretch = stretch[: _LONGEST_S * SAMPLE_RATE]
    if len(stretch) < 4 * _WINDOW:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(stretch, _WINDOW)[::_HOP].astype(np.float64)
    power = np.mean(frames**2, axis=1)
    frames = frames[power > 0.1 * np.percentile(power, 90)]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), 2 * _WINDOW, axis=1)) ** 2
    pitch, strength = _pitch(spectrum)
    voiced = strength > _VOICED
    if voiced.sum() < 8:
        return None
    bands = _bands(spectrum[voiced])
    return np.concatenate([[float(np.median(np.log2(pitch[voiced])))], bands])


def _pitch(spectrum: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The pitch (Hz) and its strength (0-1) of each frame, from the autocorrelation of the frame."""
    correlation = np.fft.irfft(spectrum, axis=1)
    shortest, longest = SAMPLE_RATE // _HIGHEST_HZ, SAMPLE_RATE // _LOWEST_HZ
    # the window makes long lags weaker: divide by its own autocorrelation
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(_WINDOW), 2 * _WINDOW)) ** 2)
    lags = correlation[:, shortest:longest] / (window[shortest:longest] / window[0])
    near_best = lags >= _AS_GOOD * lags.max(axis=1, keepdims=True)
    best = near_best.argmax(axis=1)  # the shortest: every multiple of a period repeats as well
    strength = lags[np.arange(len(lags)), best] / np.maximum(correlation[:, 0], 1e-12)
    return SAMPLE_RATE / (best + shortest), strength


def _bands(spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
    hertz = np.arange(spectrum.shape[1]) * SAMPLE_RATE / (2 * _WINDOW)
    mean = spectrum.mean(axis=0)
    levels = [10 * np.log10(mean[(hertz >= low) & (hertz < high)].mean() + 1e-12) for low, high in pairwise(_EDGES_HZ)]
    return np.asarray(np.asarray(levels) - np.mean(levels))
