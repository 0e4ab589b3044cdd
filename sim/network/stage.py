"""A stage: the part of a path between two ends of TLS, and the routes of connections along it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sim.distributions import quantile
from sim.hosts.ports import source_port
from sim.middleboxes.connect_proxy import ConnectProxy
from sim.middleboxes.middlebox import Flow, Middlebox, Verdict
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.boxes import Boxes, BoxOnTheWay
from sim.network.leg import Leg, Listener
from sim.network.link import Link, LinkQueue
from sim.network.loss import loss_process
from sim.network.one_way_path import OneWayPath, Step
from sim.network.route import CalmRoute, Route
from sim.network.tcp import Tcp
from sim.network.verdicts import Verdicts
from sim.streams import ConnectionDraws, EntropySource


class PlacedLink:
    """A link in a world: its description, and both its directions."""

    def __init__(self, name: str, link: Link, now: float) -> None:
        self.name = name
        self.link = link
        directions = link.direction(to_server=True), link.direction(to_server=False)
        self.losses = [direction.loss or 0.0 for direction in directions]
        self.queues = LinkQueue(directions[0], now), LinkQueue(directions[1], now)
        self.only_delays = link.only_delays
        self.constant = isinstance(link.round_trip_time, float)

    def steps(self, draws: Callable[[], float]) -> tuple[Step, Step]:
        """What one connection meets on the way to the server, and back."""
        link = self.link
        round_trip = quantile(link.round_trip_time, 0.0 if self.constant else draws())
        up = round_trip * link.share_to_server
        losses = [loss_process(loss, draws) for loss in self.losses]
        return (
            Step(self.queues[0], up, losses[0]),
            Step(self.queues[1], round_trip - up, losses[1]),
        )


Hop = PlacedLink | Middlebox


@dataclass(frozen=True)
class Target:
    """Where the client's end of a stage wants to.

    Attributes:
        name, address, port: of the server; the address as a whole number.
        listener: who takes the connection there.
    """

    name: str
    address: int
    port: int
    listener: Listener


class Stage:
    """A part of a path between two ends of TLS: links, boxes, and proxies that tunnel.

    Args:
        tcp: how all hosts speak it.
        hops: in order.
        target: where it leads.
        draws: where the draws of its connections come from, by link.
        verdicts: told of each recorded connection.
    """

    def __init__(
        self,
        tcp: Tcp,
        hops: Sequence[Hop],
        target: Target,
        draws: Mapping[str, EntropySource],
        verdicts: Verdicts,
    ) -> None:
        self._tcp = tcp
        self._target = target
        self._draws = draws
        self._tally = verdicts.add
        self._sections = _split(hops)
        self._proxies = [hop for hop in hops if isinstance(hop, ConnectProxy)]
        links = [hop for hop in hops if isinstance(hop, PlacedLink)]
        self._segment = tcp.segment(min((link.link.mtu for link in links), default=1500))
        self._calm = (
            len(links) == len(hops)
            and all(link.only_delays for link in links)
            and not tcp.delayed_acknowledgement
            and target.listener.always_admits
        )
        self._delays: tuple[float, float] | None = None
        if self._calm and all(link.constant for link in links):
            self._delays = self._calm_delays(0)

    def route(
        self, number: int, source: int, *, port: int | None = None, recorded: bool
    ) -> CalmRoute | Route:
        """The way of one connection.

        Args:
            number: the connection's, which its draws follow from.
            source: the address that it comes from.
            port: the port; else one that follows from the number.
            recorded: whether what boxes do with it, and for it, is counted.
        """
        target = self._target
        if self._calm:
            up, down = self._delays or self._calm_delays(number)
            return CalmRoute(self._tcp, self._segment, up, down, target.listener)
        legs = []
        come_from = source, source_port(number) if port is None else port
        for section, proxy in zip(self._sections, [*self._proxies, None], strict=True):
            if proxy is None:
                goes_to = target.address, target.port
                listener = target.listener
            else:
                goes_to, listener = (int(proxy.address), proxy.port), proxy
            legs.append(self._leg(section, Flow(*come_from, *goes_to), listener, number, recorded))
            if proxy is not None:
                come_from = int(proxy.address), proxy.next_port()
        return Route(
            legs,
            self._proxies,
            (target.name, target.port),
            recorded=recorded,
            tally=self._tally if recorded else _ignore,
        )

    def _leg(
        self,
        section: Sequence[Hop],
        flow: Flow,
        listener: Listener,
        number: int,
        recorded: bool,
    ) -> Leg:
        up: list[Step] = []
        down: list[Step] = []
        places: list[tuple[Middlebox, int, int, float, float, float]] = []
        forth = back = latency = 0.0
        for hop in section:
            if isinstance(hop, PlacedLink):
                steps = self._steps(hop, number)
                up.append(steps[0])
                down.append(steps[1])
                forth += steps[0].delay
                back += steps[1].delay
                continue
            before = len(up)
            if hop.latency:
                up.append(Step(None, hop.latency))
                down.append(Step(None, hop.latency))
            places.append((hop, before, len(up), forth, back, latency))
            latency += hop.latency
        down.reverse()
        boxes = Boxes(
            [
                BoxOnTheWay(
                    box,
                    before,
                    len(down) - behind,
                    from_client,
                    back - to_client,
                    to_client,
                    latency_before,
                    latency - latency_before - box.latency,
                )
                for box, before, behind, from_client, to_client, latency_before in places
            ],
            flow,
            self._tally if recorded else _ignore,
        )
        return Leg(self._tcp, self._segment, OneWayPath(up), OneWayPath(down), boxes, listener)

    def _steps(self, link: PlacedLink, number: int) -> tuple[Step, Step]:
        """A link for one connection, both ways: what it draws here is nothing to other links."""
        return link.steps(ConnectionDraws(self._draws[link.name].of(number)))

    def _calm_delays(self, number: int) -> tuple[float, float]:
        up = down = 0.0
        for link in self._sections[0]:
            assert isinstance(link, PlacedLink)
            steps = self._steps(link, number)
            up += steps[0].delay
            down += steps[1].delay
        return up, down


def _ignore(box: Middlebox, verdict: Verdict) -> None:
    """An unrecorded connection counts nowhere."""


def _split(hops: Sequence[Hop]) -> list[list[Hop]]:
    """The hops between proxies that tunnel."""
    sections: list[list[Hop]] = [[]]
    for hop in hops:
        if isinstance(hop, ConnectProxy):
            sections.append([])
        else:
            sections[-1].append(hop)
    return sections


def stages(hops: Sequence[Hop]) -> tuple[list[list[Hop]], list[TerminatingProxy]]:
    """The hops of a path, cut at the proxies that end TLS, and those proxies."""
    parts: list[list[Hop]] = [[]]
    proxies = []
    for hop in hops:
        if isinstance(hop, TerminatingProxy):
            proxies.append(hop)
            parts.append([])
        else:
            parts[-1].append(hop)
    return parts, proxies
