"""The life of one connection: round trips, bytes, work, alerts, and where the time goes."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc
import pytest

import sim
import tls
from sim.identities import identity, trust_store
from tests.sim.worlds import HEADINGS, connections, rows, scenario, simulated

RTT = 0.1
LONELY = {"arrivals__rate": "1 /s", "population__clients": 4}


def of_outcome(outcome: str, **changes: Any) -> list[dict[str, Any]]:
    found = [row for row in rows(connections(scenario(**changes))) if row["outcome"] == outcome]
    assert found
    return found


@pytest.mark.parametrize(
    ("outcome", "security", "round_trips"),
    [("full", "tls", 3), ("resumed-by-id", "tls", 2), ("plain", "plain", 1)],
)
def test_round_trips_before_the_request(outcome: str, security: str, round_trips: int) -> None:
    """TCP included: 3 for a full handshake, 2 for a resumed one, 1 without TLS."""
    for row in of_outcome(outcome, server__security=security):
        assert row["round_trips"] == round_trips
        assert row["connect_time"] == pytest.approx(RTT)
        # Each of two responses and the close wait one more round trip.
        assert row["time_propagation"] == pytest.approx((round_trips + 3) * RTT)
        if security == "tls":
            assert row["handshake_time"] > (round_trips - 1) * RTT
            assert row["handshake_time"] < round_trips * RTT
            assert row["first_byte_time"] > row["connect_time"] + row["handshake_time"] + RTT
        else:
            assert row["handshake_time"] is None


def test_one_request_more_is_one_round_trip_more() -> None:
    for requests in (1, 5):
        for row in of_outcome("full", http__requests=requests):
            assert row["time_propagation"] == pytest.approx((3 + requests + 1) * RTT)


def test_a_response_beyond_the_window_takes_more_rounds() -> None:
    """44 kB are 31 segments: two round trips more in a window of 10, four in one of 2."""
    changes = {"server__security": "plain", "http__requests": 1, "http__response_size": "44 kB"}
    for window, rounds in ((40, 1), (10, 3), (2, 5)):
        for row in of_outcome("plain", tcp={"initial_window": window}, **changes):
            assert row["time_propagation"] == pytest.approx((1 + rounds + 1) * RTT)
            # The first byte is there before the last.
            assert row["first_byte_time"] < 2 * RTT + 0.01


def test_a_chain_beyond_the_window_takes_more_rounds() -> None:
    for row in of_outcome("full", tcp={"initial_window": 1}):
        assert row["round_trips"] == 4


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"server__security": "plain"},
        {"arrivals__rate": "150 /s", "duration": "5 s", "server__sessions": None},
        {"http__think_time": "1.5 s"},
        {"http__response_size": "300 kB", "tcp": {"initial_window": 2}},
        {
            "server__suites": ["TLS_RSA_WITH_DES_CBC_SHA"],
            "clients": [{"profile": "internet-explorer-8-windows-7"}],
        },
        {"server__name": "www.example.org"},
        {"arrivals__rate": "1 /d", "duration": "300 d", "sample_interval": "30 d"},
    ],
    ids=[
        "deterministic",
        "plain",
        "overload",
        "thinking",
        "slow start",
        "refused",
        "rejected",
        "long",
    ],
)
def test_headings_add_up_to_the_duration(changes: dict[str, Any]) -> None:
    """Every second of every connection is booked under exactly one heading, within 1 ns."""
    found = rows(connections(scenario(**changes)))
    assert len(found) > 100
    for row in found:
        assert abs(sum(row[heading] for heading in HEADINGS) - row["duration"]) < 1e-9
        assert all(row[heading] >= 0 for heading in HEADINGS)
        assert row["duration"] > 0
    if "http__think_time" in changes:
        assert all(row["time_think"] == pytest.approx(1.5) for row in found)
    if changes.get("arrivals__rate") == "150 /s":
        assert max(row["time_cpu_queue"] for row in found) > 1.0


def test_bytes_and_records_are_those_of_two_engines() -> None:
    """The same handshake and exchange, done by hand."""
    world = scenario(clients=[{"profile": "internet-explorer-8-windows-7"}])
    row = of_outcome("full", clients=[{"profile": "internet-explorer-8-windows-7"}])[0]
    profile = sim.browser("internet-explorer-8-windows-7")

    def clock() -> float:
        return world.start.timestamp()

    client = tls.ClientConnection(
        tls.ClientConfig(
            trust_store(),
            versions=profile.versions,
            suites=profile.suites,
            groups=profile.groups,
            extended_master_secret=False,
            encrypt_then_mac=False,
            session_tickets=False,
            split_records=False,
        ),
        "www.contoso.com",
        clock=clock,
    )
    server = tls.ServerConnection(
        tls.ServerConfig(
            [identity(world.server.identity)], sessions=tls.SessionCache(), split_records=False
        ),
        clock=clock,
    )
    sent = received = 0

    def exchange() -> None:
        nonlocal sent, received
        flight = client.outgoing()
        server.receive(flight)
        answer = server.outgoing()
        client.receive(answer)
        sent += len(flight)
        received += len(answer)

    exchange()
    exchange()
    for _ in range(world.http.requests):
        client.send(bytes(world.http.request_size))
        server.receive(flight := client.outgoing())
        server.send(bytes(world.http.response_size))
        client.receive(answer := server.outgoing())
        sent += len(flight)
        received += len(answer)
    client.close()
    exchange()
    assert client.closed
    assert server.closed
    assert (row["bytes_sent"], row["bytes_received"]) == (sent, received)
    assert (row["records_sent"], row["records_received"]) == (
        client.records_sent,
        client.records_received,
    )


def test_plain_bytes_are_the_requests_and_responses() -> None:
    for row in of_outcome("plain", server__security="plain"):
        assert (row["bytes_sent"], row["bytes_received"]) == (800, 7400)
        assert (row["records_sent"], row["records_received"]) == (0, 0)


NEGOTIATED = {
    "chromium-156": ("TLS 1.3", "TLS_AES_256_GCM_SHA384"),
    "firefox-45": ("TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    "internet-explorer-6": ("TLS 1.0", "TLS_RSA_WITH_RC4_128_SHA"),
    "internet-explorer-6-ssl-3": ("SSL 3.0", "TLS_RSA_WITH_RC4_128_SHA"),
    "internet-explorer-8-windows-7": ("TLS 1.0", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    "java-17": ("TLS 1.3", "TLS_AES_256_GCM_SHA384"),
    "openssl-3": ("TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
}
"""The strongest that both have: the server's order, not the client's."""


def test_what_each_browser_negotiates() -> None:
    world = scenario(
        arrivals__rate="10 /s",
        server__identity="contoso-rsa-2048",
        clients=[{"profile": profile, "share": 1 / 7} for profile in sorted(NEGOTIATED)],
    )
    found = {(row["profile"], row["version"], row["suite"]) for row in rows(connections(world))}
    assert found == {(profile, *agreed) for profile, agreed in NEGOTIATED.items()}


def test_a_client_returns_with_its_session() -> None:
    found = rows(connections(scenario(**LONELY)))
    seen: set[int] = set()
    for row in found:
        assert row["offered_session"] == (row["client"] in seen)
        assert row["cache_hit"] == (True if row["client"] in seen else None)
        assert row["outcome"] == ("resumed-by-id" if row["client"] in seen else "full")
        seen.add(row["client"])


@pytest.mark.parametrize(
    "sessions", [None, {"capacity": 0, "lifetime": "5 min"}], ids=["no cache", "capacity 0"]
)
def test_a_server_that_remembers_nothing_gives_nothing_to_offer(sessions: object) -> None:
    for row in rows(connections(scenario(server__sessions=sessions, **LONELY))):
        assert row["outcome"] == "full"
        assert row["offered_session"] is False
        assert row["cache_hit"] is None


def test_a_session_that_the_server_has_forgotten_is_a_miss_and_a_full_handshake() -> None:
    found = rows(connections(scenario(server__sessions__lifetime="1 ms", **LONELY)))
    returned = [row for row in found if row["offered_session"]]
    assert returned
    for row in returned:
        assert row["cache_hit"] is False
        assert row["outcome"] == "full"
        assert row["round_trips"] == 3


def test_a_client_forgets_after_its_profile_s_time() -> None:
    world = scenario(
        arrivals__rate="1 /h",
        population__clients=1,
        duration="12 d",
        sample_interval="1 d",
        server__sessions__lifetime="unlimited",
    )
    since, offers = None, 0
    for row in rows(connections(world)):
        remembers = since is not None and row["arrival"] - since <= 36_000
        assert row["offered_session"] == remembers
        offers += remembers
        if row["outcome"] == "full":
            since = row["arrival"] + row["connect_time"] + row["handshake_time"]
    assert 0 < offers < 288


@pytest.mark.parametrize(
    ("changes", "alert", "round_trips"),
    [
        # The server finds no suite in common.
        (
            {
                "server__suites": ["TLS_RSA_WITH_DES_CBC_SHA"],
                "clients": [{"profile": "internet-explorer-8-windows-7"}],
            },
            "handshake_failure",
            2,
        ),
        # The server does not go as low as the client.
        (
            {
                "server__versions": ["TLS 1.0"],
                "clients": [{"profile": "internet-explorer-6-ssl-3"}],
            },
            "protocol_version",
            2,
        ),
        # The client rejects the certificate.
        ({"server__name": "www.example.org"}, "bad_certificate", 2),
        ({"start": "2060-01-01T00:00:00Z"}, "certificate_expired", 2),
    ],
    ids=["suites", "versions", "name", "date"],
)
def test_an_alert_ends_the_connection_and_both_sides_pay(
    changes: dict[str, Any], alert: str, round_trips: int
) -> None:
    sink = simulated(scenario(**changes))
    found = rows(sink.table("connections"))
    assert found
    for row in found:
        assert (row["outcome"], row["alert"]) == ("failed", alert)
        assert row["version"] is None
        assert row["suite"] is None
        assert row["handshake_time"] is None
        assert row["first_byte_time"] is None
        assert row["offered_session"] is False
        assert row["round_trips"] == round_trips
        assert row["client_cpu"] > 0
        assert row["server_cpu"] > 0
        assert row["bytes_sent"] > 0
        assert row["bytes_received"] > 0
    # The hello and its answer; a client's alert is one more flight of one more record.
    by_client = alert.endswith(("_certificate", "_expired"))
    flights = (3 if by_client else 2) * len(found)
    done = {(row["node"], row["operation"]): row["count"] for row in rows(sink.table("operations"))}
    for node in (found[0]["server"], f"clients/{found[0]['profile']}"):
        assert done[node, "flight"] == flights
        assert done[node, "record.sent"] + done[node, "record.received"] == flights


def test_a_warned_user_may_go_on() -> None:
    world = scenario(
        server__name="www.example.org",
        clients=[{"profile": "internet-explorer-6", "warnings": "overridden"}],
    )
    assert {row["outcome"] for row in rows(connections(world))} == {"full", "resumed-by-id"}


@pytest.mark.parametrize("security", ["tls", "plain"])
def test_the_table_of_operations_is_the_work_of_all_connections(security: str) -> None:
    sink = simulated(scenario(server__security=security, warm_up="30 s"))
    work, found = sink.table("operations"), sink.table("connections")
    machine = sim.machine_profile("pentium-iii-933")
    cpu: dict[str, float] = {}
    for row in rows(work):
        operation = tls.Operation(row["operation"], row["bits"], row["count"], row["bytes"])
        assert row["cpu_seconds"] == pytest.approx(machine.price(operation))
        cpu[row["node"]] = cpu.get(row["node"], 0.0) + row["cpu_seconds"]
    assert cpu["www.contoso.com"] == pytest.approx(pc.sum(found["server_cpu"]).as_py())
    assert cpu["clients/internet-explorer-6"] == pytest.approx(pc.sum(found["client_cpu"]).as_py())
    done = {(row["node"], row["operation"]): row for row in rows(work)}
    server = "www.contoso.com"
    assert done[server, "accept"]["count"] == len(found)
    assert done[server, "request"]["count"] == 2 * len(found)
    on_the_wire = pc.sum(found["bytes_sent"]).as_py() + pc.sum(found["bytes_received"]).as_py()
    assert done[server, "byte"]["bytes"] == on_the_wire
    assert done["clients/internet-explorer-6", "byte"]["bytes"] == on_the_wire
    if security == "tls":
        full = pc.sum(pc.equal(found["outcome"], "full")).as_py()
        assert done[server, "rsa.private"]["count"] == full
        assert done[server, "rsa.private"]["bits"] == 1024
    else:
        assert {row["operation"] for row in rows(work)} == {"accept", "flight", "byte", "request"}


def test_a_slower_machine_takes_longer() -> None:
    def mean_cpu(machine: str) -> float:
        found = connections(scenario(server__machine=machine))
        return float(pc.mean(found["server_cpu"]).as_py())

    assert mean_cpu("pentium-iii-933") > 3 * mean_cpu("nginx-2026")
