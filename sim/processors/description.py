"""How a server's cores serve what comes, as a scenario says it."""

from __future__ import annotations

from sim.costs import ContentionCurve
from sim.description import Description
from sim.environment import Environment
from sim.processors.processor import Processor


class ProcessorDescription(Description):
    """How a server's cores serve jobs: its table `processor`.

    A discipline of one's own is a class derived from this, with a `discipline` of its own, a
    `Literal`, and `processor`.
    """

    @property
    def has_loops(self) -> bool:
        """Whether each connection is served by a part of the processor alone: a worker."""
        return False

    @property
    def keeps_cores(self) -> bool:
        """Whether a job that waits for something else may keep its core from others."""
        return True

    def number_of_loops(self, cores: int) -> int:
        """How many such parts there are, of so many cores."""
        return 1

    def processor(
        self,
        environment: Environment,
        cores: int,
        *,
        blocking: bool,
        contention: ContentionCurve | None = None,
    ) -> Processor:
        """An idle processor of so many cores.

        Args:
            environment: where time passes.
            cores: how many.
            blocking: whether jobs keep their core while they wait for something else.
            contention: how much slower the machine's threads are at once; given only where its
                profile says so.
        """
        raise NotImplementedError(f"{type(self).__name__} has no method `processor`")
