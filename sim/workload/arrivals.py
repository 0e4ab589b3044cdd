"""Arrivals: when visits begin."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.workload.curve import Curve
from sim.workload.poisson import Poisson

Arrivals = Annotated[Poisson | Curve, Field(discriminator="process")]
"""Every arrival process; one more is one more file, named here."""
