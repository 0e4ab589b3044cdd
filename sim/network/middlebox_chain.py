"""The boxes that one TCP connection passes: what they see of it, and what they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sim.middleboxes.middlebox import PASS, Action, Behaviour, Flow, Middlebox, Seen, Verdict
from sim.network.delays import DelayComponents
from sim.network.one_way_path import OneWayPath
from sim.network.transport import TransportFailure

_PROBE = Seen(b"", 0, 0)
"""A keep-alive probe (RFC 1122 §4.2.3.6) has no data of its own."""


class PlacedMiddlebox(NamedTuple):
    """A box, and where it stands on a connection.

    Attributes:
        box: the box.
        behaviour: what it does.
        position: elements of the way to the server that come before it.
        position_back: elements of the way back that come before it.
        from_client, from_server: seconds along links from either.
        to_client: seconds along links back to the client.
        latency_before, latency_behind: seconds in boxes between it and the client, or the server.
        reads: whether it reads the bytes of flights; else it is shown none.
    """

    box: Middlebox
    behaviour: Behaviour
    position: int
    position_back: int
    from_client: float
    from_server: float
    to_client: float
    latency_before: float
    latency_behind: float
    reads: bool

    def add_return(self, delays: DelayComponents) -> float:
        """Add the way from here back to the client: how many seconds."""
        delays.propagation += self.to_client
        delays.middlebox += self.latency_before
        return self.to_client + self.latency_before


class Attention(NamedTuple):
    """Which boxes of a section look at what, by their numbers from the client on.

    Others have left alone the method that would be called.

    Attributes:
        to_flights, to_acknowledgements: those that look at flights, and at what more there is of
            them.
    """

    to_flights: tuple[int, ...]
    to_acknowledgements: tuple[int, ...]

    @classmethod
    def of(cls, boxes: Sequence[Middlebox]) -> Attention:
        """That of these boxes."""
        behaviours = [box.behaviour for box in boxes]
        return cls(_overriding(behaviours, "carries"), _overriding(behaviours, "continues"))


def _overriding(behaviours: Sequence[Behaviour], method: str) -> tuple[int, ...]:
    inherited = getattr(Behaviour, method)
    return tuple(
        number
        for number, behaviour in enumerate(behaviours)
        if getattr(type(behaviour), method) is not inherited
    )


class MiddleboxChain:
    """The boxes of one connection, from the client on.

    Args:
        placed: where they stand.
        attention: which of them look at what.
        flow: the connection's addresses and ports at the client.
        tally: called with each box that has seen it and what the box did with it, at its end.

    Attributes:
        placed: where they stand.
        look_at_flights, look_at_acknowledgements: whether any of them does.
        stopped: the number of the box that has stopped the connection, and its verdict.
    """

    __slots__ = (
        "_attention",
        "_flows",
        "_seen",
        "_tally",
        "look_at_acknowledgements",
        "look_at_flights",
        "placed",
        "stopped",
    )

    def __init__(
        self,
        placed: Sequence[PlacedMiddlebox],
        attention: Attention,
        flow: Flow,
        tally: Callable[[Middlebox, Verdict], None],
    ) -> None:
        self.placed = placed
        self._attention = attention
        self.look_at_flights = bool(attention.to_flights)
        self.look_at_acknowledgements = bool(attention.to_acknowledgements)
        self._flows = [flow]
        self._seen = 0
        self._tally = tally
        self.stopped: tuple[int, Verdict] | None = None

    def opens(self, number: int, now: float) -> Verdict:
        """A SYN is at the box of that number: what it does with it."""
        box, flow = self.placed[number].behaviour, self._flows[number]
        verdict = _given(box.opens(flow, now), box, "opens")
        self._seen = max(self._seen, number + 1)
        if verdict.action is Action.PASS:
            self._flows[number + 1 : number + 2] = [box.translated(flow)]
            if self.stopped is not None and self.stopped[0] == number:
                self.stopped = None
        else:
            # TCP is not open yet: nobody can be answered anything.
            verdict = verdict._replace(data=b"")
            self.stopped = number, verdict
        return verdict

    def carries(
        self, now: float, seen: Seen, probes: Sequence[float], *, to_server: bool
    ) -> PlacedMiddlebox | None:
        """A flight is on its way, behind keep-alive probes that were sent in the pause before it.

        Returns the box that stops it, if one does.
        """
        unread = seen._replace(data=b"") if seen.data else seen
        numbers = self._attention.to_flights
        for number in numbers if to_server else reversed(numbers):
            placed, flow = self.placed[number], self._flows[number]
            box = placed.behaviour
            if to_server:
                away = placed.from_client + placed.latency_before
            else:
                away = placed.from_server + placed.latency_behind
            verdict = PASS
            for sent in probes:
                verdict = box.carries(flow, sent + away, _PROBE, to_server=to_server)
                if verdict.action is not Action.PASS:
                    break
            else:
                shown = seen if placed.reads else unread
                verdict = box.carries(flow, now + away, shown, to_server=to_server)
            if verdict is PASS:
                continue
            verdict = _given(verdict, box, "carries")
            if verdict.action is not Action.PASS:
                self.stopped = number, verdict
                return placed
        return None

    def continues(self, moment: float) -> None:
        """More of the flight passes at that moment, which may lie in the future."""
        for number in self._attention.to_acknowledgements:
            self.placed[number].behaviour.continues(self._flows[number], moment)

    def failure(
        self,
        symptom: str,
        moment: float,
        delays: DelayComponents,
        listener: str | None = None,
        refused: str | None = None,
    ) -> TransportFailure:
        """The exception that tells which of them has stopped the connection, if any has.

        Else the `listener`, where it has `refused` it: by its name, and why.
        """
        if self.stopped is None:
            return TransportFailure(symptom, moment, delays, where=listener, reason=refused)
        number, verdict = self.stopped
        where, reason, data = self.placed[number].box.name, verdict.reason, verdict.data
        return TransportFailure(symptom, moment, delays, where=where, reason=reason, data=data)

    def close(self, moment: float) -> None:
        """Nothing more comes after that moment, which may lie in the future."""
        stopped_at, verdict = self.stopped or (None, PASS)
        for number, placed in enumerate(self.placed[: self._seen]):
            self._tally(placed.box, verdict if number == stopped_at else PASS)
            placed.behaviour.closes(self._flows[number], moment)
        self._seen = 0


def _given(verdict: Verdict, box: Behaviour, method: str) -> Verdict:
    """The verdict of a box, which may be a reader's own. Raises `TypeError` where it is none."""
    if type(verdict) is not Verdict:
        raise TypeError(
            f"{type(box).__name__}.{method} returned {verdict!r}; return a Verdict, such as PASS"
        )
    return verdict


def reach(
    placed: PlacedMiddlebox,
    now: float,
    sizes: Sequence[int],
    one_way: OneWayPath,
    *,
    to_server: bool,
) -> DelayComponents:
    """Where the time goes until a flight is at a box that stops it.

    Losses take no time: some of it gets there.

    Args:
        placed: where the box stands.
        now: when the flight is sent.
        sizes: bytes of its packets.
        one_way: their way.
        to_server: in which direction.
    """
    position = placed.position if to_server else placed.position_back
    delays = DelayComponents()
    delays.propagation = placed.from_client if to_server else placed.from_server
    delays.middlebox = placed.latency_before if to_server else placed.latency_behind
    for size in sizes:
        whole = DelayComponents()
        if one_way.cross(now, size, whole, 0, position) is not None:
            delays = whole
    return delays
