"""Links: rates and buffers, losses, round-trip times, and who waits for whom."""

from __future__ import annotations

from itertools import groupby, pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim
from sim.distributions import Empirical, LogNormal
from sim.network.link import LinkDirection, LinkQueue
from sim.network.loss import BurstLoss, GilbertElliott, IndependentLoss
from tests.sim.worlds import connections, rows, scenario, simulated

RTT = 0.1
HEADERS = 40
SYN = HEADERS + 8


def one_by_one(**changes: Any) -> list[dict[str, Any]]:
    """Connections without TLS that hardly ever meet, over a link."""
    whole = {
        "arrivals__rate": "1 /s",
        "http__requests": 1,
        "server__security": "plain",
        "duration": "100 s",
        **changes,
    }
    return rows(connections(scenario(**whole)))


def alone(**changes: Any) -> list[dict[str, Any]]:
    """Connections that do not meet."""
    found = one_by_one(arrivals__rate="1 /min", duration="9 min", **changes)
    assert len(found) > 3
    return found


def link(**fields: Any) -> dict[str, Any]:
    return {"round_trip_time": "100 ms", **fields}


def queue(**fields: Any) -> LinkQueue:
    return LinkQueue(LinkDirection.model_validate(fields), 0.0)


# -- rate and buffer


def test_packets_go_one_behind_another() -> None:
    """1,000 bytes at 80 kbit/s take 0.1 s."""
    way = queue(rate="80 kbit/s")
    assert way.send(0.0, 1000) == pytest.approx((0.0, 0.1))
    assert way.send(0.05, 1000) == pytest.approx((0.1, 0.2))
    assert way.send(1.0, 500) == pytest.approx((1.0, 1.05))
    way.begin_recording(1.0)
    assert way.send(1.1, 1000) == pytest.approx((1.1, 1.2))
    assert way.sample(2.0) == [pytest.approx(0.15), 0, 1, 1000, 0, 0]


def test_what_finds_no_room_in_the_buffer_is_dropped() -> None:
    """Two packets may wait beside the one that is being sent; then there is room again."""
    way = queue(rate="80 kbit/s", buffer="2 kB")
    assert sum(way.send(0.0, 1000) is not None for _ in range(6)) == 3
    assert way.sample(0.0)[1:] == [3000, 6, 6000, 0, 3]
    assert way.send(0.15, 400) == pytest.approx((0.3, 0.34))


def test_packets_are_served_by_arrival_whenever_they_are_announced() -> None:
    way = queue(rate="1 Mbit/s")
    assert way.send(0.02, 1500) == pytest.approx((0.02, 0.032))
    assert way.send(0.0, 1500) == pytest.approx((0.0, 0.012))
    # A small packet that is to come does not keep a large one from going before it.
    assert way.send(0.013, 40) == pytest.approx((0.013, 0.01332))
    assert way.send(0.0125, 1500) == pytest.approx((0.0125, 0.0245))
    # Behind 1,500 and 40 bytes that came before the first of them all.
    assert way.send(0.021, 250) == pytest.approx((0.03682, 0.03882))


