"""Replay shows real bytes: a box that heeds them does in replay what it does live."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

import sim
import tls
from tests.sim.endpoints.readers import Watch, reading, tables, world
from tests.sim.middleboxes.networks import IE6, IE8, SSL3
from tests.sim.worlds import simulated

FIREFOX, OPENSSL = "firefox-45", "openssl-3"
MACHINE = {"machine": "pentium-iii-933"}
CACHE = {"capacity": 10, "lifetime": "10 s"}
TUNNEL = {"kind": "connect-proxy", **MACHINE}
BRIDGE = {"kind": "terminating-proxy", "sessions": CACHE, **MACHINE}
LOSSY = {"round_trip_time": "60 ms", "loss": 0.05}
RANDOMS, AFFINITY, BY_HASH = {"kind": "no-repetition"}, {"kind": "affinity"}, {"kind": "by-hash"}
EVERY_BROWSER = [
    {"profile": IE6, "share": 0.2},
    {"profile": SSL3, "share": 0.2},
    {"profile": IE8, "share": 0.2},
    {"profile": FIREFOX, "share": 0.2},
    {"profile": OPENSSL, "share": 0.2},
]
EVERY_VERSION = {"clients": EVERY_BROWSER, "server__identity": "contoso-rsa-2048"}
OF_TODAY = {
    "clients": [
        {"profile": "chromium-156", "share": 0.25, "machine": "xeon-2026"},
        {"profile": "go-1.19", "share": 0.25, "machine": "xeon-2026"},
        {"profile": "gnutls-3.7", "share": 0.25, "machine": "xeon-2026"},
        {"profile": OPENSSL, "share": 0.25, "machine": "xeon-2026"},
    ],
    "server__identity": "contoso-rsa-2048",
    "server__machine": "xeon-2026",
    "server__tickets": {"lifetime": "10 s"},
    "server__groups": ["secp256r1", "x25519"],
}
"""TLS 1.3: some send a key share of one of its groups, others are asked for one."""
BROWSERS = OF_TODAY | {
    "clients": [
        {"profile": "chromium-156", "share": 0.25, "machine": "xeon-2026"},
        {"profile": "chrome-98", "share": 0.25, "machine": "xeon-2026"},
        {"profile": "firefox-esr-153", "share": 0.25, "machine": "xeon-2026"},
        {"profile": "firefox-91", "share": 0.25, "machine": "xeon-2026"},
    ],
    "server__groups": ["x25519", "secp384r1"],
}
"""GREASE, encrypted hellos and extensions in any order are drawn for their hellos."""
ALL = {"randoms": RANDOMS, "ids": AFFINITY, "hashes": BY_HASH}

WORLDS: dict[str, dict[str, Any]] = {
    "randoms": reading({"box": RANDOMS}),
    "session IDs": reading({"box": AFFINITY}),
    "few session IDs": reading({"box": AFFINITY | {"remembers": 4}}),
    "all versions": reading(ALL, **EVERY_VERSION),
    "sessions that expire": reading(ALL, server__sessions={"capacity": 100, "lifetime": "3 s"}),
    "sessions that are evicted": reading(
        ALL, server__sessions={"capacity": 4, "lifetime": "5 min"}
    ),
    "sessions of a renewing FIFO": reading(
        ALL,
        server__sessions={"capacity": 6, "lifetime": "4 s", "renew": True, "eviction": "fifo"},
    ),
    "no sessions": reading(ALL, server__sessions=None),
    "loss": reading(ALL, links={"near": LOSSY, "far": LOSSY}),
    "client certificates": reading(
        ALL,
        server__client_certificates="required",
        clients=[
            {"profile": IE6, "share": 0.5, "certificate": "client-rsa-1024"},
            {"profile": IE8, "share": 0.5},
        ],
    ),
    "a tunnel": reading(
        {"ids": AFFINITY, "tunnel": TUNNEL, "hashes": BY_HASH},
        links={"near": LOSSY, "middle": LOSSY, "far": LOSSY},
        paths={"way": {"crosses": ["near", "ids", "tunnel", "middle", "hashes", "far"]}},
    ),
    "a bridge": reading(
        ALL | {"bridge": BRIDGE, "ids behind": AFFINITY, "hashes behind": BY_HASH},
        links={"near": LOSSY, "far": LOSSY, "end": {"round_trip_time": "10 ms"}},
        paths={
            "way": {
                "crosses": [
                    *("near", "ids", "hashes", "bridge"),
                    *("far", "ids behind", "hashes behind", "end"),
                ]
            }
        },
    ),
    "TLS 1.3": reading(ALL, **OF_TODAY),
    "browsers": reading(ALL, **BROWSERS),
    "browsers, what boxes send comes from hellos": reading({"box": {"kind": "echo"}}, **BROWSERS),
    "TLS 1.3, kept by the server": reading(ALL, **OF_TODAY | {"server__tickets": None}),
    "what boxes send comes from hellos": reading({"box": {"kind": "echo"}}, **EVERY_VERSION),
}


@pytest.mark.parametrize("changes", WORLDS.values(), ids=WORLDS)
def test_boxes_do_as_they_do_live(changes: dict[str, Any]) -> None:
    """All tables are equal to the last bit."""
    live = tables(world(changes))
    assert len(live["connections"]) > 50
    for traces in (1, 8):
        assert tables(world(changes, fidelity="replay", traces=traces)) == live


def test_a_repetition_would_be_seen() -> None:
    """The boxes of these tests do stop what they are there to stop."""
    found = tables(world(WORLDS["few session IDs"]))["verdicts"]
    assert {row["action"] for row in found} == {"passed", "reset"}
    found = tables(world(WORLDS["what boxes send comes from hellos"]))["verdicts"]
    assert {row["action"] for row in found} == {"passed", "answered"}


# -- flight by flight

WATCHED: dict[str, dict[str, Any]] = {
    "all versions": reading({"box": {"kind": "watch"}}, **EVERY_VERSION),
    "TLS 1.3": reading({"box": {"kind": "watch"}}, **OF_TODAY),
    "browsers": reading({"box": {"kind": "watch"}}, **BROWSERS),
    "browsers that are asked for another hello": reading(
        {"box": {"kind": "watch"}}, **BROWSERS | {"server__groups": ["secp384r1"]}
    ),
    "client certificates": reading(
        {"box": {"kind": "watch"}},
        **{
            key: value
            for key, value in WORLDS["client certificates"].items()
            if key.startswith(("server", "clients"))
        },
    ),
    "before and behind a tunnel": reading(
        {"box": {"kind": "watch"}, "tunnel": TUNNEL, "box behind": {"kind": "watch"}},
        links={"near": LOSSY, "middle": LOSSY, "far": LOSSY},
        paths={"way": {"crosses": ["near", "box", "tunnel", "middle", "box behind", "far"]}},
    ),
    "a bridge": reading(
        {"box": {"kind": "watch"}, "bridge": BRIDGE, "box behind": {"kind": "watch"}},
        links={"near": LOSSY, "far": LOSSY, "end": LOSSY},
        paths={"way": {"crosses": ["near", "box", "bridge", "far", "box behind", "end"]}},
    ),
}
LONG = 8
"""Bytes that no two connections have in common by chance."""


def shown(described: sim.Scenario) -> list[tuple[str, sim.Flow, float, sim.Seen, bool]]:
    Watch.shown.clear()
    simulated(described, seed=3)
    return list(Watch.shown)


@pytest.mark.parametrize("changes", WATCHED.values(), ids=WATCHED)
def test_flights_are_those_of_live(changes: dict[str, Any]) -> None:
    """Flight by flight, what replay shows is what live shows, randoms and IDs byte for byte.

    What is random besides is as long, and no other connection's.
    """
    live = shown(world(changes))
    replay = shown(world(changes, fidelity="replay", traces=2))
    assert len(live) == len(replay) > 200
    protected: dict[tuple[str, sim.Flow, bool], bool] = defaultdict(bool)
    kinds: dict[tls.FreshKind, int] = defaultdict(int)
    others: dict[tuple[str, bytes], sim.Flow] = {}
    for one, other in zip(live, replay, strict=True):
        assert one[:3] == other[:3]
        assert one[4] == other[4]
        data, own = one[3].data, other[3].data
        assert one[3].size == other[3].size == len(data) == len(own)
        if data.startswith((b"CONNECT", b"HTTP")):
            assert data == own
            continue
        name, flow, to_server = one[0], one[1], one[4]
        before = protected[name, flow, to_server]
        protected[name, flow, to_server] |= tls.changes_cipher_spec(data)
        values = tls.fresh_values(data, protected=before)
        assert values == tls.fresh_values(own, protected=before)
        position = 0
        for kind, _, start, end in sorted(values, key=lambda value: value.start):
            assert data[position:start] == own[position:start]
            position = end
            kinds[kind] += 1
            if kind is not tls.FreshKind.OTHER:
                assert data[start:end] == own[start:end]
            elif end - start >= LONG:
                assert data[start:end] != own[start:end]
                assert others.setdefault((name, own[start:end]), flow) == flow
        assert data[position:] == own[position:]
    random_of_today = tls.FreshKind.TLS_1_3_SERVER_RANDOM
    speaks_tls_1_3 = changes.get("server__groups") is not None
    assert bool(kinds[random_of_today]) == speaks_tls_1_3
    of_all = {tls.FreshKind.CLIENT_RANDOM, tls.FreshKind.CLIENT_SESSION_ID, tls.FreshKind.OTHER}
    assert min(kinds[kind] for kind in of_all) > 10
    assert speaks_tls_1_3 or kinds[tls.FreshKind.SERVER_RANDOM] > 10


def test_nothing_is_made_where_nothing_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes that go by addresses and sizes cost no bytes, and are shown none in either fidelity."""
    from sim.endpoints import replay_factory

    monkeypatch.setattr(replay_factory, "OwnBytes", lambda *_: pytest.fail("bytes for nobody"))
    monkeypatch.setattr(replay_factory, "ShownEndpoints", lambda *_: pytest.fail("shown to nobody"))
    changes = reading(
        {
            "filter": {"kind": "packet-filter", "rules": [], "otherwise": "permit"},
            "firewall": {"kind": "stateful-firewall"},
            "nat": {"kind": "nat"},
            "shedder": {"kind": "load-shedder", "rate": "100 /s"},
            "front": {"kind": "syn-cookie-front"},
            "blind": {"kind": "blind"},
        }
    )
    for fidelity in ("live", "replay"):
        flights = shown(world(changes, fidelity=fidelity))
        assert flights
        assert all(not seen.data and seen.size for _, _, _, seen, _ in flights)


def test_a_box_that_reads_nothing_is_shown_nothing_beside_one_that_reads() -> None:
    changes = reading({"blind": {"kind": "blind"}, "box": {"kind": "watch"}})
    for fidelity in ("live", "replay"):
        flights = shown(world(changes, fidelity=fidelity))
        assert {(name, bool(seen.data)) for name, _, _, seen, _ in flights} == {
            ("blind", False),
            ("box", True),
        }
