"""How long a server keeps a connection open for further requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.description import Description
from sim.units import PositiveDuration, at_most


class KeepAlive(Description):
    """When a server closes a connection whose client might ask for more."""

    time_out: Annotated[PositiveDuration, at_most("3653 d")] | None = None
    """How long it waits for the next request: "5 s"; else for ever."""
    requests: int | None = Field(default=None, gt=0, le=10**9)
    """After how many requests it closes; 1 for a connection a request. Else never."""

    def closes(self, requests: int, pause: float) -> bool:
        """Whether no further request comes, after so many and a pause (seconds)."""
        if self.requests is not None and requests >= self.requests:
            return True
        return self.time_out is not None and pause > self.time_out
