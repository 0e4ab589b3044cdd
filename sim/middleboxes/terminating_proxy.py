"""A terminating proxy: it ends TLS, reads everything, and asks the server itself (bridging)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from sim import identities
from sim.hosts.ports import Port
from sim.hosts.server import TlsSettings
from sim.middleboxes.proxy import Proxy
from sim.workload.browsers import browser


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
    profile: str = "internet-explorer-6"
    """What it offers the server: the hello of this client profile."""
    trusts: tuple[str, ...] = Field(default=("contoso-root",), min_length=1)
    """The authorities of servers that it trusts."""
    warnings: Literal["heeded", "overridden"] = "heeded"
    """Whether a server's wrong certificate ends the connection, or is ignored."""

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, name: str) -> str:
        return browser(name).name

    @field_validator("trusts")
    @classmethod
    def _known_authorities(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        identities.trust_store(*names)
        return names

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
