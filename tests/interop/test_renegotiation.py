"""Renegotiation with other implementations, from both sides, and refused."""

from __future__ import annotations

import socket

import pytest

import tls
from tests.interop.choices import (
    RSA_CBC,
    OurServer,
    PeerOf,
    every_version,
)
from tests.interop.identities import SERVER_NAME, Identities
from tests.interop.ours import (
    REQUEST,
    identity_options,
    read_some,
    tls_connect,
    tls_serve,
)
from tests.interop.peers import GnuTLS, OpenSSL, run_client

pytestmark = pytest.mark.interop


@every_version
def test_openssl_client_renegotiates(version: int, peer_of: PeerOf, our_server: OurServer) -> None:
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    command = peer.client_command(our_server("by ID"), version, RSA_CBC)
    command.remove("-ign_eof")
    output = run_client(*command, input=[b"R\n", REQUEST])
    assert "RENEGOTIATING" in output
    assert f"{tls.version_name(version)}\n{RSA_CBC.name}\n" in output


@every_version
def test_openssl_server_is_asked_to_renegotiate(
    version: int, identities: Identities, peer_of: PeerOf
) -> None:
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    port = peer.start_openssl_server("-client_renegotiation")
    versions = ["--versions", tls.version_name(version), "--get", "/"]
    finished = tls_connect(port, "--trust", str(identities.authority), "--renegotiate", *versions)
    assert finished.stderr == ""
    assert finished.stdout.count(" handshake, ") == 2
    assert "HTTP/1.0 200 ok" in finished.stdout


def test_openssl_server_that_refuses_to_renegotiate(
    identities: Identities, peer_of: PeerOf
) -> None:
    port = peer_of(OpenSSL).server(tls.TLS_1_2, RSA_CBC)
    finished = tls_connect(port, "--trust", str(identities.authority), "--renegotiate")
    assert finished.returncode == 1
    assert finished.stderr == "tls: the server sent the alert no_renegotiation\n"


@every_version
def test_openssl_server_asks_for_a_renegotiation(
    version: int, identities: Identities, peer_of: PeerOf
) -> None:
    """A HelloRequest, and one that wants a certificate in the new handshake."""
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    process, port = peer.interactive_server()
    assert process.stdin is not None
    config = tls.ClientConfig(
        identities.trust, versions=[version], identities=[identities.client_identities["RSA"]]
    )
    client = tls.ClientConnection(config, SERVER_NAME)
    completed = 0
    with socket.create_connection(("127.0.0.1", port), 10) as transport:
        while completed < 3:
            transport.sendall(client.outgoing())
            for event in client.receive(read_some(transport)):
                if isinstance(event, tls.HandshakeCompleted):
                    completed += 1
                    transport.sendall(client.outgoing())
                    if completed < 3:
                        process.stdin.write(" rR"[completed] + "\n")
                        process.stdin.flush()
        client.send(b"after all that\n")
        client.close()
        transport.sendall(client.outgoing())
        assert process.stdout is not None
        assert any("after all that" in line for line in process.stdout)


@every_version
def test_gnutls_client_rehandshakes(version: int, peer_of: PeerOf, our_server: OurServer) -> None:
    peer = peer_of(GnuTLS)
    assert isinstance(peer, GnuTLS)
    command = peer.client_command(our_server("by ID"), version, RSA_CBC)
    output = run_client(*command, "--rehandshake")
    assert "ReHandshake was completed" in output
    assert f"{tls.version_name(version)}\n{RSA_CBC.name}\n" in output


@every_version
def test_gnutls_server_is_asked_to_rehandshake(
    version: int, identities: Identities, peer_of: PeerOf
) -> None:
    port = peer_of(GnuTLS).server(version, RSA_CBC)
    versions = ["--versions", tls.version_name(version), "--get", "/"]
    finished = tls_connect(port, "--trust", str(identities.authority), "--renegotiate", *versions)
    assert finished.stderr == ""
    assert finished.stdout.count(" handshake, ") == 2
    assert "HTTP/1.0 200 OK" in finished.stdout


def test_renegotiation_that_we_refuse(identities: Identities, peer_of: PeerOf) -> None:
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    with tls_serve(
        *identity_options(identities.server["RSA"]), "--renegotiation", "refuse"
    ) as port:
        command = peer.client_command(port, tls.TLS_1_2, RSA_CBC)
        command.remove("-ign_eof")
        output = run_client(*command, input=[b"R\n"])
    assert "no renegotiation" in output
