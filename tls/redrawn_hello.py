"""The hello in a flight as another connection of the same client would have sent it."""

from __future__ import annotations

from collections.abc import Iterator

from tls.drawn_hello import DrawnHello
from tls.errors import PeerError
from tls.extensions import (
    COOKIE,
    EARLY_DATA,
    KEY_SHARE,
    PRE_SHARED_KEY,
    SERVER_NAME,
    SESSION_TICKET,
)
from tls.grease import is_grease
from tls.messages import HEADER_LENGTH, ClientHello, encode_message
from tls.record.layer import HANDSHAKE
from tls.record.layer import HEADER_LENGTH as RECORD_HEADER_LENGTH
from tls.tls13.hello_extensions import ClientKeyShares, KeyShareEntry

_OWN = (SERVER_NAME, SESSION_TICKET, COOKIE, EARLY_DATA, PRE_SHARED_KEY)


def redrawn_hello(flight: bytes, says: DrawnHello) -> bytes:
    """A client's flight with another connection's GREASE values, order and encrypted hello.

    Randoms, session IDs, keys, tickets and the server's name stay those of the flight.

    Args:
        flight: whole records; one that has no hello in clear is returned as it is.
        says: what the other connection's hellos say, of the same template and length.
    """
    pieces = list(_hello_pieces(flight))
    if not pieces:
        return flight
    message = b"".join([flight[start:end] for start, end in pieces])
    hello = ClientHello.decode(message[HEADER_LENGTH:], 0)
    extensions = hello.extensions
    own = {kind: extensions[kind] for kind in _OWN if kind in extensions}
    if KEY_SHARE in extensions:
        own[KEY_SHARE] = _with_grease_of(says, extensions[KEY_SHARE])
    redrawn = encode_message(says.hello(hello.random, hello.session_id, own), hello.client_version)
    assert len(redrawn) == len(message), "hellos of one template and length"
    data, position = bytearray(flight), 0
    for start, end in pieces:
        data[start:end] = redrawn[position : position + end - start]
        position += end - start
    return bytes(data)


def _hello_pieces(flight: bytes) -> Iterator[tuple[int, int]]:
    """Where the message of the first hello in clear stands, record by record."""
    position, missing = 0, -1
    while position < len(flight) and missing:
        kind, start = flight[position], position + RECORD_HEADER_LENGTH
        position = start + int.from_bytes(flight[start - 2 : start], "big")
        if kind != HANDSHAKE:
            continue
        if missing < 0:
            if flight[start] != ClientHello.type:
                return
            head = flight[start + 1 : start + HEADER_LENGTH]
            missing = HEADER_LENGTH + int.from_bytes(head, "big")
        end = min(position, start + missing)
        missing -= end - start
        yield start, end


def _with_grease_of(says: DrawnHello, key_share: bytes) -> bytes:
    """A flight's shares, that of a group without meaning under the other's value."""
    try:
        shares = ClientKeyShares.decode(key_share).shares
        drawn = ClientKeyShares.decode(says.extensions.get(KEY_SHARE, key_share)).shares
    except PeerError:  # what a template says that no server goes on with
        return key_share
    values = [share.group for share in drawn if is_grease(share.group)]
    renamed = [
        KeyShareEntry(values[0], share.key_exchange) if is_grease(share.group) else share
        for share in shares
    ]
    return ClientKeyShares(tuple(renamed)).encode()
