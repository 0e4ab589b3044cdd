"""Any chain of boxes over any links: no connection is lost, none is invented, and time adds up."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

import sim
from sim.activity import Activity
from sim.middleboxes.middlebox import Flow, Verdict
from sim.middleboxes.proxy import Proxy
from sim.network.middlebox_chain import MiddleboxChain
from tests.sim.middleboxes.networks import IE6, IE8, SSL3, connections, verdicts
from tests.sim.worlds import HEADINGS, rows, scenario, simulated

MACHINE = {"machine": "pentium-iii-933"}
REFUSAL = st.sampled_from(["drop", "reset"])
REACTION = st.sampled_from(["drop", "reset", "alert"])
SHORT = st.sampled_from(["100 ms", "500 ms", "2 s", "1 min"])


def a(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind)}, optional=fields)


def worked(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return a(kind, **fields).map(lambda box: MACHINE | box)


def needing(
    box: st.SearchStrategy[dict[str, Any]], **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda one, more: one | more, box, st.fixed_dictionaries(fields))


SESSIONS = st.sampled_from([None, {"capacity": 3, "lifetime": "5 min"}])
RULE = st.fixed_dictionaries(
    {"action": st.sampled_from(["permit", "deny"])},
    optional={"source": st.sampled_from(["10.0.0.0/31", "10.0.0.0/8"])},
)
BOX = st.one_of(
    needing(
        a("packet-filter", otherwise=st.sampled_from(["permit", "deny"]), denied=REFUSAL),
        rules=st.lists(RULE, max_size=2, unique_by=lambda rule: tuple(sorted(rule.items()))),
    ),
    a(
        "stateful-firewall",
        table_size=st.integers(0, 6),
        idle_timeout=SHORT,
        closing_timeout=SHORT,
        forgotten=REFUSAL,
        full=REFUSAL,
        latency=st.sampled_from(["1 ms", "30 ms"]),
    ),
    needing(
        a("nat", idle_timeout=SHORT, closing_timeout=SHORT, exhausted=REFUSAL, forgotten=REFUSAL),
        last_port=st.integers(1024, 1030),
    ),
    worked("connect-proxy", allowed_ports=st.sampled_from([[443], [80, 443], [563]])),
    worked(
        "terminating-proxy",
        behind=st.sampled_from(["encrypted", "clear"]),
        connects=st.sampled_from(["at the request", "at the hello"]),
        profile=st.sampled_from([IE6, SSL3, IE8]),
        sessions=SESSIONS,
        suites=st.sampled_from([["TLS_RSA_WITH_RC4_128_MD5"], ["TLS_RSA_WITH_AES_128_CBC_SHA"]]),
    ),
    needing(
        a("sni-filter", unnamed=st.sampled_from(["permit", "block"]), blocks=REFUSAL),
        blocked=st.sampled_from([["*.contoso.com"], ["*.example.com"]]),
    ),
    needing(
        a("version-intolerant", reaction=REACTION), highest=st.sampled_from(["SSL 3.0", "TLS 1.0"])
    ),
    a("extension-intolerant", reaction=REACTION, known=st.just([0])),
    a("hello-size-intolerant", reaction=REFUSAL),
    a(
        "load-shedder",
        rate=st.sampled_from(["1 /s", "10 /s"]),
        burst=st.integers(1, 5),
        at_once=st.integers(0, 5),
        excess=REFUSAL,
    ),
    a(
        "syn-cookie-front",
        half_open=st.integers(1, 20),
        cookies=st.booleans(),
        flood=st.sampled_from(["1 /s", "1000 /s"]),
        half_open_timeout=SHORT,
    ),
)


def without_idle_buffer(link: dict[str, Any]) -> dict[str, Any]:
    """A buffer is refused where nothing has a rate."""
    has_rate = "rate" in link or "rate" in link.get("to_client", {})
    return {key: value for key, value in link.items() if has_rate or key != "buffer"}


LINK = st.fixed_dictionaries(
    {
        "round_trip_time": st.one_of(
            st.integers(1, 400).map("{} ms".format),
            st.just({"distribution": "log-normal", "median": "50 ms", "sigma": 1.0}),
            st.just({"distribution": "empirical", "within": [["10 ms", 0.5], ["2 s", 1.0]]}),
        )
    },
    optional={
        "share_to_server": st.sampled_from([0.1, 0.5, 1.0]),
        "rate": st.sampled_from(["33.6 kbit/s", "1 Mbit/s"]),
        "buffer": st.sampled_from(["1500 B", "6 kB"]),
        "loss": st.sampled_from(
            [
                0.02,
                0.3,
                {"model": "gilbert-elliott", "good_to_bad": 0.02, "bad_to_good": 0.3},
            ]
        ),
        "to_client": st.sampled_from([{"rate": "512 kbit/s"}, {"loss": 0.1}]),
        "mtu": st.sampled_from(["576 B", "1500 B"]),
    },
).map(without_idle_buffer)
TCP = st.fixed_dictionaries(
    {"user_timeout": st.sampled_from(["3 s", "60 s"])},
    optional={
        "maximum_segment_size": st.sampled_from(["100 B", "536 B"]),
        "initial_window": st.integers(1, 4),
        "congestion_control": st.just("cubic"),
        "timestamps": st.booleans(),
        "loss_probe": st.booleans(),
        "delayed_acknowledgement": st.just("200 ms"),
        "connect_timeout": st.sampled_from(["1500 ms", "21 s"]),
        "keep_alive": st.sampled_from(["300 ms", "10 s"]),
    },
)
WORLD = st.fixed_dictionaries(
    {
        "boxes": st.lists(BOX, min_size=1, max_size=4),
        "links": st.lists(LINK, min_size=5, max_size=5),
        "tcp": TCP,
        "clients": st.sampled_from([IE6, SSL3, IE8]).map(lambda name: [{"profile": name}]),
        "http__requests": st.integers(1, 3),
        "http__think_time": st.sampled_from(["0 s", "1 s"]),
    },
    optional={
        "fidelity": st.just("replay"),
        "server__security": st.just("plain"),
        "server__backlog": st.integers(1, 2),
        "server__suites": st.just(["TLS_RSA_WITH_3DES_EDE_CBC_SHA"]),
    },
)
STOPPED_ON_BOTH_SIDES_OF_A_PROXY = {
    "boxes": [
        {"kind": "stateful-firewall", "idle_timeout": "500 ms"},
        MACHINE | {"kind": "connect-proxy"},
        {"kind": "nat", "last_port": 1026},
    ],
    "links": [{"round_trip_time": "100 ms"}] * 2 + [{"round_trip_time": "2 s"}] * 3,
    "tcp": {"user_timeout": "3 s"},
    "clients": [{"profile": IE8}],
    "http__requests": 1,
}
"""The firewall forgets the client's connection while the NAT has no port for the proxy's."""
RELENTING = {"nat", "stateful-firewall", "load-shedder", "syn-cookie-front"}
ARRIVALS = {"duration": "6 s", "arrivals__rate": "5 /s", "population__clients": 8}


def addressed(box: dict[str, Any], number: int) -> dict[str, Any]:
    """The box with an address of its own, if it has one."""
    has_one = box["kind"] in ("nat", "connect-proxy", "terminating-proxy")
    return box | {"address": f"198.51.100.{number + 1}"} if has_one else box


def chained(
    boxes: list[dict[str, Any]], links: list[dict[str, Any]], **changes: Any
) -> sim.Scenario:
    """Boxes of any order, a link before each and one behind the last."""
    crosses = [name for number in range(len(boxes)) for name in (f"link{number}", f"box{number}")]
    return scenario(
        links={f"link{number}": link for number, link in enumerate(links)},
        middleboxes={f"box{number}": addressed(box, number) for number, box in enumerate(boxes)},
        paths={"way": {"crosses": [*crosses, f"link{len(boxes)}"]}},
        path="way",
        **ARRIVALS,
        **changes,
    )


class Records:
    """What boxes were asked, and whether the clock ever went back."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.opened: dict[str, set[Flow]] = {}
        self.steps = 0
        self._now = 0.0
        patch.setattr(MiddleboxChain, "opens", self._opening(MiddleboxChain.opens))
        resume = Activity._resume

        def watched(activity: Activity, event: Any) -> None:
            now = activity.env.now
            assert now >= self._now - 1e-9, "the clock goes back"
            self._now = now
            self.steps += 1
            assert self.steps < 100_000, "the world does not end"
            resume(activity, event)

        patch.setattr(Activity, "_resume", watched)

    def _opening(self, opens: Any) -> Any:
        def opening(boxes: MiddleboxChain, number: int, now: float) -> Verdict:
            name = boxes.placed[number].box.name
            self.opened.setdefault(name, set()).add(boxes._flows[number])
            verdict: Verdict = opens(boxes, number, now)
            return verdict

        return opening


