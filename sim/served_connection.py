"""What a server does for a connection where that is more than a turn on a processor.

It takes the connection in when it has a place for it, has a worker serve it, works on its requests
besides TLS and asks what stands behind; it may go down.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import inf
from typing import NoReturn

from sim.activity import Moments, Until
from sim.endpoints import Pending, Turn
from sim.hosts.application import RequestTimes
from sim.hosts.distant_resources import ResourcesOfWorkers
from sim.hosts.outages import SERVER_DOWN, Outage
from sim.hosts.resources import RequestKind, Resources
from sim.hosts.server import Server
from sim.network.delays import DelayComponents
from sim.network.transport import TransportFailure
from sim.processors.job import RunningJob
from sim.processors.processor import Processor
from sim.processors.run import JobLost, run
from sim.tls_exchange import TlsExchange


class ServedConnection:
    """One connection at its server: `sim.tls_exchange.BackEnd`.

    Args:
        server: the server.
        draw: the connection's, from [0, 1): which worker takes it.
        requests: how long each takes the application; `None` for no time.
        recorded: whether its work is counted.
        chosen: called with the number of the worker that has taken it.
    """

    __slots__ = (
        "_alive_at",
        "_arrived",
        "_chosen",
        "_draw",
        "_drops",
        "_place",
        "_processor",
        "_recorded",
        "_requests",
        "_server",
    )

    def __init__(
        self,
        server: Server,
        draw: float,
        requests: RequestTimes | None,
        chosen: Callable[[int], None] | None,
        *,
        recorded: bool,
    ) -> None:
        self._server = server
        self._draw = draw
        self._drops = server.description.abandoned == "dropped"
        self._requests = requests
        self._recorded = recorded
        self._chosen = chosen
        self._processor: Processor | None = None
        self._place: int | None = None
        self._alive_at = self._arrived = -inf

    def answer(
        self, exchange: TlsExchange, flight: Turn, response_size: int
    ) -> Generator[Until, float, Turn]:
        """What the server answers to a flight that is there now; the exchange's clock goes on.

        Raises `TransportFailure` where it has gone down, or the client has given up.
        """
        if exchange.is_closing:
            exchange.give_up = inf
        processor = self._processor
        if processor is None:
            self._alive_at = exchange.connected - exchange.transport.return_delay
        self._arrived = exchange.now
        self._check_alive(exchange, exchange.now)
        if processor is None:
            processor = yield from self._come_in(exchange)
        seconds = delay = 0.0
        try:
            answer, now, begin = yield from self._turn(exchange, processor, flight, response_size)
            seconds = answer.seconds
            if response_size and exchange.endpoints.server.responded:
                cpu, delay = self._request()
                seconds += cpu
            if flight.size:
                begin, done = yield from run(processor, begin, seconds)
            else:
                begin, done = yield from exchange.work(processor, now, seconds)
        except JobLost as lost:
            self._lose(exchange, lost.job, seconds)
        self.check_job(exchange, begin, done, seconds)
        self._send(exchange, begin, done)
        if delay:
            outage = self._outage_by(done + delay)
            if outage is not None:
                exchange.account_back_end(outage.begin)
                self._break_off(exchange, outage)
            exchange.account_back_end(done + delay)
            self._check_patience(exchange, done + delay)
        self._alive_at = exchange.now
        return answer

    def _request(self) -> tuple[float, float]:
        """CPU seconds of the application for the next request, and its back end's delay."""
        if self._requests is None:
            return 0.0, 0.0
        times = self._requests.next()
        if self._recorded:
            self._server.work.add_application(times[0])
        return times

    def _turn(
        self,
        exchange: TlsExchange,
        processor: Processor,
        flight: Turn,
        response_size: int,
    ) -> Generator[Until, float, tuple[Turn, float, float]]:
        """The turn of the server's end of TLS, and when its last job arrives and begins."""
        now = exchange.now
        begin = processor.begins(now) if flight.size else now
        job = processor.queue(now) if begin is None else begin
        if not exchange.received:
            exchange.transport.accept(job)
        if begin is None:
            begin = yield job
        if begin == inf:
            raise JobLost
        self.check_job(exchange, begin, begin, 0.0)
        if self._drops and _has_heard_of_the_end(exchange, begin):
            if flight.size:
                yield from run(processor, begin, 0.0)
            exchange.stop_waiting(begin, begin)
        turn = exchange.endpoints.server_answers(flight, begin, response_size)
        if isinstance(turn, Pending):
            account = _Parts(self, exchange)
            return (yield from exchange.resume(turn, processor, now, begin, account))
        return turn, now, begin

    def _send(self, exchange: TlsExchange, begin: float, done: float) -> None:
        """The answer is ready; raises `TransportFailure` where nobody waits for it."""
        if _comes_too_late(exchange, done):
            exchange.stop_waiting(begin, done)
        exchange.account_job(begin, done)

    def _check_patience(self, exchange: TlsExchange, moment: float) -> None:
        """Raise `TransportFailure` where what is sent at that moment comes too late."""
        if _comes_too_late(exchange, moment):
            exchange.stop_waiting(exchange.now, exchange.now)

    def close(self, moment: float) -> Moments:
        """The connection is over at that moment, which may lie in the future."""
        places = self._server.places
        if places is not None and self._place is not None:
            places.leave(moment, self._place)
        yield from ()

    def _come_in(self, exchange: TlsExchange) -> Generator[Until, float, Processor]:
        """The first flight is there: a place is taken, and a worker, which serves all of it."""
        server, places = self._server, self._server.places
        if places is not None:
            self._place = places.epoch
            place = places.take(exchange.now)
            if place is not None:
                exchange.transport.accept(place)
                until = yield place
                outage = self._outage_by(until)
                exchange.account_backlog(until if outage is None else outage.begin)
                if outage is not None:
                    self._break_off(exchange, outage)
                self._check_patience(exchange, until)
        loop = self._processor = server.processor.loop(exchange.now, self._draw)
        if self._chosen is not None:
            self._chosen(server.processor.number_of(loop))
        return loop

    # -- outages

    def _check_alive(self, exchange: TlsExchange, now: float) -> None:
        """A flight is there: raise `TransportFailure` where the server knows nothing of it."""
        outage = self._server.outages.between(self._alive_at, now)
        if outage is None:
            return
        if now < outage.end and not outage.resets:
            self._hear_nothing(exchange)
        self._be_reset(exchange, now)

    def check_job(self, exchange: TlsExchange, begin: float, done: float, demand: float) -> None:
        """Raise `TransportFailure` where the server has gone down before a job was done.

        Args:
            exchange: of which it is.
            begin, done: when the job begins, and is done.
            demand: seconds that it demands at full speed.
        """
        outage = self._outage_by(done)
        if outage is None:
            return
        down, undone = outage.begin, demand
        if begin < down:
            undone *= (done - down) / (done - begin)
        self._cut_off(exchange, outage, begin, undone)

    def check_wait(self, exchange: TlsExchange, kind: RequestKind, until: float) -> None:
        """The same for what the server has waited for until then."""
        outage = self._outage_by(until)
        if outage is not None:
            exchange.account_wait(kind, max(outage.begin, exchange.now))
            self._break_off(exchange, outage)

    def _lose(self, exchange: TlsExchange, job: RunningJob | None, demand: float) -> NoReturn:
        """A job was lost as the server went down; where it had not begun, so much was demanded."""
        outage = self._outage_by(inf)
        assert outage is not None
        occupied, undone = (0.0, demand) if job is None else (job.seconds, job.undone)
        self._cut_off(exchange, outage, outage.begin - occupied, undone)

    def _cut_off(
        self, exchange: TlsExchange, outage: Outage, begin: float, undone: float
    ) -> NoReturn:
        """A job that began then, or would have, was not done when the server went down.

        Seconds at full speed that it would still have taken have been counted as done.
        """
        if undone and self._recorded:
            self._server.work.cut_off(undone)
        down = max(outage.begin, exchange.now)
        exchange.account_job(min(begin, down), down)
        self._break_off(exchange, outage)

    def _outage_by(self, moment: float) -> Outage | None:
        """The first that has begun since the client's flight was there, by that moment."""
        return self._server.outages.between(self._arrived, moment)

    def _break_off(self, exchange: TlsExchange, outage: Outage) -> NoReturn:
        """The server goes down before it answers, and what passed until then is booked."""
        if outage.begin > exchange.give_up and not exchange.is_closing:
            # Its client has gone before, and knows of no outage.
            exchange.stop_waiting(exchange.now, exchange.now)
        if outage.resets:
            self._be_reset(exchange, max(outage.begin, exchange.now))
        self._hear_nothing(exchange)

    def _be_reset(self, exchange: TlsExchange, moment: float) -> NoReturn:
        """A RST is sent at that moment, or would have been waited for in vain."""
        delays = DelayComponents()
        exchange.transport.add_return(delays)
        back = moment + delays.total
        if back > exchange.give_up:
            self._hear_nothing(exchange)
        raise TransportFailure("reset", back, delays, where=self._server.name, reason=SERVER_DOWN)

    def _hear_nothing(self, exchange: TlsExchange) -> NoReturn:
        """The client waits as long as it can; at the end its TCP repeats what it said as long."""
        until = max(exchange.give_up, exchange.now)
        if exchange.is_closing:
            until = exchange.now + exchange.patience
        delays = DelayComponents()
        delays.retransmission = until - exchange.now
        raise TransportFailure(
            "timeout", until, delays, where=self._server.name, reason=SERVER_DOWN
        )


