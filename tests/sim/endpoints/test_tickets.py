"""Session tickets in live and in replay: the same tables, whatever opens them and reads them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import sim
from tests.sim.endpoints.readers import Watch, reading, tables, world
from tests.sim.worlds import rows, scenario, simulated
from tls.messages import ClientHello

FIREFOX, OPENSSL, IE6 = "firefox-45", "openssl-3", "internet-explorer-6"
MACHINE = "xeon-2026"
WITH_TICKETS = [
    {"profile": FIREFOX, "share": 0.5, "machine": MACHINE},
    {"profile": OPENSSL, "share": 0.5, "machine": MACHINE},
]
MIXED = [WITH_TICKETS[0], {"profile": IE6, "share": 0.5, "machine": MACHINE}]
BASE: dict[str, Any] = {
    "clients": WITH_TICKETS,
    "server__identity": "contoso-rsa-2048",
    "server__machine": MACHINE,
    "population__clients": 20,
    "arrivals__rate": "8 /s",
    "duration": "40 s",
    "http__requests": 1,
}
ROTATED = {"lifetime": "20 s", "rotation": "5 s", "kept": 1}


def farm(tickets: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Three servers in turn instead of one."""
    web = {"count": 3, "identity": "contoso-rsa-2048", "machine": MACHINE, "tickets": tickets}
    without = {key: value for key, value in BASE.items() if not key.startswith("server__")}
    return {**without, "server": None, "servers": {"web": web | changes}}


WORLDS: dict[str, dict[str, Any]] = {
    "long-lived tickets": {"server__tickets": {"lifetime": "5 min"}},
    "short-lived tickets": {"server__tickets": {"lifetime": "3 s"}},
    "no cache beside them": {"server__tickets": {"lifetime": "5 min"}, "server__sessions": None},
    "rotation": {"server__tickets": ROTATED},
    "no former key": {"server__tickets": ROTATED | {"kept": 0}},
    "no renewal": {"server__tickets": ROTATED | {"kept": 2, "renew": False, "skew": "3 s"}},
    "restarts": {
        "server__tickets": {"lifetime": "5 min", "keys": "per server", "restart_interval": "7 s"}
    },
    "some clients without": {"server__tickets": ROTATED, "clients": MIXED},
    "false start": {
        "server__tickets": ROTATED,
        "clients": [{"profile": FIREFOX, "machine": MACHINE}],
        "http__requests": 3,
    },
    "client certificates in them": {
        "server__tickets": ROTATED,
        "server__client_certificates": "required",
        "clients": [{"profile": OPENSSL, "certificate": "client-rsa-1024"}],
    },
    "a warm start": {"server__tickets": ROTATED, "kind": "steady-state", "warm_up": "10 s"},
    "a warm start, no renewal": {
        "server__tickets": ROTATED | {"renew": False},
        "kind": "steady-state",
        "warm_up": "10 s",
    },
    "a warm start of both": {
        "server__tickets": ROTATED,
        "clients": MIXED,
        "kind": "steady-state",
        "warm_up": "10 s",
    },
    "a certificate that expires": {
        "server__tickets": {"lifetime": "5 min"},
        "start": "2049-12-31T23:59:40Z",
    },
    "an overloaded server": {
        "server__tickets": ROTATED,
        "server__machine": "pentium-iii-933",
        "arrivals__rate": "60 /s",
        "duration": "8 s",
    },
    "losses": {"server__tickets": ROTATED, "path": {"round_trip_time": "60 ms", "loss": 0.05}},
    "a farm that shares its keys": farm({"lifetime": "5 min"}),
    "a farm that does not": farm({"lifetime": "5 min", "keys": "per server"}),
    "a farm out of step": farm(ROTATED | {"skew": "5 s"}),
    "a farm that restarts": farm(
        {"lifetime": "5 min", "keys": "per server", "restart_interval": "9 s"},
        sessions={"capacity": 100, "lifetime": "5 min"},
    ),
}


def all_tables(described: sim.Scenario) -> dict[str, list[dict[str, Any]]]:
    sink = simulated(described, seed=3)
    return {name: rows(sink.table(name)) for name in sim.SCHEMAS}


@pytest.mark.parametrize("changes", WORLDS.values(), ids=WORLDS)
def test_the_tables_are_those_of_live_engines(changes: dict[str, Any]) -> None:
    """Every value, to the last bit."""
    changes = changes if "servers" in changes else {**BASE, **changes}
    live = all_tables(scenario(**changes))
    by_ticket = [row for row in live["connections"] if row["outcome"] == "resumed-by-ticket"]
    assert len(by_ticket) > 20
    for traces in (1, 4):
        assert all_tables(scenario(**changes, fidelity="replay", traces=traces)) == live


