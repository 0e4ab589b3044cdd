"""A machine's work: what operations cost there, and how many it has done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

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
connections, at the prices of its machine profile: at full speed, whatever contention adds. Nodes
are servers and proxies by name, and `clients/<profile>`. A job that an outage cuts off counts whole
under its operations, as part of an operation is none; the row `cut-off` says how many jobs these
are, and takes what was not done of them from the CPU time: its `cpu_seconds` are below zero, and
the sum over a node is what it has worked."""

CUT_OFF = "cut-off"
"""The row of a server's jobs that outages have cut off."""

_DISTINCT = 4096


class Priced(Protocol):
    """What prices the operations of a node: its `Work`, or who listens to that."""

    def demand(
        self,
        operations: Iterable[tuple[str, int, int, int]],
        sizes: Iterable[int],
        recorded: bool,
    ) -> float:
        """CPU seconds of these operations and of carrying flights of these sizes."""


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

    def done(self) -> Iterator[tuple[tuple[str, int, int, int], int]]:
        """Each operation, and how often it was done."""
        for operation in self.operations:
            yield operation, self.times
        for size in self.sizes:
            for carried in _carrying(size):
                yield carried, self.times


Factors = tuple[int, int]
"""By how many bytes something grows with a byte of a request, and with one of a response."""


class GrowingTask:
    """Operations that a node does together with more application data, now so much and now so much.

    Args:
        work: the node's.
        operations: as for `Work.demand`, with the least data, each with its factors.
        sizes: of the flights then, with theirs.
    """

    __slots__ = (
        "_answered",
        "_asked",
        "_constant",
        "_flight",
        "_operations",
        "_rates",
        "_sizes",
        "_times",
    )

    def __init__(
        self,
        work: Work,
        operations: Sequence[tuple[tuple[str, int, int, int], Factors]],
        sizes: Sequence[tuple[int, Factors]],
    ) -> None:
        self._operations, self._sizes = operations, sizes
        rates = [(operation, *work.rate(*operation[:2]), of) for operation, of in operations]
        growing = [
            (count * each, size, a_byte, *of) for (_, _, count, size), each, a_byte, of in rates
        ]
        first = next((at for at, rate in enumerate(growing) if any(rate[3:])), len(growing))
        # Seconds of the operations before the first that grows: they are added one by one, as
        # `Work.demand` does.
        self._constant = [each + size * a_byte for each, size, a_byte, *_ in growing[:first]]
        self._rates = growing[first:]
        self._flight = work.rate("flight", 0)[0], work.rate("byte", 0)[1]
        self._times = self._asked = self._answered = 0
        work.tasks.append(self)

    def demand(self, asked: int, answered: int, recorded: bool) -> float:
        """CPU seconds with so many bytes more of the request, and of the response.

        To the last bit what `Work.demand` says.
        """
        a_flight, a_byte = self._flight
        seconds = 0.0
        for size, (of_asked, of_answered) in self._sizes:
            carried = size + of_asked * asked + of_answered * answered
            if carried:
                seconds += a_flight + carried * a_byte
        for constant in self._constant:
            seconds += constant
        for each, size, a_byte, of_asked, of_answered in self._rates:
            seconds += each + (size + of_asked * asked + of_answered * answered) * a_byte
        if recorded:
            self._times += 1
            self._asked += asked
            self._answered += answered
        return seconds

    def done(self) -> Iterator[tuple[tuple[str, int, int, int], int]]:
        """Each operation as one, over all bytes."""
        times = self._times
        if not times:
            return
        for (name, bits, count, size), of in self._operations:
            yield (name, bits, count * times, self._whole(size, of)), 1
        for size, of in self._sizes:
            whole = self._whole(size, of)
            if whole:
                yield ("flight", 0, times, 0), 1
                yield ("byte", 0, 0, whole), 1

    def _whole(self, size: int, of: Factors) -> int:
        return size * self._times + of[0] * self._asked + of[1] * self._answered


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
        self._requests, self._of_application = 0, 0.0
        self._jobs_cut_off, self._undone = 0, 0.0
        self.tasks: list[Task | GrowingTask] = []

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

    def rate(self, name: str, bits: int) -> tuple[float, float]:
        """Seconds an operation, and a byte of it."""
        each = self._price(tls.Operation(name, bits, 1, 0))
        return each, self._price(tls.Operation(name, bits, 0, 1))

    def add_application(self, seconds: float) -> None:
        """An application has worked so long on a request, which no operation prices."""
        self._requests += 1
        self._of_application += seconds

    def cut_off(self, undone: float) -> None:
        """A job that has been counted was cut off by an outage: so many seconds were not done."""
        self._jobs_cut_off += 1
        self._undone += undone

    def rows(self) -> Iterator[tuple[str, str, int, int, int, float]]:
        """The rows of the table `operations`, by name and bits."""
        self._add_up()
        for task in self.tasks:
            for operation, times in task.done():
                self._add(operation, times)
        self.tasks.clear()
        for (name, bits), (count, size) in sorted(self._totals.items()):
            seconds = self._price(tls.Operation(name, bits, count, size))
            yield self.node, name, bits, count, size, seconds
        if self._requests:
            yield self.node, "application", 0, self._requests, 0, self._of_application
        if self._jobs_cut_off:
            yield self.node, CUT_OFF, 0, self._jobs_cut_off, 0, -self._undone

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
