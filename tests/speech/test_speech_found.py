"""Speech, music and cross-talk from the sound alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sounds import CALLS, RATE, noise, seconds, tone, track

from inspect_pipeline.model import Span
from inspect_pipeline.speech.decode import Track, decode
from inspect_pipeline.speech.listen import call_turns, listen
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.turns import Turn, cut_long, find_turns
from inspect_pipeline.speech.vad import FRAME_S, Speech, find_speech, frame_levels, speech_probabilities

SETTINGS = SpeechSettings()


def tracks_of(call_id: str) -> list[Track]:
    return decode(str(CALLS / f"{call_id}.wav"))[1]


def truth_of(call_id: str) -> list[dict[str, object]]:
    turns: list[dict[str, object]] = json.loads((CALLS / f"{call_id}.json").read_text(encoding="utf-8"))["turns"]
    return turns


@pytest.mark.parametrize("path", sorted(CALLS.glob("*.wav")), ids=lambda path: path.stem)
def test_every_turn_of_the_calls_is_heard_where_it_is(path: Path) -> None:
    turns = truth_of(path.stem)
    tracks = tracks_of(path.stem)
    for channel, listened in enumerate(listen(tracks, SETTINGS)):
        own = [turn for turn in turns if len(tracks) == 1 or turn["who"] == "AC"[channel]]
        for turn in own:
            start, end = float(str(turn["start"])), float(str(turn["end"]))
            found = [span for span in listened.speech if span.start_s < end - 0.1 and span.end_s > start + 0.1]
            assert found, turn
            assert found[-1].end_s == pytest.approx(end, abs=0.25)
        for span in listened.speech:
            inside = [
                t
                for t in own
                if float(str(t["start"])) - 0.6 < span.start_s and span.end_s < float(str(t["end"])) + 0.4
            ]
            assert inside, f"{span} is nobody's turn"


def test_hold_music_is_music_and_only_there() -> None:
    agent, customer = listen(tracks_of("demo-05-simcard-hold"), SETTINGS)
    (played,) = agent.music
    assert (played.start_s, played.end_s) == (pytest.approx(27.0, abs=0.3), pytest.approx(35.0, abs=0.4))
    assert customer.music == ()


@pytest.mark.parametrize(
    "sound",
    [0 * seconds(20.0), noise(20.0, 0.001), noise(20.0, 0.1), np.cumsum(noise(20.0, 0.002)) * 0.05],
    ids=["digital silence", "comfort noise", "loud noise", "rumble"],
)
def test_nobody_speaks_in_noise(sound: NDArray[np.float64]) -> None:
    (listened,) = listen([track(sound - sound.mean())], SETTINGS)
    assert (listened.speech, listened.music) == ((), ())


def test_ring_back_is_no_speech() -> None:
    sound = tone(20.0, 450.0, 0.1) * (seconds(20.0) % 5 < 1)
    (listened,) = listen([track(sound + noise(20.0, 0.003))], SETTINGS)
    assert listened.speech == ()
    assert [(round(span.start_s), round(span.end_s)) for span in listened.music] == [(0, 1), (5, 6), (10, 11), (15, 16)]


def test_a_tune_is_music() -> None:
    notes = [262, 330, 392, 523, 494, 440, 392, 349]
    tune = np.concatenate(
        [sum(tone(0.4, note * k, 0.2 / k) for k in range(1, 6)) * np.exp(-3 * seconds(0.4)) for note in notes * 5]
    )
    (listened,) = listen([track(tune + noise(len(tune) / RATE, 0.003))], SETTINGS)
    # a note at which the network begins anew has nothing before it and may be taken for a word
    assert sum(span.end_s - span.start_s for span in listened.speech) < 1.0
    (played,) = listened.music
    assert (played.start_s, played.end_s) == (pytest.approx(0.0, abs=0.6), pytest.approx(16.0, abs=0.6))


def test_cross_talk_is_not_speech_of_the_other_side() -> None:
    agent, customer = tracks_of("demo-01-broadband-good")
    plain = listen([agent, customer], SETTINGS)
    delayed = np.concatenate([np.zeros(1600), agent[:-1600]])  # 0.1 s later, 18 dB down
    leaking = np.clip(customer + delayed / 8, -32767, 32767).astype(np.int16)
    alone = find_speech(speech_probabilities(leaking, frame_levels(leaking)), frame_levels(leaking), SETTINGS.vad)

    heard = listen([agent, leaking], SETTINGS)

    assert len(alone) > len(plain[1].speech), "the leak is loud enough to be taken for speech"
    assert len(heard[1].speech) == len(plain[1].speech)
    for leaked, own in zip(heard[1].speech, plain[1].speech, strict=True):
        assert leaked.start_s == pytest.approx(own.start_s, abs=0.5)


def test_both_speaking_at_once_is_no_cross_talk() -> None:
    agent, customer = listen(tracks_of("dev-10-overlap-fast"), SETTINGS)
    together = [
        (max(a.start_s, c.start_s), min(a.end_s, c.end_s))
        for a in agent.speech
        for c in customer.speech
        if min(a.end_s, c.end_s) - max(a.start_s, c.start_s) > 1.0
    ]
    assert [(round(start), round(end)) for start, end in together] == [(8, 11), (16, 18)]


def frames(*parts: tuple[float, float]) -> NDArray[np.float32]:
    return np.concatenate([np.full(round(length / FRAME_S), value, dtype=np.float32) for length, value in parts])


def test_faint_noise_that_the_detector_takes_for_speech_begins_no_utterance() -> None:
    # the background, 3.8 s of noise no louder than it with probabilities of speech, a question, the background
    probabilities = frames((8, 0.0), (3.84, 0.3), (0.8, 0.4), (4, 0.0))
    levels = frames((8, -60.0), (3.84, -61.0), (0.8, -20.0), (4, -60.0))
    (question,) = find_speech(probabilities, levels)
    assert question.start_s == pytest.approx(11.84, abs=0.3)
    assert question.end_s == pytest.approx(12.64, abs=0.1)


@pytest.mark.parametrize(("quiet_s", "begins_s"), [(0.45, 8.45), (0.2, 8.0)])
def test_a_voice_begins_where_it_is_heard(quiet_s: float, begins_s: float) -> None:
    # the detector believes in a voice early; a beginning that is nearly silent may be a consonant
    probabilities = frames((8, 0.0), (quiet_s, 0.2), (2.0, 0.4), (4, 0.0))
    levels = frames((8, -60.0), (quiet_s, -60.0), (2.0, -20.0), (4, -60.0))
    (question,) = find_speech(probabilities, levels)
    assert question.start_s == pytest.approx(begins_s, abs=0.07)


def test_noise_between_two_utterances_parts_them() -> None:
    probabilities = frames((2, 0.0), (2, 0.4), (3, 0.3), (2, 0.4), (3, 0.0))
    levels = frames((2, -60.0), (2, -20.0), (3, -61.0), (2, -20.0), (3, -60.0))
    before, after = find_speech(probabilities, levels)
    assert before.end_s == pytest.approx(4.0, abs=0.3)
    assert after.start_s == pytest.approx(7.0, abs=0.3)


def test_half_a_second_of_quiet_within_an_utterance_parts_nothing() -> None:
    probabilities = frames((2, 0.0), (2, 0.4), (0.6, 0.3), (2, 0.4), (3, 0.0))
    levels = frames((2, -60.0), (2, -20.0), (0.6, -61.0), (2, -20.0), (3, -60.0))
    assert len(find_speech(probabilities, levels)) == 1


def test_levels_are_those_of_the_speech() -> None:
    (listened,) = listen([track(0.25 * sawtooth())], SETTINGS)
    assert all(-60 < span.level_db < 0 for span in listened.speech)


def sawtooth() -> NDArray[np.float64]:
    return (seconds(5.0) * 150 % 1) * 2 - 1


def speech(*spans: tuple[float, float]) -> list[Speech]:
    return [Speech(start, end, -20.0, 0.9) for start, end in spans]


def test_turns_bridge_a_breath_but_not_an_answer() -> None:
    own = speech((0.0, 2.0), (2.5, 4.0), (4.6, 6.0), (8.0, 9.0))
    assert find_turns(0, own, speech((4.1, 4.5)), 1.0, 20.0) == [
        Turn(0, 0.0, 4.0),
        Turn(0, 4.6, 6.0),
        Turn(0, 8.0, 9.0),
    ]


def test_a_long_turn_is_cut_where_it_is_quietest() -> None:
    levels = np.full(1000, -20, dtype=np.float32)
    levels[400], levels[5] = -50, -90
    pieces = cut_long(Turn(1, 0.0, 30.0), levels, 20.0)
    assert pieces == [Turn(1, 0.0, pytest.approx(12.8)), Turn(1, pytest.approx(12.8), 30.0)]


def test_a_long_speech_becomes_turns_of_bearable_length() -> None:
    (track_one,) = tracks_of("demo-06-mono-roaming")
    listened = listen([np.tile(track_one, 4)], SETTINGS)
    turns = call_turns(listened, SETTINGS)
    assert max(turn.end_s - turn.start_s for turn in turns) <= 20.0
    assert turns == sorted(turns, key=lambda turn: turn.start_s)


def test_the_first_and_last_moment_belong_to_the_call() -> None:
    assert listen([np.zeros(0, dtype=np.int16)], SETTINGS)[0].speech == ()
    assert listen([np.zeros(100, dtype=np.int16)], SETTINGS)[0].music == ()
    assert Span(0.0, 1.0).end_s == 1.0


def test_speech_is_heard_to_the_end_of_a_long_mono_call() -> None:
    """The network's memory drifted on mixed voices: loud speech late in a call was taken for background."""
    agent, customer = (one.astype(np.float64) for one in tracks_of("demo-01-broadband-good"))
    mixed = np.concatenate([(agent + customer) / 2] * 3)
    (listened,) = listen([mixed.astype(np.int16)], SETTINGS)
    third = len(mixed) / 3 / RATE
    spoken = [
        sum(max(0.0, min(span.end_s, (part + 1) * third) - max(span.start_s, part * third)) for span in listened.speech)
        for part in range(3)
    ]
    assert min(spoken) > 0.85 * max(spoken)
