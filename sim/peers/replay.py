"""Ends that replay what engines did before them.

The first connections of each class run engines, whose turns become scripts; later ones follow a
script, as fast as a simulator can be. Everything that changes with time stays real: caches, queues,
networks, who remembers what. A class is not declared: it is the answers to all that the engines
asked (see `sim.peers.rehearsal`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import tls
from sim.hosts.client import ClientDescription, ClientGroup
from sim.hosts.server import Server
from sim.hosts.session_cache import SessionCache
from sim.hosts.work import Work
from sim.identities import identity
from sim.peers.ends import Turn
from sim.peers.engine_pair import EnginePair
from sim.peers.engines import client_configs, server_config
from sim.peers.rehearsal import Eras, OfferedSession, Prompter, Question, Rehearsal
from sim.peers.script import CLOSING, Asked, Branches, Place, ScriptedTurn, State, Taken
from sim.streams import Streams

_KINDS = 256

Entry = TypeVar("Entry", State, ScriptedTurn, Taken)


class ReplayPeers:
    """Connections that follow scripts.

    A session of theirs is one number: the cache's, times 256, plus its kind's. Sessions are of one
    kind that differ in nothing but the content of their secrets.

    Args:
        server: whose description and work the servers' ends have.
        sessions: the server's session cache; `None` when it has none.
        clients: the browsers' descriptions.
        start: Unix time of the scenario's start.
        streams: where the random bytes of the scripts come from.
        scripts: how many scripts a class has; connections take them in turn.
    """

    def __init__(
        self,
        server: Server,
        sessions: SessionCache | None,
        clients: Sequence[ClientDescription],
        start: float,
        streams: Streams,
        scripts: int,
    ) -> None:
        self.sessions = sessions
        self.eras = Eras(start, identity(server.description.identity).certificates)
        self._server = server
        self._scripts = scripts
        self._prompter = Prompter(self.eras)
        self._server_config = server_config(
            server.description, None if sessions is None else self._prompter
        )
        self._client_configs = client_configs(clients)
        self._entropy = streams.entropy("peers.client"), streams.entropy("peers.server")
        self._beginnings: dict[tuple[str, int | None, int], tuple[int, Branches]] = {}
        self._kinds: dict[tuple[object, ...], int] = {}
        self._sessions_by_kind: list[OfferedSession] = []

    def connect(
        self,
        group: ClientGroup,
        session: int | None,
        number: int,
        *,
        recorded: bool,
        now: float,
    ) -> ReplayEnds:
        """Two ends at the beginning of a script."""
        kind = None if session is None else session % _KINDS
        variant = number % self._scripts
        key = group.browser.name, kind, variant
        beginning = self._beginnings.get(key)
        if beginning is None:
            beginning = self._beginnings[key] = len(self._beginnings), {}
        script, branches = beginning
        offered = None if session is None else session // _KINDS
        ends = ReplayEnds(self, group.work, self._server.work, offered, recorded)
        state = branches.get(None)
        if type(state) is not State:
            state = ends.begin(
                branches, lambda: self._engines(group.browser.name, kind, script), now
            )
        ends.state = state
        return ends

    def kind_of(self, rehearsal: Rehearsal) -> int | None:
        """The number of the kind of session that a rehearsal's client has; `None` without one."""
        session = rehearsal.engines.session
        if session is None:
            return None
        server = rehearsal.stored
        if server is None:
            if rehearsal.offered is None or rehearsal.offered.client.id != session.id:
                return None
            server = rehearsal.offered.server
        shape = _shape(session), _shape(server)
        kind = self._kinds.get(shape)
        if kind is None:
            kind = self._kinds[shape] = len(self._kinds)
            assert kind < _KINDS, "more kinds of sessions than a number has room for"
            self._sessions_by_kind.append(OfferedSession(session, server))
        return kind

    def _engines(self, browser: str, kind: int | None, script: int) -> Rehearsal:
        """A rehearsal that has not begun, whose random bytes follow from the script's number."""
        offered = None if kind is None else self._sessions_by_kind[kind]

        def begin() -> EnginePair:
            client_entropy, server_entropy = self._entropy
            return EnginePair(
                self._client_configs[browser],
                self._server_config,
                server_name=self._server.name,
                session=None if offered is None else offered.client,
                entropy=(client_entropy.of(script), server_entropy.of(script)),
                clock=self._prompter,
            )

        return Rehearsal(begin, self._prompter, offered)


