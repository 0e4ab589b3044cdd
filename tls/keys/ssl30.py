"""SSL 3.0: master secret, key block and Finished (RFC 6101 §5.6.9, §6)."""

from __future__ import annotations

from hashlib import md5, sha1
from typing import TYPE_CHECKING

from tls.keys.transcript import Transcript
from tls.meter import Meter

if TYPE_CHECKING:
    from hashlib import _Hash

_CLIENT = b"CLNT"
_SERVER = b"SRVR"
_PAD_1 = b"\x36" * 48
_PAD_2 = b"\x5c" * 48


def expand(secret: bytes, seed: bytes, length: int) -> bytes:
    """MD5(secret + SHA('A' + secret + seed)) + MD5(secret + SHA('BB' + ... (RFC 6101 §6.1)."""
    output = bytearray()
    letter = ord("A")
    while len(output) < length:
        salt = bytes((letter,)) * (letter - ord("A") + 1)
        output += md5(secret + sha1(salt + secret + seed).digest()).digest()
        letter += 1
    return bytes(output[:length])


class Ssl30Secrets:
    """A session's master secret under SSL 3.0's derivations."""

    __slots__ = ("_meter", "master_secret")

    def __init__(self, master_secret: bytes, meter: Meter) -> None:
        self.master_secret = master_secret
        self._meter = meter

    @classmethod
    def from_premaster(
        cls, premaster: bytes, client_random: bytes, server_random: bytes, meter: Meter
    ) -> Ssl30Secrets:
        """master_secret = expand(pre_master_secret, client.random + server.random)[0..47]."""
        meter.add("prf.ssl30", 0, 1, 48)
        return cls(expand(premaster, client_random + server_random, 48), meter)

    def key_block(self, client_random: bytes, server_random: bytes, length: int) -> bytes:
        """key_block = expand(master_secret, server.random + client.random) (RFC 6101 §6.2.2)."""
        self._meter.add("prf.ssl30", 0, 1, length)
        return expand(self.master_secret, server_random + client_random, length)

    def finished(self, transcript: Transcript, *, from_client: bool) -> bytes:
        """hash(master + pad2 + hash(messages + Sender + master + pad1)), MD5 then SHA (§5.6.9)."""
        sender = _CLIENT if from_client else _SERVER
        running_md5, running_sha1 = transcript.md5_and_sha1()
        self._meter.add("prf.ssl30", 0, 1, 36)
        return self._outer_hash("md5", running_md5, sender) + self._outer_hash(
            "sha1", running_sha1, sender
        )

    def _outer_hash(self, name: str, messages: _Hash, sender: bytes) -> bytes:
        new, pad_length = (md5, 48) if name == "md5" else (sha1, 40)
        messages.update(sender + self.master_secret + _PAD_1[:pad_length])
        return new(self.master_secret + _PAD_2[:pad_length] + messages.digest()).digest()
