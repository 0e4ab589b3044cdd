"""How many connections a host holds open."""

from __future__ import annotations

from heapq import heappop, heappush


class OpenConnections:
    """Counts connections whose end is known before it comes."""

    def __init__(self) -> None:
        self._open = 0
        self._closing: list[float] = []

    def open(self) -> None:
        """Count one more, which opens now."""
        self._open += 1

    def close(self, moment: float, now: float) -> None:
        """One of them will be closed at that moment; no count before `now` is asked for any more.

        Ends before `now` are forgotten.
        """
        self.count(now)
        heappush(self._closing, moment)

    def count(self, now: float) -> int:
        """How many are open, `now` never less than before."""
        closing = self._closing
        while closing and closing[0] <= now:
            heappop(closing)
            self._open -= 1
        return self._open
