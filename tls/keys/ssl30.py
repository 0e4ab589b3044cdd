"""SSL 3.0: master secret, key block and Finished (RFC 6101 §5.6.9, §6)."""

from __future__ import annotations

from hashlib import sha1

from tls.keys.hashes import md5
from tls.keys.transcript import Transcript
from tls.meter import Meter

_CLIENT = b"CLNT"
_SERVER = b"SRVR"
_SALTS = [bytes((ord("A") + i,)) * (i + 1) for i in range(26)]
_BLOCK = 16
_PAD_1 = b"\x36" * 48
_PAD_2 = b"\x5c" * 48


def expand(secret: bytes, seed: bytes, length: int) -> bytes:
    """MD5(secret + SHA('A' + secret + seed)) + MD5(secret + SHA('BB' + ... (RFC 6101 §6.1).

    At most 26 times 16 bytes: there are no more letters.
    """
    salted = secret + seed
    blocks = [
        md5(secret + sha1(salt + salted).digest()).digest()
        for salt in _SALTS[: -(-length // _BLOCK)]
    ]
    return b"".join(blocks)[:length]


class Ssl30Secrets:
    """A session's master secret under SSL 3.0's derivations."""

    __slots__ = ("_book", "master_secret")

    def __init__(self, master_secret: bytes, meter: Meter) -> None:
        self.master_secret = master_secret
        self._book = meter.book

    @classmethod
    def from_premaster(
        cls, premaster: bytes, client_random: bytes, server_random: bytes, meter: Meter
    ) -> Ssl30Secrets:
        """master_secret = expand(pre_master_secret, client.random + server.random)[0..47]."""
        meter.book(("prf.ssl30", 0, 1, 48))
        return cls(expand(premaster, client_random + server_random, 48), meter)

    def key_block(self, client_random: bytes, server_random: bytes, length: int) -> bytes:
        """key_block = expand(master_secret, server.random + client.random) (RFC 6101 §6.2.2)."""
        self._book(("prf.ssl30", 0, 1, length))
        return expand(self.master_secret, server_random + client_random, length)

    def export_keys(
        self,
        write_keys: tuple[bytes, bytes],
        client_random: bytes,
        server_random: bytes,
        key_length: int,
        iv_length: int,
    ) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """Final keys and IVs of exportable ciphers, (client's, server's) (RFC 6101 §6.2.2.1).

        final_client_write_key = MD5(client_write_key + client.random + server.random),
        client_write_IV = MD5(client.random + server.random); the server's with the randoms swapped.
        """
        self._book(("hash.md5", 0, 4, 4 * 64))
        client_seed = client_random + server_random
        server_seed = server_random + client_random
        client_key, server_key = write_keys
        return (
            (
                md5(client_key + client_seed).digest()[:key_length],
                md5(client_seed).digest()[:iv_length],
            ),
            (
                md5(server_key + server_seed).digest()[:key_length],
                md5(server_seed).digest()[:iv_length],
            ),
        )

    def finished(self, transcript: Transcript, *, from_client: bool) -> bytes:
        """hash(master + pad2 + hash(messages + Sender + master + pad1)), MD5 then SHA (§5.6.9)."""
        self._book(("prf.ssl30", 0, 1, 36))
        return self._keyed_hash(transcript, _CLIENT if from_client else _SERVER)

    def certificate_verify(self, transcript: Transcript) -> bytes:
        """hash(master + pad2 + hash(messages + master + pad1)), MD5 then SHA (§5.6.8)."""
        self._book(("prf.ssl30", 0, 1, 36))
        return self._keyed_hash(transcript, b"")

    def _keyed_hash(self, transcript: Transcript, sender: bytes) -> bytes:
        hashes = b""
        for name, new, pad_length in (("md5", md5, 48), ("sha1", sha1, 40)):
            inner = transcript.running(name)
            inner.update(sender + self.master_secret + _PAD_1[:pad_length])
            hashes += new(self.master_secret + _PAD_2[:pad_length] + inner.digest()).digest()
        return hashes
