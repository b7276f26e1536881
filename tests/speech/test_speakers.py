"""Who speaks in a mono call, from the words and the voices."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sounds import CALLS, RATE, noise, seconds

from inspect_pipeline.model import Speaker, SpeakerSource
from inspect_pipeline.speech.agent_words import agent_log_odds, is_question
from inspect_pipeline.speech.decode import Track, decode, samples
from inspect_pipeline.speech.speakers import Spoken, agent_channel, tell_apart
from inspect_pipeline.speech.voice import voice

WHO = {"A": Speaker.AGENT, "C": Speaker.CUSTOMER}


def call(path: Path, voices: bool) -> tuple[list[Spoken], list[Speaker]]:
    """A recorded call as one mono track, with its true words and speakers."""
    turns = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
    mono = _mono(decode(str(path))[1])
    spoken = [
        Spoken(
            turn["text"],
            turn["end"] - turn["start"],
            voice(samples(mono, turn["start"], turn["end"])) if voices else None,
        )
        for turn in turns
    ]
    return spoken, [WHO[turn["who"]] for turn in turns]


def _mono(tracks: list[Track]) -> Track:
    return (sum(track.astype(np.int32) for track in tracks) // len(tracks)).astype(np.int16)


def share_right(spoken: list[Spoken], who: tuple[Speaker, ...], truth: list[Speaker], said: bool = False) -> float:
    """The share of the speech, by time, whose speaker is right; `said`: of the speech whose speaker is said."""
    known = [(each, speaker, true) for each, speaker, true in zip(spoken, who, truth, strict=True)]
    if said:
        known = [each for each in known if each[1] is not Speaker.UNKNOWN]
    return sum(each.seconds for each, speaker, true in known if speaker is true) / sum(
        each.seconds for each, _, _ in known
    )


@pytest.mark.parametrize("path", sorted(CALLS.glob("*.wav")), ids=lambda path: path.stem)
def test_speakers_of_a_mono_call_are_told_apart_by_voice_and_words(path: Path) -> None:
    spoken, truth = call(path, voices=True)
    speakers = tell_apart(spoken)
    at_least = 0.8 if path.stem == "demo-04-network-no-empathy" else 0.99  # its agent's pitch jumps an octave
    assert share_right(spoken, speakers.who, truth) >= at_least
    assert 0.7 <= speakers.confidence <= 0.95


@pytest.mark.parametrize("path", sorted(CALLS.glob("*.wav")), ids=lambda path: path.stem)
def test_words_alone_say_unknown_rather_than_wrong(path: Path) -> None:
    spoken, truth = call(path, voices=False)
    speakers = tell_apart(spoken)
    assert speakers.source is SpeakerSource.TEXT
    assert share_right(spoken, speakers.who, truth, said=True) >= 0.95


def test_two_calls_without_cues_are_not_guessed() -> None:
    spoken = [Spoken(text, 2.0, None) for text in ("今天天气好", "嗯是的", "明天也好", "对")]
    assert tell_apart(spoken).confidence < 0.7


def test_nobody_spoke() -> None:
    assert tell_apart([]).confidence == 0.0
    assert tell_apart([Spoken("您好,工号1086,请问有什么可以帮您", 4.0, None)]).who == (Speaker.AGENT,)


def test_the_agents_channel_is_found_by_what_is_said_on_it() -> None:
    agent = ["您好,中国移动客服,工号1086,请问有什么可以帮您", "请您稍等,我为您查一下", "感谢您的来电"]
    customer = ["我家的宽带怎么又断了", "你们到底管不管", "没有了,谢谢"]
    assert agent_channel(agent, customer)[0] == 0
    assert agent_channel(customer, agent)[0] == 1
    assert agent_channel(agent, customer)[1] > 0.99
    assert agent_channel([], []) == (0, pytest.approx(0.69, abs=0.005))  # most systems; too unsure for a rule


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("您好中国移动客服公号1086请问有什么可以帮您", True),
        ("感谢您的来电祝您生活愉快再见", True),
        ("请提供一下机主姓名和身份证号码", True),
        ("我家宽带怎么又断了", False),
        ("你们这是什么态度我要投诉", False),
        ("没有了谢谢", False),
    ],
)
def test_words_sound_like_one_or_the_other(text: str, agent: bool) -> None:
    (odds,) = agent_log_odds([text])
    assert (odds > 1) == agent
    assert -5 <= odds <= 5


def test_questions() -> None:
    assert is_question("请问您是机主本人吗")
    assert is_question("地址是哪里?")
    assert not is_question("好的,再见。")


@pytest.mark.parametrize("hertz", [110.0, 160.0, 220.0, 300.0])
def test_the_pitch_of_a_voice_on_a_telephone_line(hertz: float) -> None:
    harmonics = [n for n in range(1, 30) if 300 < n * hertz < 3400]
    sound = sum(np.sin(2 * np.pi * n * hertz * seconds(2.0) + n) / n for n in harmonics)
    found = voice((0.1 * sound + noise(2.0, 0.002)).astype(np.float32))
    assert found is not None
    assert 2 ** found[0] == pytest.approx(hertz, rel=0.03)
    assert len(found) == 17


def test_noise_and_a_moment_have_no_voice() -> None:
    assert voice(noise(2.0, 0.1).astype(np.float32)) is None
    assert voice(np.zeros(RATE // 10, dtype=np.float32)) is None
    assert voice(np.zeros(RATE, dtype=np.float32)) is None
