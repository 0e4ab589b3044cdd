"""TLS 1.3 with Java's JSSE, in both roles."""

from __future__ import annotations

import re

import pytest

import tls
from tests.interop.choices import PeerOf
from tests.interop.identities import Identities
from tests.interop.modes import shows
from tests.interop.ours import REQUEST
from tests.interop.peers import Java
from tests.interop.tls13 import answering, ask, request_of, served
from tls.groups import FFDHE2048, FFDHE3072, SECP256R1, SECP384R1, SECP521R1, X448, X25519

pytestmark = [pytest.mark.interop, pytest.mark.slow]

GROUPS = (X25519, SECP256R1, SECP384R1, SECP521R1, X448, FFDHE2048, FFDHE3072)
SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
OF_ONE_GROUP = "-Djdk.tls.namedGroups=secp521r1"


@pytest.fixture
def java(peer_of: PeerOf) -> Java:
    peer = peer_of(Java)
    assert isinstance(peer, Java)
    return peer


def pages(
    java: Java, port: int, suite: str = SUITES[0], kind: str = "-", count: int = 1, more: str = ""
) -> list[str]:
    """The answers to its client."""
    lines = java.ask(f"connect {port} TLSv1.3 {suite} {kind} TICKET {count}{more}")
    return [line.replace("|", "\n") for line in lines]


def server(java: Java, wanted: str = "none", *options: str) -> int:
    """The port of a server of its."""
    (answer,) = java.ask(f"serve {wanted} TLSv1.3", *options)
    match = re.fullmatch(r"port (\d+)", answer)
    assert match, answer
    return int(match[1])


# -- its client


@shows("Java", "server", "full", "resumed")
@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("tickets", ["--tickets", "--no-tickets"])
def test_java_client(identities: Identities, java: Java, suite: str, tickets: str) -> None:
    with served(identities, tickets, kind="ECDSA") as port:
        first, second = pages(java, port, suite, count=2)
    assert f"TLS 1.3\n{suite}\nfull handshake\n" in first
    assert f"TLS 1.3\n{suite}\nresumed handshake\n" in second


@shows("Java", "server", "groups", "retried")
def test_groups_with_java_client(identities: Identities, java: Java) -> None:
    """It sends shares of its first elliptic curve and its first finite field, if any."""
    retried = set()
    for group in GROUPS:
        with answering(identities, groups=[group]) as ours:
            (page,) = pages(java, ours.port)
            assert "a page" in page
        completed = ours.told[0].completed
        assert completed.group == group
        retried.add(completed.retried)
    assert retried == {False, True}


@shows("Java", "server", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_java_client_shows_a_certificate(identities: Identities, java: Java, kind: str) -> None:
    required = tls.ClientAuthentication.REQUIRE
    with answering(identities, client_authentication=required) as ours:
        (page,) = pages(java, ours.port, kind=kind)
        assert "a page" in page
        assert ours.told[0].has(tls.ClientAuthenticated)
        (page,) = pages(java, ours.port)
        assert "certificate_required" in page


@shows("Java", "server", "KeyUpdate")
def test_java_client_updates_its_keys(identities: Identities, java: Java) -> None:
    with answering(identities) as ours:
        (page,) = pages(java, ours.port, more=" update")
        assert "a page" in page
    assert ours.told[0].has(tls.KeysUpdated)


# -- its server


@shows("Java", "client", "full", "resumed", "KeyUpdate")
@pytest.mark.parametrize("suite", SUITES)
def test_java_server(identities: Identities, java: Java, suite: str) -> None:
    port = server(java)
    output = request_of(identities, port, "--suites", suite, "--resume", "2", "--key-update")
    assert f"full handshake, TLS 1.3, {suite}" in output
    assert output.count(f"resumed handshake, TLS 1.3, {suite}") == 2
    assert f"TLSv1.3 {suite}" in output
    # Its answer to the request for new keys comes before the page.
    _, told = ask(identities, port, updates=1)
    assert told.has(tls.KeysUpdated)
    assert told.data


@shows("Java", "client", "groups")
def test_groups_with_java_server(identities: Identities, java: Java) -> None:
    port = server(java)
    for group in GROUPS:
        _, told = ask(identities, port, groups=[group])
        assert told.completed.group == group
        assert told.data


@shows("Java", "client", "retried")
def test_java_server_asks_for_another_share(identities: Identities, java: Java) -> None:
    port = server(java, "none", OF_ONE_GROUP)
    _, told = ask(identities, port, groups=[X25519, SECP521R1], key_shares=[X25519])
    assert told.completed.retried
    assert told.data


@shows("Java", "client", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_we_show_java_server_a_certificate(identities: Identities, java: Java, kind: str) -> None:
    port = server(java, "need")
    _, told = ask(identities, port, identities=[identities.client_identities[kind]])
    assert told.data
    _, told = ask(identities, port, request=REQUEST)
    assert not told.data
