"""From premaster secret to keys and Finished hashes, a file a protocol family."""

from __future__ import annotations

from typing import Protocol

from tls.keys.ssl30 import Ssl30Secrets
from tls.keys.tls10 import Tls10Secrets
from tls.keys.transcript import Transcript
from tls.meter import Meter
from tls.versions import SSL_3_0


class Secrets(Protocol):
    """A master secret and what is derived from it. Randoms are 32 bytes, `length` is in bytes."""

    master_secret: bytes

    def key_block(self, client_random: bytes, server_random: bytes, length: int) -> bytes:
        """The key block of a connection (RFC 2246 §6.3)."""

    def finished(self, transcript: Transcript, *, from_client: bool) -> bytes:
        """The verify_data of a Finished message over the transcript so far (RFC 2246 §7.4.9)."""


def secrets_from_premaster(
    version: int, premaster: bytes, client_random: bytes, server_random: bytes, meter: Meter
) -> Secrets:
    """The secrets of a new session (RFC 2246 §8.1, RFC 6101 §6.1)."""
    family = Ssl30Secrets if version == SSL_3_0 else Tls10Secrets
    return family.from_premaster(premaster, client_random, server_random, meter)


def secrets_from_master(version: int, master_secret: bytes, meter: Meter) -> Secrets:
    """The secrets of a resumed session."""
    family = Ssl30Secrets if version == SSL_3_0 else Tls10Secrets
    return family(master_secret, meter)
