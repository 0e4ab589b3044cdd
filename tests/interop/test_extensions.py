"""What extensions of the hello do with other implementations."""

from __future__ import annotations

import pytest

import tls
from tests.interop.choices import (
    ECDHE_RSA_GCM,
    RSA_CBC,
    OurServer,
    PeerOf,
)
from tests.interop.identities import OTHER_NAME, SERVER_NAME, Identities
from tests.interop.ours import (
    identity_options,
    serve_everything,
    tls_connect,
    tls_serve,
    visit,
)
from tests.interop.peers import GnuTLS, OpenSSL, Peer, run_client

pytestmark = pytest.mark.interop


def test_alpn(identities: Identities, peer_of: PeerOf) -> None:
    openssl, gnutls = peer_of(OpenSSL), peer_of(GnuTLS)
    assert isinstance(openssl, OpenSSL)
    assert isinstance(gnutls, GnuTLS)
    with serve_everything(identities, "--alpn", "h2,http/1.1") as port:
        command = openssl.client_command(port, tls.TLS_1_2, RSA_CBC)
        assert "ALPN protocol: http/1.1" in run_client(*command, "-alpn", "http/1.0,http/1.1")
        assert "ALPN protocol: h2" in run_client(*command, "-alpn", "http/1.1,h2")
        refused = run_client(*command, "-alpn", "imap")
        assert "alert no application protocol" in refused
        command = gnutls.client_command(port, tls.TLS_1_2, RSA_CBC)
        output = run_client(*command, "--alpn", "http/1.1")
        assert "- Application protocol: http/1.1" in output


def test_alpn_of_an_openssl_server(identities: Identities, peer_of: PeerOf) -> None:
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    port = peer.start_openssl_server("-alpn", "http/1.1,h2")
    for offered in (["h2"], ["h2", "http/1.1"]):
        config = tls.ClientConfig(identities.trust, alpn=offered)
        client, _ = visit(port, config)
        assert client.application_protocol == offered[-1]


def test_the_name_chooses_the_identity(identities: Identities, peer_of: PeerOf) -> None:
    files = [identities.server["RSA"], identities.other]
    openssl, gnutls = peer_of(OpenSSL), peer_of(GnuTLS)
    assert isinstance(openssl, OpenSSL)
    assert isinstance(gnutls, GnuTLS)
    with tls_serve(*identity_options(*files)) as port:
        for name in (SERVER_NAME, OTHER_NAME):
            command = openssl.client_command(port, tls.TLS_1_2, RSA_CBC)
            command[command.index(SERVER_NAME)] = name
            output = run_client(*command, "-verify_hostname", name)
            assert f"Verified peername: {name}" in output
            command = gnutls.client_command(port, tls.TLS_1_2, RSA_CBC)
            command = [name if word == SERVER_NAME else word for word in command]
            assert "The certificate is trusted" in run_client(*command)


def test_an_openssl_server_chooses_by_name(identities: Identities, peer_of: PeerOf) -> None:
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    other = identities.other
    port = peer.start_openssl_server(
        *("-servername", OTHER_NAME, "-cert2", str(other.certificate), "-key2", str(other.key))
    )
    for name in (SERVER_NAME, OTHER_NAME):
        finished = tls_connect(port, "--trust", str(identities.authority), "--servername", name)
        assert finished.stderr == ""


@pytest.mark.parametrize("length", [512, 1024, 2048, 4096])
def test_max_fragment_length(
    length: int, identities: Identities, peer_of: PeerOf, our_server: OurServer
) -> None:
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    command = peer.client_command(our_server("by ID"), tls.TLS_1_2, RSA_CBC)
    output = run_client(*command, "-maxfraglen", str(length))
    assert f"Max-Fragment-Length: {length}" in output or "full handshake" in output
    config = tls.ClientConfig(identities.trust, versions=[tls.TLS_1_2], max_fragment_length=length)
    _, answer = visit(peer.server(tls.TLS_1_2, RSA_CBC), config)
    assert len(answer) > 4096


@pytest.mark.parametrize("length", [512, 1024, 4096])
def test_record_size_limit(length: int, identities: Identities, peer_of: PeerOf) -> None:
    """As a client GnuTLS takes no larger record: neither certificates of a second handshake."""
    peer = peer_of(GnuTLS)
    assert isinstance(peer, GnuTLS)
    with serve_everything(identities, "--record-size-limit", str(length)) as port:
        command = peer.client_command(port, tls.TLS_1_2, RSA_CBC)
        output = run_client(*command, "--recordsize", str(length), "--rehandshake")
        assert "ReHandshake was completed" in output
        assert "full handshake" in output
    config = tls.ClientConfig(identities.trust, versions=[tls.TLS_1_2], record_size_limit=length)
    _, answer = visit(peer.server(tls.TLS_1_2, RSA_CBC), config)
    assert b"</HTML>" in answer.upper()


def test_fallback(identities: Identities, our_server: OurServer, peer_of: PeerOf) -> None:
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    command = peer.client_command(our_server("by ID"), tls.TLS_1_1, RSA_CBC)
    assert "alert inappropriate fallback" in run_client(*command, "-fallback_scsv")
    port = peer.server(tls.TLS_1_1, RSA_CBC)
    refused = tls_connect(
        port, "--trust", str(identities.authority), "--versions", "TLS 1.1", "--fallback-scsv"
    )
    assert refused.stderr == "tls: the server sent the alert inappropriate_fallback\n"


@pytest.mark.parametrize("kind", [OpenSSL, GnuTLS], ids=lambda kind: kind.name)
def test_false_start(kind: type[Peer], identities: Identities, peer_of: PeerOf) -> None:
    port = peer_of(kind).server(tls.TLS_1_2, ECDHE_RSA_GCM)
    finished = tls_connect(
        port, "--trust", str(identities.authority), "--false-start", "--get", "/"
    )
    assert finished.stderr == ""
    assert "200 ok" in finished.stdout.lower()


@pytest.mark.parametrize("extension", ["encrypt-then-mac", "extended-master-secret"])
def test_without_an_extension(extension: str, identities: Identities, peer_of: PeerOf) -> None:
    """Either side may lack it: a full handshake and a resumed one."""
    off = {extension.replace("-", "_"): False}
    for kind in (OpenSSL, GnuTLS):
        peer = peer_of(kind)
        config = tls.ClientConfig(identities.trust, suites=[RSA_CBC.code], **off)
        port = peer.server(tls.TLS_1_2, RSA_CBC)
        client, _ = visit(port, config)
        resumed, answer = visit(port, config, client.session)
        assert resumed.resumed
        assert answer
    with serve_everything(identities, f"--no-{extension}") as port:
        for kind in (OpenSSL, GnuTLS):
            pages = peer_of(kind).pages(port, tls.TLS_1_2, RSA_CBC, connections=2, tickets=True)
            assert "resumed handshake" in pages[-1]