class ReplayEnds:
    """Both ends: `sim.peers.Ends` that follow a script.

    Args:
        peers: whose scripts.
        client_work, server_work: of the machines.
        offered: the number of the session that the client offers; else `None`.
        recorded: whether their work is counted.
    """

    __slots__ = (
        "_answered",
        "_client_work",
        "_offered",
        "_peers",
        "_recorded",
        "_sent",
        "_server_work",
        "_stored",
        "state",
    )

    def __init__(
        self,
        peers: ReplayPeers,
        client_work: Work,
        server_work: Work,
        offered: int | None,
        recorded: bool,
    ) -> None:
        self._peers = peers
        self._client_work = client_work
        self._server_work = server_work
        self._offered = offered
        self._stored = 0
        self._recorded = recorded
        self.state: State

    @property
    def session(self) -> int | None:
        """The session's number, once the client has one."""
        kind = self.state.kind
        if kind is None:
            return None
        return (self._stored or self._offered or 0) * _KINDS + kind

    # -- following the script

    def client_sends(self, size: int = 0) -> Turn:
        """The turn of the script for a request of this size."""
        sent = self.state.turns.get(size)
        if type(sent) is not ScriptedTurn:
            sent = self._client_turn(size, lambda rehearsal: rehearsal.client_sends(size))
        sent.task.times += self._recorded
        self._sent = sent
        return sent

    def client_closes(self) -> Turn:
        """The turn of the script that closes."""
        sent = self.state.turns.get(CLOSING)
        if type(sent) is not ScriptedTurn:
            sent = self._client_turn(CLOSING, Rehearsal.client_closes)
        sent.task.times += self._recorded
        self._sent = sent
        return sent

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn:
        """The turn of the script for what the world answers at `now`."""
        answered = self._sent.following.get(response_size)
        if type(answered) is not ScriptedTurn:
            answered = self._server_turn(response_size, now)
        answered.task.times += self._recorded
        self._answered = answered
        return answered

    def client_takes(self, answer: Turn, now: float) -> float:
        """What the script's client has to do; it then stands where that leads."""
        taken = self._answered.following.get(None)
        if type(taken) is not Taken:
            taken = self._taking(now)
        task = taken.task
        task.times += self._recorded
        self.state = taken.state
        return task.seconds

    # -- writing it

    def begin(self, branches: Branches, engines: Callable[[], Rehearsal], now: float) -> State:
        """Follow or write the script's beginning."""

        def write(rehearsal: Rehearsal, place: Place, result: None) -> State:
            return State(place, rehearsal.engines, None)

        return self._follow(branches, None, engines, Rehearsal.begin, write, now)

    def _client_turn(self, key: int, turn: Callable[[Rehearsal], Any]) -> ScriptedTurn:
        def write(rehearsal: Rehearsal, place: Place, said: Any) -> ScriptedTurn:
            task = self._client_work.task(said.operations, (len(said.data),))
            return ScriptedTurn(place, said.data, said.records, task)

        state = self.state
        return self._follow(state.turns, key, state.place, turn, write)

    def _server_turn(self, response_size: int, now: float) -> ScriptedTurn:
        sent = self._sent

        def turn(rehearsal: Rehearsal) -> Any:
            return rehearsal.server_answers(response_size)

        def write(rehearsal: Rehearsal, place: Place, said: Any) -> ScriptedTurn:
            task = self._server_work.task(said.operations, (sent.size, len(said.data)))
            return ScriptedTurn(place, said.data, said.records, task)

        return self._follow(sent.following, response_size, sent.place, turn, write, now)

    def _taking(self, now: float) -> Taken:
        answered, before = self._answered, self.state
        closing = before.turns.get(CLOSING) is self._sent

        def write(rehearsal: Rehearsal, place: Place, operations: Any) -> Taken:
            task = self._client_work.task(operations, (answered.size,))
            if before.established and not closing:
                # Data has been exchanged, which leaves everything as it was.
                before.place.leave(rehearsal)
                return Taken(task, before)
            return Taken(task, State(place, rehearsal.engines, self._peers.kind_of(rehearsal)))

        return self._follow(
            answered.following, None, answered.place, Rehearsal.client_takes, write, now
        )

    def _follow(
        self,
        branches: Branches,
        key: int | None,
        before: Place | Callable[[], Rehearsal],
        turn: Callable[[Rehearsal], Any],
        write: Callable[[Rehearsal, Place, Any], Entry],
        now: float | None = None,
    ) -> Entry:
        """What follows in the script as the world answers; written when it is not there yet.

        Args:
            branches, key: where it stands.
            before: the place before it.
            turn: what engines do there.
            write: makes the script's entry of what they did and of the place that they are at.
            now: when; `None` for a turn at which nothing is asked.
        """
        answers: list[tuple[Question, Any]] = []
        following = branches.get(key)
        while type(following) is Asked:
            answer = self._ask(following.question, now)
            answers.append((following.question, answer))
            branches, key = following.branches, answer
            following = branches.get(key)
        if following is not None:
            found: Entry = following
            return found

        rehearsal = before.rehearse() if isinstance(before, Place) else before()
        asked, result = rehearsal.play(turn, answers, lambda question: self._ask(question, now))
        for question, answer in asked[len(answers) :]:
            branch = branches[key] = Asked(question)
            branches, key = branch.branches, answer
        place = Place(before, turn, asked)
        place.leave(rehearsal)
        entry = branches[key] = write(rehearsal, place, result)
        return entry

    def _ask(self, question: Question, now: float | None) -> Any:
        """The world's answer."""
        if now is None:
            raise AssertionError(f"{question} at a turn that asks nothing")
        if question is Question.ERA:
            return self._peers.eras.at(now)
        sessions = self._peers.sessions
        assert sessions is not None
        if question is Question.LOOKUP:
            assert self._offered is not None
            return sessions.lookup(self._offered, now)
        if question is Question.ACCEPTS:
            return sessions.accepts()
        if question is Question.STORE:
            self._stored = sessions.store(now)
        elif question is Question.REMOVE:
            sessions.remove(self._stored or self._offered or 0)
        else:
            return sessions.lookup(0, now)
        return True


def _shape(session: tls.Session) -> tuple[object, ...]:
    """All that tells kinds of sessions apart: secrets count by their length."""
    return tuple(_measure(getattr(session, field.name)) for field in fields(session))


def _measure(value: object) -> object:
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, tuple):
        return tuple(map(_measure, value))
    return value
