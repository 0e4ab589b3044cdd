"""Named groups: elliptic curves and finite fields to agree on a secret in.

(RFC 8422 §5.1.1, RFC 7919 appendix A, RFC 7748; hybrids with ML-KEM: draft-ietf-tls-ecdhe-mlkem)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519

from tls.alerts import ILLEGAL_PARAMETER
from tls.entropy import RandomSource
from tls.errors import PeerError
from tls.meter import Meter
from tls.reasons import Reason

with warnings.catch_warnings():
    # Finite-field Diffie-Hellman is deprecated in the library; the warning comes at the import.
    warnings.simplefilter("ignore")
    from cryptography.hazmat.primitives.asymmetric.dh import (
        DHParameterNumbers,
        DHPrivateKey,
        DHPrivateNumbers,
        DHPublicNumbers,
    )

SECP256R1 = 23
SECP384R1 = 24
SECP521R1 = 25
X25519 = 29
X448 = 30
FFDHE2048 = 256
FFDHE3072 = 257
FFDHE4096 = 258
FFDHE6144 = 259
FFDHE8192 = 260
SECP256R1_MLKEM768 = 0x11EB
X25519_MLKEM768 = 0x11EC
SECP384R1_MLKEM1024 = 0x11ED

GROUP_NAMES = {
    SECP256R1: "secp256r1",
    SECP384R1: "secp384r1",
    SECP521R1: "secp521r1",
    X25519: "x25519",
    X448: "x448",
    FFDHE2048: "ffdhe2048",
    FFDHE3072: "ffdhe3072",
    FFDHE4096: "ffdhe4096",
    FFDHE6144: "ffdhe6144",
    FFDHE8192: "ffdhe8192",
}
"""IANA names of the groups that this engine has for every version."""

HYBRID_NAMES = {
    X25519_MLKEM768: "X25519MLKEM768",
    SECP256R1_MLKEM768: "SecP256r1MLKEM768",
    SECP384R1_MLKEM1024: "SecP384r1MLKEM1024",
}
"""IANA names of the hybrids, a curve beside ML-KEM, which only TLS 1.3 has."""

DEFAULT_GROUPS = (
    X25519,
    SECP256R1,
    X448,
    SECP384R1,
    SECP521R1,
    FFDHE2048,
    FFDHE3072,
    FFDHE4096,
    FFDHE6144,
    FFDHE8192,
)

DEFAULT_TLS_1_3_GROUPS = (X25519_MLKEM768, *DEFAULT_GROUPS)
"""What TLS 1.3 uses unless told otherwise, in order of preference."""

_NAMES = GROUP_NAMES | HYBRID_NAMES
_CODES = {name: code for code, name in _NAMES.items()}


def group_name(code: int) -> str:
    """The IANA name of a group; else its number."""
    return _NAMES.get(code, f"group {code}")


def group_from_name(name: str) -> int:
    """The code of a group's IANA name. Raises `KeyError` with the known names."""
    try:
        return _CODES[name]
    except KeyError:
        raise KeyError(f"unknown group {name!r}; known: {', '.join(_CODES)}") from None


class EphemeralKey(Protocol):
    """One side's key of one connection."""

    public: bytes
    """What the peer is sent."""

    def agree(self, peer_public: bytes) -> bytes:
        """The shared secret.

        Raises `PeerError(illegal_parameter)` when the peer's value is not one of the group's.
        """


class X25519Key:
    """X25519 (RFC 7748 §5)."""

    def __init__(self, random: RandomSource, meter: Meter) -> None:
        if random.seeded:
            self._private = x25519.X25519PrivateKey.from_private_bytes(random.draw(32))
        else:
            self._private = x25519.X25519PrivateKey.generate()
        meter.book(("x25519.generate", 255, 1, 0))
        self._meter = meter
        self.public = self._private.public_key().public_bytes_raw()

    def agree(self, peer_public: bytes) -> bytes:
        """The shared secret; a peer's value of small order is refused."""
        self._meter.book(("x25519.exchange", 255, 1, 0))
        try:
            return self._private.exchange(x25519.X25519PublicKey.from_public_bytes(peer_public))
        except ValueError:
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.KEY_SHARE_INVALID, "the peer's X25519 value is unusable"
            ) from None


