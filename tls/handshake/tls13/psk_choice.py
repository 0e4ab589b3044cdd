"""Which of a client's pre-shared keys the server takes (RFC 8446 §4.2.11)."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest

from tls.alerts import DECRYPT_ERROR
from tls.configuration import ClientAuthentication, ServerConfig
from tls.deferrable import LookUpSession, OpenTicket
from tls.errors import PeerError
from tls.events import SessionLookedUp
from tls.external_psks import ExternalPsk
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Handshake
from tls.handshake.server import still_accepts
from tls.handshake.tls13.offer import ClientOffer
from tls.handshake.tls13.schedule import HandshakeSchedule
from tls.reasons import Reason
from tls.sessions import MAX_SESSION_ID, Session
from tls.settings import PskMode
from tls.suites import TLS_1_3_SUITES, CipherSuite
from tls.tls13.messages import MAX_TICKET_LIFETIME
from tls.tls13.psk_extensions import PskIdentity, ticket_age
from tls.versions import TLS_1_3

MAX_PSKS_TRIED = 8
"""How many of a hello's keys are looked for: each may cost a look-up or the opening of a ticket."""


@dataclass(slots=True)
class ChosenPsk:
    """The key that was chosen.

    Attributes:
        index: its place in the hello.
        key: the secret.
        suite: that goes with it.
        schedule: what it begins.
        mode: what goes beside it.
        session: that it resumes, if it is of one.
        external: the key from outside, if it is one.
        age_error: seconds by which the ticket is older than the client says.
        stored_as: the ID by which the store of sessions found it, else empty.
    """

    index: int
    key: bytes
    suite: CipherSuite
    schedule: HandshakeSchedule
    mode: PskMode
    session: Session | None = None
    external: ExternalPsk | None = None
    age_error: float = 0.0
    stored_as: bytes = b""


def choose_psk(context: HandshakeContext, config: ServerConfig, offer: ClientOffer) -> Handshake:
    """Coroutine that returns the first key that is known and will do, or `None`."""
    psks = offer.psks
    if psks is None:
        return None
    mode = psk_mode(config, offer)
    if mode is None:
        return None
    external = {psk.identity: psk for psk in config.psks}
    for index, offered in enumerate(psks.identities[:MAX_PSKS_TRIED]):
        known = external.get(offered.identity)
        if known is not None:
            suite = _suite(offer, known.hash)
            if suite is not None:
                schedule = HandshakeSchedule(context, known.hash, known.key)
                return ChosenPsk(index, known.key, suite, schedule, mode, external=known)
            continue
        chosen = yield from _resumed(context, config, offer, index, offered, mode)
        if chosen is not None:
            return chosen
    return None


def psk_mode(config: ServerConfig, offer: ClientOffer) -> PskMode | None:
    """With a key exchange if both sides let it, else without (RFC 8446 §4.2.9)."""
    for mode in (PskMode.WITH_DIFFIE_HELLMAN, PskMode.ALONE):
        if mode not in config.psk_modes or mode.value not in offer.psk_modes:
            continue
        if mode is PskMode.ALONE or not set(offer.groups).isdisjoint(config.groups):
            return mode
    return None


def _suite(offer: ClientOffer, hash_name: str, preferred: int | None = None) -> CipherSuite | None:
    """The preferred suite if both have it, else the server's first with that hash."""
    able = [suite for suite in offer.suites if suite.prf_hash == hash_name]
    for suite in able:
        if suite.code == preferred:
            return suite
    return able[0] if able else None


def _resumed(
    context: HandshakeContext,
    config: ServerConfig,
    offer: ClientOffer,
    index: int,
    offered: PskIdentity,
    mode: PskMode,
) -> Handshake:
    """Coroutine that returns the choice of a ticket's session, or `None`."""
    ticket = offered.identity
    session: Session | None = None
    by_ticket = config.ticket_keys is not None
    if by_ticket:
        opened = yield OpenTicket(ticket)
        if opened is not None:
            session = opened[0]
    elif config.remembers and len(ticket) <= MAX_SESSION_ID:
        session = yield LookUpSession(ticket)
    else:
        return None
    context.channel.tell(SessionLookedUp(ticket, session is not None, by_ticket))
    if session is None or session.version != TLS_1_3:
        return None
    now = context.clock()
    old = TLS_1_3_SUITES.get(session.suite)
    wants = config.client_authentication is ClientAuthentication.REQUIRE
    if (
        old is None
        or session.server_name != offer.server_name
        or not 0 <= now - session.made <= MAX_TICKET_LIFETIME
        or (wants and not session.certificates)
        or (session.certificates and not still_accepts(context, config, session))
    ):
        return None
    suite = _suite(offer, old.prf_hash, session.suite)
    if suite is None:
        return None
    schedule = HandshakeSchedule(context, suite.prf_hash, session.master_secret)
    age = ticket_age(offered.obfuscated_ticket_age, session.age_add)
    return ChosenPsk(
        index,
        session.master_secret,
        suite,
        schedule,
        mode,
        session=session,
        age_error=now - session.made - age,
        stored_as=b"" if by_ticket else ticket,
    )


def check_binder(context: HandshakeContext, offer: ClientOffer, chosen: ChosenPsk) -> None:
    """Check that the client knows the chosen key.

    The transcript ends with the hello.

    Raises `PeerError(decrypt_error)` (RFC 8446 §4.2.11.2).
    """
    psks = offer.psks
    assert psks is not None
    digest = context.transcript.digest_without_end(chosen.schedule.hash_name, psks.binders_length)
    expected = chosen.schedule.binder(digest, external=chosen.external is not None)
    if not compare_digest(psks.binders[chosen.index], expected):
        raise PeerError(
            DECRYPT_ERROR, Reason.PSK_BINDER_INVALID, "a pre-shared key's binder does not verify"
        )
