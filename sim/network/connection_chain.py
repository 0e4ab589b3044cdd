"""A chain of TCP connections, one behind another, that a TLS exchange goes over."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from sim.activity import Moments, Until, Waiting
from sim.middleboxes.connect_proxy import (
    BAD_GATEWAY,
    ESTABLISHED,
    FORBIDDEN,
    GATEWAY_TIMEOUT,
    ConnectProxy,
)
from sim.middleboxes.middlebox import PASS, Action, Middlebox, Verdict
from sim.network.delays import DelayComponents
from sim.network.tcp_connection import TcpConnection
from sim.network.transport import Clock, TransportFailure


class ConnectionChain:
    """`Transport` through tunnels, by TCP connections one behind another.

    Every flight has to be followed: proxies have work with it.

    Args:
        connections: the TCP connections from the client on.
        proxies: between each two of them, who tunnels.
        server: whom the client asks the proxies for: name and port.
        recorded: whether the proxies' work is counted.
        tally: called with each proxy that was asked and what it did, at the end.

    Attributes:
        return_delay: seconds from the server to the client when nothing else is on the way.
    """

    __slots__ = (
        "_asked",
        "_connections",
        "_entered",
        "_following",
        "_proxies",
        "_recorded",
        "_refusal",
        "_server",
        "_tally",
        "return_delay",
    )

    in_turn = False

    def __init__(
        self,
        connections: Sequence[TcpConnection],
        proxies: Sequence[ConnectProxy],
        server: tuple[str, int],
        *,
        recorded: bool,
        tally: Callable[[Middlebox, Verdict], None],
    ) -> None:
        self._connections = connections
        self._proxies = proxies
        self._server = server
        self._recorded = recorded
        self._tally = tally
        self.return_delay = sum(connection.return_delay for connection in connections)
        self._asked = 0
        self._entered = False
        self._following: Moments
        self._refusal = PASS

    @property
    def trips(self) -> int:
        """How often the client has waited for the way through the network, windows included."""
        first, *others = self._connections
        return first.trips + sum(other.more_trips for other in others)

    def add_return(self, delays: DelayComponents) -> None:
        """Go on by the way from the server to the client when nothing else is on it."""
        for connection in self._connections:
            connection.add_return(delays)

    def open(self, now: float, clock: Clock) -> None:
        """Connect to the first proxy, have it connect to the next, and so on to the server."""
        self._following = self._connect(now, clock)

    def _connect(self, now: float, clock: Clock) -> Moments:
        _, delays = yield from self._connections[0].connect(now)
        clock.account(delays)
        for number, proxy in enumerate(self._proxies, 1):
            yield from self._tunnel(number, proxy, clock)

    def _tunnel(self, number: int, proxy: ConnectProxy, clock: Clock) -> Moments:
        name, port = self._server
        connections = self._connections[:number]
        asked = proxy.asks(name, port)
        yield from self._carry(connections, asked, len(asked), clock, to_server=True)
        self._asked = number
        yield from self._relay(proxy, len(asked), 0, clock)
        if not proxy.allows(port):
            reason = f"port {port} refused"
            self._refusal = Verdict(Action.ANSWER, reason)
            yield from self._refuse(number, FORBIDDEN, clock, proxy.name, reason)
        try:
            _, delays = yield from self._connections[number].connect(clock.now)
        except TransportFailure as failure:
            clock.account(failure.delays)
            answer = GATEWAY_TIMEOUT if failure.symptom == "timeout" else BAD_GATEWAY
            yield from self._refuse(number, answer, clock, failure.where, failure.reason)
        else:
            clock.account(delays)
            yield from self._relay(proxy, 0, len(ESTABLISHED), clock)
            size = len(ESTABLISHED)
            yield from self._carry(connections, ESTABLISHED, size, clock, to_server=False)

    def _refuse(
        self, number: int, answer: bytes, clock: Clock, where: str | None, reason: str | None
    ) -> Moments:
        """The proxy's answer when there is no tunnel. Raises `TransportFailure`, always."""
        yield from self._relay(self._proxies[number - 1], 0, len(answer), clock)
        connections = self._connections[:number]
        yield from self._carry(connections, answer, len(answer), clock, to_server=False)
        raise TransportFailure("refused", clock.now, DelayComponents(), where=where, reason=reason)

    def send_to_server(self, now: float, data: bytes, size: int, clock: Clock) -> None:
        """Send a flight through all tunnels; the first comes in from the server's backlog."""
        self._following = self._bring_to_server(data, size, clock)

    def _bring_to_server(self, data: bytes, size: int, clock: Clock) -> Moments:
        yield from self._carry(self._connections, data, size, clock, to_server=True)
        clock.account_propagation((yield clock.now))
        if not self._entered:
            yield from self._enter(clock, size)
            self._entered = True

    def _enter(self, clock: Clock, size: int) -> Moments:
        try:
            clock.account((yield from self._connections[-1].enter(clock.now, size)))
        except TransportFailure as failure:
            self._bring_back(failure, len(self._connections) - 1)
            raise

    def accept(self, moment: float | Waiting) -> None:
        """The server's process takes the connection up then, or when that waits no longer."""
        self._connections[-1].accept(moment)

    def send_to_client(self, now: float, data: bytes, size: int, clock: Clock) -> None:
        """Send an answer back through all tunnels."""
        self._following = self._bring_to_client(data, size, clock)

    def _bring_to_client(self, data: bytes, size: int, clock: Clock) -> Moments:
        clock.first_arrival = yield from self._carry(
            self._connections, data, size, clock, to_server=False
        )

    def follow(self) -> Moments:
        """Go on until the client may send, or the flight that was sent last is there."""
        return self._following

    def _carry(
        self,
        connections: Sequence[TcpConnection],
        data: bytes,
        size: int,
        clock: Clock,
        *,
        to_server: bool,
    ) -> Generator[Until, float, float]:
        order = range(len(connections)) if to_server else range(len(connections) - 1, -1, -1)
        first = clock.now
        for position, number in enumerate(order):
            if position:
                proxy = self._proxies[number - 1 if to_server else number]
                yield from self._relay(proxy, size, size, clock)
            try:
                delivery = yield from connections[number].carry(
                    clock.now, data, size, to_server=to_server
                )
            except TransportFailure as failure:
                self._bring_back(failure, number)
                raise
            first = delivery.first
            clock.account(delivery.delays)
        return first

    def _bring_back(self, failure: TransportFailure, number: int) -> None:
        """A proxy whose connection has failed ends the one to its client."""
        delays = failure.delays
        before = delays.total
        for connection in self._connections[:number]:
            connection.add_return(delays)
        failure.moment += delays.total - before

    def _relay(self, proxy: ConnectProxy, received: int, sent: int, clock: Clock) -> Moments:
        if received or sent:
            now = clock.account_propagation((yield clock.now))
            clock.account_middlebox(proxy.relay(now, received, sent, recorded=self._recorded))

    def complete_handshake(self, moment: float) -> None:
        """TLS's handshake with the last host is completed at that moment."""
        self._connections[-1].complete_handshake(moment)

    def close(self, moment: float) -> None:
        """Both ends have closed, or given up, at that moment."""
        for connection in self._connections:
            connection.close(moment)
        for number, proxy in enumerate(self._proxies[: self._asked], 1):
            self._tally(proxy, self._refusal if number == self._asked else PASS)
        self._asked = 0