class X448Key:
    """X448 (RFC 7748 §5)."""

    def __init__(self, random: RandomSource, meter: Meter) -> None:
        if random.seeded:
            self._private = x448.X448PrivateKey.from_private_bytes(random.draw(56))
        else:
            self._private = x448.X448PrivateKey.generate()
        meter.add("x448.generate", 448, 1, 0)
        self._meter = meter
        self.public = self._private.public_key().public_bytes_raw()

    def agree(self, peer_public: bytes) -> bytes:
        """The shared secret; a peer's value of small order is refused."""
        self._meter.add("x448.exchange", 448, 1, 0)
        try:
            return self._private.exchange(x448.X448PublicKey.from_public_bytes(peer_public))
        except ValueError:
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.KEY_SHARE_INVALID, "the peer's X448 value is unusable"
            ) from None


_CURVES: dict[int, ec.EllipticCurve] = {
    SECP256R1: ec.SECP256R1(),
    SECP384R1: ec.SECP384R1(),
    SECP521R1: ec.SECP521R1(),
}
_ECDH = ec.ECDH()
_UNCOMPRESSED = 0x04


class CurveKey:
    """ECDH on a NIST curve; points are uncompressed (RFC 8422 §5.4.1)."""

    def __init__(self, group: int, random: RandomSource, meter: Meter) -> None:
        self._curve = curve = _CURVES[group]
        if random.seeded:
            # 64 bits more than the order has leave no bias that could be measured.
            number = int.from_bytes(random.draw((curve.key_size + 7) // 8 + 8), "big")
            scalar = number % (curve.group_order - 1) + 1
            self._private = ec.derive_private_key(scalar, curve)
        else:
            self._private = ec.generate_private_key(curve)
        meter.add("ecdh.generate", curve.key_size, 1, 0)
        self._meter = meter
        numbers = self._private.public_key().public_numbers()
        length = (curve.key_size + 7) // 8
        self.public = (
            b"\x04" + numbers.x.to_bytes(length, "big") + numbers.y.to_bytes(length, "big")
        )

    def agree(self, peer_public: bytes) -> bytes:
        """The x coordinate of the shared point; a point off the curve is refused."""
        self._meter.add("ecdh.exchange", self._curve.key_size, 1, 0)
        try:
            if not peer_public or peer_public[0] != _UNCOMPRESSED:
                raise ValueError("not an uncompressed point")
            peer = ec.EllipticCurvePublicKey.from_encoded_point(self._curve, peer_public)
            return self._private.exchange(_ECDH, peer)
        except ValueError:
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.KEY_SHARE_INVALID, "the peer's point is not on the curve"
            ) from None


@dataclass(frozen=True)
class FiniteField:
    """A Diffie-Hellman group: prime modulus and generator."""

    prime: int
    generator: int

    @property
    def bits(self) -> int:
        """The size of the prime."""
        return self.prime.bit_length()

    def is_usable(self) -> bool:
        """Whether a server can offer it: of a length that clients take, and good for a key."""
        return 512 <= self.bits <= 8_192 and _makes_keys(self)


@cache
def _makes_keys(field: FiniteField) -> bool:
    try:
        DHParameterNumbers(field.prime, field.generator).parameters().generate_private_key()
    except ValueError:
        return False
    return True


class FiniteFieldKey:
    """Diffie-Hellman in a finite field; values are as long as the prime."""

    def __init__(self, field: FiniteField, random: RandomSource, meter: Meter) -> None:
        try:
            numbers = DHParameterNumbers(field.prime, field.generator)
            parameters = numbers.parameters()
            self._private = _seeded(field, random) or parameters.generate_private_key()
        except ValueError:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.DIFFIE_HELLMAN_GROUP_INVALID,
                "the Diffie-Hellman group is unusable",
            ) from None
        meter.add("dh.generate", field.bits, 1, 0)
        self._field = field
        self._numbers = numbers
        self._meter = meter
        self._length = (field.bits + 7) // 8
        public = self._private.public_key().public_numbers().y
        self.public = public.to_bytes(self._length, "big")

    def agree(self, peer_public: bytes) -> bytes:
        """The shared secret, as long as the prime; values 0, 1 and p-1 are refused."""
        self._meter.add("dh.exchange", self._field.bits, 1, 0)
        value = int.from_bytes(peer_public, "big")
        if not 1 < value < self._field.prime - 1:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.KEY_SHARE_INVALID,
                "the peer's Diffie-Hellman value is out of range",
            )
        try:
            peer = DHPublicNumbers(value, self._numbers).public_key()
            return self._private.exchange(peer).rjust(self._length, b"\0")
        except ValueError:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.KEY_SHARE_INVALID,
                "the peer's Diffie-Hellman value is bad",
            ) from None


