"""A server closes connections that are idle, or have served enough; clients open others."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.sim.worlds import rows, scenario, simulated


def responses(keep_alive: dict[str, Any] | None, requests: int, pause: Any) -> list[list[int]]:
    """How many responses each connection of a visit had, visit by visit."""
    world = scenario(
        server__keep_alive=keep_alive,
        http__requests=requests,
        http__think_time=pause,
        fidelity="replay",
    )
    found: dict[int, list[tuple[int, int]]] = {}
    for row in rows(simulated(world).table("connections")):
        found.setdefault(row["visit"], []).append((row["attempt"], row["responses"]))
    return [[count for _, count in sorted(each)] for each in found.values()]


@pytest.mark.parametrize(
    ("keep_alive", "requests", "pause", "each"),
    [
        (None, 5, "10 s", [5]),
        ({"requests": 2}, 5, "0 s", [2, 2, 1]),
        ({"requests": 1}, 3, "0 s", [1, 1, 1]),
        ({"time_out": "5 s"}, 3, "4 s", [3]),
        ({"time_out": "5 s"}, 3, "6 s", [1, 1, 1]),
        ({"time_out": "5 s", "requests": 2}, 4, "1 s", [2, 2]),
    ],
)
def test_a_visit_goes_on_over_as_many_connections_as_it_takes(
    keep_alive: dict[str, Any] | None, requests: int, pause: str, each: list[int]
) -> None:
    found = Counter(map(tuple, responses(keep_alive, requests, pause)))
    assert set(found) == {tuple(each)}
    assert found[tuple(each)] > 100


def test_pauses_longer_than_the_time_out_close() -> None:
    """Of exponential pauses of 2 s, exp(-5/2) are longer than 5 s."""
    pauses = {"distribution": "exponential", "mean": "2 s"}
    found = responses({"time_out": "5 s"}, 40, pauses)
    closed = sum(len(each) - 1 for each in found)
    share = closed / (39 * len(found))
    assert share == pytest.approx(0.0821, abs=3 * (0.0821 * 0.918 / (39 * len(found))) ** 0.5)
