"""The steps of a connection: packets that open and close it, and its flights between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sim
import tls
from experiments.wording import counted, listed

CLIENT = "client"

_ALERT = 21
"""The content type of a record that carries one (RFC 5246 §6.2.1)."""


@dataclass(frozen=True)
class Step:
    """A packet of TCP's own, or a flight, or what an end did that no flight followed.

    Attributes:
        kind: "TCP", "proxy", "handshake", "data" or "alert"; "work" where nothing was sent.
        to_server: whether it goes there.
        sender: `client`, or the name of the other end.
        words: what it is called, where it has no messages.
        messages: those of a flight.
        size, records: bytes of TLS, or of a proxy's dialogue, and records that they are made of.
        work: what its sender did for it.
        sent: when its first byte was sent (seconds since the scenario's start), if ever.
        arrived: when all of it was at the other end, if ever.
        packets: how many packets of TCP it took, those sent again included.
        lost: how many of them were lost, dropped or stopped; lost_at: the links and boxes there.
    """

    kind: str
    to_server: bool
    sender: str
    words: str = ""
    messages: tuple[sim.SeenMessage, ...] = ()
    size: int = 0
    records: int = 0
    work: tuple[sim.DoneOperation, ...] = ()
    sent: float | None = None
    arrived: float | None = None
    packets: int = 0
    lost: int = 0
    lost_at: tuple[str, ...] = ()

    @property
    def loss_words(self) -> str:
        """Which packets did not get there, in words; nothing where all did."""
        if not self.lost:
            return ""
        where = f" at {listed(list(self.lost_at))}" if self.lost_at else ""
        return f"{self.lost} of {counted(self.packets, 'packet')} lost{where}"

    @property
    def seconds(self) -> float:
        """CPU seconds of its work at full speed."""
        return sum(each.seconds for each in self.work)


def steps_of(seen: sim.SeenConnection) -> Iterator[Step]:
    """Yield the steps of a connection, in turn."""
    yield from _opening(seen)
    for flight in seen.flights:
        yield _flight(seen, flight)
    if seen.from_box:
        yield _from_box(seen)
    for to_server, work in zip((True, False), seen.left, strict=True):
        if work:
            yield Step("work", to_server, _name(seen, to_server), work=work)
    yield from _closing(seen)


def _name(seen: sim.SeenConnection, to_server: bool) -> str:
    return CLIENT if to_server else seen.end


def _opening(seen: sim.SeenConnection) -> Iterator[Step]:
    for to_server in (True, False):
        sent = [
            each
            for each in seen.packets
            if each.kind is sim.PacketKind.SYN and each.to_server is to_server
        ]
        if not sent:
            return
        words = "SYN" if to_server else "SYN, ACK"
        yield _packets(seen, to_server, words, sent)


def _packets(
    seen: sim.SeenConnection, to_server: bool, words: str, sent: Sequence[sim.Packet]
) -> Step:
    arrivals = [each.arrived for each in sent if each.arrived is not None]
    return Step(
        "TCP",
        to_server,
        _name(seen, to_server),
        words,
        sent=sent[0].sent,
        arrived=min(arrivals, default=None),
        packets=len(sent),
        lost=len(sent) - len(arrivals),
        lost_at=_lost_at(sent),
    )


def _flight(seen: sim.SeenConnection, flight: sim.SeenFlight) -> Step:
    sent = [
        each
        for each in seen.packets
        if each.to_server is flight.to_server
        and each.kind is sim.PacketKind.DATA
        and each.begin < flight.begin + flight.size
        and flight.begin < each.end
    ]
    return Step(
        _kind(flight),
        flight.to_server,
        _name(seen, flight.to_server),
        messages=flight.messages,
        size=flight.size,
        records=flight.records,
        work=flight.work,
        sent=flight.sent,
        arrived=flight.arrived,
        packets=len(sent),
        lost=sum(each.arrived is None for each in sent),
        lost_at=_lost_at(sent),
    )


def _lost_at(packets: Sequence[sim.Packet]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.lost_at for each in packets if each.lost_at is not None))


def _kind(flight: sim.SeenFlight) -> str:
    if not flight.size:
        return "work"
    if flight.is_proxys:
        return "proxy"
    names = [each.message.name for each in flight.messages]
    if all(name.startswith("alert ") for name in names):
        return "alert"
    if any(name.endswith(" data") for name in names):
        return "data"
    return "handshake"


def _closing(seen: sim.SeenConnection) -> Iterator[Step]:
    if seen.reset is not None:
        yield Step("TCP", False, _resetter(seen), "RST", arrived=seen.reset)
        return
    for to_server in (True, False):
        sent = [
            each
            for each in seen.packets
            if each.kind is sim.PacketKind.FIN and each.to_server is to_server
        ]
        if sent:
            yield _packets(seen, to_server, "FIN", sent)


def _resetter(seen: sim.SeenConnection) -> str:
    return str(seen.row["stopped_by"] or seen.end)


def _from_box(seen: sim.SeenConnection) -> Step:
    """Return what a box has said in the server's name: an alert, or whatever its maker wanted."""
    said = seen.from_box
    words = f"alert {tls.alert_name(said[6])}" if said[0] == _ALERT and len(said) == 7 else "data"
    words += ", in the server's name"
    by = _resetter(seen)
    return Step("alert", False, by, words, size=len(said), arrived=seen.reset)
