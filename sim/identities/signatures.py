"""What a signature by a kind of key is: the operations that make and verify it, and its length."""

from __future__ import annotations

import tls

_MADE_OF = {
    "ecdsa-p256": ("ecdsa", 256, 71),
    "ecdsa-p384": ("ecdsa", 384, 103),
    "ecdsa-p521": ("ecdsa", 521, 138),
    "ed25519": ("ed25519", 255, 64),
    "ed448": ("ed448", 448, 114),
    "ml-dsa-44": ("mldsa", 44, 2420),
    "ml-dsa-65": ("mldsa", 65, 3309),
    "ml-dsa-87": ("mldsa", 87, 4627),
}
"""The name and bits of its operations, and its bytes: ECDSA's, in DER, in the mean (RFC 3279
§2.2.3); EdDSA's by RFC 8032, ML-DSA's by FIPS 204 table 2."""


def signing(key: str) -> tls.Operation:
    """What it takes to sign with a kind of key: "rsa-2048", "ml-dsa-44"."""
    if key.startswith("rsa-"):
        return tls.Operation("rsa.private", _rsa_bits(key), 1, 0)
    family, bits, _ = _MADE_OF[key]
    return tls.Operation(f"{family}.sign", bits, 1, 0)


def verifying(key: str) -> tls.Operation:
    """What it takes to verify a signature by a kind of key."""
    if key.startswith("rsa-"):
        return tls.Operation("rsa.public", _rsa_bits(key), 1, 0)
    family, bits, _ = _MADE_OF[key]
    return tls.Operation(f"{family}.verify", bits, 1, 0)


def signature_length(key: str) -> int:
    """Bytes of a signature by a kind of key; of ECDSA in the mean."""
    return _rsa_bits(key) // 8 if key.startswith("rsa-") else _MADE_OF[key][2]


def _rsa_bits(key: str) -> int:
    return int(key.removeprefix("rsa-"))
