"""A machine's work: what operations cost there, and how many it has done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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
connections. Nodes are servers and proxies by name, and `clients/<profile>`."""

_DISTINCT = 4096


class Task:
    """Operations that a node does together, again and again, and the flights that they carry.

    Args:
        work: the node's.
        operations: as for `Work.demand`.
        sizes: of the flights.

    Attributes:
        seconds: CPU time of all of it, each time.
        times: how often it was done for recorded connections; counted by whoever does it.
    """

    __slots__ = ("operations", "seconds", "sizes", "times")

    def __init__(
        self, work: Work, operations: Sequence[tuple[str, int, int, int]], sizes: tuple[int, ...]
    ) -> None:
        self.operations = tuple(operations)
        self.sizes = sizes
        self.seconds = work.demand(operations, sizes, False)
        self.times = 0
        work.tasks.append(self)


class Work:
    """The operations of one node, priced by its machine profile and counted.

    Equal operations (of the same bits, count and bytes) have the same price, which is asked for
    once. Only the work for recorded connections is counted.

    Attributes:
        node: whose.
        tasks: those of this node.
    """

    def __init__(self, node: str, machine: MachineProfile) -> None:
        self.node = node
        self._price = machine.price
        # Each distinct operation, or size of a flight: its price, and how often it was done.
        self._done: dict[tuple[str, int, int, int], list[float]] = {}
        self._carried: dict[int, list[float]] = {}
        self._totals: dict[tuple[str, int], list[int]] = {}
        self.tasks: list[Task] = []

    def demand(
        self,
        operations: Iterable[tuple[str, int, int, int]],
        sizes: Iterable[int],
        recorded: bool,
    ) -> float:
        """CPU seconds that it takes to do these operations and to carry flights of these sizes.

        Operations are `tls.Operation` or tuples of the same (name, bits, count, bytes). To send or
        to receive a flight takes one `flight` and its bytes as `byte`, cryptography apart; no
        bytes, no flight.
        """
        seconds = 0.0
        for size in sizes:
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
        """The rows of the table `operations`, by name and bits."""
        self._add_up()
        for task in self.tasks:
            for operation in task.operations:
                self._add(operation, task.times)
            for size in task.sizes:
                for operation in _carrying(size):
                    self._add(operation, task.times)
            task.times = 0
        for (name, bits), (count, size) in sorted(self._totals.items()):
            seconds = self._price(tls.Operation(name, bits, count, size))
            yield self.node, name, bits, count, size, seconds

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
        for operation, (_, times) in self._done.items():
            self._add(operation, int(times))
        for size, (_, times) in self._carried.items():
            for operation in _carrying(size):
                self._add(operation, int(times))
        self._done.clear()
        self._carried.clear()

    def _add(self, operation: tuple[str, int, int, int], times: int) -> None:
        if times:
            name, bits, count, size = operation
            total = self._totals.setdefault((name, bits), [0, 0])
            total[0] += count * times
            total[1] += size * times


def _carrying(size: int) -> tuple[tls.Operation, ...]:
    if not size:
        return ()
    return tls.Operation("flight", 0, 1, 0), tls.Operation("byte", 0, 0, size)
