"""A filter by server name: it reads the ClientHello and stops the connections to some hosts."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field

from sim.host_names import HostNamePattern
from sim.middleboxes.client_hello import begins_client_hello, read_client_hello
from sim.middleboxes.middlebox import PASS, Flow, Middlebox, Refusal, Seen, Verdict, refused


class SniFilter(Middlebox):
    """It knows a host by the name in the ClientHello (RFC 6066 §3), if there is one.

    A ClientHello that is split over two packets it puts together first.
    """

    kind: Literal["sni-filter"]
    blocked: tuple[HostNamePattern, ...] = Field(min_length=1)
    """Host names, "*" for any part of one: ["*.example.com"]."""
    unnamed: Literal["permit", "block"] = "permit"
    """What becomes of a ClientHello that names no host."""
    blocks: Refusal = "reset"
    """What a client hears that is blocked: a TCP RST, or nothing."""

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """By the name in the ClientHello."""
        if not (to_server and begins_client_hello(seen.data)):
            return PASS
        hello = read_client_hello(seen.data)
        name = None if hello is None else hello.server_name
        if name is None:
            return PASS if self.unnamed == "permit" else refused(self.blocks, "no server name")
        host = name.lower().rstrip(".")
        if any(fnmatchcase(host, pattern.lower()) for pattern in self.blocked):
            return refused(self.blocks, f"{host} blocked")
        return PASS
