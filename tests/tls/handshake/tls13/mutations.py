"""Handshakes of TLS 1.3 with something spoilt: on the wire, or before it is protected.

    python -m tests.tls.handshake.tls13.mutations [HANDSHAKES]

What a peer does not authenticate is spoilt on the wire; what it does, and every message after the
ServerHello is of that kind, is spoilt before the sender protects it, so that it is read.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

import tls
from tests.tls.handshake.tls13.worlds import MODES, Mode, entropy
from tests.tls.mutations import check_bounds, feed, spoil_messages, spoilt

_TURNS = 8


class Conversation:
    """One handshake with one flight spoilt, and a little that comes after it."""

    def __init__(self, mode: Mode, number: int) -> None:
        self._draw = draw = random.Random(f"{mode.name} {number}")
        world = mode.world(entropy(mode.name))
        session = world.session() if mode.resumes else None
        world.draw = entropy(f"{mode.name} {number}")
        self._early = mode.early
        self._later = mode.later
        self.client, self.server = world.ends(session)
        self._victim = draw.randrange(_TURNS - 2 if not mode.later else _TURNS)
        self._protected = draw.random() < 0.7
        self.flights: list[bytes] = []

    def hold(self) -> tls.Reason | None:
        """How the first side failed, if one did."""
        draw, failed = self._draw, None
        if self._early:
            self.client.send(self._early)
        for turn in range(_TURNS):
            ends = (self.client, self.server)
            sender, receiver = ends if turn % 2 == 0 else ends[::-1]
            spoils = turn == self._victim
            if spoils and self._protected:
                _spoil_before_protection(sender, draw)
            flight = sender.outgoing()
            if spoils and not self._protected and flight:
                flight = spoilt(flight, draw)
            self.flights.append(flight)
            failed = feed(receiver, flight) or failed
            if self._later and self.server.state is tls.State.OPEN:
                self._later = False
                self.server.request_client_certificate()
            if sender.state is tls.State.OPEN and draw.random() < 0.5:
                sender.update_keys(update_requested=draw.random() < 0.5)
                sender.send(draw.randbytes(draw.randrange(100)))
        for side in ends:
            check_bounds(side)
        return failed


def _spoil_before_protection(
    sender: tls.ClientConnection | tls.ServerConnection, draw: random.Random
) -> None:
    """Spoil what is sent next as handshake messages, however it is protected."""
    records = sender._records
    send = records.send

    def send_spoilt(content_type: int, data: bytes) -> None:
        if content_type == 22:
            messages = _split(data)
            spoil_messages(messages, draw)
            data = b"".join(messages)[: 1 << 15]
        send(content_type, data)

    records.send = send_spoilt  # type: ignore[method-assign]
    # What waits already is the first to be spoilt; the handshake that makes more goes on.
    flight = sender._channel.flight
    if draw.random() < 0.5 and flight:
        spoil_messages(flight, draw)


def _split(data: bytes) -> list[bytes]:
    messages = []
    while data:
        end = 4 + int.from_bytes(data[1:4], "big")
        messages.append(data[:end])
        data = data[end:]
    return messages


def run(mode: Mode, number: int) -> tls.Reason | None:
    """Hold a handshake and say how the first side failed, if one did.

    Raises `AssertionError` with the mode and the number for whatever else happens.
    """
    conversation = Conversation(mode, number)
    try:
        return conversation.hold()
    except Exception as error:
        flights = "\n".join(flight.hex() or "-" for flight in conversation.flights)
        raise AssertionError(f"{mode.name!r} {number}: {error!r}, after\n{flights}") from error


def main() -> None:
    """Hold handshakes of all modes and count how they ended."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    ends: Counter[str] = Counter()
    for number in range(total):
        reason = run(MODES[number % len(MODES)], number // len(MODES))
        ends[reason.value if reason else "no fault"] += 1
    for end, count in ends.most_common():
        print(f"{count:8,} {end}")


if __name__ == "__main__":
    main()
