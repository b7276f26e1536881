"""Hearing the moment: the cut of a real recording, and which player gets it."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path

import numpy as np

from inspect_pipeline.review.archive import Archive
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.listen import Listening, find_player, snippet
from inspect_pipeline.speech.decode import decode
from tests.review.nights import NIGHT, RECORDING, small_night


def player(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def case_of(tmp_path: Path) -> Case:
    small_night(tmp_path)
    return Archive(tmp_path, {}).case(NIGHT, "c-0001")


def test_snippet_is_the_moment_from_3_s_before_to_5_s_after() -> None:
    with wave.open(io.BytesIO(snippet(str(RECORDING), 10.0))) as cut:
        assert (cut.getframerate(), cut.getnchannels(), cut.getsampwidth(), cut.getnframes()) == (16000, 2, 2, 128_000)
        samples = np.frombuffer(cut.readframes(128_000), "<i2").reshape(-1, 2)
    _, tracks = decode(str(RECORDING))
    for channel in (0, 1):
        assert np.array_equal(samples[:, channel], tracks[channel][7 * 16_000 : 15 * 16_000])


def test_snippet_at_the_start_is_cut_there() -> None:
    with wave.open(io.BytesIO(snippet(str(RECORDING), 1.0))) as cut:
        assert cut.getnframes() == 6 * 16_000


def test_player_is_found_except_over_ssh(tmp_path: Path) -> None:
    aplay = player(tmp_path, "aplay", "")
    assert find_player({"PATH": str(tmp_path)}) == (str(aplay), "-q")
    assert find_player({"PATH": str(tmp_path), "SSH_CONNECTION": "10.0.0.1"}) is None
    assert find_player({"PATH": str(tmp_path), "SSH_CONNECTION": "10.0.0.1", "PULSE_SERVER": "tcp:1"}) is not None
    mpv = player(tmp_path, "mpv", "")
    assert find_player({"PATH": str(tmp_path)}) == (str(mpv), "--no-video", "--really-quiet")
    assert find_player({"PATH": str(tmp_path / "nothing")}) is None


def test_player_gets_the_snippet(tmp_path: Path) -> None:
    case = case_of(tmp_path)
    player(tmp_path, "aplay", f'echo "$@" > {tmp_path}/played')
    listening = Listening(tmp_path, {"PATH": f"{tmp_path}{os.pathsep}/bin"})
    assert listening.play(case, 22.25, "zh") == "播放 0:22"
    listening.wait()
    kept = tmp_path / ".work" / "listen" / "c-0001-0m22s.wav"
    assert (tmp_path / "played").read_text(encoding="utf-8") == f"-q {kept}\n"


def test_player_without_a_sound_card_leaves_the_snippet(tmp_path: Path) -> None:
    case = case_of(tmp_path)
    player(tmp_path, "aplay", "exit 1")
    kept = tmp_path / ".work" / "listen" / "c-0001-0m22s.wav"
    assert Listening(tmp_path, {"PATH": str(tmp_path)}).play(case, 22.25, "en") == (
        f"no player here; the snippet is in {kept}"
    )
    assert kept.read_bytes() == snippet(str(RECORDING), 22.25)


def test_stop_ends_what_is_played(tmp_path: Path) -> None:
    case = case_of(tmp_path)
    player(tmp_path, "aplay", "exec sleep 60")
    listening = Listening(tmp_path, {"PATH": f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin"})
    listening.play(case, 22.25, "zh")
    playing = listening.playing
    assert playing is not None
    listening.stop()
    assert playing.returncode is not None


def test_saved_snippet_is_where_it_was_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "片段.wav"
    Listening(tmp_path, {}).play(case_of(tmp_path), 3.0, "zh", target)
    assert target.read_bytes() == snippet(str(RECORDING), 3.0)
