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
)

_STEPS = 1000
_SECONDS_BETWEEN_LINES = 30.0
_ENOUGH_DONE = 0.05
"""The share of the work from which on the time it took says more than a forecast."""


def notice(text: str) -> None:
    """Tell one line about a study on stderr."""
    print(f"tlscape: {text}", file=sys.stderr, flush=True)


class StudyProgress:
    """A progress bar over a study's jobs; without a terminal, a line every `between_lines` s.

    Args:
        title: the study's name.
        jobs: how many the study has.
        finished: how many of them are finished at the start.
        forecast: about how long the others take, in seconds; `None` where nobody knows.
        between_lines: seconds from one line to the next.
    """

    def __init__(
        self,
        title: str,
        *,
        jobs: int,
        finished: int,
        forecast: float | None = None,
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
        self._forecast = forecast
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[jobs]} replications"),
            TimeElapsedColumn(),
            TextColumn("elapsed"),
            TextColumn("{task.fields[to_go]}"),
            console=console,
            transient=True,
            disable=not live,
        )
        self._jobs = jobs
        self._task = self._bar.add_task(
            title,
            total=(jobs - finished) * _STEPS,
            jobs=f"{finished}/{jobs}",
            to_go=self._to_go(0.0, 0.0),
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
        now = time.monotonic()
        elapsed = now - self._began
        to_go = self._to_go(done, elapsed)
        self._bar.update(
            self._task, completed=done * _STEPS, jobs=f"{finished}/{self._jobs}", to_go=to_go
        )
        if now >= self._line_due:
            self._line_due = now + self._between_lines
            words = f"tlscape: {self._title}: {finished} of {self._jobs} replications finished, "
            print(f"{words}{elapsed:,.0f} s elapsed{to_go}", file=sys.stderr, flush=True)

    def _to_go(self, done: float, elapsed: float) -> str:
        """Return the time to go in words: at first by the forecast, then by the time it took."""
        left = self._missing - done
        if done >= _ENOUGH_DONE * self._missing and done > 0:
            seconds = elapsed * left / done
        elif self._forecast is not None:
            seconds = self._forecast * left / self._missing
        else:
            return ""
        return f", about {seconds:,.0f} s to go"
