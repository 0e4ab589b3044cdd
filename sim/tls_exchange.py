"""A TLS exchange: a client's endpoint and a server's, turn by turn over a chain of connections.

Every second of it is booked on its clock at the place where it passes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from math import inf, nan
from typing import Protocol

import tls
from sim.activity import Moments, Until
from sim.endpoints import Endpoints, Pending, State, Turn
from sim.exchange_clock import ExchangeClock
from sim.hosts.resources import RequestKind
from sim.network.delays import DelayComponents
from sim.network.transport import Transport, TransportFailure
from sim.processors.processor import Processor
from sim.processors.run import JobLost, run
from sim.workload.http import Request

OVERLOADED = "overloaded"
"""Why a connection fails whose client waits longer for a balancer than for any server."""

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


class ServerAccount(Protocol):
    """Where the time of a server's turn goes."""

    def account_part(self, begin: float, done: float, demand: float) -> None:
        """A job of its has begun and ends then; it demands so many seconds at full speed."""

    def account_wait(self, kind: RequestKind, until: float) -> None:
        """It waits until then for what it has asked for."""


def outcome_of(state: State, stopped: object | None) -> str:
    """How an exchange ended, in a word; `stopped` is how the network has ended it, if so."""
    if state.failure is not None or stopped is not None:
        return "failed"
    if state.version is None:
        return "plain"
    if not state.resumed:
        return "full"
    if state.version == tls.TLS_1_3:
        return "0-rtt" if state.early_data else "resumed-by-psk"
    return "resumed-by-ticket" if state.offers_ticket else "resumed-by-id"


def reason_of(state: State, stopped: TransportFailure | None) -> str | None:
    """Why an exchange has failed: what stopped it, else what one of its ends found wrong."""
    if stopped is not None:
        return stopped.reason
    return None if state.failure is None else state.fault


class FatalAlert(Exception):
    """A fatal alert, sent or received by the client, has ended the exchange."""


