"""Scripts: what two engines did at each turn, and what came of it by what they were answered.

All scripts of a world are one graph. A `State` lies between two exchanges; an exchange leads from
it over a `ScriptedTurn` of the client, one of the server, and the client's `Taken` to the next.
Where engines asked something at a turn, an `Asked` stands before it, with a branch for each answer
so far. Data on an established connection leads back to the same state: its turns depend on sizes
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.hosts.work import Task, Work
from sim.peers.ends import Operations, ServerState
from sim.peers.engine_pair import EnginePair, Said
from sim.peers.rehearsal import Answers, Question, Rehearsal

Branches = dict[Any, Any]
"""What follows, by what is done or by the answer to a question: an `Asked` or a turn's result."""


class Asked:
    """A question that the engines ask at a turn.

    Attributes:
        question: the question.
        before: what they asked before it at the same turn, with the answers that led here.
        branches: what follows, by the answer.
    """

    __slots__ = ("before", "branches", "question")

    def __init__(self, question: Question, before: Answers) -> None:
        self.question = question
        self.before = before
        self.branches: Branches = {}


class Place:
    """A place in the scripts, and how engines get there.

    Engines stand at the place that they have played to last; everywhere else they are made anew
    and play from the beginning.

    Args:
        before: the place before it; for the first, what makes engines.
        turn: played there to get here.
        answers: given at that turn.
    """

    __slots__ = ("_answers", "_before", "_standing", "_turn")

    def __init__(
        self,
        before: Place | Callable[[], Rehearsal],
        turn: Callable[[Rehearsal], Any],
        answers: Answers,
    ) -> None:
        self._before = before
        self._turn = turn
        self._answers = answers
        self._standing: Rehearsal | None = None

    def leave(self, rehearsal: Rehearsal) -> None:
        """Leave engines here that have just got here."""
        self._standing = rehearsal

    def rehearse(self) -> Rehearsal:
        """Engines that stand here, to go on with: those left here, or new ones."""
        rehearsal, self._standing = self._standing, None
        if rehearsal is None:
            before = self._before
            rehearsal = before.rehearse() if isinstance(before, Place) else before()
            rehearsal.play(self._turn, self._answers)
        return rehearsal


class State:
    """Between two exchanges: `sim.peers.State`.

    Attributes:
        place: how to get here.
        established: whether handshakes are over on both sides.
        kind: the number of the kind of session that the client may offer next time; else `None`.
        turns: the client's turns so far, by the size of the request or `CLOSING`.
    """

    __slots__ = (
        "completed",
        "established",
        "failure",
        "kind",
        "place",
        "resumed",
        "suite",
        "turns",
        "version",
    )

    def __init__(self, place: Place, engines: EnginePair, kind: int | None) -> None:
        self.place = place
        self.completed = engines.completed
        self.failure = engines.failure
        self.version = engines.version
        self.suite = engines.suite
        self.resumed = engines.resumed
        self.established = (
            engines.completed
            and engines.server_completed
            and engines.failure is None
            and not engines.server_failed
        )
        self.kind = kind
        self.turns: Branches = {}


CLOSING = -1
"""In place of a request's size: the client closes."""
TAKING = 0
"""The key under which the client's taking of an answer follows it."""


class ScriptedTurn(Task):
    """A turn that was played: `sim.peers.Turn`.

    Args:
        place: how to get behind it.
        said: what the engine did.
        work: its machine's.
        received: bytes of the flight that it answers; `None` for a client, which answers none.
        engines: how they stand behind it.

    Attributes:
        server: what the server knows behind it.
        following: the server's turns by the size of the response, or the client's taking of the
            answer by `TAKING`.
    """

    __slots__ = ("data", "following", "place", "records", "server", "size")

    def __init__(
        self,
        place: Place,
        said: Said,
        work: Work,
        engines: EnginePair,
        received: int | None = None,
    ) -> None:
        size = len(said.data)
        super().__init__(work, said.operations, (size,) if received is None else (received, size))
        self.size = size
        self.records = said.records
        self.data = said.data
        self.place = place
        self.server = ServerState(engines.server_failed, engines.session_found)
        self.following: Branches = {}


class Taken(Task):
    """The client has taken an answer.

    Args:
        work: the client's.
        operations: what it did for that.
        answer: the answer's size in bytes.
        state: where that leads.
    """

    __slots__ = ("state",)

    def __init__(self, work: Work, operations: Operations, answer: int, state: State) -> None:
        super().__init__(work, operations, (answer,))
        self.state = state


def insert(branches: Branches, key: Any, asked: Answers, known: int, entry: Any) -> None:
    """Write an entry behind the questions that were asked before it.

    Args:
        branches, key: where the first `known` answers lead.
        asked: all questions with their answers.
        known: how many of them stand in the script already.
        entry: the turn's, or the taking's.
    """
    for position in range(known, len(asked)):
        question, answer = asked[position]
        node = branches[key] = Asked(question, asked[:position])
        branches, key = node.branches, answer
    branches[key] = entry
