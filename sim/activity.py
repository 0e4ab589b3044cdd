"""What happens step by step in simulated time, with one event for all its waits."""

from __future__ import annotations

from collections.abc import Callable, Generator
from inspect import GEN_RUNNING, getgeneratorstate
from typing import Any, Protocol

import simpy
from simpy.events import NORMAL

from sim.environment import Environment


class Wake:
    """A moment that is waited for and not known yet: whoever comes to know it wakes who waits."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: Activity | None = None

    def wake(self, moment: float) -> None:
        """Go on now with what waits for this, which is sent `moment`; else do nothing."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.go_on(moment)

    def abandon(self) -> None:
        """What waited for this has been cancelled."""
        self._waiting = None


class Waiting(Protocol):
    """What waits, until a moment that is not known yet.

    Attributes:
        waits: whether it still does.
    """

    waits: bool


Until = float | Wake
"""The moment to go on at (simulated seconds), or what will wake at one that is not known yet."""

Moments = Generator[Until, float, None]
"""Yields until when to wait, and is sent the moment that it is then, or what woke it.

A moment that was known and the one that it is then differ by the rounding of one addition.
"""


class Activity(simpy.Event):
    """Drives a generator of `Moments` to its end, from now on.

    A `simpy.Process` makes an event to begin, one for each wait and one to end. This is one event
    that is rescheduled for each wait.

    Args:
        environment: where time passes.
        moments: what happens, step by step.
        ended: called when that has come to its end by itself.
    """

    __slots__ = ("_again", "_ended", "_moments", "_schedule", "_send", "_wake")

    env: Environment
    _ok = True
    _value = None

    def __init__(
        self,
        environment: Environment,
        moments: Moments,
        ended: Callable[[], None] | None = None,
    ) -> None:
        self.env = environment
        self._schedule = environment.schedule
        self._send = moments.send
        self._moments = moments
        self._again: list[Callable[[Any], None]] = [self._resume]
        self._wake: Wake | None = None
        self._ended = ended
        first = next(moments, None)
        if first is None:
            self._end()
        else:
            self._wait(first, environment.now)

    def go_on(self, moment: float) -> None:
        """Take the next step now; the generator is sent `moment`."""
        self._wake = None
        try:
            until = self._send(moment)
        except StopIteration:
            self._end()
            return
        self._wait(until, self.env.now)

    def cancel(self) -> None:
        """End it now: its generator is closed, and nothing of it happens any more.

        A step that is being taken, of which this is a consequence, is its last.
        """
        self._again.clear()
        if self._wake is not None:
            self._wake.abandon()
            self._wake = None
        if getgeneratorstate(self._moments) != GEN_RUNNING:
            self._moments.close()

    def _resume(self, event: simpy.Event) -> None:
        """Take the next step, and those behind it that nothing else comes before."""
        environment, send = self.env, self._send
        now = environment.now
        while True:
            try:
                until = send(now)
            except StopIteration:
                self._end()
                return
            if type(until) is not float or not self._again:
                self._wait(until, now)
                return
            # As SimPy would work it out.
            then = now + (until - now)
            if not environment.skip(then):
                self.callbacks = self._again
                self._schedule(self, NORMAL, until - now)
                return
            now = then

    def _end(self) -> None:
        self._again.clear()
        if self._ended is not None:
            self._ended()

    def _wait(self, until: Until, now: float) -> None:
        if isinstance(until, Wake):
            if self._again:
                self._wake, until._waiting = until, self
            return
        self.callbacks = self._again
        self._schedule(self, NORMAL, until - now)
