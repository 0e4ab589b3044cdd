"""Two engines in one process, talking until neither has anything to say."""

from __future__ import annotations

from collections.abc import Sequence

import tls
from sim.identities import identity, trust_store

SERVER_NAME = "www.contoso.com"
EPOCH = 899_164_800.0  # 1998-06-30T00:00:00Z
VERSIONS = tls.IMPLEMENTED_VERSIONS


def new_server(
    sessions: tls.SessionCache | None = None, **settings: object
) -> tls.ServerConnection:
    config = tls.ServerConfig([identity("contoso-rsa-1024")], sessions=sessions, **settings)
    return tls.ServerConnection(config, clock=lambda: EPOCH)


def new_client(
    session: tls.Session | None = None, server_name: str = SERVER_NAME, **settings: object
) -> tls.ClientConnection:
    config = tls.ClientConfig(trust_store(), **settings)
    return tls.ClientConnection(config, server_name, session=session, clock=lambda: EPOCH)


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
    suites: Sequence[int] = tls.SERVER_SUITES,
) -> tuple[tls.ClientConnection, tls.ServerConnection]:
    """A client and a server whose handshake is completed."""
    client = new_client(session, versions=versions, suites=suites)
    server = new_server(sessions)
    converse(client, server)
    assert client.handshake_completed
    assert server.handshake_completed
    return client, server
