"""A site: its servers, the balancers in front of them, and what paths lead to which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.balancers.balancer import Balancer
from sim.balancers.round_robin import RoundRobin
from sim.description import fault_at
from sim.distributions import RandomDuration, quantile
from sim.hosts.pool import ServerPool
from sim.network.path import Path

Place = tuple[str | int, ...]
"""Where something is described, from the scenario on: `("clients", 0)`."""


@dataclass(frozen=True)
class Entrance:
    """What a path leads to.

    Attributes:
        name: of the balancer, or of the pool where none is in front of it.
        balancer: as described.
        pools: whose servers connections are given to, by name; equal in name, address and port.
    """

    name: str
    balancer: Balancer
    pools: Mapping[str, ServerPool]

    @property
    def front(self) -> ServerPool:
        """The name, address and port that clients want: those of any pool."""
        return next(iter(self.pools.values()))

    def share_found(self, pool: ServerPool, *, by_ticket: bool) -> float:
        """The share of those who come back with a session of a pool's that meet who knows it.

        All servers are up, and get connections by their weights.

        Args:
            pool: one of `pools`.
            by_ticket: whether they come with a ticket, else with an ID.
        """
        if by_ticket and pool.tickets is not None and pool.tickets.keys == "shared":
            return 1.0
        shares: list[float] = []
        for name, each in self.pools.items():
            weight = self.balancer.weights.get(name, 1.0)
            together = not by_ticket and each.sessions is not None and each.sessions.per == "pool"
            shares += [weight * each.count] if together else [weight] * each.count
        whole = sum(shares)
        found = self.balancer.finds_maker([share / whole for share in shares], by_ticket=by_ticket)
        if not by_ticket and pool.sessions is not None and pool.sessions.per == "worker":
            found /= pool.processor.number_of_loops(pool.cores)
        return found


def entrance_of(
    path: Path, pools: Mapping[str, ServerPool], balancers: Mapping[str, Balancer]
) -> Entrance:
    """What a path leads to: what it names, else the only balancer; without any the only pool.

    Raises `KeyError` where that is none of them, or cannot be told.
    """
    name = path.leads_to or _only(balancers or pools)
    if name is None:
        raise KeyError(name)
    if name in balancers:
        balancer = balancers[name]
        chosen = pools if balancer.servers is None else balancer.servers
        return Entrance(name, balancer, {each: pools[each] for each in chosen})
    return Entrance(name, RoundRobin(), {name: pools[name]})


def check_site(
    paths: Mapping[str, tuple[Place, Path]],
    pools: Mapping[str, ServerPool],
    balancers: Mapping[str, Balancer],
) -> None:
    """Check that balancers have servers, and that paths lead to them and to all of them.

    Args:
        paths: those that some clients take, by name, with the place that describes where each
            leads.
        pools: the servers.
        balancers: those in front of them.

    Raises `pydantic.ValidationError`, naming the place and the remedy.
    """
    for name, pool in pools.items():
        if name in balancers:
            raise fault_at(
                ("balancers", name), f'both a balancer and servers are called "{name}"; rename one'
            )
        for other in pools:
            if other != name and set(pool.nodes(name)) & set(pools[other].nodes(other)):
                raise fault_at(
                    ("servers", name),
                    f'"{name}" and "{other}" both have a server called '
                    f'"{(set(pool.nodes(name)) & set(pools[other].nodes(other))).pop()}"; rename '
                    "one of them",
                )
    for name, balancer in balancers.items():
        _check_balancer(name, balancer, pools)
    entrances = [_checked(place, path, pools, balancers) for place, path in paths.values()]
    reached = {pool for entrance in entrances for pool in entrance.pools}
    for name in pools:
        if name not in reached:
            raise fault_at(
                ("servers", name),
                f'no path that clients take leads to the servers "{name}"; name them in a '
                "balancer's `servers` or a path's `leads_to`, or remove them",
            )
    for name in balancers:
        if all(entrance.name != name for entrance in entrances):
            raise fault_at(
                ("balancers", name),
                f'no path that clients take leads to the balancer "{name}"; name it in a path\'s '
                "`leads_to`, or remove it",
            )


def check_waits(pools: Mapping[Place, ServerPool], patience: float) -> None:
    """Check that servers can answer before clients give a connection up.

    Args:
        pools: the servers, by where they are described.
        patience: how long clients wait for a response (seconds).

    Raises `pydantic.ValidationError`, naming the place and the remedy.
    """
    for place, pool in pools.items():
        application, holder = pool.application, pool.private_key
        waits: dict[Place, RandomDuration] = {}
        if application is not None:
            waits[(*place, "application", "back_end")] = application.back_end
        if holder is not None and pool.security != "plain":
            waits[(*place, "private_key", "latency")] = holder.latency
        for where, wait in waits.items():
            least = quantile(wait, 0.0)
            if least >= patience:
                raise fault_at(
                    where,
                    f'this takes at least "{least:g} s", and clients wait "{patience:g} s" for a '
                    "response: none would get one; write less, or a longer tcp.user_timeout",
                )


def _check_balancer(name: str, balancer: Balancer, pools: Mapping[str, ServerPool]) -> None:
    place: Place = ("balancers", name)
    for number, pool in enumerate(balancer.servers or ()):
        if pool not in pools:
            raise fault_at(
                (*place, "servers", number),
                f'there are no servers "{pool}"; there are: {", ".join(pools)}',
            )
    chosen = tuple(pools) if balancer.servers is None else balancer.servers
    for number, pool in enumerate(chosen):
        if pool in chosen[:number]:
            raise fault_at((*place, "servers", number), f'"{pool}" stands here twice')
    for pool in balancer.weights:
        if pool not in chosen:
            raise fault_at(
                (*place, "weights", pool),
                f'the balancer has no servers "{pool}"; it has: {", ".join(chosen)}',
            )
    if all(balancer.weights.get(pool, 1.0) == 0 for pool in chosen):
        raise fault_at(
            (*place, "weights"),
            f'the balancer "{name}" has no server of a weight above 0; give one to some',
        )
    nodes = [(pool, node) for pool in chosen for node in pools[pool].nodes(pool)]
    names = [node for _, node in nodes]
    for node in balancer.draining:
        if node not in names and node not in chosen:
            raise fault_at(
                (*place, "draining", node),
                f'the balancer has no server "{node}"; it has: {", ".join(names)}',
            )
    if all(node in balancer.draining or pool in balancer.draining for pool, node in nodes):
        raise fault_at(
            (*place, "draining"),
            f'all servers of the balancer "{name}" drain, and none is left for new connections; '
            "leave one",
        )
    front, *others = chosen
    for other in others:
        for key in ("name", "address", "port"):
            one, another = getattr(pools[front], key), getattr(pools[other], key)
            if one != another:
                raise fault_at(
                    ("servers", other, key),
                    f'behind the balancer "{name}" all have one {key}: "{front}" has {one}, '
                    f'"{other}" {another}',
                )


def _checked(
    place: Place, path: Path, pools: Mapping[str, ServerPool], balancers: Mapping[str, Balancer]
) -> Entrance:
    """What a path leads to."""
    known = ", ".join([*balancers, *pools])
    if path.leads_to is not None and path.leads_to not in {**balancers, **pools}:
        raise fault_at(
            place, f'there is no balancer and no server "{path.leads_to}"; there are: {known}'
        )
    try:
        return entrance_of(path, pools, balancers)
    except KeyError:
        raise fault_at(
            place, f"say where the path leads, by a `leads_to`: there are {known}"
        ) from None


def _only(named: Mapping[str, object]) -> str | None:
    return next(iter(named)) if len(named) == 1 else None
