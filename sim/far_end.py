"""The far end of a hop of TLS: a server, or a proxy that ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Protocol

from sim.endpoints import EndpointFactory
from sim.hosts.resources import Resources
from sim.hosts.server import Server
from sim.network.tls_hop import TlsHop
from sim.processors.processor import Processor
from sim.tls_exchange import BackEnd
from sim.warm_start import WarmStart


class Bridge(Protocol):
    """What answers behind a proxy's end of TLS."""

    def bridging(self, number: int, *, recorded: bool) -> BackEnd:
        """What answers the client's connection of that number."""


@dataclass(frozen=True, slots=True)
class FarEnd:
    """What a hop of TLS leads to: a server, or a proxy that ends it; and the way there.

    Attributes:
        name: of the server, or the one behind the proxy, as tables have it.
        hop: the links and boxes between.
        endpoints: makes the two ends of TLS.
        resources: what this end asks.
        processor: the one of this end.
        server: this end when it is one; else `None`.
        bridge: this end when it is a proxy; else `None`.
        warm_start: of the clients' sessions here, if the world has one.
        place: among those that it is chosen from, from 0.
    """

    name: str
    hop: TlsHop
    endpoints: EndpointFactory
    resources: Resources
    processor: Processor
    server: Server | None = None
    bridge: Bridge | None = None
    warm_start: WarmStart | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """The far end that a connection has been given.

    Attributes:
        end: it.
        over: called with the moment at which the connection is over, if somebody counts.
        passed_on: when the balancer has passed its first packet on (seconds).
        balancer: its name.
    """

    end: FarEnd
    over: Callable[[float], None] | None = None
    passed_on: float = -inf
    balancer: str = ""
