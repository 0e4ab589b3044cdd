"""Pre-shared keys and early data in hellos and tickets (RFC 8446 §4.2.9 to §4.2.11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import Self

from tls.alerts import DECODE_ERROR, ILLEGAL_PARAMETER
from tls.errors import PeerError
from tls.extensions import PRE_SHARED_KEY, Extensions
from tls.reasons import Reason
from tls.wire import Reader, vector8, vector16, whole_code16

PSK_KE = 0
"""A pre-shared key alone (RFC 8446 §4.2.9)."""

PSK_DHE_KE = 1
"""A pre-shared key with a key exchange (RFC 8446 §4.2.9)."""

_SHORTEST_BINDER = 32
_UINT32 = Struct(">I")


@dataclass(slots=True)
class PskKeyExchangeModes:
    """How a client goes on with a pre-shared key (RFC 8446 §4.2.9).

    ```
    PskKeyExchangeMode ke_modes<1..255>;
    ```
    """

    modes: bytes

    def encode(self) -> bytes:
        """The extension's data."""
        return vector8(self.modes)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        reader = Reader(data)
        modes = reader.filled8()
        reader.finish()
        return cls(modes)


@dataclass(slots=True)
class PskIdentity:
    """A pre-shared key's name, or a ticket with its obfuscated age (RFC 8446 §4.2.11).

    ```
    opaque identity<1..2^16-1>;
    uint32 obfuscated_ticket_age;                       milliseconds, 0 for external keys
    ```
    """

    identity: bytes
    obfuscated_ticket_age: int = 0

    def encode(self) -> bytes:
        """The entry."""
        return vector16(self.identity) + _UINT32.pack(self.obfuscated_ticket_age)


@dataclass(slots=True)
class OfferedPsks:
    """pre_shared_key in a ClientHello, its last extension (RFC 8446 §4.2.11).

    ```
    PskIdentity identities<7..2^16-1>;
    PskBinderEntry binders<33..2^16-1>;                 each of them <32..255>
    ```
    """

    identities: tuple[PskIdentity, ...]
    binders: tuple[bytes, ...]

    @classmethod
    def unbound(cls, identities: Iterable[PskIdentity], binder_lengths: Iterable[int]) -> Self:
        """With zeros for binders: those are made over the hello that ends before them.

        Their lengths are in the hello already, that is why they must be known.
        """
        return cls(tuple(identities), tuple(map(bytes, binder_lengths)))

    def encode(self) -> bytes:
        """The extension's data."""
        identities = b"".join([identity.encode() for identity in self.identities])
        return vector16(identities) + self.encode_binders()

    def encode_binders(self) -> bytes:
        """The list of binders behind its length: the end of the hello."""
        return vector16(b"".join([vector8(binder) for binder in self.binders]))

    @property
    def binders_length(self) -> int:
        """The bytes at the hello's end that its binders are not made over (§4.2.11.2)."""
        return 2 + len(self.binders) + sum(map(len, self.binders))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data.

        Raises `PeerError(decode_error)` when malformed, `illegal_parameter` unless there are as
        many binders as identities.
        """
        reader = Reader(data)
        entries, binder_entries = Reader(reader.filled16()), Reader(reader.filled16())
        reader.finish()
        identities, binders = [], []
        while entries.position < entries.end:
            identity = entries.filled16()
            (age,) = entries.unpack(_UINT32)
            identities.append(PskIdentity(identity, age))
        while binder_entries.position < binder_entries.end:
            binder = binder_entries.vector8()
            if len(binder) < _SHORTEST_BINDER:
                raise PeerError(
                    DECODE_ERROR,
                    Reason.BINDER_TOO_SHORT,
                    f"a pre-shared key's binder of {len(binder)} bytes",
                )
            binders.append(binder)
        if len(binders) != len(identities):
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.BINDER_COUNT,
                f"{len(binders)} binders for {len(identities)} pre-shared keys",
            )
        return cls(tuple(identities), tuple(binders))


def require_pre_shared_key_last(extensions: Extensions) -> None:
    """Check that nothing follows pre_shared_key in a ClientHello (RFC 8446 §4.2.11).

    Raises `PeerError(illegal_parameter)`.
    """
    if PRE_SHARED_KEY in extensions and next(reversed(extensions)) != PRE_SHARED_KEY:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.PRE_SHARED_KEY_NOT_LAST,
            "pre_shared_key is not the last extension of the hello",
        )


@dataclass(slots=True)
class SelectedPsk:
    """pre_shared_key in a ServerHello: the number of the identity chosen (RFC 8446 §4.2.11)."""

    index: int

    def encode(self) -> bytes:
        """The extension's data."""
        return self.index.to_bytes(2, "big")

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        return cls(whole_code16(data))


@dataclass(slots=True)
class EarlyDataLimit:
    """early_data in a NewSessionTicket: how many bytes may come early (RFC 8446 §4.2.10).

    In hellos and EncryptedExtensions the extension is empty.
    """

    max_early_data_size: int

    def encode(self) -> bytes:
        """The extension's data."""
        return _UINT32.pack(self.max_early_data_size)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        reader = Reader(data)
        (size,) = reader.unpack(_UINT32)
        reader.finish()
        return cls(size)


def obfuscated_ticket_age(age: float, age_add: int) -> int:
    """The age that a client tells of a ticket (RFC 8446 §4.2.11.1).

    Args:
        age: seconds since the ticket arrived.
        age_add: the ticket's `ticket_age_add`.
    """
    return (int(age * 1_000) + age_add) & 0xFFFFFFFF


def ticket_age(obfuscated_age: int, age_add: int) -> float:
    """The seconds that a client says it has had a ticket; the inverse, modulo 2^32 ms."""
    return ((obfuscated_age - age_add) & 0xFFFFFFFF) / 1_000
