"""A real Dask cluster on this machine: a scheduler and workers, each a process of its own, as `dask` starts them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from inspect_pipeline.night.told import NightSummary

HERE = Path(__file__).parent


def wait_until(true: Callable[[], bool], night: Future[NightSummary] | None = None, seconds: float = 90.0) -> None:
    """Poll; fail when it does not become true while `night` runs."""
    until = time.monotonic() + seconds
    while not true():
        if night is not None and night.done():
            night.result()
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


class DaskHere:
    """Starts and stops the processes. A keeper starts workers anew when they end, as Kubernetes or systemd do.

    `threads` of each worker; `gpus`: the devices that it may see, as CUDA_VISIBLE_DEVICES writes them.
    """

    def __init__(self, folder: Path, workers: int, threads: int = 1, gpus: str | None = None) -> None:
        self.folder, self._threads = folder, threads
        self._gpus = {} if gpus is None else {"CUDA_VISIBLE_DEVICES": gpus}
        self.folder.mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port))
        self.workers = [self._start_worker() for _ in range(workers)]
        self.started = workers
        self._open = True
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def kill_scheduler(self) -> None:
        """End the scheduler as a power cut does."""
        _kill(self.scheduler)

    def start_scheduler(self) -> None:
        """Start it again at the same address, knowing nothing."""
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port))

    def kill_worker(self, number: int) -> None:
        """End a worker, its nanny and its children as a power cut does."""
        _kill(self.workers[number])

    def close(self) -> None:
        """End everything."""
        self._open = False
        self._keeper.join()
        for process in [*self.workers, self.scheduler]:
            _kill(process)

    def log(self) -> str:
        """Return what all of them said."""
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in self.folder.glob("*.log"))

    def _keep(self) -> None:
        while self._open:
            for number, process in enumerate(self.workers):
                if process.poll() is not None:
                    self.workers[number] = self._start_worker()
                    self.started += 1
            time.sleep(0.2)

    def _start_worker(self) -> subprocess.Popen[bytes]:
        threads = ("--nthreads", str(self._threads))
        return self._start("worker", self.address, *threads, "--local-directory", str(self.folder))

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        paths = [str(HERE.parent.parent), str(HERE), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            **self._gpus,
            "PYTHONPATH": os.pathsep.join(paths),
            "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__DISK": "false",
        }
        with (self.folder / f"{arguments[0]}-{time.monotonic_ns()}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=self.folder,
                start_new_session=True,
            )


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
