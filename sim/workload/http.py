"""What a visit asks for: requests and responses over one kept-alive connection."""

from __future__ import annotations

from pydantic import Field

from sim.description import Description
from sim.units import Duration, PositiveSize


class Http(Description):
    """Requests one after another, each sent when the response before it is there."""

    requests: int = Field(default=1, gt=0)
    """Requests a connection."""
    request_size: PositiveSize
    """Bytes of a request, headers included: "400 B"."""
    response_size: PositiveSize
    """Bytes of a response, headers included: "3.7 kB"."""
    think_time: Duration = 0.0
    """Pause between a response and the next request: "0 s"."""
