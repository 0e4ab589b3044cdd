"""Arrivals: when visits begin.

An arrival process is a description with one method, `times(generator, start, scale)`, which yields
arrival times (seconds) from `start` on, ascending, without end, at the described rate times
`scale`. It takes one draw a visit, whatever the rate.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.workload.curve import Curve
from sim.workload.poisson import Poisson

Arrivals = Annotated[Poisson | Curve, Field(discriminator="process")]
"""Every arrival process; one more is one more file, named here."""
