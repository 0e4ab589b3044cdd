"""What is noted of a connection while it passes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from sim.hosts.work import Work
from sim.network.packets import PacketRecorder


class DoneOperation(NamedTuple):
    """Operations of one kind that a host has done in a row.

    Attributes:
        name, bits, count, bytes: as of `tls.Operation`; to send or receive a flight is `flight`.
        seconds: CPU time at full speed.
    """

    name: str
    bits: int
    count: int  # type: ignore[assignment]  # shadows tuple.count, which nobody needs here
    bytes: int
    seconds: float


class SentRecord(NamedTuple):
    """A record of TLS that an end has made.

    Attributes:
        kind: its content type; `None` for a hello in SSL 2.0's format.
        carried: what it carries, in clear.
        length: its bytes on the wire.
    """

    kind: int | None
    carried: bytes
    length: int


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """What one end did at its turn, and the flight that it sent.

    Attributes:
        to_server: whether the client spoke.
        size: bytes of the flight.
        records: its records, none without TLS.
        work: what it did, with what it has read since its last turn.
        written_before: how much had been written to the TCP connections until then.
    """

    to_server: bool
    size: int
    records: tuple[SentRecord, ...]
    work: tuple[DoneOperation, ...]
    written_before: int


class Passing(Protocol):
    """The connection itself: see `sim.client_connection.ClientConnection`."""

    ended: float

    @property
    def symptom(self) -> str | None:
        """What its client notices of its failure."""


class HeardWork:
    """A host's `Work` whose share of one connection is listened to.

    Args:
        work: the host's.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._done: list[DoneOperation] = []

    def demand(
        self,
        operations: Iterable[tuple[str, int, int, int]],
        sizes: Iterable[int],
        recorded: bool,
    ) -> float:
        """What the host's own says."""
        work, operations, sizes = self._work, tuple(operations), tuple(sizes)
        self.note(operations, sizes)
        return work.demand(operations, sizes, recorded)

    def note(self, operations: Sequence[tuple[str, int, int, int]], sizes: Iterable[int]) -> None:
        """Such operations have been done, and flights of such sizes carried."""
        price = self._work.demand
        for size in sizes:
            if size:
                seconds = price((), (size,), False)
                self._done.append(DoneOperation("flight", 0, 1, size, seconds))
        for operation in operations:
            self._done.append(DoneOperation(*operation, price((operation,), (), False)))

    def take(self) -> tuple[DoneOperation, ...]:
        """What has been done since the last call, summed up by kind."""
        sums: dict[tuple[str, int], list[float]] = {}
        for name, bits, *amounts in self._done:
            entry = sums.setdefault((name, bits), [0, 0, 0.0])
            for place, amount in enumerate(amounts):
                entry[place] += amount
        self._done.clear()
        return tuple(
            DoneOperation(name, bits, int(count), int(size), seconds)
            for (name, bits), (count, size, seconds) in sums.items()
        )


class ConnectionNotes:
    """Takes notes of one connection while it passes.

    Args:
        client: address and port that it comes from.
        server: those that it goes to.
        end: the name of what ends TLS there.
        segment: bytes of data in a full segment between them.

    Attributes:
        packets: takes its packets.
        turns: what its ends have said, in turn.
        keys: lines of its key log.
        from_box: what a box has answered in the server's name, and when.
        work: the client's and the server's, that no turn has been said of yet.
        row: its row of the table `connections`, once it has ended.
        passing: the connection, once it has begun.
    """

    def __init__(
        self, client: tuple[int, int], server: tuple[int, int], end: str, segment: int
    ) -> None:
        self.client, self.server, self.end, self.segment = client, server, end, segment
        self.packets = PacketRecorder()
        self.turns: list[SpokenTurn] = []
        self.keys: list[str] = []
        self.from_box: tuple[float, bytes] | None = None
        self.work: tuple[HeardWork, HeardWork] | None = None
        self.row: dict[str, Any] | None = None
        self.passing: Passing | None = None
        self._records: dict[bool, list[SentRecord]] = {True: [], False: []}

    def log_client(self, kind: int | None, carried: bytes, length: int) -> None:
        """The client's engine has made a record."""
        self._records[True].append(SentRecord(kind, bytes(carried), length))

    def log_server(self, kind: int | None, carried: bytes, length: int) -> None:
        """The server's engine has made a record."""
        self._records[False].append(SentRecord(kind, bytes(carried), length))

    def speak(self, to_server: bool, size: int, work: tuple[DoneOperation, ...]) -> None:
        """One end has done what it had to do, and sends so many bytes."""
        records = self._records[to_server]
        written = len(self.packets.written)
        self.turns.append(SpokenTurn(to_server, size, tuple(records), work, written))
        records.clear()
