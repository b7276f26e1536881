"""A shard as it travels to another machine, and what is done with it there. Knows nothing of who sends it."""

from __future__ import annotations

import multiprocessing
import socket
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace

from inspect_pipeline import __version__
from inspect_pipeline.errors import InspectError, PackError, UsageError
from inspect_pipeline.night.compile import is_stored
from inspect_pipeline.night.desk import desk_of
from inspect_pipeline.night.engine import visible_gpus
from inspect_pipeline.night.local import LocalEngine
from inspect_pipeline.night.plan import NightPlan
from inspect_pipeline.night.shards import Work, inspect_here
from inspect_pipeline.night.spool import Spool
from inspect_pipeline.night.told import StoppedError
from inspect_pipeline.store.journal import read_record

_guard = threading.Lock()
_seats: dict[int, tuple[str, LocalEngine]] = {}  # of each thread: its run, and the child that has the models loaded


@dataclass(frozen=True, slots=True, repr=False)
class Parcel:
    """One shard of one run of a night. `plan` is without its recordings: the shard has its own."""

    run: str
    plan: NightPlan
    work: Work
    version: str = __version__

    def __repr__(self) -> str:
        """Say which shard it is and nothing of its calls: schedulers write the arguments of failed tasks into logs."""
        return f"<shard {self.work.shard.index} of night {self.plan.night}>"


def parcel_of(run: str, plan: NightPlan, work: Work) -> Parcel:
    """Return what is sent to a worker."""
    return Parcel(run, replace(plan, recordings=()), work)


def inspect_parcel(parcel: Parcel) -> None:
    """Inspect the calls of a shard that are not spooled, in a child process, and write its parts.

    The child dies in the place of this process. When the shard is already in work elsewhere, wait: it is done then.
    Raises StoppedError when this process is told to stop, and any other InspectError that no call would survive.
    """
    plan, work = parcel.plan, parcel.work
    if parcel.version != __version__:
        raise UsageError(
            f"{socket.gethostname()}: has inspect-pipeline {__version__}, the run {parcel.version}: install the same"
        )
    _may_have_children()
    try:
        with Spool(plan.out, plan.night).turn(f"shard-{work.shard.index:04d}"):
            if is_stored(plan, work.shard, read_record(plan.out, plan.night, work.shard.index)):
                return
            with closing(inspect_here(plan, [work], _seated(parcel))) as calls:
                for _ in calls:
                    pass  # they are told from the tables, when the shard is in
    except StoppedError:
        raise
    except PackError as error:  # does not pickle
        raise InspectError(f"{socket.gethostname()}: {error}") from None
    except InspectError as error:
        raise type(error)(f"{socket.gethostname()}: {error}") from None


def stop_parcels(run: str | None = None) -> None:
    """Stop what this process works on for `run`, or for any. The calls in work are no suspects."""
    with _guard:
        for thread, (name, engine) in list(_seats.items()):
            if run in (None, name):
                engine.stop()
                del _seats[thread]


def _seated(parcel: Parcel) -> LocalEngine:
    """Return the engine of this thread, which lasts from one shard of a run to the next: loading models takes long.

    It has the GPU of this machine that the fewest threads have, where there is one.
    """
    thread = threading.get_ident()
    with _guard:
        run, engine = _seats.get(thread, ("", None))
        if engine is not None and run == parcel.run:
            return engine
        if engine is not None:
            engine.stop()
            del _seats[thread]
        taken = Counter(gpu for _, other in _seats.values() for gpu in other.gpus)
        gpus = sorted(visible_gpus(), key=taken.__getitem__)[:1]
        engine = LocalEngine(desk_of(parcel.plan), 1, tuple(gpus), lasting=True)
        _seats[thread] = parcel.run, engine
        return engine


def _may_have_children() -> None:
    """Let this process start others. A process that is a daemon may not, lest they outlive it; ours watch for that."""
    process = multiprocessing.current_process()
    if process.daemon:
        process.daemon = False
