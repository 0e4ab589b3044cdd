"""What carries an exchange's bytes between its two ends: one interface, whatever lies between."""

from __future__ import annotations

from typing import Protocol

from sim.activity import Moments, Waiting
from sim.network.delays import DelayComponents


class TransportFailure(Exception):
    """A connection has come to an end before its time.

    Attributes:
        symptom: what the client notices: "reset", "timeout", "refused" or "answered".
        moment: when it does.
        where: the box or host that stopped it; `None` where the network lost too much.
        reason: why, in that box's words.
        delays: where the time until then went.
        data: the spoofed answer that the client gets.
    """

    def __init__(
        self,
        symptom: str,
        moment: float,
        delays: DelayComponents,
        *,
        where: str | None = None,
        reason: str | None = None,
        data: bytes = b"",
    ) -> None:
        super().__init__(symptom)
        self.symptom = symptom
        self.moment = moment
        self.delays = delays
        self.where = where
        self.reason = reason
        self.data = data


class Clock(Protocol):
    """What moment an exchange is at, and where its time goes.

    Attributes:
        first_arrival: when the first byte of the last answer was at the client.
    """

    first_arrival: float

    @property
    def now(self) -> float:
        """The moment that it has come to."""

    def account(self, delays: DelayComponents) -> None:
        """Go on by these, booked under their headings."""

    def account_middlebox(self, until: float) -> None:
        """Go on until a box has done its work."""

    def account_propagation(self, until: float) -> float:
        """Go on to what was on its way until that moment, and return it."""


class Transport(Protocol):
    """The TCP connections between the two ends of a TLS exchange.

    It is opened, or a flight is sent, at one moment. Where the network's part in that is known
    then, the answer is when it is done, for which the exchange waits as it likes; else it has to be
    followed, in steps that wait themselves. All that passes besides propagation, or in these steps,
    is booked on the exchange's clock; `TransportFailure` is raised when the network ends the
    connection.
    """

    in_turn: bool
    """Whether flights wait for those of others: they have to be sent in the order of time."""

    @property
    def return_delay(self) -> float:
        """Seconds from the server to the client when nothing else is on the way."""

    @property
    def trips(self) -> int:
        """How often the client has waited for the way through the network, windows included."""

    def open(self, now: float, clock: Clock) -> float | None:
        """Connect now: when the client may send; `None` if that has to be followed."""

    def send_to_server(self, now: float, data: bytes, size: int, clock: Clock) -> float | None:
        """Send a flight now: when all of it is at the server; `None` if it has to be followed."""

    def accept(self, moment: float | Waiting) -> None:
        """The server's process takes the connection up then, or when that waits no longer."""

    def send_to_client(self, now: float, data: bytes, size: int, clock: Clock) -> float | None:
        """Send an answer now: when all of it is at the client; `None` if it has to be followed.

        Tells the clock when its first byte is there.
        """

    def follow(self) -> Moments:
        """Go on until the client may send, or the flight that was sent last is there."""

    def add_return(self, delays: DelayComponents) -> None:
        """Go on by the way from the server to the client when nothing else is on it."""

    def complete_handshake(self, moment: float) -> None:
        """TLS's handshake is completed at that moment, which may lie in the future."""

    def close(self, moment: float) -> None:
        """Both ends have closed, or given up, at that moment, which may lie in the future."""
