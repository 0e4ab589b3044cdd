"""A flight on its way where packets are lost, kept or dropped: segments, windows, time-outs.

What one flight meets is worked out segment by segment inside one function, from the moment that it
is sent; simulated time passes once a round, and only where the links are shared.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from math import inf
from typing import NamedTuple

from sim.network.congestion import CongestionWindow
from sim.network.delays import DelayComponents
from sim.network.one_way_path import OneWayPath
from sim.network.packets import PacketKind
from sim.network.receiver import Receiver
from sim.network.segment_events import SegmentEventKind, SegmentEvents
from sim.network.tcp import Tcp
from sim.network.timeouts import RoundTripEstimate

_DUPLICATES = 3


class Delivery(NamedTuple):
    """What became of a flight.

    Attributes:
        first: when its first byte was there.
        last: when all of it was there; the moment of giving up where it never was.
        rounds: windows that it took beyond the first.
        delays: where the time until `last` went.
        complete: whether it got there.
    """

    first: float
    last: float
    rounds: int
    delays: DelayComponents
    complete: bool


def timer_expiry(
    tcp: Tcp,
    estimate: RoundTripEstimate,
    now: float,
    in_flight: int,
    *,
    probes: bool,
    backoff: int = 0,
) -> float:
    """When a timer runs off that is set now: for a probe where one is allowed, else for the RTO."""
    if probes:
        return tcp.expiry(now, estimate.probe_timeout(in_flight, tcp.timer_tick))
    return tcp.expiry(now, estimate.timeout * 2**backoff)


class _Copy(NamedTuple):
    """A segment that was sent, once or again, and got there."""

    segment: int
    sent_at: float


class Flight:
    """One flight on its way, as its sender sees it.

    Args:
        tcp: how both hosts speak.
        forward, backward: the ways of its segments, and of their acknowledgements.
        window, round_trip: what its sender knows of the way, which the flight goes on with.
        now: when its first round was sent.
        sizes: bytes of its packets.
        sent: how many of them the window allowed then.
        first_round: the number of each of these that arrives, when, and where its time goes.
        on_acknowledgement: called with each moment at which something is acknowledged.
    """

    def __init__(
        self,
        tcp: Tcp,
        forward: OneWayPath,
        backward: OneWayPath,
        window: CongestionWindow,
        round_trip: RoundTripEstimate,
        now: float,
        sizes: Sequence[int],
        sent: int,
        first_round: Iterable[tuple[int, float, DelayComponents]],
        on_acknowledgement: Callable[[float], None],
    ) -> None:
        self._tcp = tcp
        self._forward = forward
        self._shared = forward.shared or backward.shared
        self._window, self._round_trip = window, round_trip
        self._sizes = sizes
        self._count = count = len(sizes)
        self._begin = self._acknowledged_at = now
        self._acknowledged_delays = DelayComponents()
        self._on_acknowledgement = on_acknowledgement
        self._events = SegmentEvents()
        self._receiver = Receiver(tcp, backward, count, self._events)
        # By the number of the segment.
        self._sent_at = [now] * count
        self._sent = [DelayComponents()] * count
        self._times_sent = [0] * count
        self._round = [0] * count
        self._acknowledged = [False] * count
        self._lost = [False] * count
        self._next = self._first_outstanding = self._arrivals_acknowledged = 0
        self._in_flight = self._most_in_flight = 0
        self._recovery_end = 0
        self._fast_recovery = self._resends_first = self._probed = False
        self._timeouts = self._backoff = self._timer = 0
        self._copies: list[_Copy] = []
        self._next = sent
        for number in range(sent):
            self._note(now, number, DelayComponents(), 0)
        for number, arrival, delays in first_round:
            self._announce(number, now, arrival, delays)

    def fly(self) -> Generator[float, float, Delivery]:
        """Until every segment is there, or given up."""
        events, receiver, horizon = self._events, self._receiver, self._begin
        first, last, delays = inf, self._begin, DelayComponents()
        self._set_timer(self._begin)
        while not receiver.complete:
            now, _, kind, number, so_far = events.pop()
            if self._is_stale(kind, number, so_far):
                continue
            if self._shared and kind != SegmentEventKind.ARRIVAL and now > horizon:
                yield now
                # The acknowledgements of one round are processed together.
                horizon = (
                    events.last(kind, now) if kind == SegmentEventKind.ACKNOWLEDGEMENT else now
                )
            if kind == SegmentEventKind.ARRIVAL:
                segment = self._copies[number].segment
                if segment == 0:
                    first = min(first, now)
                if receiver.arrive(now, segment, number, so_far):
                    last, delays = now, so_far
            elif kind == SegmentEventKind.ACKNOWLEDGEMENT:
                self._process_acknowledgement(now, number, so_far)
            elif kind == SegmentEventKind.LATE_ACKNOWLEDGEMENT:
                receiver.acknowledge_late(now)
            elif kind == SegmentEventKind.LATE_SEGMENT:
                self._reordering_window_over(now, number)
            elif now >= self._user_timeout_at:
                return self._give_up(first, now)
            else:
                self._expire(now)
        self._settle(last)
        return Delivery(first, last, max(self._round), delays, complete=True)

    def _is_stale(self, kind: SegmentEventKind, number: int, delays: DelayComponents) -> bool:
        """Whether what was to happen has been overtaken by something else."""
        if kind == SegmentEventKind.TIMER:
            return number != self._timer
        if kind == SegmentEventKind.LATE_SEGMENT:
            again = self._sent[number] is not delays
            return again or self._acknowledged[number] or self._lost[number]
        if kind == SegmentEventKind.LATE_ACKNOWLEDGEMENT:
            return not self._receiver.holds_back(number)
        return False

    # -- acknowledgements, and what they allow

    def _process_acknowledgement(self, now: float, arrivals: int, delays: DelayComponents) -> None:
        """An acknowledgement of the first so many arrivals is there."""
        copies = [
            self._copies[each]
            for each in self._receiver.arrivals[self._arrivals_acknowledged : arrivals]
        ]
        if not copies:
            return
        news = [copy.segment for copy in copies]
        self._arrivals_acknowledged, self._acknowledged_at, self._acknowledged_delays = (
            arrivals,
            now,
            delays,
        )
        self._on_acknowledgement(now)
        newest = max(news, key=lambda number: (self._sent_at[number], number))
        before = self._first_outstanding
        for number in news:
            self._acknowledged[number] = True
            if self._lost[number]:
                self._lost[number] = False
            else:
                self._in_flight -= 1
        while self._first_outstanding < self._next and self._acknowledged[self._first_outstanding]:
            self._first_outstanding += 1
        self._measure(now, copies[-1])
        if self._first_outstanding > before and not self._fast_recovery:
            self._grow(now, len(news))
        self._timeouts = 0
        self._probed = False
        self._look_for_losses(now, newest)
        if self._first_outstanding >= self._recovery_end:
            self._fast_recovery = False
        self._send_lost(now)
        self._send_new(now, delays, self._round[newest] + 1)
        self._set_timer(now)

    def _measure(self, now: float, copy: _Copy) -> None:
        """Take a round trip, where it is known which copy of a segment was acknowledged.

        Timestamps tell it (RFC 7323 §4); without them a segment that was sent once does (Karn's
        algorithm, RFC 6298 §3). Until then a time-out that has grown stays as it is (§5.7).
        """
        if self._tcp.timestamps or self._times_sent[copy.segment] == 1:
            self._round_trip.sample(now - copy.sent_at)
            self._backoff = 0

    def _grow(self, now: float, acknowledged: int) -> None:
        self._window.on_acknowledgement(
            now, acknowledged, self._most_in_flight, self._round_trip.smoothed
        )

    def _outstanding(self) -> list[int]:
        """Segments that are on the way as far as the sender knows."""
        return [
            number
            for number in range(self._first_outstanding, self._next)
            if not (self._acknowledged[number] or self._lost[number])
        ]

    def _look_for_losses(self, now: float, newest: int) -> None:
        """What was sent before a segment that is there, and is not there itself, may be lost."""
        sent = self._sent_at[newest], newest
        earlier = [
            number for number in self._outstanding() if (self._sent_at[number], number) < sent
        ]
        if not earlier:
            return
        after = sum(self._acknowledged[earlier[0] + 1 : self._next])
        if self._fast_recovery or after >= _DUPLICATES:
            for number in earlier:
                self._mark_lost(number)
        elif self._tcp.loss_probe:
            late = self._tcp.expiry(now, self._round_trip.reordering_window(self._tcp.timer_tick))
            for number in earlier:
                self._events.push(late, SegmentEventKind.LATE_SEGMENT, number, self._sent[number])

    def _reordering_window_over(self, now: float, number: int) -> None:
        """The reordering window of a segment is over (RFC 8985 §6.2)."""
        self._mark_lost(number)
        self._send_lost(now)
        self._set_timer(now)

    def _mark_lost(self, number: int) -> None:
        if number >= self._recovery_end:
            self._recovery_end = self._next
            self._fast_recovery = self._resends_first = True
            self._window.on_loss()
        self._lost[number] = True
        self._in_flight -= 1

    def _send_lost(self, now: float) -> None:
        for number in range(self._first_outstanding, self._next):
            # The first is sent again whatever the window says (RFC 6675 §5, 4.3).
            if self._in_flight >= self._window.allowed and not self._resends_first:
                break
            if self._lost[number]:
                self._lost[number] = self._resends_first = False
                self._send_again(now, number)

    def _send_again(self, now: float, number: int) -> None:
        delays = self._sent[number].copy()
        delays.retransmission += now - self._sent_at[number]
        self._send(now, number, delays, self._round[number])

    def _send_new(self, now: float, delays: DelayComponents, round_number: int) -> None:
        allowed = self._window.allowed
        while self._next < self._count and self._in_flight < allowed:
            self._next += 1
            self._send(now, self._next - 1, delays.copy(), round_number)

    def _send(self, now: float, number: int, delays: DelayComponents, round_number: int) -> None:
        self._note(now, number, delays, round_number)
        delays = delays.copy()
        self._forward.announce(PacketKind.DATA, number)
        arrival = self._forward.cross(now, self._sizes[number], delays)
        self._announce(number, now, arrival, delays)

    def _note(self, now: float, number: int, delays: DelayComponents, round_number: int) -> None:
        """A segment is sent."""
        self._sent_at[number], self._sent[number] = now, delays
        self._times_sent[number] += 1
        self._round[number] = round_number
        self._in_flight += 1
        self._most_in_flight = max(self._most_in_flight, self._in_flight)

    def _announce(
        self, number: int, now: float, arrival: float | None, delays: DelayComponents
    ) -> None:
        """A segment that was sent arrives, if it does."""
        if arrival is not None:
            self._events.push(arrival, SegmentEventKind.ARRIVAL, len(self._copies), delays)
            self._copies.append(_Copy(number, now))

    # -- its timer

    @property
    def _user_timeout_at(self) -> float:
        """When the connection is given up if nothing more is acknowledged (RFC 5482)."""
        return self._acknowledged_at + self._tcp.user_timeout

    @property
    def _may_probe(self) -> bool:
        return self._tcp.loss_probe and not (self._fast_recovery or self._probed or self._timeouts)

    def _set_timer(self, now: float) -> None:
        """Restart the timer: for a probe's time where probing is allowed, else for the RTO."""
        self._timer += 1
        expiry = timer_expiry(
            self._tcp,
            self._round_trip,
            now,
            self._in_flight,
            probes=self._may_probe,
            backoff=self._backoff,
        )
        expiry = min(expiry, self._user_timeout_at)
        self._events.push(expiry, SegmentEventKind.TIMER, self._timer, DelayComponents())

    def _expire(self, now: float) -> None:
        """Nothing was acknowledged for too long: the timer has expired."""
        missing = self._outstanding()
        if self._may_probe and missing:
            self._probed = True
            self._in_flight -= 1
            self._send_again(now, missing[-1])
        else:
            self._timeouts += 1
            self._backoff += 1
            self._window.on_timeout(reduces=self._timeouts == 1 and not self._fast_recovery)
            self._fast_recovery = self._resends_first = False
            self._recovery_end = self._next
            for number in missing:
                self._lost[number] = True
            self._in_flight = 0
            self._send_lost(now)
        self._set_timer(now)

    # -- the end

    @property
    def last_sent(self) -> float:
        """When its last segment was sent."""
        return max(self._sent_at)

    def _settle(self, now: float) -> None:
        """All is there: the acknowledgements that are on their way open the window."""
        rest = self._count - self._arrivals_acknowledged
        if rest and not self._fast_recovery:
            self._grow(now, rest)

    def _give_up(self, first: float, now: float) -> Delivery:
        delays = self._acknowledged_delays.copy()
        delays.retransmission += now - self._acknowledged_at
        return Delivery(first, now, max(self._round), delays, complete=False)
