"""Ends that replay what engines did before them.

The first connections of each class run engines, whose turns become scripts; later ones follow a
script, as fast as a simulator can be. Everything that changes with time stays real: caches, queues,
networks, who remembers what. A class is not declared: it is the answers to all that the engines
asked (see `sim.peers.rehearsal`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import tls
from sim.hosts.client import ClientGroup
from sim.hosts.server import TlsSettings
from sim.hosts.session_cache import SessionCache
from sim.hosts.work import Work
from sim.identities import identity
from sim.peers.ends import Operations, ServerState, Turn
from sim.peers.engine_pair import EnginePair, Said
from sim.peers.engines import server_config
from sim.peers.rehearsal import Answers, Eras, OfferedSession, Prompter, Question, Rehearsal
from sim.peers.script import (
    CLOSING,
    TAKING,
    Asked,
    Branches,
    Place,
    ScriptedTurn,
    State,
    Taken,
    insert,
)
from sim.streams import Streams

_KINDS = 256

ERA, LOOKUP, LOOKUP_UNKNOWN = Question.ERA, Question.LOOKUP, Question.LOOKUP_UNKNOWN
ACCEPTS, STORE = Question.ACCEPTS, Question.STORE

Beginning = tuple[str, int | None, int, int]
"""What is known of a connection when it begins: the browser's name, the kind of session that it
offers, which of a class's scripts it takes, and the era of the calendar."""


class ReplayPeers:
    """Connections that follow scripts.

    A session of theirs is one number: the cache's, times 256, plus its kind's. Sessions are of one
    kind that differ in nothing but the content of their secrets.

    Args:
        host: the name that clients want.
        work: that of the servers' ends.
        settings: how those speak TLS.
        sessions: the server's session cache; `None` when it has none.
        clients: the configuration of each browser.
        start: Unix time of the scenario's start.
        streams: where the random bytes of the scripts come from.
        label: tells the streams of these peers from those of others.
        scripts: how many scripts a class has; connections take them in turn.
    """

    def __init__(
        self,
        host: str,
        work: Work,
        settings: TlsSettings,
        sessions: SessionCache | None,
        clients: Mapping[str, tls.ClientConfig],
        start: float,
        streams: Streams,
        label: str,
        scripts: int,
    ) -> None:
        self.sessions = sessions
        certificates = list(identity(settings.identity).certificates)
        for config in clients.values():
            certificates.extend(config.trust.all())
            for own in config.identities:
                certificates.extend(own.certificates)
        self.eras = Eras(start, certificates)
        self._host = host
        self._work = work
        self._scripts = scripts
        self._prompter = Prompter(self.eras)
        self._server_config = server_config(settings, None if sessions is None else self._prompter)
        self._client_configs = clients
        self._entropy = streams.entropy(f"{label}.client"), streams.entropy(f"{label}.server")
        self._beginnings: dict[Beginning, State] = {}
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
        offered, kind = (None, None) if session is None else divmod(session, _KINDS)
        key = group.browser.name, kind, number % self._scripts, self.eras.at(now)
        state = self._beginnings.get(key) or self._begin(key)
        return ReplayEnds(self, state, group.work, self._work, offered, recorded)

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
            if kind >= _KINDS:
                raise OverflowError(f"more than {_KINDS} kinds of sessions have no number")
            self._sessions_by_kind.append(OfferedSession(session, server))
        return kind

    def _begin(self, key: Beginning) -> State:
        """The beginning of a new script, whose random bytes follow from its own number."""
        browser, kind, _, era = key
        number = len(self._beginnings)
        offered = None if kind is None else self._sessions_by_kind[kind]

        def engines() -> EnginePair:
            client_entropy, server_entropy = self._entropy
            return EnginePair(
                self._client_configs[browser],
                self._server_config,
                server_name=self._host,
                session=None if offered is None else offered.client,
                entropy=(client_entropy.of(number), server_entropy.of(number)),
                clock=self._prompter,
            )

        def new() -> Rehearsal:
            return Rehearsal(engines, self._prompter, offered)

        place = Place(new, Rehearsal.begin, ((ERA, era),))
        rehearsal = place.rehearse()
        place.leave(rehearsal)
        state = self._beginnings[key] = State(place, rehearsal.engines, None)
        return state


