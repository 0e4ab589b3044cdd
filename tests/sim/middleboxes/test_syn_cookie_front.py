"""A front against floods of SYNs, with cookies and without."""

from __future__ import annotations

import pytest

from sim.middleboxes.load_shedder import SynCookieFront
from sim.middleboxes.middlebox import PASS, Flow, Seen
from tests.sim.middleboxes.networks import behind, connections, hellos, last, verdicts, watch


def test_without_a_flood_all_pass_and_no_entry_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = watch(monkeypatch, SynCookieFront)
    tables = behind("syn-cookie-front", {"half_open": 2, "cookies": False}, duration="19.5 s")
    found = connections(tables)
    assert {row["symptom"] for row in found} == {None}
    assert verdicts(tables) == {("box", "passed", ""): len(found)}
    assert len(hellos(shown)) == len(found)
    assert last(tables)["entries"] <= 1


def test_a_flood_fills_the_table_and_clients_give_up() -> None:
    """1,024 entries are full after a tenth of a second of 10,000 SYNs a second."""
    tables = behind("syn-cookie-front", {"flood": "10000 /s", "cookies": False})
    found = connections(tables)
    assert {row["symptom"] for row in found} == {"timeout"}
    assert {(row["stopped_by"], row["reason"]) for row in found} == {
        ("box", "half-open table full")
    }
    assert all(row["duration"] == pytest.approx(21.0) for row in found)
    assert verdicts(tables) == {("box", "dropped", "half-open table full"): len(found)}
    assert last(tables)["entries"] == 1024


def test_cookies_keep_the_door_open() -> None:
    """As without a flood: times and all."""
    flooded = behind("syn-cookie-front", {"flood": "10000 /s"})
    assert last(flooded)["entries"] == 1024
    assert connections(flooded) == connections(behind("syn-cookie-front"))


def test_a_flood_that_the_table_holds_harms_nobody() -> None:
    """5 a second for 20 s leave 100 entries at the end; those of 4 s would leave 20."""
    tables = behind("syn-cookie-front", {"flood": "5 /s", "cookies": False, "half_open": 110})
    assert {row["symptom"] for row in connections(tables)} == {None}
    assert 100 <= last(tables)["entries"] <= 102
    short = behind("syn-cookie-front", {"flood": "5 /s", "half_open_timeout": "4 s"})
    assert 20 <= last(short)["entries"] <= 22


def test_a_table_that_fills_in_the_middle() -> None:
    """Ten seconds' worth of flood: who comes before that passes."""
    tables = behind("syn-cookie-front", {"flood": "10 /s", "cookies": False, "half_open": 100})
    for row in connections(tables):
        if row["arrival"] < 9:
            assert row["symptom"] is None
        if row["arrival"] > 10:
            assert row["reason"] == "half-open table full"


def test_a_syn_that_is_sent_again_takes_no_further_entry() -> None:
    """Nor does it keep the one that it has for longer."""
    front = SynCookieFront(kind="syn-cookie-front", half_open=3, cookies=False)
    box, client = front.place("box", 0.0, 1.0).behaviour, Flow(10, 50000, 20, 443)
    for now in (0.0, 1.0, 3.0, 7.0):
        assert box.opens(client, now) is PASS
    assert box.entries(7.0) == 1
    assert box.entries(63.0) == 0


def test_a_syn_that_is_sent_again_finds_its_entry_in_a_full_table() -> None:
    front = SynCookieFront(kind="syn-cookie-front", half_open=1, cookies=False)
    box, client = front.place("box", 0.0, 1.0).behaviour, Flow(10, 50000, 20, 443)
    assert box.opens(client, 0.0) is PASS
    assert box.opens(client, 1.0) is PASS
    assert box.opens(Flow(11, 50000, 20, 443), 1.0).reason == "half-open table full"
    assert box.carries(client, 2.0, Seen(b"", 0, 0), to_server=False) is PASS
    assert box.entries(2.0) == 1
    assert box.carries(client, 2.0, Seen(b"", 0, 0), to_server=True) is PASS
    assert box.entries(2.0) == 0
