"""The registry of cipher suites."""

import pytest

import tls
from sim.identities import identity
from tls.suites import CIPHERS, SUITES, is_implemented


def test_a_name_tells_what_a_suite_is_made_of() -> None:
    suite = SUITES[tls.suite_from_name("TLS_RSA_WITH_DES_CBC_SHA")]
    assert (suite.code, suite.key_exchange, suite.cipher, suite.mac) == (
        0x0009,
        "RSA",
        "DES_CBC",
        "SHA",
    )


def test_strengths() -> None:
    strengths = {name: cipher.strength for name, cipher in CIPHERS.items()}
    assert strengths["DES_CBC"] == 56
    order = [CIPHERS[SUITES[code].cipher].strength for code in tls.SERVER_SUITES]
    assert order == sorted(order, reverse=True)


def test_names_and_codes() -> None:
    for code in SUITES:
        assert tls.suite_from_name(tls.suite_name(code)) == code
    assert tls.suite_name(0xFEED) == "0xfeed"
    with pytest.raises(KeyError):
        tls.suite_from_name("TLS_NONSENSE")


def test_what_is_not_implemented_cannot_be_configured() -> None:
    assert not is_implemented(0x0003)
    with pytest.raises(tls.UsageError, match="TLS_RSA_EXPORT_WITH_RC4_40_MD5 is not implemented"):
        tls.ServerConfig([identity("contoso-rsa-1024")], suites=[0x0003])
    with pytest.raises(tls.UsageError):
        tls.ServerConfig([])
    with pytest.raises(tls.UsageError, match=r"TLS 1\.2 is not implemented"):
        tls.ServerConfig([identity("contoso-rsa-1024")], versions=[tls.TLS_1_2])


def test_versions() -> None:
    for name in ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.3"):
        assert tls.version_name(tls.version_from_name(name)) == name
    with pytest.raises(KeyError, match="known: SSL"):
        tls.version_from_name("TLS 9")
