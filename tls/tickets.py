"""Session tickets: sessions that the client keeps for the server (RFC 5077 §4)."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property
from hmac import compare_digest
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tls.certificates.validation import Question, Validation
from tls.entropy import RandomSource
from tls.errors import PeerError, UsageError
from tls.extensions import decode_protocol, encode_protocol
from tls.keys.hmac import KeyedHmac
from tls.meter import Meter
from tls.sessions import Session
from tls.versions import TLS_1_3
from tls.wire import Reader, vector8, vector16, vector24

_NAME_LENGTH = 16
_IV_LENGTH = 16
_BLOCK = 16
_MAC_LENGTH = 32
_LEAST = _NAME_LENGTH + _IV_LENGTH + 2 + _MAC_LENGTH
_HEAD = struct.Struct(">qHHB")
_TIMES = struct.Struct(">dd")
_RESUMPTION = struct.Struct(">dII")

_MAX_STATE = 65_535 - _NAME_LENGTH - _IV_LENGTH - 2 - _MAC_LENGTH - 16
"""The longest state that fits a ticket, its padding included."""


class OpenedTicket(NamedTuple):
    """What stands in a ticket.

    Attributes:
        session: without an ID.
        made: the calendar time that it was sealed with, in whole seconds.
    """

    session: Session
    made: float


@dataclass(frozen=True)
class TicketKey:
    """One key: name, AES-128 key and HMAC-SHA-256 key, as RFC 5077 §4 recommends."""

    name: bytes
    encryption_key: bytes
    mac_key: bytes

    @classmethod
    def derive(cls, secret: bytes, number: int) -> TicketKey:
        """The key that every server with that secret has for that number."""
        material = hashlib.shake_128(secret + number.to_bytes(8, "big", signed=True)).digest(64)
        return cls(material[:16], material[16:32], material[32:])

    @cached_property
    def _mac(self) -> KeyedHmac:
        return KeyedHmac("sha256", self.mac_key)

    def __reduce__(self) -> tuple[type[TicketKey], tuple[bytes, bytes, bytes]]:
        """What pickle and copy take: all but the keyed HMAC, which has running hashes in it."""
        return TicketKey, (self.name, self.encryption_key, self.mac_key)

    def seals(self, ticket: bytes) -> bool:
        """Whether a ticket names this key as the one that it was sealed with."""
        return len(ticket) >= _LEAST and ticket[:_NAME_LENGTH] == self.name

    def seal(self, session: Session, made: float, random: RandomSource, meter: Meter) -> bytes:
        """The ticket of a session, with the calendar time `made` in it.

        Empty for a session that no ticket has room for: so the server takes back what its hello
        said (RFC 5077 §3.3).
        """
        state = _encode(session, made)
        if len(state) > _MAX_STATE:
            return b""
        iv = random.draw(_IV_LENGTH)
        padding = _BLOCK - len(state) % _BLOCK
        state += bytes((padding,)) * padding
        encrypted = Cipher(AES(self.encryption_key), CBC(iv)).encryptor().update(state)
        meter.book(("encrypt.aes-128-cbc", 0, 1, len(encrypted)))
        body = self.name + iv + vector16(encrypted)
        meter.book(("hmac.sha256", 0, 1, len(body)))
        return body + self._mac.digest(body)

    def open(self, ticket: bytes, meter: Meter) -> OpenedTicket | None:
        """What stands in a ticket that names this key; `None` where the key did not seal it."""
        body, mac = ticket[:-_MAC_LENGTH], ticket[-_MAC_LENGTH:]
        meter.book(("hmac.sha256", 0, 1, len(body)))
        if not compare_digest(self._mac.digest(body), mac):
            return None
        iv = body[_NAME_LENGTH : _NAME_LENGTH + _IV_LENGTH]
        encrypted = body[_NAME_LENGTH + _IV_LENGTH + 2 :]
        if not encrypted or len(encrypted) % _BLOCK:
            return None
        meter.book(("decrypt.aes-128-cbc", 0, 1, len(encrypted)))
        padded = Cipher(AES(self.encryption_key), CBC(iv)).decryptor().update(encrypted)
        padding = padded[-1]
        if not 1 <= padding <= _BLOCK or padded[-padding:] != padded[-1:] * padding:
            return None
        try:
            return _decode(padded[:-padding])
        except (ValueError, PeerError):
            return None


class TicketKeys:
    """A server's ticket keys, which rotate with the clock.

    Servers that share `secret` and have the same clock accept each other's tickets. A ticket is
    sealed with the key of its time and opened with that of the current period or the `kept`
    periods before, and only for `lifetime` seconds from the full handshake that its session goes
    back to, however often it was renewed. Raises `UsageError` for a lifetime that the 32
    bits of a hint do not hold, and for periods that are none.
    """

    def __init__(
        self,
        secret: bytes,
        *,
        lifetime: float = 7200.0,
        rotation_period: float = 3600.0,
        kept: int = 2,
    ) -> None:
        if not 0 <= lifetime < 1 << 32:
            raise UsageError(
                f"a ticket lives from 0 to {(1 << 32) - 1:,} seconds, not {lifetime:,}"
            )
        if not 0 < rotation_period < float("inf") or kept < 0:
            raise UsageError("ticket keys rotate after a time, and some or none before are kept")
        self.lifetime = lifetime
        self.rotation_period = rotation_period
        self.kept = kept
        self._secret = secret
        self._keys: dict[int, TicketKey] = {}

    def seal(self, session: Session, now: float, random: RandomSource, meter: Meter) -> bytes:
        """The ticket of a session, made at calendar time `now`; empty for one too large."""
        made = now if session.since is None else min(session.since, now)
        return self._key(self._period(now)).seal(session, made, random, meter)

    def open(self, ticket: bytes, now: float, meter: Meter) -> tuple[Session, bool] | None:
        """The session of a ticket and whether it deserves a new one; `None` when it is no good.

        A ticket deserves a new one when its key is not the current one any more.
        """
        period = self._period(now)
        for age in range(self.kept + 1):
            key = self._key(period - age)
            if key.seals(ticket):
                opened = key.open(ticket, meter)
                if opened is None or not 0 <= now - opened.made <= self.lifetime:
                    return None
                opened.session.since = opened.made
                return opened.session, age > 0
        return None

    def _period(self, now: float) -> int:
        return int(now // self.rotation_period)

    def _key(self, period: int) -> TicketKey:
        key = self._keys.get(period)
        if key is None:
            key = self._keys[period] = TicketKey.derive(self._secret, period)
            for old in [known for known in self._keys if known < period - self.kept]:
                del self._keys[old]
        return key


def _encode(session: Session, now: float) -> bytes:
    secret = session.master_secret
    parts = (
        _HEAD.pack(int(now), session.version, session.suite, len(secret)),
        secret,
        bytes((session.compression, session.extended_master_secret)),
        vector16((session.server_name or "").encode()),
        vector24(b"".join([vector24(der) for der in session.certificates])),
        _encode_resumption(session),
        _encode_validation(session.validation),
    )
    return b"".join(parts)


def _encode_resumption(session: Session) -> bytes:
    """What a ticket of TLS 1.3 holds beside: its exact time, and what its early data goes by."""
    if session.version < TLS_1_3:
        return b""
    protocol = encode_protocol(session.application_protocol or "")
    numbers = _RESUMPTION.pack(session.made, session.age_add, session.max_early_data)
    return numbers + vector8(protocol)


def _encode_validation(validation: Validation | None) -> bytes:
    """That a client's chain has no problem, in whose eyes and how long: nothing for any other."""
    if validation is None or validation.problems:
        return b""
    return validation.question.store + _TIMES.pack(validation.after, validation.before)


def _decode_validation(reader: Reader) -> Validation | None:
    if reader.at_end():
        return None
    question = Question(reader.opaque(32), by_client=False)
    after, before = _TIMES.unpack(reader.opaque(_TIMES.size))
    return Validation(question, (), after, before)


def _decode(state: bytes) -> OpenedTicket:
    reader = Reader(state)
    made, version, suite, length = reader.unpack(_HEAD)
    master_secret = reader.opaque(length)
    compression, extended = reader.uint8(), reader.uint8()
    server_name = reader.vector16().decode() or None
    chain = Reader(reader.vector24())
    certificates = []
    while chain.position < chain.end:
        certificates.append(chain.vector24())
    session = Session(
        b"",
        version,
        suite,
        master_secret,
        server_name,
        tuple(certificates),
        compression,
        bool(extended),
    )
    if version >= TLS_1_3:
        session.made, session.age_add, session.max_early_data = reader.unpack(_RESUMPTION)
        session.application_protocol = decode_protocol(reader.vector8()) or None
    session.validation = _decode_validation(reader)
    return OpenedTicket(session, made)
