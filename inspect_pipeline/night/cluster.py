"""The engine on a Dask cluster: shards are submitted, watched, and submitted again when a scheduler or worker is lost.

Nothing that the cluster says is believed without a look at the tables: a shard is done when its parts are in OUT,
made from what was asked for. Whether a call kills its workers is known from the marks in OUT, not from the cluster.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from socket import create_connection
from uuid import uuid4

from distributed import Client, Future, KilledWorker, Status, Worker, WorkerPlugin
from distributed.comm.addressing import get_address_host_port

from inspect_pipeline.errors import InspectError, ModelError, StoreError, UsageError
from inspect_pipeline.model import CallStatus, Seconds
from inspect_pipeline.night.compile import is_stored
from inspect_pipeline.night.parcel import inspect_parcel, parcel_of, stop_parcels
from inspect_pipeline.night.plan import NightPlan
from inspect_pipeline.night.shards import Work
from inspect_pipeline.night.spool import Spool
from inspect_pipeline.night.told import CallDone, StoppedError
from inspect_pipeline.store.journal import read_record
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import part_path, read_part

_SIGHT_S = 120.0  # how long a file that one machine wrote may take to be seen by another (NFS caches)
_VAIN = 3  # shards given up by the scheduler one after the other while no call gets any further


class StopWithWorker(WorkerPlugin):
    """Ends the inspection when its Dask worker is told to close, so that the call in work is not suspected."""

    name = "inspect-pipeline-stop"

    def teardown(self, worker: Worker) -> None:
        """Stop, unless the plugin is only being replaced."""
        if worker.status is not Status.running:
            stop_parcels()


@dataclass(slots=True)
class DaskCluster:
    """The workers of the scheduler at `address` (tcp://host:8786). They and this process see OUT at the same place.

    `connect_s`: how long to wait for a scheduler to answer. `patience_s`: how long it may be away, or may have no
    workers, once the night has begun. `look_s`: between two looks at what is done. `workers`: the most there were.
    """

    address: str
    connect_s: Seconds = 10.0
    patience_s: Seconds = 900.0
    look_s: Seconds = 1.0
    workers: int = 0

    def run(self, plan: NightPlan, works: Sequence[Work]) -> Generator[CallDone, None, None]:
        """Yield the missing calls of each shard once it is stored. See `Engine`. Raises UsageError when no scheduler
        answers, or its workers write elsewhere."""
        if not works:
            return
        watch = _Watch(self, plan, deque(works))
        watch.connect()
        try:
            while watch.waiting or watch.sent or watch.said_done:
                watch.hand_out()
                yield from watch.look()
                time.sleep(self.look_s)
        finally:
            watch.close()


@dataclass(slots=True)
class _Watch:
    """One run: what is not yet sent, what is sent, and what a worker says is done since when."""

    cluster: DaskCluster
    plan: NightPlan
    waiting: deque[Work]
    sent: dict[Future[None], Work] = field(default_factory=dict)
    said_done: dict[int, tuple[Work, float]] = field(default_factory=dict)
    run: str = field(default_factory=lambda: uuid4().hex[:12])
    client: Client | None = None
    served: float = field(default_factory=time.monotonic)  # when there was last a scheduler with workers
    vain: int = 0
    progress: tuple[int, ...] = ()

    def connect(self) -> None:
        """Connect to the scheduler. Raises UsageError when none answers."""
        try:
            _wait_for(self.cluster.address, self.cluster.connect_s)
            self.client = Client(
                self.cluster.address, timeout=self.cluster.connect_s, set_as_default=False, name="inspect-pipeline"
            )
            self.client.register_plugin(StopWithWorker())
        except (OSError, ValueError) as error:
            self._disconnect()
            raise UsageError(
                f"{self.cluster.address}: no Dask scheduler answers: start one, or mend --scheduler"
            ) from error

    def hand_out(self) -> None:
        """Send shards: twice as many as the workers do at a time, so that none waits and the scheduler stays small."""
        try:
            if self.client is None or self.client.status != "running":
                self._disconnect()
                self.connect()
            assert self.client is not None
            threads = sum(self.client.nthreads().values())
        except (UsageError, OSError):
            self._check_patience("no scheduler answers")
            return
        if threads:
            self.served = time.monotonic()
            self.cluster.workers = max(self.cluster.workers, threads)
        self._check_patience("has no workers")
        while self.waiting and len(self.sent) < max(2, 2 * threads):
            work = self.waiting.popleft()
            parcel = parcel_of(self.run, self.plan, work)
            key = f"inspect-{self.plan.night}-{work.shard.index:04d}-{uuid4().hex[:8]}"
            self.sent[self.client.submit(inspect_parcel, parcel, key=key, pure=False)] = work

    def look(self) -> Iterator[CallDone]:
        """Yield the calls of the shards that are stored by now; put back what was lost."""
        for future, work in list(self.sent.items()):
            if future.status == "pending":
                continue
            del self.sent[future]
            if future.status == "finished":
                self.said_done[work.shard.index] = work, time.monotonic()
            elif future.status == "error":
                self._failed(work, future.exception())
            else:  # cancelled or lost: the scheduler that knew of it is gone
                self.waiting.append(work)
                self._disconnect()
                break
        for index, (work, since) in list(self.said_done.items()):
            record = read_record(self.plan.out, self.plan.night, index)
            if record is not None and is_stored(_as_done(self.plan), work.shard, record):
                del self.said_done[index]
                yield from _told(self.plan, work)
            elif time.monotonic() - since > _SIGHT_S:
                raise StoreError(
                    f"{self.plan.out}: a worker has written shard {index}, and it is not there: "
                    "--out must be the same place on all machines"
                )

    def close(self) -> None:
        """Stop what the workers still do for this run, and leave."""
        if self.client is not None:
            with suppress(OSError):  # no scheduler, no work
                self.client.cancel(list(self.sent))
                self.client.run(stop_parcels, self.run, on_error="ignore")
        self._disconnect()

    def _disconnect(self) -> None:
        """Forget the connection and put back all that was sent."""
        self.waiting.extend(self.sent.values())
        self.sent.clear()
        if self.client is not None:
            with suppress(OSError):
                self.client.close(timeout=2)
            self.client = None

    def _check_patience(self, trouble: str) -> None:
        if time.monotonic() - self.served > self.cluster.patience_s:
            raise UsageError(
                f"{self.cluster.address}: {trouble} for {self.cluster.patience_s:g} s: start it, and run the same "
                "command again: what is done is kept"
            )

    def _failed(self, work: Work, error: BaseException) -> None:
        """Send a shard again whose workers died or were stopped; raise what no other worker would survive either."""
        if isinstance(error, KilledWorker):
            self.waiting.append(work)
            self._check_progress()
        elif isinstance(error, StoppedError):
            self.waiting.append(work)
        elif isinstance(error, InspectError):
            raise error
        elif isinstance(error, ImportError):
            raise UsageError(f"a Dask worker cannot load what it needs ({error}): install inspect-pipeline there, too")
        else:
            raise RuntimeError(f"a bug on a Dask worker, in shard {work.shard.index}") from error

    def _check_progress(self) -> None:
        """Raise ModelError when workers die and die and no call is the cause."""
        spool = Spool(self.plan.out, self.plan.night)
        tasks = [task for work in (*self.waiting, *self.sent.values()) for task in work.missing]
        deaths = [spool.attempts(task) + spool.begun(task) for task in tasks]
        progress = (len(tasks), sum(spool.get(task) is not None for task in tasks), *deaths)
        self.vain = self.vain + 1 if progress == self.progress else 0
        self.progress = progress
        if self.vain >= _VAIN:
            raise ModelError(
                f"{self.cluster.address}: its workers die before any call is inspected: look at their logs, "
                "and give each more memory"
            )


def _wait_for(address: str, seconds: Seconds) -> None:
    """Wait until somebody listens at the address. Raises OSError when nobody does.

    A Dask client that finds nobody says so in many lines, and once more when it is thrown away.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            create_connection(get_address_host_port(address), max(0.1, until - time.monotonic())).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


def _as_done(plan: NightPlan) -> NightPlan:
    """Return the plan that does not mind failed calls: they have just been tried again."""
    return replace(plan, retry_failed=False)


def _told(plan: NightPlan, work: Work) -> Iterator[CallDone]:
    """Yield what the tables say of the calls that were missing in a shard."""
    index = work.shard.index
    columns = ("call_id", "status", "error", "duration_s")
    rows = {
        row["call_id"]: row
        for row in read_part(part_path(plan.out, TableName.CALLS, plan.night, index), TableName.CALLS, columns)
    }
    record = read_record(plan.out, plan.night, index)
    for task in work.missing:
        row = rows[task.call_id]
        elapsed_s = record.calls[task.call_id].elapsed_s if record else 0.0
        yield CallDone(
            task.call_id, index, CallStatus(row["status"]), row["error"], row["duration_s"] or 0.0, elapsed_s
        )
