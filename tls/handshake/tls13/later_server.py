"""A server of TLS 1.3 may ask for a certificate after the handshake (RFC 8446 §4.6.2)."""

from __future__ import annotations

from tls.configuration import ServerConfig
from tls.errors import UsageError
from tls.events import ClientAuthenticated
from tls.extensions import POST_HANDSHAKE_AUTH
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Expect, Handshake
from tls.handshake.tls13.client_chain import authenticate_client, certificate_request
from tls.handshake.tls13.finished import check_finished
from tls.handshake.tls13.later import Later
from tls.handshake.tls13.offer import ClientOffer
from tls.handshake.tls13.schedule import HandshakeSchedule
from tls.keys.tls13 import TrafficSecret
from tls.keys.transcript import Transcript
from tls.suites import CipherSuite
from tls.tls13.messages import Finished

_EXPECT_FINISHED = Expect(Finished)
_CONTEXT_LENGTH = 16


class ServerLater(Later):
    """The server's side."""

    def __init__(
        self,
        context: HandshakeContext,
        config: ServerConfig,
        offer: ClientOffer,
        suite: CipherSuite,
        schedule: HandshakeSchedule,
        own: TrafficSecret,
        peers: TrafficSecret,
    ) -> None:
        super().__init__(context, suite, schedule, own, peers)
        self._config = config
        self._waits = False
        self._transcript: Transcript | None = None
        if POST_HANDSHAKE_AUTH in offer.hello.extensions:
            self._transcript = context.transcript

    def request_certificate(self) -> Handshake:
        """Ask, and check what comes. Raises `UsageError` where that is not possible."""
        if self._transcript is None:
            raise UsageError("the client has not said that it may be asked for a certificate")
        if self._waits:
            raise UsageError("a request for the client's certificate waits already")
        self._waits = True
        return self._ask(self._transcript.copy())

    def _ask(self, transcript: Transcript) -> Handshake:
        context, hash_name = self._context, self._suite.prf_hash
        request = certificate_request(self._config, context.random.draw(_CONTEXT_LENGTH))
        channel = context.channel
        channel.keep = transcript.add
        channel.send(request)
        chain, _ = yield from authenticate_client(
            context, self._config, request, transcript, hash_name
        )
        digest = transcript.digest(hash_name)
        message: Finished = yield _EXPECT_FINISHED
        check_finished(message, self._peers.finished(digest))
        self._waits = False
        if chain:
            channel.peer_certificates = chain
            channel.tell(ClientAuthenticated(chain))
