"""The engines of a scenario's hosts, configured as their descriptions say."""

from __future__ import annotations

from collections.abc import Sequence

import tls
from sim.hosts.client import ClientDescription
from sim.hosts.resources import RequestKind, Resources
from sim.hosts.server import TlsSettings
from sim.identities import identity, trust_store
from sim.workload.browsers import Browser, browser

_WARNINGS = frozenset(
    {
        tls.CertificateProblem.NAME_MISMATCH,
        tls.CertificateProblem.EXPIRED,
        tls.CertificateProblem.UNKNOWN_AUTHORITY,
    }
)
"""What a browser lets its user click away."""

_CLIENT_AUTHENTICATION = {
    "not asked for": tls.ClientAuthentication.NONE,
    "asked for": tls.ClientAuthentication.REQUEST,
    "required": tls.ClientAuthentication.REQUIRE,
}


_OF_SESSIONS = frozenset(
    {tls.LookUpSession, tls.AcceptSession, tls.StoreSession, tls.RemoveSession}
)


def deferred_to(resources: Resources) -> frozenset[type[tls.Deferrable]]:
    """What a server's engines leave to its resources."""
    deferred: frozenset[type[tls.Deferrable]] = frozenset()
    if resources.sessions is not None:
        deferred |= _OF_SESSIONS
    if RequestKind.USE_PRIVATE_KEY in resources.may_wait:
        deferred |= {tls.PrivateKeyOperation}
    return deferred


def server_config(
    settings: TlsSettings,
    sessions: tls.SessionStore | None = None,
    *,
    deferred: frozenset[type[tls.Deferrable]] = frozenset(),
) -> tls.ServerConfig:
    """The configuration of a server's engines.

    Args:
        settings: how it speaks TLS.
        sessions: where they remember sessions, if not by what is deferred.
        deferred: what is answered for them.
    """
    return tls.ServerConfig(
        [identity(settings.identity)],
        versions=[tls.version_from_name(name) for name in settings.versions],
        suites=[tls.suite_from_name(name) for name in settings.suites],
        sessions=sessions,
        client_authentication=_CLIENT_AUTHENTICATION[settings.client_certificates],
        client_trust=trust_store(),
        split_records=settings.split_records,
        deferred=deferred,
    )


def client_configs(descriptions: Sequence[ClientDescription]) -> dict[str, tls.ClientConfig]:
    """The configuration of each browser's engines, by its name."""
    return {
        each.profile: client_config(
            browser(each.profile),
            each.trusts,
            heed_warnings=each.warnings == "heeded",
            certificate=each.certificate,
        )
        for each in descriptions
    }


def client_config(
    profile: Browser,
    trusts: Sequence[str],
    *,
    heed_warnings: bool,
    certificate: str | None = None,
) -> tls.ClientConfig:
    """The configuration of a client's engines that offer what a browser does."""
    return tls.ClientConfig(
        trust_store(*trusts),
        identities=[] if certificate is None else [identity(certificate)],
        versions=profile.versions,
        # A browser of before TLS 1.2 takes the keys of its time.
        minimum_key_bits=1024 if tls.TLS_1_2 in profile.versions else 512,
        suites=profile.suites,
        server_name_indication=profile.server_name_indication,
        secure_renegotiation=profile.secure_renegotiation,
        groups=profile.groups,
        extended_master_secret=profile.extended_master_secret,
        encrypt_then_mac=profile.encrypt_then_mac,
        false_start=profile.false_start,
        session_tickets=False,
        split_records=False,
        accept=frozenset() if heed_warnings else _WARNINGS,
    )
