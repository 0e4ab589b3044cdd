"""What every middlebox is: it sees connections open, carry bytes and close, and says what it does.

A box decides on what such a box can really see: addresses, ports, packets and the bytes in them. It
knows no client, no server and no scenario. To make one of your own, derive a class from `Middlebox`
with a `kind` of its own and override what it does; `docs/own-middlebox.md` shows one.
"""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from math import nan
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, cast

from pydantic import PrivateAttr

from sim.description import Description
from sim.telemetry import COUNT, OPTIONAL_TIME, TIME, WORD, Column
from sim.units import Duration, at_most, scaled

COLUMNS = (
    Column("time", TIME),
    Column("node", WORD),
    Column("kind", WORD),
    Column("entries", COUNT),
    Column("capacity", OPTIONAL_TIME),
    Column("utilisation", TIME),
    Column("passed", COUNT),
    Column("dropped", COUNT),
    Column("reset", COUNT),
    Column("answered", COUNT),
)
"""A row of the table `middleboxes`: a box at one moment.

`entries`: connections that it remembers or holds open; `capacity`: how many it could, null for any
number. `utilisation`: of its processor, where it
has one. The rest are connections since the start of recording: those that it let open, and those
that it stopped, by what it did.
"""

VERDICT_COLUMNS = (
    Column("node", WORD),
    Column("kind", WORD),
    Column("action", WORD),
    Column("reason", WORD),
    Column("connections", COUNT),
)
"""A row of the table `verdicts`: of how many recorded connections a box decided the same."""


class Flow(NamedTuple):
    """A TCP connection as a box tells it from others: addresses as whole numbers, and ports."""

    source: int
    source_port: int
    destination: int
    destination_port: int


class Seen(NamedTuple):
    """A flight as a box sees it.

    Attributes:
        data: its bytes; empty where no TLS is spoken.
        size: how many they are.
        first_segment: how many of them are in its first packet.
    """

    data: bytes
    size: int
    first_segment: int


class Action(Enum):
    """What a box does with a connection."""

    PASS = "passed"
    DROP = "dropped"
    RESET = "reset"
    ANSWER = "answered"


class Verdict(NamedTuple):
    """What a box does, and why.

    Attributes:
        action: to `DROP` is to say nothing; to `RESET` sends both sides a TCP RST; to `ANSWER`
            sends the client spoofed `data`, and both sides a TCP RST behind it.
        reason: in a few words, for tables.
        data: what is answered.
    """

    action: Action
    reason: str = ""
    data: bytes = b""


PASS = Verdict(Action.PASS)
"""The verdict of a box that lets a connection or a flight through."""


Refusal = Literal["drop", "reset"]
"""How a box refuses: without a word, or with a TCP RST to both sides."""


def refused(how: Refusal, reason: str) -> Verdict:
    """The verdict of a box that refuses."""
    return Verdict(Action.RESET if how == "reset" else Action.DROP, reason)


Reads = Literal["nothing", "plaintext", "everything"]
"""What a box reads of the bytes in a flight: see `Middlebox.reads`."""


class Behaviour:
    """What a box does in one simulated world, and what it remembers. This one passes everything."""

    def opens(self, flow: Flow, now: float) -> Verdict:
        """A SYN to the server is here. A SYN that is sent again is seen again."""
        return PASS

    def translated(self, flow: Flow) -> Flow:
        """The flow as it goes on from here to the server."""
        return flow

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """A flight of an open connection is here."""
        return PASS

    def continues(self, flow: Flow, moment: float) -> None:
        """More packets of the flight that it carries pass at that moment, which may lie in the
        future."""

    def closes(self, flow: Flow, moment: float) -> None:
        """The connection ends at that moment, which may lie in the future."""

    def entries(self, now: float) -> int:
        """How many connections it remembers, or holds open."""
        return 0

    def utilisation(self, now: float) -> float:
        """The share of its processor's time since the last call that was busy."""
        return 0.0


class Middlebox(Description, Behaviour):
    """A box on a path: what a scenario says of it are its fields.

    It behaves by itself, what it remembers being private attributes, or makes a plain `Behaviour`,
    whose attributes are found faster.
    """

    latency: Annotated[Duration, at_most("1 d")] = 0.0
    """How long it keeps each packet: "50 us"."""

    scaled_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that the scenario's scale divides: numbers of things, rates, or `None`."""

    ends_tcp: ClassVar[bool] = False
    """Whether connections end here and others begin."""

    reads: ClassVar[Reads] = "plaintext"
    """What it reads of the bytes of the flights that it looks at: "nothing" shows it their sizes
    alone. "plaintext": hellos, randoms, session IDs, names, certificates, and where what lies in
    clear; of tickets, keys, signatures and what is encrypted no more than their lengths, and that
    no two connections' are equal. "everything": whatever the engines of its connections send, so
    that these run engines in replay too."""

    _name: str = PrivateAttr("")
    _scale: float = PrivateAttr(1.0)
    _placed_at: float = PrivateAttr(0.0)

    @cached_property
    def name(self) -> str:
        """Its name in the scenario."""
        return self._name

    @classmethod
    def shown_bytes(cls) -> Reads:
        """What it is shown of the bytes of flights: what it `reads`, if it looks at flights at all.

        A class that looks at flights in a way of its own, and does not say what it reads, may read
        more than the shipped one that it is derived from. One that makes a `Behaviour` counts as
        looking at flights.
        """
        looks_itself = cls.carries is not Middlebox.carries
        if not looks_itself and cls.new_behaviour is Middlebox.new_behaviour:
            return "nothing"
        for each in cls.__mro__:
            own = vars(each)
            if "reads" in own:
                break
            if cls.reads == "nothing" and ("carries" in own or "new_behaviour" in own):
                return "plaintext"
        return cls.reads

    @property
    def kind_name(self) -> str:
        """Its kind, as scenarios name it."""
        return str(getattr(self, "kind", type(self).__name__))

    def place(self, name: str, now: float, scale: float) -> Self:
        """The same box in a world of its own, before anything has passed."""
        values: dict[str, Any] = {field: getattr(self, field) for field in type(self).model_fields}
        for field in self.scaled_fields:
            number = values[field]
            if number is not None:
                values[field] = scaled(number, scale) if isinstance(number, int) else number * scale
        box = cast(Self, type(self).model_construct(**values))
        box._name = name
        box._scale = scale
        box._placed_at = now
        box.begin(now)
        return box

    def begin(self, now: float) -> None:
        """Called once, before anything passes."""

    @cached_property
    def behaviour(self) -> Behaviour:
        """What it does in its world."""
        return self.new_behaviour(self._placed_at)

    def new_behaviour(self, now: float) -> Behaviour:
        """What it does in a world that begins now; itself unless it makes something else."""
        return self

    @property
    def capacity(self) -> float:
        """How many entries it has room for, scaled; NaN for any number."""
        return nan
