"""The certificates of both sides, as PEM files that every peer reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

import tls
from tests.tls.authority import Issued, Shape, authority, identity_of, issue

SERVER_NAME = "www.contoso.com"
OTHER_NAME = "www.fabrikam.com"
KINDS = {"RSA": "rsa-2048", "ECDSA": "ecdsa", "DSA": "dsa"}
"""Kinds of identities, with the name of their key."""


@dataclass(frozen=True)
class Files:
    """A certificate and its key as files."""

    certificate: Path
    key: Path


class Identities:
    """One authority, a server's and a client's certificate of every kind.

    The server has two RSA certificates: the other one is for `OTHER_NAME`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        root = authority("An authority that everybody trusts", "rsa-2048-root")
        self._root = root
        self.authority = folder / "authority.pem"
        self.authority.write_bytes(root.certificate.public_bytes(Encoding.PEM))
        self.trust = tls.TrustStore([root.der])
        self.server: dict[str, Files] = {}
        self.client: dict[str, Files] = {}
        self.server_identities: dict[str, tls.Identity] = {}
        self.client_identities: dict[str, tls.Identity] = {}
        purpose = [ExtendedKeyUsageOID.CLIENT_AUTH]
        for kind, key_name in KINDS.items():
            leaf = issue(root, Shape(key_name=key_name))
            self.server[kind] = self.write(f"server-{kind}", leaf)
            self.server_identities[kind] = identity_of(leaf)
            leaf = issue(root, Shape("somebody", (), purposes=purpose, key_name=key_name))
            self.client[kind] = self.write(f"client-{kind}", leaf)
            self.client_identities[kind] = identity_of(leaf)
        other = issue(root, Shape(OTHER_NAME, (OTHER_NAME,), key_name="rsa-2048-other"))
        self.other = self.write("other", other)
        self.folder = folder

    def own(self, key_name: str) -> Files:
        """A server's certificate with a key of that name (`tests.tls.authority`)."""
        return self.write(f"server-{key_name}", issue(self._root, Shape(key_name=key_name)))

    def ocsp_response(self, files: Files) -> bytes:
        """That a certificate of its is good, in DER."""
        leaf = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        issuer, now = self._root.certificate, datetime.now(UTC)
        good, algorithm = ocsp.OCSPCertStatus.GOOD, hashes.SHA256()
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(leaf, issuer, algorithm, good, now, now, None, None)
            .responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
        )
        response = builder.sign(self._root.key, algorithm)  # type: ignore[arg-type]
        return response.public_bytes(Encoding.DER)

    def write(self, name: str, leaf: Issued) -> Files:
        """Write a certificate and its key."""
        files = Files(self._folder / f"{name}.pem", self._folder / f"{name}.key.pem")
        files.certificate.write_bytes(leaf.certificate.public_bytes(Encoding.PEM))
        files.key.write_bytes(
            leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return files
