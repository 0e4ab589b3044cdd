"""The other implementations: how each connects to us, and how each serves us.

A peer's server answers a GET with some page. Everything is started at its first use and ended by
`close`.
"""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

import tls
from tests.interop.identities import SERVER_NAME, Files, Identities
from tests.interop.ours import REQUEST
from tests.peers import require_program
from tls.suites import SUITES, CipherSuite

HERE = Path(__file__).parent
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
_TIMEOUT = 30
_PAUSE = 0.3
"""Seconds between the pieces of a client's input."""

ANONYMOUS = "none"
OAKLEY_GROUP_2 = int(  # RFC 2409 §6.2
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)
_ALL_KINDS = ("RSA", "ECDSA", "DSA")
_COMMON_EXCHANGES = frozenset(
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
        return _ALL_KINDS

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
        self._closing.callback(_end, process)
        return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def drain(process: subprocess.Popen[str]) -> None:
    """Read what a server says from now on, lest its pipe fill up."""
    output = process.stdout
    assert output is not None
    threading.Thread(target=lambda: [None for _ in output], daemon=True).start()


def run_client(*command: str, input: Sequence[bytes] = (REQUEST,)) -> str:
    """What a client program says that is given some input, one piece at a time."""
    with subprocess.Popen(
        [require_program(command[0]), *command[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    ) as process:
        timer = threading.Timer(_TIMEOUT, process.kill)
        timer.start()
        assert process.stdin is not None
        assert process.stdout is not None
        # Some take the end of their input for the wish to close before the answer has come: the
        # input stays open.
        with contextlib.suppress(BrokenPipeError):
            for number, piece in enumerate(input):
                if number:
                    time.sleep(_PAUSE)
                process.stdin.write(piece)
        output = process.stdout.read()
        timer.cancel()
    return output.decode(errors="replace").replace("\r", "")


# ---------------------------------------------------------------------------------- OpenSSL


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
    key_exchanges = _COMMON_EXCHANGES
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


# ----------------------------------------------------------------------------------- GnuTLS


class GnuTLS(Peer):
    """The command line programs of GnuTLS 3.7."""

    name = "GnuTLS"
    versions = (tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2)
    key_exchanges = _COMMON_EXCHANGES
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


def free_port() -> int:
    """A port for a program that cannot choose a free one itself."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_until_listening(port: int) -> None:
    """Return when a connection is taken."""
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError), socket.socket() as transport:
            transport.settimeout(5)
            transport.connect(("127.0.0.1", port))
            return
        threading.Event().wait(0.05)
    pytest.fail(f"nothing listens on port {port}")


# ------------------------------------------------------------------------------------- Java


class Java(Peer):
    """Java 17, its disabled algorithms enabled: one process for all connections."""

    name = "Java"
    versions = tls.IMPLEMENTED_VERSIONS
    key_exchanges = _COMMON_EXCHANGES | {
        *("RSA_EXPORT", "DHE_RSA_EXPORT", "DHE_DSS_EXPORT", "DH_anon_EXPORT"),
    }
    families = (
        *("NULL", "RC4-40", "RC4", "DES40", "DES", "3DES", "AES-CBC", "AES-GCM", "ChaCha20"),
    )

    _VERSIONS: ClassVar = {
        tls.SSL_3_0: "SSLv3",
        tls.TLS_1_0: "TLSv1",
        tls.TLS_1_1: "TLSv1.1",
        tls.TLS_1_2: "TLSv1.2",
    }

    def __init__(self, identities: Identities) -> None:
        super().__init__(identities)
        self._processes: dict[str, subprocess.Popen[str]] = {}

    def ask(self, command: str, option: str = "-XX:+UseSerialGC") -> Iterator[str]:
        """The lines that answer a command; each different option has its own process."""
        if option not in self._processes:
            program = str(HERE / "JavaPeer.java")
            options = ("-XX:TieredStopAtLevel=1", option)
            folder = str(self.identities.folder)
            self._processes[option] = self.start(
                "java", *options, program, folder, stderr=subprocess.DEVNULL
            )
        process = self._processes[option]
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(command + "\n")
        process.stdin.flush()
        for line in process.stdout:
            if line == "done\n":
                return
            yield line.rstrip("\n")
        pytest.fail("Java has ended")

    def pages(
        self,
        port: int,
        version: int,
        suite: CipherSuite,
        *,
        connections: int = 1,
        tickets: bool = False,
        certificate: str | None = None,
        hello: str = "",
    ) -> list[str]:
        protocols = hello + self._VERSIONS[version]
        how = "TICKET" if tickets else "ID"
        answers = self.ask(
            f"connect {port} {protocols} {suite.name} {certificate or '-'} {how} {connections}"
        )
        return [answer.replace("|", "\n") for answer in answers]

    def server_key(self, kind: str, version: int) -> str:
        # While it knows extended master secrets, its server resumes no session without.
        return "-Djdk.tls.useExtendedMasterSecret=false" if version == tls.SSL_3_0 else ""

    def start_server(self, what: str, *, wants_certificate: bool) -> int:
        command = f"serve {'need' if wants_certificate else 'none'}"
        (answer,) = self.ask(command, what) if what else self.ask(command)
        match = re.fullmatch(r"port (\d+)", answer)
        assert match, answer
        return int(match[1])


# -------------------------------------------------------------------------------- tlslite-ng


class Tlslite(Peer):
    """tlslite-ng, in this process."""

    name = "tlslite-ng"
    versions = tls.IMPLEMENTED_VERSIONS
    key_exchanges = _COMMON_EXCHANGES
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
        return kinds.get(version, _ALL_KINDS)

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
            with socket.create_connection(("127.0.0.1", port), _TIMEOUT) as transport:
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
                transport.settimeout(_TIMEOUT)
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


PEERS: tuple[type[Peer], ...] = (OpenSSL, GnuTLS, Java, Tlslite)
