"""A server's ticket keys: how long tickets are good, and when the keys that seal them change."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum, auto
from struct import Struct
from typing import Annotated, Literal, NamedTuple, Self, final

from pydantic import BeforeValidator, Field, field_validator, model_validator

import tls
from sim.description import Description, fault_at, none_if_none
from sim.hosts.outages import Outages
from sim.streams import Streams
from sim.units import Duration, PositiveDuration

_SECRET_LENGTH = 32
_KEYS_AT_HAND = 64
_KEY = Struct(">dq").pack

RECORDED_KEY = tls.TicketKey.derive(b"recorded", 0)
"""What seals tickets whose key and time stand elsewhere: those of recorded engines and of ready
sessions."""


class TicketKeys(Description):
    """A server's session tickets (RFC 5077), and the keys that seal them.

    Clients whose profile asks for tickets get them instead of session IDs.
    """

    lifetime: PositiveDuration
    """How long a ticket may be used, from the full handshake that made its session: "5 min"; at
    least a second, as tickets have whole seconds in them. Clients are told it as the hint."""
    keys: Literal["shared", "per server"] = "shared"
    """"shared": all servers of one name, rotated equally often, have the same keys and open each
    other's tickets. "per server": each has made its own, and makes them anew behind an outage."""
    rotation: PositiveDuration | None = None
    """There is a new key so often, by the calendar: "12 h" is at midnight and at noon, UTC. Else
    never."""
    kept: Annotated[int, Field(ge=0, le=1000)] = 1
    """How many former keys still open tickets; the rest are forgotten."""
    count: Annotated[int, Field(gt=0, le=32)] = 2
    """How many a full handshake of TLS 1.3 gives, each of which is used once; one that resumes
    gives one."""
    renew: bool = True
    """Whether a client whose ticket a former key has opened gets one of the present key, as nginx
    and HAProxy do; its session grows no younger by that."""
    skew: Duration = 0.0
    """How far rotation is out of step at most: each server rotates later than the calendar says,
    by a draw of its own, uniform from 0 to this."""
    restart_interval: PositiveDuration | None = None
    """A server that has made its own keys restarts so often, at moments of its own, and makes all
    anew: no ticket of before opens. Else never."""

    @field_validator("lifetime")
    @classmethod
    def _whole_seconds(cls, lifetime: float) -> float:
        if lifetime < 1:
            raise ValueError(
                f'tickets have whole seconds in them, and "{lifetime:g} s" is less than one; write '
                'at least "1 s"'
            )
        return lifetime

    @model_validator(mode="after")
    def _settings_have_effects(self) -> Self:
        if self.rotation is None:
            for name in ("kept", "skew"):
                if name in self.model_fields_set and getattr(self, name):
                    raise fault_at(
                        (name,),
                        f'"{name}" has no effect on keys that never change; add a rotation or '
                        f"remove {name}",
                    )
        elif self.skew > self.rotation:
            raise fault_at(
                ("skew",),
                f'"{self.skew:g} s" would be further out of step than a rotation is long, so that '
                f'servers were whole keys apart; write at most "{self.rotation:g} s"',
            )
        if self.restart_interval is not None and self.keys == "shared":
            raise fault_at(
                ("restart_interval",),
                'keys that all servers share outlast a restart; write keys = "per server" or '
                "remove restart_interval",
            )
        return self


Tickets = Annotated[
    TicketKeys | None,
    BeforeValidator(none_if_none, json_schema_input_type=TicketKeys | Literal["none"] | None),
]
"""A server's tickets; `None` without any, which a study may write as "none"."""


class KeyNumber(NamedTuple):
    """Which key it is, of all that there ever are in a world.

    Attributes:
        farm: the name of the farm that it belongs to.
        rotation: how often there is a new one, in seconds; 0 for never.
        server: the name of the server that made it for itself; empty for one that all share.
        restart: how often that had restarted.
        period: which one it is in the order of rotation.
    """

    farm: str
    rotation: float
    server: str
    restart: int
    period: int


@final
@dataclass(slots=True)
class TicketContent:
    """What decides about a ticket: the rest of its content is its session's.

    Attributes:
        since: Unix time of the full handshake that made its session, in whole seconds.
        key: what it is sealed with.
    """

    since: float
    key: KeyNumber


