"""This side's CertificateVerify, wherever its key is held (RFC 8446 §4.4.3)."""

from __future__ import annotations

from functools import lru_cache

from tls.certificates import Identity
from tls.handshake.authentication import signature_of
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Handshake
from tls.messages import CertificateVerify
from tls.signatures import SignatureScheme
from tls.tls13.signatures import signed_content, signing_scheme


@lru_cache(maxsize=256)
def usable_scheme(
    identity: Identity, own: tuple[int, ...], peers: tuple[int, ...]
) -> SignatureScheme | None:
    """The first of this side's schemes that the peer takes and the key can and may make."""
    return signing_scheme(identity, own, peers) if identity.leaf.may_sign else None


def sign(
    context: HandshakeContext,
    transcript_hash: bytes,
    identity: Identity,
    scheme: SignatureScheme,
) -> Handshake:
    """Coroutine that returns the message."""
    content = signed_content(transcript_hash, by_server=not context.is_client)
    signature = yield from signature_of(identity, content, scheme)
    return CertificateVerify(signature, scheme.code)
