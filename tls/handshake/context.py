"""What a handshake works with, and the steps that both roles share."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from tls.alerts import DECRYPT_ERROR, HANDSHAKE_FAILURE
from tls.entropy import RandomSource, hello_random
from tls.errors import PeerError, UsageError
from tls.handshake.channel import Channel
from tls.handshake.requests import Expect, ExpectChangeCipherSpec, Handshake
from tls.keys import (
    Secrets,
    extended_secrets_from_premaster,
    secrets_from_master_secret,
    secrets_from_premaster,
)
from tls.keys.transcript import Transcript
from tls.messages import Finished
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.compression import DEFLATE, Deflate
from tls.record.protection import Protection
from tls.record.suite_protection import connection_keys, protections
from tls.sessions import Session
from tls.settings import Settings
from tls.suites import SUITES, CipherSuite
from tls.versions import SSL_3_0, TLS_1_2, TLS_1_3

DOWNGRADE = b"DOWNGRD\0"
"""How a server's random ends that speaks TLS 1.2 and agreed on less (RFC 8446 §4.1.3)."""

DOWNGRADE_FROM_TLS_1_3 = b"DOWNGRD\1"
"""The same of one that speaks TLS 1.3 and agreed on TLS 1.2."""

_EXPECT_FINISHED = Expect(Finished)

Keys = tuple[Protection, Deflate | None]
"""How one direction's records are protected, and how they are compressed before that."""


_LONGEST_TIME = 1e15


class HandshakeContext:
    """One handshake's state that both roles share.

    Attributes:
        channel: the connection as the handshake deals with it.
        ocsp_response: what the peer stapled to its certificate, in DER.
        secrets: of the session, before TLS 1.3.
        curve: of its key exchange, before TLS 1.3.
    """

    version = 0
    client_random = b""
    server_random = b""
    ocsp_response = b""
    compression = 0
    encrypt_then_mac = False
    extended_master_secret = False
    secrets: Secrets | None = None
    curve: int | None = None

    def __init__(
        self,
        settings: Settings,
        channel: Channel,
        *,
        is_client: bool,
        clock: Callable[[], float],
        random: RandomSource,
        meter: Meter,
    ) -> None:
        self.settings = settings
        self.channel = channel
        self.is_client = is_client
        self.clock = clock
        self.random = random
        self.meter = meter
        self.history = channel.history
        self.transcript = Transcript(meter)

    def hello_random(self) -> bytes:
        """A hello's random: Unix time in 4 bytes, then 28 random ones (RFC 2246 §7.4.1.2).

        A server that could have agreed on more, TLS 1.2 or 1.3, says so in the last 8 of them
        (RFC 8446 §4.1.3).
        """
        now = self.clock()
        if not -_LONGEST_TIME < now < _LONGEST_TIME:
            raise UsageError(f"the clock says {now}, which is no Unix time in seconds")
        random = hello_random(self.random.draw, now)
        if self.version and self.version < TLS_1_2 <= self.settings.versions[-1]:
            return random[:-8] + DOWNGRADE
        if self.version and self.settings.versions[-1] == TLS_1_3:
            return random[:-8] + DOWNGRADE_FROM_TLS_1_3
        return random

    def forget_transcript(self) -> None:
        """Keep no message any longer than the handshake needs them; there is no more of it."""
        del self.transcript

    def check_encrypt_then_mac(self, suite: CipherSuite) -> None:
        """After a handshake with it none goes back to MAC-then-encrypt (RFC 7366 §3.1)."""
        if suite.cipher.mode == "cbc" and not self.encrypt_then_mac:
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.ENCRYPT_THEN_MAC_DROPPED,
                "a renegotiation drops encrypt-then-MAC",
            )

    def new_secrets(self, suite: CipherSuite, premaster: bytes) -> Secrets:
        """The secrets of a new session, after the ClientKeyExchange."""
        if self.extended_master_secret:
            secrets = extended_secrets_from_premaster(
                self.version, suite, premaster, self.transcript, self.meter
            )
        else:
            secrets = secrets_from_premaster(
                self.version, suite, premaster, self.client_random, self.server_random, self.meter
            )
        self._keep(secrets)
        return secrets

    def resumed_secrets(self, session: Session) -> Secrets:
        """The secrets of a session that is resumed."""
        secrets, session.keyed_prf = secrets_from_master_secret(
            session.version,
            SUITES[session.suite],
            session.master_secret,
            self.meter,
            session.keyed_prf,
        )
        self._keep(secrets)
        return secrets

    def _keep(self, secrets: Secrets) -> None:
        self.secrets = secrets
        if self.settings.key_log is not None:
            self.settings.key_log(
                f"CLIENT_RANDOM {self.client_random.hex()} {secrets.master_secret.hex()}"
            )

    def new_keys(self, suite: CipherSuite, secrets: Secrets) -> tuple[Keys, ExpectChangeCipherSpec]:
        """Both directions' keys under a session's secrets, each to be changed at its moment."""
        own, peers = connection_keys(suite, secrets, self.client_random, self.server_random)
        if not self.is_client:
            own, peers = peers, own
        writing, reading = protections(
            own,
            peers,
            suite,
            self.version,
            encrypt_then_mac=self.encrypt_then_mac,
            random=self.random,
            meter=self.meter,
        )
        if self.compression != DEFLATE:
            return (writing, None), ExpectChangeCipherSpec(reading)
        return (writing, Deflate()), ExpectChangeCipherSpec(reading, Deflate())

    def send_finished(self, keys: Keys, secrets: Secrets) -> None:
        """Send this side's change_cipher_spec, and its Finished under the new keys."""
        self.channel.change_write_keys(*keys, announced=True)
        self.history.extended_master_secret = self.extended_master_secret
        self.history.encrypt_then_mac |= self.encrypt_then_mac
        verify_data = secrets.finished(self.transcript, from_client=self.is_client)
        if self.is_client:
            self.history.client_verify_data = verify_data
        else:
            self.history.server_verify_data = verify_data
        self.channel.send(Finished(verify_data))

    def expect_finished(self, keys: ExpectChangeCipherSpec, secrets: Secrets) -> Handshake:
        """The peer's change_cipher_spec, and its Finished under the new keys, checked."""
        yield keys
        expected = secrets.finished(self.transcript, from_client=not self.is_client)
        finished: Finished = yield _EXPECT_FINISHED
        if not compare_digest(finished.verify_data, expected):
            # RFC 6101 §5.4.2 has no decrypt_error.
            alert = HANDSHAKE_FAILURE if self.version == SSL_3_0 else DECRYPT_ERROR
            raise PeerError(
                alert, Reason.FINISHED_INVALID, "the Finished message does not match the handshake"
            )
        if self.is_client:
            self.history.server_verify_data = expected
        else:
            self.history.client_verify_data = expected
