"""The way of packets in one direction: links and boxes, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.network.delays import DelayComponents
from sim.network.link import LinkQueue
from sim.network.loss import LossProcess


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
    """

    __slots__ = ("_elements", "_own", "certain", "delay", "latency", "propagation", "shared")

    def __init__(self, elements: Sequence[PathElement]) -> None:
        self._elements = tuple(elements)
        self._own: list[list[tuple[float, float]]] = [[] for _ in elements]
        self.propagation = sum(element.delay for element in elements if element.queue is not None)
        self.latency = sum(element.delay for element in elements if element.queue is None)
        self.delay = self.propagation + self.latency
        self.shared = any(
            element.queue is not None and element.queue.shared for element in elements
        )
        self.certain = not self.shared and all(element.losses is None for element in elements)

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
        for number, (queue, delay, losses) in enumerate(elements, since):
            if queue is None:
                delays.middlebox += delay
                now += delay
                continue
            if queue.shared:
                sent = self._queue(number, queue, now, size, delays)
                if sent is None:
                    return None
                now = sent
            else:
                queue.count(size)
            if losses is not None and losses.loses():
                queue.lost += 1
                return None
            delays.propagation += delay
            now += delay
        return now

    def _queue(
        self, number: int, queue: LinkQueue, now: float, size: int, delays: DelayComponents
    ) -> float | None:
        """When a packet that comes to a shared link now has been sent; `None` if it is dropped.

        It waits for packets of the same connection, which is transmission, and of others.
        """
        times = queue.send(now, size)
        if times is None:
            return None
        start, end = times
        own = self._own[number]
        if own:
            own = [each for each in own if each[1] > now]
        before = sum(sent - max(begun, now) for begun, sent in own) if own else 0.0
        others = max(0.0, start - now - before)
        delays.queueing += others
        delays.transmission += end - now - others
        own.append((start, end))
        self._own[number] = own
        return end
