"""The states of a connection, and what leads from one to another: one table, as in h11.

```
            SENDING_ALLOWED
 HANDSHAKE -----------------> EARLY            this side sends, the peer is not yet heard out
     |                          |
     +--- HANDSHAKE_COMPLETED --+
                  v
                 OPEN <---- HANDSHAKE_COMPLETED ---- RENEGOTIATION
                  |  ------ HANDSHAKE_STARTED ---->       | CLOSE_REQUESTED
                  | CLOSE_NOTIFY_SENT                     v
                  |      LAST_DATA <- HANDSHAKE_COMPLETED -- LAST_RENEGOTIATION
                  v          | CLOSE_NOTIFY_SENT
               CLOSING <-----+ --- CLOSE_NOTIFY_RECEIVED ---> CLOSED <--- a fatal alert, any time

 In TLS 1.3 OPEN --- PEER_CLOSED ---> HALF_CLOSED --- CLOSE_NOTIFY_SENT ---> CLOSED
```

The keys of each direction change at moments of their own (`ChangeReadKeys`, `ChangeWriteKeys`) and
are no part of the state, and messages after the handshake leave it `OPEN`: so the table holds for
TLS 1.3 as it stands, where EARLY is a client with early data or a server that answers in the first
round trip (RFC 8446 §2.3, §4.4.4), and RENEGOTIATION is never entered.
"""

from __future__ import annotations

import enum


class State(enum.Enum):
    """Where a connection is."""

    # The library's own hashes the name each time.
    __hash__ = object.__hash__

    HANDSHAKE = "handshake"
    """The first handshake runs; there is no application data yet."""
    EARLY = "early"
    """The first handshake runs, but this side may send already (RFC 7918)."""
    OPEN = "open"
    """Application data flows both ways."""
    RENEGOTIATION = "renegotiation"
    """Another handshake runs; what this side sends waits for its end."""
    LAST_RENEGOTIATION = "last renegotiation"
    """The same, and close_notify waits behind what waits."""
    LAST_DATA = "last data"
    """That renegotiation is over: what waited goes out, and close_notify behind it."""
    CLOSING = "closing"
    """This side has sent close_notify; the peer's data comes until its own."""
    HALF_CLOSED = "half closed"
    """The peer has sent close_notify, and this side may go on sending (RFC 8446 §6.1)."""
    CLOSED = "closed"
    """Nothing more is sent or understood."""


class Occurrence(enum.Enum):
    """What may lead to another state."""

    __hash__ = object.__hash__

    SENDING_ALLOWED = "sending allowed"
    HANDSHAKE_STARTED = "handshake started"
    HANDSHAKE_COMPLETED = "handshake completed"
    RENEGOTIATION_REFUSED = "renegotiation refused"
    CLOSE_REQUESTED = "close requested"
    CLOSE_NOTIFY_SENT = "close_notify sent"
    CLOSE_NOTIFY_RECEIVED = "close_notify received"
    PEER_CLOSED = "peer closed"
    FATAL_ALERT = "fatal alert"
    TRANSPORT_ENDED = "transport ended"


_ENDS = {
    Occurrence.CLOSE_NOTIFY_RECEIVED: State.CLOSED,
    Occurrence.FATAL_ALERT: State.CLOSED,
    Occurrence.TRANSPORT_ENDED: State.CLOSED,
}

TRANSITIONS: dict[State, dict[Occurrence, State]] = {
    State.HANDSHAKE: {
        Occurrence.SENDING_ALLOWED: State.EARLY,
        Occurrence.HANDSHAKE_COMPLETED: State.OPEN,
        # Nothing was said that an answer could belong to.
        Occurrence.CLOSE_NOTIFY_SENT: State.CLOSED,
        **_ENDS,
    },
    State.EARLY: {
        Occurrence.HANDSHAKE_COMPLETED: State.OPEN,
        Occurrence.CLOSE_NOTIFY_SENT: State.CLOSING,
        **_ENDS,
    },
    State.OPEN: {
        Occurrence.HANDSHAKE_STARTED: State.RENEGOTIATION,
        Occurrence.CLOSE_NOTIFY_SENT: State.CLOSING,
        Occurrence.PEER_CLOSED: State.HALF_CLOSED,
        **_ENDS,
    },
    State.HALF_CLOSED: {Occurrence.CLOSE_NOTIFY_SENT: State.CLOSED, **_ENDS},
    State.RENEGOTIATION: {
        Occurrence.HANDSHAKE_COMPLETED: State.OPEN,
        Occurrence.RENEGOTIATION_REFUSED: State.OPEN,
        Occurrence.CLOSE_REQUESTED: State.LAST_RENEGOTIATION,
        **_ENDS,
    },
    State.LAST_RENEGOTIATION: {
        Occurrence.HANDSHAKE_COMPLETED: State.LAST_DATA,
        Occurrence.RENEGOTIATION_REFUSED: State.LAST_DATA,
        **_ENDS,
    },
    State.LAST_DATA: {Occurrence.CLOSE_NOTIFY_SENT: State.CLOSING, **_ENDS},
    State.CLOSING: {
        # The peer's Finished, after a False Start.
        Occurrence.HANDSHAKE_COMPLETED: State.CLOSING,
        **_ENDS,
    },
    State.CLOSED: dict.fromkeys(_ENDS, State.CLOSED),
}
"""What leads where; whatever is not in it cannot happen."""

MAY_SEND = frozenset({State.EARLY, State.OPEN, State.RENEGOTIATION, State.HALF_CLOSED})
"""States in which the caller may send application data."""

HEARD_OUT = frozenset({State.HALF_CLOSED, State.CLOSED})
"""States in which whatever the peer still sends is ignored."""

RENEGOTIATING = frozenset({State.RENEGOTIATION, State.LAST_RENEGOTIATION})
"""States in which what the caller sends or has sent waits for the end of a handshake."""


# Members of an enumeration are looked up slowly.
_FIRST = State.HANDSHAKE


class ConnectionState:
    """The state of one connection, shared by all that change it."""

    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current = _FIRST

    def advance(self, occurrence: Occurrence) -> None:
        """Go where the table leads. `KeyError` would be a fault of this engine."""
        self.current = TRANSITIONS[self.current][occurrence]
