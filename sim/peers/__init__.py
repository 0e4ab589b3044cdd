"""How a connection's two ends run: `live` engines, or `plain` without TLS."""

from sim.peers.ends import ClientEnd, End, Flight, Operations, Peers, ServerEnd

__all__ = ["ClientEnd", "End", "Flight", "Operations", "Peers", "ServerEnd"]
