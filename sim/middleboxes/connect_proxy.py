"""An explicit proxy: clients ask it by name for a tunnel to the server (tunnelling)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sim.hosts.ports import Port
from sim.middleboxes.proxy import Proxy

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
GATEWAY_TIMEOUT = b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
"""What it answers (RFC 9110 §9.3.6, §15)."""


class ConnectProxy(Proxy):
    """HTTP's CONNECT: the proxy opens a TCP connection to the server that the client names, and
    passes bytes from one to the other, of which it understands none.

    A flight goes on when all of it is here.
    """

    kind: Literal["connect-proxy"]
    port: Port = 8080
    """Where it listens."""
    allowed_ports: tuple[Port, ...] = Field(default=(443, 563), min_length=1)
    """Servers' ports that it opens tunnels to: https and snews unless something else is said."""

    def allows(self, port: int) -> bool:
        """Whether it opens tunnels to that port of a server."""
        return port in self.allowed_ports

    def asks(self, server: str, port: int) -> bytes:
        """The request of a client that wants a tunnel (RFC 9110 §9.3.6)."""
        return f"CONNECT {server}:{port} HTTP/1.1\r\nHost: {server}:{port}\r\n\r\n".encode()

    def relay(self, now: float, received: int, sent: int, *, recorded: bool) -> float:
        """When it has taken so many bytes that are here now, and sent so many on."""
        seconds = self.work.demand((), (received, sent), recorded)
        return self.processor.serve(now, seconds)[1]
