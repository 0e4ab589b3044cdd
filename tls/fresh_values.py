"""Where a flight has values that are fresh in each connection: randoms, IDs, keys, signatures.

All the rest of what goes over the wire in clear is the same whenever two sides with the same
configuration do the same. What follows change_cipher_spec is protected, and taken as fresh whole,
the header of its record apart; in TLS 1.3, where that says nothing, hellos behind it are in clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from tls.exchange.selection import is_elliptic, is_finite_field_exchange
from tls.extensions import (
    COOKIE,
    KEY_SHARE,
    PRE_SHARED_KEY,
    SESSION_TICKET,
    SUPPORTED_VERSIONS,
)
from tls.grease import is_grease
from tls.handshake.context import DOWNGRADE, DOWNGRADE_FROM_TLS_1_3
from tls.messages import (
    HEADER_LENGTH,
    CertificateVerify,
    ClientHello,
    ClientKeyExchange,
    NewSessionTicket,
    ServerHello,
    ServerKeyExchange,
)
from tls.record.layer import APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE
from tls.record.layer import HEADER_LENGTH as RECORD_HEADER_LENGTH
from tls.suites import SUITES, CipherSuite
from tls.tls13.messages import HELLO_RETRY_REQUEST_RANDOM
from tls.versions import TLS_1_2
from tls.wire import Reader

_VERSION_LENGTH = 2
_RANDOM_LENGTH = 32
_SSL2_FIXED = 2 + 1 + 2 + 2
_UNCOMPRESSED_POINT = 4
_SEQUENCE = 0x30


class FreshKind(Enum):
    """What a fresh value is."""

    CLIENT_RANDOM = auto()
    """The random of a ClientHello."""
    SERVER_RANDOM = auto()
    """The random of a ServerHello, less an end that says what the server speaks."""
    TLS_1_3_SERVER_RANDOM = auto()
    """The same of TLS 1.3, all of it drawn."""
    CLIENT_SESSION_ID = auto()
    """The ID of the session that a client offers."""
    SERVER_SESSION_ID = auto()
    """The ID in a ServerHello, a new session's or the one that was offered."""
    OTHER = auto()
    """A ticket, an ephemeral key, a binder, an encrypted secret, a signature, or a protected
    record."""


class FreshValue(NamedTuple):
    """A fresh value, or the piece of one that a record holds.

    Attributes:
        kind: what it is.
        offset: bytes of the value that come before this piece.
        start, end: where it stands in the flight.
    """

    kind: FreshKind
    offset: int
    start: int
    end: int


def fresh_values(flight: bytes, *, protected: bool = False) -> list[FreshValue]:
    """The fresh values of a flight that an engine has sent.

    Args:
        flight: whole records, all that a side sends at its turn.
        protected: whether the side has sent change_cipher_spec before.

    Raises:
        PeerError: for messages that are not well formed.
    """
    if not protected and flight and flight[0] & 0x80:
        return [_ssl2_challenge(flight)]
    sealed: list[FreshValue] = []
    clear = _ClearMessages(flight)
    position = 0
    while position < len(flight):
        content_type = flight[position]
        version = int.from_bytes(flight[position + 1 : position + 3], "big")
        start = position + RECORD_HEADER_LENGTH
        position = start + int.from_bytes(flight[start - 2 : start], "big")
        if content_type == CHANGE_CIPHER_SPEC and not protected:
            protected = True
        elif content_type == HANDSHAKE and (not protected or _begins_hello(flight[start:position])):
            clear.add(version, start, position)
        elif protected or content_type == APPLICATION_DATA:
            sealed.append(FreshValue(FreshKind.OTHER, 0, start, position))
    return [*clear.values(), *sealed]


def _begins_hello(record: bytes) -> bool:
    """Whether a record behind a change_cipher_spec is a hello of TLS 1.3, in clear, and no more.

    A protected Finished begins like that by chance once in some billions.
    """
    return (
        record[:1] in (b"\x01", b"\x02")
        and int.from_bytes(record[1:HEADER_LENGTH], "big") == len(record) - HEADER_LENGTH
    )


def changes_cipher_spec(flight: bytes) -> bool:
    """Whether a side's flight, which it has begun in clear, has a change_cipher_spec in it."""
    position = 0
    while position < len(flight) and not flight[position] & 0x80:
        if flight[position] == CHANGE_CIPHER_SPEC:
            return True
        start = position + RECORD_HEADER_LENGTH
        position = start + int.from_bytes(flight[start - 2 : start], "big")
    return False


