"""Populations: who comes at each arrival."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.workload.independent import Independent
from sim.workload.revisits import Revisits
from sim.workload.zipf import Zipf

Population = Annotated[Revisits | Independent | Zipf, Field(discriminator="kind")]
"""Every population; one more is one more file, named here."""
