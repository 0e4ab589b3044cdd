"""Keys for RSASSA-PSS alone: what they may do is what their certificate says (RFC 4055 §1.2)."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

import tls
from tests.tls.authority import (
    ROOT,
    Issued,
    Shape,
    authority,
    issue,
    pss_identity,
    pss_parameters,
    server_identity,
    with_pss_key,
)
from tests.tls.conversation import EPOCH, SERVER_NAME, TRUST, converse, new_client, new_server
from tls.certificates import parse_certificate
from tls.messages import CertificateVerify
from tls.meter import Meter
from tls.signatures import SCHEMES

SHA_1 = bytes.fromhex("3000")  # all defaults (RFC 4055 §3.1)
CLIENT_USE = [ExtendedKeyUsageOID.CLIENT_AUTH]
PSS_256, PSS_384, PSS_512 = 0x0809, 0x080A, 0x080B
RSAE_256, PKCS1_256 = 0x0804, 0x0401
ECDHE_RSA, DHE_RSA, RSA = 0xC02F, 0x0033, 0x002F


def outcome(identity: tls.Identity, **settings: object) -> tls.ClientConnection | tls.Reason:
    client = new_client(certificate_signature_schemes=tuple(SCHEMES), **settings)
    try:
        converse(client, new_server(identities=[identity]))
    except tls.PeerError as error:
        return error.reason
    return client


def test_the_kind_of_a_key_is_what_its_certificate_says() -> None:
    assert pss_identity().key_kind == "rsa-pss"
    assert server_identity("rsa-2048").key_kind == "rsa"


@pytest.mark.parametrize("suite", [ECDHE_RSA, DHE_RSA])
@pytest.mark.parametrize("scheme", [PSS_256, PSS_384, PSS_512])
def test_it_signs_by_its_own_schemes(suite: int, scheme: int) -> None:
    """RFC 8446 §4.2.3, in TLS 1.2 too."""
    client = outcome(pss_identity(), suites=[suite], signature_schemes=[scheme])
    assert isinstance(client, tls.ClientConnection)
    assert client.handshake_completed


@pytest.mark.parametrize("scheme", [RSAE_256, PKCS1_256])
def test_it_signs_by_no_other(scheme: int) -> None:
    assert outcome(pss_identity(), signature_schemes=[scheme]) is tls.Reason.NO_SUITE_IN_COMMON


@pytest.mark.parametrize(
    ("suite", "version"),
    [(RSA, tls.TLS_1_2), (RSA, tls.TLS_1_0), (0xC013, tls.TLS_1_1), (DHE_RSA, tls.SSL_3_0)],
)
def test_it_transports_no_key_and_signs_nothing_before_tls_1_2(suite: int, version: int) -> None:
    found = outcome(pss_identity(), suites=[suite], versions=[version])
    assert found is tls.Reason.NO_SUITE_IN_COMMON


@pytest.mark.parametrize(
    ("parameters", "schemes"),
    [
        (pss_parameters("sha256", 32), {PSS_256}),
        (pss_parameters("sha256", 20), {PSS_256}),
        (pss_parameters("sha384", 48), {PSS_384}),
        (pss_parameters("sha256", 64), set()),
        (pss_parameters("sha256", 32, "sha384"), set()),
        (SHA_1, set()),
    ],
    ids=["sha256", "a shorter salt", "sha384", "a longer salt", "another mask", "sha1"],
)
def test_its_restriction_is_kept(parameters: bytes, schemes: set[int]) -> None:
    """Hashes must be the same, the salt's length is a least one (RFC 4055 §3.1)."""
    identity = pss_identity(parameters)
    for scheme in (PSS_256, PSS_384, PSS_512):
        found = outcome(identity, suites=[ECDHE_RSA], signature_schemes=[scheme])
        assert isinstance(found, tls.ClientConnection) == (scheme in schemes)


def test_a_server_that_breaks_its_restriction_is_refused() -> None:
    identity = pss_identity(pss_parameters("sha384", 48))
    identity.leaf.allows = lambda scheme: scheme.key == "rsa-pss"  # type: ignore[method-assign]
    try:
        client = new_client(signature_schemes=[PSS_256], certificate_signature_schemes=[PKCS1_256])
        server = new_server(identities=[identity])
        server.receive(client.outgoing())
        flight = server.outgoing()
    finally:
        del identity.leaf.allows
    with pytest.raises(tls.PeerError) as caught:
        client.receive(flight)
    assert caught.value.reason is tls.Reason.KEY_KIND_OF_SIGNATURE_SCHEME


