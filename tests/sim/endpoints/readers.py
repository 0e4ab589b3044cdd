"""Boxes that heed what differs from connection to connection, and what they see."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import PrivateAttr

import sim
from tests.sim.middleboxes.networks import network
from tests.sim.worlds import description, rows, simulated
from tls.messages import ClientHello, ServerHello

HEADER, MESSAGE = 5, 9
HANDSHAKE, CLIENT_HELLO, SERVER_HELLO = 22, 1, 2


def hello_in(data: bytes, kind: int) -> ClientHello | ServerHello | None:
    """The hello that a flight begins with, read by the engine's own decoder."""
    if len(data) < MESSAGE or data[0] != HANDSHAKE or data[HEADER] != kind:
        return None
    length = int.from_bytes(data[HEADER + 1 : MESSAGE], "big")
    body = data[MESSAGE : MESSAGE + length]
    version = int.from_bytes(data[1:3], "big")
    decode = ClientHello.decode if kind == CLIENT_HELLO else ServerHello.decode
    return decode(body, version)


class NoRepetition(sim.Middlebox):
    """It resets a connection whose hello has a random that it has seen before."""

    kind: Literal["no-repetition"]
    _known: set[bytes] = PrivateAttr(default_factory=set)

    def carries(
        self, flow: sim.Flow, now: float, seen: sim.Seen, *, to_server: bool
    ) -> sim.Verdict:
        hello = hello_in(seen.data, CLIENT_HELLO if to_server else SERVER_HELLO)
        if hello is None:
            return sim.PASS
        if hello.random in self._known:
            return sim.Verdict(sim.Action.RESET, "random seen before")
        self._known.add(hello.random)
        return sim.PASS

    def entries(self, now: float) -> int:
        return len(self._known)


class Affinity(sim.Middlebox):
    """It knows the IDs that servers have given, for so many newest; it resets all others."""

    kind: Literal["affinity"]
    remembers: int = 1000
    _given: dict[bytes, None] = PrivateAttr(default_factory=dict)

    def carries(
        self, flow: sim.Flow, now: float, seen: sim.Seen, *, to_server: bool
    ) -> sim.Verdict:
        hello = hello_in(seen.data, CLIENT_HELLO if to_server else SERVER_HELLO)
        if hello is None or not hello.session_id:
            return sim.PASS
        if not to_server:
            self._given.pop(hello.session_id, None)
            self._given[hello.session_id] = None
            if len(self._given) > self.remembers:
                del self._given[next(iter(self._given))]
        elif hello.session_id not in self._given:
            return sim.Verdict(sim.Action.RESET, "no server known")
        return sim.PASS

    def entries(self, now: float) -> int:
        return len(self._given)


class ByHash(sim.Middlebox):
    """What it does follows from every exact byte that it can see."""

    kind: Literal["by-hash"]
    one_in: int = 7

    def carries(
        self, flow: sim.Flow, now: float, seen: sim.Seen, *, to_server: bool
    ) -> sim.Verdict:
        hello = hello_in(seen.data, CLIENT_HELLO if to_server else SERVER_HELLO)
        if hello is None:
            return sim.PASS
        draw = sum(hello.random + hello.session_id) % (self.one_in * 3)
        actions = {0: sim.Action.DROP, 1: sim.Action.RESET, 2: sim.Action.ANSWER}
        if draw not in actions:
            return sim.PASS
        return sim.Verdict(actions[draw], f"sum {draw}", b"\x15\x03\x01\x00\x02\x02\x28")


class Echo(sim.Middlebox):
    """It answers one ClientHello in so many with a ServerHello that has the client's own bytes."""

    kind: Literal["echo"]
    one_in: int = 4
    _count: int = PrivateAttr(0)

    def carries(
        self, flow: sim.Flow, now: float, seen: sim.Seen, *, to_server: bool
    ) -> sim.Verdict:
        hello = hello_in(seen.data, CLIENT_HELLO) if to_server else None
        if not isinstance(hello, ClientHello):
            return sim.PASS
        self._count += 1
        if self._count % self.one_in:
            return sim.PASS
        version, suite = min(hello.client_version, 0x0301), hello.cipher_suites[0]
        body = ServerHello(version, hello.random, hello.session_id, suite).encode(version)
        message = b"\x02" + len(body).to_bytes(3, "big") + body
        record = b"\x16" + version.to_bytes(2, "big") + len(message).to_bytes(2, "big") + message
        return sim.Verdict(sim.Action.ANSWER, "echoed", record)


class Watch(sim.Middlebox):
    """It keeps all that it is shown, in the class, which the test empties."""

    kind: Literal["watch"]
    shown: ClassVar[list[tuple[str, sim.Flow, float, sim.Seen, bool]]] = []

    def carries(
        self, flow: sim.Flow, now: float, seen: sim.Seen, *, to_server: bool
    ) -> sim.Verdict:
        self.shown.append((self.name, flow, now, seen, to_server))
        return sim.PASS


class Decoder(Affinity):
    """It says that it reads everything."""

    kind: Literal["decoder"]  # type: ignore[assignment]
    reads = "everything"


class Blind(Watch):
    """It says that it reads nothing."""

    kind: Literal["blind"]  # type: ignore[assignment]
    reads = "nothing"


PARTS = (NoRepetition, Affinity, ByHash, Echo, Watch, Decoder, Blind)
_SCENARIO = sim.scenario_with(*PARTS)


def world(changes: dict[str, Any], **more: Any) -> sim.Scenario:
    """A small world that may have these boxes."""
    return _SCENARIO.model_validate(description(**changes, **more))


def reading(boxes: dict[str, dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """Changes to a small world with these boxes, where sessions are often resumed."""
    return network(boxes, **{"arrivals__rate": "4 /s", "population__clients": 12, **changes})


def tables(described: sim.Scenario, seed: int = 3) -> dict[str, list[dict[str, Any]]]:
    """All tables of one replication."""
    sink = simulated(described, seed=seed)
    return {name: rows(sink.table(name)) for name in sim.SCHEMAS}
