"""How a connection's two endpoints run: `live` engines, their `replay`, or `plain` without TLS."""

from sim.endpoints.endpoints import (
    EndpointFactory,
    Endpoints,
    Operations,
    Pending,
    State,
    Turn,
)

__all__ = ["Endpoints", "Operations", "EndpointFactory", "Pending", "State", "Turn"]
