"""One TCP connection over links and boxes, from its SYN to its end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from math import inf
from typing import NamedTuple, Protocol

from sim.middleboxes.middlebox import PASS, Action, Flow, Middlebox, Seen, Verdict
from sim.network.delivery import Delivery, Sender
from sim.network.tcp import Rounds, Tcp
from sim.network.track import Passage, Track

_PROBE = Seen(b"", 0, 0)
"""A keep-alive probe (RFC 1122 §4.2.3.6) has no data of its own."""


class Listener(Protocol):
    """Who takes TCP connections: a server, or a proxy."""

    @property
    def name(self) -> str:
        """Its name in tables."""

    @property
    def always_admits(self) -> bool:
        """Whether its backlog has room for everything."""

    def admits(self, now: float) -> bool:
        """Whether a connection whose SYN is here now may open: there is room in its backlog."""

    def open_connection(self) -> None:
        """It opens now."""

    def accept(self, moment: float) -> None:
        """Its process takes it up at that moment."""

    def close_connection(self, moment: float) -> None:
        """It will be closed at that moment."""


class Broken(Exception):
    """A connection has come to an end before its time.

    Attributes:
        symptom: what the client notices: "reset", "timeout", "refused" or "answered".
        moment: when it does.
        where: the box or host that stopped it; `None` where the network lost too much.
        reason: why, in that box's words.
        passage: where the time until then went.
        data: what the client gets in the server's name.
    """

    def __init__(
        self,
        symptom: str,
        moment: float,
        passage: Passage,
        *,
        where: str | None = None,
        reason: str | None = None,
        data: bytes = b"",
    ) -> None:
        super().__init__(symptom)
        self.symptom = symptom
        self.moment = moment
        self.passage = passage
        self.where = where
        self.reason = reason
        self.data = data


class BoxOnTheWay(NamedTuple):
    """A box, and where it stands on a leg.

    Attributes:
        box: the box.
        position: steps of the way to the server that come before it.
        from_client, to_client: seconds on the way from the client, and back to it.
        from_server: seconds on the way from the server.
    """

    box: Middlebox
    position: int
    from_client: float
    to_client: float
    from_server: float


class Leg:
    """One TCP connection.

    Args:
        tcp: how both ends speak it.
        segment: bytes of data in a full segment.
        up, down: the ways to the server, and back.
        boxes: the boxes on them, from the client on.
        flow: its addresses and ports at the client.
        listener: who takes it.
        tally: called with each box that has seen it and what the box did with it, at its end.

    Attributes:
        trips: how often it has waited for the way through the network, windows included.
        more_trips: how many of them were waits for a window.
    """

    __slots__ = (
        "_boxes",
        "_calm",
        "_down",
        "_down_rounds",
        "_down_sender",
        "_flows",
        "_listener",
        "_moment",
        "_open",
        "_seen",
        "_segment",
        "_spoke_at",
        "_stopped",
        "_tally",
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
        up: Track,
        down: Track,
        boxes: Sequence[BoxOnTheWay],
        flow: Flow,
        listener: Listener,
        tally: Callable[[Middlebox, Verdict], None],
    ) -> None:
        self._tcp = tcp
        self._segment = segment
        self._up, self._down = up, down
        self._boxes = boxes
        self._flows = [flow]
        self._listener = listener
        self._tally = tally
        self._calm = up.certain and down.certain and not tcp.delayed_acknowledgement
        self._open = False
        self._moment = -inf
        self._seen = 0
        self._stopped: tuple[int, Verdict] | None = None
        self._spoke_at = 0.0
        self._up_rounds: Rounds
        self._down_rounds: Rounds
        self._up_sender: Sender
        self._down_sender: Sender
        self.trips = self.more_trips = 0

    @property
    def back(self) -> float:
        """Seconds from the server to the client when nothing else is on the way."""
        return self._down.delay

    # -- opening

    def connect(self, now: float) -> Generator[float, float, tuple[float, Passage]]:
        """The three-way handshake, until the client may send: when, and where the time went.

        Raises `Broken`.
        """
        tcp = self._tcp
        give_up = now + tcp.connect_timeout
        sent, wait, attempts = now, tcp.initial_timeout, 0
        while True:
            attempts += 1
            passage = Passage()
            passage.retransmission = sent - now
            refused = None
            there = yield from self._send_syn(sent, passage, give_up)
            if isinstance(there, str):
                refused, there = there, None
            back = None if there is None else self._down.cross(there, tcp.syn, passage)
            if back is not None and back <= give_up:
                self._establish(sent, back, attempts)
                if not self._calm:
                    # The acknowledgement of the SYN-ACK is a packet of its own.
                    self._up.cross(back, tcp.headers, Passage())
                return back, passage
            sent = tcp.runs_off(sent, wait)
            if attempts > tcp.syn_linear_timeouts:
                wait *= 2
            if sent >= give_up:
                passage = Passage()
                passage.retransmission = give_up - now
                raise self._broken("timeout", give_up, passage, refused)
            sent = yield from self._wait(sent)

    def _wait(self, moment: float) -> Generator[float, float, float]:
        """Go on at that moment, or at once where the SYN before this one came that far."""
        if moment <= self._moment:
            return moment
        self._moment = max((yield moment), moment)
        return self._moment

    def _send_syn(
        self, now: float, passage: Passage, give_up: float
    ) -> Generator[float, float, float | str | None]:
        """A SYN on its way: its arrival; why the listener has dropped it; else `None`.

        It is not followed any further than to the moment of giving up. Raises `Broken` when a box
        refuses it.
        """
        position, size = 0, self._tcp.syn
        for number, (box, place, _, to_client, _) in enumerate(self._boxes):
            here = self._up.cross(now, size, passage, position, place)
            if here is None or here > give_up:
                return None
            now, position = (yield from self._wait(here)), place
            flow = self._flows[number]
            verdict = box.opens(flow, now)
            self._seen = max(self._seen, number + 1)
            if verdict.action is Action.PASS:
                self._flows[number + 1 : number + 2] = [box.translated(flow)]
                if self._stopped is not None and self._stopped[0] == number:
                    self._stopped = None
                continue
            self._stopped = number, verdict
            if verdict.action is Action.DROP:
                return None
            passage.propagation += to_client
            raise self._broken("reset", now + to_client, passage)
        # What stopped a SYN before has let this one through.
        self._stopped = None
        there = self._up.cross(now, size, passage, position)
        if there is None or there > give_up:
            return None
        if self._open:
            return there
        there = yield from self._wait(there)
        if not self._listener.admits(there):
            return "backlog full"
        self._listener.open_connection()
        self._open = True
        return there

    def _establish(self, sent: float, now: float, attempts: int) -> None:
        self.trips += 2
        self._spoke_at = now
        tcp, segment, round_trip = self._tcp, self._segment, now - sent
        if self._calm:
            self._up_rounds = Rounds(tcp, segment, round_trip)
            self._down_rounds = Rounds(tcp, segment, round_trip)
            return
        up, down, recovered = self._up, self._down, attempts > 2
        self._up_sender = Sender(tcp, segment, up, down, round_trip, recovered=recovered)
        self._down_sender = Sender(tcp, segment, down, up, round_trip, recovered=recovered)

    # -- carrying

    def carry(
        self, now: float, data: bytes, size: int, *, to_server: bool
    ) -> Generator[float, float, Delivery]:
        """Send a flight that is ready now to the other end. Raises `Broken`."""
        if size:
            self._show(now, Seen(data, size, min(size, self._segment)), to_server)
        track = self._up if to_server else self._down
        if self._calm or not size:
            delivery = self._deliver_calmly(now, size, to_server, track)
        else:
            if self._up.shared or self._down.shared:
                now = max((yield now), now)
            sender = self._up_sender if to_server else self._down_sender
            delivery = yield from sender.deliver(now, size)
        if not delivery.complete:
            raise self._broken("timeout", delivery.last, delivery.passage)
        self.more_trips += 2 * delivery.rounds
        self.trips += 1 + 2 * delivery.rounds
        self._spoke_at = delivery.last
        return delivery

    def _deliver_calmly(self, now: float, size: int, to_server: bool, track: Track) -> Delivery:
        rounds = 0
        if size:
            rounds = (self._up_rounds if to_server else self._down_rounds).more(now, size)
        passage, turn = Passage(), rounds * (self._up.delay + self._down.delay)
        passage.middlebox = track.latency + rounds * (self._up.latency + self._down.latency)
        passage.propagation = track.delay + turn - passage.middlebox
        first = now + track.delay
        return Delivery(first, first + turn, rounds, passage, complete=True)

    def _show(self, now: float, seen: Seen, to_server: bool) -> None:
        """Show a flight to each box. Raises `Broken`."""
        numbers = range(len(self._boxes))
        for number in numbers if to_server else reversed(numbers):
            box, _, from_client, to_client, from_server = self._boxes[number]
            flow, away = self._flows[number], from_client if to_server else from_server
            verdict = self._probe(box, flow, now, away, to_server)
            if verdict.action is Action.PASS:
                verdict = box.carries(flow, now + away, seen, to_server=to_server)
            if verdict.action is Action.PASS:
                continue
            self._stopped = number, verdict
            passage = Passage()
            if verdict.action is Action.DROP:
                passage.retransmission = self._tcp.user_timeout
                raise self._broken("timeout", now + passage.total, passage)
            passage.propagation = away + to_client
            answered = to_server and verdict.action is Action.ANSWER
            symptom = "answered" if answered else "reset"
            raise self._broken(symptom, now + passage.total, passage)

    def _probe(
        self, box: Middlebox, flow: Flow, now: float, away: float, to_server: bool
    ) -> Verdict:
        """What a box makes of the keep-alive probes of the pause until now."""
        interval = self._tcp.keep_alive
        if interval is None:
            return PASS
        sent = self._spoke_at + interval
        while sent < now:
            verdict = box.carries(flow, sent + away, _PROBE, to_server=to_server)
            if verdict.action is not Action.PASS:
                return verdict
            sent += interval
        return PASS

    # -- its end

    def accept(self, moment: float) -> None:
        """The listener's process takes it up at that moment."""
        self._listener.accept(moment)

    def close(self, moment: float) -> None:
        """Nothing more comes after that moment, which may be yet to come."""
        stopped = self._stopped
        for number, (box, *_) in enumerate(self._boxes[: self._seen]):
            if stopped is not None and stopped[0] == number:
                self._tally(box, stopped[1])
            else:
                self._tally(box, PASS)
            box.closes(self._flows[number], moment)
        self._seen = 0
        if self._open:
            self._open = False
            self._listener.close_connection(moment)

    def _broken(
        self, symptom: str, moment: float, passage: Passage, refused: str | None = None
    ) -> Broken:
        """The exception that tells who has stopped it, if anybody has."""
        if self._stopped is not None:
            number, verdict = self._stopped
            where, reason, data = self._boxes[number].box.name, verdict.reason, verdict.data
            return Broken(symptom, moment, passage, where=where, reason=reason, data=data)
        listener = None if refused is None else self._listener.name
        return Broken(symptom, moment, passage, where=listener, reason=refused)
