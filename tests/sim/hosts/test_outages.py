"""A server that goes down loses its jobs, connections, caches and ticket keys of its own."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from tests.sim.worlds import HEADINGS, rows, scenario, simulated

DOWN, BACK = 20.0, 24.0


def site(kind: str, **changes: Any) -> sim.Scenario:
    """One server that is down from 20 to 24 s; its clients come back all the time."""
    outage = {"at": f"{DOWN} s", "lasts": f"{BACK - DOWN} s", "kind": kind}
    settings = {
        "server__outages": [outage],
        "server__machine": "nginx-2026",
        "tcp": {"connect_timeout": "3 s", "user_timeout": "3 s"},
        "arrivals__rate": "20 /s",
        "population__clients": 20,
        "http__requests": 3,
        "http__think_time": "200 ms",
        **changes,
    }
    return scenario(**settings)


def connections(world: sim.Scenario) -> list[dict[str, Any]]:
    found = rows(simulated(world, seed=7).table("connections"))
    for row in found:
        assert sum(row[name] for name in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)
    return found


def end(row: dict[str, Any]) -> float:
    return float(row["arrival"] + row["duration"])


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_a_process_that_ends_resets_and_refuses(fidelity: str) -> None:
    found = connections(site("process", fidelity=fidelity))
    failed = [row for row in found if row["outcome"] == "failed"]
    assert {(row["stopped_by"], row["reason"]) for row in failed} == {
        ("www.contoso.com", "server down")
    }
    opened = [row for row in failed if row["arrival"] < DOWN - 0.05]
    came = [row for row in failed if row["arrival"] > DOWN]
    assert {row["symptom"] for row in opened} == {"reset"}
    assert len(opened) > 3
    # A RST to what was open is there half a round trip later, whenever the client speaks next.
    assert all(DOWN < end(row) < DOWN + 0.4 for row in opened)
    assert {row["symptom"] for row in came} == {"reset"}
    assert all(row["duration"] == pytest.approx(0.1, abs=1e-6) for row in came)
    assert len(came) == pytest.approx(80, abs=25)
    assert max(row["arrival"] for row in failed) < BACK


def test_a_machine_that_is_down_says_nothing() -> None:
    found = connections(site("machine"))
    failed = [row for row in found if row["outcome"] == "failed"]
    came = [row for row in failed if DOWN < row["arrival"] < BACK - 3]
    assert len(came) > 5
    assert {row["symptom"] for row in came} == {"timeout"}
    # A repetition of the SYN, a second behind the first, may find it back.
    assert all(row["duration"] == pytest.approx(3.0) for row in came)
    late = [row for row in found if BACK - 1 < row["arrival"] < BACK - 0.1]
    assert {row["outcome"] for row in late} & {"full", "resumed-by-id"}
    assert all(row["connect_time"] > 1 for row in late)


@pytest.mark.parametrize("discipline", ["fifo", "processor-sharing", "workers"])
@pytest.mark.parametrize("blocking", [False, True])
def test_who_is_down_is_not_busy(discipline: str, blocking: bool) -> None:
    """Nor before, for what the outage has cut off."""
    signer = {"service_time": "1 ms", "blocking": blocking}
    world = site(
        "process",
        fidelity="replay",
        sample_interval="1 s",
        server__application={"cpu": "10 ms"},
        server__processor={"discipline": discipline},
        server__private_key=signer,
    )
    samples = rows(simulated(world, seed=7).table("samples"))
    busy = {row["time"]: row["utilisation"] for row in samples if row["node"] == "www.contoso.com"}
    down = [busy[time] for time in busy if DOWN < time <= BACK]
    assert down == [0.0] * 4
    up = [busy[time] for time in busy if 2 < time <= DOWN]
    assert 0.3 < sum(up) / len(up) < 1


SIGNER = {"service_time": "5 ms", "latency": "1 ms", "parallelism": 2}


@pytest.mark.parametrize("signer", [None, SIGNER, SIGNER | {"blocking": True}])
@pytest.mark.parametrize("discipline", ["fifo", "processor-sharing", "workers"])
def test_work_that_is_cut_off_counts_as_far_as_it_was_done(
    discipline: str, signer: dict[str, Any] | None
) -> None:
    """A busy server's jobs are cut off at every outage; live and replay agree on how far."""
    outages = [{"at": f"{at} s", "lasts": "0.1 s"} for at in range(1, 20)]
    settings = {
        "duration": "20 s",
        "server__outages": outages,
        "server__cores": 2,
        "server__application": {"cpu": {"distribution": "exponential", "mean": "20 ms"}},
        "server__processor": {"discipline": discipline},
        "server__private_key": signer,
        "arrivals__rate": "30 /s",
    }
    found = simulated(site("process", fidelity="replay", **settings), seed=7)
    done = [row for row in rows(found.table("operations")) if row["node"] == "www.contoso.com"]
    cut_off = next(row for row in done if row["operation"] == "cut-off")
    assert cut_off["count"] > 10
    assert cut_off["cpu_seconds"] < -0.1
    worked = sum(row["server_cpu"] for row in rows(found.table("connections")))
    assert sum(row["cpu_seconds"] for row in done) == pytest.approx(worked, abs=1e-9)
    live = simulated(site("process", fidelity="live", **settings), seed=7)
    assert cut_off in rows(live.table("operations"))


