"""CertificateVerify of TLS 1.3: what is signed, by which scheme, and its check.

(RFC 8446 §4.4.3)
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from tls.alerts import DECRYPT_ERROR
from tls.certificates import Certificate, Identity
from tls.errors import PeerError
from tls.messages import CertificateVerify
from tls.meter import Meter
from tls.reasons import Reason
from tls.signatures import (
    SCHEMES,
    SHORTEST_KEYS,
    SignatureScheme,
    offered_scheme,
    verify,
)

_SERVER = b" " * 64 + b"TLS 1.3, server CertificateVerify\0"
_CLIENT = b" " * 64 + b"TLS 1.3, client CertificateVerify\0"


def signed_content(transcript_hash: bytes, *, by_server: bool) -> bytes:
    """What a CertificateVerify signs: 64 spaces, a context, a zero, and the transcript's hash."""
    return (_SERVER if by_server else _CLIENT) + transcript_hash


def signing_scheme(
    identity: Identity, own: Iterable[int], peers: Container[int]
) -> SignatureScheme | None:
    """The first of this side's schemes that the peer takes and the identity's key can make."""
    leaf = identity.leaf
    length = identity.key_size // 8
    for code in own:
        scheme = SCHEMES[code]
        if (
            code in peers
            and leaf.allows_in_tls_1_3(scheme)
            and length >= SHORTEST_KEYS.get(code, 0)
        ):
            return scheme
    return None


def check_certificate_verify(
    message: CertificateVerify,
    certificate: Certificate,
    offered: Container[int],
    transcript_hash: bytes,
    meter: Meter,
    *,
    by_server: bool,
) -> SignatureScheme:
    """The scheme of a peer's CertificateVerify, whose signature holds.

    Args:
        message: as it came.
        certificate: the peer's own.
        offered: the schemes that this side takes.
        transcript_hash: up to the peer's Certificate message.
        meter: books the work.
        by_server: whether the peer is the server.

    Raises:
        PeerError: `illegal_parameter` for a scheme that was not offered, may not sign in TLS 1.3 or
            is not of the key; `decrypt_error` when the signature does not verify.
    """
    scheme = offered_scheme(message.scheme, offered, certificate.allows_in_tls_1_3)
    content = signed_content(transcript_hash, by_server=by_server)
    if not verify(certificate.public_key, scheme, message.signature, content, meter):
        raise PeerError(
            DECRYPT_ERROR, Reason.SIGNATURE_INVALID, "the peer's signature does not verify"
        )
    return scheme
