"""Worlds with boxes on the path, and what the boxes saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

import sim
from sim.middleboxes.client_hello import ClientHello, begins_client_hello, read_client_hello
from sim.middleboxes.middlebox import Behaviour, Flow, Middlebox, Seen, Verdict
from tests.sim.worlds import rows, scenario, simulated

NEAR, FAR = 0.02, 0.08
"""Round trips from the clients to the boxes, and from there to the server, seconds."""

IE6, SSL3, IE8 = (
    "internet-explorer-6",
    "internet-explorer-6-ssl-3",
    "internet-explorer-8-windows-7",
)


def network(boxes: Mapping[str, Mapping[str, Any]], **changes: Any) -> dict[str, Any]:
    """Changes to a small world that put these boxes, by name, between two links."""
    return {
        "duration": "20 s",
        "arrivals__rate": "1 /s",
        "population__clients": 6,
        "http__requests": 1,
        "links": {"near": {"round_trip_time": "20 ms"}, "far": {"round_trip_time": "80 ms"}},
        "middleboxes": dict(boxes),
        "paths": {"way": {"crosses": ["near", *boxes, "far"]}},
        "path": "way",
        **changes,
    }


def behind(kind: str, settings: Mapping[str, Any] = {}, **changes: Any) -> sim.MemorySink:
    """The tables of a small world with one box, which is called "box"."""
    return simulated(scenario(**network({"box": {"kind": kind, **settings}}, **changes)))


def connections(tables: sim.MemorySink) -> list[dict[str, Any]]:
    """The rows of the table `connections`, in order of beginning."""
    found = rows(tables.table("connections").sort_by("connection"))
    assert found
    return found


def verdicts(tables: sim.MemorySink) -> dict[tuple[str, str, str], int]:
    """The table `verdicts`: how many connections by box, action and reason."""
    return {
        (row["node"], row["action"], row["reason"]): row["connections"]
        for row in rows(tables.table("verdicts"))
    }


def last(tables: sim.MemorySink, node: str = "box") -> dict[str, Any]:
    """The last row of the table `middleboxes` of a box."""
    return [row for row in rows(tables.table("middleboxes")) if row["node"] == node][-1]


def count(found: list[dict[str, Any]], *columns: str) -> Counter[Any]:
    """How many connections have which values in these columns."""
    return Counter(tuple(row[column] for column in columns) for row in found)


def watch(patch: pytest.MonkeyPatch, kind: type[Middlebox]) -> list[tuple[Seen, bool]]:
    """What boxes of a kind will be shown: flights, bytes and all, and which go to the server."""
    shown: list[tuple[Seen, bool]] = []
    behaves = kind.new_behaviour

    def behaves_in_view(self: Middlebox, now: float) -> Behaviour:
        return InView(behaves(self, now), shown)

    patch.setattr(kind, "new_behaviour", behaves_in_view)
    patch.setattr(kind, "reads", "plaintext")
    return shown


class InView(Behaviour):
    """What a box does, and what it was shown."""

    def __init__(self, behaviour: Behaviour, shown: list[tuple[Seen, bool]]) -> None:
        self._behaviour = behaviour
        self._shown = shown

    def opens(self, flow: Flow, now: float) -> Verdict:
        return self._behaviour.opens(flow, now)

    def translated(self, flow: Flow) -> Flow:
        return self._behaviour.translated(flow)

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        self._shown.append((seen, to_server))
        return self._behaviour.carries(flow, now, seen, to_server=to_server)

    def continues(self, flow: Flow, moment: float) -> None:
        self._behaviour.continues(flow, moment)

    def closes(self, flow: Flow, moment: float) -> None:
        self._behaviour.closes(flow, moment)

    def entries(self, now: float) -> int:
        return self._behaviour.entries(now)


def hellos(shown: list[tuple[Seen, bool]]) -> list[ClientHello]:
    """The ClientHellos among what was shown, read in full."""
    found = []
    for seen, to_server in shown:
        if to_server and begins_client_hello(seen.data):
            hello = read_client_hello(seen.data)
            assert hello is not None
            assert seen.size == len(seen.data)
            found.append(hello)
    return found