class _Parts:
    """`ServerAccount` of a turn that is cut in parts, each of which an outage may cut off."""

    def __init__(self, served: ServedConnection, exchange: TlsExchange) -> None:
        self._served = served
        self._exchange = exchange

    def account_part(self, begin: float, done: float, demand: float) -> None:
        """The client waits for it; raises `TransportFailure` where it is not done."""
        self._served.check_job(self._exchange, begin, done, demand)
        self._exchange.account_job(begin, done)

    def account_wait(self, kind: RequestKind, until: float) -> None:
        """The client waits for it; raises `TransportFailure` where the server does not."""
        self._served.check_wait(self._exchange, kind, until)
        self._exchange.account_wait(kind, until)


def served_connection(
    server: Server, number: int, *, recorded: bool
) -> tuple[ServedConnection | None, Resources]:
    """What a server does for the connection of that number besides its turns, if anything.

    And what the connection's end of TLS asks.
    """
    if server.only_takes_turns:
        return None, server.resources
    description, resources, chosen, draw = server.description, server.resources, None, 0.0
    if server.has_loops:
        draw = server.draw_of(number)
        if isinstance(resources, ResourcesOfWorkers):
            resources = resources.undecided()
            chosen = resources.choose
    requests = None
    if description.application is not None:
        requests = description.application.requests(server.entropy_of(number))
    return ServedConnection(server, draw, requests, chosen, recorded=recorded), resources


def _comes_too_late(exchange: TlsExchange, moment: float) -> bool:
    """Whether its client has given up before what is sent at that moment is there."""
    return not exchange.is_closing and moment + exchange.transport.return_delay > exchange.give_up


def _has_heard_of_the_end(exchange: TlsExchange, moment: float) -> bool:
    """Whether the server knows at that moment that its client has given up."""
    return not exchange.is_closing and moment > exchange.give_up + exchange.transport.return_delay
