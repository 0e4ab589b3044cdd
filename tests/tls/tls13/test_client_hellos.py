"""Hellos of real clients are read and written again byte for byte, GREASE in its place."""

import ssl

import pytest

import tls
from tests.tls.tls13.hello_checks import check_hello, hello_in
from tls.extensions import KEY_SHARE, SUPPORTED_GROUPS, SUPPORTED_VERSIONS, decode_codes
from tls.grease import GREASE, is_grease
from tls.messages import ClientHello
from tls.tls13.hello_extensions import ClientKeyShares, OfferedVersions

NAME = b"www.contoso.com"


def sized(length: int, *parts: bytes | str) -> bytes:
    """Parts behind their length in so many bytes; text is hexadecimal."""
    body = b"".join(bytes.fromhex(each) if isinstance(each, str) else each for each in parts)
    return len(body).to_bytes(length, "big") + body


def extension(kind: str, *parts: bytes | str) -> bytes:
    return bytes.fromhex(kind) + sized(2, *parts)


def hello(suites: str, extensions: list[bytes]) -> bytes:
    """A ClientHello message as text books lay it out, without any codec of the engine's."""
    body = b"".join(
        (
            b"\3\3",
            bytes(range(32)),
            sized(1, bytes(range(100, 132))),
            sized(2, suites),
            sized(1, "00"),
            sized(2, *extensions),
        )
    )
    return b"\1" + sized(3, body)


def padded(suites: str, extensions: list[bytes]) -> bytes:
    """The same with an extension of padding that makes the message 512 bytes long (RFC 7685)."""
    length = len(hello(suites, extensions))
    return hello(suites, [*extensions, extension("0015", bytes(512 - length - 4))])


SERVER_NAME = extension("0000", sized(2, "00", sized(2, NAME)))
ALPN = extension("0010", sized(2, sized(1, b"h2"), sized(1, b"http/1.1")))
STATUS_REQUEST = extension("0005", "0100000000")


def chrome_98(grease: tuple[int, int, int, int, int]) -> bytes:
    """Chrome 98 on Windows; GREASE of suite, group, version, first and last extension."""
    suite, group, version, first, last = (f"{value:04x}" for value in grease)
    suites = suite + "130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035"
    x25519 = bytes(range(200, 232))
    return padded(
        suites,
        [
            extension(first),
            SERVER_NAME,
            extension("0017"),
            extension("ff01", "00"),
            extension("000a", sized(2, group, "001d00170018")),
            extension("000b", sized(1, "00")),
            extension("0023"),
            ALPN,
            STATUS_REQUEST,
            extension("000d", sized(2, "04030804040105030805050108060601")),
            extension("0012"),
            extension("0033", sized(2, group, sized(2, "00"), "001d", sized(2, x25519))),
            extension("002d", sized(1, "01")),
            extension("002b", sized(1, version, "03040303")),
            extension("001b", sized(1, "0002")),
            extension("4469", sized(2, sized(1, b"h2"))),
            extension(last, "00"),
        ],
    )


def firefox_91() -> bytes:
    """Firefox 91 ESR on Windows."""
    x25519, point = bytes(range(200, 232)), b"\4" + bytes(range(64))
    return padded(
        "130113031302c02bc02fcca9cca8c02cc030c00ac009c013c014009c009d002f0035000a",
        [
            SERVER_NAME,
            extension("0017"),
            extension("ff01", "00"),
            extension("000a", sized(2, "001d00170018001901000101")),
            extension("000b", sized(1, "00")),
            extension("0023"),
            ALPN,
            STATUS_REQUEST,
            extension("0022", sized(2, "0403050306030203")),
            extension("0033", sized(2, "001d", sized(2, x25519), "0017", sized(2, point))),
            extension("002b", sized(1, "03040303")),
            extension("000d", sized(2, "0403050306030804080508060401050106010203", "0201")),
            extension("002d", sized(1, "01")),
            extension("001c", "4001"),
        ],
    )


@pytest.mark.parametrize("number", range(16))
def test_chrome_98(number: int) -> None:
    suite, group, version, first, last = (GREASE[(number + step) % 16] for step in range(5))
    message = chrome_98((suite, group, version, first, last))
    read = check_hello(message)
    assert len(message) == 512
    assert list(read.extensions) == [
        *(first, 0, 23, 65281, 10, 11, 35, 16, 5, 13, 18, 51, 45, 43, 27, 17513),
        *(last, 21),
    ]
    assert read.cipher_suites[0] == suite
    assert decode_codes(read.extensions[SUPPORTED_GROUPS]) == (group, 0x1D, 0x17, 0x18)
    versions = OfferedVersions.decode(read.extensions[SUPPORTED_VERSIONS]).versions
    assert versions == (version, tls.TLS_1_3, tls.TLS_1_2)
    shares = ClientKeyShares.decode(read.extensions[KEY_SHARE]).shares
    assert [(share.group, len(share.key_exchange)) for share in shares] == [(group, 1), (29, 32)]
    assert all(map(is_grease, (suite, group, version, first, last)))


def test_firefox_91() -> None:
    read = check_hello(firefox_91())
    assert list(read.extensions) == [
        *(0, 23, 65281, 10, 11, 35, 16, 5, 34, 51, 43, 13, 45, 28, 21),
    ]
    assert not any(map(is_grease, (*read.cipher_suites, *read.extensions)))
    shares = ClientKeyShares.decode(read.extensions[KEY_SHARE]).shares
    assert [(share.group, len(share.key_exchange)) for share in shares] == [(29, 32), (23, 65)]


def test_the_standard_librarys_hello() -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="a.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    read = check_hello(hello_in(outgoing.read()))
    assert tls.TLS_1_3 in OfferedVersions.decode(read.extensions[SUPPORTED_VERSIONS]).versions


@pytest.mark.parametrize("message", [chrome_98(GREASE[:5]), firefox_91()])
def test_no_piece_of_a_hello_is_one(message: bytes) -> None:
    for length in range(4, len(message)):
        try:
            read = ClientHello.decode(message[4:length], tls.TLS_1_3)
        except tls.PeerError:
            continue
        # A hello may end before its extensions (RFC 5246 §7.4.1.2).
        assert not read.extensions
