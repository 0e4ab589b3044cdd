"""TLS 1.0 and 1.1: PRF, master secret, key block and Finished (RFC 2246 §5, §6.3, §7.4.9, §8.1)."""

from __future__ import annotations

from tls.keys.hmac import KeyedHmac
from tls.keys.transcript import Transcript
from tls.meter import Meter


class Prf:
    """The TLS 1.0 PRF under one secret, keyed once.

    PRF(secret, label, seed) = P_MD5(S1, label + seed) XOR P_SHA-1(S2, label + seed), S1 and S2
    the halves of the secret, sharing the middle byte when its length is odd (RFC 2246 §5).
    """

    __slots__ = ("_md5", "_sha1")

    def __init__(self, secret: bytes) -> None:
        half = (len(secret) + 1) // 2
        self._md5 = KeyedHmac("md5", secret[:half])
        self._sha1 = KeyedHmac("sha1", secret[len(secret) - half :])

    def expand(self, label: bytes, seed: bytes, length: int) -> bytes:
        """`length` bytes of PRF(secret, label, seed)."""
        seed = label + seed
        from_md5 = int.from_bytes(p_hash(self._md5, seed, length), "big")
        from_sha1 = int.from_bytes(p_hash(self._sha1, seed, length), "big")
        return (from_md5 ^ from_sha1).to_bytes(length, "big")


def p_hash(hmac: KeyedHmac, seed: bytes, length: int) -> bytes:
    """P_hash = HMAC(A(1) + seed) + HMAC(A(2) + seed) ..., A(i) = HMAC(A(i-1)), A(0) = seed."""
    digest = hmac.digest
    a = digest(seed)
    output = digest(a + seed)
    while len(output) < length:
        a = digest(a)
        output += digest(a + seed)
    return output[:length]


class Tls10Secrets:
    """A session's master secret under TLS 1.0's derivations."""

    __slots__ = ("_meter", "_prf", "master_secret")

    def __init__(self, master_secret: bytes, meter: Meter) -> None:
        self.master_secret = master_secret
        self._prf = Prf(master_secret)
        self._meter = meter

    @classmethod
    def from_premaster(
        cls, premaster: bytes, client_random: bytes, server_random: bytes, meter: Meter
    ) -> Tls10Secrets:
        """PRF(pre_master_secret, "master secret", client.random + server.random)[0..47]."""
        meter.add("prf.tls10", 0, 1, 48)
        seed = client_random + server_random
        return cls(Prf(premaster).expand(b"master secret", seed, 48), meter)

    def key_block(self, client_random: bytes, server_random: bytes, length: int) -> bytes:
        """PRF(master_secret, "key expansion", server_random + client_random)."""
        self._meter.add("prf.tls10", 0, 1, length)
        return self._prf.expand(b"key expansion", server_random + client_random, length)

    def finished(self, transcript: Transcript, *, from_client: bool) -> bytes:
        """PRF(master_secret, finished_label, MD5(messages) + SHA-1(messages))[0..11]."""
        label = b"client finished" if from_client else b"server finished"
        running_md5, running_sha1 = transcript.md5_and_sha1()
        self._meter.add("prf.tls10", 0, 1, 12)
        return self._prf.expand(label, running_md5.digest() + running_sha1.digest(), 12)
