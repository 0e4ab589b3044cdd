"""What else the matrix leaves out: SSL 2.0's hello, missing certificates, and many at once."""

from __future__ import annotations

import re
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import tls
from tests.interop.choices import (
    RSA_CBC,
    OurServer,
    PeerOf,
    every_peer,
)
from tests.interop.identities import Identities
from tests.interop.ours import (
    REQUEST,
    serve_everything,
    visit,
)
from tests.interop.peers import Java, OpenSSL, Peer, run_client
from tests.tls.authority import Shape, authority, issue

pytestmark = pytest.mark.interop


# -- SSL 2.0's hello


@pytest.mark.slow
def test_java_sends_an_ssl_2_0_hello(peer_of: PeerOf, our_server: OurServer) -> None:
    peer = peer_of(Java)
    assert isinstance(peer, Java)
    for version in (tls.SSL_3_0, tls.TLS_1_0):
        (page,) = peer.pages(our_server("by ID"), version, RSA_CBC, hello="SSLv2Hello,")
        assert f"{tls.version_name(version)}\n{RSA_CBC.name}\nfull handshake" in page


@pytest.mark.slow
def test_java_understands_our_ssl_2_0_hello(peer_of: PeerOf, identities: Identities) -> None:
    for version in (tls.SSL_3_0, tls.TLS_1_0):
        config = tls.ClientConfig(
            identities.trust, versions=[version], suites=[RSA_CBC.code], ssl2_hello=True
        )
        client, answer = visit(peer_of(Java).server(version, RSA_CBC), config)
        assert client.version == version
        assert answer


# -- client certificates that are missing


@every_peer
@pytest.mark.parametrize("wanted", ["none", "request", "require"])
def test_a_client_without_a_certificate(
    kind: type[Peer], wanted: str, identities: Identities, peer_of: PeerOf
) -> None:
    trust = ("--client-trust", str(identities.authority))
    with serve_everything(identities, "--client-auth", wanted, *trust) as port:
        for version in kind.versions:
            (page,) = peer_of(kind).pages(port, version, RSA_CBC)
            assert ("full handshake" in page) == (wanted != "require"), page[-2_000:]
        (page,) = peer_of(kind).pages(port, tls.TLS_1_2, RSA_CBC, certificate="RSA")
        assert "full handshake" in page


@every_peer
def test_our_client_without_a_certificate(
    kind: type[Peer], identities: Identities, peer_of: PeerOf
) -> None:
    port = peer_of(kind).server(tls.TLS_1_2, RSA_CBC, wants_certificate=True)
    config = tls.ClientConfig(identities.trust, suites=[RSA_CBC.code])
    _, answer = visit(port, config)
    assert answer == b""


def test_a_client_certificate_of_an_unknown_authority(
    identities: Identities, peer_of: PeerOf
) -> None:
    stranger = issue(authority("Nobody knows it", "rsa-2048-stranger"), Shape())
    files = identities.write("stranger", stranger)
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    trust = ("--client-trust", str(identities.authority))
    with serve_everything(identities, "--client-auth", "request", *trust) as port:
        command = peer.client_command(port, tls.TLS_1_2, RSA_CBC)
        output = run_client(*command, "-cert", str(files.certificate), "-key", str(files.key))
    assert re.search(r"alert unknown ca|alert number 48", output)


# -- many


@pytest.mark.slow
def test_a_thousand_one_after_another_and_fifty_at_once(identities: Identities) -> None:
    """Every version, full and resumed; `serve` says nothing on standard error."""
    with serve_everything(identities) as port:
        sessions: dict[int, tls.Session | None] = {}
        for number in range(1_000):
            version = tls.IMPLEMENTED_VERSIONS[number % 4]
            config = tls.ClientConfig(identities.trust, versions=[version])
            offered = sessions.get(version) if number % 3 else None
            client, answer = visit(port, config, offered)
            assert client.resumed == (offered is not None)
            assert b"200 OK" in answer
            sessions[version] = client.session
        config = tls.ClientConfig(identities.trust)
        transports = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(50)]
        with ThreadPoolExecutor(50) as pool:
            answers = pool.map(lambda _: visit(port, config)[1], range(50))
            assert all(b"200 OK" in answer for answer in answers)
        for transport in transports:
            transport.close()


@pytest.mark.slow
def test_fifty_processes_of_openssl_at_once(peer_of: PeerOf, our_server: OurServer) -> None:
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    command = peer.client_command(our_server("by ID"), tls.TLS_1_2, RSA_CBC)
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=-2)
        for _ in range(50)
    ]
    for process in processes:
        output, _ = process.communicate(REQUEST, timeout=30)
        assert b"full handshake" in output
