"""What a host sends over TCP: its window, and flights of which nothing has to be followed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import inf

from sim.network.congestion import congestion_window
from sim.network.delays import DelayComponents
from sim.network.flight import Delivery, Flight, timer_expiry
from sim.network.one_way_path import OneWayPath
from sim.network.tcp import Tcp
from sim.network.timeouts import RoundTripEstimate


class Sender:
    """What one host sends over a connection: its window, and what it knows of the way.

    Args:
        tcp: how it speaks.
        segment: bytes of data in a full segment.
        forward, backward: the ways of its segments, and of their acknowledgements.
        round_trip: the round trip of the handshake, seconds.
        recovered: whether the handshake took more than one retransmission.
    """

    __slots__ = (
        "_backward",
        "_flight",
        "_forward",
        "_heard_after",
        "_last_sent",
        "_round_trip",
        "_segment",
        "_tcp",
        "_window",
    )

    def __init__(
        self,
        tcp: Tcp,
        segment: int,
        forward: OneWayPath,
        backward: OneWayPath,
        round_trip: float,
        *,
        recovered: bool = False,
    ) -> None:
        self._tcp = tcp
        self._segment = segment
        self._forward = forward
        self._backward = backward
        self._round_trip = RoundTripEstimate(round_trip, tcp.minimum_timeout)
        # RFC 5681 §3.1: one segment after a SYN that was lost; Linux forgives the first.
        self._window = congestion_window(
            tcp.congestion_control, 1 if recovered else tcp.initial_window
        )
        self._heard_after = backward.delay
        if tcp.delayed_acknowledgement:
            self._heard_after = min(backward.delay, tcp.delayed_acknowledgement)
        self._last_sent = inf
        self._flight: Flight

    def send(
        self, now: float, size: int, on_acknowledgement: Callable[[float], None]
    ) -> Delivery | None:
        """Send a flight of `size` bytes, ready at `now`.

        Returns what becomes of it where that is known at once; else `None`: it has to be followed.

        Args:
            now: when.
            size: its bytes.
            on_acknowledgement: called, while it is followed, with each moment at which something is
                acknowledged, which may lie in the future.
        """
        tcp, window = self._tcp, self._window
        pause = now - self._last_sent
        if pause > 0:
            window.skip_idle(pause)
            if tcp.slow_start_after_idle and pause > self._round_trip.timeout:
                window.restart_after_idle()
        self._last_sent = now
        if size <= self._segment:
            sizes, sent, first_round = [size + tcp.headers], 1, []
            delays = DelayComponents()
            arrival = self._forward.cross(now, sizes[0], delays)
            if arrival is not None:
                if self._is_calm(now, arrival, arrival, 1):
                    return self._arrive(now, [arrival], delays)
                first_round = [(0, arrival, delays)]
        else:
            sizes = tcp.packets(size, self._segment)
            sent = min(len(sizes), window.allowed)
            burst = self._forward.carry([now] * sent, sizes[:sent])
            arrivals = burst.times
            whole = sent == len(sizes) == len(arrivals)
            if whole and self._is_calm(now, arrivals[0], arrivals[-1], sent):
                return self._arrive(now, arrivals, burst.delays(sent - 1))
            first_round = burst.arrivals()
        self._flight = Flight(
            tcp,
            self._forward,
            self._backward,
            window,
            self._round_trip,
            now,
            sizes,
            sent,
            first_round,
            on_acknowledgement,
        )
        return None

    def follow(self) -> Generator[float, float, Delivery]:
        """What becomes of the flight that was sent last. Yields moments as `sim.activity` does."""
        delivery = yield from self._flight.fly()
        self._last_sent = self._flight.last_sent
        return delivery

    def _is_calm(self, now: float, first: float, last: float, count: int) -> bool:
        """Whether nothing happens to a flight before all of its segments are there, none lost.

        No acknowledgement is back, and no timer has run off.
        """
        if count > 1 and last - first >= self._heard_after:
            return False
        # No timer runs off within a smoothed round trip.
        passed = last - now
        if passed <= self._round_trip.smoothed and passed <= self._tcp.user_timeout:
            return True
        return last <= self._first_expiry(now, count)

    def _first_expiry(self, now: float, in_flight: int) -> float:
        """When the timer runs off that a first round sets."""
        tcp = self._tcp
        expiry = timer_expiry(tcp, self._round_trip, now, in_flight, probes=tcp.loss_probe)
        return min(expiry, now + tcp.user_timeout)

    def _arrive(self, now: float, arrivals: list[float], delays: DelayComponents) -> Delivery:
        """A calm flight is there: its acknowledgements open the window, and nobody waits for them.

        A lone last segment's is still held back.

        Args:
            now: when it was sent.
            arrivals: of its segments.
            delays: where the time of the last one went.
        """
        count = len(arrivals)
        if not self._backward.only_delays:
            every = 2 if self._tcp.delayed_acknowledgement else 1
            if count >= every:
                self._backward.acknowledge(arrivals[every - 1 :: every], self._tcp.headers)
        last = arrivals[-1]
        self._round_trip.sample(last - now + self._backward.delay)
        if 2 * count > self._window.segments:
            # A window of which half is used, or less, does not grow.
            self._window.on_acknowledgement(last, count, count, self._round_trip.smoothed)
        return Delivery(arrivals[0], last, 0, delays, True)
