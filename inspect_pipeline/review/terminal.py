"""The reviewer's terminal: keys in, screens out. Also works when keys are piped in and screens piped out."""

from __future__ import annotations

import codecs
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from inspect_pipeline.review.paint import Frame

try:
    import termios
except ModuleNotFoundError:  # Windows
    termios = None  # type: ignore[assignment]

CLEAR = "\x1b[H\x1b[2J"
START_OF_LINE = "\r\x1b[K"
# The screens of a session leave nothing behind in the terminal: they show what customers said.
OTHER_SCREEN, FIRST_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


class Seat:
    """Where a reviewer sits. `getchar` reads a key without Enter from a terminal (it may return several at once)."""

    def __init__(
        self,
        stdin: TextIO,
        stdout: TextIO,
        environment: Mapping[str, str],
        getchar: Callable[[], str],
        lang: str,
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.getchar = getchar
        self.lang = lang
        self.colour = in_colour(stdout, environment)
        self.steers = stdout.isatty() and environment.get("TERM", "dumb") != "dumb"
        self._typed: list[str] = []
        self._before: list[Any] | None = None  # how the terminal was before single keys

    @contextmanager
    def seated(self) -> Iterator[None]:
        """Use a screen of its own during the session, and give the old one back whatever happens."""
        if self.steers:
            self.stdout.write(OTHER_SCREEN)
        try:
            with self._single_keys():
                yield
        finally:
            if self.steers:
                self.stdout.write(FIRST_SCREEN)
                self.stdout.flush()

    @contextmanager
    def _single_keys(self) -> Iterator[None]:
        """Let keys arrive without Enter and without being shown, for as long as this lasts.

        `getchar` does so for one key only, and throws away what is typed while a screen is being drawn.
        """
        if termios is None or not self.stdin.isatty():
            yield
            return
        handle = self.stdin.fileno()
        before = termios.tcgetattr(handle)
        single = termios.tcgetattr(handle)
        single[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(handle, termios.TCSADRAIN, single)
        self._before = before
        try:
            yield
        finally:
            self._before = None
            termios.tcsetattr(handle, termios.TCSADRAIN, before)

    @contextmanager
    def _whole_lines(self) -> Iterator[None]:
        """Go back to typing whole lines for a moment."""
        if termios is None or self._before is None:
            yield
            return
        handle = self.stdin.fileno()
        single = termios.tcgetattr(handle)
        termios.tcsetattr(handle, termios.TCSADRAIN, self._before)
        try:
            yield
        finally:
            termios.tcsetattr(handle, termios.TCSADRAIN, single)

    def frame(self) -> Frame:
        """Return the terminal's size, colour and language as they are now."""
        size = shutil.get_terminal_size((80, 24)) if self.stdout.isatty() else (80, 24)
        return Frame(max(40, size[0]), max(12, size[1]), self.colour, self.lang)

    def show(self, screen: str) -> None:
        """Show a whole screen."""
        self.stdout.write(CLEAR + screen if self.steers else screen + "\n\n")
        self.stdout.flush()

    def key(self) -> str | None:
        """Return the next key; None at the end of input and after Ctrl-C or Ctrl-D."""
        if self._typed:
            return self._typed.pop(0)
        if not self.stdin.isatty():
            return self._piped_key()
        try:
            read = self._read_keys()
        except (KeyboardInterrupt, EOFError):
            return None
        if read in {"", "\x03", "\x04"}:
            return None
        self._typed = keys_in(read)
        return self._typed.pop(0)

    def _read_keys(self) -> str:
        """Wait for keys and return those that have been typed; '' at the end of input."""
        if self._before is None:
            return self.getchar()
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        text = ""
        while not text:  # a character can arrive in two reads
            read = os.read(self.stdin.fileno(), 64)
            if not read:
                return ""
            text = decode(read)
        return text

    def line(self, prompt: str) -> str | None:
        """Return a line that was typed; None when it was cancelled with Ctrl-C or Ctrl-D."""
        if not self.stdin.isatty():
            self._typed.clear()
            typed = self.stdin.readline()
            return _storable(typed.rstrip("\r\n")) if typed else None
        if self.steers:
            self.stdout.write(START_OF_LINE)
            self.stdout.flush()
        with self._whole_lines():
            try:
                return _storable(input(prompt))
            except (KeyboardInterrupt, EOFError):
                return None

    def _piped_key(self) -> str | None:
        while (char := self.stdin.read(1)) in {"\n", "\r"}:
            pass
        return char or None


def in_colour(stdout: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether to write in colour: on a terminal that has it, unless NO_COLOR says no (no-color.org)."""
    return stdout.isatty() and not environment.get("NO_COLOR") and environment.get("TERM", "dumb") != "dumb"


def keys_in(read: str) -> list[str]:
    """Return the keys in what one read of the terminal gave: an escape sequence is one key, letters are one each."""
    return [read] if read.startswith("\x1b") else list(read)


def _storable(text: str) -> str:
    """Return the text with what is no character (bytes of another encoding) replaced by '?'."""
    return text.encode("utf-8", errors="replace").decode("utf-8")
