"""OpenSSL, by its command line."""

from __future__ import annotations

import subprocess
from typing import ClassVar

import tls
from tests.interop.identities import SERVER_NAME, Files, Identities
from tests.interop.peers.peer import COMMON_EXCHANGES, Peer
from tests.interop.peers.processes import drain, run_client
from tests.peers import require_program
from tls.suites import CipherSuite


def openssl_cipher_name(suite: CipherSuite) -> str:
    """The name that `openssl` gives to the suite."""
    output = subprocess.run(
        [require_program("openssl"), "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = {line.split()[0]: line.split()[2] for line in output.splitlines()}
    return names[suite.name]


class OpenSSL(Peer):
    """The command line of OpenSSL 3."""

    name = "OpenSSL"
    versions = (tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2)
    key_exchanges = COMMON_EXCHANGES
    families = ("NULL", "AES-CBC", "Camellia", "AES-GCM", "AES-CCM", "AES-CCM-8", "ChaCha20")

    _VERSION_OPTIONS: ClassVar = {
        tls.TLS_1_0: "-tls1",
        tls.TLS_1_1: "-tls1_1",
        tls.TLS_1_2: "-tls1_2",
    }

    def __init__(self, identities: Identities) -> None:
        super().__init__(identities)
        self._names: dict[str, str] = {}

    def client_command(self, port: int, version: int, suite: CipherSuite) -> list[str]:
        """The command that connects with that version and suite."""
        if suite.name not in self._names:
            self._names[suite.name] = openssl_cipher_name(suite)
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof"]
        command += ["-CAfile", str(self.identities.authority), "-servername", SERVER_NAME]
        command += ["-cipher", f"{self._names[suite.name]}:@SECLEVEL=0"]
        return [*command, self._VERSION_OPTIONS[version], "-legacy_renegotiation"]

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
        if not suite.is_anonymous:
            command.append("-verify_return_error")
        if not tickets:
            command.append("-no_ticket")
        if certificate is not None:
            files = self.identities.client[certificate]
            command += ["-cert", str(files.certificate), "-key", str(files.key)]
        session = str(self.identities.folder / "openssl-session.pem")
        if connections == 1:
            return [run_client(*command)]
        outputs = [run_client(*command, "-sess_out", session)]
        outputs += [run_client(*command, "-sess_in", session) for _ in range(connections - 1)]
        return outputs

    def server_key(self, kind: str, version: int) -> str:
        return "DSA" if kind == "DSA" else ""

    def start_server(self, what: str, *, wants_certificate: bool) -> int:
        options = []
        if wants_certificate:
            options += ["-Verify", "1", "-verify_return_error"]
        if what == "DSA":
            return self.start_openssl_server(*options, certificate=self.identities.server["DSA"])
        files = self.identities.server["ECDSA"]
        options += ["-dcert", str(files.certificate), "-dkey", str(files.key)]
        return self.start_openssl_server(*options)

    def start_openssl_server(self, *options: str, certificate: Files | None = None) -> int:
        """Start a server that answers a GET with its status page; its port."""
        return self._start(["-www", *options], certificate)[1]

    def interactive_server(self) -> tuple[subprocess.Popen[str], int]:
        """A server that takes commands on its standard input, and its port."""
        return self._start([], None)

    def _start(
        self, options: list[str], certificate: Files | None
    ) -> tuple[subprocess.Popen[str], int]:
        files = certificate or self.identities.server["RSA"]
        command = ["openssl", "s_server", "-accept", "127.0.0.1:0"]
        command += ["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-legacy_renegotiation"]
        command += ["-CAfile", str(self.identities.authority)]
        command += ["-cert", str(files.certificate), "-key", str(files.key)]
        process = self.start(*command, *options)
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("ACCEPT"))
        if "-www" in options:
            drain(process)
        return process, int(line.rpartition(":")[2])
