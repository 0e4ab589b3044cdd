"""A hop of TLS: the part of a path between two TLS endpoints, and its chains of connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.hosts.ports import source_port
from sim.middleboxes.connect_proxy import ConnectProxy
from sim.middleboxes.middlebox import Flow, Middlebox, Verdict
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.connection_chain import ConnectionChain
from sim.network.deterministic_chain import DeterministicChain
from sim.network.listener import Listener
from sim.network.packets import PacketRecorder, Recording
from sim.network.placed_link import PlacedLink
from sim.network.recorded_chain import RecordedDeterministicChain
from sim.network.section import LinkOrBox, Section
from sim.network.single_connection import SingleConnection
from sim.network.tcp import Tcp
from sim.network.transport import Transport
from sim.network.verdicts import Verdicts
from sim.streams import EntropySource


@dataclass(frozen=True)
class Target:
    """Where the client's end of a hop wants to.

    Attributes:
        name, address, port: of the server; the address as a whole number.
        listener: who takes the connection there.
    """

    name: str
    address: int
    port: int
    listener: Listener


class TlsHop:
    """A part of a path between two ends of TLS: links, boxes, and proxies that tunnel.

    Args:
        tcp: how all hosts speak it.
        parts: its links and boxes, in order.
        target: where it leads.
        draws: where the draws of its connections come from, by link.
        verdicts: told of each recorded connection.

    Attributes:
        is_read: whether some box on it reads the bytes of flights.
        needs_engines: whether one reads what only engines can send.
    """

    def __init__(
        self,
        tcp: Tcp,
        parts: Sequence[LinkOrBox],
        target: Target,
        draws: Mapping[str, EntropySource],
        verdicts: Verdicts,
    ) -> None:
        self._tcp = tcp
        self._target = target
        self._draws = draws
        self._tally = verdicts.add
        boxes = [part for part in parts if isinstance(part, Middlebox)]
        shown = {box.shown_bytes() for box in boxes}
        self.is_read = not shown <= {"nothing"}
        self.needs_engines = "everything" in shown
        self._proxies = [part for part in parts if isinstance(part, ConnectProxy)]
        self._links = links = [part for part in parts if isinstance(part, PlacedLink)]
        self._segment = tcp.segment(min((link.link.mtu for link in links), default=1500))
        self._sections = [Section(tcp, self._segment, each, draws) for each in _split(parts)]
        self._deterministic = (
            len(links) == len(parts)
            and all(link.only_delays for link in links)
            and not tcp.delayed_acknowledgement
            and target.listener.always_admits
        )
        # Beyond it a connection is given up, on whatever path.
        self._patience = min(tcp.connect_timeout, tcp.user_timeout)
        self._delays: tuple[float, float] | None = None
        if self._deterministic and all(link.constant for link in links):
            self._delays = self._deterministic_delays(0)

    @property
    def segment(self) -> int:
        """Bytes of data in a full segment."""
        return self._segment

    @property
    def end(self) -> str:
        """The name of what ends TLS there: a server, or a proxy."""
        return self._target.listener.name

    @property
    def entrance(self) -> tuple[int, int]:
        """Address and port that its first TCP connection goes to: a proxy's that tunnels, if any.

        The address is a whole number.
        """
        if self._proxies:
            first = self._proxies[0]
            return int(first.address), first.port
        return self._target.address, self._target.port

    def transport(
        self,
        number: int,
        source: int,
        *,
        port: int | None = None,
        recorded: bool,
        packets: PacketRecorder | None = None,
    ) -> Transport:
        """The TCP connections of one exchange.

        Args:
            number: the connection's, which its draws follow from.
            source: the address that it comes from.
            port: the port; else one that follows from the number.
            recorded: whether what boxes do with it, and for it, is counted.
            packets: records every packet of them, if given; nothing else changes.
        """
        target = self._target
        if self._deterministic:
            up, down = self._delays or self._deterministic_delays(number)
            if up + down <= self._patience:
                chain = self._tcp, self._segment, up, down, target.listener
                if packets is None:
                    return DeterministicChain(*chain)
                only = Recording(packets, 0)
                ways = self._sections[0].recorded_ways(number, only)
                return RecordedDeterministicChain(*chain, *ways, only)
        tally = self._tally if recorded else _ignore
        come_from = source, source_port(number) if port is None else port
        if not self._proxies:
            return SingleConnection(
                self._sections[0].connection(
                    Flow(*come_from, target.address, target.port),
                    target.listener,
                    number,
                    tally,
                    None if packets is None else Recording(packets, 0),
                ),
                always_admitted=target.listener.always_admits,
            )
        connections = []
        ends = zip(self._sections, [*self._proxies, None], strict=True)
        for place, (section, proxy) in enumerate(ends):
            if proxy is None:
                flow, listener = Flow(*come_from, target.address, target.port), target.listener
            else:
                flow, listener = Flow(*come_from, int(proxy.address), proxy.port), proxy
                come_from = int(proxy.address), proxy.next_port()
            recording = None if packets is None else Recording(packets, place)
            connections.append(section.connection(flow, listener, number, tally, recording))
        return ConnectionChain(
            connections,
            self._proxies,
            (target.name, target.port),
            recorded=recorded,
            tally=tally,
        )

    def _deterministic_delays(self, number: int) -> tuple[float, float]:
        up = down = 0.0
        for link in self._links:
            elements = link.elements(self._draws[link.name], number)
            up += elements[0].delay
            down += elements[1].delay
        return up, down


def _ignore(box: Middlebox, verdict: Verdict) -> None:
    """An unrecorded connection counts nowhere."""


def _split(parts: Sequence[LinkOrBox]) -> list[list[LinkOrBox]]:
    """A hop of TLS, cut into single TCP connections at the proxies that tunnel."""
    sections: list[list[LinkOrBox]] = [[]]
    for part in parts:
        if isinstance(part, ConnectProxy):
            sections.append([])
        else:
            sections[-1].append(part)
    return sections


def hops_of(
    parts: Sequence[LinkOrBox],
) -> tuple[list[list[LinkOrBox]], list[TerminatingProxy]]:
    """The parts of a path, cut into hops of TLS at the proxies that end it, and those proxies."""
    hops: list[list[LinkOrBox]] = [[]]
    proxies = []
    for part in parts:
        if isinstance(part, TerminatingProxy):
            proxies.append(part)
            hops.append([])
        else:
            hops[-1].append(part)
    return hops, proxies
