"""A TLS exchange: a client's endpoint and a server's, turn by turn over a chain of connections.

Every second of it is booked under exactly one heading at the place where it passes, as the
difference of two readings of its clock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from math import inf, nan
from typing import NoReturn, Protocol

from sim.activity import Moments, Until
from sim.endpoints import Endpoints, Pending, State, Turn
from sim.hosts.processor import Processor
from sim.network.delays import DelayComponents
from sim.network.transport import Transport, TransportFailure

Said = tuple[Turn, int]
"""A client's flight, and the size of the response that it asks for (bytes; 0 for none)."""


class BackEnd(Protocol):
    """What answers behind a server's endpoint, where an answer takes more than a processor."""

    def answer(
        self, exchange: TlsExchange, flight: Turn, response_size: int
    ) -> Generator[Until, float, Turn]:
        """What is answered to a flight that is there now; the exchange's clock goes on."""

    def close(self, moment: float) -> Moments:
        """The exchange is over at that moment."""


def outcome_of(state: State, stopped: object | None) -> str:
    """How an exchange ended, in a word; `stopped` is how the network has ended it, if so."""
    if state.failure is not None or stopped is not None:
        return "failed"
    if state.version is None:
        return "plain"
    return "resumed-by-id" if state.resumed else "full"


class FatalAlert(Exception):
    """A fatal alert, sent or received by the client, has ended the exchange."""


