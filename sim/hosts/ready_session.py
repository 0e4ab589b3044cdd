"""A fixed share of resumption: a session that is ready to be resumed, and a server that knows it.

Where the share of resumed handshakes is an input of a study, nobody's memory and no cache decides
about it: so many connections offer this session, and whichever server they come to resumes it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import tls
from sim.activity import Until
from sim.description import fault_at
from sim.hosts.resources import Request, RequestKind, Resources
from sim.hosts.server import ServerDescription, TlsSettings
from sim.hosts.ticket_keys import (
    RECORDED_KEY,
    KeyNumber,
    OpenedTicket,
    TicketContent,
    TicketKeyRing,
    TicketToOpen,
    TicketVerdict,
)
from sim.workload.browsers import Browser

# Members of an enumeration are looked up slowly.
_LOOK_UP, _OPEN = RequestKind.LOOK_UP_SESSION, RequestKind.OPEN_TICKET
_REMOVE = RequestKind.REMOVE_SESSION
READY_TICKET = TicketContent(0.0, KeyNumber("", 0.0, "", 0, 0))
"""What stands in a ready session's ticket: no server's keys open it."""


class ReadySession(NamedTuple):
    """A session that is ready to be resumed, whatever the server remembers.

    Attributes:
        offered: what the client offers, as `Endpoints.session`.
        key: by which a server is asked for it.
        found: what the server then finds: the session; or of a number that it is new, infinity.
        made: when it was made (Unix time), where that matters to engines.
    """

    offered: Any
    key: tls.SessionKey
    found: Any
    made: float = 0.0


class ReadyResources:
    """A server's resources for a connection that offers a ready session.

    They know that session, at once, and ask the server's for all else.

    Args:
        resources: the server's.
        ready: the session.
    """

    __slots__ = ("_ready", "_resources", "blocking", "may_wait")

    def __init__(self, resources: Resources, ready: ReadySession) -> None:
        self._resources = resources
        self._ready = ready
        self.may_wait = resources.may_wait
        self.blocking = resources.blocking

    @property
    def sessions(self) -> object:
        """The server's."""
        return self._resources.sessions

    @property
    def tickets(self) -> TicketKeyRing | None:
        """The server's."""
        return self._resources.tickets

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        """What is ready, or what the server's resources answer."""
        if kind is _OPEN:
            return _opened(subject, self._ready.made)
        if (kind is _LOOK_UP or kind is _REMOVE) and subject == self._ready.key:
            return self._ready.found if kind is _LOOK_UP else None
        return self._resources.answer(kind, subject, now)

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        """As the server's."""
        return self._resources.wait(request, now)

    def backdate(self, key: tls.SessionKey, seconds: float) -> None:
        """As the server's."""
        self._resources.backdate(key, seconds)


def _opened(subject: Any, made: float) -> OpenedTicket | TicketVerdict | None:
    """What is in the ticket of a ready session, or that it is good."""
    if not isinstance(subject, TicketToOpen):
        return TicketVerdict.GOOD
    opened = RECORDED_KEY.open(subject.ticket, subject.meter)
    if opened is None:
        return None
    if opened.session.version == tls.TLS_1_3:
        opened.session.made = made
    return OpenedTicket(opened.session, opened.made, renew=False)


def check_resumption(
    place: tuple[str | int, ...], browser: Browser, name: str, end: TlsSettings
) -> None:
    """Check that clients can resume sessions with an end of TLS.

    Args:
        place: where they are described.
        browser: theirs.
        name: of the end: servers, or a proxy.
        end: how it speaks TLS.

    Raises `pydantic.ValidationError`, naming the place and the remedy.
    """
    place = (*place, "resumption")
    if isinstance(end, ServerDescription) and end.security == "plain":
        raise fault_at(
            place, f'HTTP without TLS, as "{name}" speaks it, resumes no session; remove this'
        )
    in_tls_1_3 = browser.offers_tls_1_3 and end.speaks_tls_1_3
    if in_tls_1_3 and not browser.resumes_tls_1_3:
        raise fault_at(
            place,
            f'"{browser.name}" resumes no session of TLS 1.3, which "{name}" speaks with it: its '
            "hello has no psk_key_exchange_modes; choose another profile, or remove this",
        )
    takes_tickets = browser.session_tickets or in_tls_1_3
    by_ticket = takes_tickets and end.tickets is not None
    if end.sessions is None and not by_ticket:
        tickets = ", or tickets," if takes_tickets else ""
        raise fault_at(
            place,
            f'"{name}" resumes no session of "{browser.name}"; give it `sessions`{tickets} or '
            "remove this",
        )
