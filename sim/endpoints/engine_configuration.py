"""The engines of a scenario's hosts, configured as their descriptions say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import tls
from sim.hosts.client import ClientDescription
from sim.hosts.resources import RequestKind, Resources
from sim.hosts.server import ServerDescription, TlsSettings
from sim.identities import RootDescription, identity, trust_store
from sim.workload.browsers import Browser
from sim.workload.fallback import Fallback

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


_TICKETS = 2
"""What a server of TLS 1.3 gives whose cache has what they stand for, as OpenSSL does."""

_OF_SESSIONS = frozenset(
    {tls.LookUpSession, tls.AcceptSession, tls.StoreSession, tls.RemoveSession}
)
_OF_TICKETS = frozenset({tls.OpenTicket, tls.SealTicket})


class _NothingIsReplayed:
    """`tls.EarlyDataGuard` of a world where nobody sends a hello of another's again."""

    def accepts(self, hello: bytes, age_error: float, now: float) -> bool:
        """Always."""
        return True


_NOTHING_IS_REPLAYED = _NothingIsReplayed()


def deferred_to(resources: Resources) -> frozenset[type[tls.Deferrable]]:
    """What a server's engines leave to its resources."""
    deferred: frozenset[type[tls.Deferrable]] = frozenset()
    if resources.sessions is not None:
        deferred |= _OF_SESSIONS
    if resources.tickets is not None:
        deferred |= _OF_TICKETS
    if RequestKind.USE_PRIVATE_KEY in resources.may_wait:
        deferred |= {tls.PrivateKeyOperation}
    return deferred


def server_config(
    settings: TlsSettings,
    host: str,
    sessions: tls.SessionStore | None = None,
    *,
    deferred: frozenset[type[tls.Deferrable]] = frozenset(),
) -> tls.ServerConfig:
    """The configuration of a server's engines.

    Where it issues tickets and opening and sealing are not deferred, its key never changes.

    Args:
        settings: how it speaks TLS.
        host: the name that clients want, which a described certificate is made for.
        sessions: where they remember sessions, if not by what is deferred.
        deferred: what is answered for them.
    """
    return tls.ServerConfig(
        [identity(settings.identity, host)],
        versions=[tls.version_from_name(name) for name in settings.versions],
        suites=[tls.suite_from_name(name) for name in settings.suites],
        sessions=sessions,
        ticket_keys=(
            None
            if settings.tickets is None
            else tls.TicketKeys(b"", lifetime=settings.tickets.lifetime)
        ),
        client_authentication=_CLIENT_AUTHENTICATION[settings.client_certificates],
        client_trust=trust_store(),
        split_records=settings.split_records,
        groups=(
            tls.DEFAULT_GROUPS
            if settings.groups is None
            else [tls.group_from_name(name) for name in settings.groups]
        ),
        retry_for_preferred_group=settings.retry_for_preferred_group,
        tickets=_TICKETS if settings.tickets is None else settings.tickets.count,
        max_early_data=settings.early_data if isinstance(settings, ServerDescription) else 0,
        early_data_guard=_NOTHING_IS_REPLAYED,
        deferred=deferred,
    )


def client_configs(
    descriptions: Sequence[ClientDescription], roots: tuple[RootDescription, ...]
) -> dict[str, tls.ClientConfig]:
    """The configurations of each browser's engines, by `offer_name`.

    Args:
        descriptions: of the clients.
        roots: those of the world's described chains, which they trust by the authority's name.
    """
    configs = {}
    for each in descriptions:
        config = client_config(
            each.browser,
            trust_store(*each.trusts, roots=roots),
            heed_warnings=each.warnings == "heeded",
            certificate=each.certificate,
            early_data=each.early_data,
        )
        for lowered, fallen_back in enumerate(
            (config, *fallen_back_configs(config, each.fallback))
        ):
            configs[offer_name(each.browser.name, lowered)] = fallen_back
    return configs


def offer_name(browser: str, lowered: int) -> str:
    """What tells a browser's hellos apart, by how many versions lower than its highest they are."""
    return f"{browser}, {lowered} lower" if lowered else browser


def fallen_back_configs(
    config: tls.ClientConfig, fallback: Fallback | None
) -> list[tls.ClientConfig]:
    """The configurations with which a client falls back, if it does, the highest version first."""
    if fallback is None:
        return []
    return [
        _fallen_back(config, config.versions[:-lowered], scsv=fallback.scsv)
        for lowered in range(1, fallback.steps(config.versions) + 1)
    ]


def _fallen_back(
    config: tls.ClientConfig, versions: Sequence[int], *, scsv: bool
) -> tls.ClientConfig:
    hello = config.hello
    if hello is not None:
        hello = hello.lowered(versions[-1], signalled=scsv)
    return replace(config, versions=versions, fallback=scsv, hello=hello)


def client_config(
    profile: Browser,
    trust: tls.TrustStore,
    *,
    heed_warnings: bool,
    certificate: str | None = None,
    early_data: bool = False,
) -> tls.ClientConfig:
    """The configuration of a client's engines that offer what a browser does."""
    return tls.ClientConfig(
        trust,
        identities=[] if certificate is None else [identity(certificate)],
        versions=profile.versions,
        # A browser of before TLS 1.2 takes the keys of its time.
        minimum_key_bits=1024 if tls.TLS_1_2 in profile.versions else 512,
        suites=profile.suites,
        server_name_indication=profile.server_name_indication,
        secure_renegotiation=profile.secure_renegotiation,
        groups=profile.groups,
        signature_schemes=profile.signature_schemes,
        extended_master_secret=profile.extended_master_secret,
        encrypt_then_mac=profile.encrypt_then_mac,
        false_start=profile.false_start,
        session_tickets=profile.session_tickets,
        key_shares=profile.key_shares,
        hello=profile.hello,
        early_data=early_data,
        split_records=False,
        accept=frozenset() if heed_warnings else _WARNINGS,
    )
