"""The work of a node: priced once, counted for recorded connections."""

from __future__ import annotations

import pytest

import sim
import tls
from sim.hosts import work as work_module
from sim.hosts.work import Work

MACHINE = sim.machine_profile("pentium-iii-933")
ENCRYPT = tls.Operation("encrypt.rc4-128", 0, 2, 1000)
DECRYPT = tls.Operation("rsa.private", 1024, 1, 0)


def test_a_demand_is_the_price_of_its_operations_and_flights() -> None:
    work = Work("server", MACHINE)
    expected = MACHINE.price_all(
        [
            ENCRYPT,
            DECRYPT,
            tls.Operation("flight", 0, 2, 0),
            tls.Operation("byte", 0, 0, 500),
        ]
    )
    for _ in range(2):
        demand = work.demand([ENCRYPT, DECRYPT], (100, 400), recorded=True)
        assert demand == pytest.approx(expected, rel=1e-12)


def test_no_bytes_are_no_flight() -> None:
    work = Work("server", MACHINE)
    assert work.demand((), (0,), recorded=True) == 0.0
    assert list(work.rows()) == []


def test_what_is_not_recorded_is_priced_but_not_counted() -> None:
    work = Work("server", MACHINE)
    assert work.demand([ENCRYPT], (100,), recorded=False) > 0
    assert list(work.rows()) == []


def test_counts_do_not_depend_on_how_many_distinct_operations_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def rows(fitting: int) -> dict[tuple[str, str, int], tuple[float, ...]]:
        monkeypatch.setattr(work_module, "_DISTINCT", fitting)
        work = Work("server", MACHINE)
        for size in range(1, 300):
            operation = tls.Operation("encrypt.rc4-128", 0, 1, size)
            work.demand([operation, DECRYPT], (size, size % 7), recorded=size % 3 != 0)
        return {row[:3]: row[3:] for row in work.rows()}

    few, many = rows(5), rows(5000)
    assert few.keys() == many.keys()
    for kind, (count, size, seconds) in many.items():
        assert few[kind][:2] == (count, size)
        assert few[kind][2] == pytest.approx(seconds, rel=1e-12)
        operation = tls.Operation(kind[1], kind[2], int(count), int(size))
        assert seconds == pytest.approx(MACHINE.price(operation), rel=1e-12)


def test_an_operation_without_a_price_says_so() -> None:
    with pytest.raises(LookupError, match=r"has no price for operation 'alchemy'"):
        Work("server", MACHINE).demand([tls.Operation("alchemy", 0, 1, 0)], (), recorded=True)
