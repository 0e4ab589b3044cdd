"""The busiest part of a load, by itself and at its real size.

A day at 1/300 of its load answers what caches find; it does not answer how long a handshake takes
in the busiest minute, as a three-hundredth of a server is none. That minute is simulated unscaled:
all that came before it is fast-forwarded, so that caches, tickets and clients remember what they
would.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sim
from experiments.failures import ScenarioError
from experiments.scenario_files.overrides import Override, setting
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.wording import duration_words
from sim.units import parse_duration

_EQUAL = 1e-9
_SAMPLES = 12


def busiest_part(file: ScenarioFile, length: str | float) -> ScenarioFile:
    """Return the scenario of the busiest part of another one, at scale 1.

    What is recorded is that part alone. As long a time before it is simulated whole, to fill queues
    and connections, and what came before that is fast-forwarded.

    Args:
        file: the scenario, whose arrivals are not at a constant rate.
        length: of the part: "1 min", or seconds.

    Raises:
        ScenarioError: the length is none that the scenario has, all of its parts are equally busy,
            or something happens in it at times of its own.
    """
    world = file.world()
    seconds = _seconds(length)
    if not 0 < seconds <= world.duration:
        raise ScenarioError(
            f"the busiest part of {file.name} cannot take {duration_words(seconds)}: it records "
            f"{duration_words(world.duration)}; choose a time of up to that"
        )
    begin = _busiest(file.name, world, seconds)
    place = next(_with_times_of_their_own(world), None)
    if place is not None:
        raise ScenarioError(
            f"{file.name}: {place} counts its times from the start, which the busiest part has "
            f"{duration_words(begin)} later; remove it"
        )
    return file.with_overrides(_settings(world, begin, seconds))


def _seconds(length: str | float) -> float:
    try:
        return parse_duration(length)
    except ValueError as error:
        raise ScenarioError(f"the length of the busiest part: {error}") from None


def _busiest(name: str, world: sim.Scenario, seconds: float) -> float:
    """Return when the busiest part of that length begins, in seconds since the start."""
    step = min(getattr(world.arrivals, "interval", world.sample_interval), seconds)
    expected = world.arrivals.expected
    number = int((world.duration - seconds) / step * (1 + _EQUAL)) + 1
    visits = [expected(at * step + seconds) - expected(at * step) for at in range(number)]
    most = max(visits)
    if most - min(visits) <= _EQUAL * most:
        raise ScenarioError(
            f"{name}: no {duration_words(seconds)} of its arrivals is busier than another; run the "
            'scenario as it is, with scale = 1 and a `fast_forward`, or give it a "curve"'
        )
    return visits.index(most) * step


def _with_times_of_their_own(world: sim.Scenario) -> Iterator[str]:
    """Yield the places of a world that say when something happens."""
    for name, pool in world.pools.items():
        if pool.outages:
            yield "server.outages" if world.server is not None else f"servers.{name}.outages"
    for name, balancer in world.balancers.items():
        if balancer.draining:
            yield f"balancers.{name}.draining"


def _settings(world: sim.Scenario, begin: float, seconds: float) -> list[Override]:
    """Return what is to be set where the part begins so long after the start."""
    before = world.warm_up + begin
    whole = min(before, seconds)
    values = {
        "start": (world.start + timedelta(seconds=begin)).isoformat(),
        "duration": f"{seconds!r} s",
        "warm_up": f"{before!r} s",
        "fast_forward": f"{before - whole!r} s",
        "sample_interval": f"{min(world.sample_interval, seconds / _SAMPLES)!r} s",
        "scale": 1,
        "arrivals.offset": f"{getattr(world.arrivals, 'offset', 0.0) + begin!r} s",
    }
    return [setting(path, value) for path, value in values.items()]
