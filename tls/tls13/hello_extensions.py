"""The extensions by which hellos agree on version and key exchange (RFC 8446 §4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Self

from tls.alerts import DECODE_ERROR, ILLEGAL_PARAMETER
from tls.errors import PeerError
from tls.groups import group_name
from tls.reasons import Reason
from tls.wire import Reader, filled, remembered, vector8, vector16, whole_code16, whole_vector16

_CODE = Struct(">H")
_GROUP_AND_LENGTH = Struct(">HH")


@dataclass(slots=True)
class OfferedVersions:
    """supported_versions in a ClientHello, in order of preference (RFC 8446 §4.2.1).

    ```
    ProtocolVersion versions<2..254>;
    ```
    """

    versions: tuple[int, ...]

    def encode(self) -> bytes:
        """The extension's data."""
        return vector8(b"".join([version.to_bytes(2, "big") for version in self.versions]))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        return cls(_decode_versions(data))


@remembered
def _decode_versions(data: bytes) -> tuple[int, ...]:
    reader = Reader(data)
    versions = reader.filled8()
    reader.finish()
    if len(versions) & 1:
        raise PeerError(
            DECODE_ERROR, Reason.ODD_LIST_LENGTH, "a list of two-byte versions has an odd length"
        )
    return tuple([code for (code,) in _CODE.iter_unpack(versions)])


@dataclass(slots=True)
class SelectedVersion:
    """supported_versions in a ServerHello or HelloRetryRequest (RFC 8446 §4.2.1)."""

    version: int

    def encode(self) -> bytes:
        """The extension's data."""
        return _CODE.pack(self.version)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        return cls(whole_code16(data))


@dataclass(slots=True)
class Cookie:
    """What a server gives a client to send back with its second hello (RFC 8446 §4.2.2).

    ```
    opaque cookie<1..2^16-1>;
    ```
    """

    cookie: bytes

    def encode(self) -> bytes:
        """The extension's data."""
        return vector16(self.cookie)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        reader = Reader(data)
        cookie = reader.filled16()
        reader.finish()
        return cls(cookie)


@dataclass(slots=True)
class KeyShareEntry:
    """A group and one side's part of its key exchange (RFC 8446 §4.2.8).

    ```
    NamedGroup group;
    opaque key_exchange<1..2^16-1>;
    ```
    """

    group: int
    key_exchange: bytes

    def encode(self) -> bytes:
        """The entry."""
        return _GROUP_AND_LENGTH.pack(self.group, len(self.key_exchange)) + self.key_exchange


@dataclass(slots=True)
class ClientKeyShares:
    """key_share in a ClientHello: one entry a group, none to ask for a retry (RFC 8446 §4.2.8).

    ```
    KeyShareEntry client_shares<0..2^16-1>;
    ```
    """

    shares: tuple[KeyShareEntry, ...]

    def encode(self) -> bytes:
        """The extension's data."""
        return vector16(b"".join([share.encode() for share in self.shares]))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data.

        Raises `PeerError(decode_error)` when malformed, `illegal_parameter` when a group comes
        twice.
        """
        entries = Reader(whole_vector16(data))
        shares: dict[int, KeyShareEntry] = {}
        while entries.position < entries.end:
            group, length = entries.unpack(_GROUP_AND_LENGTH)
            if group in shares:
                raise PeerError(
                    ILLEGAL_PARAMETER,
                    Reason.DUPLICATE_KEY_SHARE,
                    f"two key shares for {group_name(group)}",
                )
            shares[group] = KeyShareEntry(group, filled(entries.opaque(length)))
        return cls(tuple(shares.values()))


def encode_key_shares(public: Mapping[int, bytes]) -> bytes:
    """`ClientKeyShares` with these public values by their group, in order, as it is encoded."""
    pack = _GROUP_AND_LENGTH.pack
    return vector16(b"".join([pack(group, len(key)) + key for group, key in public.items()]))


@dataclass(slots=True)
class ServerKeyShare:
    """key_share in a ServerHello (RFC 8446 §4.2.8).

    ```
    KeyShareEntry server_share;
    ```
    """

    share: KeyShareEntry

    def encode(self) -> bytes:
        """The extension's data."""
        return self.share.encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        reader = Reader(data)
        group, length = reader.unpack(_GROUP_AND_LENGTH)
        share = KeyShareEntry(group, filled(reader.opaque(length)))
        reader.finish()
        return cls(share)


@dataclass(slots=True)
class SelectedGroup:
    """key_share in a HelloRetryRequest: the group of the share to come (RFC 8446 §4.2.8)."""

    group: int

    def encode(self) -> bytes:
        """The extension's data."""
        return self.group.to_bytes(2, "big")

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        return cls(whole_code16(data))


def encode_padding(length: int) -> bytes:
    """The data of a padding extension of that many zero bytes (RFC 7685 §3)."""
    return bytes(length)
