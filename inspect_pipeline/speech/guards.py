"""What a recogniser wrote although nobody said it: loops, stock sentences, text on silence or music, the prompt itself.

What is removed is counted and kept apart with its reason, never judged. What a caller really repeats (对对对, the
eights of a number) stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.engine import Heard
from inspect_pipeline.speech.stock import ANYWHERE, WHOLE
from inspect_pipeline.text.normalise import Normal, normalise

# A unit of n characters said this often in a row is a loop. 对对对对对 and eight zeros of a number stay below.
_LOOP_AT_LEAST = {1: 11, 2: 7, 3: 5}
_LONG_UNIT_AT_LEAST = 4
_LONGEST_UNIT = 20
_FASTEST = 12.0  # characters a second that a person can say; twice a quick speaker's rate
_SPARE = 4  # characters allowed on top, for very short stretches
_SLOWEST = 1.2  # characters a second under which part of the speech was left out
_DISBELIEVED = -1.0  # a mean log probability under this calls for another try (Whisper's own bound)
_SURE_SILENCE, _DOUBT_SILENCE = 0.6, -0.8  # no-speech probability over, log probability under: nobody spoke
_UNSURE_PEAK = 0.3  # a voice detector's peak under this is unsure
_UNSURE = -0.9  # and a text this unlikely on top
_PROMPT_SHARE = 0.7  # of a text's characters that are the prompt's words

_anywhere = re.compile("|".join(f"(?:{phrase})" for phrase in ANYWHERE))
_whole = re.compile("|".join(f"(?:{phrase})" for phrase in WHOLE))


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of text that was not said, and why (loop, stock, silence, music, prompt)."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the audio says of the stretch that a text was written for: its length, the voice detector's peak (0-1),
    and the share of it (0-1) in which music plays."""

    seconds: Seconds
    peak: float
    music: float = 0.0


def guard(heard: Heard, stretch: Stretch, nouns: Sequence[str]) -> tuple[str, tuple[Cut, ...]]:
    """Return what of the text was said, and what was not, with the reason. The text may be empty."""
    normal = normalise(heard.text)
    if not normal.text:
        return "", ()
    reason = _not_said(heard, normal.text, stretch, nouns)
    if reason:
        return "", (Cut(heard.text, reason),)
    text, stock = _cut_stock(heard.text, normal)
    kept, loop = _cut_loop(text)
    return kept, stock + loop


def has_loop(text: str) -> bool:
    """Whether a text repeats itself as no person does."""
    return _loop(normalise(text).text) is not None


def is_doubtful(heard: Heard, seconds: Seconds) -> bool:
    """Whether a text is so unlikely for `seconds` of speech that recognising again, otherwise, may help: it repeats
    itself, is too long or far too short, or the recogniser did not believe it."""
    text = normalise(heard.text).text
    too_short = len(text) < _SLOWEST * seconds - _SPARE
    return _loop(text) is not None or _too_long(text, seconds) or too_short or heard.logprob < _DISBELIEVED


def _not_said(heard: Heard, text: str, stretch: Stretch, nouns: Sequence[str]) -> str:
    if _whole.fullmatch(text):
        return "stock"
    if _is_prompt(text, nouns):
        return "prompt"
    silent = heard.no_speech > _SURE_SILENCE and heard.logprob < _DOUBT_SILENCE
    unsure = stretch.peak < _UNSURE_PEAK and heard.logprob < _UNSURE
    if stretch.music > 0.5 and (heard.logprob < _DOUBT_SILENCE or stretch.peak < _UNSURE_PEAK):
        return "music"
    if silent or unsure:
        return "silence"
    if _too_long(text, stretch.seconds) and _loop(text) is None:
        return "silence"
    return ""


def _too_long(text: str, seconds: Seconds) -> bool:
    return len(text) > _SPARE + _FASTEST * seconds


def _is_prompt(text: str, nouns: Sequence[str]) -> bool:
    """Whether the text is a list of the prompt's words: three of them or more, and little else."""
    words = [noun for noun in (normalise(noun).text for noun in nouns) if noun]
    if not words:
        return False
    found = re.findall("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), text)
    return len(found) >= 3 and sum(map(len, found)) >= _PROMPT_SHARE * len(text)


def _cut_stock(text: str, normal: Normal) -> tuple[str, tuple[Cut, ...]]:
    cuts = []
    kept = []
    at = 0
    for match in _anywhere.finditer(normal.text):
        if not match.group():
            continue
        start, end = normal.offsets[match.start()], normal.offsets[match.end() - 1] + 1
        kept.append(text[at:start])
        cuts.append(Cut(text[start:end], "stock"))
        at = end
    kept.append(text[at:])
    left = "".join(kept).strip(" ,，。、")
    return (left if normalise(left).text else ""), tuple(cuts)


def _cut_loop(text: str) -> tuple[str, tuple[Cut, ...]]:
    """Keep what stands before a loop and its first round; a text that is nothing but a loop goes whole."""
    normal = normalise(text)
    loop = _loop(normal.text)
    if loop is None:
        return text, ()
    start, unit, end = loop
    if start < 2 and end >= len(normal.text) - 2:
        return "", (Cut(text, "loop"),)
    first = normal.offsets[start + unit - 1] + 1
    last = normal.offsets[end - 1] + 1
    return text[:first] + text[last:], (Cut(text[first:last], "loop"),)


def _loop(text: str) -> tuple[int, int, int] | None:
    """Return start, length of the unit and end of the longest run of one unit said again and again, or None."""
    best: tuple[int, int, int] | None = None
    for unit in range(1, min(_LONGEST_UNIT, len(text) // 2) + 1):
        needed = unit * _LOOP_AT_LEAST.get(unit, _LONG_UNIT_AT_LEAST)
        run = 0
        for at in range(unit, len(text) + 1):
            if at < len(text) and text[at] == text[at - unit]:
                run += 1
                continue
            if run + unit >= needed and (best is None or run + unit > best[2] - best[0]):
                best = (at - unit - run, unit, at)
            run = 0
    return best
