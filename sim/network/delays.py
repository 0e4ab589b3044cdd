"""Where the time of a flight went."""

from __future__ import annotations


class DelayComponents:
    """Where the time went until now, since a flight was ready (seconds).

    Attributes:
        propagation: on the way along links; acknowledgements that were waited for, and held back by
            the other host, included.
        transmission: sent bit by bit, behind other packets of the same flight included.
        queueing: behind packets of others.
        retransmission: waiting until a lost packet was sent again.
        middlebox: in boxes.
    """

    __slots__ = ("middlebox", "propagation", "queueing", "retransmission", "transmission")

    def __init__(self) -> None:
        self.propagation = self.transmission = self.queueing = 0.0
        self.retransmission = self.middlebox = 0.0

    def copy(self) -> DelayComponents:
        """A copy of its own, for another packet of the same flight."""
        copy = DelayComponents.__new__(DelayComponents)
        copy.propagation = self.propagation
        copy.transmission = self.transmission
        copy.queueing = self.queueing
        copy.retransmission = self.retransmission
        copy.middlebox = self.middlebox
        return copy

    @property
    def total(self) -> float:
        """The sum of all components (seconds)."""
        return (
            self.propagation
            + self.transmission
            + self.queueing
            + self.retransmission
            + self.middlebox
        )
