"""Written calls: the dialogues of rule examples and of `check`, and the truth files of recorded calls.

A line is `客服: …` or `客户：…`, with `[0:31]` or `[0:31-0:35.5]` before the speaker when times are known.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from inspect_pipeline.errors import RecordingError
from inspect_pipeline.model import Activity, ActivityKind, Seconds, Speaker, SpeakerSource, Transcript, Utterance
from inspect_pipeline.text.normalise import normalise, simplify

CHARACTERS_PER_SECOND = 4.5  # of estimated times, about what a calm agent speaks
GAP_S = 0.5  # between estimated turns

_SPEAKERS = {
    Speaker.AGENT: ("客服", "坐席", "座席", "话务员", "客服代表", "agent", "a"),
    Speaker.CUSTOMER: ("客户", "顾客", "用户", "来电人", "customer", "caller", "c"),
}
_SPEAKER_OF = {name: speaker for speaker, names in _SPEAKERS.items() for name in names}
_CHANNEL = {Speaker.AGENT: 0, Speaker.CUSTOMER: 1}
_LINE = re.compile(r"(?:[\[［【](?P<times>[^\]］】]*)[\]］】])?\s*(?P<who>[^:：\s]{1,12})\s*[:：]\s*(?P<text>.*)")
_CLOCK = re.compile(r"(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>[0-5]\d(?:\.\d+)?)")
_PLACE_WITH_LINE = re.compile(r":\d+$")


@dataclass(frozen=True, slots=True)
class _Turn:
    """One written turn; times are None where they are not told."""

    line: int
    speaker: Speaker
    text: str
    start_s: Seconds | None
    end_s: Seconds | None


def parse_dialogue(text: str, call_id: str, place: str) -> Transcript:
    """Return the transcript of a written dialogue, or of a JSON truth file (`turns` with who, start, end, text).

    `place` is the file, for messages. Without times they are estimated and the transcript is not `timed`; a turn with
    a start only ends where the next one starts or its text is spoken, whichever comes first. Channel 0 is the agent.
    Raises RecordingError naming file and line.
    """
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _from_json(text.lstrip("\ufeff"), call_id, place)
    turns = [_read(line, number, place) for number, line in _lines(text)]
    if not turns:
        raise RecordingError(f"{_at(place, 1)}: the dialogue is empty; write lines such as '客服: 您好'")
    told = [turn for turn in turns if turn.start_s is not None]
    if told and len(told) < len(turns):
        bare = next(turn for turn in turns if turn.start_s is None)
        raise RecordingError(f"{_at(place, bare.line)}: this line has no time but others have; time all lines or none")
    timed = _timed(turns, place) if told else _estimated(turns)
    return _transcript(timed, call_id, bool(told))


def _lines(text: str) -> list[tuple[int, str]]:
    lines = [(number, line.strip("\ufeff \t\u3000")) for number, line in enumerate(text.splitlines(), start=1)]
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def _at(place: str, line: int) -> str:
    """Name a line. A dialogue inside another file is placed by that file's line, with its own line added."""
    return f"{place} (line {line} of the dialogue)" if _PLACE_WITH_LINE.search(place) else f"{place}:{line}"


def _read(line: str, number: int, place: str) -> _Turn:
    match = _LINE.fullmatch(line)
    speaker = match and _SPEAKER_OF.get(match["who"].lower())
    if match is None or speaker is None:
        raise RecordingError(
            f"{_at(place, number)}: expected '客服: …' or '客户: …' (with [0:31] before it), not '{line}'"
        )
    if not match["text"]:
        raise RecordingError(f"{_at(place, number)}: nothing is said on this line")
    if match["times"] is None:
        return _Turn(number, speaker, match["text"], None, None)
    clocks = [_seconds(clock, number, place) for clock in re.split(r"[-–—~～]", match["times"])]
    if len(clocks) > 2:
        raise RecordingError(f"{_at(place, number)}: '{match['times']}' is not a start, or a start and an end")
    end = clocks[1] if len(clocks) == 2 else None
    if end is not None and end < clocks[0]:
        raise RecordingError(f"{_at(place, number)}: '{match['times']}' ends before it starts")
    return _Turn(number, speaker, match["text"], clocks[0], end)


