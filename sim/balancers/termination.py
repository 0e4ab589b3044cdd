"""TLS that ends at a balancer, in front of the servers it chooses from."""

from __future__ import annotations

from typing import Literal

from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.link import Link


class TlsTermination(TerminatingProxy):
    """How a balancer ends TLS: clients' handshakes are with it, and it reads their requests.

    It gives each connection of its own, in clear or encrypted behind it, one of the servers, and
    remembers a session of each of them.
    """

    kind: Literal["terminating-proxy"] = "terminating-proxy"
    """What tables call it."""
    link: Link = Link.model_validate({"round_trip_time": "0.2 ms"})
    """The way from it to the servers; else one of 0.2 ms there and back."""

    remembers_each_server = True
