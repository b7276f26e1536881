"""Which words sound like the agent of a hotline, and which like its customer: log-odds, positive for the agent.

A linear classifier over characters and syllables, trained on the tagged calls of `rules/intents`, where each turn's
speaker stands before it (`bench/agent_words.py` trains and measures it). Used to tell speakers apart, never to judge
what was said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspect_pipeline.rulebook.intents import IntentClassifier

TRAINED = Path(__file__).with_name("agent_words.npz")
AGENT = "客服"  # the classifier's only answer
_LIMIT = 5.0  # no utterance is surer than this of its speaker by its words alone
_CAUTION = 0.5  # neighbouring utterances tell in part the same thing: with all of it a call is too sure

_question = re.compile(r"[?？]$|[吗呢么]$|(什么|多少|哪里|几点|是不是|可以吗)$")


@cache
def _classifier() -> IntentClassifier:
    return IntentClassifier.load(TRAINED.read_bytes())


def agent_log_odds(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return how much each utterance sounds like the agent, shape (texts,): -5 the customer, 5 the agent."""
    odds = _classifier().read(texts).own[:, 0].astype(np.float64) if texts else np.zeros(0)
    return np.clip(_CAUTION * odds, -_LIMIT, _LIMIT)


def is_question(text: str) -> bool:
    """Whether an utterance ends as a question, so that the other one is likely to speak next."""
    return _question.search(text.strip(" 。，,.")) is not None
