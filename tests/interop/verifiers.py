"""What other implementations say of a chain of certificates, and of a name."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.peers import require_program

SERVER_AUTH = "1.3.6.1.5.5.7.3.1"


class Verdict(NamedTuple):
    """Whether it was accepted, and what was said."""

    accepted: bool
    said: str


@dataclass(frozen=True)
class ChainFiles:
    """A chain as PEM files: trusted roots, leaf, leaf and the others together."""

    roots: Path
    leaf: Path
    chain: Path


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, timeout=30
    )


class OpenSsl:
    """`openssl verify` and `openssl x509`."""

    def __init__(self) -> None:
        self._program = require_program("openssl")

    def chain(self, files: ChainFiles) -> Verdict:
        """Whether a server's chain is accepted; keys of any size are."""
        done = _run(
            *(self._program, "verify", "-no-CApath", "-auth_level", "0", "-purpose", "sslserver"),
            *("-CAfile", files.roots, "-untrusted", files.chain, files.leaf),
        )
        return Verdict(done.returncode == 0, done.stdout + done.stderr)

    def name(self, certificate: Path, name: str, *, address: bool) -> Verdict:
        """Whether a certificate is for a name."""
        option = "-checkip" if address else "-checkhost"
        done = _run(self._program, "x509", "-noout", option, name, "-in", certificate)
        return Verdict("does match" in done.stdout, done.stdout + done.stderr)


class GnuTls:
    """`certtool --verify`."""

    def __init__(self) -> None:
        self._program = require_program("certtool")

    def chain(self, files: ChainFiles) -> Verdict:
        """Whether a server's chain is accepted."""
        return self._verify(files.roots, files.chain, "--verify-purpose", SERVER_AUTH)

    def name(self, certificate: Path, name: str, *, address: bool) -> Verdict:
        """Whether a certificate, which trusts itself, is for a name."""
        return self._verify(certificate, certificate, "--verify-hostname", name)

    def _verify(self, roots: Path, chain: Path, *options: str) -> Verdict:
        done = _run(
            *(self._program, "--verify", "--verify-profile", "low"),
            *("--load-ca-certificate", roots, "--infile", chain, *options),
        )
        return Verdict(done.returncode == 0, done.stdout + done.stderr)


class Java:
    """The trust manager and the name check of the JDK, in one process for all questions."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def chain(self, files: ChainFiles) -> Verdict:
        """Whether a server's chain is accepted."""
        return self._ask("chain", files.roots, files.chain)

    def name(self, certificate: Path, name: str, *, address: bool) -> Verdict:
        """Whether a certificate is for a name."""
        return self._ask("name", certificate, name)

    def _ask(self, *words: str | Path) -> Verdict:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(*words, sep="\t", file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        return Verdict(answer.startswith("yes"), answer)


@contextmanager
def java() -> Iterator[Java]:
    """Java, started and ended."""
    program = Path(__file__).parent / "peers" / "ChainChecker.java"
    command = [require_program("java"), "--add-exports", "java.base/sun.security.util=ALL-UNNAMED"]
    with subprocess.Popen(
        [*command, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        yield Java(process)
        assert process.stdin is not None
        process.stdin.close()
