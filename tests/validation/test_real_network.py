"""Real handshakes over an emulated link take the round trips that the protocol needs.

Times are never shorter than the link's; what the hosts compute comes on top, so bounds above are
generous.
"""

from __future__ import annotations

from statistics import median

import pytest

from experiments.validation.cells import IDENTITIES, LARGE, SMALL
from experiments.validation.namespaces import CommandFailed
from experiments.validation.pipes import Pipe
from experiments.validation.real_network import PipeResult, PipeSettings, measure, real_network

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("real_hosts"),
    pytest.mark.alone,
]

MILLISECOND = 1e-3
COMPUTING = 20 * MILLISECOND
CHAIN, KEY = IDENTITIES / f"{SMALL}.pem", IDENTITIES / f"{SMALL}.key.pem"


def only(settings: PipeSettings) -> PipeResult:
    (result,) = measure([settings]).pipes
    assert result.symptoms == []
    assert result.not_resumed == 0
    return result


@pytest.mark.parametrize("round_trip", [0.005, 0.05])
def test_connecting_takes_a_round_trip(round_trip: float) -> None:
    result = only(PipeSettings(Pipe.symmetric(round_trip), CHAIN, KEY, connections=40))
    assert min(result.connect_times) >= round_trip
    assert median(result.connect_times) < round_trip + MILLISECOND


@pytest.mark.parametrize(
    ("version", "suite"), [("TLS 1.2", "ECDHE-RSA-AES128-GCM-SHA256"), ("TLS 1.0", "AES128-SHA")]
)
@pytest.mark.parametrize(("resumed", "round_trips"), [(False, 2), (True, 1)])
def test_a_handshake_takes_two_round_trips_and_a_resumed_one_one(
    version: str, suite: str, resumed: bool, round_trips: int
) -> None:
    result = only(
        PipeSettings(
            Pipe.symmetric(0.05),
            CHAIN,
            KEY,
            version=version,
            suites=suite,
            resumed=resumed,
            connections=15,
        )
    )
    assert len(result.total_times) == 15
    assert min(result.handshake_times) >= round_trips * 0.05
    assert median(result.handshake_times) < round_trips * 0.05 + COMPUTING
    assert min(result.first_byte_times) >= (round_trips + 2) * 0.05
    assert median(result.first_byte_times) < (round_trips + 2) * 0.05 + COMPUTING
    assert all(map(float.__le__, result.first_byte_times, result.total_times))


def test_a_chain_above_the_initial_window_takes_a_round_trip_more() -> None:
    chain, key = IDENTITIES / f"{LARGE}.pem", IDENTITIES / f"{LARGE}.key.pem"
    pipe = Pipe.symmetric(0.05)
    windows = [
        PipeSettings(pipe, chain, key, connections=10, initial_window=segments)
        for segments in (10, 20)
    ]
    narrow, wide = measure(windows, concurrency=1).pipes
    assert median(narrow.handshake_times) == pytest.approx(0.15, abs=COMPUTING)
    assert median(wide.handshake_times) == pytest.approx(0.1, abs=COMPUTING)


def test_a_response_takes_the_time_that_its_packets_need() -> None:
    result = only(
        PipeSettings(Pipe.symmetric(0.02, rate=1e6), CHAIN, KEY, response=100_000, connections=3)
    )
    # At least 69 segments of at most 1,500 bytes for 100,000 bytes in records.
    sending = 8 * (100_000 + 70 * 40) / 1e6
    assert sending <= median(result.total_times) - 3 * 0.02 < sending + 0.2


def test_a_connection_that_takes_too_long_is_told_with_its_symptom() -> None:
    slow = PipeSettings(Pipe.symmetric(0.1), CHAIN, KEY, connections=2, timeout=0.25)
    with pytest.raises(CommandFailed, match="handshake: timed out"):
        measure([slow])


def test_losses_cost_time_and_connections_go_on() -> None:
    lossy = PipeSettings(Pipe.symmetric(0.005, loss=0.1), CHAIN, KEY, connections=10, timeout=5.0)
    measured = measure([lossy], seed=4)
    (result,) = measured.pipes
    assert len(result.total_times) + len(result.symptoms) == 10
    assert max(result.total_times) > 2 * min(result.total_times)
    assert sum(direction.lost for direction in measured.link.pipes[0]) > 0


def test_tcp_is_set_on_both_hosts() -> None:
    settings = PipeSettings(
        Pipe.symmetric(0.01), CHAIN, KEY, congestion_control="reno", initial_window=4
    )
    with real_network([settings], sysctls={"net.ipv4.tcp_timestamps": 0}) as network:
        for host in (network.client, network.server):
            routes = host.ip("route", "show")
            assert "congctl reno" in routes
            assert "initcwnd 4" in routes
            assert host.sysctl("net.ipv4.tcp_no_metrics_save") == "1"
            assert host.sysctl("net.ipv4.tcp_timestamps") == "0"


def test_a_peer_that_fails_is_told_with_its_words() -> None:
    broken = PipeSettings(Pipe.symmetric(0.0), CHAIN, KEY, suites="NO-SUCH-SUITE")
    with pytest.raises(CommandFailed, match="openssl_peers serve"):
        measure([broken])
