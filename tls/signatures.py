"""How handshakes and certificates are signed (RFC 5246 §7.4.1.4.1, RFC 8446 §4.2.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed

from tls.alerts import ILLEGAL_PARAMETER
from tls.errors import PeerError
from tls.groups import SECP256R1, SECP384R1, SECP521R1
from tls.meter import Meter
from tls.reasons import Reason

PrivateKey = (
    rsa.RSAPrivateKey
    | dsa.DSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | mldsa.MLDSA44PrivateKey
    | mldsa.MLDSA65PrivateKey
    | mldsa.MLDSA87PrivateKey
)
"""The kinds of private keys an identity may have."""

PublicKey = (
    rsa.RSAPublicKey
    | dsa.DSAPublicKey
    | ec.EllipticCurvePublicKey
    | ed25519.Ed25519PublicKey
    | ed448.Ed448PublicKey
    | mldsa.MLDSA44PublicKey
    | mldsa.MLDSA65PublicKey
    | mldsa.MLDSA87PublicKey
)

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """A way to sign: kind of key, hash ("" where the scheme has its own) and padding.

    The kind "rsa-pss" is an RSA key that its certificate restricts to RSASSA-PSS. `curve` is the
    group that an ECDSA key is of in TLS 1.3 (RFC 8446 §4.2.3); before, any curve goes with any
    hash.
    """

    code: int
    name: str
    key: str
    hash: str
    pss: bool = False
    curve: int | None = None


@cache
def certificate_scheme(key: str, hash_name: str, *, pss: bool) -> SignatureScheme:
    """The scheme of a certificate's signature, which has no code of its own."""
    return SignatureScheme(0, "", key, hash_name, pss)


SCHEMES = {
    scheme.code: scheme
    for scheme in (
        SignatureScheme(0x0403, "ecdsa_secp256r1_sha256", "ecdsa", "sha256", curve=SECP256R1),
        SignatureScheme(0x0503, "ecdsa_secp384r1_sha384", "ecdsa", "sha384", curve=SECP384R1),
        SignatureScheme(0x0603, "ecdsa_secp521r1_sha512", "ecdsa", "sha512", curve=SECP521R1),
        SignatureScheme(0x0807, "ed25519", "ed25519", ""),
        SignatureScheme(0x0808, "ed448", "ed448", ""),
        SignatureScheme(0x0804, "rsa_pss_rsae_sha256", "rsa", "sha256", pss=True),
        SignatureScheme(0x0805, "rsa_pss_rsae_sha384", "rsa", "sha384", pss=True),
        SignatureScheme(0x0806, "rsa_pss_rsae_sha512", "rsa", "sha512", pss=True),
        SignatureScheme(0x0809, "rsa_pss_pss_sha256", "rsa-pss", "sha256", pss=True),
        SignatureScheme(0x080A, "rsa_pss_pss_sha384", "rsa-pss", "sha384", pss=True),
        SignatureScheme(0x080B, "rsa_pss_pss_sha512", "rsa-pss", "sha512", pss=True),
        SignatureScheme(0x0401, "rsa_pkcs1_sha256", "rsa", "sha256"),
        SignatureScheme(0x0501, "rsa_pkcs1_sha384", "rsa", "sha384"),
        SignatureScheme(0x0601, "rsa_pkcs1_sha512", "rsa", "sha512"),
        SignatureScheme(0x0402, "dsa_sha256", "dsa", "sha256"),
        SignatureScheme(0x0303, "ecdsa_sha224", "ecdsa", "sha224"),
        SignatureScheme(0x0301, "rsa_pkcs1_sha224", "rsa", "sha224"),
        SignatureScheme(0x0302, "dsa_sha224", "dsa", "sha224"),
        SignatureScheme(0x0203, "ecdsa_sha1", "ecdsa", "sha1"),
        SignatureScheme(0x0201, "rsa_pkcs1_sha1", "rsa", "sha1"),
        SignatureScheme(0x0202, "dsa_sha1", "dsa", "sha1"),
        SignatureScheme(0x0904, "mldsa44", "mldsa44", ""),
        SignatureScheme(0x0905, "mldsa65", "mldsa65", ""),
        SignatureScheme(0x0906, "mldsa87", "mldsa87", ""),
    )
}
"""The schemes this engine has, in order of preference, by their code."""


def _shortest_key(scheme: SignatureScheme) -> int:
    digest = hashlib.new(scheme.hash).digest_size
    return 2 * digest + 2 if scheme.pss else digest + 19 + 11


SHORTEST_KEYS = {
    code: _shortest_key(scheme) for code, scheme in SCHEMES.items() if scheme.key.startswith("rsa")
}
"""The bytes that an RSA key needs at least for a scheme's padding (RFC 8017 §9)."""