class TlsExchange:
    """Two endpoints, what is between them, and a clock.

    Where the network's part is known in advance it waits once for each flight that reaches the
    server: all delays between two visits there (the server's departure, the way back, the client's
    work, the way there) are known when the server answers, and are booked at once.

    All its steps raise `sim.network.transport.TransportFailure` when the network ends it, or
    `FatalAlert`.

    Args:
        transport: what lies between the two endpoints.
        endpoints: both of them.
        processor: the server's.
        now: when it begins.
        back_end: what answers instead; else the server's endpoint does.
        client_processor: the client's if it has more to do than this; its time counts as a
            middlebox's.
        patience: seconds that the client waits, from its first flight's arrival at the server, for
            the first response, and for each later one from its request's.

    Attributes:
        now: the moment that it has come to.
        give_up: when the client gives up that waits now; infinite where it does not wait.
        cpu_in_vain: CPU seconds of the server when the client had given up.
        stopped: why the network has ended it, if it has.
        connected: when TCP was; `handshake_time`: seconds from there until the client might send
            its request; `first_arrival`: when the first byte of the last answer was at the client.
            Else NaN.
        round_trips: whole ones until the client might send its request.
    """

    __slots__ = (
        "_back_end",
        "_client_processor",
        "_patience",
        "_processor",
        "connected",
        "cpu_in_vain",
        "endpoints",
        "first_arrival",
        "give_up",
        "handshake_time",
        "now",
        "received",
        "received_records",
        "round_trips",
        "sent",
        "sent_records",
        "stopped",
        "time_client_cpu",
        "time_cpu_queue",
        "time_link_queue",
        "time_middlebox",
        "time_propagation",
        "time_retransmission",
        "time_server_cpu",
        "time_think",
        "time_transmission",
        "transport",
    )

    def __init__(
        self,
        transport: Transport,
        endpoints: Endpoints,
        processor: Processor,
        now: float,
        back_end: BackEnd | None = None,
        client_processor: Processor | None = None,
        *,
        patience: float,
    ) -> None:
        self.transport = transport
        self.endpoints = endpoints
        self._processor = processor
        self.now = now
        self._back_end = back_end
        self._client_processor = client_processor
        self._patience = patience
        self.give_up = inf
        self.stopped: TransportFailure | None = None
        self.connected = self.handshake_time = self.first_arrival = nan
        self.round_trips = 0
        self.time_propagation = self.time_transmission = self.time_link_queue = 0.0
        self.time_retransmission = self.time_middlebox = self.time_cpu_queue = 0.0
        self.time_server_cpu = self.time_client_cpu = self.time_think = 0.0
        self.cpu_in_vain = 0.0
        self.sent = self.received = self.sent_records = self.received_records = 0

    # -- steps

    def connect(self) -> Moments:
        """TCP's handshake: the kernels answer, no process of either side has work."""
        opened = self.transport.open(self.now, self)
        if opened is None:
            yield from self.transport.follow()
        else:
            self.account_propagation(opened)
        self.connected = self.now

    def handshake(self) -> Iterator[Said]:
        """What the client says in TLS's handshake, until it may send its request."""
        endpoints = self.endpoints
        while not endpoints.state.completed:
            yield endpoints.client_sends(), 0
        self.handshake_time = self.now - self.connected
        self._count_round_trips()

    def converse(self, said: Iterable[Said], *, closing: bool = False) -> Moments:
        """The client's flights and the server's answers, in turn.

        Args:
            said: what the client says, a flight when it has read the answer to the one before.
            closing: whether the client waits for the server's FIN where nothing is answered.
        """
        endpoints, transport = self.endpoints, self.transport
        processor, back_end = self._processor, self._back_end
        client_processor, in_turn = self._client_processor, transport.in_turn
        return_delay = transport.return_delay
        for flight, response_size in said:
            if client_processor is None:
                now = self.now
                self.now = sent = now + flight.seconds
                self.time_client_cpu += sent - now
            else:
                yield from self._serve_client(flight.seconds)
                sent = self.now
            size = flight.size
            self.sent += size
            self.sent_records += flight.records
            if in_turn and size:
                sent = max((yield sent), sent)
            arrival = transport.send_to_server(sent, flight.data, size, self)
            if arrival is None:
                yield from transport.follow()
                now = self.now
            else:
                now = yield arrival
                self.time_propagation += now - self.now
                self.now = now

            if self.give_up == inf and not closing:
                self.give_up = now + self._patience
            if back_end is None:
                begin = processor.begins(now) if size else now
                job = processor.queue(now) if begin is None else begin
                if not self.received:
                    transport.accept(job)
                if begin is None:
                    begin = yield job
                answer = endpoints.server_answers(flight, begin, response_size)
                if type(answer) is Pending:
                    book = self._account_server
                    answer, now, begin = yield from self.resume(answer, processor, now, begin, book)
                if size:
                    done = processor.run(begin, answer.seconds)
                else:
                    begin, done = yield from self.work(processor, now, answer.seconds)
                if done + return_delay > self.give_up and not closing:
                    self._stop_waiting(begin, done)
                self.time_cpu_queue += begin - now
                self.time_server_cpu += done - begin
                self.now = done
            else:
                answer = yield from back_end.answer(self, flight, response_size)
                done = self.now
            size = answer.size
            if not (size or closing):
                self.first_arrival = done
                continue
            if in_turn and size:
                done = max((yield done), done)
            arrival = transport.send_to_client(done, answer.data, size, self)
            if arrival is None:
                yield from transport.follow()
                arrival = self.now
            else:
                self.time_propagation += arrival - self.now
                self.now = arrival
            self.received += size
            self.received_records += answer.records
            seconds = endpoints.client_receives(answer, arrival)
            if client_processor is None:
                self.now = received = arrival + seconds
                self.time_client_cpu += received - arrival
            else:
                yield from self._serve_client(seconds)
            if endpoints.state.failure is not None:
                self._count_round_trips()
                raise FatalAlert
            if response_size:
                self.give_up = inf

    def break_off(self, failure: TransportFailure) -> Moments:
        """The network has ended it: the client gives up, or reads what it got in the end."""
        self.stopped = failure
        self.account(failure.delays)
        self._count_round_trips()
        if failure.data:
            self.received += len(failure.data)
            seconds = self.endpoints.client_receives_from_box(failure.data, self.now)
            yield from self._serve_client(seconds)

    def say_last(self) -> Generator[Until, float, float | None]:
        """The client's last flight, an alert or close_notify, whose fate it does not wait for.

        Returns when that is known; `None` where nothing is to be said: the network has ended the
        exchange, or the server has failed it.
        """
        endpoints = self.endpoints
        failed = endpoints.state.failure is not None
        if self.stopped is not None or (failed and endpoints.server.failed):
            return None
        flight = endpoints.client_sends() if failed else endpoints.client_closes()
        try:
            yield from self.converse([(flight, 0)], closing=not failed)
        except FatalAlert:
            pass
        except TransportFailure as failure:
            return max(self.now, failure.moment)
        return self.now

    def close(self, moment: float) -> Moments:
        """All is over at that moment, for the back end as well."""
        self.transport.close(moment)
        if self._back_end is not None:
            yield from self._back_end.close(moment)

    def think(self, pause: float) -> None:
        """Nothing is sent for so long (seconds): the user reads."""
        thought = self.now + pause
        self.time_think += thought - self.now
        self.now = thought

    @property
    def server_cpu(self) -> float:
        """CPU seconds of the server, those in vain included."""
        return self.time_server_cpu + self.cpu_in_vain

    def resume(
        self,
        turn: Turn | Pending,
        processor: Processor,
        arrival: float,
        begin: float,
        book: Callable[[float, float], None],
    ) -> Generator[Until, float, tuple[Turn, float, float]]:
        """Go on with a server's turn that waits, until the last of its jobs begins.

        Args:
            turn: how far it has come.
            processor: the one that does the jobs.
            arrival, begin: when the present job has arrived, and begins.
            book: called with the begin and the end of each job, and with the moment at which what
                was waited for is there as both.

        Returns the turn, and when its last job arrives and begins.
        """
        while isinstance(turn, Pending):
            done = processor.run(begin, turn.seconds)
            book(begin, done)
            asked = yield done
            reply, arrival = yield from turn.resources.wait(turn.request, asked)
            book(arrival, arrival)
            known = processor.begins(arrival)
            begin = (yield processor.queue(arrival)) if known is None else known
            turn = self.endpoints.server_continues(reply, begin)
        return turn, arrival, begin

    def work(
        self, processor: Processor, now: float, seconds: float
    ) -> Generator[Until, float, tuple[float, float]]:
        """When a processor begins and ends a job that comes now, and takes so many seconds."""
        if not seconds:
            return now, now
        known = processor.begins(now)
        begin = (yield processor.queue(now)) if known is None else known
        return begin, processor.run(begin, seconds)

    def _account_server(self, begin: float, done: float) -> None:
        """The client waits for a job of the server, as long as its patience lasts.

        What it does not wait for is done in vain.
        """
        until = max(self.give_up, self.now)
        began, ended = min(begin, until), min(done, until)
        self.time_cpu_queue += began - self.now
        self.time_server_cpu += ended - began
        self.cpu_in_vain += done - begin - (ended - began)
        self.now = ended

    def _stop_waiting(self, begin: float, done: float) -> NoReturn:
        """The client gives up; the server begins and ends its answer all the same, for nobody."""
        until = max(self.give_up, self.now)
        self._account_server(begin, done)
        self.time_propagation += until - self.now
        self.now = until
        raise TransportFailure("timeout", until, DelayComponents())

    def _serve_client(self, seconds: float) -> Moments:
        """The client's work, on a processor of its own or one that it shares."""
        if self._client_processor is None:
            received = self.now + seconds
            self.time_client_cpu += received - self.now
            self.now = received
        elif seconds:
            now = self.account_propagation((yield self.now))
            _, done = yield from self.work(self._client_processor, now, seconds)
            self.account_middlebox(done)

    def _count_round_trips(self) -> None:
        """The client may send its request, or never will."""
        if not self.round_trips:
            self.round_trips = self.transport.trips // 2

    # -- the clock

    def account(self, delays: DelayComponents) -> None:
        """Go on by delays in the network."""
        now = self.now
        then = now + delays.propagation
        self.time_propagation += then - now
        now = then + delays.transmission
        self.time_transmission += now - then
        then = now + delays.queueing
        self.time_link_queue += then - now
        now = then + delays.retransmission
        self.time_retransmission += now - then
        then = now + delays.middlebox
        self.time_middlebox += then - now
        self.now = then

    def account_middlebox(self, until: float) -> None:
        """Go on until a box has done its work."""
        self.time_middlebox += until - self.now
        self.now = until

    def account_propagation(self, until: float) -> float:
        """Go on to what was on its way until that moment, and return it."""
        self.time_propagation += until - self.now
        self.now = until
        return until

    def include(self, other: TlsExchange) -> None:
        """Go on by what has passed in another exchange, which was at `now` when it began."""
        self.now = other.now
        self.time_propagation += other.time_propagation
        self.time_transmission += other.time_transmission
        self.time_link_queue += other.time_link_queue
        self.time_retransmission += other.time_retransmission
        self.time_middlebox += other.time_middlebox
        self.time_cpu_queue += other.time_cpu_queue
        self.time_server_cpu += other.time_server_cpu
        self.cpu_in_vain += other.cpu_in_vain
        other.time_propagation = other.time_transmission = other.time_link_queue = 0.0
        other.time_retransmission = other.time_middlebox = other.time_cpu_queue = 0.0
        other.time_server_cpu = other.cpu_in_vain = 0.0
