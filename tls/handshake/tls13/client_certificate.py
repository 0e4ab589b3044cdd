"""The client's certificate, when it is asked for: in the handshake or later (RFC 8446 §4.4)."""

from __future__ import annotations

from tls.certificates import Identity
from tls.configuration import ClientConfig
from tls.extensions import (
    CERTIFICATE_AUTHORITIES,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    decode_codes,
)
from tls.handshake.authentication import is_verifiable
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Handshake
from tls.handshake.tls13.chains import certificate_message, compressed_if_asked
from tls.handshake.tls13.signature import sign, usable_scheme
from tls.keys.transcript import Transcript
from tls.signatures import SignatureScheme
from tls.tls13.certificate_extensions import CertificateAuthorities
from tls.tls13.messages import CertificateRequest


def answer_request(
    context: HandshakeContext,
    config: ClientConfig,
    request: CertificateRequest,
    transcript: Transcript,
    hash_name: str,
) -> Handshake:
    """Send the chain that was asked for and prove that its key is ours; an empty one without."""
    identity, scheme = _own_identity(config, request)
    message = certificate_message(identity, request.extensions, request.context)
    context.channel.send(compressed_if_asked(context, message, request.extensions))
    if identity is not None and scheme is not None:
        verify = yield from sign(context, transcript.digest(hash_name), identity, scheme)
        context.channel.send(verify)


def _own_identity(
    config: ClientConfig, request: CertificateRequest
) -> tuple[Identity | None, SignatureScheme | None]:
    """The first identity whose key and issuer the server asks for, and the scheme it signs by."""
    peers = decode_codes(request.extensions[SIGNATURE_ALGORITHMS])
    codes = request.extensions.get(SIGNATURE_ALGORITHMS_CERT)
    of_certificates = peers if codes is None else decode_codes(codes)
    data = request.extensions.get(CERTIFICATE_AUTHORITIES)
    authorities = set() if data is None else set(CertificateAuthorities.decode(data).authorities)
    for identity in config.identities:
        scheme = usable_scheme(identity, tuple(config.signature_schemes), peers)
        if scheme is None or not is_verifiable(identity, of_certificates):
            continue
        if not authorities or authorities & {each.issuer for each in identity.certificates}:
            return identity, scheme
    return None, None
