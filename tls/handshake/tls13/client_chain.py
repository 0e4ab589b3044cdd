"""How a server asks for the client's certificate and makes sure of it (RFC 8446 §4.3.2, §4.4)."""

from __future__ import annotations

from tls.alerts import CERTIFICATE_REQUIRED, ILLEGAL_PARAMETER
from tls.certificates import parse_certificate
from tls.certificates.problems import refuse_problems
from tls.certificates.validation import Validation
from tls.configuration import ClientAuthentication, ServerConfig
from tls.errors import PeerError
from tls.events import CertificateAccepted
from tls.extensions import (
    CERTIFICATE_AUTHORITIES,
    COMPRESS_CERTIFICATE,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    Extensions,
    encode_codes,
)
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Expect, Handshake
from tls.handshake.tls13.chains import read_certificate
from tls.keys.transcript import Transcript
from tls.messages import CertificateVerify
from tls.reasons import Reason
from tls.tls13.certificate_compression import ZLIB
from tls.tls13.certificate_extensions import CertificateAuthorities, CompressionAlgorithms
from tls.tls13.messages import Certificate, CertificateRequest, CompressedCertificate
from tls.tls13.signatures import check_certificate_verify
from tls.versions import TLS_1_3

_EXPECT_CHAIN = Expect(Certificate)
_EXPECT_COMPRESSED_CHAIN = Expect(Certificate, CompressedCertificate)
_EXPECT_VERIFY = Expect(CertificateVerify)


def certificate_request(config: ServerConfig, request_context: bytes = b"") -> CertificateRequest:
    """What the configuration asks for."""
    extensions: Extensions = {SIGNATURE_ALGORITHMS: encode_codes(config.signature_schemes)}
    if config.certificate_signature_schemes is not None:
        codes = config.certificate_signature_schemes
        extensions[SIGNATURE_ALGORITHMS_CERT] = encode_codes(codes)
    if config.client_authorities:
        names = CertificateAuthorities(tuple(config.client_authorities))
        extensions[CERTIFICATE_AUTHORITIES] = names.encode()
    if config.certificate_compression:
        extensions[COMPRESS_CERTIFICATE] = CompressionAlgorithms((ZLIB,)).encode()
    return CertificateRequest(extensions, request_context)


def authenticate_client(
    context: HandshakeContext,
    config: ServerConfig,
    request: CertificateRequest,
    transcript: Transcript,
    hash_name: str,
) -> Handshake:
    """Coroutine that returns the client's chain, empty if it has none, and what was found in it."""
    compressed = COMPRESS_CERTIFICATE in request.extensions
    message = yield _EXPECT_COMPRESSED_CHAIN if compressed else _EXPECT_CHAIN
    chain, _ = read_certificate(context, message, request.extensions, request.context)
    validation: Validation | None = None
    if not chain:
        if config.client_authentication is ClientAuthentication.REQUIRE:
            raise PeerError(
                CERTIFICATE_REQUIRED, Reason.CERTIFICATE_MISSING, "the client has no certificate"
            )
        return chain, validation
    validation = config.client_trust.validate_client(
        chain, context.clock(), context.meter, schemes=config.verifiable_signatures(TLS_1_3)
    )
    refuse_problems(validation.problems, config.accept, "client")
    leaf = parse_certificate(chain[0])
    if not leaf.may_sign:
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.KEY_USAGE_OF_CLIENT, "the client's key is not for signatures"
        )
    if validation.problems:
        context.channel.tell(CertificateAccepted(frozenset(validation.problems)))
    digest = transcript.digest(hash_name)
    verify: CertificateVerify = yield _EXPECT_VERIFY
    check_certificate_verify(
        verify,
        leaf,
        config.signature_schemes,
        digest,
        context.meter,
        by_server=False,
    )
    return chain, validation
