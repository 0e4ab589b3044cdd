"""The progress of a study, on stderr: live in a terminal or notebook, else a line now and then."""

from __future__ import annotations

import importlib.util
import sys
import time
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
_SECONDS_BETWEEN_LINES = 30.0


def notice(text: str) -> None:
    """Tell one line about a study on stderr."""
    print(f"tlscape: {text}", file=sys.stderr, flush=True)


class StudyProgress:
    """A progress bar over a study's jobs; without a terminal, a line every `between_lines` s."""

    def __init__(
        self,
        title: str,
        *,
        jobs: int,
        finished: int,
        between_lines: float = _SECONDS_BETWEEN_LINES,
    ) -> None:
        console = Console(stderr=True)
        notebook = console.is_jupyter and importlib.util.find_spec("ipywidgets") is not None
        live = notebook or (console.is_terminal and not console.is_jupyter)
        self._title = title
        self._began = time.monotonic()
        self._line_due = float("inf") if live else self._began + between_lines
        self._between_lines = between_lines
        self._missing = jobs - finished
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
            disable=not live,
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
        now = time.monotonic()
        if now >= self._line_due:
            self._line_due = now + self._between_lines
            print(self._line(finished, done, now - self._began), file=sys.stderr, flush=True)

    def _line(self, finished: int, done: float, elapsed: float) -> str:
        words = f"tlscape: {self._title}: {finished} of {self._jobs} replications finished, "
        words += f"{elapsed:,.0f} s elapsed"
        if done > 0:
            words += f", about {elapsed * (self._missing - done) / done:,.0f} s to go"
        return words
