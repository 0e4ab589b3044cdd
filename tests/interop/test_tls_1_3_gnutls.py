"""TLS 1.3 with GnuTLS, in both roles."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

import tls
from tests.interop.identities import SERVER_NAME, Identities
from tests.interop.modes import shows
from tests.interop.ours import REQUEST, read_some
from tests.interop.peers.gnutls import GnuTLS
from tests.interop.peers.processes import drain, free_port, run_client, wait_until_listening
from tests.interop.tls13 import (
    EARLY,
    KEY,
    answering,
    ask,
    exchange,
    refusing_early_data,
    request_of,
    served,
)
from tls.groups import (
    FFDHE2048,
    FFDHE3072,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    X448,
    X25519,
)

pytestmark = pytest.mark.interop

PRIORITY = "NORMAL:-VERS-ALL:+VERS-TLS1.3"
GROUPS = {
    "SECP256R1": SECP256R1,
    "SECP384R1": SECP384R1,
    "SECP521R1": SECP521R1,
    "X25519": X25519,
    "X448": X448,
    "FFDHE2048": FFDHE2048,
    "FFDHE3072": FFDHE3072,
}
PSK = tls.ExternalPsk(b"me", bytes.fromhex(KEY))


def only(*groups: str) -> str:
    """The priority string of some groups, which it offers in this order."""
    return ":".join([PRIORITY, "-GROUP-ALL", *(f"+GROUP-{group}" for group in groups)])


# -- its client


def gnutls_client(
    identities: Identities,
    port: int,
    *options: str,
    priority: str = PRIORITY,
    input: tuple[bytes, ...] = (REQUEST,),
) -> str:
    return run_client(
        *["gnutls-cli", "-p", str(port), "127.0.0.1", "--sni-hostname", SERVER_NAME],
        *["--x509cafile", str(identities.authority), "--verify-hostname", SERVER_NAME],
        *["--priority", priority, *options],
        input=input,
    )


def certificate(identities: Identities, kind: str) -> list[str]:
    files = identities.client[kind]
    return ["--x509certfile", str(files.certificate), "--x509keyfile", str(files.key)]


@shows("GnuTLS", "server", "full", "resumed")
def test_gnutls_client(identities: Identities) -> None:
    with served(identities, "--certificate-compression") as port:
        assert "full handshake" in gnutls_client(identities, port)
        output = gnutls_client(identities, port, "--resume", "--waitresumption")
        assert "resumed handshake" in output


@shows("GnuTLS", "server", "groups")
@pytest.mark.parametrize("group", GROUPS)
def test_groups_with_gnutls_client(identities: Identities, group: str) -> None:
    with answering(identities, groups=[GROUPS[group]]) as server:
        assert "a page" in gnutls_client(identities, server.port, priority=only(group))
    assert server.told[0].completed.group == GROUPS[group]


@shows("GnuTLS", "server", "retried")
def test_gnutls_client_is_retried(identities: Identities) -> None:
    """It sends the first shares of two kinds of groups."""
    priority = only("SECP256R1", "X25519", "SECP384R1")
    with answering(identities, groups=[SECP384R1]) as server:
        assert "a page" in gnutls_client(identities, server.port, priority=priority)
    assert server.told[0].completed.retried


@shows("GnuTLS", "server", "external key")
def test_gnutls_client_with_a_key_from_outside(identities: Identities) -> None:
    options = ["--pskusername", "me", "--pskkey", KEY]
    priority = f"{PRIORITY}:-KX-ALL:+ECDHE-PSK:+PSK:-CIPHER-ALL:+AES-128-GCM"
    with answering(identities, psks=[PSK]) as server:
        assert "a page" in gnutls_client(identities, server.port, *options, priority=priority)
    assert server.told[0].completed.external_psk == b"me"


@shows("GnuTLS", "server", "0-RTT", "0-RTT refused")
@pytest.mark.parametrize("accepted", [True, False])
def test_gnutls_client_sends_early_data(
    identities: Identities, tmp_path: Path, accepted: bool
) -> None:
    early = tmp_path / "early"
    early.write_bytes(b"early to bed")
    options = ["--resume", "--waitresumption", "--earlydata", str(early)]
    with answering(identities, **(EARLY if accepted else refusing_early_data())) as server:
        assert "a page" in gnutls_client(identities, server.port, *options)
    told = server.told[-1]
    assert told.completed.resumed
    assert told.completed.early_data is accepted
    assert told.data.startswith(b"early to bed") is accepted


@shows("GnuTLS", "server", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_gnutls_client_shows_a_certificate(identities: Identities, kind: str) -> None:
    required = tls.ClientAuthentication.REQUIRE
    with answering(identities, client_authentication=required) as server:
        output = gnutls_client(identities, server.port, *certificate(identities, kind))
        assert "a page" in output
        assert server.told[0].has(tls.ClientAuthenticated)
        assert "certificate is required" in gnutls_client(identities, server.port).lower()


@shows("GnuTLS", "server", "later")
def test_gnutls_client_is_asked_later(identities: Identities) -> None:
    options = ["--post-handshake-auth", *certificate(identities, "RSA")]
    with answering(identities, asks_later=True) as server:
        assert "a page" in gnutls_client(identities, server.port, *options)
    assert server.told[0].has(tls.ClientAuthenticated)


@shows("GnuTLS", "server", "KeyUpdate")
def test_gnutls_client_updates_its_keys(identities: Identities) -> None:
    """It follows the server's (its own would come with what it sends next), and begins."""
    with answering(identities, updates=2) as server:
        assert "a page" in gnutls_client(identities, server.port)
    with answering(identities) as server:
        output = gnutls_client(
            identities, server.port, "--inline-commands", input=(b"^rekey^\n", REQUEST)
        )
        assert "a page" in output
    assert server.told[0].has(tls.KeysUpdated)


