"""TLS 1.3 in simulated worlds: round trips, tickets that are used once, groups, post-quantum."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import sim
import tls
from tests.sim.worlds import HEADINGS, rows, scenario, simulated

Row = dict[str, Any]
TICKETS = {"lifetime": "5 min"}
PER_SERVER = {"keys": "per server"}
OPENSSL = {"profile": "openssl-3.0", "machine": "xeon-2026"}


def world(profile: str = "chromium-156", **changes: Any) -> sim.Scenario:
    return scenario(
        **{
            "start": "2026-11-02T12:00:00Z",
            "clients": [{"profile": profile, "machine": "xeon-2026"}],
            "server__machine": "xeon-2026",
            "server__identity": "contoso-rsa-2048",
            "server__tickets": TICKETS,
            **changes,
        }
    )


def connections(described: sim.Scenario, seed: int = 5) -> list[Row]:
    found = rows(simulated(described, seed=seed).table("connections"))
    for row in found:
        assert sum(row[name] for name in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)
    return found


@pytest.mark.parametrize("fidelity", ["live", "replay"])
@pytest.mark.parametrize(
    ("profile", "groups", "trips"),
    [
        ("chromium-156", None, 2),
        ("chromium-156", ["secp384r1"], 3),
        ("node-20", ["X25519MLKEM768", "x25519"], 2),
    ],
)
def test_round_trips(profile: str, groups: list[str] | None, trips: int, fidelity: str) -> None:
    """TCP's included: 2 full or by a ticket, 3 where another hello is asked for (RFC 8446 §2)."""
    found = connections(world(profile, server__groups=groups, fidelity=fidelity))
    assert {row["version"] for row in found} == {"TLS 1.3"}
    by_outcome = {(row["outcome"], row["round_trips"]) for row in found}
    assert by_outcome == {("full", trips), ("resumed-by-psk", trips)}
    assert all(row["handshake_time"] >= (trips - 1) * 0.1 for row in found)


def test_each_ticket_is_used_once() -> None:
    """Of two that are kept, six connections that are made at once have two to offer."""
    visits = world(
        population__clients=1,
        arrivals={"process": "poisson", "rate": "20 /h"},
        duration="2 h",
        clients=[
            {
                "profile": "chromium-156",
                "machine": "xeon-2026",
                "connections": 6,
                "keep_alive": False,
            }
        ],
        http__requests=6,
        server__tickets={"lifetime": "5 h", "count": 2},
    )
    by_visit: dict[int, Counter[str]] = {}
    for row in connections(visits):
        by_visit.setdefault(row["visit"], Counter())[row["outcome"]] += 1
    first, *others = by_visit.values()
    assert first == {"full": 6}
    assert all(each == {"resumed-by-psk": 2, "full": 4} for each in others)


@pytest.mark.parametrize("fidelity", ["live", "replay"])
@pytest.mark.parametrize("insists", [False, True])
def test_a_server_may_insist_on_the_group_that_it_prefers(insists: bool, fidelity: str) -> None:
    """Of node-20, which has sent a share of X25519 and has P-521 as well."""
    found = connections(
        world(
            "node-20",
            server__groups=["secp521r1", "x25519"],
            server__retry_for_preferred_group=insists,
            fidelity=fidelity,
        )
    )
    agreed = {(row["group"], row["retried"], row["round_trips"]) for row in found}
    assert agreed == {("secp521r1", True, 3) if insists else ("x25519", False, 2)}
    assert {row["outcome"] for row in found} == {"full", "resumed-by-psk"}


ONE_CLIENT = {
    "population__clients": 1,
    "arrivals": {"process": "poisson", "rate": "60 /h"},
    "duration": "8 h",
    "http__requests": 1,
}


