"""Two engines in one process, talking until neither has anything to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from _pytest.mark.structures import ParameterSet

import tls
from tests.tls.authority import ROOT, server_identity, site_identity
from tls.messages import ClientHello, encode_message
from tls.suites import SUITES

SERVER_NAME = "www.contoso.com"
EPOCH = 899_164_800.0  # 1998-06-30T00:00:00Z
VERSIONS = tls.IMPLEMENTED_VERSIONS
TRUST = tls.TrustStore([ROOT.der])
EVERY_SUITE = [
    pytest.param(version, suite.code, id=f"{tls.version_name(version)} {suite.name}")
    for version in VERSIONS
    for suite in SUITES.values()
    if suite.allowed_in(version)
]
"""Every version with every suite that it may negotiate."""


def _one_of_each_protection() -> list[ParameterSet]:
    seen = {}
    for parameter in EVERY_SUITE:
        version, code = parameter.values
        suite = SUITES[code]
        seen.setdefault((version, suite.cipher.name, suite.mac), parameter)
    return list(seen.values())


EVERY_PROTECTION = _one_of_each_protection()
"""Every version with every pair of cipher and MAC."""


def new_server(
    sessions: tls.SessionCache | None = None, **settings: object
) -> tls.ServerConnection:
    """A server with an RSA, an ECDSA and a DSA identity that runs every suite."""
    identities = [site_identity(), server_identity("ecdsa"), server_identity("dsa")]
    settings = {"identities": identities, "suites": tls.IMPLEMENTED_SUITES, **settings}
    config = tls.ServerConfig(sessions=sessions, **settings)
    return tls.ServerConnection(config, clock=lambda: EPOCH)


def new_client(
    session: tls.Session | None = None, server_name: str = SERVER_NAME, **settings: object
) -> tls.ClientConnection:
    config = tls.ClientConfig(TRUST, **settings)
    return tls.ClientConnection(config, server_name, session=session, clock=lambda: EPOCH)


def changed_hello(client: tls.ClientConnection, **changes: object) -> bytes:
    """The record of a client's hello, some of its fields changed."""
    flight = client.outgoing()
    version = tls.TLS_1_0
    hello = replace(ClientHello.decode(flight[9:], version), **changes)  # type: ignore[arg-type]
    message = encode_message(hello, version)
    return flight[:3] + len(message).to_bytes(2, "big") + message


def converse(
    client: tls.ClientConnection, server: tls.ServerConnection
) -> tuple[list[tls.Event], list[tls.Event]]:
    """Exchange flights until silence; returns (what the client, what the server was told)."""
    client_events: list[tls.Event] = []
    server_events: list[tls.Event] = []
    while True:
        to_server = client.outgoing()
        if to_server:
            server_events += server.receive(to_server)
        to_client = server.outgoing()
        if to_client:
            client_events += client.receive(to_client)
        if not (to_server or to_client):
            return client_events, server_events


def connected(
    sessions: tls.SessionCache | None = None,
    session: tls.Session | None = None,
    versions: Sequence[int] = VERSIONS,
    suites: Sequence[int] = tls.DEFAULT_SUITES,
) -> tuple[tls.ClientConnection, tls.ServerConnection]:
    """A client and a server whose handshake is completed."""
    client = new_client(session, versions=versions, suites=suites)
    server = new_server(sessions)
    converse(client, server)
    assert client.handshake_completed
    assert server.handshake_completed
    return client, server


def data_in(events: list[tls.Event]) -> bytes:
    """All application data of some events."""
    return b"".join(event.data for event in events if isinstance(event, tls.ApplicationData))


def position_of(kind: int, flight: bytes | bytearray) -> int:
    """Where in a flight's first record the handshake message of that type begins."""
    position, end = 5, 5 + int.from_bytes(flight[3:5], "big")
    while position < end:
        if flight[position] == kind:
            return position
        position += 4 + int.from_bytes(flight[position + 1 : position + 4], "big")
    raise AssertionError(f"no handshake message of type {kind}")
