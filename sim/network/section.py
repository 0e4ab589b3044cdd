"""A section of a path: the links and boxes between the two hosts of one TCP connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sim.middleboxes.middlebox import Flow, Middlebox, Verdict
from sim.network.listener import Listener
from sim.network.middlebox_chain import Attention, MiddleboxChain, PlacedMiddlebox
from sim.network.one_way_path import OneWayPath, PathElement
from sim.network.packets import Recording
from sim.network.placed_link import PlacedLink
from sim.network.recorded_connection import RecordedTcpConnection
from sim.network.recorded_path import RecordedPath
from sim.network.tcp import Tcp
from sim.network.tcp_connection import TcpConnection
from sim.streams import EntropySource

LinkOrBox = PlacedLink | Middlebox


class Section:
    """Links and boxes from one end of TCP to the other; makes the connections over them.

    Args:
        tcp: how both hosts speak.
        segment: bytes of data in a full segment.
        parts: the links and boxes, in order.
        draws: where the draws of its connections come from, by link.
    """

    def __init__(
        self,
        tcp: Tcp,
        segment: int,
        parts: Sequence[LinkOrBox],
        draws: Mapping[str, EntropySource],
    ) -> None:
        self._tcp = tcp
        self._segment = segment
        self._parts = parts
        self._draws = draws
        links = [part for part in parts if isinstance(part, PlacedLink)]
        self._attention = Attention.of([part for part in parts if isinstance(part, Middlebox)])
        self._boxes_stay = all(link.constant for link in links)
        self._placed: list[PlacedMiddlebox] | None = None
        self._steps = [
            part if isinstance(part, PlacedLink) else PathElement(None, part.latency)
            for part in parts
            if isinstance(part, PlacedLink) or part.latency
        ]
        self._reads = {
            part.name: part.shown_bytes() != "nothing"
            for part in parts
            if isinstance(part, Middlebox)
        }

    def connection(
        self,
        flow: Flow,
        listener: Listener,
        number: int,
        tally: Callable[[Middlebox, Verdict], None],
        recording: Recording | None = None,
    ) -> TcpConnection:
        """The connection of that number, which its draws follow from.

        Args:
            flow: its addresses and ports at the client.
            listener: who takes it.
            number: the number.
            tally: told what boxes have done with it.
            recording: takes its packets, if somebody wants them.
        """
        up, down = self._elements(number)
        placed = self._placed
        if placed is None:
            placed = self._places(up, down)
            if self._boxes_stay:
                self._placed = placed
        down.reverse()
        boxes = MiddleboxChain(placed, self._attention, flow, tally)
        tcp, segment = self._tcp, self._segment
        if recording is None:
            ways = OneWayPath(up), OneWayPath(down)
            return TcpConnection(tcp, segment, *ways, boxes, listener)
        recorded = self._recorded_ways(up, down, recording)
        return RecordedTcpConnection(tcp, segment, *recorded, boxes, listener, recording)

    def recorded_ways(self, number: int, recording: Recording) -> tuple[RecordedPath, RecordedPath]:
        """The ways to the server and back of the connection of that number, recorded."""
        up, down = self._elements(number)
        down.reverse()
        return self._recorded_ways(up, down, recording)

    def _elements(self, number: int) -> tuple[list[PathElement], list[PathElement]]:
        """What the connection of that number meets in both directions, from the client on."""
        up: list[PathElement] = []
        down: list[PathElement] = []
        for step in self._steps:
            if isinstance(step, PlacedLink):
                to_server, to_client = step.elements(self._draws[step.name], number)
                up.append(to_server)
                down.append(to_client)
            else:
                up.append(step)
                down.append(step)
        return up, down

    def _recorded_ways(
        self, up: list[PathElement], down: list[PathElement], recording: Recording
    ) -> tuple[RecordedPath, RecordedPath]:
        names = [part.name for part in self._parts if isinstance(part, PlacedLink) or part.latency]
        tcp, segment = self._tcp, self._segment
        return (
            RecordedPath(up, names, tcp, segment, recording, to_server=True),
            RecordedPath(down, names[::-1], tcp, segment, recording, to_server=False),
        )

    def _places(
        self, up: Sequence[PathElement], down: Sequence[PathElement]
    ) -> list[PlacedMiddlebox]:
        """Where the boxes stand; both ways are given from the client on."""
        back = sum(element.delay for element in down if element.queue is not None)
        latency = sum(element.delay for element in up if element.queue is None)
        placed = []
        number, from_client, to_client, before = 0, 0.0, 0.0, 0.0
        for part in self._parts:
            if isinstance(part, PlacedLink):
                from_client += up[number].delay
                to_client += down[number].delay
                number += 1
                continue
            position = number
            number += bool(part.latency)
            placed.append(
                PlacedMiddlebox(
                    part,
                    part.behaviour,
                    position,
                    len(down) - number,
                    from_client,
                    back - to_client,
                    to_client,
                    before,
                    latency - before - part.latency,
                    self._reads[part.name],
                )
            )
            before += part.latency
        return placed
