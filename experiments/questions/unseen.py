"""What a world describes and its recorded time never sees."""

from __future__ import annotations

from collections.abc import Iterator

import sim
from experiments.wording import duration_words


def never_seen(world: sim.Scenario) -> Iterator[str]:
    """Yield a sentence for what begins too late, or is looked for too seldom, to be in a figure."""
    duration = world.duration
    recorded = f"the {duration_words(duration)} that are recorded"
    for name, pool in world.pools.items():
        nodes = pool.nodes(name)
        for outage in pool.outages:
            if outage.at >= duration:
                yield (
                    f"the outage of {nodes[outage.server - 1]} at {duration_words(outage.at)} "
                    f"begins behind {recorded}: no figure tells of it; give it an earlier `at`, or "
                    "simulate longer."
                )
    for name, balancer in world.balancers.items():
        for node, since in balancer.draining.items():
            if since >= duration:
                yield (
                    f"{node} drains from {duration_words(since)} on, behind {recorded}: no figure "
                    "tells of it; let it begin earlier, or simulate longer."
                )
        check = balancer.health_check
        behind = world.pools if balancer.servers is None else balancer.servers
        met = {
            pool: [each for each in world.pools[pool].outages if each.at < duration]
            for pool in behind
        }
        if check is not None and any(met.values()):
            if any(check.notices(outages, duration) for outages in met.values()):
                continue
            yield (
                f"{name} notices no outage of its servers in {recorded}: it checks them every "
                f"{duration_words(check.interval)} and wants {check.fall} failed checks in a row."
            )
