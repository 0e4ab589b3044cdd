"""The registry of cipher suites."""

import pytest

import tls
from tests.tls.authority import server_identity
from tls.suites import CIPHERS, SUITES, is_implemented


def test_a_name_tells_what_a_suite_is_made_of() -> None:
    suite = SUITES[tls.suite_from_name("TLS_RSA_WITH_DES_CBC_SHA")]
    assert (suite.code, suite.key_exchange, suite.cipher, suite.mac) == (
        0x0009,
        "RSA",
        CIPHERS["DES_CBC"],
        "SHA",
    )


def test_strengths() -> None:
    strengths = {name: cipher.strength for name, cipher in CIPHERS.items()}
    assert strengths["DES_CBC"] == 56
    order = [SUITES[code].cipher.strength for code in tls.IMPLEMENTED_SUITES]
    assert order == sorted(order, reverse=True)


def test_names_and_codes() -> None:
    for code in SUITES:
        assert tls.suite_from_name(tls.suite_name(code)) == code
    assert tls.suite_name(0xFEED) == "0xfeed"
    with pytest.raises(KeyError):
        tls.suite_from_name("TLS_NONSENSE")


def test_what_is_not_implemented_cannot_be_configured() -> None:
    assert not is_implemented(0x001E)
    with pytest.raises(tls.UsageError, match="0x001e is not implemented"):
        tls.ServerConfig([server_identity("rsa-1024")], suites=[0x001E])
    with pytest.raises(tls.UsageError, match=r"SSL 2\.0 is not implemented"):
        tls.ServerConfig([server_identity("rsa-1024")], versions=[tls.SSL_2_0])
    for setting in ({"versions": []}, {"suites": []}, {"groups": [1]}, {"record_size_limit": 1}):
        with pytest.raises(tls.UsageError):
            tls.ServerConfig([server_identity("rsa-1024")], **setting)
    for size in (0, -1, 16_385):
        with pytest.raises(tls.UsageError, match="a record carries"):
            tls.RecordSizes(size)
    for name in ("", "x" * 300):
        with pytest.raises(tls.UsageError, match="1 to 255 bytes"):
            tls.ClientConfig(tls.TrustStore(), alpn=[name])
    for name in ("a..b", "a" * 70_000):
        with pytest.raises(tls.UsageError, match="no host name"):
            tls.ClientConnection(tls.ClientConfig(tls.TrustStore()), name)


def test_what_only_a_name_brings() -> None:
    """Export, anonymous and NULL suites are used only by who asks for them."""
    for code in tls.DEFAULT_SUITES:
        assert not any(word in tls.suite_name(code) for word in ("EXPORT", "anon", "NULL"))
    assert len(tls.DEFAULT_SUITES) < len(tls.IMPLEMENTED_SUITES)


def test_versions_of_suites() -> None:
    suites = {code: SUITES[code] for code in (0x0003, 0x0009, 0x002F, 0x003C, 0xC02F)}
    allowed = {
        code: [version for version in tls.IMPLEMENTED_VERSIONS if suite.allowed_in(version)]
        for code, suite in suites.items()
    }
    assert allowed == {
        0x0003: [tls.SSL_3_0, tls.TLS_1_0],  # export: not after TLS 1.0
        0x0009: [tls.SSL_3_0, tls.TLS_1_0, tls.TLS_1_1],  # DES: not in TLS 1.2
        0x002F: list(tls.IMPLEMENTED_VERSIONS),
        0x003C: [tls.TLS_1_2],
        0xC02F: [tls.TLS_1_2],
    }


def test_versions() -> None:
    for name in ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.3"):
        assert tls.version_name(tls.version_from_name(name)) == name
    with pytest.raises(KeyError, match="known: SSL"):
        tls.version_from_name("TLS 9")
