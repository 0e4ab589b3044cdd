"""A connection's own bytes in flights that another one has recorded.

Randoms and session IDs, and what a client's template draws for its hellos (GREASE, the order of
extensions, encrypted hellos), are those that the connection's engines would have drawn: they follow
from its entropy (see `tls.hello_random`). All else that is fresh in each connection (tickets, keys,
signatures, what is encrypted) is its own in that it is nobody else's; certificates, extensions,
lengths and headers are the recorded ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import shake_128

import tls

_KEY_LENGTH = 32
_RANDOM_LENGTH = 32

CLIENT_RANDOM, SERVER_RANDOM = tls.FreshKind.CLIENT_RANDOM, tls.FreshKind.SERVER_RANDOM
TLS_1_3_SERVER_RANDOM = tls.FreshKind.TLS_1_3_SERVER_RANDOM
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

    __slots__ = ("_protected", "data", "values")

    def __init__(
        self, data: bytes, *, protected: bool, question: RecordedBytes | None = None
    ) -> None:
        self.data = data
        self._protected = protected
        self.values = tls.fresh_values(data, protected=protected)
        offered = b"" if question is None else question.value_of(CLIENT_SESSION_ID)
        if offered and self.value_of(SERVER_SESSION_ID) == offered:
            self.values = [
                value._replace(kind=CLIENT_SESSION_ID) if value.kind is SERVER_SESSION_ID else value
                for value in self.values
            ]

    def saying(self, says: tls.DrawnHello) -> RecordedBytes:
        """A client's flight whose hello says what another connection's does."""
        data = tls.redrawn_hello(self.data, says)
        return RecordedBytes(data, protected=self._protected)

    @property
    def has_client_hello(self) -> bool:
        """Whether a client's hello is in it."""
        return any(each.kind is CLIENT_RANDOM for each in self.values)

    def value_of(self, kind: tls.FreshKind) -> bytes:
        """The recorded value of that kind; empty where there is none."""
        return b"".join(
            [self.data[each.start : each.end] for each in self.values if each.kind is kind]
        )


def client_random(client: tls.Entropy, began: float, *, offers_tls_1_3: bool) -> bytes:
    """The random of a client's hello, the first that its engine draws.

    Args:
        client: its entropy, from the beginning.
        began: Unix time when the hello is made.
        offers_tls_1_3: whether that offers TLS 1.3, whose randoms have no time in them.
    """
    return client(_RANDOM_LENGTH) if offers_tls_1_3 else tls.hello_random(client, began)


class OwnBytes:
    """The bytes of one connection.

    Args:
        client, server: the entropy of its two ends.
        offered_id: the ID of the session that it offers; empty where that has none, and its client
            makes one up, or none is offered.
        began: Unix time when its client's hello is made.
        offers_tls_1_3: whether that offers TLS 1.3, whose randoms have no time in them.
        template: what that is made of, if of a template.
    """

    __slots__ = ("_exact", "_flights", "_key", "_recorded", "_says", "_server")

    def __init__(
        self,
        client: tls.Entropy,
        server: tls.Entropy,
        offered_id: bytes,
        began: float,
        *,
        offers_tls_1_3: bool,
        template: tls.HelloTemplate | None,
    ) -> None:
        random = client_random(client, began, offers_tls_1_3=offers_tls_1_3)
        self._says: tls.DrawnHello | None = None
        if template is not None and template.varies:
            self._says = template.of_seed(client(tls.SEED_LENGTH))
        self._exact = {
            CLIENT_RANDOM: random,
            CLIENT_SESSION_ID: offered_id or tls.new_session_id(client),
        }
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
        if self._says is not None and recorded.has_client_hello:
            recorded = recorded.saying(self._says)
            values = recorded.values
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
        for kind, _, _, _ in values:
            if kind in exact:
                continue
            if kind is SERVER_RANDOM:
                exact[kind] = tls.hello_random(self._server, now)
                exact[SERVER_SESSION_ID] = tls.new_session_id(self._server)
            elif kind is TLS_1_3_SERVER_RANDOM:
                exact[kind] = self._server(_RANDOM_LENGTH)
