"""From premaster secret to keys and Finished hashes, a file a protocol family."""

from __future__ import annotations

from typing import Protocol

from tls.keys.ssl30 import Ssl30Secrets
from tls.keys.tls import Prf, TlsSecrets, keyed_prf, session_hash
from tls.keys.transcript import Transcript
from tls.meter import Meter
from tls.suites import CipherSuite
from tls.versions import SSL_3_0, TLS_1_2


class Secrets(Protocol):
    """A master secret and what is derived from it. Randoms are 32 bytes, lengths in bytes."""

    master_secret: bytes

    def key_block(self, client_random: bytes, server_random: bytes, length: int) -> bytes:
        """The key block of a connection (RFC 2246 §6.3)."""

    def export_keys(
        self,
        write_keys: tuple[bytes, bytes],
        client_random: bytes,
        server_random: bytes,
        key_length: int,
        iv_length: int,
    ) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """Final (key, IV) of the client and of the server for exportable ciphers (§6.3.1)."""

    def finished(self, transcript: Transcript, *, from_client: bool) -> bytes:
        """The verify_data of a Finished message over the transcript so far (RFC 2246 §7.4.9)."""


def prf_hash(version: int, suite: CipherSuite) -> str | None:
    """The hash of a suite's PRF in TLS 1.2; `None` before, where MD5 and SHA-1 work together."""
    return suite.prf_hash if version == TLS_1_2 else None


def secrets_from_premaster(
    version: int,
    suite: CipherSuite,
    premaster: bytes,
    client_random: bytes,
    server_random: bytes,
    meter: Meter,
) -> Secrets:
    """The secrets of a new session (RFC 2246 §8.1, RFC 6101 §6.1)."""
    if version == SSL_3_0:
        return Ssl30Secrets.from_premaster(premaster, client_random, server_random, meter)
    seed = client_random + server_random
    return TlsSecrets.from_premaster(
        premaster, b"master secret", seed, prf_hash(version, suite), meter
    )


def extended_secrets_from_premaster(
    version: int, suite: CipherSuite, premaster: bytes, transcript: Transcript, meter: Meter
) -> Secrets:
    """The secrets of a new session with the extended master secret (RFC 7627 §4).

    The transcript ends with the ClientKeyExchange.
    """
    hash_name = prf_hash(version, suite)
    seed = session_hash(transcript, hash_name)
    return TlsSecrets.from_premaster(premaster, b"extended master secret", seed, hash_name, meter)


def secrets_from_master_secret(
    version: int, suite: CipherSuite, master_secret: bytes, meter: Meter, prf: Prf | None
) -> tuple[Secrets, Prf | None]:
    """The secrets of a session that is resumed, and its PRF, to be given again the next time."""
    if version == SSL_3_0:
        return Ssl30Secrets(master_secret, meter), None
    hash_name = prf_hash(version, suite)
    if prf is None:
        prf = keyed_prf(master_secret, hash_name)
    return TlsSecrets(master_secret, hash_name, meter, prf), prf
