"""What a handshake works with: the connection's clock, randomness, meter and transcript."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from tls.alerts import DECRYPT_ERROR, HANDSHAKE_FAILURE, ILLEGAL_PARAMETER
from tls.entropy import RandomSource
from tls.errors import PeerError
from tls.handshake.requests import (
    Expect,
    ExpectChangeCipherSpec,
    Handshake,
    Send,
    SendChangeCipherSpec,
)
from tls.keys import Secrets
from tls.keys.transcript import Transcript
from tls.messages import Finished
from tls.meter import Meter
from tls.record.suite_protection import key_block_length, split_key_block
from tls.suites import SUITES
from tls.versions import SSL_3_0

_EXPECT_FINISHED = Expect(Finished)


class HandshakeContext:
    """One handshake's state that both roles share."""

    def __init__(
        self, *, is_client: bool, clock: Callable[[], float], random: RandomSource, meter: Meter
    ) -> None:
        self.is_client = is_client
        self.clock = clock
        self.random = random
        self.meter = meter
        self.transcript = Transcript(meter)
        self.version = 0
        self.client_random = b""
        self.server_random = b""

    def hello_random(self) -> bytes:
        """A hello's random: Unix time in 4 bytes, then 28 random ones (RFC 2246 §7.4.1.2)."""
        time = int(self.clock()) & 0xFFFFFFFF
        return time.to_bytes(4, "big") + self.random.draw(28)

    def exchange_finished(self, suite: int, secrets: Secrets, *, client_first: bool) -> Handshake:
        """Both sides' change_cipher_spec and Finished, in the order of the handshake's kind.

        The client is first in a full handshake, the server in a resumed one (RFC 2246 §7.3).
        """
        cipher_suite = SUITES[suite]
        block = secrets.key_block(
            self.client_random, self.server_random, key_block_length(cipher_suite)
        )
        client_keys, server_keys = split_key_block(self.version, cipher_suite, block)
        own, peer = (client_keys, server_keys) if self.is_client else (server_keys, client_keys)
        if self.is_client == client_first:
            yield SendChangeCipherSpec(own.protection(write=True, meter=self.meter))
            yield from self._send_finished(secrets)
            yield ExpectChangeCipherSpec(peer.protection(write=False, meter=self.meter))
            yield from self._expect_finished(secrets)
        else:
            yield ExpectChangeCipherSpec(peer.protection(write=False, meter=self.meter))
            yield from self._expect_finished(secrets)
            yield SendChangeCipherSpec(own.protection(write=True, meter=self.meter))
            yield from self._send_finished(secrets)

    def _send_finished(self, secrets: Secrets) -> Handshake:
        yield Send(Finished(secrets.finished(self.transcript, from_client=self.is_client)))

    def _expect_finished(self, secrets: Secrets) -> Handshake:
        expected = secrets.finished(self.transcript, from_client=not self.is_client)
        finished: Finished = yield _EXPECT_FINISHED
        if not compare_digest(finished.verify_data, expected):
            # RFC 6101 §5.4.2 has no decrypt_error.
            alert = HANDSHAKE_FAILURE if self.version == SSL_3_0 else DECRYPT_ERROR
            raise PeerError(alert, "the Finished message does not match the handshake")


def check_renegotiation_info(data: bytes | None) -> None:
    """Check an initial handshake's renegotiation_info, which is empty (RFC 5746 §3.4, §3.6)."""
    if data is not None and data != b"\0":
        raise PeerError(HANDSHAKE_FAILURE, "renegotiation_info is not empty in a first handshake")


def check_null_compression(methods: bytes) -> None:
    """Check that the null compression method is among these (RFC 2246 §7.4.1.2)."""
    if 0 not in methods:
        raise PeerError(ILLEGAL_PARAMETER, "null compression is not offered")
