"""Certificates and keys that a library stumbles over: always the peer's fault, with an alert."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

import tls
from tests.tls.authority import client_identity, server_identity
from tests.tls.conversation import EPOCH, SERVER_NAME, TRUST, converse, new_client, new_server
from tls.alerts import BAD_CERTIFICATE
from tls.certificates.certificate import Certificate
from tls.entropy import RandomSource
from tls.exchange import ExchangeContext
from tls.exchange.rsa import encrypt_premaster
from tls.groups import FiniteField, FiniteFieldKey
from tls.meter import Meter

GOOD = server_identity("rsa-1024").chain[0]


def signed_by(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, hash_: object) -> Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "evil")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(1)
        .not_valid_before(datetime.datetime(2000, 1, 1))
        .not_valid_after(datetime.datetime(2040, 1, 1))
        .public_key(key.public_key())
        .sign(key, hash_)  # type: ignore[arg-type]
    )
    return Certificate(built.public_bytes(Encoding.DER))


@pytest.mark.parametrize(
    "changed",
    [
        GOOD.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05", 1),
        GOOD.replace(b"\x82\x0fwww.contoso.com", b"\xa3\x0fwww.contoso.com", 1),
        GOOD.replace(b"\x82\x0fwww.contoso.com", b"\xa5\x0fwww.contoso.com", 1),
    ],
    ids=["version 6", "an X.400 address", "an EDI party"],
)
def test_what_the_library_cannot_read_is_a_bad_certificate(changed: bytes) -> None:
    assert changed != GOOD
    with pytest.raises(tls.PeerError) as raised:
        Certificate(changed)
    assert raised.value.alert == BAD_CERTIFICATE


def with_unknown_key(certificate: bytes) -> bytes:
    """The same certificate, its key of a kind that nobody knows (1.2.840.10045.2.127)."""
    changed = certificate.replace(bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d027f"))
    assert changed != certificate
    return changed


UNKNOWN_KEY = with_unknown_key(server_identity("ecdsa").chain[0])


def test_a_superfluous_certificate_of_an_unknown_kind_of_key_ends_nothing() -> None:
    """RFC 5280 §6.1: it is on no path; a leaf of that kind is refused."""
    good = server_identity("rsa-2048")
    identity = tls.Identity((*good.chain, UNKNOWN_KEY), good.private_key)
    client = new_client()
    converse(client, new_server(identities=[identity]))
    assert client.peer_certificates == identity.chain
    own = tls.Identity(
        (*client_identity("ecdsa").chain, UNKNOWN_KEY), client_identity("ecdsa").private_key
    )
    server = new_server(
        tls.SessionCache(),
        client_authentication=tls.ClientAuthentication.REQUIRE,
        client_trust=TRUST,
    )
    converse(new_client(identities=[own]), server)
    assert server.peer_certificates == own.chain
    with pytest.raises(tls.PeerError) as caught:
        TRUST.server_problems((UNKNOWN_KEY,), SERVER_NAME, EPOCH)
    assert caught.value.reason is tls.Reason.CERTIFICATE_KEY_UNKNOWN
    with pytest.raises(tls.PeerError) as caught:
        TRUST.server_problems((GOOD, b"garbage"), SERVER_NAME, EPOCH)
    assert caught.value.reason is tls.Reason.MALFORMED_CERTIFICATE


@pytest.mark.parametrize("der", [UNKNOWN_KEY, b"garbage", b""])
def test_what_a_caller_configures_is_the_callers_fault(der: bytes) -> None:
    with pytest.raises(tls.UsageError, match="trusted certificate 2"):
        tls.TrustStore([GOOD, der])
    with pytest.raises(tls.UsageError, match="chain"):
        tls.Identity((der,), server_identity("ecdsa").private_key)
    with pytest.raises(tls.UsageError, match="revocation list"):
        tls.TrustStore([GOOD], [der])


def test_a_signature_of_an_unknown_hash_or_another_kind_of_key_does_not_verify() -> None:
    issuer = Certificate(server_identity("rsa-2048").chain[0])
    by_sha3 = signed_by(rsa.generate_private_key(65537, 2048), hashes.SHA3_256())
    by_ed25519 = signed_by(ed25519.Ed25519PrivateKey.generate(), None)
    for certificate in (by_sha3, by_ed25519):
        assert not certificate.is_signed_by(issuer, Meter())
    by_ecdsa = Certificate(server_identity("ecdsa").chain[0])
    assert not by_ed25519.is_signed_by(by_ecdsa, Meter())


@pytest.mark.parametrize("generator", [0, 1])
def test_a_diffie_hellman_generator_that_generates_nothing(generator: int) -> None:
    with pytest.raises(tls.PeerError):
        FiniteFieldKey(
            FiniteField((1 << 1023) | 1, generator), RandomSource(None, Meter()), Meter()
        )


def test_a_modulus_that_does_not_encrypt() -> None:
    even = rsa.RSAPublicNumbers(65537, (1 << 1023) | 2).public_key()
    meter = Meter()
    context = ExchangeContext(
        version=tls.TLS_1_0,
        client_version=tls.TLS_1_0,
        random=RandomSource(None, meter),
        meter=meter,
    )
    with pytest.raises(tls.PeerError):
        encrypt_premaster(context, even)
