"""The key schedule along a handshake: each secret with the messages that it is made of.

(RFC 8446 §7.1)
"""

from __future__ import annotations

from tls.handshake.context import HandshakeContext
from tls.keys.tls13 import KeySchedule, TrafficSecret
from tls.record.tls13 import Tls13Protection
from tls.suites import CipherSuite


class HandshakeSchedule:
    """One connection's secrets, under the hash of its suite, in the order of the handshake.

    What keying material is exported from, and tickets' keys are made of, is derived when it is
    asked for: most connections never do.

    Attributes:
        hash_name: of the suite.
        early_exporter_secret: of the first hello; empty without early data.
    """

    early_exporter_secret = b""
    _server_finished = b""
    _concluded = b""
    _exporter_secret = b""
    _resumption_secret = b""

    def __init__(self, context: HandshakeContext, hash_name: str, psk: bytes = b"") -> None:
        self.hash_name = hash_name
        self._context = context
        self._schedule = KeySchedule(hash_name, context.meter, psk)

    def binder(self, transcript_hash: bytes, *, external: bool) -> bytes:
        """What binds a hello to the pre-shared key (RFC 8446 §4.2.11.2)."""
        key = self._schedule.binder_key(external=external)
        return TrafficSecret(self.hash_name, key, self._context.meter).finished(transcript_hash)

    def early_traffic(self) -> TrafficSecret:
        """The secret of early data; the early exporter's beside it. After the ClientHello."""
        digest = self._context.transcript.digest(self.hash_name)
        self.early_exporter_secret = self._schedule.early_exporter_master_secret(digest)
        secret = self._schedule.client_early_traffic_secret(digest)
        if self._context.settings.key_log is not None:
            self._log("EARLY_EXPORTER_SECRET", self.early_exporter_secret)
            self._log("CLIENT_EARLY_TRAFFIC_SECRET", secret)
        return TrafficSecret(self.hash_name, secret, self._context.meter)

    def handshake_traffic(self, shared_secret: bytes) -> tuple[TrafficSecret, TrafficSecret]:
        """The client's and the server's secret of the handshake, after the ServerHello.

        `shared_secret` is the key exchange's, empty where a pre-shared key stands alone.
        """
        schedule = self._schedule
        schedule.enter_handshake(shared_secret)
        digest = self._context.transcript.digest(self.hash_name)
        client, server = schedule.handshake_traffic_secrets(digest)
        if self._context.settings.key_log is not None:
            self._log("CLIENT_HANDSHAKE_TRAFFIC_SECRET", client)
            self._log("SERVER_HANDSHAKE_TRAFFIC_SECRET", server)
        return self._traffic(client, server)

    def application_traffic(self) -> tuple[TrafficSecret, TrafficSecret]:
        """The client's and the server's secret of application data, after the server's Finished."""
        schedule = self._schedule
        schedule.enter_master()
        digest = self._context.transcript.digest(self.hash_name)
        client, server = schedule.application_traffic_secrets(digest)
        self._server_finished = digest
        if self._context.settings.key_log is not None:
            exporter = schedule.exporter_master_secret(digest, booked=False)
            self._log("EXPORTER_SECRET", exporter)
            self._log("CLIENT_TRAFFIC_SECRET_0", client)
            self._log("SERVER_TRAFFIC_SECRET_0", server)
        return self._traffic(client, server)

    def conclude(self) -> None:
        """The client's Finished is in the transcript, and nothing comes behind it."""
        self._concluded = self._context.transcript.digest(self.hash_name)

    @property
    def exporter_secret(self) -> bytes:
        """What keying material is exported from, after the server's Finished."""
        if not self._exporter_secret:
            secret = self._schedule.exporter_master_secret(self._server_finished)
            self._exporter_secret = secret
        return self._exporter_secret

    @property
    def resumption_secret(self) -> bytes:
        """What the pre-shared keys of tickets are made of, after the client's Finished."""
        if not self._resumption_secret:
            secret = self._schedule.resumption_master_secret(self._concluded)
            self._resumption_secret = secret
        return self._resumption_secret

    def finished(self, secret: TrafficSecret) -> bytes:
        """The verify_data of the side that sends under a secret, over the handshake so far."""
        return secret.finished(self._context.transcript.digest(self.hash_name))

    def _traffic(self, client: bytes, server: bytes) -> tuple[TrafficSecret, TrafficSecret]:
        hash_name, meter = self.hash_name, self._context.meter
        return TrafficSecret(hash_name, client, meter), TrafficSecret(hash_name, server, meter)

    def _log(self, label: str, secret: bytes) -> None:
        log = self._context.settings.key_log
        if log is not None:
            log(f"{label} {self._context.client_random.hex()} {secret.hex()}")


def protection(
    context: HandshakeContext, suite: CipherSuite, secret: TrafficSecret, *, write: bool
) -> Tls13Protection:
    """The protection of one direction's records under a traffic secret (RFC 8446 §7.3)."""
    cipher = suite.cipher
    key, iv = secret.keys(cipher.key_length)
    return Tls13Protection(cipher, key, iv, write, context.meter, context.settings.record_padding)
