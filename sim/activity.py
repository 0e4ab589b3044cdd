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
    that is rescheduled for each wait; nobody can wait for it or interrupt it.
    """

    __slots__ = ("_again", "_go_on", "_schedule")

    _ok = True
    _value = None

    def __init__(self, environment: simpy.Environment, moments: Moments) -> None:
        self.env = environment
        self._schedule = environment.schedule
        self._go_on = moments.send
        self._again: list[Callable[[Any], None]] = [self._resume]
        first = next(moments, None)
        if first is not None:
            self.callbacks = self._again
            environment.schedule(self, NORMAL, first - environment.now)

    def _resume(self, event: simpy.Event) -> None:
        now = self.env.now
        try:
            moment = self._go_on(now)
        except StopIteration:
            self._again.clear()
            return
        self.callbacks = self._again
        self._schedule(self, NORMAL, moment - now)
