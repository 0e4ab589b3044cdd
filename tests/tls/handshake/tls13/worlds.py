"""Clients and servers of TLS 1.3 in every mode, whose handshakes other tests look at."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import tls
from tests.tls.conversation import EPOCH, SERVER_NAME, converse
from tests.tls.fixed_identities import identity, trust
from tls.groups import FFDHE2048, SECP256R1, X25519, X25519_MLKEM768

GROUPS = (X25519, SECP256R1)
PSK = tls.ExternalPsk(b"a key from outside", bytes(range(32)))
KEYS = tls.TicketKeys(b"of TLS 1.3")
EARLY = 1_000


@dataclass
class Clock:
    """A clock that tests move."""

    now: float = EPOCH

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """One client's and one server's configuration; connections of both.

    Attributes:
        client, server: settings beside what all have.
        clock: of both.
        draw: where all random bytes come from, if not from the system.
    """

    client: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    draw: Callable[[int], bytes] | None = None

    def __post_init__(self) -> None:
        common: dict[str, Any] = {"versions": [tls.TLS_1_3], "groups": GROUPS}
        identities = [identity("server-ecdsa"), identity("site")]
        server = {**common, "identities": identities, "ticket_keys": KEYS, **self.server}
        server.setdefault("client_trust", trust())
        self.server_config = tls.ServerConfig(**server)
        self.client_config = tls.ClientConfig(trust(), **{**common, **self.client})

    def ends(
        self, session: tls.Session | None = None
    ) -> tuple[tls.ClientConnection, tls.ServerConnection]:
        """A new client and a new server."""
        return (
            tls.ClientConnection(
                self.client_config,
                SERVER_NAME,
                session=session,
                entropy=self.draw,
                clock=self.clock,
            ),
            tls.ServerConnection(self.server_config, entropy=self.draw, clock=self.clock),
        )

    def connected(
        self, session: tls.Session | None = None
    ) -> tuple[tls.ClientConnection, tls.ServerConnection]:
        """Both after their handshake."""
        client, server = self.ends(session)
        converse(client, server)
        assert client.handshake_completed
        assert server.handshake_completed
        return client, server

    def session(self) -> tls.Session:
        """A session to resume."""
        session = self.connected()[0].session
        assert session is not None
        return session


@dataclass(frozen=True)
class Mode:
    """A way to shake hands: both sides' settings, and whether a session is resumed.

    `later` says that the server asks for the client's certificate after the handshake.
    """

    name: str
    client: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    resumes: bool = False
    early: bytes = b""
    later: bool = False

    def world(self, draw: Callable[[int], bytes] | None = None) -> World:
        """The mode's configurations; what is stateful is new."""
        server = {
            name: value() if callable(value) else value for name, value in self.server.items()
        }
        return World(dict(self.client), server, draw=draw)


_CLIENT = {"identities": [identity("client-ecdsa")]}
_EARLY_SERVER = {"max_early_data": EARLY, "early_data_guard": tls.ReplayWindow}
MODES = [
    Mode("full"),
    Mode("full without middlebox compatibility", {"middlebox_compatibility": False}),
    Mode("retried", {"key_shares": [SECP256R1]}, {"groups": [X25519]}),
    Mode(
        "retried by cookie",
        {"key_shares": [SECP256R1]},
        {"groups": [X25519], "retry_cookie_key": bytes(32)},
    ),
    Mode("by ticket", resumes=True),
    Mode("by stored ticket", {}, {"ticket_keys": None, "sessions": tls.SessionCache}, True),
    Mode(
        "by ticket alone",
        {"psk_modes": [tls.PskMode.ALONE]},
        {"psk_modes": [tls.PskMode.ALONE]},
        True,
    ),
    Mode("by external key", {"psks": [PSK]}, {"psks": [PSK]}),
    Mode("early data", {"early_data": True}, _EARLY_SERVER, True, b"early"),
    Mode(
        "early data refused",
        {"early_data": True},
        {**_EARLY_SERVER, "early_data_guard": lambda: tls.ReplayWindow(capacity=0)},
        True,
        b"early",
    ),
    Mode(
        "with a client's certificate",
        _CLIENT,
        {"client_authentication": tls.ClientAuthentication.REQUIRE},
    ),
    Mode(
        "with a client's certificate later",
        {**_CLIENT, "post_handshake_authentication": True},
        later=True,
    ),
    Mode("retried by ticket", {"key_shares": [SECP256R1]}, {"groups": [X25519]}, True),
    Mode(
        "retried by ticket and cookie",
        {"key_shares": [SECP256R1], "early_data": True},
        {**_EARLY_SERVER, "groups": [X25519], "retry_cookie_key": bytes(32)},
        True,
        b"early",
    ),
    Mode(
        "compressed",
        {**_CLIENT, "certificate_compression": True},
        {
            "client_authentication": tls.ClientAuthentication.REQUIRE,
            "certificate_compression": True,
        },
    ),
    Mode("padded", {"record_padding": 256}, {"record_padding": 512}),
    Mode(
        "under a hybrid",
        {"groups": [X25519_MLKEM768]},
        {"groups": [X25519_MLKEM768], "retry_for_preferred_group": True},
    ),
    Mode("in a finite field", {"groups": [FFDHE2048]}, {"groups": [FFDHE2048]}),
]
"""The ways that handshakes are spoilt and cut in."""


def entropy(seed: object) -> Callable[[int], bytes]:
    """Random bytes that follow from a seed."""
    return random.Random(str(seed)).randbytes


def flights(
    client: tls.ClientConnection, server: tls.ServerConnection
) -> Iterator[tuple[bool, bytes]]:
    """Hand each flight over, after it was seen: (whether it is the client's, its bytes)."""
    for turn in count():
        by_client = turn % 2 == 0
        sender: Any = client if by_client else server
        receiver: Any = server if by_client else client
        flight = sender.outgoing()
        yield by_client, flight
        if not flight and turn > 1:
            return
        receiver.receive(flight)
