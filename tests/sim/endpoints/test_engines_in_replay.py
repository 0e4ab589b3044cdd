"""Boxes that read everything: their connections run engines in replay, the others do not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import sim
from sim.endpoints.live import LiveEndpointFactory
from sim.endpoints.replay_factory import ReplayEndpointFactory
from tests.sim.endpoints.readers import reading, tables, world
from tests.sim.middleboxes.networks import IE6, IE8, SSL3

MACHINE = {"machine": "pentium-iii-933"}
CACHE = {"capacity": 4, "lifetime": "20 s"}
BRIDGE = {"kind": "terminating-proxy", "profile": IE6, "sessions": CACHE, **MACHINE}
INNER = BRIDGE | {"address": "198.51.100.3"}
DECODER, AFFINITY = {"kind": "decoder", "remembers": 6}, {"kind": "affinity", "remembers": 6}
LOSSY = {"round_trip_time": "60 ms", "loss": 0.05}
CLIENTS = [
    {"profile": IE6, "share": 0.4},
    {"profile": IE8, "share": 0.3, "path": "home"},
    {"profile": SSL3, "share": 0.3, "path": "home"},
]
LINKS = dict.fromkeys(("near", "between", "far", "dsl"), LOSSY)


def paths(way: list[str], home: list[str], **boxes: Any) -> dict[str, Any]:
    """Two paths of several browsers, to a server with a small cache."""
    return reading(
        {"decoder": DECODER, **boxes},
        links=LINKS,
        paths={"way": {"crosses": way}, "home": {"crosses": home}},
        clients=CLIENTS,
        server__sessions={"capacity": 5, "lifetime": "20 s"},
    )


Hop = tuple[str, bool]
WORLDS: dict[str, tuple[dict[str, Any], set[Hop]]] = {
    "on the only path": (reading({"decoder": DECODER}), {("peers", True)}),
    "on one of two paths, with one cache": (
        paths(["near", "decoder", "far"], ["dsl", "far"]),
        {("peers", True), ("peers", False)},
    ),
    "before a bridge": (
        paths(["near", "decoder", "bridge", "far"], ["dsl", "bridge", "far"], bridge=BRIDGE),
        {
            ("peers.(clients).bridge", True),
            ("peers.(clients).bridge", False),
            ("peers.bridge.(server)", False),
        },
    ),
    "behind a bridge, on one of two paths": (
        paths(
            ["near", "bridge", "between", "decoder", "far"],
            ["dsl", "bridge", "far"],
            bridge=BRIDGE,
        ),
        {("peers.(clients).bridge", False), ("peers.bridge.(server)", True)},
    ),
    "behind a bridge that goes two ways": (
        paths(
            ["near", "bridge", "between", "decoder", "far"],
            ["dsl", "bridge", "between", "inner", "far"],
            bridge=BRIDGE,
            inner=INNER,
        ),
        {
            ("peers.(clients).bridge", False),
            ("peers.bridge.(server)", True),
            ("peers.bridge.inner", True),
            ("peers.inner.(server)", False),
        },
    ),
    "nowhere": (
        paths(["near", "far"], ["dsl", "affinity", "far"], affinity=AFFINITY),
        {("peers", False)},
    ),
    "where no TLS is spoken": (
        paths(
            ["near", "bridge", "between", "decoder", "far"],
            ["dsl", "far"],
            bridge=BRIDGE | {"behind": "clear"},
        ),
        {("peers.(clients).bridge", False), ("peers", False)},
    ),
}


@pytest.mark.parametrize(("changes", "hops"), WORLDS.values(), ids=WORLDS)
def test_tables_are_those_of_live(
    changes: dict[str, Any], hops: set[Hop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And engines run in every connection of these hops of TLS alone."""
    live = tables(world(changes))
    assert len(live["connections"]) > 50
    made: set[Hop] = set()
    for kind in (LiveEndpointFactory, ReplayEndpointFactory):
        begin = kind.__init__

        def noted(
            self: Any, *arguments: Any, kind: Any = kind, begin: Any = begin, **named: Any
        ) -> None:
            labels = [each for each in arguments if str(each).startswith("peers")]
            made.update((label, kind is LiveEndpointFactory) for label in labels)
            begin(self, *arguments, **named)

        monkeypatch.setattr(kind, "__init__", noted)
    assert tables(world(changes, fidelity="replay", traces=2)) == live
    assert made == hops


def test_a_bridge_offers_one_servers_session_to_another() -> None:
    """A proxy remembers one session, whichever way its connections go: the other end misses it."""
    changes = reading(
        {"bridge": BRIDGE, "inner": INNER},
        links=LINKS,
        paths={
            "way": {"crosses": ["near", "bridge", "far"]},
            "home": {"crosses": ["dsl", "bridge", "between", "inner", "far"]},
        },
        clients=CLIENTS,
    )
    live = tables(world(changes))
    outcomes = Counter(row["outcome"] for row in live["bridged"] if row["proxy"] == "bridge")
    assert min(outcomes["full"], outcomes["resumed-by-id"]) > 5
    for traces in (1, 8):
        assert tables(world(changes, fidelity="replay", traces=traces)) == live


def test_boxes_that_need_engines_are_named() -> None:
    """Those on paths that are taken, where traces would be replayed."""

    def named(key: str, **more: Any) -> tuple[str, ...]:
        return sim.boxes_that_need_engines(world(WORLDS[key][0], **more))

    assert named("on the only path", fidelity="replay") == ("decoder",)
    assert named("behind a bridge that goes two ways", fidelity="replay") == ("decoder",)
    assert named("on the only path") == ()
    assert named("nowhere", fidelity="replay") == ()
    assert named("where no TLS is spoken", fidelity="replay") == ()