def _ssl2_challenge(flight: bytes) -> FreshValue:
    """The challenge of a hello in SSL 2.0's format, which ends with it (RFC 5246 appendix E.2)."""
    reader = Reader(flight)
    reader.opaque(_SSL2_FIXED)
    reader.uint16()
    length = reader.uint16()
    return FreshValue(FreshKind.CLIENT_RANDOM, 0, len(flight) - length, len(flight))


class _ClearMessages:
    """The handshake messages that a flight has in clear, over as many records as they take."""

    def __init__(self, flight: bytes) -> None:
        self._flight = flight
        self._version = 0
        self._pieces: list[tuple[int, int]] = []

    def add(self, version: int, start: int, end: int) -> None:
        """A record's body that holds more of them; `version` is the record's."""
        self._version = version
        self._pieces.append((start, end))

    def values(self) -> Iterator[FreshValue]:
        """The fresh values in them, piece by piece."""
        stream = b"".join([self._flight[start:end] for start, end in self._pieces])
        for kind, start, end in _values_of_messages(stream, self._version):
            yield from self._placed(kind, start, end)

    def _placed(self, kind: FreshKind, start: int, end: int) -> Iterator[FreshValue]:
        """Where a value stands in the flight that goes from `start` to `end` of all messages."""
        before = 0
        for first, last in self._pieces:
            here, there = max(start, before), min(end, before + last - first)
            if here < there:
                shift = first - before
                yield FreshValue(kind, here - start, here + shift, there + shift)
            before += last - first


_Values = Iterator[tuple[FreshKind, int, int]]
"""Values as (kind, start, end)."""


def _values_of_messages(stream: bytes, version: int) -> _Values:
    position = 0
    suite: CipherSuite | None = None
    while position < len(stream):
        kind = stream[position]
        start = position + HEADER_LENGTH
        position = start + int.from_bytes(stream[start - 3 : start], "big")
        body = Reader(stream[start:position])
        found: _Values = iter(())
        if kind == ClientHello.type:
            found = _in_client_hello(body)
        elif kind == ServerHello.type:
            suite, found = _chosen_suite(body.data), _in_server_hello(body)
        elif kind == ServerKeyExchange.type:
            found = _in_server_key_exchange(body, version, suite)
        elif kind == ClientKeyExchange.type:
            found = _in_client_key_exchange(body)
        elif kind == CertificateVerify.type:
            found = _signature(body, version)
        elif kind == NewSessionTicket.type:
            body.opaque(4)
            found = _vector16(body)
        for what, first, last in found:
            if first < last:
                yield what, start + first, start + last


# -- by message


def _in_client_hello(body: Reader) -> _Values:
    yield from _random_and_session_id(body, FreshKind.CLIENT_RANDOM, FreshKind.CLIENT_SESSION_ID)
    body.vector16()
    body.vector8()
    if body.at_end():
        return
    body.uint16()
    while not body.at_end():
        extension = body.uint16()
        value = body.vector16()
        start = body.position - len(value)
        if extension in (SESSION_TICKET, COOKIE):
            yield FreshKind.OTHER, start, body.position
        elif extension == KEY_SHARE:
            shares = Reader(value)
            yield from _shifted(_key_shares(Reader(shares.vector16())), start + 2)
        elif extension == PRE_SHARED_KEY:
            yield from _shifted(_pre_shared_keys(Reader(value)), start)


def _key_shares(entries: Reader) -> _Values:
    """The public values of key shares, less the byte that says in which form a point is.

    That of a GREASE group is no key.
    """
    while not entries.at_end():
        group = entries.uint16()
        key = entries.vector16()
        if is_grease(group):
            continue
        form = len(key) % 2 and key[0] == _UNCOMPRESSED_POINT
        yield FreshKind.OTHER, entries.position - len(key) + form, entries.position


def _pre_shared_keys(body: Reader) -> _Values:
    """Tickets with their obscured ages, and binders (RFC 8446 §4.2.11)."""
    identities = Reader(body.vector16())
    while not identities.at_end():
        length = len(identities.vector16())
        identities.opaque(4)
        yield FreshKind.OTHER, identities.position + 2 - length - 4, identities.position + 2
    shift = body.position + 2
    binders = Reader(body.vector16())
    while not binders.at_end():
        length = len(binders.vector8())
        yield FreshKind.OTHER, shift + binders.position - length, shift + binders.position


def _shifted(values: _Values, start: int) -> _Values:
    for kind, first, last in values:
        yield kind, start + first, start + last


