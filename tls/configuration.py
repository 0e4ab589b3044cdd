"""How a client or a server is set up; one configuration serves any number of connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tls.certificates import CertificateProblem, Identity, TrustStore
from tls.certificates.names import names_server
from tls.errors import UsageError
from tls.handshake.requests import Deferrable
from tls.sessions import SessionStore
from tls.suites import SERVER_SUITES, is_implemented, suite_name
from tls.versions import IMPLEMENTED_VERSIONS, version_name


def _go_on(alert: int) -> bool:
    return True


class ServerConfig:
    """A server's side.

    Args:
        identities: at least one; the first whose certificate names the wanted server is used,
            else the first.
        versions: wire versions spoken.
        suites: in order of preference; by default the implemented ones, strongest first.
        sessions: where sessions are remembered; `None` gives clients no session ID.
        deferred: kinds of requests that the caller answers (`Connection.answer`), such as
            `{tls.LookUpSession}`.
        on_warning: asked with each warning alert's code whether to go on.

    Raises `UsageError` for what the engine cannot do.
    """

    def __init__(
        self,
        identities: Sequence[Identity],
        *,
        versions: Sequence[int] = IMPLEMENTED_VERSIONS,
        suites: Sequence[int] = SERVER_SUITES,
        sessions: SessionStore | None = None,
        deferred: frozenset[type[Deferrable]] = frozenset(),
        on_warning: Callable[[int], bool] = _go_on,
    ) -> None:
        if not identities:
            raise UsageError("a server needs at least one identity")
        for code in suites:
            if not is_implemented(code):
                raise UsageError(f"{suite_name(code)} is not implemented")
        self.identities = tuple(identities)
        self.versions = checked_versions(versions)
        self.suites = tuple(suites)
        self.sessions = sessions
        self.deferred = deferred
        self.on_warning = on_warning

    def identity_for(self, server_name: str | None) -> Identity:
        """The identity to show a client that wants `server_name`."""
        if server_name is not None and len(self.identities) > 1:
            for identity in self.identities:
                if names_server(identity.leaf, server_name):
                    return identity
        return self.identities[0]


class ClientConfig:
    """A client's side.

    Args:
        trust: the authorities it trusts.
        versions: wire versions spoken; the highest is offered.
        suites: codes offered, in order; codes the engine has not may be among them, as a real
            client's list may be copied whole: a server that picks one fails the handshake.
        server_name_indication: whether the hello names the server (RFC 6066 §3).
        secure_renegotiation: whether the hello says that it knows RFC 5746.
        accept: problems with the server's certificate that do not stop it: what a warned user
            clicks away. Others abort with the problem's alert.
        on_warning: asked with each warning alert's code whether to go on.

    Raises `UsageError` for what the engine cannot do.
    """

    deferred: frozenset[type[Deferrable]] = frozenset()

    def __init__(
        self,
        trust: TrustStore,
        *,
        versions: Sequence[int] = IMPLEMENTED_VERSIONS,
        suites: Sequence[int] = SERVER_SUITES,
        server_name_indication: bool = True,
        secure_renegotiation: bool = True,
        accept: frozenset[CertificateProblem] = frozenset(),
        on_warning: Callable[[int], bool] = _go_on,
    ) -> None:
        if not suites:
            raise UsageError("a client needs at least one cipher suite to offer")
        self.trust = trust
        self.versions = checked_versions(versions)
        self.suites = tuple(suites)
        self.server_name_indication = server_name_indication
        self.secure_renegotiation = secure_renegotiation
        self.accept = accept
        self.on_warning = on_warning


def checked_versions(versions: Sequence[int]) -> tuple[int, ...]:
    """The versions, lowest first. Raises `UsageError` when there is none or one is unknown."""
    if not versions:
        raise UsageError("at least one version is needed")
    for version in versions:
        if version not in IMPLEMENTED_VERSIONS:
            raise UsageError(f"{version_name(version)} is not implemented")
    return tuple(sorted(set(versions)))
