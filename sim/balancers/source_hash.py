"""Each client's address always to the same server."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import log
from typing import Literal

from sim.balancers.balancer import Balancer, Draws
from sim.balancers.candidate import Arriving, Candidate

_UNIT = 2.0**-64


class SourceHash(Balancer):
    """Each address always to the same server, as long as that gets connections at all.

    By rendezvous hashing (Thaler, Ravishankar 1998): where a server leaves, only its own addresses
    move. Clients behind one NAT have one address.
    """

    policy: Literal["source-hash"]

    def finds_maker(self, shares: Sequence[float], *, by_ticket: bool) -> float:
        """All do."""
        return 1.0

    def placed(self, draws: Draws) -> Rendezvous:
        """It draws nothing."""
        return Rendezvous()


class Rendezvous:
    """Who scores most with an address, by a hash of both and the weight."""

    def choose(self, candidates: Sequence[Candidate], arriving: Arriving, now: float) -> Candidate:
        """Who scores most with the connection's address."""
        address = arriving.address.to_bytes(16, "big")
        return max(candidates, key=lambda each: _score(each, address))


def _score(candidate: Candidate, address: bytes) -> float:
    digest = blake2b(address + candidate.name.encode(), digest_size=8).digest()
    share = (int.from_bytes(digest, "little") + 0.5) * _UNIT
    return -candidate.weight / log(share)