def _seconds(clock: str, number: int, place: str) -> Seconds:
    match = _CLOCK.fullmatch(clock.strip().replace("：", ":"))
    if match is None:
        raise RecordingError(f"{_at(place, number)}: '{clock}' is not a time such as 0:31 or 1:02:03.5")
    return int(match["hours"] or 0) * 3600 + int(match["minutes"]) * 60 + float(match["seconds"])


def _spoken(text: str) -> Seconds:
    """Return how long a text takes to say, at least a syllable."""
    return round(max(1, len(normalise(text).text)) / CHARACTERS_PER_SECOND, 3)


def _estimated(turns: list[_Turn]) -> list[_Turn]:
    timed = []
    clock = 0.0
    for turn in turns:
        end = round(clock + _spoken(turn.text), 3)
        timed.append(replace(turn, start_s=clock, end_s=end))
        clock = round(end + GAP_S, 3)
    return timed


def _timed(turns: list[_Turn], place: str) -> list[_Turn]:
    timed: list[_Turn] = []
    starts = [turn.start_s or 0.0 for turn in turns]
    for turn, start, following in zip(turns, starts, [*starts[1:], math.inf], strict=True):
        if following < start:
            later = turns[len(timed) + 1].line
            raise RecordingError(f"{_at(place, later)}: this line starts before the one above it")
        end = turn.end_s if turn.end_s is not None else round(min(following, start + _spoken(turn.text)), 3)
        timed.append(replace(turn, end_s=end))
    return timed


def _from_json(text: str, call_id: str, place: str) -> Transcript:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecordingError(f"{place}:{error.lineno}: not JSON: {error.msg}") from error
    turns = document.get("turns")
    if not isinstance(turns, list) or not turns:
        raise RecordingError(f"{place}: 'turns' must be a list with at least one turn")
    read = [_json_turn(turn, number, place) for number, turn in enumerate(turns, start=1)]
    read.sort(key=lambda turn: turn.start_s or 0.0)
    transcript = _transcript(read, call_id, timed=True)
    duration = document.get("duration", transcript.duration_s)
    if not _is_number(duration):
        raise RecordingError(f"{place}: 'duration' must be seconds, not {duration!r}")
    transcript = replace(transcript, duration_s=max(float(duration), transcript.duration_s))
    if document.get("mono") is True:
        return _as_mono(transcript)
    return transcript


def _json_turn(turn: Any, number: int, place: str) -> _Turn:
    where = f"{place}: turn {number}"
    if not isinstance(turn, dict):
        raise RecordingError(f"{where}: expected who, start, end and text")
    who, said = str(turn.get("who", "")), turn.get("text")
    speaker = _SPEAKER_OF.get(who.lower())
    if speaker is None:
        raise RecordingError(f"{where}: 'who' must be A (agent) or C (customer), not '{who}'")
    if not isinstance(said, str) or not said.strip():
        raise RecordingError(f"{where}: 'text' is missing")
    start, end = turn.get("start"), turn.get("end")
    if not _is_number(start) or not _is_number(end) or not 0 <= start <= end:
        raise RecordingError(f"{where}: 'start' and 'end' must be seconds in order, not {start!r} and {end!r}")
    return _Turn(number, speaker, said.strip(), float(start), float(end))


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _as_mono(transcript: Transcript) -> Transcript:
    """Return the transcript as one channel would give it: the speakers are written, the channels are not."""
    return replace(
        transcript,
        utterances=tuple(replace(utterance, channel=None) for utterance in transcript.utterances),
        activity=tuple(replace(stretch, channel=None) for stretch in transcript.activity),
        speaker_source=SpeakerSource.TEXT,
        channels=1,
    )


def _transcript(turns: list[_Turn], call_id: str, timed: bool) -> Transcript:
    """Build the transcript of turns whose times are all set."""
    utterances = []
    activity = []
    for index, turn in enumerate(turns):
        start, end = turn.start_s or 0.0, turn.end_s or 0.0
        channel = _CHANNEL[turn.speaker]
        simple = simplify(turn.text)
        utterances.append(Utterance(index, turn.speaker, channel, start, end, simple, turn.text, 1.0))
        activity.append(Activity(ActivityKind.SPEECH, turn.speaker, channel, start, end))
    return Transcript(
        call_id=call_id,
        duration_s=max(utterance.end_s for utterance in utterances),
        utterances=tuple(utterances),
        activity=tuple(activity),
        speaker_source=SpeakerSource.TEXT,
        timed=timed,
    )
