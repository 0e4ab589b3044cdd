"""Hellos of a form: what is drawn for each, and what a connection says of itself in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tls.errors import PeerError
from tls.extensions import (
    ALPN,
    COOKIE,
    EARLY_DATA,
    ENCRYPTED_CLIENT_HELLO,
    KEY_SHARE,
    PADDING,
    PRE_SHARED_KEY,
    PSK_KEY_EXCHANGE_MODES,
    SERVER_NAME,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    SUPPORTED_GROUPS,
    SUPPORTED_VERSIONS,
    Extensions,
    decode_codes,
    decode_protocols,
    encode_codes,
    encode_protocols,
)
from tls.grease import (
    ANY_GREASE,
    ANY_GREASE_PROTOCOL,
    ANY_GREASE_PSK_MODE,
    GREASE,
    GREASE_PSK_MODES,
)
from tls.messages import ClientHello, encode_message
from tls.tls13.hello_extensions import ClientKeyShares, KeyShareEntry, OfferedVersions
from tls.tls13.psk_extensions import PskKeyExchangeModes
from tls.wire import Reader, vector16

PADDED_LENGTH = 512
"""Bytes that a hello is padded to which would have 256 to 511 (RFC 7685 §1)."""

Draw = Callable[[int], bytes]
"""That many random bytes."""

_ANY_MODE = bytes((ANY_GREASE_PSK_MODE,))
_SOME_NAME = b"?"
_BEHIND_KEY_SHARE = (COOKIE, EARLY_DATA)


@dataclass(frozen=True, slots=True, eq=False)
class DrawnHello:
    """What one client's hellos of one connection say: a form with what is drawn for it.

    Attributes:
        version: client_version.
        suites: in order.
        compressions: compression methods, in order.
        extensions: contents by type, in order; those of a connection's own are placeholders.
        pads: whether a hello of 256 to 511 bytes is padded to 512 and no other is.
    """

    version: int
    suites: tuple[int, ...]
    compressions: bytes
    extensions: Extensions
    pads: bool = False

    def key_share(self, public: Mapping[int, bytes]) -> bytes:
        """The contents of key_share with these public values by their group, others as drawn."""
        shares = ClientKeyShares.decode(self.extensions[KEY_SHARE]).shares
        return ClientKeyShares(
            tuple(
                [
                    KeyShareEntry(share.group, public.get(share.group, share.key_exchange))
                    for share in shares
                ]
            )
        ).encode()

    def hello(self, random: bytes, session_id: bytes, own: Extensions) -> ClientHello:
        """A hello of one connection.

        Args:
            random: its 32 bytes.
            session_id: its session's, or what stands for one.
            own: the contents of the connection's own extensions, by type. Those that the form has
                stand in their places, a cookie and early_data behind key_share, a pre-shared key
                last, others before that. Without a server_name none is sent.
        """
        extensions = self.extensions | own
        if not extensions.get(SERVER_NAME, _SOME_NAME):
            del extensions[SERVER_NAME]
        late = [kind for kind in _BEHIND_KEY_SHARE if kind in own]
        if late and KEY_SHARE in self.extensions:
            extensions = _behind_key_share(extensions, late)
        if PRE_SHARED_KEY in extensions:
            extensions[PRE_SHARED_KEY] = extensions.pop(PRE_SHARED_KEY)
        hello = ClientHello(
            self.version, random, session_id, self.suites, self.compressions, extensions
        )
        if self.pads:
            _pad(hello)
        return hello


def _behind_key_share(extensions: Extensions, late: Iterable[int]) -> Extensions:
    """The extensions in order, those that come late behind key_share."""
    moved = [(kind, extensions.pop(kind)) for kind in late]
    items = list(extensions.items())
    place = list(extensions).index(KEY_SHARE) + 1
    return dict(items[:place] + moved + items[place:])


def _pad(hello: ClientHello) -> None:
    """Pad as BoringSSL does: one byte where less than an empty extension is missing."""
    extensions = hello.extensions
    hello.extensions = {kind: data for kind, data in extensions.items() if kind != PADDING}
    length = len(encode_message(hello, hello.client_version))
    if PADDED_LENGTH // 2 <= length < PADDED_LENGTH:
        missing = PADDED_LENGTH - length
        extensions[PADDING] = bytes(missing - 4 if missing > 4 else 1)
        hello.extensions = extensions


class DrawnGrease:
    """The GREASE values of one hello: a key share's is that of the groups (RFC 8701 §3.1)."""

    def __init__(self, draw: Draw) -> None:
        self._suite, self._extension, self._group, self._version, self._other = draw(5)

    def suite(self, code: int) -> int:
        """A suite, drawn if it is any GREASE."""
        return self._instead(code, self._suite)

    def extension(self, taken: Extensions) -> int:
        """A type that no extension has yet."""
        number = self._extension
        while GREASE[number % 16] in taken:
            number += 1
        return GREASE[number % 16]

    def contents(self, kind: int, plain: bytes, draw: Draw) -> bytes:
        """An extension's contents with values, shares and what else is random."""
        try:
            return self._drawn(kind, plain, draw)
        except PeerError:
            return plain

    def _drawn(self, kind: int, plain: bytes, draw: Draw) -> bytes:
        if kind == SUPPORTED_GROUPS:
            return encode_codes(self._instead(c, self._group) for c in decode_codes(plain))
        if kind in (SIGNATURE_ALGORITHMS, SIGNATURE_ALGORITHMS_CERT):
            return encode_codes(self._instead(c, self._other) for c in decode_codes(plain))
        if kind == SUPPORTED_VERSIONS:
            versions = OfferedVersions.decode(plain).versions
            drawn = tuple([self._instead(code, self._version) for code in versions])
            return OfferedVersions(drawn).encode()
        if kind == KEY_SHARE:
            return self._shares(ClientKeyShares.decode(plain), draw).encode()
        if kind == PSK_KEY_EXCHANGE_MODES:
            mode = bytes((GREASE_PSK_MODES[self._other % 8],))
            modes = PskKeyExchangeModes.decode(plain).modes
            return PskKeyExchangeModes(modes.replace(_ANY_MODE, mode)).encode()
        if kind == ALPN:
            value = GREASE[self._other % 16]
            name = value.to_bytes(2, "big").decode("utf-8", "surrogateescape")
            return encode_protocols(
                name if protocol == ANY_GREASE_PROTOCOL else protocol
                for protocol in decode_protocols(plain)
            )
        if kind == ENCRYPTED_CLIENT_HELLO:
            return _drawn_encrypted_hello(plain, draw)
        return plain

    def _shares(self, plain: ClientKeyShares, draw: Draw) -> ClientKeyShares:
        shares = []
        for share in plain.shares:
            size = len(share.key_exchange)
            if share.group == ANY_GREASE:
                group = self._instead(share.group, self._group)
                shares.append(KeyShareEntry(group, bytes(size)))
            else:
                shares.append(KeyShareEntry(share.group, draw(size)))
        return ClientKeyShares(tuple(shares))

    def _instead(self, code: int, number: int) -> int:
        return GREASE[number % 16] if code == ANY_GREASE else code


def _drawn_encrypted_hello(plain: bytes, draw: Draw) -> bytes:
    reader = Reader(plain)
    head = reader.opaque(5)
    reader.uint8()
    enc, payload = reader.vector16(), reader.vector16()
    reader.finish()
    return head + draw(1) + vector16(draw(len(enc))) + vector16(draw(len(payload)))
