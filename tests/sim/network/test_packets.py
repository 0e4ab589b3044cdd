"""The packets of chosen connections: the same list whichever way a flight takes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.network.link import LinkDirection, LinkQueue
from sim.network.lossless_sender import LosslessSender
from sim.network.one_way_path import PathElement
from sim.network.packets import Packet, PacketKind, PacketRecorder, Recording
from sim.network.recorded_path import RecordedPath, record_rounds
from sim.network.sender import Sender
from sim.network.tcp import Tcp
from sim.network.tls_hop import TlsHop
from sim.network.transport import Transport
from tests.sim.middleboxes.networks import network
from tests.sim.network.test_tcp import finished, steps_of
from tests.sim.worlds import rows, scenario, simulated

RTT = 0.1
SEGMENT = 1460
PERMIT = {"rules": [{"action": "permit"}]}
LOSSY = {"round_trip_time": "60 ms", "loss": 0.05}
SHARED = {"round_trip_time": "60 ms", "rate": "256 kbit/s", "buffer": "8 kB"}
WORLDS: dict[str, dict[str, Any]] = {
    "calm": {},
    "calm, many rounds": {"http__response_size": "100 kB"},
    "boxes, nothing lost": network({"wall": {"kind": "packet-filter", **PERMIT}}),
    "losses": network({}, links={"near": LOSSY, "far": LOSSY}, http__response_size="40 kB"),
    "a shared link": {"path": SHARED, "http__response_size": "20 kB", "arrivals__rate": "2 /s"},
    "late acknowledgements": {"tcp": {"delayed_acknowledgement": "200 ms", "initial_window": 1}},
    "a tunnel": network(
        {"tunnel": {"kind": "connect-proxy", "machine": "pentium-iii-933"}},
        links={"near": LOSSY, "far": SHARED},
    ),
}


def ways(recorder: PacketRecorder, tcp: Tcp) -> tuple[RecordedPath, RecordedPath]:
    recording = Recording(recorder, 0)

    def way(to_server: bool) -> RecordedPath:
        element = PathElement(LinkQueue(LinkDirection(), 0.0), RTT / 2)
        return RecordedPath([element], ["link"], tcp, SEGMENT, recording, to_server=to_server)

    return way(True), way(False)


def listed(packets: list[Packet]) -> list[tuple[Any, ...]]:
    found = [
        (round(each.sent, 9), round(each.arrived or -1, 9), each.to_server, each.kind.value,
         each.size, each.begin, each.end, each.again, each.acknowledges)
        for each in packets
    ]  # fmt: skip
    return sorted(found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 200_000), min_size=1, max_size=4),
    st.integers(1, 20),
    st.sampled_from([0.0, 0.3, 2.0]),
)
def test_closed_form_and_segments_give_one_list(
    sizes: list[int], initial_window: int, pause: float
) -> None:
    """Flight after flight, each as soon as the one before is acknowledged, or after a pause."""
    tcp = Tcp(initial_window=initial_window)
    fast, slow = PacketRecorder(), PacketRecorder()
    rounds = LosslessSender(tcp, SEGMENT, RTT)
    forward, backward = ways(fast, tcp)
    exact = Sender(tcp, SEGMENT, *ways(slow, tcp), RTT)
    with pytest.MonkeyPatch.context() as patch:
        # Each flight is followed segment by segment, calm or not.
        patch.setattr(Sender, "_is_calm", lambda *_: False)
        now = 0.0
        for size in sizes:
            packets = tcp.packets(size, SEGMENT)
            record_rounds(tcp, forward, backward, now, packets, rounds.rounds(now, size))
            more = rounds.more(now, size)
            found = finished(steps_of(exact, size, now))
            assert found.rounds == more
            now = found.last + RTT / 2 + pause
    assert listed(fast.packets()) == listed(slow.packets())


def test_a_calm_flight_is_listed_as_one_that_is_followed() -> None:
    tcp = Tcp(initial_window=10)
    calm, followed = PacketRecorder(), PacketRecorder()
    finished(steps_of(Sender(tcp, SEGMENT, *ways(calm, tcp), RTT), 9000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sender, "_is_calm", lambda *_: False)
        finished(steps_of(Sender(tcp, SEGMENT, *ways(followed, tcp), RTT), 9000))
    assert listed(calm.packets()) == listed(followed.packets())
    data = [each for each in calm.packets() if each.kind is PacketKind.DATA]
    assert [(each.begin, each.end) for each in data][-1] == (8760, 9000)


def recorded(changes: dict[str, Any]) -> tuple[sim.MemorySink, dict[int, list[PacketRecorder]]]:
    """A world's tables, and the packets of all connections by number."""
    recorders: dict[int, list[PacketRecorder]] = defaultdict(list)
    transport = TlsHop.transport

    def recording(self: TlsHop, number: int, source: int, **others: Any) -> Transport:
        recorders[number].append(PacketRecorder())
        return transport(self, number, source, **{**others, "packets": recorders[number][-1]})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TlsHop, "transport", recording)
        tables = simulated(scenario(**changes))
    return tables, recorders


