"""How a connection's two ends run: `live` engines, their `replay`, or `plain` without TLS."""

from sim.peers.ends import Ends, Operations, Peers, State, Turn

__all__ = ["Ends", "Operations", "Peers", "State", "Turn"]