@pytest.mark.parametrize(
    ("parameters", "version", "proves"),
    [
        (b"", tls.TLS_1_2, True),
        (pss_parameters("sha512", 64), tls.TLS_1_2, True),
        (SHA_1, tls.TLS_1_2, False),
        (b"", tls.TLS_1_0, False),
    ],
)
def test_a_client_with_such_a_key(parameters: bytes, version: int, proves: bool) -> None:
    """One that cannot sign shows no certificate (RFC 5246 §7.4.6)."""
    identity = pss_identity(parameters, common_name="somebody", dns_names=(), purposes=CLIENT_USE)
    client = new_client(identities=[identity], versions=[version])
    server = new_server(client_authentication=tls.ClientAuthentication.REQUEST, client_trust=TRUST)
    converse(client, server)
    assert server.peer_certificates == (identity.chain if proves else ())


def test_a_client_s_signature_by_another_padding_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    identity = pss_identity(common_name="somebody", dns_names=(), purposes=CLIENT_USE)
    client = new_client(identities=[identity])
    server = new_server(client_authentication=tls.ClientAuthentication.REQUEST, client_trust=TRUST)
    encode = CertificateVerify.encode

    def by_pkcs1(message: CertificateVerify, version: int) -> bytes:
        return encode(CertificateVerify(message.signature, PKCS1_256), version)

    monkeypatch.setattr(CertificateVerify, "encode", by_pkcs1)
    with pytest.raises(tls.PeerError) as caught:
        converse(client, server)
    assert caught.value.reason is tls.Reason.KEY_KIND_OF_SIGNATURE_SCHEME


# -- certificates that such a key signed


def pss_authority(parameters: bytes) -> Issued:
    plain = issue(ROOT, Shape("PSS", (), authority=True, purposes=[], key_name="rsa-2048-pss"))
    return with_pss_key(ROOT, plain, parameters)


def leaf_of(issuer: Issued, salt_length: int | None, hash_: hashes.HashAlgorithm) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SERVER_NAME)]))
        .issuer_name(issuer.certificate.subject)
        .public_key(server_identity("ecdsa").private_key.public_key())
        .serial_number(1)
        .not_valid_before(ROOT.certificate.not_valid_before_utc)
        .not_valid_after(ROOT.certificate.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME)]), critical=False)
    )
    pss = None if salt_length is None else padding.PSS(padding.MGF1(hash_), salt_length)
    return builder.sign(issuer.key, hash_, rsa_padding=pss).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("parameters", "salt_length", "hash_", "verifies"),
    [
        (b"", 32, hashes.SHA256(), True),
        (b"", 20, hashes.SHA256(), True),
        (b"", None, hashes.SHA256(), False),
        (pss_parameters("sha256", 32), 32, hashes.SHA256(), True),
        (pss_parameters("sha256", 32), 20, hashes.SHA256(), False),
        (pss_parameters("sha256", 32), 64, hashes.SHA512(), False),
    ],
    ids=["free", "short salt", "PKCS #1 v1.5", "as it says", "too short a salt", "another hash"],
)
def test_a_certificate_that_such_a_key_signed(
    parameters: bytes, salt_length: int | None, hash_: hashes.HashAlgorithm, verifies: bool
) -> None:
    issuer = pss_authority(parameters)
    leaf = leaf_of(issuer, salt_length, hash_)
    assert parse_certificate(leaf).is_signed_by(parse_certificate(issuer.der), Meter()) == verifies
    problems = TRUST.server_problems((leaf, issuer.der), SERVER_NAME, EPOCH, Meter())
    assert problems == ([] if verifies else [tls.CertificateProblem.BAD_SIGNATURE])


def test_a_plain_key_may_sign_so_too() -> None:
    root = authority("Plain", "rsa-2048-plain")
    for salt_length in (None, 0, 20, 32, 100):
        leaf = leaf_of(root, salt_length, hashes.SHA256())
        trust = tls.TrustStore([root.der])
        assert trust.server_problems((leaf,), SERVER_NAME, EPOCH, Meter()) == []