class TicketVerdict(Enum):
    """What a server makes of a ticket."""

    __hash__ = object.__hash__  # an enumeration's own is a function in Python

    UNKNOWN_KEY = auto()
    """None of its keys has sealed it."""
    TOO_OLD = auto()
    """A key of its own opens it, and it is of no use any more."""
    GOOD = auto()
    """It is opened."""
    RENEW = auto()
    """It is opened, and deserves a new one."""


class TicketToOpen(NamedTuple):
    """A ticket of bytes that an engine wants to be opened, and the meter that books the work."""

    ticket: bytes
    meter: tls.Meter


class TicketToSeal(NamedTuple):
    """A session that an engine wants a ticket of.

    Attributes:
        session: the session.
        since: Unix time of the full handshake that made it; `None` where that is now.
        random: where the ticket's random bytes come from.
        meter: books the work.
    """

    session: tls.Session
    since: float | None
    random: tls.RandomSource
    meter: tls.Meter


class OpenedTicket(NamedTuple):
    """What was found in a good ticket.

    Attributes:
        session: the session.
        since: Unix time of the full handshake that made it.
        renew: whether it deserves a new ticket.
    """

    session: tls.Session
    since: float
    renew: bool


class TicketFarm:
    """What servers have in common that may share ticket keys.

    Args:
        name: tells it from other farms of the world.
        streams: where its secrets come from.
        start: Unix time of the scenario's start.
        begins: when the world begins, in seconds from there: minus its warm-up.
    """

    def __init__(self, name: str, streams: Streams, start: float, begins: float) -> None:
        self.name = name
        self.start = start
        self.begins = begins
        self.secret = streams.entropy(f"ticket keys.{name}").of(0)(_SECRET_LENGTH)
        self._streams = streams

    def delays(self, server: str) -> tuple[float, float]:
        """Two draws from [0, 1) of a server's own: how late it rotates, and when it restarts."""
        late, restarted = self._streams.generator(f"ticket keys.{self.name}.{server}").random(2)
        return float(late), float(restarted)