@pytest.mark.parametrize("changes", WORLDS.values(), ids=WORLDS)
def test_what_is_recorded_adds_up_and_changes_nothing(changes: dict[str, Any]) -> None:
    plain = simulated(scenario(**changes))
    tables, recorders = recorded(changes)
    for name in sim.SCHEMAS:
        assert rows(tables.table(name)) == rows(plain.table(name))
    window = scenario(**changes).tcp.initial_window
    complete = 0
    for row in rows(tables.table("connections")):
        (recorder,) = recorders[row["connection"]]
        packets = recorder.packets()
        connections = {each.connection for each in packets}
        check_times(row, packets)
        for number in connections:
            of_one = [each for each in packets if each.connection == number]
            check_order(of_one, window)
        if row["outcome"] == "failed":
            continue
        complete += 1
        last = [each for each in packets if each.connection == max(connections)]
        sent = bytes_of(last, to_server=True)
        assert sent == row["bytes_sent"]
        assert bytes_of(last, to_server=False) == row["bytes_received"]
    assert complete > 10


def check_times(row: dict[str, Any], packets: list[Packet]) -> None:
    first = packets[0]
    assert (first.kind, first.to_server, first.sent) == (PacketKind.SYN, True, row["arrival"])
    for each in packets:
        assert each.arrived is None or each.arrived > each.sent
        assert each.arrived is None or each.lost_at is None
        assert (each.end > each.begin) == (each.kind is PacketKind.DATA)


def check_order(packets: list[Packet], initial_window: int) -> None:
    """Bytes are sent in order but for those sent again; no more than the window at first."""
    for to_server in (True, False):
        written = 0
        own = [each for each in packets if each.to_server is to_server]
        acknowledged = [each.acknowledges for each in own]
        assert acknowledged == sorted(acknowledged)
        for each in own:
            if each.kind is PacketKind.DATA:
                assert each.begin == written or (each.again and each.begin < written)
                written = max(written, each.end)
        data = [each for each in own if each.kind is PacketKind.DATA]
        answered = min(
            (
                each.arrived
                for each in packets
                if each.to_server is not to_server
                and each.kind is not PacketKind.SYN
                and each.arrived is not None
                and each.acknowledges > 0
            ),
            default=float("inf"),
        )
        early = [each for each in data if each.sent < answered - 1e-9 and not each.again]
        assert len(early) <= initial_window


def bytes_of(packets: list[Packet], *, to_server: bool) -> int:
    """How many bytes got there, each counted once."""
    got = 0
    arrived = sorted(
        (each.begin, each.end)
        for each in packets
        if each.to_server is to_server and each.arrived is not None
    )
    for begin, end in arrived:
        assert begin <= got
        got = max(got, end)
    return got


def test_lost_packets_say_where() -> None:
    _, recorders = recorded(WORLDS["losses"])
    packets = [each for every in recorders.values() for one in every for each in one.packets()]
    lost = [each for each in packets if each.arrived is None]
    assert {each.lost_at for each in lost} == {"near", "far"}
    assert 0.05 < len(lost) / len(packets) < 0.15
    assert any(each.again for each in packets)


def test_a_box_that_stops_a_syn_is_named() -> None:
    world = network({"wall": {"kind": "packet-filter", "rules": []}})
    tables, recorders = recorded(world)
    assert {row["stopped_by"] for row in rows(tables.table("connections"))} == {"wall"}
    for every in recorders.values():
        assert {each.lost_at for one in every for each in one.packets()} == {"wall"}
        assert {each.kind for one in every for each in one.packets()} == {PacketKind.SYN}
