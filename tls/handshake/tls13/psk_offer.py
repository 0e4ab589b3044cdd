"""Which pre-shared keys a client offers, and how it binds its hello to them (RFC 8446 §4.2.11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tls.configuration import ClientConfig
from tls.errors import PeerError
from tls.extensions import PSK_KEY_EXCHANGE_MODES, Extensions
from tls.external_psks import ExternalPsk
from tls.handshake.context import HandshakeContext
from tls.handshake.tls13.schedule import HandshakeSchedule
from tls.keys.hkdf import HASH_LENGTHS
from tls.sessions import Session
from tls.suites import TLS_1_3_SUITES
from tls.tls13.messages import MAX_TICKET_LIFETIME
from tls.tls13.psk_extensions import (
    OfferedPsks,
    PskIdentity,
    PskKeyExchangeModes,
    obfuscated_ticket_age,
)
from tls.versions import TLS_1_3


@dataclass(slots=True)
class OfferedPsk:
    """A key that a client offers: a session's, or one from outside.

    `suite` is the session's, the only one that its early data goes with.
    """

    identity: bytes
    key: bytes
    hash: str
    max_early_data: int
    session: Session | None = None
    external: ExternalPsk | None = None

    @property
    def suite(self) -> int | None:
        """The suite that the session was made with."""
        return None if self.session is None else self.session.suite


def psks_of(
    context: HandshakeContext,
    config: ClientConfig,
    server_name: str,
    session: Session | None,
    suites: Sequence[int],
) -> list[OfferedPsk]:
    """The session, if it may be resumed, then the keys of the configuration.

    Only those that a suite which is offered goes with.
    """
    offered = []
    if session is not None and _may_resume(context, config, server_name, session):
        hash_name = TLS_1_3_SUITES[session.suite].prf_hash
        early = session.max_early_data
        protocol = session.application_protocol
        if protocol is not None and protocol not in config.alpn:
            early = 0
        offered.append(
            OfferedPsk(session.ticket, session.master_secret, hash_name, early, session=session)
        )
    for psk in config.psks:
        offered.append(
            OfferedPsk(psk.identity, psk.key, psk.hash, psk.max_early_data, external=psk)
        )
    if not offered:
        return offered
    hashes = {TLS_1_3_SUITES[code].prf_hash for code in suites if code in TLS_1_3_SUITES}
    return [psk for psk in offered if psk.hash in hashes]


def _may_resume(
    context: HandshakeContext, config: ClientConfig, server_name: str, session: Session
) -> bool:
    """Whether a ticket is good, and its server would be accepted today (RFC 8446 §4.6.1)."""
    now = context.clock()
    lifetime = min(session.ticket_lifetime_hint, MAX_TICKET_LIFETIME)
    if (
        session.version != TLS_1_3
        or session.server_name != server_name
        or not session.ticket
        or not 0 <= now - session.made <= lifetime
        or session.suite not in TLS_1_3_SUITES
    ):
        return False
    chain = session.certificates
    if not chain:
        # An external key authenticated the server that gave the ticket.
        return bool(config.psks)
    try:
        session.validation = config.trust.validate_server(
            chain,
            server_name,
            now,
            context.meter,
            minimum_key_bits=config.minimum_key_bits,
            schemes=config.verifiable_signatures(TLS_1_3),
            earlier=session.validation,
        )
    except PeerError:
        return False
    problems = session.validation.problems
    return not problems or config.accept.issuperset(problems)


def modes_extension(config: ClientConfig) -> Extensions:
    """psk_key_exchange_modes: without it a server gives no tickets (RFC 8446 §4.2.9)."""
    modes = bytes(mode.value for mode in config.psk_modes)
    return {PSK_KEY_EXCHANGE_MODES: PskKeyExchangeModes(modes).encode()} if modes else {}


def unbound(psks: Sequence[OfferedPsk], now: float) -> OfferedPsks:
    """The extension of some keys, with room for their binders."""
    identities = []
    for psk in psks:
        session = psk.session
        age = 0
        if session is not None:
            age = obfuscated_ticket_age(now - session.made, session.age_add)
        identities.append(PskIdentity(psk.identity, age))
    return OfferedPsks.unbound(identities, [HASH_LENGTHS[psk.hash] for psk in psks])


def bind(
    context: HandshakeContext,
    psks: Sequence[OfferedPsk],
    extension: OfferedPsks,
    message: bytes,
) -> tuple[bytes, list[HandshakeSchedule]]:
    """A ClientHello with its binders, and the key schedule that each key begins.

    Args:
        context: its transcript holds what comes before the hello.
        psks: those that are offered.
        extension: the extension with room for the binders.
        message: the hello with that extension.
    """
    truncated = message[: -extension.binders_length]
    binders, schedules = [], []
    for psk in psks:
        schedule = HandshakeSchedule(context, psk.hash, psk.key)
        digest = context.transcript.digest_with(psk.hash, truncated)
        binders.append(schedule.binder(digest, external=psk.external is not None))
        schedules.append(schedule)
    return truncated + OfferedPsks((), tuple(binders)).encode_binders(), schedules
