"""TLS 1.3 with OpenSSL, in both roles and every mode."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tls
from tests.interop.identities import SERVER_NAME, Identities
from tests.interop.modes import shows
from tests.interop.ours import REQUEST, identity_options, read_some, tls_connect, tls_serve
from tests.interop.peers import OpenSSL
from tests.interop.peers.processes import run_client
from tests.interop.tls13 import KEY, SUITES, answering, exchange, request_of, served
from tls.groups import X448

pytestmark = pytest.mark.interop

GROUPS = {
    "x25519": "X25519",
    "secp256r1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
    "x448": "X448",
    "ffdhe2048": "ffdhe2048",
    "ffdhe3072": "ffdhe3072",
}
PAGE = "TLS 1.3\n{suite}\n{how} handshake\n"


@pytest.fixture
def openssl(identities: Identities) -> Iterator[OpenSSL]:
    peer = OpenSSL(identities)
    yield peer
    peer.close()


# -- its client


def s_client_command(identities: Identities, port: int, *options: str) -> list[str]:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_3"]
    return [*command, "-CAfile", str(identities.authority), "-servername", SERVER_NAME, *options]


def s_client(
    identities: Identities, port: int, *options: str, input: tuple[bytes, ...] = (REQUEST,)
) -> str:
    return run_client(*s_client_command(identities, port, "-ign_eof", *options), input=input)


@shows("OpenSSL", "server", "full")
@pytest.mark.parametrize("suite", SUITES)
def test_suites_with_openssl_client(identities: Identities, suite: str) -> None:
    with served(identities, "--suites", ",".join(SUITES)) as port:
        output = s_client(identities, port, "-ciphersuites", suite, "-verify_return_error")
    assert PAGE.format(suite=suite, how="full") in output


@shows("OpenSSL", "server", "groups", "retried")
@pytest.mark.parametrize("group", GROUPS)
def test_groups_with_openssl_client(identities: Identities, group: str) -> None:
    with served(identities, "--groups", group) as port:
        output = s_client(identities, port, "-groups", GROUPS[group])
        assert "full handshake" in output
        # The first share is of another group: OpenSSL sends one share only.
        first = "P-256" if group != "secp256r1" else "X25519"
        output = s_client(identities, port, "-groups", f"{first}:{GROUPS[group]}")
        assert "full handshake" in output


@shows("OpenSSL", "server", "retried")
def test_openssl_client_is_retried(identities: Identities) -> None:
    with answering(identities, groups=[X448]) as server:
        assert "a page" in s_client(identities, server.port, "-groups", "P-256:X448")
    assert server.told[0].completed.retried
    assert server.told[0].completed.group == X448


@shows("OpenSSL", "server", "retried")
def test_a_cookie_with_openssl_client(identities: Identities) -> None:
    with served(identities, "--groups", "x448", "--retry-cookie") as port:
        assert "full handshake" in s_client(identities, port, "-groups", "P-256:X448")


@shows("OpenSSL", "server", "resumed")
@pytest.mark.parametrize("tickets", [True, False])
def test_openssl_client_resumes(identities: Identities, tmp_path: Path, tickets: bool) -> None:
    session = str(tmp_path / "session.pem")
    with served(identities, "--tickets" if tickets else "--no-tickets") as port:
        assert "full handshake" in s_client(identities, port, "-sess_out", session)
        assert "resumed handshake" in s_client(identities, port, "-sess_in", session)
        again = s_client(identities, port, "-sess_in", session)
        # What the server stores is found once.
        assert ("resumed handshake" in again) is tickets


@shows("OpenSSL", "server", "0-RTT", "0-RTT refused")
def test_openssl_client_sends_early_data(identities: Identities, tmp_path: Path) -> None:
    session, early = str(tmp_path / "session.pem"), tmp_path / "early"
    early.write_bytes(REQUEST)
    with served(identities, "--early-data", "1000") as port:
        output = s_client(identities, port, "-sess_out", session)
        assert "Max Early Data: 1000" in output
        output = s_client(
            identities, port, "-sess_in", session, "-early_data", str(early), input=()
        )
        assert "Early data was accepted" in output
        assert "TLS 1.3\nearly data\n" in output
        # A copy of the same ticket is another hello, which is as good as the first; what another
        # server's process has not given is refused.
    with served(identities) as port:
        output = s_client(identities, port, "-sess_in", session, "-early_data", str(early))
        assert "Early data was rejected" in output
        assert "full handshake" in output


@shows("OpenSSL", "server", "external key")
@pytest.mark.parametrize("modes", ["psk_dhe_ke", "psk_ke"])
def test_openssl_client_with_a_key_from_outside(identities: Identities, modes: str) -> None:
    options = ["-psk", KEY, "-psk_identity", "me", "-ciphersuites", "TLS_AES_128_GCM_SHA256"]
    if modes == "psk_ke":
        options.append("-allow_no_dhe_kex")
    with tls_serve("--versions", "TLS 1.3", "--psk", f"me={KEY}", "--psk-modes", modes) as port:
        output = s_client(identities, port, *options)
        assert "handshake by an external key" in output
        wrong = s_client(identities, port, *options[:1], KEY[::-1], *options[2:])
        assert "decrypt error" in wrong


@shows("OpenSSL", "server", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_openssl_client_shows_a_certificate(identities: Identities, kind: str) -> None:
    files = identities.client[kind]
    options = ("--client-auth", "require", "--client-trust", str(identities.authority))
    with served(identities, *options, kind=kind) as port:
        certificate = ["-cert", str(files.certificate), "-key", str(files.key)]
        assert "full handshake" in s_client(identities, port, *certificate)
        assert "certificate required" in s_client(identities, port)


@shows("OpenSSL", "server", "KeyUpdate")
@pytest.mark.parametrize("command", [b"K\n", b"k\n"])
def test_openssl_client_updates_its_keys(
    openssl: OpenSSL, identities: Identities, command: bytes
) -> None:
    # A command is what it reads at once: each waits for what the one before has done. It says so
    # on standard error, and reads nothing before its handshake is over.
    waits = {"depth=0": command, "KEYUPDATE": REQUEST}
    with served(identities, "--key-update") as port:
        process = openssl.start(*s_client_command(identities, port))
        assert process.stdin is not None
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            for sign in [sign for sign in waits if sign in line]:
                process.stdin.write(waits.pop(sign).decode())
                process.stdin.flush()
    assert not waits
    assert "full handshake" in output


def test_openssl_client_asks_for_a_staple(identities: Identities, tmp_path: Path) -> None:
    response = tmp_path / "response.der"
    response.write_bytes(identities.ocsp_response(identities.server["RSA"]))
    with served(identities, "--stapling", str(response)) as port:
        output = s_client(identities, port, "-status")
        assert "OCSP Response Status: successful" in output
        assert "OCSP response" not in s_client(identities, port)


@shows("OpenSSL", "server", "later")
def test_openssl_client_is_asked_later(identities: Identities) -> None:
    files = identities.client["ECDSA"]
    certificate = ["-cert", str(files.certificate), "-key", str(files.key)]
    with answering(identities, asks_later=True) as server:
        output = s_client(identities, server.port, "-enable_pha", *certificate)
    assert "a page" in output
    (told,) = server.told
    assert told.has(tls.ClientAuthenticated)


# -- its server


@shows("OpenSSL", "client", "full")
@pytest.mark.parametrize("suite", SUITES)
def test_suites_with_openssl_server(openssl: OpenSSL, identities: Identities, suite: str) -> None:
    port = openssl.start_openssl_server("-ciphersuites", ":".join(SUITES))
    output = request_of(identities, port, "--suites", suite)
    assert f"full handshake, TLS 1.3, {suite}" in output


@shows("OpenSSL", "client", "groups", "retried", "resumed")
@pytest.mark.parametrize("group", GROUPS)
def test_groups_with_openssl_server(openssl: OpenSSL, identities: Identities, group: str) -> None:
    port = openssl.start_openssl_server("-groups", GROUPS[group])
    assert "full handshake, TLS 1.3" in request_of(identities, port, "--groups", group)
    other = "secp256r1" if group != "secp256r1" else "x25519"
    output = request_of(
        identities, port, "--groups", f"{other},{group}", "--key-shares", other, "--resume", "1"
    )
    assert "full handshake, TLS 1.3" in output
    assert "resumed handshake, TLS 1.3" in output


@shows("OpenSSL", "client", "resumed")
def test_we_resume_several_times_at_openssl_server(
    openssl: OpenSSL, identities: Identities
) -> None:
    port = openssl.start_openssl_server()
    output = request_of(identities, port, "--resume", "3")
    assert output.count("resumed handshake, TLS 1.3") == 3


def listening(openssl: OpenSSL, identities: Identities, *options: str) -> tuple[Any, int]:
    """A server of OpenSSL that prints what it hears, and its port."""
    files = identities.server["RSA"]
    process = openssl.start(
        *["openssl", "s_server", "-accept", "127.0.0.1:0", "-tls1_3", *options],
        *["-cert", str(files.certificate), "-key", str(files.key)],
    )
    line = next(line for line in process.stdout if line.startswith("ACCEPT"))
    return process, int(line.rpartition(":")[2])


@shows("OpenSSL", "client", "0-RTT")
def test_we_send_early_data_to_openssl_server(openssl: OpenSSL, identities: Identities) -> None:
    process, port = listening(openssl, identities, "-early_data")
    config = tls.ClientConfig(identities.trust, versions=[tls.TLS_1_3], early_data=True)
    client = tls.ClientConnection(config, SERVER_NAME)
    with socket.create_connection(("127.0.0.1", port), 10) as transport:
        exchange(client, transport, lambda client: client.session)
        client.close()
        transport.sendall(client.outgoing())
    client = tls.ClientConnection(config, SERVER_NAME, session=client.session)
    assert client.early_data_left
    client.send(b"early to bed\n")
    with socket.create_connection(("127.0.0.1", port), 10) as transport:
        events = exchange(client, transport, lambda client: client.handshake_completed)
        assert tls.EarlyDataAccepted() in events
        assert any("early to bed" in line for line in process.stdout)


@shows("OpenSSL", "client", "0-RTT refused")
def test_another_openssl_server_refuses_early_data(
    openssl: OpenSSL, identities: Identities
) -> None:
    """It cannot open the ticket, skips what it cannot read, and gets the request again."""
    _, first = listening(openssl, identities, "-early_data")
    process, other = listening(openssl, identities, "-early_data")
    config = tls.ClientConfig(identities.trust, versions=[tls.TLS_1_3], early_data=True)
    client = tls.ClientConnection(config, SERVER_NAME)
    with socket.create_connection(("127.0.0.1", first), 10) as transport:
        exchange(client, transport, lambda client: client.session)
    client = tls.ClientConnection(config, SERVER_NAME, session=client.session)
    client.send(b"too early\n")
    with socket.create_connection(("127.0.0.1", other), 10) as transport:
        events = exchange(client, transport, lambda client: client.handshake_completed)
        assert tls.EarlyDataRejected() in events
        assert not client.resumed
        client.send(b"in time\n")
        client.close()
        transport.sendall(client.outgoing())
        said = []
        for line in process.stdout:
            said.append(line)
            if "in time" in line:
                break
    assert not any("too early" in line for line in said)


@shows("OpenSSL", "client", "later")
def test_openssl_server_asks_later(openssl: OpenSSL, identities: Identities) -> None:
    """Post-handshake authentication, by s_server's command "c"."""
    process, port = listening(
        openssl, identities, "-verify", "1", "-CAfile", str(identities.authority)
    )
    config = tls.ClientConfig(
        identities.trust,
        versions=[tls.TLS_1_3],
        identities=[identities.client_identities["RSA"]],
        post_handshake_authentication=True,
    )
    client = tls.ClientConnection(config, SERVER_NAME)
    with socket.create_connection(("127.0.0.1", port), 10) as transport:
        exchange(client, transport, lambda client: client.session)
        process.stdin.write("c\n")
        process.stdin.flush()
        answer = b""
        while not answer:  # a second ticket may come before
            client.receive(read_some(transport))
            answer = client.outgoing()
        assert len(answer) > 500  # certificate, signature, Finished
        transport.sendall(answer)
        client.send(b"still here\n")
        transport.sendall(client.outgoing())
        assert any("still here" in line for line in process.stdout)


