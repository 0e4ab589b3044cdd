"""A ClientHello of any program is read and written again byte for byte, and so is all in it."""

from collections.abc import Callable
from typing import Any

import tls
from tls.extensions import (
    ALPN,
    CERTIFICATE_AUTHORITIES,
    COMPRESS_CERTIFICATE,
    COOKIE,
    DELEGATED_CREDENTIAL,
    EC_POINT_FORMATS,
    KEY_SHARE,
    OID_FILTERS,
    PADDING,
    PRE_SHARED_KEY,
    PSK_KEY_EXCHANGE_MODES,
    RECORD_SIZE_LIMIT,
    SERVER_NAME,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    STATUS_REQUEST,
    SUPPORTED_GROUPS,
    SUPPORTED_VERSIONS,
    decode_codes,
    decode_point_formats,
    decode_protocols,
    decode_record_size_limit,
    decode_server_name,
    encode_codes,
    encode_protocols,
    encode_server_name,
)
from tls.messages import ClientHello, encode_message
from tls.tls13.certificate_extensions import (
    CertificateAuthorities,
    CompressionAlgorithms,
    StatusRequest,
)
from tls.tls13.hello_extensions import ClientKeyShares, Cookie, OfferedVersions, encode_padding
from tls.tls13.placement import Message, check_placement
from tls.tls13.psk_extensions import (
    OfferedPsks,
    PskKeyExchangeModes,
    require_pre_shared_key_last,
)

Again = Callable[[bytes], bytes | None]


def _again(codec: Any) -> Again:
    return lambda data: codec.decode(data).encode()  # type: ignore[no-any-return]


def _codes_again(data: bytes) -> bytes:
    return encode_codes(decode_codes(data))


_AGAIN: dict[int, Again] = {
    SERVER_NAME: lambda data: encode_server_name(decode_server_name(data) or ""),
    STATUS_REQUEST: _again(StatusRequest),
    SUPPORTED_GROUPS: _codes_again,
    EC_POINT_FORMATS: decode_point_formats,
    SIGNATURE_ALGORITHMS: _codes_again,
    SIGNATURE_ALGORITHMS_CERT: _codes_again,
    DELEGATED_CREDENTIAL: _codes_again,
    ALPN: lambda data: encode_protocols(decode_protocols(data)),
    PADDING: lambda data: encode_padding(len(data)),
    COMPRESS_CERTIFICATE: _again(CompressionAlgorithms),
    RECORD_SIZE_LIMIT: lambda data: decode_record_size_limit(data).to_bytes(2, "big"),
    PRE_SHARED_KEY: _again(OfferedPsks),
    SUPPORTED_VERSIONS: _again(OfferedVersions),
    COOKIE: _again(Cookie),
    PSK_KEY_EXCHANGE_MODES: _again(PskKeyExchangeModes),
    CERTIFICATE_AUTHORITIES: _again(CertificateAuthorities),
    KEY_SHARE: _again(ClientKeyShares),
}


def hello_in(records: bytes) -> bytes:
    """The hello's message in the records that carry it."""
    message = b""
    while records:
        assert records[0] == 22
        end = 5 + int.from_bytes(records[3:5], "big")
        message += records[5:end]
        records = records[end:]
    return message


def check_hello(message: bytes) -> ClientHello:
    """Read a hello and all in it, and write both again. Returns it."""
    assert message[0] == ClientHello.type
    hello = ClientHello.decode(message[4:], tls.TLS_1_3)
    assert encode_message(hello, tls.TLS_1_3) == message
    assert OID_FILTERS not in hello.extensions
    check_placement(hello.extensions, Message.CLIENT_HELLO)
    require_pre_shared_key_last(hello.extensions)
    for kind, data in hello.extensions.items():
        again = _AGAIN.get(kind, lambda data: data)(data)
        assert again in (data, None), f"extension {kind}"
    return hello