@given(
    st.lists(st.tuples(st.floats(0, 10), st.integers(40, 1500)), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_a_queue_has_the_work_of_all_that_arrived(
    packets: list[tuple[float, int]], random: Random
) -> None:
    """Lindley's recursion, in whatever order the packets are announced; each in order."""
    in_order = sorted(packets)
    mixed = list(packets)
    random.shuffle(mixed)
    one, other = queue(rate="10 kbit/s"), queue(rate="10 kbit/s")
    free = 0.0
    for arrival, size in in_order:
        free = max(free, arrival) + size * 8 / 1e4
        times = one.send(arrival, size)
        assert times is not None
        assert times[1] == pytest.approx(free)
    for arrival, size in mixed:
        other.send(arrival, size)
    assert one.send(10.0, 40) == pytest.approx(other.send(10.0, 40))
    assert one.sample(10.0)[1:] == other.sample(10.0)[1:]


def test_a_packet_on_an_idle_link_needs_no_buffer() -> None:
    way = queue(rate="80 kbit/s", buffer="0 B")
    assert way.send(0.0, 1000) is not None
    assert way.send(0.0, 1000) is None


def test_a_link_without_a_rate_keeps_nothing() -> None:
    way = queue()
    assert way.send(3.0, 10**9) == (3.0, 3.0)
    assert way.sample(4.0) == [0.0, 0, 1, 10**9, 0, 0]


def test_each_packet_is_sent_bit_by_bit() -> None:
    """A response of one segment: five packets before its end, headers included."""
    rate = 100_000.0
    for row in alone(path=link(rate="100 kbit/s"), http__response_size="1 kB"):
        sent = [SYN, SYN, HEADERS, 400 + HEADERS, 1000 + HEADERS]
        # The response may wait for the acknowledgement of the request.
        waited = row["time_transmission"] - sum(sent) * 8 / rate
        assert 0 <= waited <= HEADERS * 8 / rate
        assert row["connect_time"] == pytest.approx(RTT + 2 * SYN * 8 / rate)


def test_directions_of_their_own() -> None:
    """A modem's: slow to the server, faster to the client."""
    path = link(
        share_to_server=0.25,
        to_server={"rate": "33.6 kbit/s"},
        to_client={"rate": "56 kbit/s"},
    )
    for row in alone(path=path, http__response_size="1 kB"):
        up, down = (SYN + HEADERS + 440) * 8 / 33_600, (SYN + 1040) * 8 / 56_000
        assert 0 <= row["time_transmission"] - up - down <= HEADERS * 8 / 56_000
        assert row["time_propagation"] == pytest.approx(3 * RTT)


# -- sharing


def test_two_connections_wait_for_each_other() -> None:
    """Some dozen at once on a narrow link; alone nobody waits."""
    path = link(rate="256 kbit/s")
    size = "30 kB"
    crowded = one_by_one(path=path, arrivals__rate="8 /s", http__response_size=size, duration="5 s")
    waiting = [row for row in crowded if row["time_link_queue"] > 0.05]
    assert len(waiting) > len(crowded) / 2
    lonely = alone(path=path, http__response_size=size)
    # 30 kB are three windows: what waits behind packets of its own is being sent.
    assert all(row["time_link_queue"] == 0 for row in lonely)
    assert min(row["duration"] for row in crowded) >= min(row["duration"] for row in lonely) - 1e-9


def test_a_bottleneck_carries_what_its_rate_allows() -> None:
    """More at once than it takes: the last is served when all bytes have gone over the link."""
    sink = simulated(
        scenario(
            path=link(rate="400 kbit/s"),
            arrivals={"process": "curve", "counts": [100, 0, 0, 0, 0, 0], "interval": "5 s"},
            duration="30 s",
            server__security="plain",
            http__requests=1,
            http__response_size="10 kB",
        )
    )
    ends = max(row["arrival"] + row["duration"] for row in rows(sink.table("connections")))
    down = [row for row in rows(sink.table("links")) if row["direction"] == "to client"]
    assert ends == pytest.approx(down[-1]["bytes"] * 8 / 400_000, rel=0.1)


def test_a_small_buffer_drops_and_tcp_sends_again() -> None:
    world = scenario(
        path=link(rate="256 kbit/s", buffer="6 kB"),
        arrivals__rate="2 /s",
        server__security="plain",
        http__response_size="40 kB",
        http__requests=1,
        duration="10 s",
    )
    sink = simulated(world)
    found = rows(sink.table("connections"))
    assert sum(row["time_retransmission"] > 0 for row in found) > len(found) / 2
    down = [row for row in rows(sink.table("links")) if row["direction"] == "to client"]
    assert down[-1]["dropped"] > 10
    assert down[-1]["lost"] == 0
    assert 0 < max(row["utilisation"] for row in down) <= 1


@pytest.mark.parametrize("load", [0.3, 0.6])
def test_a_link_makes_packets_wait_as_queueing_theory_says(load: float) -> None:
    """M/G/1 with packets of 48, 1,500 and twice 40 bytes, mixed by round trips of every length.

    Of a connection the SYN-ACK and the response wait; Pollaczek and Khinchine, within 10 % for some
    ten thousand connections.
    """
    rate = 1_300_000.0
    times = [size * 8 / rate for size in (SYN, HEADERS, 1460 + HEADERS, HEADERS)]
    connections_a_second = load / sum(times)
    mean = connections_a_second * sum(time**2 for time in times) / 2 / (1 - load)
    found = one_by_one(
        arrivals__rate=f"{connections_a_second} /s",
        duration=f"{10_000 / connections_a_second} s",
        population__clients=10**6,
        server__machine="xeon-2026",
        http__response_size="1460 B",
        path={
            "round_trip_time": {"distribution": "log-normal", "median": "300 ms", "sigma": 1},
            "to_client": {"rate": f"{rate} bit/s"},
        },
    )
    waits = [row["time_link_queue"] for row in found]
    assert np.mean(waits) == pytest.approx(2 * mean, rel=0.1)


# -- loss


def test_independent_losses_are_a_share_without_memory() -> None:
    losses = IndependentLoss(0.1, Random(1).random)
    lost = [losses.loses() for _ in range(20_000)]
    assert stats.binomtest(sum(lost), len(lost), 0.1).pvalue > 0.01
    after = [later for earlier, later in pairwise(lost) if earlier]
    assert stats.binomtest(sum(after), len(after), 0.1).pvalue > 0.01


@pytest.mark.parametrize(("bad", "good"), [(0.02, 0.25), (0.1, 0.5), (0.005, 0.1)])
def test_bursts_have_the_models_share_and_length(bad: float, good: float) -> None:
    """Of 200,000 packets: the mean within 5 %, the mean burst within 5 %."""
    model = GilbertElliott(model="gilbert-elliott", good_to_bad=bad, bad_to_good=good)
    losses = BurstLoss(model, Random(2).random)
    lost = [losses.loses() for _ in range(200_000)]
    assert model.mean == pytest.approx(bad / (bad + good))
    assert np.mean(lost) == pytest.approx(model.mean, rel=0.05)
    bursts = [len(list(run)) for is_lost, run in groupby(lost) if is_lost]
    assert np.mean(bursts) == pytest.approx(1 / good, rel=0.05)


def test_a_bad_link_may_lose_a_part_only() -> None:
    model = GilbertElliott(
        model="gilbert-elliott",
        good_to_bad=0.1,
        bad_to_good=0.3,
        loss_when_good=0.01,
        loss_when_bad=0.5,
    )
    losses = BurstLoss(model, Random(3).random)
    lost = [losses.loses() for _ in range(100_000)]
    assert model.mean == pytest.approx(0.25 * 0.5 + 0.75 * 0.01)
    assert np.mean(lost) == pytest.approx(model.mean, rel=0.05)


def test_each_connection_begins_as_the_link_is_in_the_long_run() -> None:
    model = GilbertElliott(model="gilbert-elliott", good_to_bad=0.01, bad_to_good=0.03)
    draws = Random(4).random
    first = sum(BurstLoss(model, draws).loses() for _ in range(10_000))
    assert stats.binomtest(first, 10_000, 0.25).pvalue > 0.01


@pytest.mark.parametrize(
    "loss",
    [0.05, {"model": "gilbert-elliott", "good_to_bad": 0.02, "bad_to_good": 0.38}],
    ids=["independent", "bursts"],
)
def test_links_lose_what_they_are_told_to(loss: Any) -> None:
    """5 % of both directions' packets; some thousands of them."""
    sink = simulated(
        scenario(
            path=link(loss=loss),
            arrivals__rate="10 /s",
            server__security="plain",
            http__response_size="8 kB",
        )
    )
    for direction in ("to server", "to client"):
        row = [row for row in rows(sink.table("links")) if row["direction"] == direction][-1]
        assert row["packets"] > 3000
        # What follows a loss comes by itself, so that bursts are met a little less often.
        assert row["lost"] / row["packets"] == pytest.approx(0.05, rel=0.2)
        assert row["dropped"] == 0
    found = rows(sink.table("connections"))
    again = [row for row in found if row["time_retransmission"] > 0]
    assert len(found) / 10 < len(again) < len(found)


def test_losses_of_one_direction_alone() -> None:
    sink = simulated(scenario(path=link(to_client={"loss": 0.1}), server__security="plain"))
    lost = {row["direction"]: row["lost"] for row in rows(sink.table("links"))}
    assert lost["to server"] == 0
    assert lost["to client"] > 0


def test_a_link_that_loses_everything_is_a_time_out() -> None:
    found = one_by_one(path=link(loss=1.0), duration="10 s")
    assert {(row["symptom"], row["stopped_by"]) for row in found} == {("timeout", None)}
    assert all(row["duration"] == pytest.approx(21.0) for row in found)


# -- round-trip times


def quantiles_of(round_trip_time: dict[str, Any]) -> list[float]:
    found = one_by_one(path={"round_trip_time": round_trip_time}, arrivals__rate="20 /s")
    assert len(found) > 1500
    return [row["connect_time"] for row in found]


def test_log_normal_round_trip_times() -> None:
    """Kolmogorov-Smirnov against the distribution itself, p > 0.01 with this seed."""
    times = quantiles_of({"distribution": "log-normal", "median": "80 ms", "sigma": 0.5})
    assert stats.kstest(times, stats.lognorm(0.5, scale=0.08).cdf).pvalue > 0.01
    assert np.median(times) == pytest.approx(0.08, rel=0.05)
    described = LogNormal(distribution="log-normal", median="80 ms", sigma=0.5)
    assert described.quantile(0.5) == pytest.approx(0.08)
    assert described.quantile(0.0) > 0


def test_round_trip_times_as_measured() -> None:
    within = [["20 ms", 0.1], ["60 ms", 0.5], ["400 ms", 1.0]]
    times = quantiles_of({"distribution": "empirical", "within": within})
    for share, expected in ((0.1, 0.02), (0.3, 0.04), (0.5, 0.06), (0.75, 0.23), (1.0, 0.4)):
        assert np.quantile(times, share) == pytest.approx(expected, rel=0.1)
    assert min(times) == pytest.approx(0.02)
    described = Empirical.model_validate({"distribution": "empirical", "within": within})
    assert described.quantile(0.05) == 0.02
    assert described.quantile(0.3) == pytest.approx(0.04)


def test_a_connection_keeps_its_round_trip_time() -> None:
    """TCP, the response and the close take it three times."""
    path = {"round_trip_time": {"distribution": "log-normal", "median": "80 ms", "sigma": 1.0}}
    for row in one_by_one(path=path, duration="30 s"):
        assert row["time_propagation"] == pytest.approx(row["connect_time"] * 3)


# -- MTU


@pytest.mark.parametrize(
    ("mtu", "timestamps", "segments"),
    [("1500 B", False, 4), ("1500 B", True, 5), ("1492 B", False, 5), ("576 B", False, 11)],
)
def test_the_mtu_limits_segments(mtu: str, timestamps: bool, segments: int) -> None:
    """5,840 bytes are four full segments of Ethernet's; smaller ones take more packets."""
    sink = simulated(
        scenario(
            path=link(mtu=mtu, rate="1 Gbit/s"),
            tcp={"initial_window": 20, "timestamps": timestamps},
            server__security="plain",
            http__requests=1,
            http__response_size="5840 B",
            arrivals__rate="1 /s",
        )
    )
    found = rows(sink.table("connections"))
    ended = sum(row["arrival"] + row["duration"] < 60 for row in found)
    down = [row for row in rows(sink.table("links")) if row["direction"] == "to client"][-1]
    # SYN-ACK, the acknowledgement of the request, the response, and FIN.
    assert down["packets"] == pytest.approx(ended * (3 + segments), abs=3 + segments)


# -- the table


def test_the_table_has_both_directions_at_each_sample() -> None:
    sink = simulated(
        scenario(
            links={"a": link(rate="1 Mbit/s"), "b": link()},
            paths={"way": {"crosses": ["a", "b"]}},
            path="way",
            server__security="plain",
        )
    )
    found = rows(sink.table("links"))
    assert {row["node"] for row in found} == {"a"}
    assert [row["time"] for row in found[::2]] == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    assert {row["direction"] for row in found} == {"to server", "to client"}
    for earlier, later in zip(found, found[2:], strict=False):
        assert later["packets"] >= earlier["packets"]
        assert later["bytes"] >= earlier["bytes"] + HEADERS * (
            later["packets"] - earlier["packets"]
        )


def test_warming_up_is_not_counted() -> None:
    changes: dict[str, Any] = {"path": link(rate="1 Mbit/s"), "server__security": "plain"}
    cold = rows(simulated(scenario(**changes)).table("links"))[-1]
    warm = rows(simulated(scenario(**changes, warm_up="10 min")).table("links"))[-1]
    assert warm["packets"] == pytest.approx(cold["packets"], rel=0.3)


def test_links_that_only_delay_have_no_rows() -> None:
    assert rows(simulated(scenario()).table("links")) == []
    assert "links" in sim.SCHEMAS
