"""tlslite-ng, as a library."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Collection
from typing import Any, ClassVar

import pytest

import tls
from tests.interop.identities import SERVER_NAME, Identities
from tests.interop.ours import REQUEST
from tests.interop.peers.peer import ALL_KINDS, ANONYMOUS, COMMON_EXCHANGES, Peer
from tests.interop.peers.processes import TIMEOUT
from tls.suites import CipherSuite

OAKLEY_GROUP_2 = int(  # RFC 2409 §6.2
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)


class Tlslite(Peer):
    """tlslite-ng, in this process."""

    name = "tlslite-ng"
    versions = tls.IMPLEMENTED_VERSIONS
    key_exchanges = COMMON_EXCHANGES
    families = (*("NULL", "RC4", "3DES", "AES-CBC", "AES-GCM", "AES-CCM", "AES-CCM-8", "ChaCha20"),)

    _EXCHANGES: ClassVar = {"DHE_DSS": "dhe_dsa"}

    @classmethod
    def client_kinds(cls, version: int) -> Collection[str]:
        # It signs MD5 and SHA-1 together where ECDSA and DSA sign SHA-1 only.
        kinds = {
            tls.SSL_3_0: ("RSA",),
            tls.TLS_1_0: ("RSA", "ECDSA"),
            tls.TLS_1_1: ("RSA", "ECDSA"),
        }
        return kinds.get(version, ALL_KINDS)

    @classmethod
    def lacks(cls, version: int, suite: CipherSuite) -> bool:
        # It names them, but forgets them in its list of suites with SHA-256.
        return suite.key_exchange == "DHE_DSS" and (suite.cipher.mode, suite.mac) == (
            "cbc",
            "SHA256",
        )

    def __init__(self, identities: Identities) -> None:
        super().__init__(identities)
        self._api = pytest.importorskip("tlslite.api")
        self._sessions = self._api.SessionCache()

    def _settings(self, version: int | None = None, suite: CipherSuite | None = None) -> Any:
        from tlslite import handshakesettings as names

        wanted = self._api.HandshakeSettings()
        wanted.minKeySize = 512
        wanted.maxVersion = (3, 3)
        wanted.minVersion = (3, 0)
        wanted.cipherNames = list(names.ALL_CIPHER_NAMES)
        wanted.macNames = list(names.ALL_MAC_NAMES)
        wanted.keyExchangeNames = [n for n in names.KEY_EXCHANGE_NAMES if "srp" not in n]
        wanted.dhGroups = []  # its powers modulo 2,048 bits, in Python, would take minutes
        wanted.dhParams = (2, OAKLEY_GROUP_2)
        wanted.defaultCurve = "secp256r1"
        if version is not None:
            wanted.minVersion = wanted.maxVersion = (version >> 8, version & 0xFF)
        if suite is not None:
            exchange = suite.key_exchange
            cipher = suite.cipher.name.replace("-cbc", "").replace("-ccm-8", "-ccm_8")
            if not cipher.startswith("chacha"):
                cipher = cipher.replace("-", "")
            wanted.cipherNames = ["rc4" if cipher == "rc4128" else cipher]
            wanted.macNames = ["aead" if suite.cipher.mode == "aead" else suite.mac.lower()]
            wanted.keyExchangeNames = [self._EXCHANGES.get(exchange, exchange.lower())]
        return wanted

    def _identity(self, files: Any) -> tuple[Any, Any]:
        chain = self._api.X509CertChain()
        chain.parsePemList(files.certificate.read_text())
        return chain, self._api.parsePEMKey(files.key.read_text(), private=True)

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
        settings = self._settings(version, suite)
        chain, key = (
            self._identity(self.identities.client[certificate]) if certificate else (None, None)
        )
        session = None
        answers = []
        for _ in range(connections):
            with socket.create_connection(("127.0.0.1", port), TIMEOUT) as transport:
                connection = self._api.TLSConnection(transport)
                if suite.is_anonymous:
                    connection.handshakeClientAnonymous(session=session, settings=settings)
                else:
                    connection.handshakeClientCert(
                        chain, key, session=session, settings=settings, serverName=SERVER_NAME
                    )
                connection.write(REQUEST)
                answer = b""
                while data := connection.read(max=65_536):
                    answer += data
                session = connection.session
                answers.append(answer.decode())
        return answers

    def server_key(self, kind: str, version: int) -> str:
        return kind

    def start_server(self, what: str, *, wants_certificate: bool) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        self._closing.callback(server.close)
        anonymous = what == ANONYMOUS
        chain, key = (None, None) if anonymous else self._identity(self.identities.server[what])
        settings = self._settings()
        settings.ticketKeys = [bytearray(range(32))]

        def answer(transport: socket.socket) -> None:
            # What goes wrong, our side sees.
            with transport, contextlib.suppress(Exception):
                transport.settimeout(TIMEOUT)
                connection = self._api.TLSConnection(transport)
                connection.handshakeServer(
                    certChain=chain,
                    privateKey=key,
                    reqCert=wants_certificate,
                    sessionCache=self._sessions,
                    settings=settings,
                    anon=anonymous,
                )
                if wants_certificate and connection.session.clientCertChain is None:
                    return
                connection.read(min=len(REQUEST), max=len(REQUEST))
                connection.write(b"a page\n")
                connection.close()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    transport, _ = server.accept()
                    threading.Thread(target=answer, args=(transport,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return int(server.getsockname()[1])
