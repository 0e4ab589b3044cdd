"""What an id-RSASSA-PSS key is restricted to (RFC 4055 §1.2, §3.1).

The library reads such a key as plain RSA and drops the parameters of its SubjectPublicKeyInfo.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tls.certificates.der import INTEGER, OBJECT_IDENTIFIER, SEQUENCE, DerReader

_HASHES = {
    "2b0e03021a": "sha1",
    "608648016503040204": "sha224",
    "608648016503040201": "sha256",
    "608648016503040202": "sha384",
    "608648016503040203": "sha512",
}
_MGF1 = "2a864886f70d010108"
_VERSION, _HASH, _MASK, _SALT, _TRAILER = 0xA0, 0xA0, 0xA1, 0xA2, 0xA3


@dataclass(frozen=True, slots=True)
class PssRestriction:
    """The only hash that a key signs with, in its mask generation too, and the shortest salt.

    `hash` is "" where the two hashes differ or one is not known: then nothing is allowed.
    `salt_length` is in bytes.
    """

    hash: str
    salt_length: int

    def allows(self, hash_name: str, salt_length: int) -> bool:
        """Whether a signature may be made so."""
        return hash_name == self.hash and salt_length >= self.salt_length

    def allows_digest_length(self, hash_name: str) -> bool:
        """Whether it may be made with a salt as long as the digest (RFC 8446 §4.2.3)."""
        return hash_name == self.hash and self.allows(hash_name, hashlib.new(hash_name).digest_size)


def pss_restriction(certificate: bytes) -> PssRestriction | None:
    """The restriction of a certificate's id-RSASSA-PSS key; `None` without parameters.

    Raises `ValueError` when they are malformed.
    """
    fields = DerReader(DerReader(DerReader(certificate).value(SEQUENCE)).value(SEQUENCE))
    fields.optional(_VERSION)
    for tag in (INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE):
        fields.value(tag)
    return _parameters(DerReader(fields.value(SEQUENCE)).value(SEQUENCE))


def signature_parameters(certificate: bytes) -> PssRestriction | None:
    """What a certificate's own RSASSA-PSS signature was made with; as `pss_restriction`."""
    fields = DerReader(DerReader(certificate).value(SEQUENCE))
    fields.value(SEQUENCE)
    return _parameters(fields.value(SEQUENCE))


def _parameters(algorithm_identifier: bytes) -> PssRestriction | None:
    algorithm = DerReader(algorithm_identifier)
    algorithm.value(OBJECT_IDENTIFIER)
    if algorithm.at_end():
        return None
    parameters = DerReader(algorithm.value(SEQUENCE))
    hash_name = _hash(parameters.optional(_HASH))
    mask_hash = _mask_hash(parameters.optional(_MASK))
    salt = parameters.optional(_SALT)
    salt_length = 20 if salt is None else int.from_bytes(DerReader(salt).value(INTEGER), "big")
    trailer = parameters.optional(_TRAILER)
    known = trailer is None or DerReader(trailer).value(INTEGER) == b"\1"
    if not parameters.at_end():
        raise ValueError("more than RSASSA-PSS has parameters")
    return PssRestriction(hash_name if known and hash_name == mask_hash else "", salt_length)


def _hash(field: bytes | None) -> str:
    if field is None:
        return "sha1"
    algorithm = DerReader(DerReader(field).value(SEQUENCE))
    return _HASHES.get(algorithm.value(OBJECT_IDENTIFIER).hex(), "")


def _mask_hash(field: bytes | None) -> str:
    if field is None:
        return "sha1"
    algorithm = DerReader(DerReader(field).value(SEQUENCE))
    if algorithm.value(OBJECT_IDENTIFIER).hex() != _MGF1:
        return ""
    hash_algorithm = DerReader(algorithm.value(SEQUENCE))
    return _HASHES.get(hash_algorithm.value(OBJECT_IDENTIFIER).hex(), "")
