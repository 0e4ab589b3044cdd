"""Every discipline of a processor; one more is one more file, named here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.processors.sharing import ProcessorSharing
from sim.processors.virtual_clock import FirstComeFirstServed
from sim.processors.workers import WorkerProcesses

AnyProcessor = Annotated[
    FirstComeFirstServed | ProcessorSharing | WorkerProcesses,
    Field(discriminator="discipline"),
]
"""A processor of any discipline that ships."""
