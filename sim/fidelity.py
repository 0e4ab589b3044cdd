"""Where a world runs engines in every connection, though it replays traces elsewhere."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.path import Path
from sim.scenario import Scenario


@dataclass(frozen=True, slots=True)
class _Hop:
    """A hop of TLS as it is described.

    Attributes:
        client: the proxy that is its client; `None` for the clients.
        boxes: names of the boxes on it.
        speaks_tls: whether TLS is spoken on it.
    """

    client: str | None
    boxes: tuple[str, ...]
    speaks_tls: bool


def boxes_that_need_engines(scenario: Scenario) -> tuple[str, ...]:
    """The boxes of a world of traces whose connections run engines: they read everything.

    Those of paths that some clients take, by name, in the order of the scenario.
    """
    if not scenario.replays:
        return ()
    needing = {
        box
        for path in scenario.paths_taken
        for hop in _hops(scenario, path)
        if hop.speaks_tls
        for box in hop.boxes
        if scenario.all_boxes[box].shown_bytes() == "everything"
    }
    return tuple(name for name in scenario.all_boxes if name in needing)


def proxies_that_need_engines(scenario: Scenario) -> frozenset[str]:
    """The proxies that end TLS and run engines on their own connections.

    A proxy remembers one session, whichever way its connections go: where one of its ways needs
    engines, all do.
    """
    boxes = set(boxes_that_need_engines(scenario))
    return frozenset(
        hop.client
        for path in scenario.paths_taken
        for hop in _hops(scenario, path)
        if hop.client is not None and not boxes.isdisjoint(hop.boxes)
    )


def session_list(scenario: Scenario) -> list[Any] | array[int]:
    """An empty one of what sessions are in this world: numbers alone, or more."""
    all_numbers = (
        scenario.replays
        and not scenario.issues_tickets
        and not _offers_tls_1_3(scenario)
        and not boxes_that_need_engines(scenario)
    )
    return array("q") if all_numbers else []


def _offers_tls_1_3(scenario: Scenario) -> bool:
    """Whether anybody offers TLS 1.3, whose sessions are several."""
    proxies = (box for box in scenario.all_boxes.values() if isinstance(box, TerminatingProxy))
    browsers = [*(client.browser for client in scenario.clients)]
    browsers += [proxy.browser for proxy in proxies]
    return any(browser.offers_tls_1_3 for browser in browsers)


def _hops(scenario: Scenario, path: Path) -> Iterator[_Hop]:
    client: str | None = None
    in_clear = False
    boxes: list[str] = []
    for name in path.crosses:
        box = scenario.all_boxes.get(name)
        if isinstance(box, TerminatingProxy):
            yield _Hop(client, tuple(boxes), not in_clear)
            client, in_clear, boxes = name, box.behind == "clear", []
        elif box is not None:
            boxes.append(name)
    pools = scenario.entrance(path).pools.values()
    speaks_tls = any(pool.security != "plain" for pool in pools)
    yield _Hop(client, tuple(boxes), not in_clear and speaks_tls)
