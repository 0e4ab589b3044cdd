"""Where simulated time passes."""

from __future__ import annotations

from operator import attrgetter

import simpy


class Environment(simpy.Environment):
    """SimPy's, in which time may pass without an event where none would come before it."""

    now = property(attrgetter("_now"), doc="The moment that it is (simulated seconds).")

    def skip(self, moment: float) -> bool:
        """Whether nothing is to happen until `moment`, nor then: it is that moment now, if so.

        For what would have been the next event anyway.
        """
        queue = self._queue
        if queue and queue[0][0] <= moment:
            return False
        self._now = moment
        return True
