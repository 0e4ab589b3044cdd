"""The network of a world: its links and boxes in their places, and what they have to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.middleboxes.middlebox import Action, Middlebox
from sim.middleboxes.proxy import Proxy
from sim.network.link import Link
from sim.network.placed_link import PlacedLink
from sim.network.section import LinkOrBox
from sim.network.verdicts import Verdicts


class Network:
    """Links and boxes of a world, by name.

    Attributes:
        links, boxes: in their places.
        proxies: those boxes that have work.
        verdicts: what boxes did with recorded connections.
    """

    def __init__(
        self,
        links: Mapping[str, Link],
        boxes: Mapping[str, Middlebox],
        now: float,
        scale: float,
    ) -> None:
        self.links = {name: PlacedLink(name, link, now) for name, link in links.items()}
        self.boxes = {name: box.place(name, now, scale) for name, box in boxes.items()}
        self.proxies = [box for box in self.boxes.values() if isinstance(box, Proxy)]
        self.verdicts = Verdicts()

    def parts(self, names: Sequence[str]) -> list[LinkOrBox]:
        """The links and boxes of those names, such as a path crosses."""
        return [self.links[name] if name in self.links else self.boxes[name] for name in names]

    def begin_recording(self, now: float) -> None:
        """Count from here on: the recorded part of the simulation begins."""
        for link in self.links.values():
            for queue in link.queues:
                queue.begin_recording(now)
        for box in self.boxes.values():
            box.behaviour.utilisation(now)

    def link_rows(self, now: float) -> list[list[Any]]:
        """The rows of the table `links` at a moment; of links that count packets."""
        return [
            [now, name, direction, *queue.sample(now)]
            for name, link in self.links.items()
            if not link.only_delays
            for direction, queue in zip(("to server", "to client"), link.queues, strict=True)
        ]

    def box_rows(self, now: float) -> list[list[Any]]:
        """The rows of the table `middleboxes` at a moment."""
        rows = []
        for name, box in self.boxes.items():
            counts = self.verdicts.by_action(name)
            numbers = [counts[action] for action in Action]
            at_work = box.behaviour
            state = at_work.entries(now), box.capacity, at_work.utilisation(now)
            rows.append([now, name, box.kind_name, *state, *numbers])
        return rows