class TicketKeyRing:
    """The ticket keys of one server, at any time.

    A ticket is what an engine has sealed; or it is a `TicketContent`, where only that is known. One
    rule decides about both.

    Args:
        description: of the keys.
        server: the server's name.
        farm: its farm.
        outages: when it is down, and forgets the keys that it has made for itself.

    Attributes:
        lifetime: seconds that a ticket may be used.
    """

    def __init__(
        self,
        description: TicketKeys,
        server: str,
        farm: TicketFarm,
        outages: Outages | None = None,
    ) -> None:
        self.lifetime = description.lifetime
        self._farm = farm
        self._server = "" if description.keys == "shared" else server
        self._rotation = description.rotation
        self._kept = description.kept
        self._renew = description.renew
        self._restarts = description.restart_interval
        late, restarted = farm.delays(server)
        self._late = late * description.skew
        self._restarted = restarted * (self._restarts or 0.0)
        self._back_at: list[float] = []
        if outages is not None and self._server:
            self._back_at = [farm.start + each.end for each in outages.all]
        self._keys: dict[KeyNumber, tls.TicketKey] = {}

    def open(
        self, ticket: TicketToOpen | TicketContent | None, now: float
    ) -> OpenedTicket | TicketVerdict | None:
        """What a server makes of a ticket, `now` seconds from the scenario's start.

        Returns what is in one of bytes, or `None` when it is no good. Of a `TicketContent` it
        returns the verdict; `None` stands for one that nobody here has sealed.
        """
        if isinstance(ticket, TicketToOpen):
            return self._opened(ticket, now)
        return TicketVerdict.UNKNOWN_KEY if ticket is None else self.verdict(ticket, now)

    def seal(
        self, session: TicketToSeal | TicketContent | None, now: float
    ) -> bytes | TicketContent:
        """The ticket of a session, sealed `now` seconds from the scenario's start.

        Args:
            session: an engine's; or the content of the ticket that is renewed, or `None` for a
                session that this handshake has made.
            now: when that is.

        Returns the ticket's bytes, or else its content.
        """
        time = self._farm.start + now
        since = None if session is None else session.since
        content = TicketContent(float(int(time)) if since is None else since, self._present(time))
        if not isinstance(session, TicketToSeal):
            return content
        key = self._key(content.key)
        return key.seal(session.session, content.since, session.random, session.meter)

    def verdict(self, content: TicketContent, now: float) -> TicketVerdict:
        """Whether a ticket is opened, may still be used, and deserves a new one."""
        time = self._farm.start + now
        present = self._present(time)
        if not self._is_held(content.key, present):
            return TicketVerdict.UNKNOWN_KEY
        if time - content.since > self.lifetime:
            return TicketVerdict.TOO_OLD
        renews = self._renew and content.key != present
        return TicketVerdict.RENEW if renews else TicketVerdict.GOOD

    def was_good(self, age: float, now: float) -> bool:
        """Whether a ticket is good at `now` that was made `age` seconds before."""
        content = self._aged(self._farm.start + now, age)
        return self.verdict(content, now) in (TicketVerdict.GOOD, TicketVerdict.RENEW)

    def backdate(self, ticket: TicketContent, seconds: float) -> None:
        """Make a ticket what it would be had its session been made so many seconds earlier.

        One that is renewed has been, until the world began.
        """
        earlier = self._aged(ticket.since, seconds)
        ticket.since, ticket.key = earlier.since, earlier.key

    def backdated(self, ticket: bytes, seconds: float) -> bytes:
        """The same of a ticket of bytes that this server has sealed."""
        meter = tls.Meter()
        held = next((key for key in self._keys.values() if key.seals(ticket)), None)
        opened = None if held is None else held.open(ticket, meter)
        if opened is None:
            return ticket
        content = self._aged(opened.made, seconds)
        random = tls.RandomSource(lambda length: ticket[16 : 16 + length], meter)
        return self._key(content.key).seal(opened.session, content.since, random, meter)

    def _opened(self, ticket: TicketToOpen, now: float) -> OpenedTicket | None:
        time = self._farm.start + now
        for number in self._held(self._present(time)):
            key = self._key(number)
            if not key.seals(ticket.ticket):
                continue
            opened = key.open(ticket.ticket, ticket.meter)
            if opened is None:
                return None
            verdict = self.verdict(TicketContent(opened.made, number), now)
            if verdict is TicketVerdict.TOO_OLD:
                return None
            renew = verdict is TicketVerdict.RENEW
            return OpenedTicket(opened.session, opened.made, renew)
        return None

    def _aged(self, since: float, seconds: float) -> TicketContent:
        then = float(int(since - seconds))
        key = self._present(then)
        if self._renew:
            renewed = self._present(max(then, self._farm.start + self._farm.begins))
            key = key._replace(period=renewed.period)
        return TicketContent(then, key)

    # -- the keys

    def _present(self, time: float) -> KeyNumber:
        """The key that seals at a Unix time."""
        rotation, restarts = self._rotation, self._restarts
        period = 0 if rotation is None else int((time - self._late) // rotation)
        restart = 0 if restarts is None else int((time - self._restarted) // restarts)
        if self._back_at:
            restart += bisect_right(self._back_at, time)
        return KeyNumber(self._farm.name, rotation or 0.0, self._server, restart, period)

    def _is_held(self, key: KeyNumber, present: KeyNumber) -> bool:
        return key[:4] == present[:4] and 0 <= present.period - key.period <= self._kept

    def _held(self, present: KeyNumber) -> list[KeyNumber]:
        """All keys that the server has, the present one first."""
        if self._rotation is None:
            return [present]
        return [present._replace(period=present.period - age) for age in range(self._kept + 1)]

    def _key(self, number: KeyNumber) -> tls.TicketKey:
        key = self._keys.get(number)
        if key is None:
            of_whom = number.server.encode() + _KEY(number.rotation, number.restart)
            key = tls.TicketKey.derive(self._farm.secret + of_whom, number.period)
            self._keys[number] = key
            if len(self._keys) > self._kept + _KEYS_AT_HAND:
                del self._keys[next(iter(self._keys))]
        return key
