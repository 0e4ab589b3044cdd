"""The two endpoints of a connection as everything else sees them, whatever runs inside.

Client and server speak in turns. An exchange is the client's flight, the server's answer to it when
it has arrived, and the client's taking of that answer. Nothing else in the simulator knows whether
engines, recorded traces or no TLS at all stand behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, final

from sim.hosts.client import ClientGroup
from sim.hosts.ready_session import ReadySession
from sim.hosts.resources import Request, Resources

Operations = Sequence[tuple[str, int, int, int]]
"""Operations as (name, bits, count, bytes): `tls.Operation` or equal tuples."""

ACCEPT = ("accept", 0, 1, 0)
"""What a server does with a new connection, TLS apart."""
REQUEST = ("request", 0, 1, 0)
"""What a server does for a request, TLS apart."""


class Turn(Protocol):
    """What one end does at its turn: it works, then it sends a flight; not to be changed.

    Attributes:
        size: the flight's bytes on the wire; 0 when nothing is sent.
        records: records that they are made of.
        seconds: CPU time of the work, on the end's own machine.
        data: the bytes themselves; empty where only their size is known, or nobody reads them.
    """

    size: int
    records: int
    seconds: float
    data: bytes


@final
class Pending(NamedTuple):
    """What a server does at its turn until it has to wait: it works, then it asks.

    Attributes:
        request: what it asks for.
        seconds: CPU time of the work before, on its own machine.
        resources: what is asked, with `Resources.wait`.
    """

    request: Request
    seconds: float
    resources: Resources


class State(Protocol):
    """How far a connection's handshake has come, and what was agreed on.

    Attributes:
        completed: whether the client may send its request.
        failure: the alert's code that ended the connection for the client, sent or received.
        fault: the reason of the end that found it (`tls.Reason`), where that is one of the two.
        version: the wire version agreed on; else `None`.
        suite: the suite agreed on; else `None`.
        resumed: whether the handshake resumed the session that was offered.
        offers_ticket: whether that is offered by a ticket.
        renewed: whether the handshake resumed it and gave it a new ticket.
        retried: whether the server has asked for another hello (HelloRetryRequest).
        group: the group of the key exchange, before TLS 1.3 the curve; `None` without one.
        early_data: whether the server has taken the early data that was sent; `None` for none.
        lifetime_hint: seconds that the server says its ticket is good for; 0 where it says nothing.
    """

    completed: bool
    failure: int | None
    fault: str | None
    version: int | None
    suite: int | None
    resumed: bool
    offers_ticket: bool
    renewed: bool
    retried: bool
    group: int | None
    early_data: bool | None
    lifetime_hint: int

    @property
    def early_data_left(self) -> int:
        """Bytes of early data that the client may send now."""


class ServerState(NamedTuple):
    """What the server knows, though its last answer may never have reached the client.

    Attributes:
        failed: whether an alert has ended the connection for it.
        session_found: whether the session that was offered by its ID was in its cache; `None` when
            none was offered or looked for.
        ticket_accepted: whether the ticket that was offered was good; `None` when none was offered
            or opened.
        responded: whether its last flight was the response to a request.
    """

    failed: bool = False
    session_found: bool | None = None
    ticket_accepted: bool | None = None
    responded: bool = False


class Endpoints(Protocol):
    """Both endpoints of one connection: the client's and the server's."""

    @property
    def state(self) -> State:
        """How far both have come, as the client knows it."""

    @property
    def server(self) -> ServerState:
        """How far the server has come, which the client may not know."""

    @property
    def session(self) -> Any:
        """What the client may offer for resumption next time; else `None`.

        Sessions of TLS 1.3, each of which it offers once, are `sim.hosts.client.Tickets`.
        """

    def client_sends(self, size: int = 0) -> Turn:
        """The client's flight: what its handshake has to say, then `size` bytes of request.

        Before the handshake is completed that is early data, of which as much may be sent as
        `State.early_data_left` says.
        """

    def client_closes(self) -> Turn:
        """The client's last flight: close_notify, where TLS is spoken."""

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn | Pending:
        """What the server makes of a flight that is there at `now`, a response included.

        `now` counts seconds from the scenario's start. There is no response before the handshake
        is completed, unless the request is early data that is taken, or after it has failed. The
        server's resources are asked at `now`; where an
        answer takes time the turn is pending, until `server_continues` with it.
        """

    def server_continues(self, answer: Any, now: float) -> Turn | Pending:
        """What the server makes of the answer to its pending request, at `now`.

        Its work is that behind the request alone.
        """

    def client_receives(self, answer: Turn, now: float) -> float:
        """CPU seconds that it takes the client to read an answer that is there at `now`."""

    def client_receives_from_box(self, data: bytes, now: float) -> float:
        """CPU seconds that it takes the client to read a spoofed answer, which a box has sent.

        It comes instead of the server's answer to the client's last flight.
        """


class EndpointFactory(Protocol):
    """Makes the endpoints of connections, two at a time."""

    def backdate(self, resources: Resources, session: Any, seconds: float) -> None:
        """Make a client's session older by so many seconds, for the server that made it.

        In its cache, or in its ticket, as which the session itself is changed. Of
        `sim.hosts.client.Tickets` each.
        """

    def would_resume(self, resources: Resources, session: Any, age: float, now: float) -> bool:
        """Whether the server would resume at `now` a session like this one that is so old.

        It is asked of sessions that are younger than they may be.
        """

    def ready_session(self, browser: str, now: float) -> ReadySession | None:
        """The session for a browser's fixed share of resumption; `None` where there cannot be one.

        A server knows it where its resources are the session's own. To its client it is new `now`.
        """

    def connect(
        self,
        group: ClientGroup,
        session: Any,
        number: int,
        resources: Resources,
        *,
        recorded: bool,
        now: float,
        shown: bool = False,
        lowered: int = 0,
    ) -> Endpoints:
        """The two endpoints of a new connection.

        Args:
            group: the client's.
            session: what `Endpoints.session` was, offered for resumption; else `None`.
            number: the connection's, which its random bytes follow from.
            resources: what its server asks.
            recorded: whether its work is counted.
            now: seconds since the scenario's start.
            shown: whether somebody on the way reads its flights.
            lowered: by how many versions the client has fallen back.
        """
