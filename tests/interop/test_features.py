"""What the matrix leaves out: extensions, renegotiation, groups, schemes, and many at once."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import tls
from tests.interop.identities import OTHER_NAME, SERVER_NAME, Identities
from tests.interop.ours import (
    REQUEST,
    identity_options,
    serve_everything,
    tls_connect,
    tls_serve,
    visit,
)
from tests.interop.peers import GnuTLS, Java, OpenSSL, Peer, run_client
from tests.tls.authority import Shape, authority, issue
from tls.groups import GROUP_NAMES
from tls.suites import SUITES

pytestmark = pytest.mark.interop

PeerOf = Callable[[type[Peer]], Peer]
OurServer = Callable[[str], int]
RSA_CBC = SUITES[0x002F]
ECDHE_RSA_GCM = SUITES[0xC02F]
DHE_RSA_GCM = SUITES[0x009E]
VERSIONS = [tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2]
every_peer = pytest.mark.parametrize(
    "kind",
    [OpenSSL, GnuTLS, pytest.param(Java, marks=pytest.mark.slow)],
    ids=lambda kind: kind.name,
)
every_version = pytest.mark.parametrize("version", VERSIONS, ids=tls.version_name)


# -- renegotiation


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
            for event in client.receive(transport.recv(65_536)):
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


# -- extensions


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


# -- groups and signature schemes


@pytest.mark.parametrize("group", GROUP_NAMES.values())
def test_every_group(group: str, identities: Identities, peer_of: PeerOf) -> None:
    """Elliptic curves with OpenSSL, finite fields by name with GnuTLS."""
    finite = group.startswith("ffdhe")
    suite = DHE_RSA_GCM if finite else ECDHE_RSA_GCM
    peer = peer_of(GnuTLS if finite else OpenSSL)
    assert isinstance(peer, GnuTLS | OpenSSL)
    with serve_everything(identities, "--groups", group) as port:
        command = peer.client_command(port, tls.TLS_1_2, suite)
        if finite:
            output = run_client(*command)
            assert f"(DHE-{group.upper()})" in output
        else:
            output = run_client(*command, "-groups", group.replace("x", "X"))
        assert f"{suite.name}\nfull handshake" in output
    code = next(code for code, name in GROUP_NAMES.items() if name == group)
    config = tls.ClientConfig(identities.trust, groups=[code], suites=[suite.code])
    _, answer = visit(peer.server(tls.TLS_1_2, suite), config)
    assert answer


RSA_SCHEMES = {
    "rsa_pss_rsae_sha256": "RSA-PSS",
    "rsa_pss_rsae_sha384": "RSA-PSS",
    "rsa_pss_rsae_sha512": "RSA-PSS",
    "rsa_pkcs1_sha1": "RSA",
    "rsa_pkcs1_sha224": "RSA",
    "rsa_pkcs1_sha256": "RSA",
    "rsa_pkcs1_sha384": "RSA",
    "rsa_pkcs1_sha512": "RSA",
}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", RSA_SCHEMES)
def test_every_rsa_scheme(scheme: str, identities: Identities, peer_of: PeerOf) -> None:
    """Signed by us, and by OpenSSL; as a server, and as a client with a certificate."""
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    digest = scheme.rpartition("_")[2].upper()
    with serve_everything(
        identities,
        *("--signature-schemes", scheme, "--client-auth", "require"),
        *("--client-trust", str(identities.authority)),
    ) as port:
        command = peer.client_command(port, tls.TLS_1_2, ECDHE_RSA_GCM)
        files = identities.client["RSA"]
        certificate = ["-cert", str(files.certificate), "-key", str(files.key)]
        output = run_client(*command, *certificate)
    assert f"Peer signing digest: {digest}\n" in output
    assert f"Peer signature type: {RSA_SCHEMES[scheme]}\n" in output
    assert "full handshake" in output
    port = peer.server(tls.TLS_1_2, ECDHE_RSA_GCM, wants_certificate=True)
    files = identities.client["RSA"]
    finished = tls_connect(
        port,
        *("--trust", str(identities.authority), "--signature-schemes", scheme),
        *("--suites", ECDHE_RSA_GCM.name, "--get", "/", *identity_options(files)),
    )
    assert finished.stderr == ""
    assert "HTTP/1.0 200 ok" in finished.stdout


@pytest.mark.parametrize("kind", ["ed25519", "ed448"])
def test_edwards_curves(kind: str, identities: Identities, peer_of: PeerOf) -> None:
    """TLS 1.2 with such a certificate (RFC 8422 §5.10), ours and theirs, of server and client."""
    openssl, gnutls = peer_of(OpenSSL), peer_of(GnuTLS)
    assert isinstance(openssl, OpenSSL)
    assert isinstance(gnutls, GnuTLS)
    suite = SUITES[0xC02B]
    files = identities.own(kind)
    with tls_serve(*identity_options(files)) as port:
        output = run_client(
            *openssl.client_command(port, tls.TLS_1_2, suite), "-verify_return_error"
        )
        assert f"peer signature type: {kind}" in output.lower()
        assert "full handshake" in output
        assert "full handshake" in run_client(*gnutls.client_command(port, tls.TLS_1_2, suite))
    port = openssl.start_openssl_server(certificate=files)
    _, answer = visit(port, tls.ClientConfig(identities.trust, suites=[suite.code]))
    assert answer


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
