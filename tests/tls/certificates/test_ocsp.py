"""OCSP responses that a server staples: who says what of which certificate."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

import tls
from tests.tls.authority import Issued, Shape, authority, identity_of, issue
from tests.tls.conversation import EPOCH, SERVER_NAME, converse
from tls.alerts import BAD_CERTIFICATE_STATUS_RESPONSE, CERTIFICATE_REVOKED

ROOT = authority("A root that answers")
LEAF = issue(ROOT, Shape())
THEN = datetime(1998, 6, 30)


def response(
    status: ocsp.OCSPCertStatus,
    signer: Issued = ROOT,
    subject: Issued = LEAF,
    delegate: Issued | None = None,
) -> bytes:
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        subject.certificate,
        ROOT.certificate,
        hashes.SHA1(),
        status,
        THEN,
        THEN + timedelta(days=7),
        THEN if revoked else None,
        None,
    )
    responder = (delegate or signer).certificate
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder)
    if delegate is not None:
        builder = builder.certificates([delegate.certificate])
    return builder.sign((delegate or signer).key, hashes.SHA256()).public_bytes(Encoding.DER)


def outcome(stapled: bytes, **settings: object) -> tls.Reason | None:
    """How a client's handshake with a server that staples that ends."""
    identity = identity_of(LEAF)
    server_config = tls.ServerConfig(
        [tls.Identity(identity.chain, identity.private_key, stapled)], versions=[tls.TLS_1_3]
    )
    settings = {"certificate_status": True, "minimum_key_bits": 0, **settings}
    config = tls.ClientConfig(tls.TrustStore([ROOT.der]), versions=[tls.TLS_1_3], **settings)
    client = tls.ClientConnection(config, SERVER_NAME, clock=lambda: EPOCH)
    server = tls.ServerConnection(server_config, clock=lambda: EPOCH)
    server.receive(client.outgoing())
    try:
        client.receive(server.outgoing())
    except tls.PeerError as error:
        assert error.alert in (CERTIFICATE_REVOKED, BAD_CERTIFICATE_STATUS_RESPONSE)
        return error.reason
    converse(client, server)
    assert client.ocsp_response == (stapled if settings["certificate_status"] else b"")
    return None


GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED


def test_what_the_issuer_says() -> None:
    assert outcome(response(GOOD)) is None
    assert outcome(response(REVOKED)) is tls.Reason.CERTIFICATE_REVOKED


def test_a_client_that_does_not_ask_hears_nothing() -> None:
    assert outcome(response(REVOKED), certificate_status=False) is None


def test_a_warned_user_may_go_on() -> None:
    accept = frozenset({tls.CertificateProblem.REVOKED})
    assert outcome(response(REVOKED), accept=accept) is None


def test_what_is_said_of_another_certificate() -> None:
    assert outcome(response(REVOKED, subject=issue(ROOT, Shape("other", ())))) is None


def test_what_somebody_else_says() -> None:
    assert outcome(response(REVOKED, signer=authority("Somebody", 1))) is None


@pytest.mark.parametrize("entitled", [True, False])
def test_what_a_responder_says_for_the_issuer(entitled: bool) -> None:
    purposes = [ExtendedKeyUsageOID.OCSP_SIGNING] if entitled else []
    delegate = issue(ROOT, Shape("A responder", (), purposes=purposes, key_name=2))
    expected = tls.Reason.CERTIFICATE_REVOKED if entitled else None
    assert outcome(response(REVOKED, delegate=delegate)) is expected


def test_what_is_no_response() -> None:
    assert outcome(b"\x30\x03\x0a\x01\x03") is None  # tryLater
    assert outcome(b"nothing") is tls.Reason.CERTIFICATE_STATUS_MALFORMED
