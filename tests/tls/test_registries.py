"""Code points as the registries of IANA and the drafts have them."""

import pytest

import tls
from tls.alerts import ALERT_NAMES, ALWAYS_FATAL
from tls.extensions import EXTENSION_NAMES, extension_name
from tls.grease import GREASE, GREASE_PSK_MODES, grease_protocol, is_grease
from tls.groups import (
    DEFAULT_GROUPS,
    DEFAULT_TLS_1_3_GROUPS,
    GROUP_NAMES,
    HYBRID_NAMES,
    group_from_name,
    group_name,
    is_curve,
)
from tls.signatures import (
    DEFAULT_SCHEMES,
    DEFAULT_TLS_1_3_SCHEMES,
    SCHEMES,
    TLS_1_3_SCHEMES,
    scheme_from_name,
    scheme_name,
)
from tls.suites import (
    DEFAULT_TLS_1_3_SUITES,
    IMPLEMENTED_SUITES,
    SUITES,
    TLS_1_3_SUITES,
    is_implemented,
)

SUITES_OF_TLS_1_3 = {
    # RFC 8446 appendix B.4; key, nonce and tag lengths of RFC 5116 and RFC 8439
    0x1301: ("TLS_AES_128_GCM_SHA256", 16, 12, 16, "sha256"),
    0x1302: ("TLS_AES_256_GCM_SHA384", 32, 12, 16, "sha384"),
    0x1303: ("TLS_CHACHA20_POLY1305_SHA256", 32, 12, 16, "sha256"),
    0x1304: ("TLS_AES_128_CCM_SHA256", 16, 12, 16, "sha256"),
    0x1305: ("TLS_AES_128_CCM_8_SHA256", 16, 12, 8, "sha256"),
}


@pytest.mark.parametrize("code", SUITES_OF_TLS_1_3)
def test_suites_of_tls_1_3(code: int) -> None:
    name, key_length, iv_length, tag_length, hash_name = SUITES_OF_TLS_1_3[code]
    suite = TLS_1_3_SUITES[code]
    cipher = suite.cipher
    assert (suite.code, suite.name, suite.prf_hash) == (code, name, hash_name)
    assert (cipher.key_length, cipher.iv_length, cipher.tag_length) == (
        key_length,
        iv_length,
        tag_length,
    )
    assert suite.allowed_in(tls.TLS_1_3)
    assert not suite.allowed_in(tls.TLS_1_2)
    assert tls.suite_name(code) == name
    assert tls.suite_from_name(name) == code


def test_suites_of_tls_1_3_are_no_suites_of_the_versions_before() -> None:
    assert set(TLS_1_3_SUITES) == set(SUITES_OF_TLS_1_3)
    assert not set(TLS_1_3_SUITES) & (set(SUITES) | set(IMPLEMENTED_SUITES))
    assert not any(map(is_implemented, TLS_1_3_SUITES))
    assert set(TLS_1_3_SUITES) - set(DEFAULT_TLS_1_3_SUITES) == {0x1305}
    strengths = [TLS_1_3_SUITES[code].cipher.strength for code in DEFAULT_TLS_1_3_SUITES]
    assert strengths == sorted(strengths, reverse=True)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x11EB, "SecP256r1MLKEM768"),
        (0x11EC, "X25519MLKEM768"),
        (0x11ED, "SecP384r1MLKEM1024"),
        (0x001D, "x25519"),
        (0x0017, "secp256r1"),
        (0x0104, "ffdhe8192"),
    ],
)
def test_groups(code: int, name: str) -> None:
    assert group_name(code) == name
    assert group_from_name(name) == code


def test_hybrid_groups_are_of_tls_1_3_alone() -> None:
    assert not any(map(is_curve, HYBRID_NAMES))
    assert not set(HYBRID_NAMES) & (set(GROUP_NAMES) | set(DEFAULT_GROUPS))
    assert set(DEFAULT_TLS_1_3_GROUPS) <= set(HYBRID_NAMES) | set(GROUP_NAMES)
    with pytest.raises(KeyError, match="SecP384r1MLKEM1024"):
        group_from_name("x25519kyber768")


@pytest.mark.parametrize(
    ("code", "name", "key"),
    [
        (0x0904, "mldsa44", "mldsa44"),
        (0x0905, "mldsa65", "mldsa65"),
        (0x0906, "mldsa87", "mldsa87"),
        (0x0807, "ed25519", "ed25519"),
        (0x0808, "ed448", "ed448"),
        (0x0804, "rsa_pss_rsae_sha256", "rsa"),
        (0x080B, "rsa_pss_pss_sha512", "rsa-pss"),
        (0x0403, "ecdsa_secp256r1_sha256", "ecdsa"),
    ],
)
def test_signature_schemes(code: int, name: str, key: str) -> None:
    assert scheme_name(code) == name
    assert scheme_from_name(name) == code
    assert SCHEMES[code].key == key
    assert code in TLS_1_3_SCHEMES


def test_what_signs_no_handshake_of_tls_1_3() -> None:
    """RFC 8446 §4.2.3: PKCS #1 v1.5 is for certificates, SHA-1, SHA-224 and DSA are not for it."""
    signing = {scheme_name(code) for code in TLS_1_3_SCHEMES}
    assert not [
        name for name in signing if "pkcs1" in name or "dsa_sha" in name or "sha1" in name[-4:]
    ]
    assert len(signing) == 14
    only_certificates = set(DEFAULT_TLS_1_3_SCHEMES) - set(TLS_1_3_SCHEMES)
    assert {scheme_name(code) for code in only_certificates} == {
        "rsa_pkcs1_sha256",
        "rsa_pkcs1_sha384",
        "rsa_pkcs1_sha512",
    }
    assert not any("mldsa" in scheme_name(code) for code in DEFAULT_SCHEMES)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (5, "status_request"),
        (27, "compress_certificate"),
        (41, "pre_shared_key"),
        (42, "early_data"),
        (43, "supported_versions"),
        (44, "cookie"),
        (45, "psk_key_exchange_modes"),
        (47, "certificate_authorities"),
        (48, "oid_filters"),
        (49, "post_handshake_auth"),
        (50, "signature_algorithms_cert"),
        (51, "key_share"),
        (0xFF01, "renegotiation_info"),
    ],
)
def test_extensions(code: int, name: str) -> None:
    assert extension_name(code) == name


def test_what_has_no_name_is_told_by_its_number() -> None:
    assert extension_name(0x0A0A) == "extension 2570"
    assert not set(EXTENSION_NAMES) & set(GREASE)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (109, "missing_extension"),
        (113, "bad_certificate_status_response"),
        (115, "unknown_psk_identity"),
        (116, "certificate_required"),
    ],
)
def test_alerts_of_tls_1_3(code: int, name: str) -> None:
    assert ALERT_NAMES[code] == name
    assert code in ALWAYS_FATAL


def test_grease() -> None:
    """RFC 8701 §2."""
    assert GREASE[:3] == (0x0A0A, 0x1A1A, 0x2A2A)
    assert GREASE[-1] == 0xFAFA
    assert GREASE_PSK_MODES == (0x0B, 0x2A, 0x49, 0x68, 0x87, 0xA6, 0xC5, 0xE4)
    assert [code for code in range(1 << 16) if is_grease(code)] == list(GREASE)
    assert grease_protocol(15) == b"\xfa\xfa"
    known = {*SUITES, *TLS_1_3_SUITES, *GROUP_NAMES, *HYBRID_NAMES, *SCHEMES}
    assert not known & set(GREASE)
