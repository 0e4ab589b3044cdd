"""The versions in which a server can complete a handshake with some client at all."""

from __future__ import annotations

from tls.configuration import ClientAuthentication, ServerConfig
from tls.exchange.selection import is_elliptic
from tls.groups import is_curve
from tls.handshake.selection import authenticates
from tls.suites import SUITES, CipherSuite
from tls.tls13.signatures import signing_scheme
from tls.versions import TLS_1_3


def usable_versions(config: ServerConfig) -> tuple[int, ...]:
    """The versions of a server's that some client can agree on with it, by a certificate.

    There a suite of its own goes with the key of one of its identities, or with none, and one of
    its signature schemes with that key. Of any other version it ends every handshake; without one
    nobody can connect, whatever he offers, pre-shared keys apart.
    """
    return tuple(version for version in config.versions if _is_usable(config, version))


def _is_usable(config: ServerConfig, version: int) -> bool:
    schemes = tuple(config.signature_schemes)
    if version == TLS_1_3:
        return any(
            identity.leaf.may_sign and signing_scheme(identity, schemes, schemes) is not None
            for identity in config.identities
        )
    suites = (SUITES[code] for code in config.suites if code in SUITES)
    return any(
        _goes_with_an_identity(config, suite, version, schemes)
        for suite in suites
        if suite.allowed_in(version)
        and (not is_elliptic(suite) or any(map(is_curve, config.groups)))
    )


def _goes_with_an_identity(
    config: ServerConfig, suite: CipherSuite, version: int, schemes: tuple[int, ...]
) -> bool:
    if suite.is_anonymous:
        return config.client_authentication is not ClientAuthentication.REQUIRE
    return any(
        authenticates(identity, suite, version, schemes, schemes)[0]
        for identity in config.identities
    )
