"""Ctrl-C and SIGTERM: when they may stop a night, and when they have to wait a moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM stop what runs here as Ctrl-C does, by KeyboardInterrupt."""
    with _handling((signal.SIGTERM,), _stop):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let what runs here end before a Ctrl-C or SIGTERM that came meanwhile takes effect."""
    came: list[int] = []
    with _handling((signal.SIGINT, signal.SIGTERM), lambda number, _frame: came.append(number)):
        yield
    if came:
        raise KeyboardInterrupt


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _handling(numbers: tuple[signal.Signals, ...], handler: signal._HANDLER) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python gives signals to the main thread only
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