_EXPLORING = settings(
    phases=[
        Phase.explicit,
        Phase.generate,
    ],  # a world that fails is shown as it is: to shrink it takes minutes
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@settings(_EXPLORING, max_examples=40)
@given(world=WORLD, seed=st.integers(0, 5))
@example(world=STOPPED_ON_BOTH_SIDES_OF_A_PROXY, seed=2)
def test_no_connection_is_lost_or_invented(world: dict[str, Any], seed: int) -> None:
    _check_world(world, seed)


@pytest.mark.slow
@settings(_EXPLORING, max_examples=300)
@given(world=WORLD, seed=st.integers(0, 5))
def test_no_connection_is_lost_or_invented_in_many_worlds(world: dict[str, Any], seed: int) -> None:
    _check_world(world, seed)


def _check_world(world: dict[str, Any], seed: int) -> None:
    described = chained(**world)
    arrivals = simulated(scenario(**ARRIVALS, server__security="plain"), seed=seed)
    expected = [(row["connection"], row["arrival"]) for row in connections(arrivals)]
    with pytest.MonkeyPatch.context() as patch:
        records = Records(patch)
        tables = simulated(described, seed=seed)
    found = connections(tables)
    assert [row["connection"] for row in found] == [number for number, _ in expected]
    assert [row["arrival"] for row in found] == pytest.approx([time for _, time in expected])
    _check_times(found)
    if _nothing_is_lost(described, tables):
        assert {row["time_retransmission"] for row in found} == {0.0}
    _check_verdicts(described, tables, found, records)
    bridged = Counter(row["connection"] for row in rows(tables.table("bridged")))
    proxies = sum(box["kind"] == "terminating-proxy" for box in world["boxes"])
    assert max(bridged.values(), default=0) <= proxies
    assert set(bridged) <= {number for number, _ in expected}


def _check_times(found: list[dict[str, Any]]) -> None:
    for row in found:
        assert abs(sum(row[heading] for heading in HEADINGS) - row["duration"]) < 1e-9
        assert all(row[heading] >= 0 for heading in HEADINGS)
        assert (row["outcome"] == "failed") == (row["symptom"] is not None)
        assert row["stopped_by"] is None or row["symptom"] is not None
        if row["stopped_by"] is not None:
            assert row["reason"]


def _nothing_is_lost(described: sim.Scenario, tables: sim.MemorySink) -> bool:
    """Whether every packet arrives: nobody drops one, and no clock runs off before it is there."""
    directions = [
        link.direction(to_server=to_server)
        for link in described.links.values()
        for to_server in (True, False)
    ]
    return (
        all(direction.loss == 0 and direction.buffer is None for direction in directions)
        and described.server.backlog is None
        # They let a SYN pass that is sent again.
        and not any(box.kind_name in RELENTING for box in described.middleboxes.values())
        and all(action != "dropped" for _, action, _ in verdicts(tables))
        and all(row["symptom"] != "timeout" for row in connections(tables))
    )


def _check_verdicts(
    described: sim.Scenario,
    tables: sim.MemorySink,
    found: list[dict[str, Any]],
    records: Records,
) -> None:
    decided = verdicts(tables)
    translated = False
    for name, box in described.middleboxes.items():
        seen = sum(number for (node, *_), number in decided.items() if node == name)
        assert seen <= len(found)
        if isinstance(box, Proxy):
            continue
        opened = len(records.opened.get(name, ()))
        # Behind a NAT two connections may be one flow, and one whose port was lost be two.
        assert seen == opened or translated
        translated |= box.kind_name == "nat"
    stops: Counter[tuple[str, str]] = Counter()
    for (node, action, reason), number in decided.items():
        if action != "passed":
            stops[node, reason] += number
    named = Counter(
        (row["stopped_by"], row["reason"])
        for row in found
        if row["stopped_by"] in described.middleboxes
    )
    assert named <= stops
    # What else boxes have stopped are last words, which the client does not wait for, and what
    # proxies said meanwhile to the server: no connection of TCP is stopped twice.
    for leg in _legs(described):
        assert sum(number for (node, _), number in stops.items() if node in leg) <= len(found)


def _legs(described: sim.Scenario) -> list[set[str]]:
    """The boxes of each connection of TCP on the way; each proxy by itself.

    What a proxy has refused may be stopped again by a box on the refusal's way back.
    """
    legs: list[set[str]] = [set()]
    for name, box in described.middleboxes.items():
        if isinstance(box, Proxy):
            legs += [{name}, set()]
        else:
            legs[-1].add(name)
    return legs
