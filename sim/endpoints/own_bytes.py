"""A connection's own bytes in flights that another one has recorded.

Randoms and session IDs are those that the connection's engines would have drawn: they follow from
its entropy (see `tls.hello_random`). All else that is fresh in each connection (tickets, keys,
signatures, what is encrypted) is its own in that it is nobody else's; certificates, extensions,
lengths and headers are the recorded ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import shake_128

import tls

_KEY_LENGTH = 32

CLIENT_RANDOM, SERVER_RANDOM = tls.FreshKind.CLIENT_RANDOM, tls.FreshKind.SERVER_RANDOM
CLIENT_SESSION_ID = tls.FreshKind.CLIENT_SESSION_ID
SERVER_SESSION_ID = tls.FreshKind.SERVER_SESSION_ID
OTHER = tls.FreshKind.OTHER


class RecordedBytes:
    """A recorded flight and where it has values that are fresh in each connection.

    Args:
        data: the flight.
        protected: whether its side had sent change_cipher_spec before.
        question: the client's flight that it answers, if it is a server's.

    Attributes:
        data: the flight.
        values: where they stand. The ID in a ServerHello that echoes the client's is the client's.
    """

    __slots__ = ("data", "values")

    def __init__(
        self, data: bytes, *, protected: bool, question: RecordedBytes | None = None
    ) -> None:
        self.data = data
        self.values = tls.fresh_values(data, protected=protected)
        offered = b"" if question is None else question.value_of(CLIENT_SESSION_ID)
        if offered and self.value_of(SERVER_SESSION_ID) == offered:
            self.values = [
                value._replace(kind=CLIENT_SESSION_ID) if value.kind is SERVER_SESSION_ID else value
                for value in self.values
            ]

    def value_of(self, kind: tls.FreshKind) -> bytes:
        """The recorded value of that kind; empty where there is none."""
        return b"".join(
            [self.data[each.start : each.end] for each in self.values if each.kind is kind]
        )


class OwnBytes:
    """The bytes of one connection.

    Args:
        client, server: the entropy of its two ends.
        offered_id: the ID of the session that it offers; empty where that has none, or none is
            offered.
        began: Unix time when its client's hello is made.
    """

    __slots__ = ("_exact", "_flights", "_key", "_recorded", "_server")

    def __init__(
        self, client: tls.Entropy, server: tls.Entropy, offered_id: bytes, began: float
    ) -> None:
        self._exact = {CLIENT_RANDOM: tls.hello_random(client, began)}
        if offered_id:
            self._exact[CLIENT_SESSION_ID] = offered_id
        self._server = server
        # Engines draw on, here it does not matter what for.
        self._key = client(_KEY_LENGTH)
        self._flights = 0
        self._recorded: dict[tls.FreshKind, bytes] = {}

    def of_flight(self, recorded: RecordedBytes, now: float) -> bytes:
        """A flight's bytes, ready at `now` (Unix time); each call is another flight."""
        self._flights += 1
        values = recorded.values
        if not values:
            return recorded.data
        self._draw_what_is_new(values, now)
        data = bytearray(recorded.data)
        size = sum([end - start for _, _, start, end in values])
        fresh = shake_128(self._key + self._flights.to_bytes(4, "big")).digest(size)
        exact, position = self._exact, 0
        for kind, offset, start, end in values:
            length = end - start
            if kind is OTHER:
                data[start:end] = fresh[position : position + length]
            else:
                data[start:end] = exact[kind][offset : offset + length]
                self._recorded[kind] = recorded.value_of(kind)
            position += length
        return bytes(data)

    def as_recorded(self, data: bytes) -> bytes:
        """What a box sends that has copied from the hellos that it saw, to recorded engines."""
        for kind, recorded in self._recorded.items():
            data = data.replace(self._exact[kind][: len(recorded)], recorded)
        return data

    def _draw_what_is_new(self, values: Sequence[tls.FreshValue], now: float) -> None:
        """What the flight's hello needs and was not drawn before."""
        exact = self._exact
        for kind, _, start, end in values:
            if kind is SERVER_RANDOM and kind not in exact:
                exact[kind] = tls.hello_random(self._server, now)
                exact[SERVER_SESSION_ID] = tls.new_session_id(self._server)
            elif kind is CLIENT_SESSION_ID and kind not in exact:
                # It stands beside a ticket, by which a session is known that has none.
                exact[kind] = shake_128(self._key).digest(end - start)
