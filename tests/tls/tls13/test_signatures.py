"""Signatures of TLS 1.3: every scheme, which key may make it, and certificates with such keys."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import tls
from tests.tls.authority import (
    ROOT,
    Shape,
    authority,
    identity_of,
    issue,
    pss_identity,
    pss_parameters,
    server_identity,
)
from tests.tls.conversation import EPOCH, SERVER_NAME, converse, new_client, new_server
from tls.alerts import DECRYPT_ERROR, ILLEGAL_PARAMETER
from tls.messages import CertificateVerify
from tls.meter import Meter
from tls.private_keys import use_private_key
from tls.reasons import Reason
from tls.signatures import (
    DEFAULT_TLS_1_3_SCHEMES,
    MLDSA,
    SCHEMES,
    TLS_1_3_SCHEMES,
    scheme_from_name,
    scheme_name,
)
from tls.tls13.signatures import check_certificate_verify, signed_content, signing_scheme

HASH = hashlib.sha256(b"a conversation").digest()

SCHEMES_OF_KEYS = {
    "rsa-2048": ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"],
    # An encoded message of 130 bytes does not fit 1,024 bits (RFC 8017 §9.1.1).
    "rsa-1024": ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384"],
    "pss": ["rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512"],
    "pss, SHA-384 alone": ["rsa_pss_pss_sha384"],
    "ecdsa": ["ecdsa_secp256r1_sha256"],
    "ecdsa-384": ["ecdsa_secp384r1_sha384"],
    "ecdsa-521": ["ecdsa_secp521r1_sha512"],
    "ed25519": ["ed25519"],
    "ed448": ["ed448"],
    "mldsa44": ["mldsa44"],
    "mldsa65": ["mldsa65"],
    "mldsa87": ["mldsa87"],
    "dsa": [],
}


def identity(kind: str) -> tls.Identity:
    if kind == "pss":
        return pss_identity()
    if kind == "pss, SHA-384 alone":
        return pss_identity(pss_parameters("sha384", 48))
    return server_identity(kind)


def verify_message(
    who: tls.Identity, name: str, *, by_server: bool = True, meter: Meter | None = None
) -> CertificateVerify:
    scheme = SCHEMES[scheme_from_name(name)]
    content = signed_content(HASH, by_server=by_server)
    request = tls.PrivateKeyOperation(who, "sign", content, scheme)
    signature = use_private_key(request, meter or Meter())
    assert signature
    return CertificateVerify(signature, scheme.code)


def check(message: CertificateVerify, who: tls.Identity, **settings: bool) -> str:
    scheme = check_certificate_verify(
        message,
        who.leaf,
        DEFAULT_TLS_1_3_SCHEMES,
        HASH,
        Meter(),
        **{"by_server": True, **settings},
    )
    return scheme.name


@pytest.mark.parametrize("kind", SCHEMES_OF_KEYS)
def test_every_key_signs_by_its_schemes_and_no_other(kind: str) -> None:
    who = identity(kind)
    usable = [
        scheme_name(code)
        for code in SCHEMES
        if signing_scheme(who, [code], DEFAULT_TLS_1_3_SCHEMES) is not None
    ]
    assert usable == SCHEMES_OF_KEYS[kind]
    for name in usable:
        assert check(verify_message(who, name), who) == name


def test_a_scheme_is_this_sides_first_that_the_peer_takes() -> None:
    who = identity("rsa-2048")
    own = [scheme_from_name(f"rsa_pss_rsae_sha{bits}") for bits in (512, 256, 384)]
    assert signing_scheme(who, own, own) is SCHEMES[own[0]]
    assert signing_scheme(who, own, own[1:]) is SCHEMES[own[1]]
    assert signing_scheme(who, own, [0x0403, 0x0401]) is None


def test_what_is_signed() -> None:
    """RFC 8446 §4.4.3 shows the bytes for a hash of thirty-two ones."""
    assert signed_content(b"\1" * 32, by_server=True).hex() == (
        "2020202020202020202020202020202020202020202020202020202020202020"
        "2020202020202020202020202020202020202020202020202020202020202020"
        "544c5320312e332c207365727665722043657274696669636174655665726966"
        "79000101010101010101010101010101010101010101010101010101010101010101"
    )
    assert b"TLS 1.3, client CertificateVerify\0" in signed_content(HASH, by_server=False)


def test_a_signature_for_the_other_side_is_none() -> None:
    who = identity("ecdsa")
    message = verify_message(who, "ecdsa_secp256r1_sha256", by_server=False)
    with pytest.raises(tls.PeerError) as caught:
        check(message, who)
    assert (caught.value.alert, caught.value.reason) == (DECRYPT_ERROR, Reason.SIGNATURE_INVALID)
    assert check(message, who, by_server=False)


@pytest.mark.parametrize("kind", ["rsa-2048", "pss", "ecdsa", "ed448", "mldsa44", "mldsa87"])
def test_a_changed_signature_is_none(kind: str) -> None:
    who = identity(kind)
    message = verify_message(who, SCHEMES_OF_KEYS[kind][0])
    for bad in (
        message.signature[:-1],
        message.signature[:-1] + bytes((message.signature[-1] ^ 1,)),
        b"",
    ):
        with pytest.raises(tls.PeerError) as caught:
            check(CertificateVerify(bad, message.scheme), who)
        assert caught.value.alert == DECRYPT_ERROR


@pytest.mark.parametrize(
    ("kind", "scheme", "reason"),
    [
        ("rsa-2048", "rsa_pkcs1_sha256", Reason.KEY_KIND_OF_SIGNATURE_SCHEME),
        ("rsa-2048", "rsa_pss_pss_sha256", Reason.KEY_KIND_OF_SIGNATURE_SCHEME),
        ("pss", "rsa_pss_rsae_sha256", Reason.KEY_KIND_OF_SIGNATURE_SCHEME),
        ("ecdsa", "ecdsa_secp384r1_sha384", Reason.KEY_KIND_OF_SIGNATURE_SCHEME),
        ("ecdsa-384", "ecdsa_secp256r1_sha256", Reason.KEY_KIND_OF_SIGNATURE_SCHEME),
        ("mldsa44", "mldsa65", Reason.KEY_KIND_OF_SIGNATURE_SCHEME),
        ("rsa-2048", "rsa_pkcs1_sha1", Reason.SIGNATURE_SCHEME_NOT_OFFERED),
        ("ecdsa", "ecdsa_sha1", Reason.SIGNATURE_SCHEME_NOT_OFFERED),
    ],
)
def test_schemes_that_may_not_sign(kind: str, scheme: str, reason: Reason) -> None:
    """Whether or not the signature would hold (RFC 8446 §4.2.3, §4.4.3)."""
    who = identity(kind)
    message = CertificateVerify(b"signature", scheme_from_name(scheme))
    with pytest.raises(tls.PeerError) as caught:
        check(message, who)
    assert (caught.value.alert, caught.value.reason) == (ILLEGAL_PARAMETER, reason)


def test_an_unknown_scheme() -> None:
    with pytest.raises(tls.PeerError) as caught:
        check(CertificateVerify(b"signature", 0x0A0A), identity("ecdsa"))
    assert caught.value.reason is Reason.SIGNATURE_SCHEME_NOT_OFFERED


@pytest.mark.parametrize(
    ("kind", "operation", "bits"),
    [
        ("mldsa44", "mldsa", 44),
        ("mldsa65", "mldsa", 65),
        ("mldsa87", "mldsa", 87),
        ("ed448", "ed448", 448),
        ("ecdsa-384", "ecdsa", 384),
    ],
)
def test_the_work_is_metered(kind: str, operation: str, bits: int) -> None:
    who, meter = identity(kind), Meter()
    message = verify_message(who, SCHEMES_OF_KEYS[kind][0], meter=meter)
    check_certificate_verify(message, who.leaf, TLS_1_3_SCHEMES, HASH, meter, by_server=True)
    assert meter.take_log() == [
        (f"{operation}.sign", bits, 1, 0),
        (f"{operation}.verify", bits, 1, 0),
    ]


# -- certificates with keys of these kinds


@pytest.mark.parametrize("leaf_kind", ["ecdsa", *MLDSA])
@pytest.mark.parametrize("issuer_kind", ["ed25519", "ed448", *MLDSA])
def test_a_chain_of_such_keys_is_valid(issuer_kind: str, leaf_kind: str) -> None:
    root = authority("A root of the kind", issuer_kind)
    middle = issue(root, Shape("Between", (), authority=True, purposes=[], key_name=issuer_kind))
    leaf = issue(middle, Shape(key_name=leaf_kind))
    store, meter = tls.TrustStore([root.der]), Meter()
    assert store.server_problems((leaf.der, middle.der), SERVER_NAME, EPOCH, meter) == []
    family = "mldsa" if issuer_kind in MLDSA else issuer_kind
    assert [(name, count) for name, _, count, _ in meter.take()] == [(f"{family}.verify", 2)]
    forger = authority("A root of the kind", issuer_kind + " of another")
    forged = issue(middle, Shape(key_name=leaf_kind), forger.key)
    problems = store.server_problems((forged.der, middle.der), SERVER_NAME, EPOCH, Meter())
    assert problems == [tls.CertificateProblem.BAD_SIGNATURE]


@pytest.mark.parametrize("kind", MLDSA)
def test_an_identity_of_ml_dsa_is_read_from_pem(kind: str) -> None:
    leaf = issue(ROOT, Shape(key_name=kind))
    key = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    who = tls.Identity.from_pem(leaf.certificate.public_bytes(Encoding.PEM), key)
    assert (who.key_kind, who.key_size) == (kind, 0)
    with pytest.raises(tls.UsageError, match="not the key"):
        tls.Identity((leaf.der,), mldsa.MLDSA44PrivateKey.generate())


def test_ml_dsa_authenticates_nobody_before_tls_1_3() -> None:
    who = identity_of(issue(ROOT, Shape(key_name="mldsa65")))
    client = new_client(signature_schemes=list(SCHEMES))
    server = new_server(identities=[who], signature_schemes=list(SCHEMES))
    with pytest.raises(tls.PeerError) as caught:
        converse(client, server)
    assert caught.value.reason is Reason.NO_SUITE_IN_COMMON