@pytest.mark.parametrize(
    ("remembers", "lifetime"),
    [
        ({"server__tickets": {"lifetime": "20 min"}}, 1200.0),
        ({"server__tickets": {"lifetime": "20 min", "rotation": "7 min"}}, 1200.0),
        (
            {
                "server__tickets": None,
                "server__sessions": {"capacity": 1000, "lifetime": "20 min"},
            },
            1200.0,
        ),
        (
            {
                "server__tickets": None,
                "server__sessions": {
                    "capacity": 1000,
                    "lifetime": "20 min",
                    "per": "pool",
                    "over_network": {"latency": "5 ms"},
                },
            },
            1200.0,
        ),
        # The client's own limit, which its profile has: 2 h.
        ({"server__tickets": {"lifetime": "12 h"}}, 7200.0),
    ],
    ids=["sealed", "under changing keys", "stored", "stored elsewhere", "by the client"],
)
def test_a_session_ends_a_lifetime_after_its_full_handshake(
    remembers: dict[str, Any], lifetime: float
) -> None:
    """However often it was used: each ticket goes back to it."""
    found = connections(world(**ONE_CLIENT, **remembers))
    assert connections(world(**ONE_CLIENT, **remembers, fidelity="replay")) == found
    since, ages = None, []
    for row in sorted(found, key=lambda each: each["arrival"]):
        if row["outcome"] == "full":
            if since is not None:
                ages.append(row["arrival"] - since)
            since = row["arrival"]
        else:
            assert row["outcome"] == "resumed-by-psk"
            assert row["arrival"] - since < lifetime + 1
    assert len(ages) >= 3 - (lifetime > 1200)
    assert min(ages) > lifetime - 1


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_a_use_may_restart_the_lifetime_of_what_the_server_keeps(fidelity: str) -> None:
    kept = {"capacity": 1000, "lifetime": "20 min", "renew": True}
    found = connections(
        world(
            **{**ONE_CLIENT, "duration": "100 min"},
            server__tickets=None,
            server__sessions=kept,
            fidelity=fidelity,
        )
    )
    assert [row["outcome"] for row in found].count("full") == 1


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_tickets_may_be_kept_by_the_server(fidelity: str) -> None:
    """Without keys for tickets they are names of what its cache holds, each found once."""
    cached = world(
        server__tickets=None,
        server__sessions={"capacity": 1000, "lifetime": "5 min"},
        fidelity=fidelity,
    )
    found = connections(cached)
    assert {row["outcome"] for row in found} == {"full", "resumed-by-psk"}
    for row in found:
        assert row["ticket_accepted"] is None
        assert row["cache_hit"] == (
            (row["outcome"] == "resumed-by-psk") if row["offered_session"] else None
        )
    samples = rows(simulated(cached, seed=5).table("samples"))
    full = sum(row["outcome"] == "full" for row in found)
    # Two for each full handshake, and one for each that is used; some are on their way.
    assert samples[-1]["cache_entries"] == pytest.approx(2 * full, abs=2)


def test_a_post_quantum_hello_takes_two_packets() -> None:
    """As a middlebox sees it that knows no such hellos."""
    box = {"kind": "hello-size-intolerant"}
    network = {
        "path": "way",
        "links": {"near": {"round_trip_time": "10 ms"}, "far": {"round_trip_time": "10 ms"}},
        "middleboxes": {"box": box},
        "paths": {"way": {"crosses": ["near", "box", "far"]}},
    }
    of_today = connections(world("chromium-156", **network))
    assert {row["reason"] for row in of_today} == {"hello in two packets"}
    before = connections(world("node-20", **network))
    assert {row["outcome"] for row in before} == {"full", "resumed-by-psk"}


def test_what_a_hybrid_costs() -> None:
    """ML-KEM-768 adds 1,184 and 1,088 bytes (FIPS 203), and its own work on both sides."""
    hybrid, classic = (
        connections(world("chromium-156", server__groups=[group], server__tickets=None))
        for group in ("X25519MLKEM768", "x25519")
    )
    for one, other in zip(hybrid[:20], classic[:20], strict=True):
        assert one["bytes_received"] - other["bytes_received"] == 1088
        assert one["bytes_sent"] == other["bytes_sent"]
        assert one["server_cpu"] > other["server_cpu"]
    assert tls.HYBRID_NAMES[0x11EC] == "X25519MLKEM768"


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_the_highest_version_that_both_speak(fidelity: str) -> None:
    """A client of TLS 1.3 speaks TLS 1.2 where its server does not know more."""
    found = connections(world(server__versions=["TLS 1.0", "TLS 1.2"], fidelity=fidelity))
    assert {row["version"] for row in found} == {"TLS 1.2"}
    assert {row["outcome"] for row in found} == {"full", "resumed-by-ticket"}


