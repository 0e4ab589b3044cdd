"""tshark reads what is on the wire: nothing malformed, and the key log decrypts the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import tls
from tests.interop.captures import MALFORMED, captured, conversations, tshark
from tests.interop.identities import Identities
from tests.interop.ours import REQUEST, serve_everything, visit
from tests.interop.peers import OpenSSL, Peer, Tlslite
from tls.suites import SUITES, CipherSuite

pytestmark = [pytest.mark.interop, pytest.mark.slow]

_UNREAD = ("EXPORT1024_WITH_DES",)
"""What tshark 4.0 cannot read: it takes 7 bytes for the 8 of a DES key."""


def check(path: Path, port: int, key_log: Path, connections: list[str]) -> None:
    """Nothing is malformed, and every one of the named connections can be read."""
    assert tshark(path, port, key_log, "-Y", MALFORMED) == ""
    read = conversations(path, port, key_log, len(connections))
    unread = [
        name
        for name, data in zip(connections, read, strict=True)
        if not data.startswith(REQUEST + b"HTTP/1.0 200 ")
        and not any(words in name for words in _UNREAD)
    ]
    assert not unread, "\n".join(unread)


def test_between_ourselves(identities: Identities, tmp_path: Path) -> None:
    """Every version with every suite, full and resumed by ID or by ticket."""
    capture, key_log = tmp_path / "capture.pcapng", tmp_path / "keys"
    names = []
    with (
        serve_everything(identities, "--keylog", str(key_log)) as port,
        captured(capture, port),
    ):
        for version in tls.IMPLEMENTED_VERSIONS:
            for suite in SUITES.values():
                if not suite.allowed_in(version):
                    continue
                config = tls.ClientConfig(
                    identities.trust,
                    versions=[version],
                    suites=[suite.code],
                    session_tickets=bool(suite.code % 2),
                )
                client, answer = visit(port, config)
                resumed, again = visit(port, config, client.session)
                assert answer
                assert again
                assert resumed.resumed
                name = f"{tls.version_name(version)} {suite.name}"
                names += [name, f"{name} resumed"]
    check(capture, port, key_log, names)


def _cells(peer: type[Peer]) -> list[tuple[int, CipherSuite]]:
    """Every version with one suite of each cipher."""
    chosen: dict[object, tuple[int, CipherSuite]] = {}
    for version, suite in peer.cells():
        if not suite.is_anonymous:
            chosen.setdefault((version, suite.cipher.name), (version, suite))
    return list(chosen.values())


@pytest.mark.parametrize("kind", [OpenSSL, Tlslite], ids=lambda kind: kind.name)
def test_their_client(
    kind: type[Peer],
    peer_of: Callable[[type[Peer]], Peer],
    identities: Identities,
    tmp_path: Path,
) -> None:
    capture, key_log = tmp_path / "capture.pcapng", tmp_path / "keys"
    names = []
    with (
        serve_everything(identities, "--keylog", str(key_log)) as port,
        captured(capture, port),
    ):
        for version, suite in _cells(kind):
            peer_of(kind).pages(port, version, suite)
            names.append(f"{tls.version_name(version)} {suite.name}")
    check(capture, port, key_log, names)


def test_their_server(
    peer_of: Callable[[type[Peer]], Peer], identities: Identities, tmp_path: Path
) -> None:
    capture, key_log = tmp_path / "capture.pcapng", tmp_path / "keys"
    names = []
    port = peer_of(OpenSSL).server(tls.TLS_1_2, SUITES[0x002F])
    with captured(capture, port), key_log.open("w", encoding="ascii") as keys:
        for version, suite in _cells(OpenSSL):
            if suite.key_exchange == "DHE_DSS":
                continue  # another server's
            config = tls.ClientConfig(
                identities.trust,
                versions=[version],
                suites=[suite.code],
                key_log=lambda line: print(line, file=keys),
            )
            _, answer = visit(port, config)
            assert answer
            names.append(f"{tls.version_name(version)} {suite.name}")
    check(capture, port, key_log, names)
