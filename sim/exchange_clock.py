"""The clock of a TLS exchange: what moment it is at, and where its time has gone.

Every second is booked under exactly one heading, as the difference of two readings.
"""

from __future__ import annotations

from math import inf, nan
from typing import NoReturn

from sim.hosts.resources import RequestKind
from sim.network.delays import DelayComponents
from sim.network.transport import TransportFailure

_HEADINGS = (
    "time_think",
    "time_client_cpu",
    "time_middlebox",
    "time_propagation",
    "time_transmission",
    "time_link_queue",
    "time_retransmission",
    "time_backlog",
    "time_cpu_queue",
    "time_server_cpu",
    "time_session_store",
    "time_signer",
    "time_back_end",
)


class ExchangeClock:
    """What moment an exchange is at, how long its client waits, and where its time has gone.

    Args:
        now: when it begins.

    Attributes:
        now: the moment that it has come to.
        give_up: when the client gives up that waits now; infinite where it does not wait.
        deadline: when the client's user stops waiting, whatever the client does.
        first_arrival: when the first byte of the last answer was at the client; else NaN.
        on_its_way_until: what was on its way when the user went is so until then.
        cpu_in_vain: CPU seconds of the server when the client had given up.
        time_think and so on: seconds by heading, as in the table `connections`.
    """

    __slots__ = (
        "_mark",
        "cpu_in_vain",
        "deadline",
        "first_arrival",
        "give_up",
        "now",
        "on_its_way_until",
        "time_back_end",
        "time_backlog",
        "time_client_cpu",
        "time_cpu_queue",
        "time_link_queue",
        "time_middlebox",
        "time_propagation",
        "time_retransmission",
        "time_server_cpu",
        "time_session_store",
        "time_signer",
        "time_think",
        "time_transmission",
    )

    def __init__(self, now: float) -> None:
        self.now = self.on_its_way_until = now
        self.give_up = self.deadline = inf
        self.first_arrival = nan
        self._mark: tuple[float, ...] = ()
        self.time_propagation = self.time_transmission = self.time_link_queue = 0.0
        self.time_retransmission = self.time_middlebox = self.time_cpu_queue = 0.0
        self.time_server_cpu = self.time_client_cpu = self.time_think = 0.0
        self.time_backlog = self.time_session_store = self.time_signer = self.time_back_end = 0.0
        self.cpu_in_vain = 0.0

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

    def include(self, other: ExchangeClock) -> None:
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
        self.time_backlog += other.time_backlog
        self.time_session_store += other.time_session_store
        self.time_signer += other.time_signer
        self.time_back_end += other.time_back_end
        other.time_backlog = other.time_session_store = 0.0
        other.time_signer = other.time_back_end = 0.0
        other.time_propagation = other.time_transmission = other.time_link_queue = 0.0
        other.time_retransmission = other.time_middlebox = other.time_cpu_queue = 0.0
        other.time_server_cpu = other.cpu_in_vain = 0.0

    def think(self, pause: float) -> None:
        """Nothing is sent for so long (seconds): the user reads."""
        thought = self.now + pause
        self.time_think += thought - self.now
        self.now = thought

    @property
    def server_cpu(self) -> float:
        """CPU seconds of the server, those in vain included."""
        return self.time_server_cpu + self.cpu_in_vain

    def account_backlog(self, until: float) -> None:
        """The client waits until then for a place at the server, as long as patience lasts."""
        until = self._as_long_as_it_waits(until)
        self.time_backlog += until - self.now
        self.now = until

    def account_back_end(self, until: float) -> None:
        """The client waits until then for what stands behind the server."""
        until = self._as_long_as_it_waits(until)
        self.time_back_end += until - self.now
        self.now = until

    def _as_long_as_it_waits(self, until: float) -> float:
        return min(until, max(self.give_up, self.now))

    def account_wait(self, kind: RequestKind, until: float) -> None:
        """The client waits until the server has what it asked for, as long as patience lasts."""
        until = self._as_long_as_it_waits(until)
        if kind is RequestKind.USE_PRIVATE_KEY:
            self.time_signer += until - self.now
        else:
            self.time_session_store += until - self.now
        self.now = until

    def account_job(self, begin: float, done: float) -> None:
        """The client waits for a job of the server, as long as its patience lasts.

        What it does not wait for is done in vain.
        """
        until = max(self.give_up, self.now)
        began, ended = min(begin, until), min(done, until)
        self.time_cpu_queue += began - self.now
        self.time_server_cpu += ended - began
        self.cpu_in_vain += done - begin - (ended - began)
        self.now = ended

    def account_part(self, begin: float, done: float, demand: float) -> None:
        """As `account_job`, whatever it demands at full speed."""
        self.account_job(begin, done)

    def stop_waiting(self, begin: float, done: float) -> NoReturn:
        """The client gives up; the server begins and ends its answer all the same, for nobody."""
        until = max(self.give_up, self.now)
        self.account_job(begin, done)
        self.time_propagation += until - self.now
        self.now = until
        raise self.waited_in_vain()

    def waited_in_vain(self) -> TransportFailure:
        """The client waits no longer, now: the connection has timed out, or its user has gone."""
        symptom = "gave up" if self.now >= self.deadline else "timeout"
        return TransportFailure(symptom, self.now, DelayComponents())

    def set_mark(self) -> None:
        """From here on it is still to be seen whether the user waits."""
        self._mark = (self.now, *[getattr(self, heading) for heading in _HEADINGS])

    def gives_up(self) -> TransportFailure:
        """The user went at the deadline: what was booked of the time behind that is taken back.

        Headings since the mark are cut in their order; what the server did behind the deadline is
        done in vain.
        """
        begin, *before = self._mark
        deadline, now = max(self.deadline, begin), begin
        self.on_its_way_until = max(self.on_its_way_until, self.now)
        for heading, at_mark in zip(_HEADINGS, before, strict=True):
            passed = getattr(self, heading) - at_mark
            then = min(now + passed, deadline)
            kept = then - now
            setattr(self, heading, at_mark + kept)
            if heading == "time_server_cpu":
                self.cpu_in_vain += passed - kept
            now = then
        self.now = deadline
        return TransportFailure("gave up", deadline, DelayComponents())