def _seeded(field: FiniteField, random: RandomSource) -> DHPrivateKey | None:
    if not random.seeded:
        return None
    # An exponent of 256 bits is twice the strength of any group here (RFC 7919 §5.2).
    exponent = int.from_bytes(random.draw(32), "big") | 1 << 255
    exponent %= field.prime - 2
    public = pow(field.generator, exponent, field.prime)
    numbers = DHParameterNumbers(field.prime, field.generator)
    return DHPrivateNumbers(exponent, DHPublicNumbers(public, numbers)).private_key()


_FFDHE_OFFSETS = {
    FFDHE2048: (2048, 560_316),
    FFDHE3072: (3072, 2_625_351),
    FFDHE4096: (4096, 5_736_041),
    FFDHE6144: (6144, 15_705_020),
    FFDHE8192: (8192, 10_965_728),
}


@cache
def finite_field(group: int) -> FiniteField:
    """The field of an ffdhe group (RFC 7919 appendix A).

    p = 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1, generator 2.
    """
    bits, offset = _FFDHE_OFFSETS[group]
    prime = (1 << bits) - (1 << (bits - 64)) + ((_scaled_e(bits - 130) + offset) << 64) - 1
    return FiniteField(prime, 2)


def _scaled_e(bits: int) -> int:
    """floor(2^bits e), by the series 1/0! + 1/1! + 1/2! ... with 64 bits to spare."""
    term = total = 1 << (bits + 64)
    n = 1
    while term:
        term //= n
        total += term
        n += 1
    return total >> 64


EXPORT_FIELD = FiniteField(
    0xF8F98DFB050233E6F073F8131DAE034C85C3E26373989A4E30F1B7766DBE00D8 << 256
    | 0xBE5A8F74138E1AE12155AADED8651C002E1D6796DC06077E864B8D6B57E93E9F,
    2,
)
"""A 512-bit group for the exportable Diffie-Hellman suites."""


def is_finite_field(group: int) -> bool:
    """Whether a group code is of the ffdhe range (RFC 7919 §2)."""
    return 256 <= group <= 511


def is_curve(group: int) -> bool:
    """Whether this engine can agree on a secret in that elliptic-curve group."""
    return group in _CURVES or group in (X25519, X448)


def generate_curve_key(group: int, random: RandomSource, meter: Meter) -> EphemeralKey:
    """A fresh key in an elliptic-curve group for which `is_curve` holds."""
    if group in _CURVES:
        return CurveKey(group, random, meter)
    key: Callable[[RandomSource, Meter], EphemeralKey] = X25519Key if group == X25519 else X448Key
    return key(random, meter)
