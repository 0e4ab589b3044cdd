"""Browsers: what the engine sends of a client profile, and how its client behaves.

The suites are what the client offers on the wire, in its order: a server sees the real list and
picks from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Discriminator, Tag

import tls
from sim.description import fault_at
from sim.workload.client_profile import ClientProfile, client_profile, client_profiles
from sim.workload.hello_description import HelloDescription

_SAID = (
    "suites",
    "server_name_indication",
    "secure_renegotiation",
    "groups",
    "signature_schemes",
    "extended_master_secret",
    "encrypt_then_mac",
    "session_tickets",
    "key_shares",
)
"""The attributes of a browser that its hello says."""


@dataclass(frozen=True)
class Browser:
    """One browser on one system.

    After a fatal alert all of these give up, without another attempt at a lower version unless
    their scenario has them fall back, and the session that they had offered is forgotten (RFC 2246
    §7.2.2). WinINet falls back to a lower
    version when the connection is cut, not when the server sends an alert (E. Lawrence,
    "Misbehaving HTTPS Servers impair TLS 1.1 and TLS 1.2", IEInternals, 2011).

    Attributes:
        name: as scenarios name it.
        title: for people.
        versions: wire versions it speaks, lowest first; it offers the highest.
        suites: wire codes in the order of its hello.
        server_name_indication: whether the hello names the server (RFC 6066).
        secure_renegotiation: whether the hello carries renegotiation_info (RFC 5746).
        groups: named groups of its hello, in order; none when it speaks no elliptic curves.
        signature_schemes: those of its hello, in order, by which a server may sign in TLS 1.2: one
            whose key has none of them, such as Ed25519 before 2018, gets no handshake.
        session_lifetime: seconds from the full handshake that it offers a session for.
        extended_master_secret: whether the hello asks for it (RFC 7627).
        encrypt_then_mac: the same (RFC 7366).
        session_tickets: whether the hello asks for session tickets (RFC 5077).
        false_start: whether it sends its request before the server's Finished, where the suite is
            strong and forward secret (RFC 7918).
        key_shares: the groups of the key shares in its hello of TLS 1.3; `None` where the engine's
            own choice will do.
        resumes_tls_1_3: whether it can resume sessions of TLS 1.3: a server gives tickets to those
            that say how (RFC 8446 §4.2.9).
        hello: what its hellos are made of, exactly as the real one sends them; `None` for one that
            the engine composes of the above.
        tickets_kept: how many tickets of TLS 1.3 it keeps for a server, each of which it uses once.
        source: where this comes from.
    """

    name: str
    title: str
    versions: tuple[int, ...]
    suites: tuple[int, ...]
    server_name_indication: bool
    secure_renegotiation: bool
    groups: tuple[int, ...]
    session_lifetime: float
    source: str
    signature_schemes: tuple[int, ...] = ()
    extended_master_secret: bool = False
    encrypt_then_mac: bool = False
    session_tickets: bool = False
    false_start: bool = False
    key_shares: tuple[int, ...] | None = None
    resumes_tls_1_3: bool = True
    hello: tls.HelloTemplate | None = None
    tickets_kept: int = 2

    def __post_init__(self) -> None:
        """Check that it offers what its hello says. Raises `ValueError`."""
        said = {} if self.hello is None else self.hello.settings
        for name in _SAID if said else ():
            if getattr(self, name) != said[name]:
                raise ValueError(
                    f'the {name} of the browser "{self.name}" are not those of its hello; set '
                    "hello=None, so that the engine composes one"
                )

    @property
    def offers_tls_1_3(self) -> bool:
        """Whether it offers TLS 1.3, whose sessions are resumed by tickets of their own."""
        return tls.TLS_1_3 in self.versions


class OwnBrowser:
    """A browser of one's own: a class derived from this, whose attribute `browser` is it."""

    browser: ClassVar[Browser]


class NotSimulated(ValueError):
    """A client profile of which the engine can send nothing that a server could answer.

    Attributes:
        key: the key of its hello that says so.
    """

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key


@cache
def browser_of(profile: ClientProfile) -> Browser:
    """What the engine can do of what a profile's hello offers, and how its client behaves.

    Raises `NotSimulated` for a client that offers no version, or no suite, which the engine speaks.
    """
    hello, template = profile.hello, profile.hello.template
    highest = template.highest_version
    versions = tuple(sorted(code for code in _versions(hello) if code <= (highest or 0)))
    if not versions or versions[-1] != highest:
        lowest, latest = tls.ALL_VERSIONS[0], tls.ALL_VERSIONS[-1]
        raise NotSimulated(
            "versions",
            f'"{profile.name}" speaks no version from {tls.version_name(lowest)} to '
            f"{tls.version_name(latest)}, the ones that are simulated, which its hello offers; "
            "choose another profile",
        )
    said = template.settings
    if not any(tls.is_of_versions(code, versions) for code in said["suites"]):
        raise NotSimulated(
            "suites",
            f'"{profile.name}" offers no cipher suite of the versions that are simulated; choose '
            "another profile",
        )
    return Browser(
        name=profile.name,
        title=profile.title,
        versions=versions,
        session_lifetime=profile.session_lifetime,
        source=profile.source,
        false_start=profile.false_start,
        resumes_tls_1_3=bool(said["psk_modes"]),
        hello=template,
        **{name: said[name] for name in _SAID},
    )


def _versions(hello: HelloDescription) -> set[int]:
    return set(hello.versions) & set(tls.ALL_VERSIONS)


def offered_by(profile: str | ClientProfile) -> Browser:
    """What a description's profile offers: one of its own, or the shipped one of that name.

    Raises `ValueError`, naming those there are, if there is none of that name.
    """
    return browser_of(profile if isinstance(profile, ClientProfile) else client_profile(profile))


def _which(value: Any) -> str:
    return "(profile)" if isinstance(value, dict | ClientProfile) else "(name)"


def _simulated(profile: ClientProfile) -> ClientProfile:
    try:
        browser_of(profile)
    except NotSimulated as error:
        raise fault_at(("hello", error.key), str(error)) from None
    return profile


Profile = Annotated[
    Annotated[str, Tag("(name)")]
    | Annotated[ClientProfile, AfterValidator(_simulated), Tag("(profile)")],
    Discriminator(_which),
]
"""A client profile: the name of one that ships, or one of the caller's own: a table of what
`tlscape capture` writes, or in a scenario file the name of such a file, relative to it."""


def browser(name: str) -> Browser:
    """The browser of that name. Raises `ValueError`, naming those there are, if there is none."""
    return browser_of(client_profile(name))


def browsers() -> tuple[str, ...]:
    """The names `browser` knows, in alphabetical order."""
    return client_profiles()
