"""Cipher suites: IANA code, name, and what each is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from tls.versions import SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3


@dataclass(frozen=True, eq=False)
class BulkCipher:
    """A symmetric cipher as a suite names it.

    Lengths are bytes: `key_length` of the key itself, `block_length` 0 where there are no blocks,
    `fixed_nonce_length` of an AEAD's part from the key block, `explicit_nonce_length` of its part
    in each record. `export_key_length` is what an exportable cipher takes from the key block,
    its key being derived from that (RFC 2246 §6.3.1). `strength` is the effective key length in
    bits (3DES: 112, for meeting in the middle).
    """

    name: str
    mode: Literal["null", "stream", "cbc", "aead"]
    key_length: int
    strength: int
    block_length: int = 0
    fixed_nonce_length: int = 0
    explicit_nonce_length: int = 0
    tag_length: int = 0
    export_key_length: int | None = None

    @cached_property
    def iv_length(self) -> int:
        """What one direction takes from the key block beside secrets: an IV or a fixed nonce."""
        return self.block_length if self.mode == "cbc" else self.fixed_nonce_length


def _gcm(bits: int) -> BulkCipher:
    return BulkCipher(f"aes-{bits}-gcm", "aead", bits // 8, bits, 0, 4, 8, 16)


def _ccm(bits: int, tag_length: int) -> BulkCipher:
    name = f"aes-{bits}-ccm" + ("-8" if tag_length == 8 else "")
    return BulkCipher(name, "aead", bits // 8, bits, 0, 4, 8, tag_length)


CIPHERS = {
    "NULL": BulkCipher("null", "null", 0, 0),
    "RC4_40": BulkCipher("rc4-40", "stream", 16, 40, export_key_length=5),
    "RC4_56": BulkCipher("rc4-56", "stream", 16, 56, export_key_length=7),
    "RC4_128": BulkCipher("rc4-128", "stream", 16, 128),
    "RC2_CBC_40": BulkCipher("rc2-40-cbc", "cbc", 16, 40, 8, export_key_length=5),
    "DES40_CBC": BulkCipher("des40-cbc", "cbc", 8, 40, 8, export_key_length=5),
    "DES_CBC": BulkCipher("des-cbc", "cbc", 8, 56, 8),
    "IDEA_CBC": BulkCipher("idea-cbc", "cbc", 16, 128, 8),
    "3DES_EDE_CBC": BulkCipher("3des-cbc", "cbc", 24, 112, 8),
    "AES_128_CBC": BulkCipher("aes-128-cbc", "cbc", 16, 128, 16),
    "AES_256_CBC": BulkCipher("aes-256-cbc", "cbc", 32, 256, 16),
    "CAMELLIA_128_CBC": BulkCipher("camellia-128-cbc", "cbc", 16, 128, 16),
    "CAMELLIA_256_CBC": BulkCipher("camellia-256-cbc", "cbc", 32, 256, 16),
    "AES_128_GCM": _gcm(128),
    "AES_256_GCM": _gcm(256),
    "AES_128_CCM": _ccm(128, 16),
    "AES_256_CCM": _ccm(256, 16),
    "AES_128_CCM_8": _ccm(128, 8),
    "AES_256_CCM_8": _ccm(256, 8),
    "CHACHA20_POLY1305": BulkCipher("chacha20-poly1305", "aead", 32, 256, 0, 12, 0, 16),
}
"""The ciphers by their name in a suite."""

MAC_LENGTHS = {"MD5": 16, "SHA": 20, "SHA256": 32, "SHA384": 48}
"""The lengths of record MACs in bytes, by their name in a suite."""

EMPTY_RENEGOTIATION_INFO_SCSV = 0x00FF
"""The suite that says "I know RFC 5746" (RFC 5746 §3.3)."""

FALLBACK_SCSV = 0x5600
"""The suite that says "I could have offered a higher version" (RFC 7507)."""


@dataclass(frozen=True, eq=False)
class CipherSuite:
    """A cipher suite (RFC 2246 appendix A.5).

    `mac` names the record MAC, for AEAD ciphers only the hash of the PRF. `versions` are the lowest
    and the highest version that it may be negotiated in. Suites of TLS 1.3 say nothing of the key
    exchange, which is "".
    """

    code: int
    name: str
    key_exchange: str
    cipher: BulkCipher
    mac: str
    versions: tuple[int, int]

    @cached_property
    def mac_length(self) -> int:
        """The length of its record MAC in bytes; 0 for AEAD ciphers."""
        return 0 if self.cipher.mode == "aead" else MAC_LENGTHS[self.mac]

    @cached_property
    def prf_hash(self) -> str:
        """The hash of the PRF or the key schedule from TLS 1.2 on, as hashlib names it.

        (RFC 5246 §5, RFC 8446 §7.1)
        """
        return "sha384" if self.mac == "SHA384" else "sha256"

    @cached_property
    def is_export(self) -> bool:
        """Whether its keys are weakened for export (RFC 2246 §6.3.1)."""
        return "EXPORT" in self.key_exchange

    @cached_property
    def is_anonymous(self) -> bool:
        """Whether nobody is authenticated."""
        return "anon" in self.key_exchange

    def allowed_in(self, version: int) -> bool:
        """Whether it may be negotiated in that version."""
        return self.versions[0] <= version <= self.versions[1]


_TABLE: dict[str, dict[tuple[str, str], int]] = {
    "RSA": {
        ("NULL", "MD5"): 0x0001,
        ("NULL", "SHA"): 0x0002,
        ("RC4_128", "MD5"): 0x0004,
        ("RC4_128", "SHA"): 0x0005,
        ("IDEA_CBC", "SHA"): 0x0007,
        ("DES_CBC", "SHA"): 0x0009,
        ("3DES_EDE_CBC", "SHA"): 0x000A,
        ("AES_128_CBC", "SHA"): 0x002F,
        ("AES_256_CBC", "SHA"): 0x0035,
        ("NULL", "SHA256"): 0x003B,
        ("AES_128_CBC", "SHA256"): 0x003C,
        ("AES_256_CBC", "SHA256"): 0x003D,
        ("CAMELLIA_128_CBC", "SHA"): 0x0041,
        ("CAMELLIA_256_CBC", "SHA"): 0x0084,
        ("AES_128_GCM", "SHA256"): 0x009C,
        ("AES_256_GCM", "SHA384"): 0x009D,
        ("CAMELLIA_128_CBC", "SHA256"): 0x00BA,
        ("CAMELLIA_256_CBC", "SHA256"): 0x00C0,
        ("AES_128_CCM", ""): 0xC09C,
        ("AES_256_CCM", ""): 0xC09D,
        ("AES_128_CCM_8", ""): 0xC0A0,
        ("AES_256_CCM_8", ""): 0xC0A1,
    },
    "RSA_EXPORT": {
        ("RC4_40", "MD5"): 0x0003,
        ("RC2_CBC_40", "MD5"): 0x0006,
        ("DES40_CBC", "SHA"): 0x0008,
    },
    "RSA_EXPORT1024": {
        ("DES_CBC", "SHA"): 0x0062,
        ("RC4_56", "SHA"): 0x0064,
    },
    "DHE_DSS_EXPORT": {("DES40_CBC", "SHA"): 0x0011},
    "DHE_DSS_EXPORT1024": {("DES_CBC", "SHA"): 0x0063},
    "DHE_RSA_EXPORT": {("DES40_CBC", "SHA"): 0x0014},
    "DH_anon_EXPORT": {
        ("RC4_40", "MD5"): 0x0017,
        ("DES40_CBC", "SHA"): 0x0019,
    },
    "DHE_DSS": {
        ("DES_CBC", "SHA"): 0x0012,
        ("3DES_EDE_CBC", "SHA"): 0x0013,
        ("AES_128_CBC", "SHA"): 0x0032,
        ("AES_256_CBC", "SHA"): 0x0038,
        ("AES_128_CBC", "SHA256"): 0x0040,
        ("CAMELLIA_128_CBC", "SHA"): 0x0044,
        ("AES_256_CBC", "SHA256"): 0x006A,
        ("CAMELLIA_256_CBC", "SHA"): 0x0087,
        ("AES_128_GCM", "SHA256"): 0x00A2,
        ("AES_256_GCM", "SHA384"): 0x00A3,
        ("CAMELLIA_128_CBC", "SHA256"): 0x00BD,
        ("CAMELLIA_256_CBC", "SHA256"): 0x00C3,
    },
    "DHE_RSA": {
        ("DES_CBC", "SHA"): 0x0015,
        ("3DES_EDE_CBC", "SHA"): 0x0016,
        ("AES_128_CBC", "SHA"): 0x0033,
        ("AES_256_CBC", "SHA"): 0x0039,
        ("CAMELLIA_128_CBC", "SHA"): 0x0045,
        ("AES_128_CBC", "SHA256"): 0x0067,
        ("AES_256_CBC", "SHA256"): 0x006B,
        ("CAMELLIA_256_CBC", "SHA"): 0x0088,
        ("AES_128_GCM", "SHA256"): 0x009E,
        ("AES_256_GCM", "SHA384"): 0x009F,
        ("CAMELLIA_128_CBC", "SHA256"): 0x00BE,
        ("CAMELLIA_256_CBC", "SHA256"): 0x00C4,
        ("AES_128_CCM", ""): 0xC09E,
        ("AES_256_CCM", ""): 0xC09F,
        ("AES_128_CCM_8", ""): 0xC0A2,
        ("AES_256_CCM_8", ""): 0xC0A3,
        ("CHACHA20_POLY1305", "SHA256"): 0xCCAA,
    },
    "DH_anon": {
        ("RC4_128", "MD5"): 0x0018,
        ("DES_CBC", "SHA"): 0x001A,
        ("3DES_EDE_CBC", "SHA"): 0x001B,
        ("AES_128_CBC", "SHA"): 0x0034,
        ("AES_256_CBC", "SHA"): 0x003A,
        ("CAMELLIA_128_CBC", "SHA"): 0x0046,
        ("AES_128_CBC", "SHA256"): 0x006C,
        ("AES_256_CBC", "SHA256"): 0x006D,
        ("CAMELLIA_256_CBC", "SHA"): 0x0089,
        ("AES_128_GCM", "SHA256"): 0x00A6,
        ("AES_256_GCM", "SHA384"): 0x00A7,
        ("CAMELLIA_128_CBC", "SHA256"): 0x00BF,
        ("CAMELLIA_256_CBC", "SHA256"): 0x00C5,
    },
    "ECDHE_ECDSA": {
        ("NULL", "SHA"): 0xC006,
        ("RC4_128", "SHA"): 0xC007,
        ("3DES_EDE_CBC", "SHA"): 0xC008,
        ("AES_128_CBC", "SHA"): 0xC009,
        ("AES_256_CBC", "SHA"): 0xC00A,
        ("AES_128_CBC", "SHA256"): 0xC023,
        ("AES_256_CBC", "SHA384"): 0xC024,
        ("AES_128_GCM", "SHA256"): 0xC02B,
        ("AES_256_GCM", "SHA384"): 0xC02C,
        ("CAMELLIA_128_CBC", "SHA256"): 0xC072,
        ("CAMELLIA_256_CBC", "SHA384"): 0xC073,
        ("AES_128_CCM", ""): 0xC0AC,
        ("AES_256_CCM", ""): 0xC0AD,
        ("AES_128_CCM_8", ""): 0xC0AE,
        ("AES_256_CCM_8", ""): 0xC0AF,
        ("CHACHA20_POLY1305", "SHA256"): 0xCCA9,
    },
    "ECDHE_RSA": {
        ("NULL", "SHA"): 0xC010,
        ("RC4_128", "SHA"): 0xC011,
        ("3DES_EDE_CBC", "SHA"): 0xC012,
        ("AES_128_CBC", "SHA"): 0xC013,
        ("AES_256_CBC", "SHA"): 0xC014,
        ("AES_128_CBC", "SHA256"): 0xC027,
        ("AES_256_CBC", "SHA384"): 0xC028,
        ("AES_128_GCM", "SHA256"): 0xC02F,
        ("AES_256_GCM", "SHA384"): 0xC030,
        ("CAMELLIA_128_CBC", "SHA256"): 0xC076,
        ("CAMELLIA_256_CBC", "SHA384"): 0xC077,
        ("CHACHA20_POLY1305", "SHA256"): 0xCCA8,
    },
    "ECDH_anon": {
        ("NULL", "SHA"): 0xC015,
        ("RC4_128", "SHA"): 0xC016,
        ("3DES_EDE_CBC", "SHA"): 0xC017,
        ("AES_128_CBC", "SHA"): 0xC018,
        ("AES_256_CBC", "SHA"): 0xC019,
    },
}


def _versions(key_exchange: str, cipher: BulkCipher, mac: str) -> tuple[int, int]:
    if cipher.mode == "aead" or mac in ("SHA256", "SHA384"):
        return TLS_1_2, TLS_1_2
    if "EXPORT" in key_exchange:  # RFC 4346 appendix A.5
        return SSL_3_0, TLS_1_0
    if cipher.name in ("des-cbc", "idea-cbc"):  # RFC 5469 §4
        return SSL_3_0, TLS_1_1
    return SSL_3_0, TLS_1_2


def _suite(code: int, key_exchange: str, cipher_name: str, mac: str) -> CipherSuite:
    name = f"TLS_{key_exchange}_WITH_{cipher_name}"
    if mac:
        name += f"_{mac}"
    cipher = CIPHERS[cipher_name]
    mac = mac or "SHA256"
    return CipherSuite(code, name, key_exchange, cipher, mac, _versions(key_exchange, cipher, mac))


SUITES = {
    code: _suite(code, key_exchange, cipher_name, mac)
    for key_exchange, codes in _TABLE.items()
    for (cipher_name, mac), code in codes.items()
}
"""Every suite of SSL 3.0 to TLS 1.2 that this engine has, by its code."""


def _tls_1_3_suite(code: int, name: str, cipher: BulkCipher, mac: str) -> CipherSuite:
    # The whole nonce is derived, no part of it goes over the wire (RFC 8446 §5.3).
    cipher = replace(cipher, fixed_nonce_length=12, explicit_nonce_length=0)
    return CipherSuite(code, f"TLS_{name}_{mac}", "", cipher, mac, (TLS_1_3, TLS_1_3))


TLS_1_3_SUITES = {
    code: _tls_1_3_suite(code, name, CIPHERS[name], mac)
    for code, name, mac in (
        (0x1302, "AES_256_GCM", "SHA384"),
        (0x1303, "CHACHA20_POLY1305", "SHA256"),
        (0x1301, "AES_128_GCM", "SHA256"),
        (0x1304, "AES_128_CCM", "SHA256"),
        (0x1305, "AES_128_CCM_8", "SHA256"),
    )
}
"""Every suite of TLS 1.3, by its code, strongest first (RFC 8446 appendix B.4)."""

DEFAULT_TLS_1_3_SUITES = (0x1302, 0x1303, 0x1301, 0x1304)
"""What TLS 1.3 uses unless told otherwise: all but that of a short tag (RFC 8446 §B.4)."""

_CODES = {suite.name: suite.code for suite in (*SUITES.values(), *TLS_1_3_SUITES.values())}
_SIGNALLING = {
    "TLS_EMPTY_RENEGOTIATION_INFO_SCSV": EMPTY_RENEGOTIATION_INFO_SCSV,
    "TLS_FALLBACK_SCSV": FALLBACK_SCSV,
}

SUITE_NAMES = {code: name for name, code in (_CODES | _SIGNALLING).items()}
"""IANA names of all suites that this engine knows, and of those that signal something."""


def is_implemented(code: int) -> bool:
    """Whether this engine can run a suite before TLS 1.3."""
    return code in SUITES


def is_of_versions(code: int, versions: Iterable[int]) -> bool:
    """Whether a suite may be negotiated in one of these versions; any that is not known may."""
    suite = SUITES.get(code) or TLS_1_3_SUITES.get(code)
    return suite is None or any(map(suite.allowed_in, versions))


_FORWARD_SECRET = ("ECDHE", "DHE")


def strength_order(code: int) -> tuple[int, int, int, int]:
    """Sorts suites strongest first.

    By key length, then AEAD before CBC before stream ciphers, then forward secrecy (elliptic
    curves first), then the MAC.
    """
    suite = SUITES[code]
    modes = ("aead", "cbc", "stream", "null")
    family = suite.key_exchange.partition("_")[0]
    secrecy = _FORWARD_SECRET.index(family) if family in _FORWARD_SECRET else len(_FORWARD_SECRET)
    return (
        -suite.cipher.strength,
        modes.index(suite.cipher.mode),
        secrecy,
        -suite.mac_length or -suite.cipher.tag_length,
    )


IMPLEMENTED_SUITES = tuple(sorted(SUITES, key=strength_order))
"""All suites, strongest first."""

ALL_SUITES = (*TLS_1_3_SUITES, *IMPLEMENTED_SUITES)
"""Every suite this engine has, those of TLS 1.3 first."""

DEFAULT_SUITES = tuple(
    code
    for code in IMPLEMENTED_SUITES
    if not SUITES[code].is_export
    and not SUITES[code].is_anonymous
    and SUITES[code].cipher.mode != "null"
)
"""What both sides use unless told otherwise: all but export, anonymous and NULL suites."""


def suite_name(code: int) -> str:
    """The IANA name of a suite, such as `"TLS_RSA_WITH_RC4_128_SHA"`; else its code."""
    suite = SUITES.get(code) or TLS_1_3_SUITES.get(code)
    return suite.name if suite else f"0x{code:04x}"


def suite_from_name(name: str) -> int:
    """The code of a suite's IANA name. Raises `KeyError` when this engine does not know it."""
    try:
        return _CODES.get(name) or _SIGNALLING[name]
    except KeyError:
        raise KeyError(f"unknown cipher suite {name!r}") from None
