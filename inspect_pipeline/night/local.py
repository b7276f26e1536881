"""The engine on this machine: some worker processes, a few calls each at a time.

Calls are handed out in handfuls, whose speech is recognised together; a GPU gets large ones, for it would wait at the
end of each. Those that were in work when a worker died, or when an earlier run was killed, are suspects: suspects are
handed out alone and one at a time, beside the others, so that two more deaths point to the call and not to its
neighbours.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from inspect_pipeline import errors
from inspect_pipeline.errors import InspectError, ModelError
from inspect_pipeline.night.desk import Desk
from inspect_pipeline.night.pace import Pace
from inspect_pipeline.night.plan import Task
from inspect_pipeline.night.told import CallDone, StoppedError
from inspect_pipeline.night.worker import Lost, Ready, Trouble, work

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_environment = threading.Lock()
_FALSE_STARTS = 2  # workers that die one after the other while they load the models
_HANDFUL = 16  # calls
_HANDFUL_S = 900.0  # of recordings: their speech fills the recogniser's batches
_GPU_HANDFULS = 64  # at once: minutes of work for a GPU, beside the seconds in which the first calls are listened to


@dataclass(eq=False, slots=True)
class _Worker:
    """One process, its pipe, what it is busy with, and until when it has to tell of a call (on the monotonic clock)."""

    process: BaseProcess
    pipe: Connection
    gpu: str | None
    ready: bool = False
    tasks: list[Task] = field(default_factory=list)
    suspect: bool = False
    until: float = 0.0
    lost: str = ""


@dataclass(slots=True)
class LocalEngine:
    """Runs the night on this machine with `count` worker processes, spread over `gpus` when there are any.

    `lasting`: the workers stay for the next `run`, until `stop`.
    """

    desk: Desk
    count: int = 1
    gpus: tuple[str, ...] = ()
    lasting: bool = False
    _workers: list[_Worker] = field(default_factory=list, init=False)
    _calls: deque[Task] = field(default_factory=deque, init=False)
    _suspects: deque[Task] = field(default_factory=deque, init=False)
    _pace: Pace = field(default_factory=Pace, init=False)
    _false_starts: int = field(default=0, init=False)
    _running: bool = field(default=False, init=False)
    _stopped: bool = field(default=False, init=False)

    def run(self, tasks: Sequence[Task]) -> Generator[CallDone, None, None]:
        """Yield each call once it is spooled, in any order. Closing the generator stops all workers."""
        self._calls.clear()
        self._suspects.clear()
        for task in tasks:
            (self._suspects if self.desk.spool.begun(task) else self._calls).append(task)
        whole, self._running = False, True
        try:
            while self._calls or self._suspects or self._busy():
                self._end_when_stopped()
                self._hire()
                self._hand_out()
                yield from self._listen()
            whole = True
        finally:
            self._running = False
            if not (whole and self.lasting and not self._stopped):
                self._dismiss()

    def stop(self) -> None:
        """Stop `run` from another thread: it raises StoppedError, and the calls in work are no suspects."""
        self._stopped = True
        if not self._running:
            self._dismiss()
        for worker in list(self._workers):
            worker.process.kill()  # whoever listens to it wakes up

    def _end_when_stopped(self) -> None:
        if self._stopped:
            raise StoppedError("the process in which the calls are inspected is told to stop")

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.tasks]

    def _hire(self) -> None:
        """Start workers up to the count, but no more than there are calls."""
        wanted = min(self.count, len(self._calls) + len(self._suspects) + len(self._busy()))
        while len(self._workers) < wanted:
            taken = [worker.gpu for worker in self._workers]
            gpu = min(self.gpus, key=taken.count, default=None)
            # never fork: the models' threads and CUDA do not survive it
            here, there = get_context("spawn").Pipe()
            process = get_context("spawn").Process(target=work, args=(there, self.desk, gpu), daemon=True)
            with _one_thread():
                process.start()
            there.close()
            self._workers.append(_Worker(process, here, gpu))

    def _hand_out(self) -> None:
        for worker in self._workers:
            if not worker.ready or worker.tasks or not (self._calls or self._suspects):
                continue
            worker.suspect = bool(self._suspects) and not any(other.suspect for other in self._busy())
            if not worker.suspect and not self._calls:
                continue
            worker.tasks = [self._suspects.popleft()] if worker.suspect else self._handful(worker)
            worker.until = time.monotonic() + self._limit_s(worker)
            with suppress(OSError):  # it has died: its pipe says so when it is listened to
                worker.pipe.send(worker.tasks)

    def _handful(self, worker: _Worker) -> list[Task]:
        """Take the next calls, fewer when not many are left: the workers shall end together."""
        handfuls, share = 1, len(self._calls) // (2 * self.count)
        if worker.gpu is not None:
            handfuls, share = _GPU_HANDFULS, len(self._calls) if self.count == 1 else share
        share = max(1, min(share, handfuls * _HANDFUL))
        taken: list[Task] = []
        seconds = 0.0
        while self._calls and len(taken) < share and seconds < handfuls * _HANDFUL_S:
            taken.append(self._calls.popleft())
            seconds += taken[-1].recording.duration_s or 0.0
        return taken

    def _limit_s(self, worker: _Worker) -> float:
        """Return how long the worker may take until it tells of a call: a handful is in work at a time."""
        return self._pace.limit_s(worker.tasks[:_HANDFUL], self.desk.patience)

    def _listen(self) -> Iterator[CallDone]:
        """Yield what the workers have done; return when something has changed."""
        soonest = min([time.monotonic() + 60, *(worker.until for worker in self._busy())])
        heard = wait([worker.pipe for worker in self._workers], timeout=max(0.0, soonest - time.monotonic()))
        for worker in [worker for worker in self._workers if worker.pipe in heard]:
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):
                self._end_when_stopped()
                self._bury(worker)
                continue
            if isinstance(message, Ready):
                worker.ready, self._false_starts = True, 0
            elif isinstance(message, Trouble):
                raise _as_error(message)
            elif isinstance(message, Lost):
                worker.lost = f" ({message.message})"
            else:
                worker.tasks = [task for task in worker.tasks if task.call_id != message.call_id]
                worker.suspect = worker.suspect and bool(worker.tasks)
                self._pace.learn(message)
                worker.until = time.monotonic() + self._limit_s(worker)
                yield message
        self._end_hanging()

    def _end_hanging(self) -> None:
        now = time.monotonic()
        for worker in [worker for worker in self._busy() if worker.until <= now]:
            for task in worker.tasks:
                self.desk.spool.note(task, f"no answer within {self._limit_s(worker):g} s: its worker was ended")
            worker.process.kill()
            self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        """Take leave of a dead worker; the calls that it had begun become suspects."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(5)
        worker.process.kill()  # it closed its pipe and still lives: no use to anybody
        worker.process.join()
        code = worker.process.exitcode
        begun: list[Task] = []
        untouched: list[Task] = []
        for task in worker.tasks:
            (begun if self.desk.spool.begun(task) else untouched).append(task)
        others = f" and {len(begun) - 1} others" if len(begun) > 1 else ""
        ended = f"its worker ended with exit code {code}{worker.lost} while it inspected the call{others}"
        for task in begun:
            self.desk.spool.note(task, ended)
        self._suspects.extend(begun)
        self._calls.extendleft(reversed(untouched))
        if not worker.ready:
            self._false_starts += 1
            if self._false_starts >= _FALSE_STARTS:
                raise ModelError(
                    f"a worker ended with exit code {code} while it loaded the models: use fewer --workers"
                )

    def _dismiss(self) -> None:
        """End all workers. A call that is in work is stopped by us and no suspect."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
            for task in worker.tasks:
                self.desk.spool.forgive(task)
        self._workers.clear()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let processes that are started here compute with one thread each: parallel calls, not parallel sums.

    The order of a sum is its last digit, which is now and then another word: on a machine with more cores a call
    would have another transcript. The libraries read this when they are loaded, so that it must stand before.
    """
    with _environment:
        before = {name: os.environ.get(name) for name in _THREADS}
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _as_error(trouble: Trouble) -> Exception:
    """Return the error that a worker met, as its own kind."""
    if trouble.kind is None:
        return RuntimeError(f"a bug in a worker:\n{trouble.message}")
    kind = getattr(errors, trouble.kind, InspectError)
    return InspectError(trouble.message) if kind is errors.PackError else kind(trouble.message)