def test_outcomes_tell_tickets_and_ids_apart() -> None:
    """By what a client asks for, and by what a server has: each column where it has a meaning."""
    found = all_tables(scenario(**{**BASE, **WORLDS["some clients without"]}))["connections"]
    seen = Counter(
        (row["profile"], row["outcome"], row["cache_hit"], row["ticket_accepted"]) for row in found
    )
    assert set(seen) == {
        (FIREFOX, "full", None, None),
        (FIREFOX, "full", None, False),
        (FIREFOX, "resumed-by-ticket", None, True),
        (IE6, "full", None, None),
        (IE6, "resumed-by-id", True, None),
    }


def test_a_server_without_tickets_goes_by_ids() -> None:
    """The extension of the hello is ignored."""
    found = all_tables(scenario(**BASE))["connections"]
    assert {row["outcome"] for row in found} == {"full", "resumed-by-id"}
    assert {row["ticket_accepted"] for row in found} == {None}


def test_a_client_forgets_a_ticket_when_its_hint_says() -> None:
    """No ticket is offered that is older than its lifetime, give or take a handshake."""
    changes = {**BASE, "server__tickets": {"lifetime": "5 s"}, "population__clients": 60}
    found = all_tables(scenario(**changes))["connections"]
    made: dict[int, float] = {}
    late = 0
    for row in found:
        age = row["arrival"] - made.get(row["client"], -100.0)
        if age > 5.5:
            assert row["outcome"] == "full"
            assert not row["offered_session"]
            late += row["client"] in made
        if row["outcome"] == "full":
            made[row["client"]] = row["arrival"]
    assert late > 50


ALL = {
    "randoms": {"kind": "no-repetition"},
    "ids": {"kind": "affinity"},
    "hashes": {"kind": "by-hash"},
    "echo": {"kind": "echo"},
}


@pytest.mark.parametrize(
    "boxes",
    [
        {name: ALL[name] for name in ("randoms", "hashes")},
        {"echo": ALL["echo"]},
        {"ids": ALL["ids"]},
        {"decoder": {"kind": "decoder"}},
        {
            "bridge": {
                "kind": "terminating-proxy",
                "machine": MACHINE,
                "tickets": ROTATED,
                "profile": OPENSSL,
            }
        },
    ],
    ids=["randoms and hashes", "echo", "ids", "decoder", "bridge"],
)
def test_boxes_do_as_they_do_live(boxes: dict[str, Any]) -> None:
    """Randoms and IDs are live's very bytes, that beside a ticket included."""
    changes = reading(
        boxes,
        clients=MIXED,
        server__tickets=ROTATED,
        server__identity="contoso-rsa-2048",
        duration="30 s",
    )
    live = tables(world(changes))
    assert len(live["connections"]) > 50
    for traces in (1, 4):
        assert tables(world(changes, fidelity="replay", traces=traces)) == live


def test_tickets_on_the_wire() -> None:
    """Replay shows hellos with tickets and IDs as live does: as long, and the IDs byte for byte."""

    def shown(fidelity: str) -> list[tuple[float, bytes]]:
        Watch.shown.clear()
        changes = reading(
            {"box": {"kind": "watch"}},
            clients=[{"profile": OPENSSL, "machine": MACHINE}],
            server__tickets=ROTATED,
            duration="20 s",
        )
        simulated(world(changes, fidelity=fidelity), seed=3)
        return [(now, seen.data) for _, _, now, seen, _ in Watch.shown]

    live, replay = shown("live"), shown("replay")
    assert [(now, len(data)) for now, data in live] == [(now, len(data)) for now, data in replay]
    tickets = set()
    for (_, one), (_, other) in zip(live, replay, strict=True):
        if one[:1] != b"\x16" or one[5:6] != b"\x01":
            continue
        length = int.from_bytes(one[6:9], "big")
        of_live = ClientHello.decode(one[9 : 9 + length], 0x0301)
        of_replay = ClientHello.decode(other[9 : 9 + length], 0x0301)
        assert of_live.session_id == of_replay.session_id
        assert of_live.random == of_replay.random
        ticket = of_replay.extensions[35]
        assert len(ticket) == len(of_live.extensions[35])
        assert bool(ticket) == bool(of_replay.session_id)
        if ticket:
            assert ticket not in tickets
            tickets.add(ticket)
    assert len(tickets) > 20
