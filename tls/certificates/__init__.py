"""Certificates: identities, whom a client trusts, chains and names."""

from tls.certificates.certificate import Certificate, parse_certificate
from tls.certificates.identity import Identity, certificates_from_pem
from tls.certificates.problems import CertificateProblem
from tls.certificates.trust import TrustStore

__all__ = [
    "Certificate",
    "CertificateProblem",
    "Identity",
    "TrustStore",
    "certificates_from_pem",
    "parse_certificate",
]
