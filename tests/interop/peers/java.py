"""Java's JSSE, by a program of our own (`JavaPeer.java`)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

import tls
from tests.interop.identities import Identities
from tests.interop.peers.peer import COMMON_EXCHANGES, Peer
from tls.suites import CipherSuite

_HERE = Path(__file__).parent


class Java(Peer):
    """Java 17, its disabled algorithms enabled: one process for all connections."""

    name = "Java"
    versions = tls.IMPLEMENTED_VERSIONS
    key_exchanges = COMMON_EXCHANGES | {
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
            program = str(_HERE / "JavaPeer.java")
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
