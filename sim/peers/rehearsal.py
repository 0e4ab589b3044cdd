"""Two engines that play a script's turns again, and then turns that no script has yet.

Whatever a handshake consults of the world outside (the server's session cache, the calendar) it
asks for, and every question is written down with its answer: what a handshake depends on is known
because it asked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import Any, Protocol

import tls
from sim.peers.ends import Operations
from sim.peers.engine_pair import EnginePair, Said


class Question(Enum):
    """What a handshake asks of the world."""

    ERA = auto()
    """Which era of the calendar it is: see `Eras`."""
    LOOKUP = auto()
    """Whether the session that the client offers is in the server's cache."""
    LOOKUP_UNKNOWN = auto()
    """The same of an ID that no session was given."""
    ACCEPTS = auto()
    """Whether the cache would keep a new session."""
    STORE = auto()
    """Remember the new session; always answered with yes."""
    REMOVE = auto()
    """Forget this connection's session; always answered with yes."""


Answers = tuple[tuple[Question, Any], ...]
"""The questions of one turn in their order, with their answers."""


class Validity(Protocol):
    """A certificate's, Unix times."""

    not_before: float
    not_after: float


class Eras:
    """The eras of the calendar: between two of them a certificate becomes valid or invalid.

    Args:
        start: Unix time of the scenario's start.
        certificates: those whose validity matters.
    """

    def __init__(self, start: float, certificates: Sequence[Validity]) -> None:
        self._begins = sorted(certificate.not_before for certificate in certificates)
        self._ends = sorted(certificate.not_after for certificate in certificates)
        self._start = start
        moments = [start, *self._begins, *(end + 1 for end in self._ends)]
        self._moments: dict[int, float] = {self._of(moment): moment for moment in reversed(moments)}
        self._boundaries = sorted([*self._begins, *self._ends])
        self._last, self._since, self._until = 0, inf, -inf

    def at(self, now: float) -> int:
        """The era `now` seconds after the scenario's start."""
        time = self._start + now
        if not self._since < time < self._until:
            self._last = self._of(time)
            position = bisect_right(self._boundaries, time)
            self._since = self._boundaries[position - 1] if position else -inf
            self._until = self._boundaries[position] if position < len(self._boundaries) else inf
        return self._last

    def moment(self, era: int) -> float:
        """Some Unix time in that era, always the same."""
        return self._moments[era]

    def _of(self, time: float) -> int:
        return bisect_right(self._begins, time) + bisect_left(self._ends, time)


@dataclass(frozen=True, slots=True)
class OfferedSession:
    """A session as client and server remember it."""

    client: tls.Session
    server: tls.Session


class Prompter:
    """Answers what the engines of rehearsals ask: by a script first, then by the world.

    It is the session store of their servers and the clock of both sides.

    Attributes:
        asked: the questions of the turn that is being played, with their answers.
    """

    def __init__(self, eras: Eras) -> None:
        self._eras = eras
        self._script: Answers = ()
        self._world: Callable[[Question], Any] | None = None
        self._rehearsal: Rehearsal | None = None
        self.asked: list[tuple[Question, Any]] = []

    def begin_turn(
        self,
        rehearsal: Rehearsal,
        script: Answers,
        world: Callable[[Question], Any] | None,
    ) -> None:
        """What is asked from now on is answered from `script`, then by `world`."""
        self._rehearsal, self._script, self._world = rehearsal, script, world
        self.asked = []

    def __call__(self) -> float:
        """The time, for the clock."""
        return self._eras.moment(self._ask(Question.ERA))

    def accepts(self) -> bool:
        """As `tls.SessionStore`."""
        return bool(self._ask(Question.ACCEPTS))

    def lookup(self, session_id: bytes, now: float) -> tls.Session | None:
        """As `tls.SessionStore`: of the session that is offered, or of none."""
        assert self._rehearsal is not None
        offered = self._rehearsal.offered
        if offered is None or session_id != offered.server.id:
            self._ask(Question.LOOKUP_UNKNOWN)
            return None
        return offered.server if self._ask(Question.LOOKUP) else None

    def store(self, session: tls.Session, now: float) -> bool:
        """As `tls.SessionStore`."""
        assert self._rehearsal is not None
        self._rehearsal.stored = session
        return bool(self._ask(Question.STORE))

    def remove(self, session_id: bytes) -> None:
        """As `tls.SessionStore`."""
        self._ask(Question.REMOVE)

    def _ask(self, question: Question) -> Any:
        position = len(self.asked)
        if question is Question.ERA:
            # No time passes during a turn.
            for earlier, answer in self.asked:
                if earlier is question:
                    return answer
        if position < len(self._script):
            scripted, answer = self._script[position]
            assert scripted is question, f"{question} where the script has {scripted}"
        else:
            assert self._world is not None, f"{question} is not in the script"
            answer = self._world(question)
        self.asked.append((question, answer))
        return answer


class Rehearsal:
    """Two engines between two turns.

    Args:
        begin: makes the engines, whose clock and session store is `prompter`.
        prompter: answers their questions.
        offered: the session that the client offers.

    Attributes:
        stored: the session that the server has stored, if any.
    """

    def __init__(
        self,
        begin: Callable[[], EnginePair],
        prompter: Prompter,
        offered: OfferedSession | None,
    ) -> None:
        self._begin = begin
        self._prompter = prompter
        self._flight = b""
        self.offered = offered
        self.stored: tls.Session | None = None
        self.engines: EnginePair

    def play(
        self,
        turn: Callable[[Rehearsal], Any],
        script: Answers,
        world: Callable[[Question], Any] | None = None,
    ) -> tuple[Answers, Any]:
        """Play a turn, one of the methods below.

        Args:
            turn: the method.
            script: what it asks, with the answers.
            world: answers what the script does not; `None` where it does all.

        Returns all that was asked, and what the turn returns.
        """
        self._prompter.begin_turn(self, script, world)
        result = turn(self)
        return tuple(self._prompter.asked), result

    def begin(self) -> None:
        """The client opens the connection."""
        self.engines = self._begin()

    def client_sends(self, size: int) -> Said:
        """As `EnginePair`."""
        said = self.engines.client_sends(size)
        self._flight = said.data
        return said

    def client_closes(self) -> Said:
        """As `EnginePair`."""
        said = self.engines.client_closes()
        self._flight = said.data
        return said

    def server_answers(self, response_size: int) -> Said:
        """As `EnginePair`, to the client's last flight."""
        said = self.engines.server_answers(self._flight, response_size)
        self._flight = said.data
        return said

    def client_takes(self) -> Operations:
        """As `EnginePair`, of the server's last flight."""
        return self.engines.client_takes(self._flight)

    def client_takes_from_box(self, data: bytes) -> Operations:
        """As `EnginePair.client_takes`, of what a box has sent in the server's name."""
        return self.engines.client_takes(data)
