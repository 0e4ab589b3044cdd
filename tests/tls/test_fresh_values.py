"""What two conversations of a kind differ in, byte by byte, and in which order that is drawn."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import pytest
from _pytest.mark.structures import ParameterSet

import tls
from tests.tls.conversation import EPOCH, EVERY_SUITE, SERVER_NAME
from tests.tls.fixed_identities import identity, trust
from tls.messages import ClientHello
from tls.suites import SUITES

KEYS = tls.TicketKeys(b"of the fresh values")
LATER = EPOCH + 86_400.0


def _one_of_each_exchange() -> list[ParameterSet]:
    seen: dict[tuple[int, str], ParameterSet] = {}
    for parameter in EVERY_SUITE:
        version, code = parameter.values
        seen.setdefault((version, SUITES[code].key_exchange), parameter)
    return list(seen.values())


EVERY_EXCHANGE = _one_of_each_exchange()
"""Every version with every key exchange."""

NUMBERS_KEPT = 2
"""Bytes at the beginning of a signature's number that are no part of a fresh value."""

WAYS = ("full", "by ID", "by ticket", "with certificates", "in small records")


class Stream:
    """A side's entropy, which keeps what was drawn."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self.draws: list[bytes] = []

    def __call__(self, length: int) -> bytes:
        self.draws.append(self._random.randbytes(length))
        return self.draws[-1]


class Conversation:
    """A conversation of a kind, its flights in turn, each with whether its side was protected."""

    def __init__(
        self,
        version: int,
        suite: int,
        way: str,
        seed: int,
        now: float,
        session: tuple[tls.Session | None, tls.Session | None] = (None, None),
        **client_settings: object,
    ) -> None:
        self.of_client, self.of_server = Stream(f"client {seed}"), Stream(f"server {seed}")
        self.now = now
        sessions = tls.SessionCache()
        offered, remembered = session
        if remembered is not None and remembered.id:
            sessions.store(remembered, now)
        asks = way == "with certificates" and not SUITES[suite].is_anonymous
        small = way == "in small records" and version > tls.SSL_3_0
        self.client = tls.ClientConnection(
            tls.ClientConfig(
                trust(),
                versions=[version],
                suites=[suite],
                identities=[identity("client-rsa")],
                session_tickets=way == "by ticket",
                max_fragment_length=512 if small else None,
                **client_settings,
            ),
            SERVER_NAME,
            session=offered,
            entropy=self.of_client,
            clock=lambda: now,
        )
        self.server = tls.ServerConnection(
            tls.ServerConfig(
                [identity("site"), identity("server-ecdsa"), identity("server-dsa")],
                suites=[suite],
                sessions=sessions,
                ticket_keys=KEYS if way == "by ticket" else None,
                client_trust=trust(),
                client_authentication=(
                    tls.ClientAuthentication.REQUIRE if asks else tls.ClientAuthentication.NONE
                ),
                ssl2_hello=True,
            ),
            entropy=self.of_server,
            clock=lambda: now,
        )
        self.flights: list[tuple[bytes, bool]] = []
        protected = [False, False]
        for turn in range(6):
            side, other = (self.client, self.server)[:: 1 if turn % 2 == 0 else -1]
            flight = side.outgoing()
            self.flights.append((flight, protected[turn % 2]))
            protected[turn % 2] |= tls.changes_cipher_spec(flight)
            other.receive(flight)
        assert self.client.handshake_completed

    def values(self, kind: tls.FreshKind) -> list[bytes]:
        """All values of a kind in its flights."""
        return [
            flight[value.start : value.end]
            for flight, protected in self.flights
            for value in tls.fresh_values(flight, protected=protected)
            if value.kind is kind
        ]


@cache
def conversation(version: int, suite: int, way: str, seed: int, now: float = EPOCH) -> Conversation:
    session: tuple[tls.Session | None, tls.Session | None] = None, None
    if way in ("by ID", "by ticket"):
        first = Conversation(version, suite, way, seed, now)
        session = first.client.session, first.server.session
        seed += 1000
    return Conversation(version, suite, way, seed, now, session)


def fixed_bytes(flight: bytes, protected: bool) -> Iterator[bytes]:
    """What is not fresh, piece by piece."""
    position = 0
    for value in sorted(tls.fresh_values(flight, protected=protected), key=lambda v: v.start):
        assert position <= value.start < value.end <= len(flight)
        yield flight[position : value.start]
        position = value.end
    yield flight[position:]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("version", "suite"), EVERY_EXCHANGE)
def test_nothing_else_differs(version: int, suite: int, way: str) -> None:
    """Two conversations with other entropy and another day, by every key exchange.

    Flights of other lengths (a signature's number is shorter now and then) show it for the flights
    before them. All fresh values of more than a few bytes do differ.
    """
    one = conversation(version, suite, way, 1)
    two = conversation(version, suite, way, 2, LATER)
    compared = 0
    for (flight, protected), (other, _) in zip(one.flights, two.flights, strict=True):
        if len(flight) != len(other):
            break
        compared += 1
        layout = tls.fresh_values(flight, protected=protected)
        if layout != tls.fresh_values(other, protected=protected):
            break  # the two numbers of a signature share its bytes in another way
        signed_by = SUITES[suite].key_exchange.split("_")
        kept = 0 if {"DSS", "ECDSA"}.isdisjoint(signed_by) else NUMBERS_KEPT
        fixed, fixed_too = (
            [piece[: len(piece) - kept] for piece in fixed_bytes(each, protected)]
            for each in (flight, other)
        )
        assert fixed == fixed_too
        for value in layout:
            if value.end - value.start >= 8:
                assert flight[value.start : value.end] != other[value.start : value.end]
    assert compared >= 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("version", "suite"), EVERY_EXCHANGE)
def test_hellos_are_drawn_first(version: int, suite: int, way: str) -> None:
    """Randoms and a new session's ID follow from the entropy without an engine."""
    held = conversation(version, suite, way, 1)
    (client_random,) = held.values(tls.FreshKind.CLIENT_RANDOM)
    assert client_random == tls.hello_random(Stream(held_seed("client", way, 1)), EPOCH)
    of_server = Stream(held_seed("server", way, 1))
    expected = tls.hello_random(of_server, EPOCH)
    (server_random,) = held.values(tls.FreshKind.SERVER_RANDOM)
    assert server_random in (expected, expected[:-8])
    offered, answered = (
        held.values(kind)
        for kind in (tls.FreshKind.CLIENT_SESSION_ID, tls.FreshKind.SERVER_SESSION_ID)
    )
    if way in ("by ID", "by ticket"):
        assert offered == answered
    else:
        assert not offered
        assert answered == [tls.new_session_id(of_server)]
    if way == "by ID":
        of_maker = Stream("server 1")
        tls.hello_random(of_maker, EPOCH)
        assert offered == [tls.new_session_id(of_maker)]


def held_seed(side: str, way: str, seed: int) -> str:
    """The seed of the conversation itself, behind the one that has made its session."""
    return f"{side} {seed + 1000 if way in ('by ID', 'by ticket') else seed}"


def test_a_server_that_speaks_more_ends_its_random_by_a_sentinel() -> None:
    """The sentinel is no fresh value (RFC 8446 §4.1.3)."""
    held = Conversation(tls.TLS_1_0, 0x002F, "full", 4, EPOCH)
    (server_random,) = held.values(tls.FreshKind.SERVER_RANDOM)
    assert len(server_random) == 24
    assert server_random == tls.hello_random(Stream("server 4"), EPOCH)[:24]
    assert server_random + b"DOWNGRD\0" in held.flights[1][0]


def test_a_hello_in_ssl2_format_ends_with_the_random() -> None:
    held = Conversation(tls.TLS_1_0, 0x002F, "full", 5, EPOCH, ssl2_hello=True)
    (challenge,) = held.values(tls.FreshKind.CLIENT_RANDOM)
    assert challenge == held.flights[0][0][-32:]
    assert challenge == tls.hello_random(Stream("client 5"), EPOCH)


def test_a_value_over_several_records_comes_in_pieces() -> None:
    """The record layer may cut anywhere: here in the middle of a random."""
    held = Conversation(tls.TLS_1_2, 0x002F, "full", 6, EPOCH)
    flight = held.flights[0][0]
    head, body = flight[:3], flight[5:]
    cut = b"".join(
        head + len(piece).to_bytes(2, "big") + piece
        for piece in (body[:20], body[20:41], body[41:])
    )
    whole = ClientHello.decode(body[4:], tls.TLS_1_2)
    pieces = [value for value in tls.fresh_values(cut) if value.kind is tls.FreshKind.CLIENT_RANDOM]
    assert [value.offset for value in pieces] == [0, 14]
    assert b"".join(cut[value.start : value.end] for value in pieces) == whole.random