class TlsExchange(ExchangeClock):
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
        back_end: what answers, where that takes more than a processor.
        client_processor: the client's if it has more to do than this; its time counts as a
            middlebox's.
        patience: seconds that the client waits, from its first flight's arrival at the server, for
            the first response, and for each later one from its request's.
        over: called with the moment at which it is over, if somebody wants to know.

    Attributes:
        is_closing: whether the client waits for nothing but the server's FIN.
        patience: as above.
        request_size: bytes of the request that the client makes now, for who passes it on.
        stopped: why the network has ended it, if it has.
        connected: when TCP was; `handshake_time`: seconds from there until the client might send
            its request. Else NaN.
        round_trips: whole ones until the client might send its request.
    """

    __slots__ = (
        "_back_end",
        "_client_processor",
        "_held",
        "_over",
        "_processor",
        "connected",
        "endpoints",
        "handshake_time",
        "is_closing",
        "patience",
        "received",
        "received_records",
        "request_size",
        "round_trips",
        "sent",
        "sent_records",
        "stopped",
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
        over: Callable[[float], None] | None = None,
    ) -> None:
        self.transport = transport
        self.endpoints = endpoints
        self._processor = processor
        super().__init__(now)
        self._back_end = back_end
        self._client_processor = client_processor
        self.patience = patience
        self._over = over
        self._held: tuple[float, float, str] | None = None
        self.is_closing = False
        self.request_size = 0
        self.stopped: TransportFailure | None = None
        self.connected = self.handshake_time = nan
        self.round_trips = 0
        self.sent = self.received = self.sent_records = self.received_records = 0

    # -- steps

    def hold(self, until: float, connect_timeout: float, where: str) -> None:
        """Its first packet waits until then at a balancer, unless its client gives up before.

        Args:
            until: when it is passed on (seconds since the scenario's start).
            connect_timeout: how long its client tries to connect (seconds).
            where: the balancer's name.
        """
        self._held = until, self.now + connect_timeout, where

    def _wait_for_balancer(self, until: float, give_up: float, where: str) -> Moments:
        if until > give_up:
            delays = DelayComponents()
            delays.middlebox = give_up - self.now
            raise TransportFailure("timeout", give_up, delays, where=where, reason=OVERLOADED)
        self.account_middlebox((yield until))
        if self.now > self.deadline:
            raise self.gives_up()

    def connect(self) -> Moments:
        """TCP's handshake: the kernels answer, no process of either side has work."""
        if self.deadline != inf:
            self.set_mark()
        if self._held is not None:
            yield from self._wait_for_balancer(*self._held)
        opened = self.transport.open(self.now, self)
        if opened is None:
            yield from self.transport.follow()
        else:
            self.account_propagation(opened)
        if self.now > self.deadline:
            raise self.gives_up()
        self.connected = self.now

    def handshake(self, early: Request | None = None) -> Generator[Said, None, bool]:
        """What the client says in TLS's handshake, until it may send its request.

        Args:
            early: the request that it sends as early data, if it may.

        Returns whether that was taken, and answered.
        """
        endpoints, taken = self.endpoints, None
        if early is not None and 0 < early.size <= endpoints.state.early_data_left:
            trips = self.transport.trips
            yield endpoints.client_sends(early.size), early.response_size
            taken = endpoints.state.early_data
            if taken:
                self.handshake_time = 0.0
                self.round_trips = trips // 2
        while not endpoints.state.completed:
            yield endpoints.client_sends(), 0
        self.transport.complete_handshake(self.now)
        if not taken:
            self.handshake_time = self.now - self.connected
            self._count_round_trips()
        return bool(taken)

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
        self.is_closing = closing
        watched = self.deadline != inf and not closing
        for flight, response_size in said:
            if watched:
                self.set_mark()
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
                self.give_up = now + self.patience
            if watched:
                self.give_up = min(self.give_up, self.deadline)
            if watched and now > self.deadline:
                # It is on its way to the server when the user goes.
                gone = self.gives_up()
                if back_end is not None:
                    raise gone
            if back_end is None:
                begin = processor.begins(now) if size else now
                job = processor.queue(now) if begin is None else begin
                if not self.received:
                    transport.accept(job)
                if begin is None:
                    begin = yield job
                answer = endpoints.server_answers(flight, begin, response_size)
                if type(answer) is Pending:
                    answer, now, begin = yield from self.resume(answer, processor, now, begin, self)
                if size:
                    end = processor.run(begin, answer.seconds)
                    if isinstance(end, float):
                        done = end
                    else:
                        done = yield end
                        begin = done - end.seconds
                else:
                    begin, done = yield from self.work(processor, now, answer.seconds)
                if done + return_delay > self.give_up and not closing:
                    self.stop_waiting(begin, done)
                self.time_cpu_queue += begin - now
                self.time_server_cpu += done - begin
                self.now = done
            else:
                answer = yield from back_end.answer(self, flight, response_size)
                done = self.now
                if watched and done > self.deadline:
                    raise self.gives_up()
            if watched:
                self.set_mark()
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
            if watched and arrival > self.deadline:
                raise self.gives_up()
            seconds = endpoints.client_receives(answer, arrival)
            if client_processor is None:
                self.now = received = arrival + seconds
                self.time_client_cpu += received - arrival
            else:
                yield from self._serve_client(seconds)
            if watched and self.now > self.deadline:
                raise self.gives_up()
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
        if self.now > self.deadline:
            self.stopped = gone = self.gives_up()
            if failure.symptom == "timeout":
                # It is what he has waited for in vain.
                gone.where, gone.reason = failure.where, failure.reason
            return
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
        """All is over at that moment, for the back end as well.

        What was on its way when the user went still goes that way.
        """
        moment = max(moment, self.on_its_way_until)
        self.transport.close(moment)
        if self._over is not None:
            self._over(moment)
        if self._back_end is not None:
            yield from self._back_end.close(moment)

    def resume(
        self,
        turn: Turn | Pending,
        processor: Processor,
        arrival: float,
        begin: float,
        account: ServerAccount,
    ) -> Generator[Until, float, tuple[Turn, float, float]]:
        """Go on with a server's turn that waits, until the last of its jobs begins.

        Args:
            turn: how far it has come.
            processor: the one that does the jobs.
            arrival, begin: when the present job has arrived, and begins.
            account: told of each job, and of each wait.

        Returns the turn, and when its last job arrives and begins. Raises `JobLost`.
        """
        while isinstance(turn, Pending):
            keeps_core = turn.request.kind in turn.resources.blocking
            serve = processor.hold if keeps_core else processor.run
            end = serve(begin, turn.seconds)
            if isinstance(end, float):
                asked = yield end
            else:
                running = end
                asked = end = yield running
                if asked == inf:
                    raise JobLost(running)
                begin = asked - running.seconds
            account.account_part(begin, end, turn.seconds)
            reply, arrival = yield from turn.resources.wait(turn.request, asked)
            account.account_wait(turn.request.kind, arrival)
            if keeps_core:
                processor.let_go(arrival)
                begin = arrival
            else:
                known = processor.begins(arrival)
                begin = (yield processor.queue(arrival)) if known is None else known
                if begin == inf:
                    raise JobLost
            turn = self.endpoints.server_continues(reply, begin)
        return turn, arrival, begin

    def work(
        self, processor: Processor, now: float, seconds: float
    ) -> Generator[Until, float, tuple[float, float]]:
        """When a processor begins and ends a job that comes now, and takes so many seconds.

        Raises `JobLost`.
        """
        if not seconds:
            return now, now
        known = processor.begins(now)
        begin = (yield processor.queue(now)) if known is None else known
        if begin == inf:
            raise JobLost
        return (yield from run(processor, begin, seconds))

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
