"""Arrivals: when visits begin.

An arrival process is a description with `times(generator, start, scale)`, which yields arrival
times (seconds) from `start` on, ascending, without end, at the described rate times `scale`; it
takes one draw a visit, whatever the rate. `expected(moment)` tells how many visits that makes in
the mean from the scenario's start on, and `mean_rate` how many a second, both before scaling.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.workload.curve import Curve
from sim.workload.poisson import Poisson

Arrivals = Annotated[Poisson | Curve, Field(discriminator="process")]
"""Every arrival process; one more is one more file, named here."""
