"""The form of a client's hellos: what they have in common, and what is drawn for each.

Two hellos of one client differ in their randoms, session IDs, key shares, GREASE values and
tickets, and by the server's name. A form is what stays: it is read from a hello, and hellos are
made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from tls.drawn_hello import PADDED_LENGTH, Draw, DrawnGrease, DrawnHello
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
    SESSION_TICKET,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    SUPPORTED_GROUPS,
    SUPPORTED_VERSIONS,
    Extensions,
    decode_codes,
    decode_protocols,
    encode_codes,
    encode_protocols,
    encode_server_name,
)
from tls.grease import (
    ANY_GREASE,
    ANY_GREASE_PROTOCOL,
    ANY_GREASE_PSK_MODE,
    GREASE_PSK_MODES,
    is_grease,
)
from tls.messages import HEADER_LENGTH, ClientHello, encode_message
from tls.tls13.hello_extensions import ClientKeyShares, KeyShareEntry, OfferedVersions
from tls.tls13.psk_extensions import PskKeyExchangeModes
from tls.versions import TLS_1_3
from tls.wire import Reader, vector16

_OF_SESSIONS = frozenset({PRE_SHARED_KEY, EARLY_DATA, COOKIE})
_RANDOM_LENGTH = 32
_IN_PLACE = frozenset({ANY_GREASE, PADDING, PRE_SHARED_KEY})


@dataclass(frozen=True)
class HelloForm:
    """What all first hellos of a client say that offers no session.

    Contents are as on the wire, with zeros for key shares and for what is random in
    encrypted_client_hello, nothing for names and tickets, and the first GREASE value for any.

    Attributes:
        version: client_version, such as 0x0303.
        session_id_length: bytes of an ID that resumes nothing, as TLS 1.3 sends for middleboxes.
        suites: in order.
        compressions: compression methods, in order.
        extensions: types and contents, in order.
        pads: whether the padding extension makes a hello of 256 to 511 bytes one of 512, and is
            left out of others; else its contents are as long as here.
    """

    version: int
    session_id_length: int
    suites: tuple[int, ...]
    compressions: bytes
    extensions: tuple[tuple[int, bytes], ...]
    pads: bool = False

    @classmethod
    def of(cls, message: bytes) -> Self:
        """The form of a hello, given with its handshake header.

        What it says of a session (pre_shared_key, early_data, cookie, and before TLS 1.3 the
        session ID) is left out.

        Raises `PeerError` when it is malformed.
        """
        hello = ClientHello.decode(message[HEADER_LENGTH:], 0)
        pads = PADDING in hello.extensions and len(message) == PADDED_LENGTH
        extensions = [
            (_plain_code(kind), _plain_contents(kind, data, pads=pads))
            for kind, data in hello.extensions.items()
            if kind not in _OF_SESSIONS
        ]
        keeps_id = _speaks_tls_1_3(hello.extensions)
        return cls(
            hello.client_version,
            len(hello.session_id) if keeps_id else 0,
            tuple(map(_plain_code, hello.cipher_suites)),
            hello.compression_methods,
            tuple(extensions),
            pads,
        )

    def drawn(self, draw: Draw) -> DrawnHello:
        """The form with its GREASE values, key shares and what else `draw` gives."""
        grease = DrawnGrease(draw)
        extensions: Extensions = {}
        for kind, contents in self.extensions:
            if kind == ANY_GREASE:
                extensions[grease.extension(extensions)] = contents
            else:
                extensions[kind] = grease.contents(kind, contents, draw)
        suites = tuple(map(grease.suite, self.suites))
        return DrawnHello(self.version, suites, self.compressions, extensions, self.pads)

    def message(self, draw: Draw, server_name: str | None) -> bytes:
        """A hello of this form, with its handshake header.

        Key shares are random bytes of the right length, not keys.

        Args:
            draw: gives all that is random.
            server_name: the host that it names, if it names one at all; `None` for an address,
                which is not named (RFC 6066 §3).
        """
        drawn = self.drawn(draw)
        random, session_id = draw(_RANDOM_LENGTH), draw(self.session_id_length)
        hello = drawn.hello(random, session_id, self.own_name(server_name))
        return encode_message(hello, self.version)

    def with_contents(self, kind: int, contents: bytes) -> Self:
        """The same with other contents of one extension."""
        extensions = [(each, contents if each == kind else data) for each, data in self.extensions]
        return replace(self, extensions=tuple(extensions))

    def own_name(self, server_name: str | None) -> Extensions:
        """The extension that names a connection's server, if the form names any."""
        if server_name is None or (SERVER_NAME, b"") not in self.extensions:
            return {}
        return {SERVER_NAME: encode_server_name(server_name)}

    def permuted(self, draw: Draw) -> Self:
        """The form with its extensions in random order, as Chromium has them since version 110.

        GREASE, padding and a pre-shared key stay in their places.
        """
        places = [at for at, (kind, _) in enumerate(self.extensions) if kind not in _IN_PLACE]
        keys = draw(8 * len(places))
        order = sorted(range(len(places)), key=lambda at: keys[8 * at : 8 * at + 8])
        shuffled = [places[at] for at in order]
        extensions = list(self.extensions)
        for place, source in zip(places, shuffled, strict=True):
            extensions[place] = self.extensions[source]
        return replace(self, extensions=tuple(extensions))


