"""A job on any processor from its beginning to its end."""

from __future__ import annotations

from collections.abc import Generator
from math import inf

from sim.activity import Until
from sim.processors.job import RunningJob
from sim.processors.processor import Processor


class JobLost(Exception):
    """A processor has gone down, and a job with it.

    Args:
        job: as below.

    Attributes:
        job: it, where it had begun; else `None`.
    """

    def __init__(self, job: RunningJob | None = None) -> None:
        super().__init__()
        self.job = job


def run(
    processor: Processor, begin: float, seconds: float
) -> Generator[Until, float, tuple[float, float]]:
    """When a job that begins then ends, and when it has begun if all its waiting came before.

    Raises `JobLost`.
    """
    end = processor.run(begin, seconds)
    if isinstance(end, float):
        return begin, end
    done = yield end
    if done == inf:
        raise JobLost(end)
    return done - end.seconds, done
