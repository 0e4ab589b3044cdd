"""Handshakes with one flight spoilt, by numbers that seed all that is drawn, in the engines too.

    python -m tests.tls.mutations [HANDSHAKES]
    python -m tests.tls.mutations KIND NUMBER

A kind and a number say every byte, in any process: the identities are files, and what a library
would draw itself is left out (RSASSA-PSS, which has twins without) or drawn by the tests (DSA). One
thing stays the process's own, the temporary key of export suites. What fails says the bytes, too.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import tls
from tests.tls.conversation import EPOCH, SERVER_NAME
from tests.tls.fixed_identities import identity, trust
from tls.alerts import ALERT_NAMES
from tls.handshake.protocol import MAX_MESSAGE
from tls.signatures import SCHEMES

Engine = tls.ClientConnection | tls.ServerConnection

MAX_OPERATIONS = 250
"""The most cryptographic operations that one side may do, whatever comes."""

MAX_BYTES = 1 << 20
"""The most bytes that one side may hash, encrypt and receive meanwhile."""

MAX_TURNS = 10
_HANDSHAKE, _HEADER = 22, 5


@dataclass(frozen=True)
class Kind:
    """A kind of handshake."""

    version: int
    suite: int
    way: str

    @property
    def name(self) -> str:
        """Such as "TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA by ticket"."""
        return f"{tls.version_name(self.version)} {tls.suite_name(self.suite)} {self.way}"


_WAYS = ("full", "by ID", "by ticket", "with certificates", "again")
_SUITES = {
    tls.SSL_3_0: (0x0005, 0x002F, 0x0033, 0x0018),
    tls.TLS_1_0: (0x0003, 0x002F, 0xC013, 0xC009, 0x0032),
    tls.TLS_1_1: (0x0035, 0xC014),
    tls.TLS_1_2: (0x002F, 0x009C, 0xC02F, 0xC02B, 0xCCA8, 0x009E),
}
KINDS = [
    Kind(version, suite, way)
    for version, suites in _SUITES.items()
    for suite in suites
    for way in _WAYS
    if not (way == "by ticket" and version == tls.SSL_3_0)
    and not (way == "with certificates" and suite == 0x0018)
]
_KEYS = tls.TicketKeys(b"of the mutations")
_SCHEMES = [code for code, scheme in SCHEMES.items() if not scheme.pss]


def engines(
    kind: Kind, draw: random.Random, session: tls.Session | None, sessions: tls.SessionCache
) -> tuple[tls.ClientConnection, tls.ServerConnection]:
    """Both sides of a handshake, all their random bytes drawn from `draw`."""
    asks = kind.way == "with certificates"
    client = tls.ClientConnection(
        _client_config(kind), SERVER_NAME, session=session, entropy=draw.randbytes, clock=_clock
    )
    config = tls.ServerConfig(
        [identity("site"), identity("server-ecdsa"), identity("server-dsa")],
        versions=[kind.version],
        suites=[kind.suite],
        signature_schemes=_SCHEMES,
        sessions=sessions,
        ticket_keys=_KEYS if kind.way == "by ticket" else None,
        client_trust=trust(),
        client_authentication=(
            tls.ClientAuthentication.REQUIRE if asks else tls.ClientAuthentication.NONE
        ),
        alpn=["h2", "http/1.1"],
    )
    return client, tls.ServerConnection(config, entropy=draw.randbytes, clock=_clock)


@cache
def _client_config(kind: Kind) -> tls.ClientConfig:
    return tls.ClientConfig(
        trust(),
        versions=[kind.version],
        suites=[kind.suite],
        signature_schemes=_SCHEMES,
        identities=[identity("client-rsa"), identity("client-ecdsa")],
        alpn=["http/1.1"],
    )


def _clock() -> float:
    return EPOCH


@cache
def _sessions(kind: Kind) -> tuple[tls.Session | None, tls.Session | None]:
    """The client's and the server's session to resume, if the kind does."""
    if kind.way not in ("by ID", "by ticket"):
        return None, None
    client, server = engines(kind, random.Random(kind.name), None, tls.SessionCache())
    for _ in range(3):
        server.receive(client.outgoing())
        client.receive(server.outgoing())
    assert client.session is not None
    return client.session, server.session


class Conversation:
    """One handshake with one flight spoilt.

    Attributes:
        flights: what was sent, in turn, the client's first.
        resumed: whether the client resumed a session.
    """

    def __init__(self, kind: Kind, number: int) -> None:
        self.flights: list[bytes] = []
        self._again = kind.way == "again"
        self._draw = random.Random(f"{kind.name} {number}")
        offered, remembered = _sessions(kind)
        sessions = tls.SessionCache()
        if remembered is not None and remembered.id:
            sessions.store(remembered, EPOCH)
        self._client, self._server = engines(kind, self._draw, offered, sessions)

    @property
    def resumed(self) -> bool:
        """Whether the client resumed a session."""
        return self._client.resumed

    def hold(self) -> tls.Reason | None:
        """How the first side failed, if one did."""
        client, server, draw = self._client, self._server, self._draw
        victim, failed = draw.randrange(4), None
        for turn in range(MAX_TURNS):
            sender, receiver = (client, server) if turn % 2 == 0 else (server, client)
            flight = sender.outgoing()
            if turn == victim and flight:
                flight = spoilt(flight, draw)
            self.flights.append(flight)
            failed = feed(receiver, flight) or failed
            if turn == 4 and self._again and client.state is tls.State.OPEN:
                client.renegotiate()
                victim = turn + 1 + draw.randrange(4)
        for side in (client, server):
            check_bounds(side)
        return failed


def run(kind: Kind, number: int) -> tls.Reason | None:
    """Hold a handshake and say how the first side failed, if one did.

    Raises `AssertionError` with the kind, the number and all bytes for whatever else happens.
    """
    conversation = Conversation(kind, number)
    try:
        return conversation.hold()
    except Exception as error:
        flights = "\n".join(flight.hex() or "-" for flight in conversation.flights)
        raise AssertionError(f"{kind.name!r} {number}: {error!r}, after\n{flights}") from error


def feed(receiver: Engine, flight: bytes) -> tls.Reason | None:
    """Give a flight to one side; nothing but `PeerError` may come of it, with its alert."""
    try:
        receiver.receive(flight)
    except tls.PeerError as error:
        assert receiver.closed
        assert error.alert in ALERT_NAMES
        return error.reason
    return None


def check_bounds(side: Engine) -> None:
    """What one side did and holds is bounded."""
    work = side.meter.take()
    # As many records are read as come.
    operations = [each for each in work if not each.name.startswith("record.")]
    assert sum(each.count for each in operations) <= MAX_OPERATIONS, work
    assert sum(each.bytes for each in work) <= MAX_BYTES, work
    assert len(side._records._input) <= MAX_MESSAGE
    assert len(side._handshake._input) <= MAX_MESSAGE


# -- how a flight is spoilt


def spoilt(flight: bytes, draw: random.Random) -> bytes:
    """The flight with some of its bytes, or some of its messages, changed."""
    messages = _messages(flight)
    if messages and draw.random() < 0.6:
        for _ in range(draw.choice((1, 1, 1, 2))):
            spoil_messages(messages, draw)
        data = b"".join(messages)
        piece = draw.choice((len(data), 1 << 14, 100, 1))
        version = flight[1:3]
        records = [
            b"\x16" + version + len(part).to_bytes(2, "big") + part
            for part in (
                data[start : start + piece] for start in range(0, len(data), max(piece, 1))
            )
        ]
        return b"".join(records[:2_000]) or bytes(1)
    wire = bytearray(flight)
    for _ in range(draw.choice((1, 1, 2, 5))):
        _spoil_bytes(wire, draw)
    return bytes(wire)


def _spoil_bytes(wire: bytearray, draw: random.Random) -> None:
    position = draw.randrange(len(wire))
    kind = draw.randrange(5)
    if kind == 0:
        wire[position] ^= 1 << draw.randrange(8)
    elif kind == 1:
        wire[position] = draw.choice((0, 1, 0x7F, 0x80, 0xFF))
    elif kind == 2 and len(wire) > 9:
        del wire[position : position + draw.randrange(1, 9)]
    elif kind == 3:
        wire += wire[position:]
    else:
        wire[position:position] = draw.randbytes(draw.randrange(1, 9))
    if not wire:
        wire.append(0)


def spoil_messages(messages: list[bytes], draw: random.Random) -> None:
    """Change one of some handshake messages, or their order."""
    if not messages:
        return
    position = draw.randrange(len(messages))
    message = messages[position]
    kind = draw.randrange(7)
    if kind == 0:
        del messages[position]
    elif kind == 1:
        messages.insert(draw.randrange(len(messages) + 1), message)
    elif kind == 2:
        draw.shuffle(messages)
    elif kind == 3:
        messages[position] = bytes((draw.randrange(26),)) + message[1:]
    else:
        body = bytearray(message[4:] or b"\0")
        if kind == 4:
            del body[draw.randrange(len(body)) :]
        elif kind == 5:
            body += draw.randbytes(draw.choice((1, 4, 300)))
        else:
            for _ in range(draw.choice((1, 1, 3))):
                _spoil_bytes(body, draw)
        messages[position] = message[:1] + len(body).to_bytes(3, "big") + bytes(body)


def _messages(flight: bytes) -> list[bytes]:
    """The messages of a flight whose first records are of handshake; none where they are cut."""
    data = b""
    while flight[:1] == bytes((_HANDSHAKE,)):
        end = _HEADER + int.from_bytes(flight[3:_HEADER], "big")
        data += flight[_HEADER:end]
        flight = flight[end:]
    found = []
    while data:
        end = 4 + int.from_bytes(data[1:4], "big")
        if end > len(data):
            return []
        found.append(data[:end])
        data = data[end:]
    return found


# -- the whole


def numbers(total: int) -> Iterator[tuple[Kind, int]]:
    """So many handshakes, as many of each kind."""
    for number in range(total):
        yield KINDS[number % len(KINDS)], number // len(KINDS)


def main() -> None:
    """Hold the handshakes and count how they ended, or hold one."""
    if len(sys.argv) == 3:
        print(run(next(kind for kind in KINDS if kind.name == sys.argv[1]), int(sys.argv[2])))
        return
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    start, before = time.perf_counter(), _memory()
    ends: Counter[str] = Counter()
    for kind, number in numbers(total):
        reason = run(kind, number)
        ends[reason.value if reason else "no fault"] += 1
    for end, count in ends.most_common():
        print(f"{count:8,} {end}")
    seconds = time.perf_counter() - start
    print(f"{total:8,} in {seconds:.0f} s; {_memory() - before:.1f} MB more than at the start")


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
