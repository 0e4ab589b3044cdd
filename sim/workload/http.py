"""What a visit asks for: requests and responses over one kept-alive connection."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.description import Description
from sim.units import Duration, PositiveSize, at_most


class Http(Description):
    """Requests one after another, each sent when the response before it is there."""

    requests: int = Field(default=1, gt=0, le=1_000_000)
    """Requests a connection."""
    request_size: Annotated[PositiveSize, at_most("1 GB")]
    """Bytes of a request, headers included: "400 B", at most 1 GB."""
    response_size: Annotated[PositiveSize, at_most("1 GB")]
    """Bytes of a response, headers included: "3.7 kB", at most 1 GB."""
    think_time: Annotated[Duration, at_most("1 d")] = 0.0
    """Pause between a response and the next request: "0 s", at most a day."""
