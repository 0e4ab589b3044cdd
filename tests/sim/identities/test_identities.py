from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

import tls
from sim import identities

FOR_TESTS = Path(__file__).parents[2] / "identities"
BUSIEST_DAY = 899164800.0  # 1998-06-30T00:00:00Z
CONTOSO = [name for name in identities.names() if name.startswith("contoso")]


def for_tests(name: str) -> tls.Identity:
    certificate = (FOR_TESTS / f"{name}.pem").read_bytes()
    return tls.Identity.from_pem(certificate, (FOR_TESTS / f"{name}.key.pem").read_bytes())


def problems(
    identity: tls.Identity, server_name: str = "www.contoso.com", now: float = BUSIEST_DAY
) -> list[tls.CertificateProblem]:
    return identities.trust_store().server_problems(identity.chain, server_name, now, tls.Meter())


@pytest.mark.parametrize("name", CONTOSO)
@pytest.mark.parametrize("server_name", ["www.contoso.com", "contoso.com", "shop.contoso.com"])
@pytest.mark.parametrize("now", [820454400.0, BUSIEST_DAY, 2524607999.0])
def test_a_client_accepts_them_from_1996_to_the_end_of_2049(
    name: str, server_name: str, now: float
) -> None:
    assert problems(identities.identity(name), server_name, now) == []


@pytest.mark.parametrize("now", [820454399.0, 2524608000.0])
def test_before_and_after_they_are_out_of_date(now: float) -> None:
    found = problems(identities.identity("contoso-rsa-1024"), now=now)
    assert set(found) == {tls.CertificateProblem.EXPIRED}


@pytest.mark.parametrize("name", ["proxy-rsa-1024", "proxy-rsa-2048"])
def test_a_proxy_s_certificate_is_as_good_as_the_trust_in_its_authority(name: str) -> None:
    chain, now = identities.identity(name).chain, BUSIEST_DAY
    both = identities.trust_store("contoso-root", "proxy-root")
    assert both.server_problems(chain, "www.contoso.com", now, tls.Meter()) == []
    assert problems(identities.identity(name)) == [tls.CertificateProblem.UNKNOWN_AUTHORITY]


@pytest.mark.parametrize("bits", [1024, 2048])
def test_names_say_the_key_size(bits: int) -> None:
    identity = identities.identity(f"contoso-rsa-{bits}")
    assert identity.key_size == bits
    assert len(identity.chain) == 2


def test_identities_and_trust_stores_are_loaded_once() -> None:
    assert identities.identity("contoso-rsa-1024") is identities.identity("contoso-rsa-1024")
    assert identities.trust_store() is identities.trust_store()


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r'"contoso-rsa-512".*contoso-rsa-1024, contoso-rsa-2048'):
        identities.identity("contoso-rsa-512")
    with pytest.raises(ValueError, match=r'"verisign".*contoso-root'):
        identities.trust_store("verisign")


@pytest.mark.parametrize("name", CONTOSO)
def test_extensions_and_algorithms_of_the_leaf(name: str) -> None:
    leaf, issuer = map(x509.load_der_x509_certificate, identities.identity(name).chain)
    algorithms = SignatureAlgorithmOID
    of_2001 = name == "contoso-rsa-1024"
    with_hash = algorithms.RSA_WITH_SHA1 if of_2001 else algorithms.RSA_WITH_SHA256
    assert {leaf.signature_algorithm_oid, issuer.signature_algorithm_oid} == {with_hash}
    find = leaf.extensions.get_extension_for_class
    assert find(x509.BasicConstraints).value == x509.BasicConstraints(ca=False, path_length=None)
    assert find(x509.KeyUsage).value.digital_signature
    assert find(x509.KeyUsage).value.key_encipherment == ("rsa" in name)
    assert list(find(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    key_identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert find(x509.AuthorityKeyIdentifier).value.key_identifier == key_identifier.digest


@pytest.mark.parametrize(
    ("name", "server_name", "expected"),
    [
        ("common-name-only", "www.contoso.com", []),
        ("common-name-only", "shop.contoso.com", [tls.CertificateProblem.NAME_MISMATCH]),
        ("wildcard-only", "www.contoso.com", []),
        ("wildcard-only", "contoso.com", [tls.CertificateProblem.NAME_MISMATCH]),
        ("expired", "www.contoso.com", [tls.CertificateProblem.EXPIRED]),
        ("untrusted", "www.contoso.com", [tls.CertificateProblem.UNKNOWN_AUTHORITY]),
    ],
)
def test_identities_for_tests_have_the_one_flaw_their_name_says(
    name: str, server_name: str, expected: list[tls.CertificateProblem]
) -> None:
    assert problems(for_tests(name), server_name) == expected
