"""Hearing the moment: a short cut of the recording, played by whatever this machine has, or kept as a file."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from inspect_pipeline.review.case import Case
from inspect_pipeline.review.words import say
from inspect_pipeline.store.atomic import WORK, write_file
from inspect_pipeline.store.place import is_url
from inspect_pipeline.wording import clock

BEFORE_S = 3.0
AFTER_S = 5.0
# Each plays a WAV file and ends; the first that is installed is used.
PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("mpv", "--no-video", "--really-quiet"),
    ("paplay",),
    ("aplay", "-q"),
    ("afplay",),
    ("play", "-q"),
)


def snippet(path: str, at_s: float) -> bytes:
    """Return the moment around `at_s` as a 16 kHz WAV file, one channel a speaker.

    From 3 s before to 5 s after, as far as the recording goes. Raises RecordingError when it cannot be decoded.
    """
    import numpy as np  # only when something is to be heard

    from inspect_pipeline.speech.decode import SAMPLE_RATE, decode

    _, tracks = decode(path)
    first = max(0, round((at_s - BEFORE_S) * SAMPLE_RATE))
    last = round((at_s + AFTER_S) * SAMPLE_RATE)
    cut = np.stack([track[first:last] for track in tracks], axis=1).astype("<i2")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(len(tracks))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(cut.tobytes())
    return content.getvalue()


def find_player(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the command of a player whose sound the reviewer can hear; None when there is none.

    Over SSH the loudspeaker is that of a machine far away, unless the sound is forwarded (PULSE_SERVER).
    """
    if environment.get("SSH_CONNECTION") and not environment.get("PULSE_SERVER"):
        return None
    for command in PLAYERS:
        found = shutil.which(command[0], path=environment.get("PATH"))
        if found is not None:
            return (found, *command[1:])
    return None


def snippet_path(out: Path, call_id: str, at_s: float) -> Path:
    """Return where a snippet is kept: below OUT's working folder, away from the tables; here, when OUT is a URL."""
    out = Path(WORK) if is_url(out) else out
    name = re.sub(r"[^\w.-]", "_", call_id)
    return out / WORK / "listen" / f"{name}-{clock(at_s).replace(':', 'm')}s.wav"


@dataclass
class Listening:
    """Plays moments, one at a time, without holding up the reviewer."""

    out: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    playing: subprocess.Popen[bytes] | None = None

    def play(self, case: Case, at_s: float, lang: str, save: Path | None = None) -> str:
        """Play the moment, or keep it as a file where nothing can play it; return what was done.

        `save` keeps it there in any case. Raises RecordingError and StoreError.
        """
        self.stop()
        content = snippet(case.result.recording.path, at_s)
        target = save or snippet_path(self.out, case.call_id, at_s)
        write_file(target, content, target.parent)
        command = None if save else find_player(self.environment)
        if command is not None and self._start((*command, str(target))):
            return say("playing", lang, at=clock(at_s))
        return say("saved", lang, path=target)

    def wait(self) -> None:
        """Wait until the moment has been played."""
        if self.playing is not None:
            self.playing.wait()

    def stop(self) -> None:
        """Stop what is being played."""
        if self.playing is not None and self.playing.poll() is None:
            self.playing.terminate()
            self.playing.wait()
        self.playing = None

    def _start(self, command: tuple[str, ...]) -> bool:
        """Start a player; tell whether it did not give up at once (no sound card)."""
        quiet = subprocess.DEVNULL
        self.playing = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        try:
            return self.playing.wait(timeout=0.5) == 0
        except subprocess.TimeoutExpired:
            return True
