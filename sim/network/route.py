"""A route: the TCP connections, one behind another, that a conversation goes over."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol

from sim.middleboxes.connect_proxy import (
    BAD_GATEWAY,
    ESTABLISHED,
    FORBIDDEN,
    GATEWAY_TIMEOUT,
    ConnectProxy,
)
from sim.middleboxes.middlebox import PASS, Action, Middlebox, Verdict
from sim.network.delays import DelayComponents
from sim.network.leg import Broken, Leg, Listener
from sim.network.lossless_sender import LosslessSender
from sim.network.tcp import Tcp


class Clock(Protocol):
    """What a conversation is at, and where its time goes."""

    @property
    def now(self) -> float:
        """The moment that it has come to."""

    def account(self, delays: DelayComponents) -> None:
        """Go on by these, booked under their headings."""

    def account_middlebox(self, until: float) -> None:
        """Go on until a box has done its work."""

    def account_wait(self, now: float) -> float:
        """Go on to what an event has been waited for, and return it."""


class CalmRoute:
    """A route on which everything is known in advance: one TCP connection, links that only delay.

    Args:
        tcp: how both hosts speak.
        segment: bytes of data in a full segment.
        to_server, to_client: seconds each way.
        listener: who takes it.

    Attributes:
        back: seconds from the server to the client.
        trips: how often it has waited for the way through the network, windows included.
    """

    __slots__ = (
        "_client",
        "_listener",
        "_segment",
        "_server",
        "_small",
        "_tcp",
        "_there",
        "back",
        "trips",
    )

    calm = True

    def __init__(
        self, tcp: Tcp, segment: int, to_server: float, to_client: float, listener: Listener
    ) -> None:
        self._tcp = tcp
        self._segment = segment
        self._there = to_server
        self.back = to_client
        self._listener = listener
        # Flights of no more than half the initial window neither wait for it nor open it.
        self._small = segment * tcp.initial_window // 2
        self._client: LosslessSender | None = None
        self._server: LosslessSender | None = None
        self.trips = 0

    def come_back(self, delays: DelayComponents) -> None:
        """Go on by the way from the server to the client."""
        delays.propagation += self.back

    def open(self) -> float:
        """Seconds until the client may send: SYN and SYN-ACK."""
        self._listener.open_connection()
        self.trips = 2
        return self._there + self.back

    def to_server(self, now: float, size: int) -> float:
        """Seconds until the last byte of a flight, sent now, is at the server."""
        self.trips += 1
        if self._client is None:
            if size <= self._small:
                return self._there
            self._client = self._rounds()
        return self._there + self._wait(self._client.more(now, size))

    def to_client(self, now: float, size: int) -> float:
        """Seconds until the last byte of a flight, sent now, is at the client."""
        self.trips += 1
        if self._server is None:
            if size <= self._small:
                return self.back
            self._server = self._rounds()
        return self.back + self._wait(self._server.more(now, size))

    def close(self, moment: float) -> None:
        """Both ends have closed at that moment."""
        self._listener.close_connection(moment)

    def _rounds(self) -> LosslessSender:
        return LosslessSender(self._tcp, self._segment, self._there + self.back)

    def _wait(self, rounds: int) -> float:
        self.trips += 2 * rounds
        return rounds * (self._there + self.back)


class Route:
    """A route over links that lose, queue and are shared, past boxes, through tunnels.

    Args:
        legs: the TCP connections from the client on.
        proxies: between each two of them, who tunnels.
        server: whom the client asks the proxies for: name and port.
        recorded: whether the proxies' work is counted.
        tally: called with each proxy that was asked and what it did, at the end.
    """

    calm = False

    __slots__ = ("_asked", "_legs", "_proxies", "_recorded", "_refusal", "_server", "_tally")

    def __init__(
        self,
        legs: Sequence[Leg],
        proxies: Sequence[ConnectProxy],
        server: tuple[str, int],
        *,
        recorded: bool,
        tally: Callable[[Middlebox, Verdict], None],
    ) -> None:
        self._legs = legs
        self._proxies = proxies
        self._server = server
        self._recorded = recorded
        self._tally = tally
        self._asked = 0
        self._refusal = PASS

    @property
    def trips(self) -> int:
        """How often the client has waited for the way through the network, windows included."""
        return self._legs[0].trips + sum(leg.more_trips for leg in self._legs[1:])

    def come_back(self, delays: DelayComponents) -> None:
        """Go on by the way from the server to the client when nothing else is on it."""
        for leg in self._legs:
            leg.come_back(delays)

    def connect(self, clock: Clock) -> Generator[float, float, None]:
        """Connect to the first proxy, have it connect to the next, and so on to the server.

        Raises `Broken`.
        """
        _, delays = yield from self._legs[0].connect(clock.now)
        clock.account(delays)
        for number, proxy in enumerate(self._proxies, 1):
            yield from self._tunnel(number, proxy, clock)

    def _tunnel(
        self, number: int, proxy: ConnectProxy, clock: Clock
    ) -> Generator[float, float, None]:
        name, port = self._server
        legs = self._legs[:number]
        asked = proxy.asks(name, port)
        yield from self._carry(legs, asked, len(asked), clock, to_server=True)
        self._asked = number
        yield from self._relay(proxy, len(asked), 0, clock)
        if not proxy.allows(port):
            reason = f"port {port} refused"
            self._refusal = Verdict(Action.ANSWER, reason)
            yield from self._refuse(number, FORBIDDEN, clock, proxy.name, reason)
        try:
            _, delays = yield from self._legs[number].connect(clock.now)
        except Broken as broken:
            clock.account(broken.delays)
            answer = GATEWAY_TIMEOUT if broken.symptom == "timeout" else BAD_GATEWAY
            yield from self._refuse(number, answer, clock, broken.where, broken.reason)
        else:
            clock.account(delays)
            yield from self._relay(proxy, 0, len(ESTABLISHED), clock)
            size = len(ESTABLISHED)
            yield from self._carry(legs, ESTABLISHED, size, clock, to_server=False)

    def _refuse(
        self, number: int, answer: bytes, clock: Clock, where: str | None, reason: str | None
    ) -> Generator[float, float, None]:
        """The proxy's answer when there is no tunnel. Raises `Broken`, always."""
        yield from self._relay(self._proxies[number - 1], 0, len(answer), clock)
        legs = self._legs[:number]
        yield from self._carry(legs, answer, len(answer), clock, to_server=False)
        raise Broken("refused", clock.now, DelayComponents(), where=where, reason=reason)

    def enter(self, clock: Clock, size: int) -> Generator[float, float, None]:
        """Come in from the server's backlog with a first flight of that size. Raises `Broken`."""
        try:
            clock.account((yield from self._legs[-1].enter(clock.now, size)))
        except Broken as broken:
            self._bring_back(broken, len(self._legs) - 1)
            raise

    def accept(self, moment: float) -> None:
        """The server's process takes the connection up at that moment."""
        self._legs[-1].accept(moment)

    def carry(
        self, data: bytes, size: int, clock: Clock, *, to_server: bool
    ) -> Generator[float, float, float]:
        """Send a flight to the other end. Returns when its first byte was there.

        Raises `Broken`.
        """
        return (yield from self._carry(self._legs, data, size, clock, to_server=to_server))

    def _carry(
        self, legs: Sequence[Leg], data: bytes, size: int, clock: Clock, *, to_server: bool
    ) -> Generator[float, float, float]:
        order = range(len(legs)) if to_server else range(len(legs) - 1, -1, -1)
        first = clock.now
        for place, number in enumerate(order):
            if place:
                proxy = self._proxies[number - 1 if to_server else number]
                yield from self._relay(proxy, size, size, clock)
            try:
                delivery = yield from legs[number].carry(clock.now, data, size, to_server=to_server)
            except Broken as broken:
                self._bring_back(broken, number)
                raise
            first = delivery.first
            clock.account(delivery.delays)
        return first

    def _bring_back(self, broken: Broken, number: int) -> None:
        """A proxy whose connection has broken ends the one to its client."""
        delays = broken.delays
        before = delays.total
        for leg in self._legs[:number]:
            leg.come_back(delays)
        broken.moment += delays.total - before

    def _relay(
        self, proxy: ConnectProxy, received: int, sent: int, clock: Clock
    ) -> Generator[float, float, None]:
        if received or sent:
            now = clock.account_wait((yield clock.now))
            clock.account_middlebox(proxy.relay(now, received, sent, recorded=self._recorded))

    def close(self, moment: float) -> None:
        """Both ends have closed, or given up, at that moment."""
        for leg in self._legs:
            leg.close(moment)
        for number, proxy in enumerate(self._proxies[: self._asked], 1):
            self._tally(proxy, self._refusal if number == self._asked else PASS)
        self._asked = 0