BEFORE_TLS_1_2 = ("rsa", "dsa", "ecdsa")
"""Kinds of keys that sign in SSL 3.0 to TLS 1.1, whose signatures say no scheme."""

MLDSA = ("mldsa44", "mldsa65", "mldsa87")
"""Kinds of post-quantum keys, which only TLS 1.3 signs with (draft-ietf-tls-mldsa)."""

DEFAULT_SCHEMES = tuple(code for code, scheme in SCHEMES.items() if scheme.key not in MLDSA)
"""What both sides use before TLS 1.3 unless told otherwise, in order of preference."""

TLS_1_3_SCHEMES = tuple(
    code
    for code, scheme in SCHEMES.items()
    if scheme.curve is not None or scheme.pss or not scheme.hash
)
"""The schemes that may sign a handshake of TLS 1.3, in order of preference (RFC 8446 §4.2.3).

Those of RSASSA-PKCS1-v1_5, with SHA-1, or of DSA sign nothing but certificates, if that.
"""

CERTIFICATE_ONLY_SCHEMES = (0x0401, 0x0501, 0x0601)
"""The schemes that a hello of TLS 1.3 names for signatures in certificates alone (§4.2.3)."""

DEFAULT_TLS_1_3_SCHEMES = TLS_1_3_SCHEMES + CERTIFICATE_ONLY_SCHEMES
"""What a hello of TLS 1.3 names unless told otherwise."""

_CODES = {scheme.name: code for code, scheme in SCHEMES.items()}


def scheme_name(code: int) -> str:
    """The IANA name of a scheme; else its code."""
    scheme = SCHEMES.get(code)
    return scheme.name if scheme else f"0x{code:04x}"


def scheme_from_name(name: str) -> int:
    """The code of a scheme's name. Raises `KeyError` with the known names."""
    try:
        return _CODES[name]
    except KeyError:
        raise KeyError(f"unknown signature scheme {name!r}; known: {', '.join(_CODES)}") from None


def key_kind(key: PrivateKey | CertificatePublicKeyTypes) -> str:
    """The kind of a key, as a scheme names it; "" for kinds this engine has not."""
    kind = _kinds.get(type(key))
    if kind is None:
        # The library's key classes are abstract: asking each of them costs microseconds.
        classes = _KEY_CLASSES.items()
        kind = next((name for name, kinds in classes if isinstance(key, kinds)), "")
        _kinds[type(key)] = kind
    return kind


_kinds: dict[type, str] = {}


_KEY_CLASSES: dict[str, tuple[type, ...]] = {
    "rsa": (rsa.RSAPrivateKey, rsa.RSAPublicKey),
    "ecdsa": (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey),
    "dsa": (dsa.DSAPrivateKey, dsa.DSAPublicKey),
    "ed25519": (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey),
    "ed448": (ed448.Ed448PrivateKey, ed448.Ed448PublicKey),
    "mldsa44": (mldsa.MLDSA44PrivateKey, mldsa.MLDSA44PublicKey),
    "mldsa65": (mldsa.MLDSA65PrivateKey, mldsa.MLDSA65PublicKey),
    "mldsa87": (mldsa.MLDSA87PrivateKey, mldsa.MLDSA87PublicKey),
}

# Kinds of one size: the bits of the field, the number in the name of a parameter set (FIPS 204 §4).
_BITS = {"ed25519": 255, "ed448": 448, "mldsa44": 44, "mldsa65": 65, "mldsa87": 87}
_FAMILIES = {kind: "mldsa" if kind in MLDSA else kind for kind in _KEY_CLASSES}
_SIGN = {kind: f"{family}.sign" for kind, family in _FAMILIES.items()} | {"rsa": "rsa.private"}
_VERIFY = {kind: f"{family}.verify" for kind, family in _FAMILIES.items()} | {"rsa": "rsa.public"}


def _book(meter: Meter, kind: str, key: PrivateKey | PublicKey, *, sign: bool) -> None:
    name = _SIGN[kind] if sign else _VERIFY[kind]
    bits = _BITS.get(kind) or int(getattr(key, "key_size", 0))
    meter.add(name, bits, 1, 0)


def sign(
    key: PrivateKey, scheme: SignatureScheme, data: bytes, *, deterministic: bool, meter: Meter
) -> bytes:
    """The signature of `data`. ECDSA is deterministic on demand (RFC 6979).

    RSA-PSS draws its salt, and ML-DSA what hedges it, from the system always.
    """
    kind = _library_kind(scheme)
    private: Any = key
    signature: bytes
    _book(meter, kind, key, sign=True)
    if kind == "rsa":
        signature = private.sign(data, _rsa_padding(scheme), _HASHES[scheme.hash])
    elif kind == "ecdsa" and deterministic:
        algorithm = ec.ECDSA(_HASHES[scheme.hash], deterministic_signing=True)
        signature = private.sign(data, algorithm)
    elif kind == "ecdsa":
        signature = private.sign(data, _ECDSA[scheme.hash])
    elif kind == "dsa":
        signature = private.sign(data, _HASHES[scheme.hash])
    else:
        signature = private.sign(data)
    return signature


