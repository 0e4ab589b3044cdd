"""The progress of a study, on stderr: live in a terminal or notebook, else silent."""

from __future__ import annotations

import importlib.util
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_STEPS = 1000


class StudyProgress:
    """A progress bar over a study's jobs."""

    def __init__(self, title: str, *, jobs: int, finished: int) -> None:
        console = Console(stderr=True)
        notebook = console.is_jupyter and importlib.util.find_spec("ipywidgets") is not None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[jobs]} replications"),
            TimeElapsedColumn(),
            TextColumn("elapsed,"),
            TimeRemainingColumn(),
            TextColumn("to go"),
            console=console,
            transient=True,
            disable=not (notebook or (console.is_terminal and not console.is_jupyter)),
        )
        self._jobs = jobs
        self._task = self._bar.add_task(
            title,
            total=(jobs - finished) * _STEPS,
            jobs=f"{finished}/{jobs}",
        )

    def __enter__(self) -> StudyProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def update(self, *, finished: int, done: float) -> None:
        """Show `finished` jobs of all, and `done` jobs' worth of work since the start."""
        self._bar.update(self._task, completed=done * _STEPS, jobs=f"{finished}/{self._jobs}")
