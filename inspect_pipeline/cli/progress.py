"""The progress line of a night: calls, audio, speed, time left. On a terminal only, and gone when the night is done."""

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
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), TextColumn("{task.fields[told]}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("calls", total=None, told="looking at what is done")

        def show(progress: Progress) -> None:
            bar.update(task, total=max(1, progress.total), completed=progress.done, told=told(progress))

        yield show


def told(progress: Progress) -> str:
    """Return how far a night is in words that leave room for the bar in 80 columns."""
    from inspect_pipeline.wording import clock

    parts = [f"{progress.done}/{progress.total}"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    fresh = progress.done - progress.kept
    if not fresh:
        return "  ".join([*parts, "loading models" if progress.done < progress.total else "writing"])
    hours = progress.audio_s / 3600
    if progress.audio_s and progress.elapsed_s:
        parts.append(f"{hours:.1f} h" if hours >= 1 else f"{progress.audio_s / 60:.1f} min")
        parts.append(f"{progress.audio_s / progress.elapsed_s:.0f}x")
    left = (progress.total - progress.done) * progress.elapsed_s / fresh
    parts.append(f"{clock(left)} left" if left else "writing")
    return "  ".join(parts)