def test_who_has_given_up_before_an_outage_knows_nothing_of_it() -> None:
    """The job of which it waited for the end is cut off later."""
    world = site(
        "machine",
        fidelity="replay",
        duration="30 s",
        arrivals__rate="0.2 /s",
        http__requests=1,
        server__outages=[{"at": "10 s", "lasts": "1 s"}, {"at": "20 s", "lasts": "1 s"}],
        server__application={"cpu": "8 s"},
    )
    failed = [row for row in connections(world) if row["outcome"] == "failed"]
    assert {row["symptom"] for row in failed} == {"timeout"}
    early = [row for row in failed if end(row) < 10]
    assert {row["reason"] for row in early} == {None}
    assert len(early) > 0


def first_behind(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each client's first connection that succeeds behind the outage, of those that came before."""
    before = {row["client"] for row in found if end(row) < DOWN and row["outcome"] != "failed"}
    first: dict[int, dict[str, Any]] = {}
    for row in found:
        if row["arrival"] > BACK and row["client"] in before:
            first.setdefault(row["client"], row)
    assert len(first) > 10
    return list(first.values())


def test_its_cache_is_lost() -> None:
    behind = first_behind(connections(site("process")))
    assert {row["outcome"] for row in behind} == {"full"}
    assert {row["cache_hit"] for row in behind if row["offered_session"]} == {False}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
@pytest.mark.parametrize(
    ("keys", "outcome"), [("per server", "full"), ("shared", "resumed-by-ticket")]
)
def test_ticket_keys_of_its_own_are_lost(fidelity: str, keys: str, outcome: str) -> None:
    world = site(
        "process",
        fidelity=fidelity,
        clients=[{"profile": "openssl-3", "machine": "nginx-2026"}],
        server__tickets={"lifetime": "5 min", "keys": keys},
    )
    behind = first_behind(connections(world))
    offering = [row for row in behind if row["offered_session"]]
    assert {row["outcome"] for row in offering} == {outcome}


def test_what_is_closed_while_a_machine_is_down_is_closed_in_the_end() -> None:
    """Its client's TCP gives up, and nothing stays open."""
    world = site("machine", http__requests=1, fidelity="replay", path={"round_trip_time": "1 s"})
    samples = rows(simulated(world, seed=7).table("samples"))
    assert samples[-1]["open_connections"] < 120
    slow = site(
        "machine",
        fidelity="replay",
        path={"round_trip_time": "100 ms", "loss": 0.02, "rate": "20 Mbit/s"},
    )
    sink = simulated(slow, seed=7)
    assert all(0 <= row["utilisation"] < 1 for row in rows(sink.table("links")))


def test_users_who_go_have_waited_for_it() -> None:
    """A silent machine is what they waited for in vain."""
    clients = [{"profile": "openssl-3", "machine": "nginx-2026", "patience": "2 s"}]
    found = connections(site("machine", clients=clients))
    gone = [row for row in found if row["symptom"] == "gave up"]
    assert len(gone) > 20
    assert {(row["stopped_by"], row["reason"]) for row in gone} == {
        ("www.contoso.com", "server down")
    }
