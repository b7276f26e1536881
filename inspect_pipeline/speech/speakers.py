"""Who speaks in a mono call, and which channel is the agent's when nobody told.

Two speakers take turns. Each utterance has words that sound like one or the other (`agent_words`) and a voice
(`voice`); each speaker's voice is the same throughout. A hidden Markov model of two states is fitted to both by
expectation-maximisation (Rabiner 1989, sections III-IV); its posterior says who spoke, and how sure that is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspect_pipeline.model import Speaker, SpeakerSource
from inspect_pipeline.speech.agent_words import agent_log_odds, is_question
from inspect_pipeline.speech.voice import PITCH, Voice

_ROUNDS = 15
_SWITCH, _SWITCH_AFTER_QUESTION = 0.6, 0.85  # how often the other one speaks next
_PITCH_WEIGHT, _BAND_WEIGHT = 1.0, 0.25  # neighbouring bands say the same thing
_PITCH_SPREAD, _BAND_SPREAD = 0.12, 1.5  # least deviation within one voice: log2 Hz, dB
_TAILS = 4.0  # degrees of freedom: a wrong pitch costs little
_PRIOR_COUNT = 0.3
_APART = 1.5  # voices this many deviations apart (by pitch, or by colour) tell the speakers
_SUREST = 0.95  # no mono call is surer than this of its speakers
_DOUBT = 0.6  # an utterance less sure than this has an unknown speaker
_AGENT_LEFT = 0.8  # log odds: not enough where the words tell nothing

_Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance of a mono call: its text, its length in seconds, its voice (None when too short to tell)."""

    text: str
    seconds: float
    voice: Voice | None


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who spoke each utterance, how sure that is over the call (0-1, weighted by length), and what told them apart."""

    who: tuple[Speaker, ...]
    confidence: float
    source: SpeakerSource


@dataclass(frozen=True, slots=True)
class _Fit:
    """The agent's probability for each utterance, the fit's log likelihood, and how far apart the voices are."""

    agent: _Matrix
    likelihood: float
    apart: float


def tell_apart(spoken: Sequence[Spoken]) -> Speakers:
    """Say who spoke in a mono call of two speakers, utterance by utterance in time order."""
    if not spoken:
        return Speakers((), 0.0, SpeakerSource.UNKNOWN)
    words = agent_log_odds([each.text for each in spoken])
    switch = np.array([_SWITCH_AFTER_QUESTION if is_question(each.text) else _SWITCH for each in spoken[:-1]])
    voices = _standard(spoken)
    starts = [1 / (1 + np.exp(-words))]
    if voices is not None:
        starts += _by_voice(voices)
    fits = [_fit(start, words, switch, voices) for start in starts]
    best = max(fits, key=lambda fit: fit.likelihood)
    who_is_who = float(np.sum(words * (2 * best.agent - 1)))  # log odds of this naming against the other way round
    lengths = np.array([each.seconds for each in spoken])
    sure = np.maximum(best.agent, 1 - best.agent)
    confidence = _SUREST * float(np.average(sure, weights=lengths)) / (1 + math.exp(-who_is_who / 2))
    who = tuple(_speaker(probability) for probability in best.agent)
    source = SpeakerSource.VOICE if best.apart >= _APART else SpeakerSource.TEXT
    return Speakers(who, confidence, source)


def agent_channel(left: Sequence[str], right: Sequence[str]) -> tuple[int, float]:
    """Return the channel (0 or 1) whose texts sound like the agent, and how sure that is (0.5-1).

    Most telephone systems record the agent on the left; words that say otherwise outweigh that.
    """
    odds = _AGENT_LEFT + float(agent_log_odds(left).sum() - agent_log_odds(right).sum())
    return (0 if odds >= 0 else 1), 1 / (1 + math.exp(-min(abs(odds), 20.0)))


def _speaker(agent: float) -> Speaker:
    if max(agent, 1 - agent) < _DOUBT:
        return Speaker.UNKNOWN
    return Speaker.AGENT if agent >= 0.5 else Speaker.CUSTOMER


def _standard(spoken: Sequence[Spoken]) -> _Matrix | None:
    """The voices as rows around their mean, in least deviations; a row of NaN where there is none."""
    known = [each.voice for each in spoken if each.voice is not None]
    if len(known) < 2:
        return None
    empty = np.full(len(known[0]), np.nan)
    rows = np.stack([empty if each.voice is None else each.voice for each in spoken])
    spread = np.full(rows.shape[1], _BAND_SPREAD)
    spread[PITCH] = _PITCH_SPREAD
    return np.asarray((rows - np.nanmedian(rows, axis=0)) / spread)


def _by_voice(voices: _Matrix) -> list[_Matrix]:
    """Two first guesses from the voices alone: split along their main direction, either side the agent."""
    known = ~np.isnan(voices[:, 0])
    weighted = np.clip(voices[known], -6, 6) * np.sqrt(_weights(voices.shape[1]))
    centred = weighted - weighted.mean(axis=0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    along = centred @ direction
    side = np.full(len(voices), 0.5)
    side[known] = np.where(along > (along.max() + along.min()) / 2, 0.9, 0.1)
    return [side, 1 - side]


def _weights(columns: int) -> _Matrix:
    weights = np.full(columns, _BAND_WEIGHT)
    weights[PITCH] = _PITCH_WEIGHT
    return weights


def _fit(start: _Matrix, words: _Matrix, switch: _Matrix, voices: _Matrix | None) -> _Fit:
    agent = start
    likelihood = apart = 0.0
    for _ in range(_ROUNDS):
        emissions = np.stack([words / 2, -words / 2], axis=1)
        if voices is not None:
            sound, apart = _voice_likelihood(voices, agent)
            emissions = emissions + sound
        agent, likelihood = _forward_backward(emissions, switch)
    return _Fit(agent, likelihood, apart)


def _voice_likelihood(voices: _Matrix, agent: _Matrix) -> tuple[_Matrix, float]:
    """Log likelihood of each voice under the two speakers (Student's t around their means), and their distance."""
    known = ~np.isnan(voices[:, 0])
    rows = np.clip(voices[known], -8, 8)
    shares = np.stack([agent[known], 1 - agent[known]], axis=1)
    counts = shares.sum(axis=0)[:, None] + _PRIOR_COUNT
    means = (shares.T @ rows + _PRIOR_COUNT * rows.mean(axis=0)) / counts
    squares = np.stack([((rows - mean) ** 2) for mean in means], axis=1)
    variance = np.maximum(1.0, (shares[:, :, None] * squares).sum(axis=(0, 1)) / len(rows))
    weights = _weights(rows.shape[1])
    found = -(_TAILS + 1) / 2 * (np.log1p(squares / variance / _TAILS) * weights).sum(axis=2)
    sound = np.zeros((len(voices), 2))
    sound[known] = found - 0.5 * (np.log(variance) * weights).sum()
    distance = np.abs(means[0] - means[1]) / np.sqrt(variance)
    return sound, float(max(distance[PITCH], np.sqrt(np.mean(np.delete(distance, PITCH) ** 2))))


def _forward_backward(emissions: _Matrix, switch: _Matrix) -> tuple[_Matrix, float]:
    """The agent's posterior for each utterance and the log likelihood of the call."""
    count = len(emissions)
    forward = np.empty((count, 2))
    backward = np.zeros((count, 2))
    forward[0] = emissions[0] + math.log(0.5)
    for number in range(1, count):
        step = _step(switch[number - 1])
        forward[number] = emissions[number] + np.logaddexp.reduce(forward[number - 1][:, None] + step, axis=0)
    for number in range(count - 2, -1, -1):
        step = _step(switch[number])
        backward[number] = np.logaddexp.reduce(step + (emissions[number + 1] + backward[number + 1])[None, :], axis=1)
    both = forward + backward
    likelihood = float(np.logaddexp.reduce(forward[-1]))
    return np.asarray(np.exp(both[:, 0] - np.logaddexp(both[:, 0], both[:, 1]))), likelihood


def _step(switch: float) -> _Matrix:
    return np.asarray(np.log(np.array([[1 - switch, switch], [switch, 1 - switch]])))
