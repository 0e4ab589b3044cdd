"""What happens step by step in simulated time, with one event for all its waits."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy
from simpy.events import NORMAL

Moments = Generator[float, float, None]
"""Yields the moment (simulated seconds) to go on at, and is sent the moment that it is then.

The two differ by the rounding of one addition.
"""


class Activity(simpy.Event):
    """Drives a generator of `Moments` to its end, from now on.

    A `simpy.Process` makes an event to begin, one for each wait and one to end. This is one event
    that is scheduled anew for each wait; nobody can wait for it or interrupt it.
    """

    __slots__ = ("_again", "_go_on")

    def __init__(self, environment: simpy.Environment, moments: Moments) -> None:
        self.env = environment
        self._ok = True
        self._value = None
        self._go_on = moments.send
        self._again: list[Callable[[Any], None]] = [self._resume]
        self.callbacks = []
        self._wait_until(next(moments, None))

    def _resume(self, event: simpy.Event) -> None:
        try:
            self._wait_until(self._go_on(self.env.now))
        except StopIteration:
            self._again.clear()

    def _wait_until(self, moment: float | None) -> None:
        if moment is not None:
            self.callbacks = self._again
            environment = self.env
            environment.schedule(self, NORMAL, moment - environment.now)
