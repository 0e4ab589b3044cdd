"""The way of packets in one direction: links and boxes, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from sim.network.burst import Burst
from sim.network.delays import DelayComponents
from sim.network.link import LinkQueue
from sim.network.loss import LossProcess
from sim.network.own_packets import OwnPackets
from sim.network.packets import PacketKind


class PathElement(NamedTuple):
    """A link, or a box, on the way of packets in one direction.

    Attributes:
        queue: the link's, in that direction; `None` for a box.
        delay: seconds along it, or in it.
        losses: what happens to this connection's packets on it.
    """

    queue: LinkQueue | None
    delay: float
    losses: LossProcess | None = None


class OneWayPath:
    """One direction of a connection's way.

    Attributes:
        propagation, latency: seconds on links, and in boxes.
        delay: both, from one end to the other when nothing else is on the way.
        shared: whether packets of other connections are in the way.
        certain: whether every packet takes `delay` and none is lost.
        only_delays: whether, besides, nobody counts them.
    """

    __slots__ = (
        "_elements",
        "_own",
        "certain",
        "delay",
        "latency",
        "only_delays",
        "propagation",
        "shared",
    )

    recorded: ClassVar[bool] = False
    """Whether its packets are written down one by one."""

    def __init__(self, elements: Sequence[PathElement]) -> None:
        self._elements = tuple(elements)
        self._own: dict[LinkQueue, OwnPackets] = {}
        self.propagation = self.latency = 0.0
        self.shared = loses = counts = False
        for queue, delay, losses in elements:
            if queue is None:
                self.latency += delay
                continue
            self.propagation += delay
            if queue.shared:
                self.shared = True
                self._own[queue] = OwnPackets(queue)
            loses |= losses is not None
            counts |= queue.counts
        self.delay = self.propagation + self.latency
        self.certain = not (self.shared or loses)
        self.only_delays = self.certain and not counts

    def announce(self, kind: PacketKind, number: int = 0) -> None:
        """Tell who records packets what the next one is; for data, which segment of the flight."""

    def stopped_by(self, name: str) -> None:
        """Tell who records packets which box has stopped those that stand before it."""

    def cross(
        self,
        now: float,
        size: int,
        delays: DelayComponents,
        since: int = 0,
        until: int | None = None,
    ) -> float | None:
        """When a packet that is sent now arrives; `None` when it does not.

        Args:
            now: when it is sent.
            size: its bytes, headers included.
            delays: where its time went so far; what it meets is added.
            since, until: the elements that it takes; all of them, unless it stops in between.
        """
        elements = self._elements
        if since or until is not None:
            elements = elements[since:until]
        for queue, delay, losses in elements:
            if queue is None:
                delays.middlebox += delay
                now += delay
                continue
            if queue.shared:
                sent = self._own[queue].send(now, size)
                if sent is None:
                    return None
                now, transmission, queueing = sent
                delays.transmission += transmission
                delays.queueing += queueing
            elif queue.counts:
                queue.count(1, size)
            if losses is not None and losses.loses():
                queue.lost += 1
                return None
            delays.propagation += delay
            now += delay
        return now

    def acknowledge(self, times: list[float], size: int) -> list[float]:
        """Acknowledgements for which nobody waits are sent at these moments, ascending.

        Returns when those arrive that do.
        """
        for queue, delay, losses in self._elements:
            if queue is not None:
                if queue.shared:
                    times = self._own[queue].acknowledge(times, size)
                elif queue.counts:
                    queue.count(len(times), size * len(times))
                if losses is not None:
                    left = [time for time in times if not losses.loses()]
                    queue.lost += len(times) - len(left)
                    times = left
            times = [time + delay for time in times]
        return times

    def carry(self, times: list[float], sizes: list[int]) -> Burst:
        """What becomes of packets that are sent at these moments, ascending, with these sizes.

        They meet what they would meet one by one, in the same order.
        """
        burst = Burst(times, sizes)
        for queue, delay, losses in self._elements:
            if not burst.times:
                break
            if queue is None:
                burst.latency += delay
                burst.times = [time + delay for time in burst.times]
                continue
            if queue.shared:
                self._own[queue].send_burst(burst)
            elif queue.counts:
                queue.count(len(burst.times), sum(burst.sizes))
            if losses is not None:
                queue.lost += burst.lose([losses.loses() for _ in burst.times])
            burst.propagation += delay
            burst.times = [time + delay for time in burst.times]
        return burst
