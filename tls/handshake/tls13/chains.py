"""Certificate messages of TLS 1.3, plain or compressed, both ways (RFC 8446 §4.4.2, RFC 8879)."""

from __future__ import annotations

from tls.alerts import ILLEGAL_PARAMETER
from tls.certificates import Identity
from tls.certificates.certificate import shared
from tls.errors import PeerError
from tls.extensions import COMPRESS_CERTIFICATE, STATUS_REQUEST, Extensions
from tls.handshake.choices import check_implemented
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Expect
from tls.reasons import Reason
from tls.tls13.certificate_compression import ZLIB, compress, decompress
from tls.tls13.certificate_extensions import CertificateStatus, CompressionAlgorithms
from tls.tls13.messages import Certificate, CertificateEntry, CompressedCertificate
from tls.tls13.placement import Message, check_answers

MAX_CERTIFICATE = 131_400
"""The longest Certificate message that a compressed one may hold, in bytes."""

EXPECT_CERTIFICATE = Expect(Certificate)
EXPECT_ANY_CERTIFICATE = Expect(Certificate, CompressedCertificate)


def certificate_message(
    identity: Identity | None, asked: Extensions, request_context: bytes = b""
) -> Certificate:
    """An identity's chain with what the peer asked to be stapled; empty without an identity."""
    if identity is None:
        return Certificate((), request_context)
    first, *others = identity.chain
    stapled: Extensions = {}
    if STATUS_REQUEST in asked and identity.ocsp_response:
        stapled[STATUS_REQUEST] = CertificateStatus(identity.ocsp_response).encode()
    entries = (CertificateEntry(first, stapled), *map(CertificateEntry, others))
    return Certificate(entries, request_context)


def compressed_if_asked(
    context: HandshakeContext, message: Certificate, asked: Extensions
) -> Certificate | CompressedCertificate:
    """The message compressed, where both sides compress by zlib."""
    data = asked.get(COMPRESS_CERTIFICATE)
    if data is None:
        return message
    algorithms = CompressionAlgorithms.decode(data).algorithms
    if context.settings.certificate_compression and ZLIB in algorithms:
        return compress(message, context.meter)
    return message


def read_certificate(
    context: HandshakeContext,
    message: Certificate | CompressedCertificate,
    offered: Extensions,
    request_context: bytes = b"",
) -> tuple[tuple[bytes, ...], bytes]:
    """The chain in a message and the OCSP response of its leaf.

    Args:
        context: books what is decompressed.
        message: as it came.
        offered: the extensions of the message that it answers, a hello or a request.
        request_context: of the request that it answers.
    """
    if isinstance(message, CompressedCertificate):
        algorithms = CompressionAlgorithms.decode(offered[COMPRESS_CERTIFICATE]).algorithms
        message = decompress(message, algorithms, MAX_CERTIFICATE, context.meter)
    if message.context != request_context:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.CERTIFICATE_CONTEXT,
            "a certificate message answers another request",
        )
    response = b""
    for number, entry in enumerate(message.entries):
        if entry.extensions:
            check_answers(entry.extensions, Message.CERTIFICATE, offered)
            check_implemented(entry.extensions)
            status = entry.extensions.get(STATUS_REQUEST)
            if status is not None:
                stapled = CertificateStatus.decode(status).response
                response = response if number else stapled
    # Sessions of one peer share their chain's bytes.
    return tuple(map(shared, message.chain)), response
