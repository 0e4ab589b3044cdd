"""What every other implementation is here: versions, suites, its client and its servers.

A peer's server answers a GET with some page. Everything is started at its first use and ended by
`close`.
"""

from __future__ import annotations

import contextlib
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any

import tls
from tests.interop.identities import Identities
from tests.interop.peers.processes import end
from tests.peers import require_program
from tls.suites import SUITES, CipherSuite

FAMILIES = {
    "NULL": ("null",),
    "RC4-40": ("rc4-40",),
    "RC4-56": ("rc4-56",),
    "RC4": ("rc4-128",),
    "RC2-40": ("rc2-40-cbc",),
    "DES40": ("des40-cbc",),
    "DES": ("des-cbc",),
    "IDEA": ("idea-cbc",),
    "3DES": ("3des-cbc",),
    "AES-CBC": ("aes-128-cbc", "aes-256-cbc"),
    "Camellia": ("camellia-128-cbc", "camellia-256-cbc"),
    "AES-GCM": ("aes-128-gcm", "aes-256-gcm"),
    "AES-CCM": ("aes-128-ccm", "aes-256-ccm"),
    "AES-CCM-8": ("aes-128-ccm-8", "aes-256-ccm-8"),
    "ChaCha20": ("chacha20-poly1305",),
}
"""The ciphers of each column of the matrix."""

_FAMILY_OF = {cipher: family for family, ciphers in FAMILIES.items() for cipher in ciphers}

ANONYMOUS = "none"
ALL_KINDS = ("RSA", "ECDSA", "DSA")
COMMON_EXCHANGES = frozenset(
    ("RSA", "DHE_RSA", "DHE_DSS", "DH_anon", "ECDHE_RSA", "ECDHE_ECDSA", "ECDH_anon")
)


def family_of(suite: CipherSuite) -> str:
    """The column of a suite."""
    return _FAMILY_OF[suite.cipher.name]


class Peer(ABC):
    """Another implementation.

    Attributes:
        versions, key_exchanges, families: what it speaks, all combined but for `lacks`.
    """

    name: str
    versions: Collection[int]
    key_exchanges: Collection[str]
    families: Collection[str]

    def __init__(self, identities: Identities) -> None:
        self.identities = identities
        self._closing = contextlib.ExitStack()
        self._servers: dict[object, int] = {}

    def close(self) -> None:
        """End all that was started."""
        self._closing.close()

    @classmethod
    def speaks(cls, version: int, suite: CipherSuite) -> bool:
        """Whether it has that suite in that version."""
        return (
            version in cls.versions
            and suite.key_exchange in cls.key_exchanges
            and family_of(suite) in cls.families
            and suite.allowed_in(version)
            and not cls.lacks(version, suite)
        )

    @classmethod
    def cells(cls) -> list[tuple[int, CipherSuite]]:
        """Every version and suite that it has."""
        return [
            (version, suite)
            for version in tls.IMPLEMENTED_VERSIONS
            for suite in SUITES.values()
            if cls.speaks(version, suite)
        ]

    @classmethod
    def lacks(cls, version: int, suite: CipherSuite) -> bool:
        """Whether it has version, key exchange and cipher, but not together."""
        return False

    @classmethod
    def client_kinds(cls, version: int) -> Collection[str]:
        """Kinds of client certificates that it shows and takes."""
        return ALL_KINDS

    @abstractmethod
    def pages(
        self,
        port: int,
        version: int,
        suite: CipherSuite,
        *,
        connections: int = 1,
        tickets: bool = False,
        certificate: str | None = None,
    ) -> list[str]:
        """The answers to its client that connects that often, resuming the one session.

        A client that cannot tell us all answers tells the last.
        """

    @abstractmethod
    def start_server(self, what: str, *, wants_certificate: bool) -> int:
        """Start the server of that `server_key`; its port."""

    def server_key(self, kind: str, version: int) -> str:
        """What one server can do for several kinds of identities and versions gives the same."""
        return ""

    def server(self, version: int, suite: CipherSuite, *, wants_certificate: bool = False) -> int:
        """The port of a server that can negotiate the suite."""
        kind = "RSA"
        for ending, other in {"_DSS": "DSA", "_ECDSA": "ECDSA", "_anon": ANONYMOUS}.items():
            if ending in suite.key_exchange:
                kind = other
        what = self.server_key(kind, version)
        key = (what, wants_certificate)
        if key not in self._servers:
            self._servers[key] = self.start_server(what, wants_certificate=wants_certificate)
        return self._servers[key]

    def start(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        """Start a program that is killed at the end."""
        process = subprocess.Popen(
            [require_program(command[0]), *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            **{"stderr": subprocess.STDOUT, **options},
        )
        self._closing.callback(end, process)
        return process
