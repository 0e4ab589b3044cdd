"""Private keys of every kind, each with a number: the same in every process.

RSA keys cannot be derived from a seed; those of the pool ship with the project, some of each size.
Those on curves and of ML-DSA are derived from their name and number. **All of them are public.**
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

CertificateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | mldsa.MLDSA44PrivateKey
    | mldsa.MLDSA65PrivateKey
    | mldsa.MLDSA87PrivateKey
)
"""The kinds of keys that described certificates have."""

_RSA = "rsa-"
_SUFFIX = ".key.pem"
_END = b"-----END PRIVATE KEY-----\n"

_CURVES: dict[str, ec.EllipticCurve] = {
    "ecdsa-p256": ec.SECP256R1(),
    "ecdsa-p384": ec.SECP384R1(),
    "ecdsa-p521": ec.SECP521R1(),
}
_EDWARDS = ("ed25519", "ed448")
_ML_DSA: dict[str, Callable[[bytes], CertificateKey]] = {
    "ml-dsa-44": mldsa.MLDSA44PrivateKey.from_seed_bytes,
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.from_seed_bytes,
    "ml-dsa-87": mldsa.MLDSA87PrivateKey.from_seed_bytes,
}
"""Post-quantum signatures (FIPS 204), whose keys follow from a seed of 32 bytes."""


@cache
def key_names() -> tuple[str, ...]:
    """The names of all kinds of keys, such as "rsa-2048": RSA by size, the curves, ML-DSA."""
    return (*(f"{_RSA}{bits}" for bits in _sizes()), *_CURVES, *_EDWARDS, *_ML_DSA)


def known_key(name: str) -> str:
    """The same name. Raises `ValueError`, naming those that there are, when there is no such kind.

    RSA keys are of the sizes of the pool.
    """
    if name in key_names():
        return name
    bits = re.fullmatch(r"rsa-(\d{1,9})", name, re.ASCII)
    if bits is None:
        raise ValueError(f'there is no kind of key "{name}"; there are {", ".join(key_names())}')
    sizes = ", ".join(map(str, _sizes()))
    raise ValueError(f"there is no RSA key of {int(bits[1])} bits; there are those of {sizes} bits")


@cache
def private_key(name: str, number: int) -> CertificateKey:
    """The key of that kind and number, from 0; RSA keys come again where the pool has no more.

    Raises `ValueError` when there is no such kind.
    """
    known_key(name)
    if name in _CURVES:
        curve = _CURVES[name]
        # Shorter than the order of the curve's base point, as a private key must be.
        drawn = int.from_bytes(_drawn(name, number, curve.key_size // 8 - 1), "big")
        return ec.derive_private_key(drawn, curve)
    if name == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(_drawn(name, number, 32))
    if name == "ed448":
        return ed448.Ed448PrivateKey.from_private_bytes(_drawn(name, number, 57))
    if name in _ML_DSA:
        return _ML_DSA[name](_drawn(name, number, 32))
    keys = _pool(name)
    # The pool's keys were checked when they were made; checking takes a thousand times as long.
    key = load_pem_private_key(
        keys[number % len(keys)], password=None, unsafe_skip_rsa_key_validation=True
    )
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _drawn(name: str, number: int, length: int) -> bytes:
    return hashlib.shake_256(f"tlscape {name} key {number}".encode()).digest(length)


@cache
def _pool(name: str) -> tuple[bytes, ...]:
    """The keys of one size, each in PEM."""
    content = _folder().joinpath(name + _SUFFIX).read_bytes()
    return tuple(key + _END for key in content.split(_END) if key)


def _sizes() -> list[int]:
    names = (entry.name for entry in _folder().iterdir())
    return sorted(int(n[len(_RSA) : -len(_SUFFIX)]) for n in names if n.endswith(_SUFFIX))


def _folder() -> Traversable:
    return files("sim.identities").joinpath("pool")
