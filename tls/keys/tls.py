"""TLS 1.0 to 1.2: PRF, master secret, key block, export keys, Finished.

(RFC 2246 §5, §6.3, §7.4.9, §8.1; RFC 5246 §5; RFC 7627 §4)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tls.keys.hmac import KeyedHmac
from tls.keys.transcript import Transcript
from tls.meter import Meter
from tls.wire import vector16

_TLS_1_2_OPERATIONS = {"sha256": "prf.sha256", "sha384": "prf.sha384"}


class Prf(Protocol):
    """A pseudo-random function under one secret, keyed once."""

    @property
    def operation(self) -> str:
        """Its name in the meter."""

    @property
    def expand(self) -> Callable[[bytes, bytes, int], bytes]:
        """Of a label, a seed and a length gives so many bytes of PRF(secret, label, seed)."""


class Tls10Prf:
    """PRF(secret, label, seed) = P_MD5(S1, label + seed) XOR P_SHA-1(S2, label + seed).

    S1 and S2 are the halves of the secret, sharing the middle byte when its length is odd
    (RFC 2246 §5).
    """

    operation = "prf.tls10"
    __slots__ = ("_md5", "_sha1")

    def __init__(self, secret: bytes) -> None:
        half = (len(secret) + 1) // 2
        self._md5 = KeyedHmac("md5", secret[:half])
        self._sha1 = KeyedHmac("sha1", secret[len(secret) - half :])

    def expand(self, label: bytes, seed: bytes, length: int) -> bytes:
        """`length` bytes of PRF(secret, label, seed)."""
        from_md5 = int.from_bytes(self._md5.expand(label, seed, length), "big")
        from_sha1 = int.from_bytes(self._sha1.expand(label, seed, length), "big")
        return (from_md5 ^ from_sha1).to_bytes(length, "big")


class Tls12Prf:
    """PRF(secret, label, seed) = P_<hash>(secret, label + seed) (RFC 5246 §5)."""

    __slots__ = ("expand", "operation")

    def __init__(self, secret: bytes, hash_name: str) -> None:
        self.expand = KeyedHmac(hash_name, secret).expand
        self.operation = _TLS_1_2_OPERATIONS[hash_name]


class TlsSecrets:
    """A session's master secret under the PRF of TLS 1.0 and 1.1, or of TLS 1.2.

    `prf_hash` is the suite's hash in TLS 1.2, `None` before. `prf` is the PRF under the master
    secret where it is keyed already.
    """

    __slots__ = ("_book", "_prf", "_prf_hash", "master_secret")

    def __init__(
        self, master_secret: bytes, prf_hash: str | None, meter: Meter, prf: Prf | None = None
    ) -> None:
        self.master_secret = master_secret
        self._prf_hash = prf_hash
        self._prf = prf or keyed_prf(master_secret, prf_hash)
        self._book = meter.book

    @classmethod
    def from_premaster(
        cls, premaster: bytes, label: bytes, seed: bytes, prf_hash: str | None, meter: Meter
    ) -> TlsSecrets:
        """master_secret = PRF(pre_master_secret, label, seed)[0..47].

        Label and seed are "master secret" and client_random + server_random, or "extended master
        secret" and the session hash (RFC 7627 §4).
        """
        prf = keyed_prf(premaster, prf_hash)
        meter.book((prf.operation, 0, 1, 48))
        return cls(prf.expand(label, seed, 48), prf_hash, meter)

    def key_block(self, client_random: bytes, server_random: bytes, length: int) -> bytes:
        """PRF(master_secret, "key expansion", server_random + client_random)."""
        self._book((self._prf.operation, 0, 1, length))
        return self._prf.expand(b"key expansion", server_random + client_random, length)

    def export_keys(
        self,
        write_keys: tuple[bytes, bytes],
        client_random: bytes,
        server_random: bytes,
        key_length: int,
        iv_length: int,
    ) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """Final keys and IVs of exportable ciphers, (client's, server's) (RFC 2246 §6.3.1).

        final_key = PRF(write_key, "client write key", client_random + server_random);
        iv_block = PRF("", "IV block", client_random + server_random).
        """
        seed = client_random + server_random
        client_key, server_key = write_keys
        ivs = Tls10Prf(b"").expand(b"IV block", seed, 2 * iv_length) if iv_length else b""
        self._book(("prf.tls10", 0, 3, 2 * (key_length + iv_length)))
        return (
            (Tls10Prf(client_key).expand(b"client write key", seed, key_length), ivs[:iv_length]),
            (Tls10Prf(server_key).expand(b"server write key", seed, key_length), ivs[iv_length:]),
        )

    def finished(self, transcript: Transcript, *, from_client: bool) -> bytes:
        """PRF(master_secret, finished_label, Hash(handshake_messages))[0..11].

        Hash is MD5 + SHA-1 before TLS 1.2, then the PRF's.
        """
        label = b"client finished" if from_client else b"server finished"
        self._book((self._prf.operation, 0, 1, 12))
        return self._prf.expand(label, session_hash(transcript, self._prf_hash), 12)

    def export(
        self,
        label: bytes,
        client_random: bytes,
        server_random: bytes,
        context: bytes | None,
        length: int,
    ) -> bytes:
        """Keying material for another protocol (RFC 5705 §4).

        PRF(master_secret, label, client_random + server_random + context_length + context); no
        context is another one than an empty one.

        Args:
            label: of the exporter, registered or private.
            client_random: of the handshake, as the server's.
            server_random: 32 bytes.
            context: at most 65,535 bytes.
            length: in bytes.
        """
        seed = client_random + server_random
        if context is not None:
            seed += vector16(context)
        self._book((self._prf.operation, 0, 1, length))
        return self._prf.expand(label, seed, length)


def session_hash(transcript: Transcript, prf_hash: str | None) -> bytes:
    """Hash(handshake_messages) so far: MD5 + SHA-1 before TLS 1.2, then the PRF's hash."""
    if prf_hash is None:
        return transcript.digest("md5") + transcript.digest("sha1")
    return transcript.digest(prf_hash)


def keyed_prf(secret: bytes, prf_hash: str | None) -> Prf:
    """The PRF of TLS 1.0 and 1.1, or that of TLS 1.2 with a hash, under a secret."""
    return Tls10Prf(secret) if prf_hash is None else Tls12Prf(secret, prf_hash)
