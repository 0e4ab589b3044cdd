"""Which sessions a client offers to resume, and what of them."""

from __future__ import annotations

from dataclasses import dataclass

from tls.configuration import ClientConfig
from tls.entropy import new_session_id
from tls.errors import PeerError
from tls.handshake.context import HandshakeContext
from tls.meter import Meter
from tls.record.compression import DEFLATE
from tls.sessions import Session
from tls.suites import SUITES, CipherSuite
from tls.versions import SSL_3_0


@dataclass(slots=True)
class Offer:
    """A session that is offered: by its ticket, which has an ID made up for it, or by its ID."""

    session: Session
    id: bytes
    ticket: bytes = b""


def offer_of(
    context: HandshakeContext,
    config: ClientConfig,
    server_name: str,
    session: Session,
    *,
    ticket_fits: bool,
) -> Offer | None:
    """How to offer a session now; `None` for one that may not be resumed.

    Where the hello has no room for a ticket, the ID is left. The server echoes the ID that stands
    beside a ticket if it accepts that (RFC 5077 §3.4); it is drawn anew for each hello.
    """
    if not may_resume(config, server_name, session, context.clock(), context.meter):
        return None
    if session.ticket and ticket_fits and session.version > SSL_3_0:
        return Offer(session, new_session_id(context.random.draw), session.ticket)
    return Offer(session, session.id) if session.id else None


def may_resume(
    config: ClientConfig, server_name: str, session: Session, now: float, meter: Meter
) -> bool:
    """Whether this configuration would agree to such a session now.

    It is of the same server and of what the hello offers (RFC 5246 §7.4.1.2, RFC 7627 §5.3), and
    the certificate that authenticated the server would be accepted today. Signatures that were
    verified when the session was made are not verified again.
    """
    suite = SUITES.get(session.suite)
    if (
        suite is None
        or session.server_name != server_name
        or session.version not in config.versions
        or session.suite not in config.suites
        or (session.compression == DEFLATE and not config.compress)
        or (session.extended_master_secret and not config.extended_master_secret)
    ):
        return False
    chain = session.certificates
    if not chain:
        return suite.is_anonymous
    try:
        session.validation = config.trust.validate_server(
            chain,
            server_name,
            now,
            meter,
            minimum_key_bits=minimum_key_bits(config, suite),
            schemes=config.verifiable_signatures(session.version),
            earlier=session.validation,
        )
    except PeerError:
        return False
    problems = session.validation.problems
    return not problems or config.accept.issuperset(problems)


def minimum_key_bits(config: ClientConfig, suite: CipherSuite) -> int:
    """The shortest key of a server's chain that this client takes: for export suites any."""
    return 0 if suite.is_export else config.minimum_key_bits
