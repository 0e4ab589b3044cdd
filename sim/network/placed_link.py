"""A link in a world: its description, both its directions, and what connections meet on it."""

from __future__ import annotations

from sim.distributions import quantile
from sim.network.link import Link, LinkQueue
from sim.network.loss import Draws, loss_process
from sim.network.one_way_path import PathElement
from sim.streams import EntropySource, connection_draws


class PlacedLink:
    """A link in a world.

    Attributes:
        name: its name in the scenario; `link`: its description.
        queues: those of both directions, to the server first.
        only_delays: whether it neither loses nor keeps anything.
        constant: whether its round-trip time is the same for all connections.
    """

    def __init__(self, name: str, link: Link, now: float) -> None:
        self.name = name
        self.link = link
        directions = link.direction(to_server=True), link.direction(to_server=False)
        self._losses = [direction.loss or 0.0 for direction in directions]
        self.only_delays = link.only_delays
        counts = not self.only_delays
        self.queues = (
            LinkQueue(directions[0], now, counts=counts),
            LinkQueue(directions[1], now, counts=counts),
        )
        self.constant = isinstance(link.round_trip_time, float)
        self._same_for_all: tuple[PathElement, PathElement] | None = None
        if self.constant and not any(self._losses):
            self._same_for_all = self._elements(_no_draw)

    def elements(self, draws: EntropySource, number: int) -> tuple[PathElement, PathElement]:
        """What the connection of that number meets on the way to the server, and back.

        What it draws here is nothing to other links.
        """
        if self._same_for_all is not None:
            return self._same_for_all
        return self._elements(connection_draws(draws.of(number)))

    def _elements(self, draws: Draws) -> tuple[PathElement, PathElement]:
        link = self.link
        round_trip = quantile(link.round_trip_time, 0.0 if self.constant else draws())
        up = round_trip * link.share_to_server
        to_server, to_client = (loss_process(loss, draws) for loss in self._losses)
        return (
            PathElement(self.queues[0], up, to_server),
            PathElement(self.queues[1], round_trip - up, to_client),
        )


def _no_draw() -> float:
    raise AssertionError("a link that is the same for all connections draws nothing")