@shows("OpenSSL", "client", "external key")
@pytest.mark.parametrize("modes", ["psk_dhe_ke", "psk_ke"])
def test_a_key_from_outside_at_openssl_server(
    openssl: OpenSSL, identities: Identities, modes: str
) -> None:
    port = openssl.start_openssl_server("-psk", KEY, "-psk_identity", "me", "-allow_no_dhe_kex")
    options = ["--suites", "TLS_AES_128_GCM_SHA256", "--psk-modes", modes]
    finished = tls_connect(port, "--psk", f"me={KEY}", "--versions", "TLS 1.3", *options)
    assert "handshake by an external key, TLS 1.3" in finished.stdout, finished.stderr
    # No authority is trusted: the key has authenticated the server.
    finished = tls_connect(port, "--psk", f"me={KEY[::-1]}", "--versions", "TLS 1.3", *options)
    assert finished.returncode == 1


@shows("OpenSSL", "client", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_we_show_openssl_server_a_certificate(
    openssl: OpenSSL, identities: Identities, kind: str
) -> None:
    port = openssl.start_openssl_server("-Verify", "1", "-verify_return_error")
    files = identities.client[kind]
    output = request_of(identities, port, *identity_options(files))
    assert "full handshake, TLS 1.3" in output
    assert "the server sent the alert certificate_required" in request_of(identities, port)


@shows("OpenSSL", "client", "KeyUpdate")
def test_we_update_our_keys_at_openssl_server(openssl: OpenSSL, identities: Identities) -> None:
    port = openssl.start_openssl_server()
    assert "TLSv1.3" in request_of(identities, port, "--key-update")