def verify(
    key: CertificatePublicKeyTypes,
    scheme: SignatureScheme,
    signature: bytes,
    data: bytes,
    meter: Meter,
    *,
    pss: padding.PSS | None = None,
) -> bool:
    """Whether a signature of `data` verifies under a key of the scheme's kind.

    `pss` are the parameters of an RSA-PSS signature that says them itself, as a certificate's does;
    else its salt is as long as its digest.
    """
    kind = key_kind(key)
    if kind != _library_kind(scheme) or (kind in _HASHING and scheme.hash not in _HASHES):
        return False
    public: Any = key
    _book(meter, kind, public, sign=False)
    try:
        if kind == "rsa":
            public.verify(signature, data, pss or _rsa_padding(scheme), _HASHES[scheme.hash])
        elif kind == "ecdsa":
            public.verify(signature, data, _ECDSA[scheme.hash])
        elif kind == "dsa":
            public.verify(signature, data, _HASHES[scheme.hash])
        else:
            public.verify(signature, data)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _library_kind(scheme: SignatureScheme) -> str:
    """The kind of key as the library has it, which knows plain RSA keys only."""
    return "rsa" if scheme.key == "rsa-pss" else scheme.key


def _rsa_padding(scheme: SignatureScheme) -> padding.AsymmetricPadding:
    return _PSS[scheme.hash] if scheme.pss else _PKCS1


_HASHING = frozenset({"rsa", "ecdsa", "dsa"})
_PKCS1 = padding.PKCS1v15()
_PSS = {
    name: padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH)
    for name, algorithm in _HASHES.items()
}
_ECDSA = {name: ec.ECDSA(algorithm) for name, algorithm in _HASHES.items()}
_SHA1_PREHASHED = Prehashed(hashes.SHA1())


def sign_md5_and_sha1(
    key: PrivateKey, digests: bytes, *, deterministic: bool, meter: Meter
) -> bytes:
    """The signature of SSL 3.0 to TLS 1.1 over MD5 and SHA-1 digests, 36 bytes together.

    RSA signs both without saying which hashes they are, DSA and ECDSA sign the SHA-1 digest alone
    (RFC 2246 §7.4.3).
    """
    kind = key_kind(key)
    _book(meter, kind, key, sign=True)
    private: Any = key
    signature: bytes
    if kind == "rsa":
        signature = private.sign(digests, _PKCS1, NoDigestInfo())
    elif kind == "ecdsa":
        algorithm = ec.ECDSA(_SHA1_PREHASHED, deterministic_signing=deterministic)
        signature = private.sign(digests[16:], algorithm)
    elif kind == "dsa":
        signature = private.sign(digests[16:], _SHA1_PREHASHED)
    else:
        raise TypeError(f"{kind} keys cannot sign before TLS 1.2")
    return signature


def verify_md5_and_sha1(
    key: CertificatePublicKeyTypes, signature: bytes, digests: bytes, meter: Meter
) -> bool:
    """Whether a signature of SSL 3.0 to TLS 1.1 verifies."""
    kind = key_kind(key)
    if kind not in BEFORE_TLS_1_2:
        return False
    public: Any = key
    _book(meter, kind, public, sign=False)
    try:
        if kind == "rsa":
            public.verify(signature, digests, _PKCS1, NoDigestInfo())
        elif kind == "ecdsa":
            public.verify(signature, digests[16:], ec.ECDSA(_SHA1_PREHASHED))
        else:
            public.verify(signature, digests[16:], _SHA1_PREHASHED)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def offered_scheme(
    code: int, offered: Container[int], allows: Callable[[SignatureScheme], bool]
) -> SignatureScheme:
    """Return the scheme of a code that the peer has signed with.

    Args:
        code: as it came.
        offered: the codes that this side takes.
        allows: whether the peer's key may sign by a scheme.

    Raises:
        PeerError: `illegal_parameter`, if it was not offered or is not of the key.
    """
    scheme = SCHEMES.get(code)
    if scheme is None or code not in offered:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.SIGNATURE_SCHEME_NOT_OFFERED,
            f"signature scheme {scheme_name(code)} was not offered",
        )
    if not allows(scheme):
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.KEY_KIND_OF_SIGNATURE_SCHEME,
            f"{scheme.name} with a key that may not be used so",
        )
    return scheme
