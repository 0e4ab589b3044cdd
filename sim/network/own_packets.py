"""What a connection's packets wait for at a shared link: their own, and those of others."""

from __future__ import annotations

from math import inf

from sim.network.burst import Burst
from sim.network.link import LinkQueue


class OwnPackets:
    """One connection's packets at one direction of a link.

    To wait for packets of the same connection is transmission; for those of others, queueing.
    """

    __slots__ = ("_own", "_queue", "_until")

    def __init__(self, queue: LinkQueue) -> None:
        self._queue = queue
        # When each began and ended to be sent, of those that may not have been yet.
        self._own: list[tuple[float, float]] = []
        self._until = -inf

    def send(self, now: float, size: int) -> tuple[float, float, float] | None:
        """When a packet that comes now has been sent, and seconds of transmission and queueing.

        `None` if it is dropped.
        """
        sent = self._queue.send(now, size)
        if sent is None:
            return None
        start, end = sent
        others = max(0.0, start - now - self._ahead(now)) if start > now else 0.0
        self._note(now, sent)
        return end, end - now - others, others

    def send_burst(self, burst: Burst) -> None:
        """Packets come, each at its time; those are lost that are dropped."""
        now = burst.times[0]
        if now == burst.times[-1]:
            ends = self._queue.send_uncontended(now, burst.sizes)
            if ends is not None:
                self._own, self._until = [(now, ends[-1])], ends[-1]
                burst.transmit(now, ends)
                return
        self._send_one_by_one(burst)

    def _send_one_by_one(self, burst: Burst) -> None:
        times: list[float] = []
        transmission: list[float] = []
        queueing: list[float] = []
        dropped: list[bool] = []
        before, ahead = -inf, 0.0
        for now, size in zip(burst.times, burst.sizes, strict=True):
            sent = self._queue.send(now, size)
            dropped.append(sent is None)
            start, end = sent or (now, now)
            times.append(end)
            if now != before:
                before, ahead = now, self._ahead(now)
            others = max(0.0, start - now - ahead)
            transmission.append(end - now - others)
            queueing.append(others)
            if sent is not None:
                self._note(now, sent)
                ahead += end - start
        burst.queue(times, transmission, queueing)
        burst.lose(dropped)

    def acknowledge(self, times: list[float], size: int) -> list[float]:
        """Acknowledgements come at these moments: when each has been sent that is not dropped."""
        send, ends = self._queue.send, []
        for now in times:
            sent = send(now, size)
            if sent is not None:
                self._note(now, sent)
                ends.append(sent[1])
        return ends

    def _ahead(self, now: float) -> float:
        """Seconds that it takes, from now on, to send what is here already of the connection."""
        if now >= self._until:
            return 0.0
        self._own = [each for each in self._own if each[1] > now]
        return sum(end - max(start, now) for start, end in self._own)

    def _note(self, now: float, sent: tuple[float, float]) -> None:
        """One has come, and will be sent then."""
        if now >= self._until:
            self._own = [sent]
            self._until = sent[1]
            return
        self._own.append(sent)
        if sent[1] > self._until:
            self._until = sent[1]
