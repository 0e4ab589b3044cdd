"""The places that servers have for connections: how many are in use, and how many are asked for."""

from __future__ import annotations

import pandas as pd

from experiments.studies.study import DesignPoint, Study


def places_in_use(
    study: Study, servers: pd.DataFrame, held: pd.DataFrame, warm_up: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the shares of each pool's places that are in use.

    Args:
        study: what was run.
        servers: as `Measurements.servers` has them.
        held: as `Measurements.holding` has it.
        warm_up: as `Measurements.warm_up` has it.

    Columns: `point`, `replication`, `name` (of the pool), `mean` and `busiest` (shares in use, of
    the mean sample and of the busiest), `asked` (the share that would be in use had each connection
    found a place at once: above 1 more are asked for than there are). Pools without a limit of
    connections have no rows.
    """
    cut: dict[int, float] = {}
    if warm_up is not None:
        cut = dict(zip(warm_up["point"], warm_up["warm_up_end"], strict=True))
    frames = [
        _of_pool(point, name, servers, held, cut.get(point.index, 0.0))
        for point in study.points
        for name, pool in point.scenario.pools.items()
        if pool.connections is not None
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _of_pool(
    point: DesignPoint, name: str, servers: pd.DataFrame, held: pd.DataFrame, cut: float
) -> pd.DataFrame:
    """Return one pool's rows; `cut` seconds are left out as an initial transient."""
    world = point.scenario
    pool = world.pools[name]
    assert pool.connections is not None
    places = pool.connections.scaled(world.scale)
    sampled, holding = (
        frame[(frame["point"] == point.index) & frame[column].isin(pool.nodes(name))]
        for frame, column in ((servers, "node"), (held, "server"))
    )
    opened = sampled.groupby("replication").agg(
        mean=("open_mean", "mean"), busiest=("open_most", "max")
    )
    sums = holding.groupby("replication")[["connections", "refused", "place_seconds"]].sum()
    found = (sums["connections"] - sums["refused"]) / sums["connections"]
    held_at_once = sums["place_seconds"] / (world.duration - cut)
    asked = held_at_once / found / (pool.count * places)
    shares = (opened / places).clip(upper=1.0).assign(asked=asked)
    return shares.reset_index().assign(point=point.index, name=name)