# -- its server

Serve = Callable[..., tuple[Popen[str], int]]


@pytest.fixture
def serve(identities: Identities) -> Iterator[Serve]:
    """Start its server with some options; the process and its port."""
    peer = GnuTLS(identities)

    def start(*options: str, priority: str = PRIORITY, http: bool = True) -> tuple[Popen[str], int]:
        port = free_port()
        files = identities.server["ECDSA"]
        process = peer.start(
            *["gnutls-serv", "-p", str(port), "--http" if http else "--echo"],
            *["--priority", priority, "--x509cafile", str(identities.authority)],
            *["--x509certfile", str(files.certificate), "--x509keyfile", str(files.key)],
            *options,
        )
        drain(process)
        wait_until_listening(port)
        return process, port

    yield start
    peer.close()


@shows("GnuTLS", "client", "full", "resumed", "KeyUpdate")
def test_gnutls_server(identities: Identities, serve: Serve) -> None:
    _, port = serve("--disable-client-cert")
    output = request_of(identities, port, "--resume", "1", "--key-update")
    assert "full handshake, TLS 1.3" in output
    assert "resumed handshake, TLS 1.3" in output
    _, told = ask(identities, port, updates=2)
    assert told.has(tls.KeysUpdated)
    assert told.data


@shows("GnuTLS", "client", "groups")
def test_groups_with_gnutls_server(identities: Identities, serve: Serve) -> None:
    _, port = serve("--disable-client-cert", priority=only(*GROUPS))
    for group in GROUPS.values():
        _, told = ask(identities, port, groups=[group])
        assert told.completed.group == group
        assert told.data


@shows("GnuTLS", "client", "retried")
def test_gnutls_server_asks_for_another_share(identities: Identities, serve: Serve) -> None:
    _, port = serve("--disable-client-cert", priority=only("SECP521R1"))
    _, told = ask(identities, port, groups=[X25519, SECP521R1], key_shares=[X25519])
    assert told.completed.retried
    assert told.data


@shows("GnuTLS", "client", "external key")
def test_a_key_from_outside_at_gnutls_server(
    identities: Identities, serve: Serve, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"me:{KEY}\n", encoding="ascii")
    priority = f"{PRIORITY}:+ECDHE-PSK:+DHE-PSK:+PSK"
    _, port = serve("--pskpasswd", str(keys), priority=priority)
    _, told = ask(identities, port, psks=[PSK])
    assert told.completed.external_psk == b"me"
    assert told.data


@shows("GnuTLS", "client", "0-RTT", "0-RTT refused")
@pytest.mark.parametrize("accepted", [True, False])
def test_we_send_early_data_to_gnutls_server(
    identities: Identities, serve: Serve, accepted: bool
) -> None:
    """Another server cannot open the ticket, skips the early data and gets the request again."""
    options = ("--disable-client-cert", "--earlydata", "--maxearlydata", "1000")
    _, port = serve(*options)
    client, _ = ask(identities, port, early_data=True)
    assert client.session is not None
    if not accepted:
        _, port = serve(*options)
    again, told = ask(identities, port, client.session, early=b"early", early_data=True)
    assert again.resumed is accepted
    assert told.has(tls.EarlyDataAccepted if accepted else tls.EarlyDataRejected)
    assert told.data


@shows("GnuTLS", "client", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_we_show_gnutls_server_a_certificate(
    identities: Identities, serve: Serve, kind: str
) -> None:
    _, port = serve("--require-client-cert", "--verify-client-cert")
    own = identities.client_identities[kind]
    _, told = ask(identities, port, identities=[own])
    assert told.data
    _, told = ask(identities, port)
    assert not told.data


@shows("GnuTLS", "client", "later")
def test_gnutls_server_asks_later(identities: Identities, serve: Serve) -> None:
    _, port = serve("--disable-client-cert", http=False)
    config = tls.ClientConfig(
        identities.trust,
        versions=[tls.TLS_1_3],
        identities=[identities.client_identities["RSA"]],
        post_handshake_authentication=True,
    )
    client = tls.ClientConnection(config, SERVER_NAME)
    with socket.create_connection(("127.0.0.1", port), 20) as transport:
        exchange(client, transport, lambda client: client.handshake_completed)
        client.send(b"**REAUTH**\n")
        transport.sendall(client.outgoing())
        answer = b""
        while not answer:  # tickets come before
            client.receive(read_some(transport))
            answer = client.outgoing()
        assert len(answer) > 500  # certificate, signature, Finished
        transport.sendall(answer)
        client.send(b"still here\n")
        transport.sendall(client.outgoing())
        echoed = b""
        while b"still here" not in echoed:
            for event in client.receive(read_some(transport)):
                if isinstance(event, tls.ApplicationData):
                    echoed += event.data