def _in_server_hello(body: Reader) -> _Values:
    if body.data[_VERSION_LENGTH : _VERSION_LENGTH + _RANDOM_LENGTH] == HELLO_RETRY_REQUEST_RANDOM:
        _, session_id = _random_and_session_id(
            body, FreshKind.SERVER_RANDOM, FreshKind.SERVER_SESSION_ID
        )
        yield session_id
        return
    kind = FreshKind.SERVER_RANDOM
    share: tuple[int, int] | None = None
    hello = Reader(body.data)
    hello.opaque(_VERSION_LENGTH + _RANDOM_LENGTH)
    hello.vector8()
    hello.opaque(3)
    if not hello.at_end():
        hello.uint16()
    while not hello.at_end():
        extension = hello.uint16()
        value = hello.vector16()
        if extension == SUPPORTED_VERSIONS:
            kind = FreshKind.TLS_1_3_SERVER_RANDOM
        elif extension == KEY_SHARE:
            share = hello.position - len(value), hello.position
    yield from _random_and_session_id(
        body, kind, FreshKind.SERVER_SESSION_ID, sentinels=(DOWNGRADE, DOWNGRADE_FROM_TLS_1_3)
    )
    if share is not None:
        yield from _shifted(_key_shares(Reader(body.data[slice(*share)])), share[0])


def _random_and_session_id(
    body: Reader, random: FreshKind, session_id: FreshKind, *, sentinels: tuple[bytes, ...] = ()
) -> _Values:
    """What both hellos begin with; a random that ends with a sentinel is as much shorter."""
    body.opaque(_VERSION_LENGTH)
    value = body.opaque(_RANDOM_LENGTH)
    fixed = next((len(each) for each in sentinels if value.endswith(each)), 0)
    yield random, _VERSION_LENGTH, _VERSION_LENGTH + _RANDOM_LENGTH - fixed
    length = len(body.vector8())
    yield session_id, body.position - length, body.position


def _chosen_suite(server_hello: bytes) -> CipherSuite | None:
    reader = Reader(server_hello)
    reader.opaque(_VERSION_LENGTH + _RANDOM_LENGTH)
    reader.vector8()
    return SUITES.get(reader.uint16())


def _in_server_key_exchange(body: Reader, version: int, suite: CipherSuite | None) -> _Values:
    """The public value behind the group, and a signature.

    RSA_EXPORT's temporary key is the server's for a long time.
    """
    if suite is None:
        return
    if is_elliptic(suite):
        body.opaque(3)  # named_curve, and which
        yield _point(body)
    else:
        body.vector16()
        body.vector16()
        if is_finite_field_exchange(suite):
            yield from _vector16(body)
    if not body.at_end():
        yield from _signature(body, version)


def _in_client_key_exchange(body: Reader) -> _Values:
    """A point, a number or an encrypted secret; SSL 3.0 writes the last without its length."""
    length = len(body.data)
    if length and body.data[0] == length - 1:
        yield _point(body)
    elif int.from_bytes(body.data[:2], "big") == length - 2:
        yield from _vector16(body)
    else:
        yield FreshKind.OTHER, 0, length


# -- by kind of value


def _vector16(body: Reader) -> _Values:
    length = len(body.vector16())
    yield FreshKind.OTHER, body.position - length, body.position


def _point(body: Reader) -> tuple[FreshKind, int, int]:
    """A point on a curve, less the byte that says in which form (RFC 8422 §5.4.1)."""
    point = body.vector8()
    form = len(point) % 2 and point[0] == _UNCOMPRESSED_POINT
    return FreshKind.OTHER, body.position - len(point) + form, body.position


def _signature(body: Reader, version: int) -> _Values:
    """A signature behind its scheme, which TLS 1.2 names, and its length.

    Of ECDSA and DSA the two numbers, less their first two bytes, which make their lengths minimal.
    """
    if version >= TLS_1_2:
        body.uint16()
    signature = body.vector16()
    start = body.position - len(signature)
    numbers = _numbers_in_der(signature)
    if not numbers:
        yield FreshKind.OTHER, start, body.position
    for first, last in numbers:
        yield FreshKind.OTHER, start + first + 2, start + last


def _numbers_in_der(signature: bytes) -> list[tuple[int, int]]:
    """Where the two numbers of a signature in DER stand (RFC 3279 §2.2.2); none in other forms."""
    if signature[:1] != bytes((_SEQUENCE,)):
        return []
    head = 3 if signature[1] & 0x80 else 2
    numbers, position = [], head
    while position + 2 <= len(signature):
        start = position + 2
        position = start + signature[position + 1]
        numbers.append((start, position))
    return numbers if len(numbers) == 2 and position == len(signature) else []