def test_a_fixed_share_resumes() -> None:
    """Whatever is remembered, in the warm-up as behind it."""
    clients = [{"profile": "chromium-156", "machine": "xeon-2026", "resumption": 0.6}]
    steady = world(
        clients=clients, kind="steady-state", warm_up="30 s", duration="4 min", fidelity="replay"
    )
    found = connections(steady)
    share = sum(row["outcome"] == "resumed-by-psk" for row in found) / len(found)
    assert share == pytest.approx(0.6, abs=3 * (0.24 / len(found)) ** 0.5)


def test_groups_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match='the group "curve9" is unknown'):
        world(server__groups=["curve9"])


EARLY: dict[str, Any] = {
    "server__early_data": "16 kB",
    "clients": [{**OPENSSL, "early_data": True}],
    "http__requests": 1,
}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_early_data_save_a_round_trip(fidelity: str) -> None:
    """The first request goes with the hello: one round trip, TCP's, lies before it."""
    found = connections(world(**EARLY, fidelity=fidelity))
    assert {(row["outcome"], row["early_data"], row["round_trips"]) for row in found} == {
        ("full", None, 2),
        ("0-rtt", True, 1),
    }
    for row in found:
        early = row["outcome"] == "0-rtt"
        assert (row["handshake_time"] == 0) == early
        assert 0 <= row["first_byte_time"] - (0.2 if early else 0.3) < 0.01


def test_whose_first_request_was_early_has_a_ticket_again() -> None:
    """It comes behind the client's Finished, with the next answer or the last."""
    for requests in (1, 3):
        alone = world(
            **{**EARLY, "http__requests": requests},
            population__clients=1,
            arrivals={"process": "poisson", "rate": "20 /h"},
            duration="2 h",
            server__tickets={"lifetime": "3 h", "count": 1},
        )
        first, *others = connections(alone)
        assert first["outcome"] == "full"
        assert len(others) > 20
        assert {row["outcome"] for row in others} == {"0-rtt"}
        assert {row["responses"] for row in others} == {requests}


@pytest.mark.parametrize(
    ("changes", "outcome", "trips"),
    [
        ({"server__groups": ["secp384r1"]}, "resumed-by-psk", 3),
        ({"server__tickets": {**TICKETS, "restart_interval": "1 ms", **PER_SERVER}}, "full", 2),
    ],
)
def test_early_data_that_are_not_taken_are_sent_again(
    changes: dict[str, Any], outcome: str, trips: int
) -> None:
    """After a request for another hello, or where the ticket is no good any more."""
    found = connections(world(**EARLY, **changes, server__application={"cpu": "1 ms"}))
    sent = [row for row in found if row["early_data"] is not None]
    assert sent
    taken = [row for row in connections(world(**EARLY)) if row["early_data"]]
    for row in sent:
        assert (row["outcome"], row["early_data"], row["round_trips"]) == (outcome, False, trips)
        assert row["responses"] == 1
        assert row["bytes_sent"] > taken[0]["bytes_sent"] + 300


def test_requests_larger_than_a_ticket_allows_wait_for_the_handshake() -> None:
    found = connections(world(**EARLY, http__request_size="20 kB"))
    assert {(row["outcome"], row["early_data"], row["round_trips"]) for row in found} == {
        ("full", None, 2),
        ("resumed-by-psk", None, 2),
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"server__tickets": None, "server__sessions": None}, "add sessions or tickets"),
        ({"clients": [{"profile": "firefox-45", "early_data": True}]}, "does not speak TLS 1.3"),
    ],
)
def test_early_data_that_nobody_can_send_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        world(**{**EARLY, **changes})
