"""OCSP responses that a server staples to its certificate (RFC 6960 §4.2, RFC 8446 §4.4.2.1)."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tls.alerts import BAD_CERTIFICATE_STATUS_RESPONSE
from tls.certificates.certificate import Certificate
from tls.errors import PeerError, UsageError
from tls.meter import Meter
from tls.reasons import Reason
from tls.signatures import certificate_scheme, verify

_MAX_RESPONSES = 8
_MAX_DELEGATES = 4


def check_response(response: bytes, leaf: Certificate, source: str) -> None:
    """Check that a server has something to staple to its certificate.

    Raises `UsageError`, naming the source, for what is no OCSP response, or none of the leaf.
    """
    try:
        parsed = ocsp.load_der_ocsp_response(response)
        successful = parsed.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
        of_leaf = successful and any(
            each.serial_number == leaf.serial_number for each in parsed.responses
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{source}: no OCSP response in DER: {error}") from None
    if not of_leaf:
        raise UsageError(f"{source}: an OCSP response that says nothing of the certificate")


def says_revoked(
    response: bytes, leaf: Certificate, issuers: Iterable[Certificate], meter: Meter
) -> bool:
    """Whether a response that the issuer answers for says that a certificate is revoked.

    A response that is unsuccessful, of another certificate, or signed by somebody else says
    nothing, as none at all does.

    Args:
        response: in DER.
        leaf: the certificate.
        issuers: those that may have issued it.
        meter: books the signatures that are verified.

    Raises:
        PeerError: `bad_certificate_status_response` for what is no OCSP response.
    """
    try:
        parsed = ocsp.load_der_ocsp_response(response)
        if parsed.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return False
        revoked = any(
            each.serial_number == leaf.serial_number
            and each.certificate_status is ocsp.OCSPCertStatus.REVOKED
            for each, _ in zip(parsed.responses, range(_MAX_RESPONSES), strict=False)
        )
        return revoked and any(
            leaf.is_signed_by(issuer, meter) and _answers_for(parsed, issuer, meter)
            for issuer in issuers
            if issuer.subject_name == leaf.issuer_name
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise PeerError(
            BAD_CERTIFICATE_STATUS_RESPONSE,
            Reason.CERTIFICATE_STATUS_MALFORMED,
            f"not an OCSP response: {error}",
        ) from None


def _answers_for(parsed: ocsp.OCSPResponse, issuer: Certificate, meter: Meter) -> bool:
    """Whether the issuer, or a responder that it made one, signed the response (RFC 6960 §3.2)."""
    signers = [issuer]
    for given in parsed.certificates[:_MAX_DELEGATES]:
        delegate = Certificate(given.public_bytes(Encoding.DER))
        if (
            delegate.issuer_name == issuer.subject_name
            and _is_responder(given)
            and delegate.is_signed_by(issuer, meter)
        ):
            signers.append(delegate)
    algorithm = parsed.signature_hash_algorithm
    hash_name = algorithm.name if algorithm is not None else ""
    return any(
        verify(
            signer.public_key,
            certificate_scheme(signer.key_kind, hash_name, pss=False),
            parsed.signature,
            parsed.tbs_response_bytes,
            meter,
        )
        for signer in signers
    )


def _is_responder(certificate: x509.Certificate) -> bool:
    """Whether its extended key usage names the signing of OCSP responses (RFC 6960 §4.2.2.2)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage.value
