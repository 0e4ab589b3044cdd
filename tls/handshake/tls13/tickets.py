"""The tickets that a server gives after the handshake (RFC 8446 §4.6.1)."""

from __future__ import annotations

from tls.certificates.validation import MAX_KEPT_CHAIN
from tls.configuration import ServerConfig
from tls.deferrable import AcceptSession, SealTicket, StoreSession
from tls.entropy import new_session_id
from tls.extensions import EARLY_DATA, Extensions
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Handshake
from tls.handshake.tls13.schedule import HandshakeSchedule
from tls.keys.tls13 import resumption_psk
from tls.sessions import Session, SessionCache
from tls.tls13.messages import MAX_TICKET_LIFETIME, NewSessionTicket
from tls.tls13.psk_extensions import EarlyDataLimit


def send_tickets(
    context: HandshakeContext,
    config: ServerConfig,
    schedule: HandshakeSchedule,
    session: Session,
    count: int,
) -> Handshake:
    """Give some tickets, each for a session of its own that is like `session` but for its key.

    Sealed where there are ticket keys, else each is the ID of a session that the store keeps.
    """
    if sum(map(len, session.certificates)) > MAX_KEPT_CHAIN:
        return
    sealed = config.ticket_keys is not None
    if not sealed and not (config.remembers and (yield AcceptSession())):
        return
    limit = config.early_data_limit
    extensions: Extensions = {}
    if limit:
        extensions[EARLY_DATA] = EarlyDataLimit(limit).encode()
    lifetime = _lifetime(config)
    for number in range(count):
        nonce = bytes((number,))
        each = Session(
            b"" if sealed else new_session_id(context.random.draw),
            session.version,
            session.suite,
            resumption_psk(schedule.hash_name, schedule.resumption_secret, nonce, context.meter),
            session.server_name,
            session.certificates,
            ticket_lifetime_hint=lifetime,
            validation=session.validation,
            made=context.clock(),
            age_add=int.from_bytes(context.random.draw(4), "big"),
            max_early_data=limit,
            application_protocol=session.application_protocol,
            since=session.since,
        )
        if sealed:
            ticket: bytes = yield SealTicket(each)
        else:
            ticket = each.id
            yield StoreSession(each)
        if not ticket:
            return
        context.channel.send(NewSessionTicket(lifetime, each.age_add, nonce, ticket, extensions))


def _lifetime(config: ServerConfig) -> int:
    """How long a ticket may be used, in whole seconds."""
    lifetime: float | None = None
    if config.ticket_keys is not None:
        lifetime = config.ticket_keys.lifetime
    elif isinstance(config.sessions, SessionCache):
        lifetime = config.sessions.lifetime
    return MAX_TICKET_LIFETIME if lifetime is None else min(int(lifetime), MAX_TICKET_LIFETIME)
