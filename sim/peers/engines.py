"""The engines of a scenario's hosts, configured as their descriptions say."""

from __future__ import annotations

from collections.abc import Sequence

import tls
from sim.hosts.client import ClientDescription
from sim.hosts.server import ServerDescription
from sim.identities import identity, trust_store
from sim.workload.browsers import browser

_WARNINGS = frozenset(
    {
        tls.CertificateProblem.NAME_MISMATCH,
        tls.CertificateProblem.EXPIRED,
        tls.CertificateProblem.UNKNOWN_AUTHORITY,
    }
)
"""What a browser lets its user click away."""


def server_config(
    description: ServerDescription, sessions: tls.SessionStore | None
) -> tls.ServerConfig:
    """The configuration of a server's engines, which remember sessions in `sessions` if at all."""
    return tls.ServerConfig(
        [identity(description.identity)],
        versions=[tls.version_from_name(name) for name in description.versions],
        suites=[tls.suite_from_name(name) for name in description.suites],
        sessions=sessions,
        split_records=description.split_records,
    )


def client_configs(descriptions: Sequence[ClientDescription]) -> dict[str, tls.ClientConfig]:
    """The configuration of each browser's engines, by its name."""
    return {description.profile: _client_config(description) for description in descriptions}


def _client_config(description: ClientDescription) -> tls.ClientConfig:
    profile = browser(description.profile)
    return tls.ClientConfig(
        trust_store(),
        versions=profile.versions,
        suites=profile.suites,
        server_name_indication=profile.server_name_indication,
        secure_renegotiation=profile.secure_renegotiation,
        groups=profile.groups,
        extended_master_secret=False,
        encrypt_then_mac=False,
        session_tickets=False,
        split_records=False,
        accept=_WARNINGS if description.warnings == "clicked away" else frozenset(),
    )
