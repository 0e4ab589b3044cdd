"""What a host sends over TCP: its window, and flights of which nothing has to be followed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from math import inf

from sim.network.congestion import congestion_window
from sim.network.delays import DelayComponents
from sim.network.flight import Delivery, Flight, Sent, timer_expiry
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
        "_forward",
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
        self._last_sent = inf

    def deliver(
        self, now: float, size: int, on_acknowledgement: Callable[[float], None]
    ) -> Generator[float, float, Delivery]:
        """Send a flight of `size` bytes, ready at `now`. Yields moments as `sim.activity` does.

        `on_acknowledgement` is called with each moment at which something is acknowledged; it may
        lie in the future.
        """
        tcp, window = self._tcp, self._window
        pause = now - self._last_sent
        if pause > 0:
            window.skip_idle(pause)
        if tcp.slow_start_after_idle and pause > self._round_trip.timeout:
            window.restart_after_idle()
        self._last_sent = now
        sizes = tcp.packets(size, self._segment)
        sent = [self._send(now, packet) for packet in sizes[: window.allowed]]
        if len(sent) == len(sizes):
            arrivals = self._arrivals_of_calm(now, sent)
            if arrivals is not None:
                return self._arrive(now, arrivals, sent[-1].delays)
        flight = Flight(
            tcp,
            self._forward,
            self._backward,
            window,
            self._round_trip,
            now,
            sizes,
            sent,
            on_acknowledgement,
        )
        delivery = yield from flight.fly()
        self._last_sent = flight.last_sent
        return delivery

    def _send(self, now: float, size: int) -> Sent:
        delays = DelayComponents()
        return Sent(self._forward.cross(now, size, delays), delays)

    def _arrivals_of_calm(self, now: float, sent: Sequence[Sent]) -> list[float] | None:
        """When the segments of a whole flight arrive, where nothing happens before all are there.

        Nothing is lost or overtaken then, no acknowledgement is back, and no timer has run off.
        """
        tcp, arrivals = self._tcp, []
        before = now
        for arrival, _ in sent:
            if arrival is None or arrival < before:
                return None
            arrivals.append(arrival)
            before = arrival
        heard = self._backward.delay
        if tcp.delayed_acknowledgement:
            heard = min(heard, tcp.delayed_acknowledgement)
        if len(arrivals) > 1 and arrivals[-1] - arrivals[0] >= heard:
            return None
        return arrivals if arrivals[-1] <= self._first_expiry(now, len(arrivals)) else None

    def _first_expiry(self, now: float, in_flight: int) -> float:
        """When the timer runs off that a first round sets."""
        tcp = self._tcp
        expiry = timer_expiry(tcp, self._round_trip, now, in_flight, probes=tcp.loss_probe)
        return min(expiry, now + tcp.user_timeout)

    def _arrive(self, now: float, arrivals: Sequence[float], delays: DelayComponents) -> Delivery:
        """A calm flight is there: its acknowledgements open the window, and nobody waits for them.

        A lone last segment's is still held back.
        """
        every = 2 if self._tcp.delayed_acknowledgement else 1
        for arrival in arrivals[every - 1 :: every]:
            self._backward.cross(arrival, self._tcp.headers, DelayComponents())
        last, count = arrivals[-1], len(arrivals)
        self._round_trip.sample(last - now + self._backward.delay)
        self._window.on_acknowledgement(last, count, count, self._round_trip.smoothed)
        return Delivery(arrivals[0], last, 0, delays, complete=True)
