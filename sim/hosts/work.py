"""A machine's work: what operations cost there, and how many it has done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import tls
from sim.costs import MachineProfile
from sim.telemetry import COUNT, TIME, WORD, Column

COLUMNS = (
    Column("node", WORD),
    Column("operation", WORD),
    Column("bits", COUNT),
    Column("count", COUNT),
    Column("bytes", COUNT),
    Column("cpu_seconds", TIME),
)
"""A row of the table `operations`: the work of one kind that one node did for the recorded
connections. Nodes are the servers by name and `clients/<profile>`."""

_DISTINCT = 4096


class Work:
    """The operations of one node, priced by its machine profile and counted.

    Equal operations (of the same bits, count and bytes) have the same price, which is asked for
    once. Only the work for recorded connections is counted.
    """

    def __init__(self, node: str, machine: MachineProfile) -> None:
        self.node = node
        self._price = machine.price
        # Each distinct operation, or size of a flight: its price, and how often it was done.
        self._done: dict[tuple[str, int, int, int], list[float]] = {}
        self._carried: dict[int, list[float]] = {}
        self._totals: dict[tuple[str, int], list[float]] = {}

    def demand(
        self,
        operations: Iterable[tuple[str, int, int, int]],
        flights: Iterable[int],
        recorded: bool,
    ) -> float:
        """CPU seconds that it takes to do these operations and to carry flights of these sizes.

        Operations are `tls.Operation` or tuples of the same (name, bits, count, bytes). To send or
        to receive a flight takes one `flight` and its bytes as `byte`, cryptography apart; no
        bytes, no flight.
        """
        seconds = 0.0
        for size in flights:
            entry = self._carried.get(size)
            if entry is None:
                entry = self._price_flight(size)
            seconds += entry[0]
            entry[1] += recorded
        for operation in operations:
            entry = self._done.get(operation)
            if entry is None:
                entry = self._price_operation(operation)
            seconds += entry[0]
            entry[1] += recorded
        return seconds

    def rows(self) -> Iterator[tuple[str, str, int, int, int, float]]:
        """The rows of the table `operations`, in order of first use."""
        self._add_up()
        for (name, bits), (count, size, seconds) in self._totals.items():
            yield self.node, name, bits, int(count), int(size), seconds

    def _price_flight(self, size: int) -> list[float]:
        if len(self._carried) >= _DISTINCT:
            self._add_up()
        seconds = sum(self._price(operation) for operation in _carrying(size))
        entry = self._carried[size] = [seconds, 0]
        return entry

    def _price_operation(self, operation: tuple[str, int, int, int]) -> list[float]:
        if len(self._done) >= _DISTINCT:
            self._add_up()
        entry = self._done[operation] = [self._price(tls.Operation(*operation)), 0]
        return entry

    def _add_up(self) -> None:
        for operation, (price, times) in self._done.items():
            self._add(tls.Operation(*operation), price, int(times))
        for size, (_, times) in self._carried.items():
            for operation in _carrying(size):
                self._add(operation, self._price(operation), int(times))
        self._done.clear()
        self._carried.clear()

    def _add(self, operation: tls.Operation, price: float, times: int) -> None:
        if times:
            total = self._totals.setdefault((operation.name, operation.bits), [0, 0, 0.0])
            total[0] += operation.count * times
            total[1] += operation.bytes * times
            total[2] += price * times


def _carrying(size: int) -> tuple[tls.Operation, ...]:
    if not size:
        return ()
    return tls.Operation("flight", 0, 1, 0), tls.Operation("byte", 0, 0, size)
