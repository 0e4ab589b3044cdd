"""A fixed share of resumption: an input, whatever clients and servers remember."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pyarrow.compute as pc
import pytest
from pydantic import ValidationError

import sim
from tests.sim.worlds import connections, rows, scenario, simulated

IE6, FIREFOX = "internet-explorer-6", "firefox-45"
OFTEN: dict[str, Any] = {"arrivals__rate": "40 /s", "http__requests": 1, "server__cores": 64}
TICKETS: dict[str, Any] = {"lifetime": "5 min"}
FORGETFUL = {"capacity": 0, "lifetime": "1 s"}

Row = dict[str, Any]


def clients(resumption: float, profile: str = IE6, **behaviour: Any) -> list[dict[str, Any]]:
    return [{"profile": profile, "resumption": resumption, **behaviour}]


def made(share: float, profile: str = IE6, **changes: Any) -> list[Row]:
    """The connections of a world in replay; live ones are the same."""
    world = {"clients": clients(share, profile), **OFTEN, **changes}
    return rows(connections(scenario(**world, fidelity="replay")))


def resumed(connections: list[Row], how: str = "resumed-by-id") -> set[int]:
    """Those that have resumed so; all others are full."""
    assert {row["outcome"] for row in connections} <= {how, "full"}
    return {row["connection"] for row in connections if row["outcome"] == how}


@pytest.mark.parametrize("sessions", [FORGETFUL, {"capacity": "unlimited", "lifetime": "1 h"}])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.6, 1.0])
def test_the_share_is_the_input_whatever_the_cache_holds(share: float, sessions: Row) -> None:
    connections = made(share, server__sessions=sessions)
    count = len(connections)
    error = 3 * sqrt(share * (1 - share) / count)
    assert abs(len(resumed(connections)) / count - share) <= error
    for row in connections:
        assert row["offered_session"] == (row["outcome"] != "full")
        assert row["cache_hit"] is row["ticket_accepted"] is None


def test_a_larger_share_resumes_more_of_the_same_connections() -> None:
    few, many = made(0.3), made(0.7)
    assert [row["arrival"] for row in few] == [row["arrival"] for row in many]
    assert resumed(few) < resumed(many)


@pytest.mark.parametrize(
    "tickets",
    [
        TICKETS,
        {**TICKETS, "keys": "per server", "restart_interval": "1 s"},
        {**TICKETS, "rotation": "100 ms", "kept": 0},
        {"lifetime": "1 s"},
    ],
)
def test_tickets_are_good_whatever_the_keys(tickets: Row) -> None:
    changes = {"server__tickets": tickets, "server__sessions": None}
    connections = made(1.0, FIREFOX, **changes)
    assert len(resumed(connections, "resumed-by-ticket")) == len(connections) > 1000


def test_an_input_costs_what_it_costs_when_it_comes_about() -> None:
    """A resumed handshake and a full one take as many bytes and as long as any."""
    quiet = {"arrivals__rate": "0.5 /s", "server__cores": 1}
    for profile, tickets in ((IE6, None), (FIREFOX, TICKETS)):
        changes = {**quiet, "server__tickets": tickets}
        remembering = rows(connections(scenario(**OFTEN | changes, clients=[{"profile": profile}])))
        kinds = [
            {
                (
                    row["outcome"],
                    row["bytes_sent"],
                    row["bytes_received"],
                    round(row["server_cpu"], 9),
                )
                for row in each
            }
            for each in (remembering, made(0.5, profile, **changes))
        ]
        assert kinds[0] == kinds[1]
        assert len(kinds[0]) == 2


WORLDS: dict[str, dict[str, Any]] = {
    "by ID": {},
    "by ticket": {"clients": clients(0.5, FIREFOX), "server__tickets": TICKETS},
    "two of a kind": {
        "clients": [
            *clients(0.5, share=0.5, connections=2),
            {"profile": FIREFOX, "share": 0.5, "resumption": 0.5},
        ]
    },
    "beside others who remember": {
        "clients": [*clients(0.5, share=0.5), {"profile": FIREFOX, "share": 0.5}],
        "server__tickets": TICKETS,
    },
    "a steady state": {"kind": "steady-state", "warm_up": "20 s"},
    "a cache over the network": {
        "server__sessions": {
            "capacity": 5,
            "lifetime": "5 min",
            "per": "pool",
            "over_network": {"latency": "30 ms"},
        }
    },
    "worker processes": {
        "server__cores": 4,
        "server__processor": {"discipline": "workers"},
        "server__sessions": {"capacity": 5, "lifetime": "5 min", "per": "worker"},
    },
    "a key elsewhere": {"server__private_key": {"service_time": "20 ms", "parallelism": 2}},
    "a certificate that expires": {
        "server__identity": {"key": "rsa-1024", "not_after": "1998-06-30T00:00:20Z"}
    },
}


@pytest.mark.parametrize("changes", WORLDS.values(), ids=WORLDS.keys())
def test_live_and_replay_are_equal(changes: dict[str, Any]) -> None:
    whole = {"clients": clients(0.5), **changes}
    live, replay = (
        simulated(scenario(**whole, fidelity=fidelity)) for fidelity in ("live", "replay")
    )
    for name in sim.SCHEMAS:
        assert live.table(name).equals(replay.table(name)), name
    outcomes = set(live.table("connections").column("outcome").to_pylist())
    assert outcomes > {"full"}


def test_a_cache_over_the_network_is_not_waited_for() -> None:
    table = connections(scenario(**WORLDS["a cache over the network"], clients=clients(1.0)))
    assert pc.sum(table.column("time_session_store")).as_py() == 0


def test_who_trusts_the_certificate_no_more_resumes_nothing() -> None:
    """A browser checks the certificate of a session that it offers, at the time of offering."""
    late = {"key": "rsa-1024", "not_after": "1998-06-29T00:00:00Z"}
    assert {row["outcome"] for row in made(1.0, server__identity=late)} == {"failed"}
    world = {"clients": clients(1.0, warnings="overridden"), "server__identity": late}
    assert set(connections(scenario(**world)).column("outcome").to_pylist()) == {"resumed-by-id"}


PROXIED = {
    "path": "way",
    "links": {"near": {"round_trip_time": "1 ms"}, "far": {"round_trip_time": "1 ms"}},
    "middleboxes": {"proxy": {"kind": "terminating-proxy", "machine": "xeon-2026"}},
    "paths": {"way": {"crosses": ["near", "proxy", "far"]}},
}


@pytest.mark.parametrize(
    ("profile", "changes", "message"),
    [
        (IE6, {"server__sessions": None}, "give it `sessions` or remove"),
        (FIREFOX, {"server__sessions": None}, "give it `sessions`, or tickets, or remove"),
        (IE6, {"server__sessions": None, "server__tickets": TICKETS}, "give it `sessions` or"),
        (IE6, {"server__security": "plain"}, "HTTP without TLS"),
        (IE6, PROXIED, '"proxy" resumes no session'),
    ],
)
def test_a_share_that_cannot_be(profile: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        scenario(clients=clients(0.5, profile), **changes)
    (error,) = caught.value.errors()
    assert message in error["msg"]
    assert error["loc"][-1] == "resumption"
    assert scenario(clients=clients(0.0, profile), **changes)


@pytest.mark.parametrize("share", [-0.1, 1.1, "60 %", float("nan")])
def test_no_share(share: Any) -> None:
    with pytest.raises(ValidationError):
        scenario(clients=clients(share))
