"""Certificates and private keys in PEM (RFC 7468), with the line of what is wrong with them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

import tls

_BEGIN = re.compile(r"^-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?$", re.MULTILINE)
_CERTIFICATE = ("CERTIFICATE", "X509 CERTIFICATE")
_PRIVATE_KEY = "PRIVATE KEY"
_KEYS = re.compile(r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
"""Private keys, and what begins like one and has no end."""
_NOT_KEPT = "(private key, not kept"
_REMAINS = re.compile(
    rf"^{re.escape(_NOT_KEPT)}; SHA-256 of its public key: ([0-9a-f]{{64}})\)", re.MULTILINE
)


class PemFault(ValueError):
    """What is wrong with a text in PEM, and the remedy.

    Attributes:
        line: where it stands in the text, from 1.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True)
class Block:
    """A part of a text in PEM: its label, its text with both ends, and its line, from 1."""

    label: str
    text: str
    line: int


def blocks(text: str) -> list[Block]:
    """All parts of a text, whatever stands between them. Raises `PemFault` for one without end."""
    found: list[Block] = []
    position = 0
    while (begin := _BEGIN.search(text, position)) is not None:
        line = text.count("\n", 0, begin.start()) + 1
        closing = f"-----END {begin[1]}-----"
        end = text.find(closing, begin.end())
        if end < 0:
            raise PemFault(line, f'the part that begins here has no end; add "{closing}"')
        position = end + len(closing)
        found.append(Block(begin[1], text[begin.start() : position] + "\n", line))
    return found


def certificates_in(text: str) -> list[tuple[Block, x509.Certificate]]:
    """The certificates of a text, in their order; whatever else it holds is passed over.

    Raises `PemFault` where there is none, and for one that cannot be read.
    """
    found = []
    for block in blocks(text):
        if block.label not in _CERTIFICATE:
            continue
        try:
            found.append((block, x509.load_pem_x509_certificate(block.text.encode())))
        except ValueError as error:
            raise PemFault(
                block.line, f"the certificate cannot be read ({_brief(error)}); export it again"
            ) from None
    if not found:
        raise PemFault(
            1,
            "no certificate stands here in PEM; give a file with "
            '"-----BEGIN CERTIFICATE-----" (openssl x509 -inform DER makes one of DER)',
        )
    return found


def check_order(text: str) -> None:
    """Check that the certificates of a text are each followed by their issuer, if by another.

    (RFC 5246 §7.4.2)

    Raises `PemFault` where they are in another order.
    """
    for number, ((_, below), (block, above)) in enumerate(pairwise(certificates_in(text)), 2):
        why = _not_issued_by(below, above)
        if why is not None:
            raise PemFault(
                block.line,
                f"certificate {number}, of {_shown(above)}, {why}; "
                "put the server's first, then the issuer of each",
            )


def _not_issued_by(below: x509.Certificate, above: x509.Certificate) -> str | None:
    """Why a certificate is not issued by another; `None` where it is, or no one can tell."""
    if below.issuer != above.subject:
        return "is not the issuer of the one before it"
    try:
        key, hashed = above.public_key(), below.signature_hash_algorithm
        if isinstance(key, rsa.RSAPublicKey) and isinstance(hashed, hashes.SHA1 | hashes.MD5):
            # The library's own check refuses these, which were the rule until 2010 and 2015.
            key.verify(below.signature, below.tbs_certificate_bytes, PKCS1v15(), hashed)
        else:
            below.verify_directly_issued_by(above)
    except InvalidSignature:
        return "has not signed the one before it"
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return None


def private_key_in(text: str) -> tuple[str, tls.PrivateKey]:
    """The first private key of a text: its PEM, and the key.

    Raises `PemFault` where there is none, or it cannot be used.
    """
    for block in blocks(text):
        if not block.label.endswith(_PRIVATE_KEY):
            continue
        if block.label.startswith("ENCRYPTED") or "Proc-Type: 4,ENCRYPTED" in block.text:
            raise PemFault(
                block.line,
                "the private key is encrypted; give one that is not "
                "(openssl pkey -in ENCRYPTED -out PLAIN)",
            )
        try:
            key = load_pem_private_key(
                block.text.encode(), password=None, unsafe_skip_rsa_key_validation=True
            )
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise PemFault(
                block.line, f"the private key cannot be read ({_brief(error)}); export it again"
            ) from None
        if not isinstance(key, tls.PrivateKey):
            raise PemFault(
                block.line, "no server has such a key; give one of RSA, DSA, ECDSA or EdDSA"
            )
        return block.text, key
    raise PemFault(
        1, 'no private key stands here in PEM; give a file with "-----BEGIN PRIVATE KEY-----"'
    )


def fingerprint(holder: x509.Certificate | tls.PrivateKey) -> str:
    """The SHA-256 of a public key (SubjectPublicKeyInfo), 64 hexadecimal digits."""
    key = holder.public_key()
    return hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()


def without_private_keys(text: str) -> str:
    """A text with no more than the fingerprint of each private key in it: what may be kept."""
    return _KEYS.sub(lambda block: f"{_NOT_KEPT}{_of_key(block[0])})", text)


def kept_fingerprint(text: str) -> str | None:
    """The fingerprint of the first private key that `without_private_keys` left out, if one."""
    found = _REMAINS.search(text)
    return None if found is None else found[1]


def _of_key(block: str) -> str:
    try:
        _, key = private_key_in(block)
    except PemFault:
        return ""
    return f"; SHA-256 of its public key: {fingerprint(key)}"


def place_of_key(chain: Sequence[x509.Certificate], key_fingerprint: str) -> int | None:
    """Which certificate of a chain has this key, from 0; `None` for none."""
    fingerprints = map(fingerprint, chain)
    return next((at for at, each in enumerate(fingerprints) if each == key_fingerprint), None)


def _shown(certificate: x509.Certificate) -> str:
    return f'"{certificate.subject.rfc4514_string()[:80]}"'


def _brief(error: Exception) -> str:
    """An error's first sentence, in one line."""
    words = " ".join(str(error).split()) or type(error).__name__
    return re.split(r"[.;(] ?", words, maxsplit=1)[0][:100].strip()
