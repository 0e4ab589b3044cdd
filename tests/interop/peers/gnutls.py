"""GnuTLS, by its command line."""

from __future__ import annotations

from typing import ClassVar

import tls
from tests.interop.identities import SERVER_NAME
from tests.interop.peers.peer import COMMON_EXCHANGES, Peer
from tests.interop.peers.processes import drain, free_port, run_client, wait_until_listening
from tls.suites import CipherSuite


class GnuTLS(Peer):
    """The command line programs of GnuTLS 3.7."""

    name = "GnuTLS"
    versions = (tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2)
    key_exchanges = COMMON_EXCHANGES
    families = (
        *("NULL", "RC4", "3DES", "AES-CBC", "Camellia"),
        *("AES-GCM", "AES-CCM", "AES-CCM-8", "ChaCha20"),
    )

    _KEY_EXCHANGES: ClassVar = {"DH_anon": "ANON-DH", "ECDH_anon": "ANON-ECDH"}
    _MACS: ClassVar = {"MD5": "MD5", "SHA": "SHA1", "SHA256": "SHA256", "SHA384": "SHA384"}
    _CIPHERS: ClassVar = {"null": "NULL", "rc4-128": "ARCFOUR-128"}
    _COMMON = (
        "+COMP-NULL:+GROUP-ALL:+CTYPE-X509:+SIGN-ALL:+SIGN-DSA-SHA1:+SIGN-DSA-SHA256:"
        "%VERIFY_ALLOW_BROKEN:%UNSAFE_RENEGOTIATION"
    )

    @classmethod
    def _own_words(cls, version: int, suite: CipherSuite) -> list[str]:
        cipher = cls._CIPHERS.get(suite.cipher.name, suite.cipher.name.upper())
        mac = "AEAD" if suite.cipher.mode == "aead" else cls._MACS[suite.mac]
        exchange = cls._KEY_EXCHANGES.get(suite.key_exchange, suite.key_exchange.replace("_", "-"))
        protocol = "VERS-" + tls.version_name(version).replace(" ", "")
        return [f"+{word}" for word in (protocol, cipher, mac, exchange)]

    @classmethod
    def priority(cls, version: int, suite: CipherSuite) -> str:
        """The priority string of one version and suite."""
        return ":".join(["NONE", *cls._own_words(version, suite), cls._COMMON])

    def client_command(self, port: int, version: int, suite: CipherSuite) -> list[str]:
        """The command that connects with that version and suite."""
        command = ["gnutls-cli", "-p", str(port), "127.0.0.1", "--sni-hostname", SERVER_NAME]
        command += ["--x509cafile", str(self.identities.authority)]
        command += ["--verify-hostname", SERVER_NAME]
        return [*command, "--priority", self.priority(version, suite)]

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
        command = self.client_command(port, version, suite)
        if connections == 2:
            command.append("--resume")
        if not tickets:
            command.append("--noticket")
        if certificate is not None:
            files = self.identities.client[certificate]
            command += ["--x509certfile", str(files.certificate), "--x509keyfile", str(files.key)]
        return [run_client(*command)]

    def start_server(self, what: str, *, wants_certificate: bool) -> int:
        port = free_port()
        command = ["gnutls-serv", "--http", "-p", str(port)]
        command += ["--x509cafile", str(self.identities.authority)]
        command += ["--require-client-cert", "--verify-client-cert"] if wants_certificate else []
        command += [] if wants_certificate else ["--disable-client-cert"]
        for files in self.identities.server.values():
            command += ["--x509certfile", str(files.certificate), "--x509keyfile", str(files.key)]
        every = {word for cell in self.cells() for word in self._own_words(*cell)}
        enabled = ":".join(["NONE", *sorted(every), self._COMMON])
        process = self.start(*command, "--priority", enabled)
        drain(process)
        wait_until_listening(port)
        return port
