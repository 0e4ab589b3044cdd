"""What every arrival process is: when visits begin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.description import Description


class ArrivalProcess(Description):
    """When visits begin: the table `arrivals`.

    A process of one's own is a class derived from this, with a `process` of its own, a `Literal`,
    and these methods.
    """

    @property
    def mean_rate(self) -> float:
        """Visits a second in the long run, before scaling."""
        raise NotImplementedError(f"{type(self).__name__} has no property `mean_rate`")

    def expected(self, moment: float) -> float:
        """Visits in the mean from the scenario's start to a moment, before scaling.

        Negative before the start.
        """
        return self.mean_rate * moment

    def times(self, generator: np.random.Generator, start: float, scale: float) -> Iterator[float]:
        """Arrival times from `start` on (seconds), ascending, without end.

        At the described rate times `scale`, by one draw a visit.
        """
        raise NotImplementedError(f"{type(self).__name__} has no method `times`")
