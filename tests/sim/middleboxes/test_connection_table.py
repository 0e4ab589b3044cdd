"""The table of a stateful box: what it remembers, and for how long."""

from __future__ import annotations

import pytest

from sim.middleboxes.connection_table import ConnectionTable
from sim.middleboxes.middlebox import PASS, Flow, Seen
from sim.middleboxes.nat import Nat
from sim.middleboxes.stateful_firewall import StatefulFirewall


def flow(number: int) -> Flow:
    return Flow(10, number, 20, 443)


def test_a_silent_entry_goes_and_room_is_made() -> None:
    gone: list[Flow] = []
    table = ConnectionTable(1, 5.0, 0.0, gone.append)
    table.open(flow(1), 0.0)
    assert table.is_open(flow(1), 4.9)
    assert not table.is_open(flow(1), 5.0)
    assert not table.has_room(4.9)
    assert table.refresh(flow(1), 4.9)
    assert not table.has_room(9.8)
    assert table.has_room(9.9)
    assert gone == [flow(1)]
    assert not table.refresh(flow(1), 9.9)


def test_an_entry_that_was_kept_for_later_holds_up_no_other() -> None:
    """A flight may be shown to a box before its moment comes, behind a pause."""
    table = ConnectionTable(None, 5.0, 0.0)
    table.open(flow(1), 0.0)
    assert table.refresh(flow(1), 4.0)
    assert table.refresh(flow(1), 8.0)
    table.open(flow(2), 1.0)
    assert table.entries(5.9) == 2
    assert table.entries(6.0) == 1
    assert table.entries(13.0) == 0


def test_a_closed_entry_stays_for_its_closing_time() -> None:
    table = ConnectionTable(None, None, 2.0)
    table.open(flow(1), 0.0)
    table.close(flow(1), 10.0)
    assert table.entries(11.9) == 1
    assert table.entries(12.0) == 0


@pytest.mark.parametrize("idle", [5.0, None, 300.0])
def test_the_closing_time_takes_the_place_of_the_idle_time(idle: float | None) -> None:
    """Whichever is the longer, and whatever still comes; as in Linux's conntrack."""
    table = ConnectionTable(None, idle, 120.0)
    table.open(flow(1), 0.0)
    table.close(flow(1), 1.0)
    assert table.entries(120.9) == 1
    assert table.refresh(flow(1), 120.9)
    assert table.entries(121.0) == 0


def test_without_a_closing_time_an_entry_goes_at_the_close() -> None:
    table = ConnectionTable(None, 5.0, 0.0)
    table.open(flow(1), 0.0)
    table.close(flow(1), 3.0)
    assert table.refresh(flow(1), 2.9)
    assert not table.is_open(flow(1), 2.9)
    assert not table.refresh(flow(1), 3.0)
    assert table.entries(3.0) == 0


def test_a_close_brings_nothing_back() -> None:
    """What was silent for too long before has no entry that could be kept."""
    table = ConnectionTable(None, 5.0, 120.0)
    table.open(flow(1), 0.0)
    table.close(flow(1), 5.0)
    assert not table.refresh(flow(1), 5.0)
    assert table.entries(5.0) == 0


def test_entries_go_in_order_of_their_time() -> None:
    """Whenever somebody asks for them."""
    gone: list[Flow] = []
    table = ConnectionTable(None, 5.0, 0.0, gone.append)
    table.open(flow(1), 0.0)
    table.open(flow(2), 1.0)
    table.refresh(flow(1), 3.0)
    assert table.entries(9.0) == 0
    assert gone == [flow(2), flow(1)]


@pytest.mark.parametrize("closes", [True, False])
def test_a_table_without_limit_holds_no_more_than_is_remembered(closes: bool) -> None:
    """Whether anybody asks for its entries or not."""
    table = ConnectionTable(None, 1000.0 if closes else 2.0, 1.0)
    for number in range(1000):
        table.open(flow(number), float(number))
        if closes:
            table.close(flow(number), number + 0.5)
    assert len(table._entries) <= 3
    assert len(table._watched) <= 20


def test_a_flow_that_opens_again_is_a_new_entry() -> None:
    table = ConnectionTable(None, None, 2.0)
    table.open(flow(1), 0.0)
    table.close(flow(1), 1.0)
    table.open(flow(1), 2.0)
    assert table.entries(3.0) == 1
    assert not ConnectionTable(0, None, 0.0).has_room(0.0)


def test_nat_gives_each_connection_one_port_and_takes_it_back() -> None:
    described = Nat.model_validate(
        {"kind": "nat", "first_port": 5000, "last_port": 5001, "idle_timeout": "5 s"}
    )
    nat = described.place("nat", 0.0, 1.0).behaviour
    ports = []
    for number, now in [(1, 0.0), (2, 1.0), (1, 1.5)]:
        assert nat.opens(flow(number), now).action.value == "passed"
        translated = nat.translated(flow(number))
        assert translated.source == int(described.address)
        ports.append(translated.source_port)
    assert ports == [5000, 5001, 5000]
    assert nat.opens(flow(3), 2.0).reason == "no free port"
    assert nat.entries(6.4) == 1
    assert nat.opens(flow(3), 6.45).action.value == "passed"
    assert nat.translated(flow(3)).source_port == 5001
    assert nat.opens(flow(1), 7.0).action.value == "passed"
    assert nat.entries(7.0) == 2


@pytest.mark.parametrize(
    "described",
    [
        Nat(kind="nat", closing_timeout="2 min"),
        StatefulFirewall(kind="stateful-firewall", closing_timeout="2 min"),
    ],
    ids=["nat", "firewall"],
)
def test_the_end_of_a_connection_is_not_that_of_the_next_one(
    described: Nat | StatefulFirewall,
) -> None:
    """A client that comes again from the same port is a new connection, behind the same port."""
    box = described.place("box", 0.0, 1.0).behaviour
    assert box.opens(flow(1), 0.0) is PASS
    before = box.translated(flow(1))
    box.closes(flow(1), 1.0)
    assert box.opens(flow(1), 100.0) is PASS
    assert box.translated(flow(1)) == before
    assert box.carries(flow(1), 123.0, Seen(b"", 0, 0), to_server=True) is PASS
    assert box.entries(123.0) == 1


def test_a_nat_without_a_free_port_takes_those_back_that_have_one() -> None:
    nat = Nat(kind="nat", first_port=5000, last_port=5000).place("nat", 0.0, 1.0).behaviour
    assert nat.opens(flow(1), 0.0) is PASS
    nat.closes(flow(1), 1.0)
    assert nat.opens(flow(2), 100.0).reason == "no free port"
    assert nat.opens(flow(1), 100.0) is PASS
    nat.closes(flow(1), 101.0)
    assert nat.opens(flow(2), 221.0) is PASS
    assert nat.translated(flow(2)).source_port == 5000
