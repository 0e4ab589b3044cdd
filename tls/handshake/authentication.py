"""Signatures: the server's over its parameters, the client's over the conversation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from tls.alerts import DECRYPT_ERROR, HANDSHAKE_FAILURE
from tls.certificates import Certificate, Identity
from tls.deferrable import PrivateKeyOperation
from tls.errors import PeerError, UsageError
from tls.handshake.choices import unusable_scheme
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Handshake
from tls.keys import Secrets
from tls.keys.ssl30 import Ssl30Secrets
from tls.messages import CertificateVerify, ClientHello
from tls.reasons import Reason
from tls.signatures import (
    SCHEMES,
    SHORTEST_KEYS,
    SignatureScheme,
    offered_scheme,
    verify,
    verify_md5_and_sha1,
)
from tls.versions import SSL_3_0, TLS_1_2
from tls.wire import Reader, vector16

_MAX_SIGNATURE = 65_535
_IMPLIED = {"rsa": 0x0201, "dsa": 0x0202, "ecdsa": 0x0203}


def implied_schemes(schemes: tuple[int, ...] | None) -> tuple[int, ...]:
    """A peer's schemes; one that names none has SHA-1 (RFC 5246 §7.4.1.4.1)."""
    return tuple(_IMPLIED.values()) if schemes is None else schemes


def usable_scheme(
    identity: Identity, own: Iterable[int], peers: tuple[int, ...]
) -> SignatureScheme | None:
    """The first of this side's schemes that the peer takes and the identity's key can make."""
    for code in own:
        scheme = SCHEMES[code]
        if code not in peers or not identity.leaf.allows(scheme):
            continue
        if identity.key_size // 8 >= SHORTEST_KEYS.get(code, 0):
            return scheme
    return None


@lru_cache(maxsize=256)
def is_verifiable(identity: Identity, schemes: tuple[int, ...]) -> bool:
    """Whether a peer that lists these schemes for certificates can verify an identity's chain."""
    return identity.is_verifiable(frozenset(schemes))


def sign_parameters(
    context: HandshakeContext, identity: Identity, parameters: bytes, scheme: SignatureScheme | None
) -> Handshake:
    """Coroutine that returns the signature of a ServerKeyExchange, scheme and length included."""
    data = context.client_random + context.server_random + parameters
    if scheme is None:
        digests = _md5_and_sha1(context, data)
        signature = yield from signature_of(identity, digests, None)
        return vector16(signature)
    signature = yield from signature_of(identity, data, scheme)
    return scheme.code.to_bytes(2, "big") + vector16(signature)


def signature_of(identity: Identity, data: bytes, scheme: SignatureScheme | None) -> Handshake:
    """A signature, wherever its key is held. Raises `UsageError` for an answer that is none."""
    signature = yield PrivateKeyOperation(identity, "sign", data, scheme)
    if not isinstance(signature, bytes) or not 1 <= len(signature) <= _MAX_SIGNATURE:
        raise UsageError("a PrivateKeyOperation wants a signature of 1 to 65,535 bytes")
    return signature


def check_parameters(
    context: HandshakeContext,
    hello: ClientHello,
    certificate: Certificate,
    parameters: bytes,
    reader: Reader,
) -> None:
    """The client's check of the signature that follows the server's parameters."""
    data = context.client_random + context.server_random + parameters
    if context.version >= TLS_1_2:
        code = reader.uint16()
        if code not in context.settings.signature_schemes:
            raise unusable_scheme(hello, code)
        scheme = offered_scheme(code, context.settings.signature_schemes, certificate.allows)
        signature = reader.vector16()
        reader.finish()
        verified = verify(certificate.public_key, scheme, signature, data, context.meter)
    else:
        signature = reader.vector16()
        reader.finish()
        digests = _md5_and_sha1(context, data)
        verified = verify_md5_and_sha1(certificate.public_key, signature, digests, context.meter)
    if not verified:
        raise PeerError(
            _decrypt_error(context),
            Reason.SIGNATURE_INVALID,
            "the server's signature does not verify",
        )


def sign_conversation(
    context: HandshakeContext, identity: Identity, secrets: Secrets, peers: tuple[int, ...]
) -> Handshake:
    """Coroutine that returns the client's CertificateVerify (RFC 2246 §7.4.8, RFC 6101 §5.6.8)."""
    if context.version >= TLS_1_2:
        scheme = usable_scheme(identity, context.settings.signature_schemes, peers)
        if scheme is None:
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.NO_SIGNATURE_SCHEME_IN_COMMON,
                "no signature scheme for the client's certificate",
            )
        data = context.transcript.data()
        signature = yield from signature_of(identity, data, scheme)
        return CertificateVerify(signature, scheme.code)
    digests = _conversation_digests(context, secrets)
    signature = yield from signature_of(identity, digests, None)
    return CertificateVerify(signature)


class ConversationCheck:
    """The server's check of a CertificateVerify, prepared before that message is hashed itself."""

    def __init__(
        self, context: HandshakeContext, certificate: Certificate, secrets: Secrets
    ) -> None:
        self._context = context
        self._certificate = certificate
        if context.version >= TLS_1_2:
            self._signed = context.transcript.data()
        else:
            self._signed = _conversation_digests(context, secrets)

    def check(self, message: CertificateVerify) -> None:
        """Raises `PeerError(decrypt_error)` when the signature does not verify."""
        context, key = self._context, self._certificate.public_key
        if context.version >= TLS_1_2:
            scheme = offered_scheme(
                message.scheme, context.settings.signature_schemes, self._certificate.allows
            )
            verified = verify(key, scheme, message.signature, self._signed, context.meter)
        else:
            verified = verify_md5_and_sha1(key, message.signature, self._signed, context.meter)
        if not verified:
            raise PeerError(
                _decrypt_error(context),
                Reason.SIGNATURE_INVALID,
                "the client's signature does not verify",
            )


def _conversation_digests(context: HandshakeContext, secrets: Secrets) -> bytes:
    if isinstance(secrets, Ssl30Secrets):
        return secrets.certificate_verify(context.transcript)
    return context.transcript.digest("md5") + context.transcript.digest("sha1")


def _md5_and_sha1(context: HandshakeContext, data: bytes) -> bytes:
    context.meter.add("hash.md5", 0, 1, len(data))
    context.meter.add("hash.sha1", 0, 1, len(data))
    return hashlib.md5(data, usedforsecurity=False).digest() + hashlib.sha1(data).digest()


def _decrypt_error(context: HandshakeContext) -> int:
    # RFC 6101 §5.4.2 has no decrypt_error.
    return HANDSHAKE_FAILURE if context.version == SSL_3_0 else DECRYPT_ERROR
