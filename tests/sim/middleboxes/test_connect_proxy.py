"""An explicit proxy: tunnels, and what its clients hear when there is none."""

from __future__ import annotations

from typing import Any

import pytest

from sim.middleboxes.sni_filter import SniFilter
from tests.sim.middleboxes.networks import (
    FAR,
    IE8,
    NEAR,
    behind,
    connections,
    count,
    hellos,
    last,
    network,
    verdicts,
    watch,
)
from tests.sim.worlds import rows, scenario, simulated

PROXY = {"kind": "connect-proxy", "machine": "pentium-iii-933"}


def between(near: dict[str, Any] | None, far: dict[str, Any] | None, **changes: Any) -> Any:
    """The tables of a world with a proxy, and boxes called "before" and "behind" it."""
    boxes = {"before": near, "proxy": PROXY, "behind": far}
    present = {name: box for name, box in boxes.items() if box is not None}
    return simulated(scenario(**network(present, **changes)))


def test_a_tunnel_takes_one_round_trip_more_and_the_proxys_work() -> None:
    found = connections(behind("connect-proxy", {"machine": "pentium-iii-933"}))
    assert count(found, "outcome", "round_trips") == {("full", 4): 6, ("resumed-by-id", 3): 9}
    for row in found:
        assert row["connect_time"] > 2 * NEAR + FAR
        assert row["connect_time"] < 2 * NEAR + FAR + 0.001
        assert row["time_middlebox"] > 0
    direct = connections(behind("packet-filter", {"rules": [], "otherwise": "permit"}))
    for row, other in zip(found, direct, strict=True):
        assert row["time_propagation"] - other["time_propagation"] == pytest.approx(NEAR)
        assert row["time_server_cpu"] == pytest.approx(other["time_server_cpu"])
        assert row["bytes_received"] == other["bytes_received"]


def test_its_work_is_in_the_table_of_operations() -> None:
    tables = behind("connect-proxy", {"machine": "pentium-iii-933"})
    operations = rows(tables.table("operations"))
    work = {row["operation"]: row for row in operations if row["node"] == "box"}
    bytes_ = sum(row["bytes_sent"] + row["bytes_received"] for row in connections(tables))
    # What it receives and what it sends, and the request for a tunnel and its answer.
    assert work["byte"]["bytes"] > 2 * bytes_
    assert last(tables)["utilisation"] > 0


def test_a_box_before_it_reads_the_request_and_the_hello(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = watch(monkeypatch, SniFilter)
    box = {"kind": "sni-filter", "blocked": ["*.example.com"]}
    found = connections(between(box, None, clients=[{"profile": IE8}]))
    requests = [seen.data for seen, to_server in shown if seen.data.startswith(b"CONNECT")]
    assert requests[0].splitlines()[0] == b"CONNECT www.contoso.com:443 HTTP/1.1"
    assert len(requests) == len(found)
    answers = [seen.data for seen, _ in shown if seen.data.startswith(b"HTTP/1.1 200")]
    assert len(answers) == len(found)
    assert {hello.server_name for hello in hellos(shown)} == {"www.contoso.com"}


@pytest.mark.parametrize("before", [True, False])
def test_what_a_box_on_either_side_cuts_the_client_notices(before: bool) -> None:
    """A reset behind the proxy ends the client's connection too."""
    box = {"kind": "sni-filter", "blocked": ["*.contoso.com"]}
    tables = between(box if before else None, None if before else box, clients=[{"profile": IE8}])
    found = connections(tables)
    name = "before" if before else "behind"
    expected = ("failed", "reset", name, "www.contoso.com blocked")
    assert count(found, "outcome", "symptom", "stopped_by", "reason") == {expected: len(found)}
    assert verdicts(tables) == {
        (name, "reset", "www.contoso.com blocked"): len(found),
        ("proxy", "passed", ""): len(found),
    }
    for row in found:
        assert row["duration"] == pytest.approx(3 * NEAR + FAR, abs=0.002)


def test_a_port_that_it_does_not_open_is_refused() -> None:
    """403, after the round trips of TCP and of the request; the server never hears of it."""
    tables = behind("connect-proxy", {"machine": "pentium-iii-933", "allowed_ports": [563]})
    found = connections(tables)
    expected = ("failed", "refused", "box", "port 443 refused")
    assert count(found, "outcome", "symptom", "stopped_by", "reason") == {expected: len(found)}
    assert {row["connect_time"] for row in found} == {None}
    for row in found:
        assert row["duration"] == pytest.approx(2 * NEAR, abs=0.001)
        assert row["time_server_cpu"] == 0


@pytest.mark.parametrize(
    ("denied", "wait"), [("reset", 0.0), ("drop", 21.0)], ids=["bad gateway", "gateway time-out"]
)
def test_a_server_that_cannot_be_reached_is_refused(
    monkeypatch: pytest.MonkeyPatch, denied: str, wait: float
) -> None:
    """502 when its connection is reset, 504 when it gives up; the row names who did it."""
    shown = watch(monkeypatch, SniFilter)
    watching = {"kind": "sni-filter", "blocked": ["*.example.com"]}
    closed = {"kind": "packet-filter", "rules": [], "denied": denied}
    found = connections(between(watching, closed))
    expected = ("failed", "refused", "behind", "port 443 closed")
    assert count(found, "outcome", "symptom", "stopped_by", "reason") == {expected: len(found)}
    for row in found:
        assert row["duration"] == pytest.approx(2 * NEAR + wait, abs=0.001)
        assert row["time_retransmission"] == pytest.approx(wait)
    status = b"HTTP/1.1 502" if denied == "reset" else b"HTTP/1.1 504"
    answers = [seen.data for seen, to_server in shown if not to_server]
    assert len(answers) == len(found)
    assert all(answer.startswith(status) for answer in answers)


def test_tunnels_through_two_proxies() -> None:
    boxes = {"first": PROXY, "second": PROXY | {"address": "198.51.100.2"}}
    changes: dict[str, Any] = {
        "links": {name: {"round_trip_time": "20 ms"} for name in ("near", "between", "far")},
        "paths": {"way": {"crosses": ["near", "first", "between", "second", "far"]}},
    }
    found = connections(simulated(scenario(**network(boxes, **changes))))
    assert {row["outcome"] for row in found} == {"full", "resumed-by-id"}
    for row in found:
        # The nearest link is crossed three times, the next one twice, the last one once.
        assert row["connect_time"] == pytest.approx(0.12, abs=0.002)
