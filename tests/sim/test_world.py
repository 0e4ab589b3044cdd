"""A world as a whole: what is recorded, and that nothing but the seed decides it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import sim
from tests.sim.worlds import connections, rows, scenario, simulated

REPOSITORY = Path(__file__).parents[2]

MIXED: dict[str, Any] = {
    "warm_up": "30 s",
    "arrivals__rate": "3 /s",
    "http__requests": 1,
    "population": {"kind": "revisits", "intervals": [["10 s", 0.3], ["60 s", 0.8]]},
    "clients": [
        {"profile": "internet-explorer-6", "share": 0.5},
        {"profile": "internet-explorer-8-windows-7", "share": 0.25},
        {"profile": "internet-explorer-6-ssl-3", "share": 0.25},
    ],
    "server__sessions": {"capacity": 20, "lifetime": "30 s"},
}


def digest(sink: sim.MemorySink) -> str:
    """Of every batch as it was handed over, to the last bit."""
    state = hashlib.sha256()
    for name, batches in sorted(sink.batches.items()):
        stream = pa.BufferOutputStream()
        for batch in batches:
            state.update(f"{name} {batch.num_rows}\0".encode())
            with pa.ipc.new_stream(stream, batch.schema) as writer:
                writer.write_batch(batch)
        state.update(stream.getvalue())
    return state.hexdigest()


def test_one_seed_gives_the_same_batches_in_any_process() -> None:
    here = digest(simulated(scenario(**MIXED), seed=5, replication=2))
    assert here == digest(simulated(scenario(**MIXED), seed=5, replication=2))
    program = (
        "from tests.sim.test_world import *\n"
        "print(digest(simulated(scenario(**MIXED), seed=5, replication=2)))"
    )
    for hash_seed in ("1", "2"):
        environment = os.environ | {
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": str(REPOSITORY),
            "TZ": "Asia/Tokyo",
        }
        elsewhere = subprocess.run(
            [sys.executable, "-c", program],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert elsewhere.stdout.strip() == here


def test_progress_changes_nothing_and_goes_from_0_to_1() -> None:
    shares: list[float] = []
    sink = sim.MemorySink()
    sim.simulate(scenario(**MIXED), seed=5, replication=2, sink=sink, progress=shares.append)
    assert digest(sink) == digest(simulated(scenario(**MIXED), seed=5, replication=2))
    assert shares == sorted(shares)
    assert len(shares) > 100
    assert 0 < shares[0] < 0.02
    assert shares[-1] == 1.0


@pytest.mark.parametrize(("seed", "replication"), [(6, 2), (5, 3)])
def test_another_seed_or_replication_gives_another_path(seed: int, replication: int) -> None:
    one = connections(scenario(**MIXED), seed=5, replication=2)
    other = connections(scenario(**MIXED), seed=seed, replication=replication)
    assert not set(one["arrival"].to_pylist()) & set(other["arrival"].to_pylist())


@pytest.mark.parametrize(
    "changes",
    [
        {"server__sessions": {"capacity": 4000, "lifetime": "10 h", "eviction": "fifo"}},
        {"server__sessions": None},
        {"server__cores": 8},
        {"server__security": "plain"},
        {"server__identity": "contoso-rsa-2048"},
        {"server__machine": "nginx-2026"},
        {"server__versions": ["SSL 3.0"]},
        {"server__suites": ["TLS_RSA_WITH_DES_CBC_SHA"]},
        {"server__name": "www.example.org"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_no_change_of_the_server_changes_who_comes_when(changes: dict[str, Any]) -> None:
    """Common random numbers: designs differ by what they do with the same visits."""
    visits = ["connection", "client", "profile", "arrival"]
    before = connections(scenario(**MIXED)).select(visits)
    after = connections(scenario(**(MIXED | changes))).select(visits)
    assert after.to_pylist() == before.to_pylist()


def test_random_bytes_follow_the_connection_not_the_order_of_events() -> None:
    """A slower server changes times, but no byte of the handshakes: sizes stay the same."""
    columns = ["bytes_sent", "bytes_received", "records_sent", "records_received"]
    slow = connections(scenario(server__sessions=None))
    fast = connections(scenario(server__sessions=None, server__machine="nginx-2026"))
    assert slow.select(columns).to_pylist() == fast.select(columns).to_pylist()
    assert slow["duration"].to_pylist() != fast["duration"].to_pylist()


def test_the_warm_up_is_simulated_but_not_recorded() -> None:
    cold = connections(scenario(**(MIXED | {"warm_up": "0 s"})))
    warm = connections(scenario(**MIXED))
    for found in (cold, warm):
        assert pc.min(found["arrival"]).as_py() >= 0
        assert pc.max(found["arrival"]).as_py() < 60
    in_the_first_seconds = pc.less(warm["arrival"], 5.0)
    assert pc.any(warm.filter(in_the_first_seconds)["cache_hit"]).as_py()
    first_of_the_cold = rows(cold)[0]
    assert first_of_the_cold["connection"] == 0
    assert rows(warm)[0]["connection"] > 60


def test_terminating_lets_open_connections_end() -> None:
    sink = simulated(scenario(http__think_time="20 s"))
    found = sink.table("connections").sort_by("connection")
    ends = pc.add(found["arrival"], found["duration"])
    assert pc.max(ends).as_py() > 60 + 20
    assert found["connection"].to_pylist() == list(range(len(found)))


def test_steady_state_keeps_the_load_until_the_last_recorded_connection_has_ended() -> None:
    """Connections that begin after the end load the server, so that no server is idle."""
    changes: dict[str, Any] = {
        "arrivals__rate": "1200 /s",
        "duration": "1 s",
        "server__security": "plain",
    }
    terminating = connections(scenario(**changes))
    steady = connections(scenario(kind="steady-state", **changes))
    assert steady["arrival"].to_pylist() == terminating["arrival"].to_pylist()
    assert pc.max(steady["arrival"]).as_py() < 1
    last = slice(-20, None)
    longer = [row["duration"] for row in rows(steady)[last]]
    shorter = [row["duration"] for row in rows(terminating)[last]]
    assert sum(longer) > sum(shorter)


def test_samples() -> None:
    world = scenario(
        duration="65 s", warm_up="20 s", arrivals__rate="10 /s", server__sessions__capacity=30
    )
    sink = simulated(world)
    samples, found = rows(sink.table("samples")), sink.table("connections")
    assert [row["time"] for row in samples] == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 65.0]
    assert all(row["node"] == "www.contoso.com" for row in samples)
    assert all(0 < row["utilisation"] < 1 for row in samples)
    busy = sum(
        row["utilisation"] * (row["time"] - before)
        for row, before in zip(samples, [0.0, *(row["time"] for row in samples)], strict=False)
    )
    assert busy == pytest.approx(pc.sum(found["server_cpu"]).as_py(), rel=0.03)
    for name in ("cache_hits", "cache_misses", "cache_evictions"):
        counts = [row[name] for row in samples]
        assert counts == sorted(counts)
        assert 0 < counts[0] < counts[-1]
    assert max(row["cache_entries"] for row in samples) == 30
    hits = pc.sum(found["cache_hit"]).as_py()
    assert samples[-1]["cache_hits"] == pytest.approx(hits, abs=15)
    for row in samples:
        alive = [
            one
            for one in rows(found)
            if one["arrival"] < row["time"] <= one["arrival"] + one["duration"]
        ]
        if row["time"] > 12:  # those of the warm-up are not in the table
            assert row["open_connections"] == len(alive)


def test_samples_of_an_overloaded_server() -> None:
    world = scenario(
        arrivals__rate="1200 /s", duration="5 s", sample_interval="1 s", server__security="plain"
    )
    samples = rows(simulated(world).table("samples"))
    assert [row["utilisation"] for row in samples[1:]] == pytest.approx([1.0] * 4)
    queues = [row["queue_length"] for row in samples]
    assert queues == sorted(queues)
    assert queues[-1] > 100


def test_scale_divides_arrivals_and_capacity() -> None:
    world = scenario(
        scale="1/10",
        arrivals__rate="100 /s",
        population={"kind": "independent", "clients": 4000},
        server__sessions={"capacity": 500, "lifetime": "unlimited"},
    )
    sink = simulated(world)
    assert sink.table("connections").num_rows == pytest.approx(600, abs=110)
    assert pc.max(sink.table("samples")["cache_entries"]).as_py() == 50
    assert pc.max(sink.table("connections")["client"]).as_py() < 400


def test_shares_of_the_profiles() -> None:
    found = connections(
        scenario(
            server__security="plain",
            duration="1000 s",
            population={"kind": "independent", "clients": 100_000},
            clients=MIXED["clients"],
        )
    )
    counts = {row["values"]: row["counts"] for row in pc.value_counts(found["profile"]).to_pylist()}
    for client in MIXED["clients"]:
        expected = client["share"] * len(found)
        assert counts[client["profile"]] == pytest.approx(expected, abs=4.5 * expected**0.5)
    profiles: dict[int, str] = {}
    for row in rows(found):
        assert profiles.setdefault(row["client"], row["profile"]) == row["profile"]


def test_every_batch_has_its_schema() -> None:
    sink = simulated(scenario(**MIXED))
    assert set(sink.batches) == set(sim.SCHEMAS)
    for name, batches in sink.batches.items():
        for batch in batches:
            assert batch.schema.equals(sim.SCHEMAS[name])
            batch.validate(full=True)


def test_no_visit_at_all() -> None:
    sink = simulated(scenario(arrivals__rate="0.001 /d"))
    assert sink.table("connections").num_rows == 0
    assert sink.table("operations").num_rows == 0
    assert sink.table("samples").num_rows == 6
