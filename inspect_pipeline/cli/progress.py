"""The progress line of a night: calls, audio hours, speed, time left. On a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspect_pipeline.night.told import Progress


@contextmanager
def night_progress() -> Iterator[Callable[[Progress], None]]:
    """Give the function that shows how far a night is; silent when stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda _progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("loading models", total=None, speed="")

        def show(progress: Progress) -> None:
            speed = f"{progress.audio_s / progress.elapsed_s:.0f}x" if progress.audio_s else ""
            failed = f" {progress.failed} failed" if progress.failed else ""
            hours = f"{progress.audio_s / 3600:.1f} h {speed}{failed}"
            name = "calls" if progress.last or progress.done else "loading models"
            bar.update(task, description=name, total=progress.total, completed=progress.done, speed=hours)

        yield show
