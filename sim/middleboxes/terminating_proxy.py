"""A terminating proxy: it ends TLS, reads everything, and asks the server itself (bridging)."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from sim.hosts.machine import profile_of
from sim.hosts.ports import Port
from sim.hosts.server import TlsSettings
from sim.hosts.session_store import check_size
from sim.identities import Authority
from sim.middleboxes.proxy import Proxy
from sim.workload.browsers import Browser, Profile, offered_by
from sim.workload.client_profile import ClientProfile


class TerminatingProxy(TlsSettings, Proxy):
    """Two handshakes instead of one: the client's with the proxy, the proxy's with the server.

    With a certificate of the server's own it publishes a server (a reverse proxy); with one that
    its own authority has made for the server's name it intercepts, and clients notice that do not
    trust that authority. What a client proves by a certificate is lost on the way.
    """

    kind: Literal["terminating-proxy"]
    behind: Literal["encrypted", "clear"] = "encrypted"
    """Whether it speaks TLS with the server, or nothing but HTTP."""
    port_behind: Port | None = None
    """The server's port that it connects to; else 443, or 80 without TLS."""
    connects: Literal["at the request", "at the hello"] = "at the request"
    """When it connects to the server: when it has read a request, as a reverse proxy, or when it
    has seen the ClientHello, as one does that must know the server's certificate first."""
    profile: Profile | None = None
    """What it offers the server: the hello of this client profile, as `profile` of clients has it;
    else that of "openssl-3.0", or of "internet-explorer-6" where it speaks no TLS 1.2 itself."""
    trusts: tuple[Authority, ...] = Field(default=("contoso-root",), min_length=1)
    """The authorities of servers that it trusts, as `trusts` of clients has them."""
    warnings: Literal["heeded", "overridden"] = "heeded"
    """Whether a server's wrong certificate ends the connection, or is ignored."""

    remembers_each_server: ClassVar[bool] = False
    """Whether it knows which server it turns to, and keeps a session of each; else its newest."""

    @model_validator(mode="after")
    def _cache_holds_sessions(self) -> Self:
        check_size(self.sessions, profile_of(self.machine))
        return self

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, profile: str | ClientProfile | None) -> str | ClientProfile | None:
        if profile is not None:
            offered_by(profile)
        return profile

    @property
    def browser(self) -> Browser:
        """What it offers the server, as a client."""
        return offered_by(self.profile or self._usual_profile)

    @property
    def _usual_profile(self) -> str:
        """That of a box of today, or of the age whose versions it speaks."""
        of_today = not {"TLS 1.2", "TLS 1.3"}.isdisjoint(self.versions)
        return "openssl-3.0" if of_today else "internet-explorer-6"

    @property
    def settings(self) -> TlsSettings:
        """How it speaks TLS to clients."""
        return self

    @property
    def is_plain(self) -> bool:
        """It ends TLS, always."""
        return False

    @property
    def server_port(self) -> int:
        """The server's port that it connects to."""
        if self.port_behind is not None:
            return self.port_behind
        return 443 if self.behind == "encrypted" else 80
