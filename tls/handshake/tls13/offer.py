"""A ClientHello of TLS 1.3 as the server reads it (RFC 8446 §4.1.2, §9.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tls.alerts import ILLEGAL_PARAMETER, MISSING_EXTENSION, PROTOCOL_VERSION
from tls.configuration import ServerConfig
from tls.errors import PeerError
from tls.extensions import (
    COMPRESS_CERTIFICATE,
    COOKIE,
    EARLY_DATA,
    KEY_SHARE,
    POST_HANDSHAKE_AUTH,
    PRE_SHARED_KEY,
    PSK_KEY_EXCHANGE_MODES,
    SERVER_NAME,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    STATUS_REQUEST,
    SUPPORTED_GROUPS,
    Extensions,
    decode_codes,
    decode_server_name,
    extension_name,
    require_empty,
)
from tls.groups import group_name
from tls.messages import ClientHello
from tls.reasons import Reason
from tls.suites import TLS_1_3_SUITES, CipherSuite
from tls.tls13.certificate_extensions import CompressionAlgorithms, StatusRequest
from tls.tls13.hello_extensions import ClientKeyShares, Cookie
from tls.tls13.placement import Message, check_placement
from tls.tls13.psk_extensions import (
    OfferedPsks,
    PskKeyExchangeModes,
    require_pre_shared_key_last,
)
from tls.versions import SSL_3_0

_NULL_COMPRESSION = b"\0"


@dataclass(slots=True)
class ClientOffer:
    """A ClientHello, understood.

    Attributes:
        hello: as it came.
        suites: that both sides have, the server's preference first.
        server_name: the name that the client wants, if it says one.
        groups: that it has, its preference first.
        shares: its public values, by their group.
        schemes: that it takes signatures by.
        certificate_schemes: that it takes signatures in certificates by.
        psks: the pre-shared keys that it offers.
        psk_modes: the codes of what it lets go beside them.
        early_data: whether it sends early data.
        answered: collects the EncryptedExtensions.
        application_protocol: what ALPN agrees on.
    """

    hello: ClientHello
    suites: list[CipherSuite]
    server_name: str | None
    groups: tuple[int, ...]
    shares: dict[int, bytes]
    schemes: tuple[int, ...]
    certificate_schemes: tuple[int, ...]
    psks: OfferedPsks | None
    psk_modes: bytes
    early_data: bool
    answered: Extensions = field(default_factory=dict)
    application_protocol: str | None = None


def read_offer(config: ServerConfig, hello: ClientHello) -> ClientOffer:
    """The offer in a ClientHello that offers TLS 1.3. Raises `PeerError` for what is malformed."""
    extensions = hello.extensions
    if hello.client_version <= SSL_3_0:
        raise PeerError(
            PROTOCOL_VERSION, Reason.NO_VERSION_IN_COMMON, "a hello of TLS 1.3 that says SSL 3.0"
        )
    if hello.compression_methods != _NULL_COMPRESSION:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.COMPRESSION_IN_TLS_1_3,
            "a hello of TLS 1.3 offers more than null compression",
        )
    check_placement(extensions, Message.CLIENT_HELLO)
    require_pre_shared_key_last(extensions)
    _check_presence(extensions)
    _check_form(extensions)
    groups = _codes(extensions, SUPPORTED_GROUPS)
    shares: dict[int, bytes] = {}
    if KEY_SHARE in extensions:
        for share in ClientKeyShares.decode(extensions[KEY_SHARE]).shares:
            if share.group not in groups:
                raise PeerError(
                    ILLEGAL_PARAMETER,
                    Reason.KEY_SHARE_OF_ANOTHER_GROUP,
                    f"a key share of {group_name(share.group)}, which is not in supported_groups",
                )
            shares[share.group] = share.key_exchange
    server_name = extensions.get(SERVER_NAME)
    psks = extensions.get(PRE_SHARED_KEY)
    modes = extensions.get(PSK_KEY_EXCHANGE_MODES)
    if EARLY_DATA in extensions:
        require_empty(extensions[EARLY_DATA], "early_data")
        if psks is None:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.EARLY_DATA_WITHOUT_PSK,
                "early data without a pre-shared key",
            )
    schemes = _codes(extensions, SIGNATURE_ALGORITHMS)
    return ClientOffer(
        hello,
        suites_in_common(config, hello),
        None if server_name is None else decode_server_name(server_name),
        groups,
        shares,
        schemes,
        _codes(extensions, SIGNATURE_ALGORITHMS_CERT) or schemes,
        None if psks is None else OfferedPsks.decode(psks),
        b"" if modes is None else PskKeyExchangeModes.decode(modes).modes,
        EARLY_DATA in extensions,
    )


def _check_form(extensions: Extensions) -> None:
    """Check what is looked at later, if at all, before anything is answered."""
    if COMPRESS_CERTIFICATE in extensions:
        CompressionAlgorithms.decode(extensions[COMPRESS_CERTIFICATE])
    if STATUS_REQUEST in extensions:
        StatusRequest.decode(extensions[STATUS_REQUEST])
    if POST_HANDSHAKE_AUTH in extensions:
        require_empty(extensions[POST_HANDSHAKE_AUTH], "post_handshake_auth")
    if SIGNATURE_ALGORITHMS_CERT in extensions:
        decode_codes(extensions[SIGNATURE_ALGORITHMS_CERT])
    if COOKIE in extensions:
        Cookie.decode(extensions[COOKIE])


def suites_in_common(config: ServerConfig, hello: ClientHello) -> list[CipherSuite]:
    """The suites of TLS 1.3 that both sides have, the server's preference first."""
    offered = hello.cipher_suites
    return [
        TLS_1_3_SUITES[code] for code in config.suites if code in offered and code in TLS_1_3_SUITES
    ]


def _codes(extensions: Extensions, kind: int) -> tuple[int, ...]:
    data = extensions.get(kind)
    return () if data is None else decode_codes(data)


def _check_presence(extensions: Extensions) -> None:
    """Check that what belongs together is there (RFC 8446 §4.2.9, §9.2)."""
    needed: tuple[int, ...] = ()
    if PRE_SHARED_KEY in extensions:
        needed = (PSK_KEY_EXCHANGE_MODES,)
    else:
        needed = (SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS)
    if SUPPORTED_GROUPS in extensions:
        needed += (KEY_SHARE,)
    if KEY_SHARE in extensions:
        needed += (SUPPORTED_GROUPS,)
    for kind in needed:
        if kind not in extensions:
            raise missing(kind)


def missing(kind: int) -> PeerError:
    """The fault of a hello without an extension that it must have."""
    return PeerError(
        MISSING_EXTENSION, Reason.EXTENSION_MISSING, f"a hello without {extension_name(kind)}"
    )
