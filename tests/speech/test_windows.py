"""Turns joined into windows, and the text dealt back."""

from __future__ import annotations

import numpy as np

from inspect_pipeline.speech.engine import Heard, Word
from inspect_pipeline.speech.turns import Turn
from inspect_pipeline.speech.windows import Place, Window, deal, join_turns

A, B, C = Turn(0, 1.0, 3.0), Turn(0, 3.4, 5.0), Turn(0, 15.0, 18.0)


def test_short_pauses_stay_and_long_ones_are_cut_to_a_second() -> None:
    (window,) = join_turns([A, B, C])
    assert _rounded(window) == [(A, 0.2, 2.2), (B, 2.6, 4.2), (C, 5.2, 8.2)]


def test_a_window_ends_before_it_gets_too_long() -> None:
    assert [_rounded(window) for window in join_turns([A, B, C], longest_s=5.0)] == [
        [(A, 0.2, 2.2), (B, 2.6, 4.2)],
        [(C, 0.2, 3.2)],
    ]
    assert join_turns([]) == []


def test_a_turn_at_the_very_start_has_no_sound_before_it() -> None:
    (window,) = join_turns([Turn(1, 0.05, 1.0)])
    assert window.places[0] == Place(Turn(1, 0.05, 1.0), 0.05, 1.0)


def _rounded(window: Window) -> list[tuple[Turn, float, float]]:
    return [(place.turn, round(place.start_s, 3), round(place.end_s, 3)) for place in window.places]


def test_the_sound_of_a_window_is_that_of_its_places() -> None:
    track = np.zeros(20 * 16_000, dtype=np.int16)
    for number, turn in enumerate((A, B, C), start=1):
        track[round(turn.start_s * 16_000) : round(turn.end_s * 16_000)] = 1000 * number
    (window,) = join_turns([A, B, C])
    sound = np.rint(window.sound(track) * 32767)
    assert len(sound) == round(8.4 * 16_000)
    for number, place in enumerate(window.places, start=1):
        inside = sound[round(place.start_s * 16_000) + 2 : round(place.end_s * 16_000) - 2]
        assert set(inside) == {1000 * number}


def test_words_go_to_the_turn_in_which_they_end() -> None:
    # the first word after a pause begins, by the aligner, where the last one ended; a sign spans the pause
    window = Window((Place(A, 0.2, 2.2), Place(B, 3.2, 4.8)))
    words = (
        Word("您", 0.5, -0.1),
        Word("好", 2.1, -0.3),
        Word("?", 3.1, -1.0),
        Word("在", 3.5, -0.2),
        Word("吗", 4.9, -0.4),
    )
    assert deal(window, Heard("您好?在吗", -0.3, 0.1, words)) == [
        Heard("您好?", (-0.1 - 0.3 - 1.0) / 3, 0.1, words[:3]),
        Heard("在吗", (-0.2 - 0.4) / 2, 0.1, words[3:]),
    ]


def test_a_turn_may_get_nothing() -> None:
    window = Window((Place(A, 0.2, 2.2), Place(B, 3.2, 4.8)))
    words = (Word("在", 3.5, -0.2),)
    assert deal(window, Heard("在", -0.3, 0.1, words)) == [Heard("", 0.0, 0.1), Heard("在", -0.2, 0.1, words)]


def test_a_window_of_one_turn_keeps_its_text() -> None:
    heard = Heard("在吗", -0.3, 0.1, (Word("在吗", 9.9, -0.2),))
    assert deal(Window((Place(A, 0.2, 2.2),)), heard) == [heard]
