"""The versions that a server can agree on with somebody, against a client that takes everything."""

from __future__ import annotations

import pytest

import tls
from tests.tls.authority import server_identity
from tests.tls.conversation import converse, new_client, new_server
from tls.suites import SUITES

KEYS = ("rsa-1024", "ecdsa", "dsa", "ed25519")
EXCHANGES = ("RSA", "DHE_RSA", "DHE_DSS", "DH_anon", "ECDHE_RSA", "ECDHE_ECDSA")
FEW = (
    *(f"TLS_{exchange}_WITH_AES_128_CBC_SHA" for exchange in EXCHANGES),
    "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
)
SUITES_BY_NAME = {suite.name: suite.code for suite in SUITES.values()}


def connects(version: int, **settings: object) -> bool:
    """Whether a client connects that takes every suite and scheme, in one version."""
    suites = settings["suites"] if version < tls.TLS_1_3 else tls.DEFAULT_SUITES
    client = new_client(
        versions=[version],
        suites=suites,
        accept=frozenset(tls.CertificateProblem),
        minimum_key_bits=512,
        signature_schemes=tuple(tls.SCHEMES),
    )
    try:
        events, _ = converse(client, new_server(**settings))
    except tls.PeerError:
        return False
    return any(isinstance(event, tls.HandshakeCompleted) for event in events)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("suite", FEW)
def test_a_version_is_usable_where_somebody_connects(key: str, suite: str) -> None:
    settings: dict[str, object] = {
        "identities": [server_identity(key)],
        "suites": [SUITES_BY_NAME[suite]],
        "versions": tls.ALL_VERSIONS,
    }
    usable = tls.usable_versions(tls.ServerConfig(**settings))  # type: ignore[arg-type]
    for version in tls.ALL_VERSIONS:
        assert (version in usable) == connects(version, **settings), tls.version_name(version)


def test_what_other_settings_rule_out() -> None:
    """Anonymous suites where a client's certificate is required, curves that are none."""
    identity = server_identity("rsa-1024")
    anonymous = [SUITES_BY_NAME["TLS_DH_anon_WITH_AES_128_CBC_SHA"]]
    elliptic = [SUITES_BY_NAME["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"]]
    finite = [tls.group_from_name("ffdhe2048")]
    versions = [tls.TLS_1_0, tls.TLS_1_2]

    def usable(**settings: object) -> tuple[int, ...]:
        return tls.usable_versions(
            tls.ServerConfig([identity], versions=versions, **settings)  # type: ignore[arg-type]
        )

    assert usable(suites=anonymous) == tuple(versions)
    assert usable(suites=elliptic) == tuple(versions)
    assert usable(suites=elliptic, groups=finite) == ()
