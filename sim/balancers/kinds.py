"""Every kind of balancer; one more is one more file, named here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.balancers.least_connections import LeastConnections
from sim.balancers.random_choice import RandomChoice, RandomOfTwo
from sim.balancers.round_robin import RoundRobin
from sim.balancers.session_affinity import SessionAffinity
from sim.balancers.source_hash import SourceHash

AnyBalancer = Annotated[
    RoundRobin | RandomChoice | RandomOfTwo | LeastConnections | SourceHash | SessionAffinity,
    Field(discriminator="policy"),
]
"""A balancer of any kind that ships."""
