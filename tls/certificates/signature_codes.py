"""The codes by which a hello lists the signatures of certificates (RFC 8446 §4.2.3).

A certificate says by an object identifier how it is signed, and that names no curve: the code of
ECDSA with a hash stands for it on any, as in TLS 1.2 (RFC 5246 §7.4.1.4.1). It does not tell
whether the issuer's RSA key is restricted to RSASSA-PSS either: the codes of both kinds stand for
such a signature.
"""

from __future__ import annotations

from cryptography.x509.oid import SignatureAlgorithmOID as Oid

_RSA, _DSA, _ECDSA = 1, 2, 3
_HASHES = {"md5": 1, "sha1": 2, "sha224": 3, "sha256": 4, "sha384": 5, "sha512": 6}
"""HashAlgorithm and SignatureAlgorithm, the two bytes of a code of TLS 1.2."""

_SHA_1 = frozenset({0x0201, 0x0202, 0x0203})

_KINDS = {
    Oid.RSA_WITH_MD5: _RSA,
    Oid.RSA_WITH_SHA1: _RSA,
    Oid.RSA_WITH_SHA224: _RSA,
    Oid.RSA_WITH_SHA256: _RSA,
    Oid.RSA_WITH_SHA384: _RSA,
    Oid.RSA_WITH_SHA512: _RSA,
    Oid.DSA_WITH_SHA1: _DSA,
    Oid.DSA_WITH_SHA224: _DSA,
    Oid.DSA_WITH_SHA256: _DSA,
    Oid.DSA_WITH_SHA384: _DSA,
    Oid.DSA_WITH_SHA512: _DSA,
    Oid.ECDSA_WITH_SHA1: _ECDSA,
    Oid.ECDSA_WITH_SHA224: _ECDSA,
    Oid.ECDSA_WITH_SHA256: _ECDSA,
    Oid.ECDSA_WITH_SHA384: _ECDSA,
    Oid.ECDSA_WITH_SHA512: _ECDSA,
}
_OWN_HASH = {
    Oid.ED25519.dotted_string: 0x0807,
    Oid.ED448.dotted_string: 0x0808,
    "2.16.840.1.101.3.4.3.17": 0x0904,
    "2.16.840.1.101.3.4.3.18": 0x0905,
    "2.16.840.1.101.3.4.3.19": 0x0906,
}
"""Schemes that have a hash of their own: EdDSA (RFC 8410 §3), ML-DSA (RFC 9881 §2)."""

_PSS = {"sha256": (0x0804, 0x0809), "sha384": (0x0805, 0x080A), "sha512": (0x0806, 0x080B)}

BEFORE_TLS_1_2 = frozenset(
    hash_code << 8 | kind for hash_code in _HASHES.values() for kind in (_RSA, _DSA, _ECDSA)
)
"""What a peer that lists nothing may be shown: signatures of the kinds of its time, any hash."""


def signature_codes(algorithm: str, hash_name: str | None) -> frozenset[int]:
    """The codes that a certificate's signature goes by; none for what has no code.

    Args:
        algorithm: its object identifier, in dots.
        hash_name: the signature's hash.
    """
    own = _OWN_HASH.get(algorithm)
    if own is not None:
        return frozenset({own})
    if algorithm == Oid.RSASSA_PSS.dotted_string:
        return frozenset(_PSS.get(hash_name or "", ()))
    kind = _KINDS_BY_NAME.get(algorithm)
    hash_code = _HASHES.get(hash_name or "")
    if kind is None or hash_code is None:
        return frozenset()
    return frozenset({hash_code << 8 | kind})


_KINDS_BY_NAME = {identifier.dotted_string: kind for identifier, kind in _KINDS.items()}


def is_sha_1(codes: frozenset[int]) -> bool:
    """Whether a signature of these codes is made with SHA-1."""
    return not _SHA_1.isdisjoint(codes)
