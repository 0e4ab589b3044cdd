"""What a client of TLS 1.3 hears after the handshake: tickets and requests (RFC 8446 §4.6)."""

from __future__ import annotations

from collections.abc import Mapping

from tls.alerts import ILLEGAL_PARAMETER
from tls.certificates.validation import MAX_KEPT_CHAIN
from tls.configuration import ClientConfig
from tls.errors import PeerError
from tls.events import TicketReceived
from tls.extensions import EARLY_DATA
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Handshake, LaterMessage
from tls.handshake.tls13.client_certificate import answer_request
from tls.handshake.tls13.later import Later
from tls.handshake.tls13.schedule import HandshakeSchedule
from tls.keys.tls13 import TrafficSecret, resumption_psk
from tls.reasons import Reason
from tls.sessions import Session
from tls.suites import CipherSuite
from tls.tls13.messages import CertificateRequest, Finished, KeyUpdate, NewSessionTicket
from tls.tls13.placement import Message, check_placement
from tls.tls13.psk_extensions import EarlyDataLimit

MAX_KEPT_TICKET = 16_384
"""The longest ticket that is kept, in bytes."""


class ClientLater(Later):
    """The client's side; `session` is what every ticket is a copy of."""

    def __init__(
        self,
        context: HandshakeContext,
        config: ClientConfig,
        suite: CipherSuite,
        schedule: HandshakeSchedule,
        session: Session,
        own: TrafficSecret,
        peers: TrafficSecret,
    ) -> None:
        super().__init__(context, suite, schedule, own, peers)
        self._config = config
        self._session = session
        if config.post_handshake_authentication:
            self._transcript = context.transcript

    @property
    def messages(self) -> Mapping[int, LaterMessage]:
        """KeyUpdate, tickets and, if this client says that it may be asked, requests."""
        return _AND_REQUESTS if self._config.post_handshake_authentication else _AND_TICKETS

    def keep(self, message: NewSessionTicket, raw: bytes) -> None:
        """A ticket: a session of its own (RFC 8446 §4.6.1)."""
        extensions = message.extensions
        check_placement(extensions, Message.NEW_SESSION_TICKET)
        early = extensions.get(EARLY_DATA)
        limit = 0 if early is None else EarlyDataLimit.decode(early).max_early_data_size
        agreed = self._session
        too_long = sum(map(len, agreed.certificates)) > MAX_KEPT_CHAIN
        if not message.lifetime or too_long or len(message.ticket) > MAX_KEPT_TICKET:
            return
        context = self._context
        secret = resumption_psk(
            self._suite.prf_hash, self._schedule.resumption_secret, message.nonce, context.meter
        )
        session = Session(
            b"",
            agreed.version,
            agreed.suite,
            secret,
            agreed.server_name,
            agreed.certificates,
            ticket=message.ticket,
            ticket_lifetime_hint=message.lifetime,
            validation=agreed.validation,
            made=context.clock(),
            age_add=message.age_add,
            max_early_data=limit,
            application_protocol=agreed.application_protocol,
        )
        context.channel.tell_ticket(TicketReceived(session))

    def answer(self, message: CertificateRequest, raw: bytes) -> Handshake:
        """A later request for a certificate (RFC 8446 §4.6.2)."""
        check_placement(message.extensions, Message.CERTIFICATE_REQUEST)
        if not message.context:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.CERTIFICATE_CONTEXT,
                "a request after the handshake has no context",
            )
        hash_name = self._suite.prf_hash
        transcript = self._transcript.copy()
        transcript.add(raw)
        self._context.channel.keep = transcript.add
        yield from answer_request(self._context, self._config, message, transcript, hash_name)
        self._context.channel.send(Finished(self._own.finished(transcript.digest(hash_name))))


_AND_TICKETS: Mapping[int, LaterMessage] = {
    KeyUpdate.type: (KeyUpdate, Later.follow),
    NewSessionTicket.type: (NewSessionTicket, ClientLater.keep),
}
_AND_REQUESTS: Mapping[int, LaterMessage] = {
    **_AND_TICKETS,
    CertificateRequest.type: (CertificateRequest, ClientLater.answer),
}
