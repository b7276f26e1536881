"""A worker process: loads the models once, then attends to some calls after others until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection

from inspect_pipeline.errors import DeviceError, InspectError
from inspect_pipeline.night.desk import Desk


@dataclass(frozen=True, slots=True)
class Ready:
    """The models are loaded."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """No call can be inspected. `kind` is the name of the error, or None for a bug with its traceback."""

    kind: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The GPU failed, and this process ends: what it was busy with is tried again by another."""

    message: str


def work(pipe: Connection, desk: Desk, gpu: str | None) -> None:
    """Send Ready, then a CallDone for each task of each list that comes in, until None comes; or Trouble or Lost.

    `gpu`: the only device that this process may see.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the night's process decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    try:
        inspect = desk.factory()
        pipe.send(Ready())
        while (tasks := pipe.recv()) is not None:
            for done in desk.attend(tasks, inspect):
                pipe.send(done)
    except DeviceError as error:
        pipe.send(Lost(str(error)))
    except InspectError as error:
        pipe.send(Trouble(type(error).__name__, str(error)))
    except (EOFError, BrokenPipeError):
        return  # the night's process is gone
    except Exception:  # noqa: BLE001 - told to the night's process, which raises it
        pipe.send(Trouble(None, traceback.format_exc()))


def _end_with_parent() -> None:
    """End at once when the night's process is killed: the next run may begin the same call."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
