"""What a box stops has come as far as the box: its time and its packets are accounted for."""

from __future__ import annotations

import pytest

from sim.middleboxes.middlebox import Flow, Verdict
from sim.middleboxes.packet_filter import AccessList, PacketFilter
from tests.sim.middleboxes.networks import IE8, behind, connections, network, watch
from tests.sim.worlds import rows, scenario, simulated

BROWSER = {"clients": [{"profile": IE8}]}
HEADERS = 40


def test_a_hello_that_is_refused_was_sent_bit_by_bit() -> None:
    """An SNI filter behind a modem of 33.6 kbit/s."""
    modem = {
        "near": {"round_trip_time": "20 ms", "rate": "33.6 kbit/s"},
        "far": {"round_trip_time": "80 ms"},
    }
    tables = behind("sni-filter", {"blocked": ["www.contoso.com"]}, links=modem, **BROWSER)
    found = connections(tables)
    for row in found:
        sizes = [48, 48, HEADERS, row["bytes_sent"] + HEADERS]
        assert row["symptom"] == "reset"
        # While the client writes its hello the last acknowledgement is on its way already.
        assert row["time_transmission"] == pytest.approx(sum(sizes) * 8 / 33_600, abs=2e-4)
        # From the client to the box and back, behind TCP's handshake.
        assert row["time_propagation"] == pytest.approx(0.02 + 0.1)
    (up, *_) = [
        row
        for row in rows(tables.table("links"))[::-1]
        if (row["node"], row["direction"]) == ("near", "to server")
    ]
    assert up["packets"] == 3 * len(found)


@pytest.mark.parametrize("refusal", ["at the SYN", "at the hello"])
def test_a_refusal_comes_back_through_boxes(refusal: str) -> None:
    """50 ms in a box on the way there, and 50 ms on the way back, are the box's."""
    boxes = {"slow": {"kind": "packet-filter", "otherwise": "permit", "rules": []}}
    boxes["slow"]["latency"] = "50 ms"
    if refusal == "at the SYN":
        boxes["box"] = {"kind": "packet-filter", "rules": [], "denied": "reset"}
    else:
        boxes["box"] = {"kind": "sni-filter", "blocked": ["www.contoso.com"]}
    found = connections(simulated(scenario(**network(boxes, **BROWSER))))
    opened = 0 if refusal == "at the SYN" else 1
    for row in found:
        assert row["symptom"] == "reset"
        assert row["time_middlebox"] == pytest.approx(0.1 + opened * 0.1)
        assert row["time_propagation"] == pytest.approx(0.02 + opened * 0.1)


def test_both_hellos_of_a_bridge_have_their_own_random(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = watch(monkeypatch, PacketFilter)
    filters = {"kind": "packet-filter", "otherwise": "permit", "rules": []}
    proxy = {"kind": "terminating-proxy", "machine": "pentium-iii-933"}
    boxes = {"before": filters, "bridge": proxy, "behind": filters}
    connections(simulated(scenario(**network(boxes))))
    randoms = [
        seen.data[11:43] for seen, to_server in shown if to_server and seen.data[5:6] == b"\1"
    ]
    assert len(randoms) > 10
    assert len(set(randoms)) == len(randoms)


class Mute(PacketFilter):
    """It forgets to return its verdict."""

    def opens(self, flow: Flow, now: float) -> Verdict:  # type: ignore[empty-body]
        ...


def test_a_box_without_a_verdict_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccessList, "opens", Mute.opens)
    with pytest.raises(TypeError, match=r"AccessList\.opens returned None; return a Verdict"):
        behind("packet-filter", {"rules": []})
