"""Cipher suites: IANA code, name, and what each is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BulkCipher:
    """A symmetric cipher as a suite names it.

    `key_length` and `iv_length` are bytes taken from the key block; `block_length` is 0 for a
    stream cipher; `strength` is its effective key length in bits (3DES: 112, meet in the middle).
    """

    name: str
    key_length: int
    iv_length: int
    block_length: int
    strength: int


@dataclass(frozen=True, slots=True)
class CipherSuite:
    """A cipher suite (RFC 2246 appendix A.5)."""

    code: int
    name: str
    key_exchange: str
    cipher: str
    mac: str


CIPHERS = {
    "RC4_128": BulkCipher("rc4-128", 16, 0, 0, 128),
    "DES_CBC": BulkCipher("des-cbc", 8, 8, 8, 56),
    "3DES_EDE_CBC": BulkCipher("3des-cbc", 24, 8, 8, 112),
    "AES_128_CBC": BulkCipher("aes-128-cbc", 16, 16, 16, 128),
    "AES_256_CBC": BulkCipher("aes-256-cbc", 32, 16, 16, 256),
}
"""The ciphers this engine has, by their name in a suite."""

MAC_LENGTHS = {"MD5": 16, "SHA": 20}
"""The record MACs this engine has and their length in bytes, by their name in a suite."""

KEY_EXCHANGES = frozenset({"RSA"})
"""The key exchanges this engine has, by their name in a suite."""

EMPTY_RENEGOTIATION_INFO_SCSV = 0x00FF
"""The suite that says "I know RFC 5746" (RFC 5746 §3.3)."""

_TABLE = (
    (0x0001, "RSA", "NULL", "MD5"),
    (0x0002, "RSA", "NULL", "SHA"),
    (0x0003, "RSA_EXPORT", "RC4_40", "MD5"),
    (0x0004, "RSA", "RC4_128", "MD5"),
    (0x0005, "RSA", "RC4_128", "SHA"),
    (0x0006, "RSA_EXPORT", "RC2_CBC_40", "MD5"),
    (0x0007, "RSA", "IDEA_CBC", "SHA"),
    (0x0008, "RSA_EXPORT", "DES40_CBC", "SHA"),
    (0x0009, "RSA", "DES_CBC", "SHA"),
    (0x000A, "RSA", "3DES_EDE_CBC", "SHA"),
    (0x0011, "DHE_DSS_EXPORT", "DES40_CBC", "SHA"),
    (0x0012, "DHE_DSS", "DES_CBC", "SHA"),
    (0x0013, "DHE_DSS", "3DES_EDE_CBC", "SHA"),
    (0x0014, "DHE_RSA_EXPORT", "DES40_CBC", "SHA"),
    (0x0015, "DHE_RSA", "DES_CBC", "SHA"),
    (0x0016, "DHE_RSA", "3DES_EDE_CBC", "SHA"),
    (0x002F, "RSA", "AES_128_CBC", "SHA"),
    (0x0032, "DHE_DSS", "AES_128_CBC", "SHA"),
    (0x0033, "DHE_RSA", "AES_128_CBC", "SHA"),
    (0x0035, "RSA", "AES_256_CBC", "SHA"),
    (0x0038, "DHE_DSS", "AES_256_CBC", "SHA"),
    (0x0039, "DHE_RSA", "AES_256_CBC", "SHA"),
    (0x0062, "RSA_EXPORT1024", "DES_CBC", "SHA"),
    (0x0063, "DHE_DSS_EXPORT1024", "DES_CBC", "SHA"),
    (0x0064, "RSA_EXPORT1024", "RC4_56", "SHA"),
    (0xC009, "ECDHE_ECDSA", "AES_128_CBC", "SHA"),
    (0xC00A, "ECDHE_ECDSA", "AES_256_CBC", "SHA"),
    (0xC013, "ECDHE_RSA", "AES_128_CBC", "SHA"),
    (0xC014, "ECDHE_RSA", "AES_256_CBC", "SHA"),
)

SUITES = {
    code: CipherSuite(code, f"TLS_{key_exchange}_WITH_{cipher}_{mac}", key_exchange, cipher, mac)
    for code, key_exchange, cipher, mac in _TABLE
}
"""Every suite this engine can name, by its code."""

_CODES = {suite.name: suite.code for suite in SUITES.values()}
_CODES["TLS_EMPTY_RENEGOTIATION_INFO_SCSV"] = EMPTY_RENEGOTIATION_INFO_SCSV


def is_implemented(code: int) -> bool:
    """Whether this engine can run a suite, not only name it."""
    suite = SUITES.get(code)
    return (
        suite is not None
        and suite.key_exchange in KEY_EXCHANGES
        and suite.cipher in CIPHERS
        and suite.mac in MAC_LENGTHS
    )


def strength_order(code: int) -> tuple[int, bool, int, int]:
    """Sorts implemented suites strongest first: key length, then block ciphers, then the MAC."""
    suite = SUITES[code]
    cipher = CIPHERS[suite.cipher]
    return -cipher.strength, cipher.block_length == 0, -MAC_LENGTHS[suite.mac], code


SERVER_SUITES = tuple(sorted(filter(is_implemented, SUITES), key=strength_order))
"""The implemented suites, strongest first: a server's default order of preference."""


def suite_name(code: int) -> str:
    """The IANA name of a suite, such as `"TLS_RSA_WITH_RC4_128_SHA"`; else its code."""
    suite = SUITES.get(code)
    return suite.name if suite else f"0x{code:04x}"


def suite_from_name(name: str) -> int:
    """The code of a suite's IANA name. Raises `KeyError` when this engine does not know it."""
    try:
        return _CODES[name]
    except KeyError:
        raise KeyError(f"unknown cipher suite {name!r}") from None
