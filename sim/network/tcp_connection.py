"""One TCP connection over links and boxes, from its SYN to its end."""

from __future__ import annotations

from collections.abc import Generator
from itertools import count, takewhile

from sim.activity import Waiting
from sim.hosts.refusal import BACKLOG_FULL
from sim.middleboxes.middlebox import Action, Seen
from sim.network.delays import DelayComponents
from sim.network.flight import Delivery
from sim.network.listener import Listener
from sim.network.lossless_sender import LosslessSender
from sim.network.middlebox_chain import MiddleboxChain, reach
from sim.network.one_way_path import OneWayPath
from sim.network.packets import PacketKind
from sim.network.recorded_path import record_rounds
from sim.network.sender import Sender
from sim.network.tcp import Tcp
from sim.network.three_way_handshake import Opened, ThreeWayHandshake
from sim.network.timeouts import RoundTripEstimate
from sim.network.transport import TransportFailure

_FORGIVEN = 2
"""How often a SYN, or a SYN-ACK, is sent before a window begins with one segment."""


class TcpConnection:
    """One TCP connection.

    Args:
        tcp: how both ends speak it.
        segment: bytes of data in a full segment.
        up, down: the ways to the server, and back.
        middleboxes: those on the ways.
        listener: who takes it.

    Attributes:
        trips: how often it has waited for the way through the network, windows included.
        more_trips: how many of them were waits for a window.
    """

    __slots__ = (
        "_active_at",
        "_deterministic",
        "_down",
        "_down_rounds",
        "_down_sender",
        "_has_failed",
        "_in_handshake",
        "_is_looked_at",
        "_is_too_long",
        "_listener",
        "_middleboxes",
        "_open",
        "_round_trip",
        "_segment",
        "_sender",
        "_tcp",
        "_up",
        "_up_rounds",
        "_up_sender",
        "more_trips",
        "trips",
    )

    def __init__(
        self,
        tcp: Tcp,
        segment: int,
        up: OneWayPath,
        down: OneWayPath,
        middleboxes: MiddleboxChain,
        listener: Listener,
    ) -> None:
        self._tcp = tcp
        self._segment = segment
        self._up, self._down = up, down
        self._middleboxes = middleboxes
        self._listener = listener
        self._deterministic = up.certain and down.certain and not tcp.delayed_acknowledgement
        self._is_looked_at = not self._deterministic or up.recorded
        self._is_too_long = up.delay + down.delay > tcp.user_timeout
        self._open = False
        self._in_handshake = True
        self._has_failed = False
        self._active_at = self._round_trip = 0.0
        self._up_rounds: LosslessSender
        self._down_rounds: LosslessSender
        self._up_sender: Sender
        self._down_sender: Sender
        self._sender: Sender
        self.trips = self.more_trips = 0

    @property
    def return_delay(self) -> float:
        """Seconds from the server to the client when nothing else is on the way."""
        return self._down.delay

    def add_return(self, delays: DelayComponents) -> None:
        """Go on by the way from the server to the client when nothing else is on it."""
        delays.propagation += self._down.propagation
        delays.middlebox += self._down.latency

    # -- opening

    def connect(self, now: float) -> Generator[float, float, tuple[float, DelayComponents]]:
        """The three-way handshake, until the client may send: when, and where the time went.

        Raises `TransportFailure`.
        """
        opening = ThreeWayHandshake(
            self._tcp, self._up, self._down, self._middleboxes, self._listener
        )
        try:
            opened = yield from opening.connect(now)
        except TransportFailure:
            self._has_failed = True
            raise
        finally:
            self._open = opening.admitted
        self._establish(opened)
        if self._is_looked_at:
            # The acknowledgement of the SYN-ACK is a packet of its own.
            self._up.cross(opened.moment, self._tcp.headers, DelayComponents())
        return opened.moment, opened.delays

    def _establish(self, opened: Opened) -> None:
        self.trips += 2
        self._active_at = opened.moment
        self._round_trip = round_trip = opened.round_trip
        tcp, segment = self._tcp, self._segment
        if self._deterministic:
            self._up_rounds = LosslessSender(tcp, segment, round_trip)
            self._down_rounds = LosslessSender(tcp, segment, round_trip)
            return
        up, down = self._up, self._down
        self._up_sender = Sender(
            tcp, segment, up, down, round_trip, recovered=opened.syns > _FORGIVEN
        )
        self._down_sender = Sender(
            tcp, segment, down, up, round_trip, recovered=opened.syn_acks > _FORGIVEN
        )

    def enter(self, now: float, size: int) -> Generator[float, float, DelayComponents]:
        """Come in from the backlog with the first flight: where the time went until then.

        What finds no room there is dropped, as is the acknowledgement of the SYN-ACK before it; the
        client sends it again. Raises `TransportFailure`.
        """
        delays, wait = DelayComponents(), self._timeout()
        give_up = now + self._tcp.user_timeout
        while not self._listener.admits(now):
            again = min(self._tcp.expiry(now, wait), give_up)
            delays.retransmission += again - now
            now, wait = max((yield again), again), 2 * wait
            if now >= give_up:
                raise self._failure("timeout", now, delays, BACKLOG_FULL.reason)
            if self._is_looked_at:
                for number, packet in enumerate(self._packets(size)):
                    self._up.announce(PacketKind.DATA, number)
                    self._up.cross(now, packet, DelayComponents())
        return delays

    def _timeout(self) -> float:
        return RoundTripEstimate(self._round_trip, self._tcp.minimum_timeout).timeout

    def accept(self, moment: float | Waiting) -> None:
        """The listener's process takes it up at that moment, or when that waits no longer."""
        self._listener.accept(moment)

    # -- carrying

    @property
    def shared(self) -> bool:
        """Whether others wait for its packets: it has to send them in the order of time."""
        return self._up.shared or self._down.shared

    def send(self, now: float, data: bytes, size: int, *, to_server: bool) -> Delivery | None:
        """Send a flight that is ready now to the other end.

        Returns what becomes of it where that is known at once; else it has to be followed. Raises
        `TransportFailure`.
        """
        if not size:
            return self._delivered(self._deliver_deterministically(now, 0, to_server))
        if self._middleboxes.look_at_flights:
            self._show(now, data, size, to_server)
        if self._is_too_long:
            # No acknowledgement is back in time, whatever the other end has.
            delays = DelayComponents()
            delays.retransmission = self._tcp.user_timeout
            raise self._failure("timeout", now + delays.retransmission, delays)
        if self._deterministic:
            delivery = self._deliver_deterministically(now, size, to_server)
        else:
            self._sender = self._up_sender if to_server else self._down_sender
            found = self._sender.send(now, size, self._middleboxes.continues)
            if found is None:
                return None
            delivery = found
        if self._middleboxes.look_at_acknowledgements:
            self._middleboxes.continues(delivery.last)
        return self._delivered(delivery)

    def follow(self) -> Generator[float, float, Delivery]:
        """What becomes of the flight that was sent last. Raises `TransportFailure`."""
        delivery = yield from self._sender.follow()
        if not delivery.complete:
            raise self._failure("timeout", delivery.last, delivery.delays)
        self._middleboxes.continues(delivery.last)
        return self._delivered(delivery)

    def carry(
        self, now: float, data: bytes, size: int, *, to_server: bool
    ) -> Generator[float, float, Delivery]:
        """Send a flight that is ready now, and follow it. Raises `TransportFailure`."""
        if size and self.shared:
            now = max((yield now), now)
        delivery = self.send(now, data, size, to_server=to_server)
        if delivery is None:
            delivery = yield from self.follow()
        return delivery

    def _delivered(self, delivery: Delivery) -> Delivery:
        """A flight has got there."""
        self.trips += 1
        if delivery.rounds:
            self.more_trips += 2 * delivery.rounds
            self.trips += 2 * delivery.rounds
        self._active_at = delivery.last
        return delivery

    def _deliver_deterministically(self, now: float, size: int, to_server: bool) -> Delivery:
        up, down, rounds = self._up, self._down, 0
        one_way = up if to_server else down
        if size:
            sender = self._up_rounds if to_server else self._down_rounds
            if one_way.recorded:
                sizes = self._tcp.packets(size, self._segment)
                back = down if to_server else up
                record_rounds(self._tcp, one_way, back, now, sizes, sender.rounds(now, size))
            rounds = sender.more(now, size)
        delays, first = DelayComponents(), now + one_way.delay
        delays.propagation = one_way.propagation + rounds * (up.propagation + down.propagation)
        delays.middlebox = one_way.latency + rounds * (up.latency + down.latency)
        last = first
        for _ in range(rounds):
            self._middleboxes.continues(last)
            last += up.delay + down.delay
        return Delivery(first, last, rounds, delays, complete=True)

    def _show(self, now: float, data: bytes, size: int, to_server: bool) -> None:
        """Show a flight to each box. Raises `TransportFailure`."""
        seen = Seen(data, size, min(size, self._segment))
        placed = self._middleboxes.carries(now, seen, self._probes(now), to_server=to_server)
        if placed is None:
            return
        assert self._middleboxes.stopped is not None
        action = self._middleboxes.stopped[1].action
        one_way = self._up if to_server else self._down
        delays = reach(placed, now, self._packets(seen.size), one_way, to_server=to_server)
        one_way.stopped_by(placed.box.name)
        if action is Action.DROP:
            delays = DelayComponents()
            delays.retransmission = self._tcp.user_timeout
            raise self._failure("timeout", now + delays.total, delays)
        placed.add_return(delays)
        symptom = "answered" if to_server and action is Action.ANSWER else "reset"
        raise self._failure(symptom, now + delays.total, delays)

    def _packets(self, size: int) -> list[int]:
        """Bytes of the packets that the initial window has for a flight."""
        tcp, segment = self._tcp, self._segment
        return tcp.packets(min(size, tcp.initial_window * segment), segment)

    def _probes(self, now: float) -> list[float]:
        """When keep-alive probes were sent in the pause until now."""
        interval = self._tcp.keep_alive
        if interval is None or self._active_at + interval >= now:
            return []
        probes = (self._active_at + number * interval for number in count(1))
        return list(takewhile(lambda sent: sent < now, probes))

    # -- its end

    def complete_handshake(self, moment: float) -> None:
        """TLS's handshake is completed at that moment."""
        self._in_handshake = False
        self._listener.complete_handshake(moment)

    def close(self, moment: float) -> None:
        """Nothing more comes after that moment, which may lie in the future."""
        self._middleboxes.close(moment)
        if self._open:
            self._open = False
            if self._in_handshake:
                self._listener.complete_handshake(moment)
            self._listener.close_connection(moment)
            if self._is_looked_at and not self._has_failed:
                self._send_fins(moment)

    def _send_fins(self, moment: float) -> None:
        """Both FINs and the last acknowledgement, for which nobody waits."""
        size, back = self._tcp.headers, None
        self._up.announce(PacketKind.FIN)
        there = self._up.cross(moment, size, DelayComponents())
        if there is not None:
            self._down.announce(PacketKind.FIN)
            back = self._down.cross(there, size, DelayComponents())
        if back is not None:
            self._up.cross(back, size, DelayComponents())

    def _failure(
        self, symptom: str, moment: float, delays: DelayComponents, refused: str | None = None
    ) -> TransportFailure:
        """The exception that tells who has stopped it, if anybody has."""
        self._has_failed = True
        listener = None if refused is None else self._listener.name
        return self._middleboxes.failure(symptom, moment, delays, listener, refused)