def offers_session(message: bytes) -> bool:
    """Whether a hello, given with its handshake header, offers to resume a session.

    Before TLS 1.3 by an ID or a ticket, in TLS 1.3 by a pre-shared key.

    Raises `PeerError` when it is malformed.
    """
    hello = ClientHello.decode(message[HEADER_LENGTH:], 0)
    if PRE_SHARED_KEY in hello.extensions or hello.extensions.get(SESSION_TICKET):
        return True
    return bool(hello.session_id) and not _speaks_tls_1_3(hello.extensions)


def _speaks_tls_1_3(extensions: Extensions) -> bool:
    try:
        return TLS_1_3 in OfferedVersions.decode(extensions.get(SUPPORTED_VERSIONS, b"")).versions
    except PeerError:
        return False


# ---------------------------------------------------------------- what differs, taken out


def _plain_code(code: int) -> int:
    return ANY_GREASE if is_grease(code) else code


def _plain_codes(codes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(_plain_code, codes))


def _plain_contents(kind: int, data: bytes, *, pads: bool) -> bytes:
    """An extension's contents without what differs; those that are malformed as they are."""
    if kind in (SERVER_NAME, SESSION_TICKET) or (kind == PADDING and pads):
        return b""
    reading = _PLAIN.get(kind)
    if reading is None:
        return data
    try:
        plain = reading(data)
    except PeerError:
        return data
    return plain if len(plain) == len(data) else data


def _plain_list(data: bytes) -> bytes:
    return encode_codes(_plain_codes(decode_codes(data)))


def _plain_versions(data: bytes) -> bytes:
    return OfferedVersions(_plain_codes(OfferedVersions.decode(data).versions)).encode()


def _plain_shares(data: bytes) -> bytes:
    shares = ClientKeyShares.decode(data).shares
    return ClientKeyShares(
        tuple([KeyShareEntry(_plain_code(s.group), bytes(len(s.key_exchange))) for s in shares])
    ).encode()


def _plain_modes(data: bytes) -> bytes:
    modes = PskKeyExchangeModes.decode(data).modes
    plain = [ANY_GREASE_PSK_MODE if mode in GREASE_PSK_MODES else mode for mode in modes]
    return PskKeyExchangeModes(bytes(plain)).encode()


def _plain_protocols(data: bytes) -> bytes:
    plain = [
        ANY_GREASE_PROTOCOL if _is_grease_protocol(name) else name
        for name in decode_protocols(data)
    ]
    return encode_protocols(plain)


def _is_grease_protocol(name: str) -> bool:
    code = name.encode("utf-8", "surrogateescape")
    return len(code) == 2 and is_grease(int.from_bytes(code, "big"))


def _plain_encrypted_hello(data: bytes) -> bytes:
    """What is random in an outer hello's set to zero (RFC 9849 §5): config_id, enc, payload."""
    reader = Reader(data)
    head = reader.opaque(5)
    reader.uint8()
    enc, payload = reader.vector16(), reader.vector16()
    reader.finish()
    return head + b"\0" + vector16(bytes(len(enc))) + vector16(bytes(len(payload)))


_PLAIN: dict[int, Callable[[bytes], bytes]] = {
    SUPPORTED_GROUPS: _plain_list,
    SIGNATURE_ALGORITHMS: _plain_list,
    SIGNATURE_ALGORITHMS_CERT: _plain_list,
    SUPPORTED_VERSIONS: _plain_versions,
    KEY_SHARE: _plain_shares,
    PSK_KEY_EXCHANGE_MODES: _plain_modes,
    ALPN: _plain_protocols,
    ENCRYPTED_CLIENT_HELLO: _plain_encrypted_hello,
}
