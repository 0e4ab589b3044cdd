"""How a client makes sure of the server: its chain and its signature (RFC 8446 §4.4)."""

from __future__ import annotations

from tls.alerts import DECODE_ERROR, ILLEGAL_PARAMETER
from tls.certificates import CertificateProblem, parse_certificate
from tls.certificates.certificate import parse_chain
from tls.certificates.ocsp import says_revoked
from tls.certificates.problems import refuse_problems
from tls.configuration import ClientConfig
from tls.errors import PeerError
from tls.events import CertificateAccepted
from tls.extensions import COMPRESS_CERTIFICATE
from tls.handshake.choices import unusable_scheme
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Expect, Handshake
from tls.handshake.tls13.chains import read_certificate
from tls.handshake.tls13.client_hello import ClientOffer
from tls.messages import CertificateVerify
from tls.reasons import Reason
from tls.sessions import Session
from tls.tls13.messages import Certificate, CertificateRequest, CompressedCertificate
from tls.tls13.placement import Message, check_placement
from tls.tls13.signatures import check_certificate_verify
from tls.versions import TLS_1_3

_EXPECT = Expect(Certificate, CertificateRequest)
_EXPECT_COMPRESSED = Expect(Certificate, CompressedCertificate, CertificateRequest)
_EXPECT_CHAIN = Expect(Certificate)
_EXPECT_COMPRESSED_CHAIN = Expect(Certificate, CompressedCertificate)
_EXPECT_VERIFY = Expect(CertificateVerify)


def authenticate_server(
    context: HandshakeContext,
    config: ClientConfig,
    offer: ClientOffer,
    session: Session,
    hash_name: str,
) -> Handshake:
    """Check the server's chain and that it holds its key; the chain goes into the session.

    Returns the request for the client's certificate, if the server makes one.
    """
    offered = offer.hello.extensions
    compressed = COMPRESS_CERTIFICATE in offered
    request: CertificateRequest | None = None
    message = yield _EXPECT_COMPRESSED if compressed else _EXPECT
    if isinstance(message, CertificateRequest):
        request = message
        check_request(request)
        message = yield _EXPECT_COMPRESSED_CHAIN if compressed else _EXPECT_CHAIN
    chain, response = read_certificate(context, message, offered)
    if not chain:
        raise PeerError(DECODE_ERROR, Reason.CERTIFICATE_MISSING, "the server sent no certificate")
    validation = config.trust.validate_server(
        chain,
        session.server_name or "",
        context.clock(),
        context.meter,
        minimum_key_bits=config.minimum_key_bits,
        schemes=config.verifiable_signatures(TLS_1_3),
    )
    problems = validation.problems
    if response and _is_revoked(context, config, chain, response):
        problems = (*problems, CertificateProblem.REVOKED)
    refuse_problems(problems, config.accept, "server")
    leaf = parse_certificate(chain[0])
    if not leaf.may_sign:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.KEY_USAGE_OF_SUITE,
            "the certificate's key is not for signatures",
        )
    if problems:
        context.channel.tell(CertificateAccepted(frozenset(problems)))
    digest = context.transcript.digest(hash_name)
    verify: CertificateVerify = yield _EXPECT_VERIFY
    if verify.scheme not in config.signature_schemes:
        raise unusable_scheme(offer.hello, verify.scheme)
    check_certificate_verify(
        verify,
        leaf,
        config.signature_schemes,
        digest,
        context.meter,
        by_server=True,
    )
    session.certificates = chain
    session.validation = validation
    context.ocsp_response = response
    return request


def _is_revoked(
    context: HandshakeContext, config: ClientConfig, chain: tuple[bytes, ...], response: bytes
) -> bool:
    """Whether the stapled response says so; it is asked for, so it must be one."""
    leaf, *others = parse_chain(chain)
    issuers = [*others, *config.trust.anchors(leaf.issuer_name)]
    return says_revoked(response, leaf, issuers, context.meter)


def check_request(request: CertificateRequest) -> None:
    """Check what a CertificateRequest in the handshake must be (RFC 8446 §4.3.2)."""
    check_placement(request.extensions, Message.CERTIFICATE_REQUEST)
    if request.context:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.CERTIFICATE_CONTEXT,
            "a request in the handshake has a context",
        )