class ReplayEnds:
    """Both ends: `sim.peers.Ends` that follow a script.

    Args:
        peers: whose scripts.
        state: where the script begins.
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
        "server",
        "state",
    )

    def __init__(
        self,
        peers: ReplayPeers,
        state: State,
        client_work: Work,
        server_work: Work,
        offered: int | None,
        recorded: bool,
    ) -> None:
        self._peers = peers
        self.state = state
        self.server = ServerState()
        self._client_work = client_work
        self._server_work = server_work
        self._offered = offered
        self._stored = 0
        self._recorded = recorded

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
        if sent is None:
            sent = self._write_client_turn(size)
        sent.times += self._recorded
        self._sent = sent
        return sent

    def client_closes(self) -> Turn:
        """The turn of the script that closes."""
        return self.client_sends(CLOSING)

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn:
        """The turn of the script for what the world answers at `now`."""
        answered = self._sent.following.get(response_size)
        if type(answered) is not ScriptedTurn:
            answered = self._server_turn(response_size, now)
        answered.times += self._recorded
        self._answered = answered
        self.server = answered.server
        return answered

    def client_takes(self, answer: Turn, now: float) -> float:
        """What the script's client has to do; it then stands where that leads."""
        taken = self._answered.following.get(TAKING)
        if type(taken) is not Taken:
            taken = self._taking(now)
        self.state = taken.state
        taken.times += self._recorded
        return taken.seconds

    def client_takes_from_box(self, data: bytes, now: float) -> float:
        """What the script's client does with what a box has sent in the server's name."""
        taken = self._sent.following.get(data)
        if type(taken) is not Taken:
            taken = self._taking_from_box(data, now)
        self.state = taken.state
        taken.times += self._recorded
        return taken.seconds

    def _follow(
        self, branches: Branches, key: Any, now: float
    ) -> tuple[Any, Branches, Any, Answers]:
        """Ask the world what the script asks.

        Returns the entry behind the last question, `None` where there is none yet, and for who
        writes it the branches that it belongs to, its key there, and the answers so far.
        """
        asked, where, answer = None, branches, key
        entry = branches.get(key)
        while type(entry) is Asked:
            asked, where = entry, entry.branches
            answer = self._ask(asked.question, now)
            entry = where.get(answer)
        if entry is None and asked is not None:
            return None, where, answer, (*asked.before, (asked.question, answer))
        return entry, where, answer, ()

    def _ask(self, question: Question, now: float) -> Any:
        """The world's answer."""
        if question is ERA:
            return self._peers.eras.at(now)
        sessions = self._peers.sessions
        assert sessions is not None
        if question is LOOKUP:
            assert self._offered is not None
            return sessions.lookup(self._offered, now)
        if question is ACCEPTS:
            return sessions.accepts()
        if question is STORE:
            self._stored = sessions.store(now)
            return True
        if question is LOOKUP_UNKNOWN:
            return sessions.lookup(0, now)
        sessions.remove(self._stored or self._offered or 0)
        return True

    # -- writing it

    def _write_client_turn(self, size: int) -> ScriptedTurn:
        def turn(rehearsal: Rehearsal) -> Said:
            if size == CLOSING:
                return rehearsal.client_closes()
            return rehearsal.client_sends(size)

        state = self.state
        rehearsal = state.place.rehearse()
        asked, said = rehearsal.play(turn, ())
        place = Place(state.place, turn, asked)
        place.leave(rehearsal)
        sent = state.turns[size] = ScriptedTurn(place, said, self._client_work, rehearsal.engines)
        return sent

    def _server_turn(self, response_size: int, now: float) -> ScriptedTurn:
        sent = self._sent
        entry, branches, key, answers = self._follow(sent.following, response_size, now)
        if entry is not None:
            found: ScriptedTurn = entry
            return found

        def turn(rehearsal: Rehearsal) -> Said:
            return rehearsal.server_answers(response_size)

        rehearsal = sent.place.rehearse()
        asked, said = rehearsal.play(turn, answers, lambda question: self._ask(question, now))
        place = Place(sent.place, turn, asked)
        place.leave(rehearsal)
        answered = ScriptedTurn(place, said, self._server_work, rehearsal.engines, sent.size)
        insert(branches, key, asked, len(answers), answered)
        return answered

    def _taking(self, now: float) -> Taken:
        answered, before = self._answered, self.state
        data_exchanged = before.established and before.turns.get(CLOSING) is not self._sent
        return self._write_taking(
            answered, TAKING, Rehearsal.client_takes, answered.size, now, stays=data_exchanged
        )

    def _taking_from_box(self, data: bytes, now: float) -> Taken:
        def turn(rehearsal: Rehearsal) -> Operations:
            return rehearsal.client_takes_from_box(data)

        return self._write_taking(self._sent, data, turn, len(data), now, stays=False)

    def _write_taking(
        self,
        after: ScriptedTurn,
        key: Any,
        turn: Callable[[Rehearsal], Operations],
        size: int,
        now: float,
        *,
        stays: bool,
    ) -> Taken:
        """What the client takes after a turn; where it `stays` that leaves all as it was."""
        entry, branches, key, answers = self._follow(after.following, key, now)
        if entry is not None:
            found: Taken = entry
            return found

        rehearsal = after.place.rehearse()
        asked, operations = rehearsal.play(turn, answers, lambda question: self._ask(question, now))
        if stays:
            state = self.state
        else:
            place = Place(after.place, turn, asked)
            state = State(place, rehearsal.engines, self._peers.kind_of(rehearsal))
        state.place.leave(rehearsal)
        taken = Taken(self._client_work, operations, size, state)
        insert(branches, key, asked, len(answers), taken)
        return taken


def _shape(session: tls.Session) -> tuple[object, ...]:
    """All that tells kinds of sessions apart; what is random in them counts by its length."""
    return tuple(
        len(value) if isinstance(value, bytes) else value
        for value in (getattr(session, each.name) for each in fields(session) if each.compare)
    )
