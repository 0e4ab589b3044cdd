"""What is computed in the merged tables against the same in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sim
from experiments.results.measures import Measurements
from experiments.results.statistics import Interval, quantile_interval

Folder = Callable[[pd.DataFrame], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Writes a table of full connections; columns that the rows do not have are empty."""

    def write(rows: pd.DataFrame) -> Path:
        table = pa.Table.from_pandas(rows.assign(outcome="full"), preserve_index=False)
        if "server_cpu" not in rows:
            table = table.append_column("server_cpu", pa.repeat(0.001, len(rows)))
        for field in sim.SCHEMAS["connections"]:
            if field.name not in table.column_names:
                table = table.append_column(field.name, pa.nulls(len(rows), field.type))
        pq.write_table(table, tmp_path / "connections.parquet")
        return tmp_path

    return write


def rows(durations: np.ndarray, seconds: float = 1_000.0) -> pd.DataFrame:
    """Connections at equal distances; `durations` is points × replications × connections."""
    size = durations.shape[-1]
    point, replication, number = np.indices(durations.shape).reshape(3, -1)
    return pd.DataFrame(
        {
            "point": point,
            "replication": replication,
            "arrival": seconds * (number + 0.5) / size,
            "duration": durations.ravel(),
        }
    )


def test_quantile_intervals_are_those_of_the_observations(folder: Folder) -> None:
    durations = np.exp(np.random.default_rng(1).normal(size=(2, 4, 300)))
    durations[1] = durations[1].round(1)
    with Measurements(folder(rows(durations))) as measurements:
        frame = measurements.quantile_intervals("duration", [0.5, 0.95, 0.99])
    assert len(frame) == 6
    for row in frame.itertuples(index=False):
        interval = Interval(row.estimate, row.low, row.high, row.replications, row.reason)
        expected = quantile_interval(list(durations[row.point]), row.probability)
        assert repr(interval) == repr(expected)
    assert frame.loc[frame["probability"] == 0.99, "reason"].str.contains("1,000").all()
    assert (frame.loc[frame["probability"] != 0.99, "reason"] == "").all()


def test_rows_without_a_value_have_no_part_in_a_quantile(folder: Folder) -> None:
    durations = np.exp(np.random.default_rng(2).normal(size=(1, 3, 400)))
    table = rows(durations)
    table["handshake_time"] = table["duration"].where(table.index % 2 == 0)
    with Measurements(folder(table)) as measurements:
        (row,) = measurements.quantile_intervals("handshake_time", [0.5]).itertuples(index=False)
    expected = quantile_interval(list(durations[0][:, ::2]), 0.5)
    assert (row.estimate, row.low, row.high) == (expected.estimate, expected.low, expected.high)


def test_each_point_has_its_own_warm_up(folder: Folder) -> None:
    durations = np.random.default_rng(3).normal(10, 1, size=(3, 4, 2_000))
    durations[1, :, :400] += 10
    durations[2, :, :1_400] += 10
    with Measurements(folder(rows(durations)), steady_points=[0, 1, 2]) as measurements:
        warm_up = measurements.warm_up
        kept = measurements.connections()
    assert warm_up is not None
    assert list(warm_up["point"]) == [0, 1, 2]
    never, short, long = warm_up.itertuples(index=False)
    assert (never.warm_up_end, never.share_cut) == (0, 0)
    assert 199 <= short.warm_up_end <= 260
    assert short.share_cut == pytest.approx(short.warm_up_end / 1_000, rel=1e-3)
    assert (long.share_cut, long.trusted) == (0.5, False)
    assert warm_up["trusted"].sum() == 2
    assert (kept["connections"].groupby(kept["point"]).nunique() == 1).all()


def test_a_cache_that_warms_up_is_a_transient_too(folder: Folder) -> None:
    """Its work at the server shows it where the durations are all alike."""
    table = rows(np.ones((1, 4, 2_000)))
    noise = np.random.default_rng(4).normal(0, 0.0001, size=len(table))
    table["server_cpu"] = np.where(table["arrival"] < 300, 0.005, 0.001) + noise
    with Measurements(folder(table), steady_points=[0]) as measurements:
        assert measurements.warm_up is not None
        assert 299 <= measurements.warm_up["warm_up_end"].item() <= 330


def test_what_has_not_settled_is_told_by_point_and_series(folder: Folder) -> None:
    durations = np.random.default_rng(5).normal(10, 1, size=(2, 4, 2_000))
    durations[1] += np.arange(2_000) / 500
    with Measurements(folder(rows(durations))) as measurements:
        settling = measurements.settling().set_index(["point", "series"])
    assert settling["settled"].to_dict() == {
        (0, "duration"): True,
        (0, "server_cpu"): True,
        (1, "duration"): False,
        (1, "server_cpu"): True,
    }
    assert settling.loc[(1, "duration"), "change"] == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_few_connections_tell_nothing(folder: Folder, size: int) -> None:
    table = rows(np.random.default_rng(6).normal(10, 1, size=(1, 1, size)))
    with Measurements(folder(table), steady_points=[0]) as measurements:
        assert measurements.warm_up is not None
        assert measurements.warm_up["share_cut"].item() == 0
        assert measurements.connections()["connections"].item() == size
        assert set(measurements.settling()["settled"]) == {None}
