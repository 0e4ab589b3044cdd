"""A path between a client and a server."""

from __future__ import annotations

from sim.description import Description
from sim.units import Duration


class Path(Description):
    """What lies between client and server, the same both ways.

    A path delays; it loses nothing and has room for everything.
    """

    round_trip_time: Duration
    """From sending a segment to the arrival of its acknowledgement: "100 ms"."""

    @property
    def one_way(self) -> float:
        """Seconds from one end to the other."""
        return self.round_trip_time / 2
