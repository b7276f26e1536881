"""Work on stored shards in some processes: what `reinspect` and `rules diff` have in common."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

from inspect_pipeline.errors import InspectError, PackError, StoreError

Item = TypeVar("Item")
Result = TypeVar("Result")

MEMORY_GB = 0.7  # of a worker with the rules, the sentence model and one shard
_COLLECTED_EVERY = 256  # items


def in_processes(
    workers: int, load: Callable[[], Callable[[Item], Result]], items: Sequence[Item]
) -> Generator[Result, None, None]:
    """Yield what a function makes of some items, as they are done; in this process when one worker is enough.

    `load` returns the function; it is called once in each process, so it, the items and the results must pickle.
    Closing the generator lets the items in work end. Raises StoreError when a process is killed, and what both raise.
    """
    workers = min(workers, len(items))
    if workers <= 1:
        work = load()
        for item in items:
            yield work(item)
        return
    # never fork: a sentence model's threads do not survive it
    with ProcessPoolExecutor(workers, get_context("spawn"), _set_up, (load,)) as pool:
        waiting = [pool.submit(_work, item) for item in items]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BrokenProcessPool as error:
            raise StoreError("a worker was killed, perhaps for want of memory: use fewer --workers") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_here: dict[str, Any] = {"done": 0}  # of this worker process: its function, or why there is none


def _set_up(load: Callable[[], Callable[[Any], Any]]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group: the first process decides
        signal.signal(number, signal.SIG_IGN)
    try:
        _here["work"] = load()
    except PackError as error:  # does not pickle
        _here["error"] = InspectError(str(error))
    except InspectError as error:
        _here["error"] = error
    gc.freeze()  # rules and dictionaries stay
    gc.disable()  # what a call leaves behind is freed without the collector, which takes a tenth of the time


def _work(item: Any) -> Any:
    if "error" in _here:
        raise _here["error"]
    _here["done"] += 1
    if _here["done"] % _COLLECTED_EVERY == 0:
        gc.collect()  # in case that something did leave a circle behind
    return _here["work"](item)
