"""Browsers: what a real client offers, what it does after an alert, how long it remembers.

The suites are what the browser offers on the wire, in its order: a server sees the real list and
picks from it. None of these browsers knows any extension but those that are named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import tls

HOUR = 3600.0


@dataclass(frozen=True)
class Browser:
    """One browser on one system.

    After a fatal alert all of these give up, without another attempt at a lower version, and the
    session that they had offered is forgotten (RFC 2246 §7.2.2). WinINet falls back to a lower
    version when the connection is cut, not when the server sends an alert (E. Lawrence,
    "Misbehaving HTTPS Servers impair TLS 1.1 and TLS 1.2", IEInternals, 2011).

    Attributes:
        name: as scenarios name it.
        title: for people.
        versions: wire versions it speaks, lowest first; it offers the highest.
        suites: wire codes in the order of its hello.
        server_name_indication: whether the hello names the server (RFC 6066).
        secure_renegotiation: whether the hello carries renegotiation_info (RFC 5746).
        groups: named groups of its hello, in order; none when it speaks no elliptic curves.
        session_lifetime: seconds from the full handshake that it offers a session for.
        extended_master_secret: whether the hello asks for it (RFC 7627).
        encrypt_then_mac: the same (RFC 7366).
        false_start: whether it sends its request before the server's Finished, where the suite is
            strong and forward secret (RFC 7918).
        source: where this comes from.
    """

    name: str
    title: str
    versions: tuple[int, ...]
    suites: tuple[int, ...]
    server_name_indication: bool
    secure_renegotiation: bool
    groups: tuple[int, ...]
    session_lifetime: float
    source: str
    extended_master_secret: bool = False
    encrypt_then_mac: bool = False
    false_start: bool = False


_SCHANNEL_CACHE = (
    "Session lifetime: Schannel's ClientCacheTime, 10 hours from Windows XP on "
    "(Microsoft KB 247658)."
)

_INTERNET_EXPLORER_6 = Browser(
    name="internet-explorer-6",
    title="Internet Explorer 6 on Windows XP, TLS 1.0 switched on",
    versions=(tls.SSL_3_0, tls.TLS_1_0),
    suites=(
        0x0004,  # TLS_RSA_WITH_RC4_128_MD5
        0x0005,  # TLS_RSA_WITH_RC4_128_SHA
        0x000A,  # TLS_RSA_WITH_3DES_EDE_CBC_SHA
        0x0009,  # TLS_RSA_WITH_DES_CBC_SHA
        0x0064,  # TLS_RSA_EXPORT1024_WITH_RC4_56_SHA
        0x0062,  # TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA
        0x0003,  # TLS_RSA_EXPORT_WITH_RC4_40_MD5
        0x0006,  # TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5
        0x0013,  # TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA
        0x0012,  # TLS_DHE_DSS_WITH_DES_CBC_SHA
        0x0063,  # TLS_DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA
    ),
    server_name_indication=False,
    secure_renegotiation=False,
    groups=(),
    session_lifetime=10 * HOUR,
    source=f"Suites: the hello of Internet Explorer 6 to 8 on Windows XP. {_SCHANNEL_CACHE}",
)

_BROWSERS = (
    _INTERNET_EXPLORER_6,
    replace(
        _INTERNET_EXPLORER_6,
        name="internet-explorer-6-ssl-3",
        title="Internet Explorer 6 on Windows XP as it was shipped: TLS 1.0 switched off",
        versions=(tls.SSL_3_0,),
        source=(
            f"{_INTERNET_EXPLORER_6.source} TLS 1.0 is on by default from Internet Explorer 7 on "
            '("TLS enabled by default in IE 7.0 and WinINET", Microsoft, 2006); the SSL 2.0 '
            "hello that version 6 could also send is left out."
        ),
    ),
    Browser(
        name="internet-explorer-8-windows-7",
        title="Internet Explorer 8 on Windows 7",
        versions=(tls.SSL_3_0, tls.TLS_1_0),
        suites=(
            0x002F,  # TLS_RSA_WITH_AES_128_CBC_SHA
            0x0035,  # TLS_RSA_WITH_AES_256_CBC_SHA
            0x0005,  # TLS_RSA_WITH_RC4_128_SHA
            0x000A,  # TLS_RSA_WITH_3DES_EDE_CBC_SHA
            0xC009,  # TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
            0xC00A,  # TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
            0xC013,  # TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
            0xC014,  # TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
            0x0032,  # TLS_DHE_DSS_WITH_AES_128_CBC_SHA
            0x0038,  # TLS_DHE_DSS_WITH_AES_256_CBC_SHA
            0x0013,  # TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA
            0x0004,  # TLS_RSA_WITH_RC4_128_MD5
        ),
        server_name_indication=True,
        secure_renegotiation=True,
        groups=(23, 24),  # secp256r1, secp384r1
        session_lifetime=10 * HOUR,
        source=(
            "Suites: the hello of Internet Explorer 8 and 9 on Windows 7. Of its extensions "
            "(renegotiation_info, server_name, status_request, supported_groups, "
            f"ec_point_formats) all but status_request are sent. {_SCHANNEL_CACHE}"
        ),
    ),
    Browser(
        name="firefox-45",
        title="Firefox 37 to 45, of 2015 and 2016",
        versions=(tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2),
        suites=(
            0xC02B,  # TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
            0xC02F,  # TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
            0xC00A,  # TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
            0xC009,  # TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
            0xC013,  # TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
            0xC014,  # TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
            0x0033,  # TLS_DHE_RSA_WITH_AES_128_CBC_SHA
            0x0039,  # TLS_DHE_RSA_WITH_AES_256_CBC_SHA
            0x002F,  # TLS_RSA_WITH_AES_128_CBC_SHA
            0x0035,  # TLS_RSA_WITH_AES_256_CBC_SHA
            0x000A,  # TLS_RSA_WITH_3DES_EDE_CBC_SHA
        ),
        server_name_indication=True,
        secure_renegotiation=True,
        groups=(23, 24, 25),  # secp256r1, secp384r1, secp521r1
        session_lifetime=24 * HOUR,
        source=(
            "Suites and groups: Qualys SSL Labs, user agent capabilities, Firefox 37 to 45. Of its "
            "extensions session_ticket, application_layer_protocol_negotiation and status_request "
            "are not sent. It begins early with forward secret suites "
            "(security.ssl.enable_false_start). Session lifetime: NSS's default, 24 hours."
        ),
        false_start=True,
    ),
    Browser(
        name="openssl-3",
        title="A program on OpenSSL 3.0, TLS 1.0 to 1.2",
        versions=(tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2),
        suites=(
            0xC02C,  # TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
            0xC030,  # TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
            0x009F,  # TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
            0xCCA9,  # TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
            0xCCA8,  # TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
            0xCCAA,  # TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
            0xC02B,  # TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
            0xC02F,  # TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
            0x009E,  # TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
            0xC024,  # TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
            0xC028,  # TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
            0x006B,  # TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
            0xC023,  # TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
            0xC027,  # TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
            0x0067,  # TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
            0xC00A,  # TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
            0xC014,  # TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
            0x0039,  # TLS_DHE_RSA_WITH_AES_256_CBC_SHA
            0xC009,  # TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
            0xC013,  # TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
            0x0033,  # TLS_DHE_RSA_WITH_AES_128_CBC_SHA
            0x009D,  # TLS_RSA_WITH_AES_256_GCM_SHA384
            0x009C,  # TLS_RSA_WITH_AES_128_GCM_SHA256
            0x003D,  # TLS_RSA_WITH_AES_256_CBC_SHA256
            0x003C,  # TLS_RSA_WITH_AES_128_CBC_SHA256
            0x0035,  # TLS_RSA_WITH_AES_256_CBC_SHA
            0x002F,  # TLS_RSA_WITH_AES_128_CBC_SHA
        ),
        server_name_indication=True,
        secure_renegotiation=True,
        groups=(29, 23, 30, 25, 24),  # x25519, secp256r1, x448, secp521r1, secp384r1
        session_lifetime=7200.0,
        source=(
            "The default hello of OpenSSL 3.0 at security level 0, without TLS 1.3 and tickets, "
            "as its library sends it; renegotiation is signalled by the extension instead of the "
            "suite value. Session lifetime: the default of SSL_CTX_set_timeout for TLS, 2 hours."
        ),
        extended_master_secret=True,
        encrypt_then_mac=True,
    ),
)

_BY_NAME = {browser.name: browser for browser in _BROWSERS}


def browser(name: str) -> Browser:
    """The browser of that name. Raises `ValueError`, naming those there are, if there is none."""
    found = _BY_NAME.get(name)
    if found is None:
        raise ValueError(f'there is no client profile "{name}"; there are {", ".join(browsers())}')
    return found


def browsers() -> tuple[str, ...]:
    """The names `browser` knows, in alphabetical order."""
    return tuple(sorted(_BY_NAME))
