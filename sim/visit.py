"""A visit: a client comes for something, and tries to get it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import inf
from typing import Any, NamedTuple, Protocol

from sim.activity import Activity, Moments
from sim.client_connection import ClientConnection
from sim.distributions import drawn_duration
from sim.environment import Environment
from sim.hosts.client import ClientGroup
from sim.streams import EntropySource, Streams, connection_draws
from sim.telemetry import COUNT, OPTIONAL_WORD, TIME, WORD, Column, Table
from sim.workload.http import Request, Requests
from sim.workload.retries import RetryPolicy

COLUMNS = (
    Column("visit", COUNT),
    Column("client", COUNT),
    Column("profile", WORD),
    Column("arrival", TIME),
    Column("requests", COUNT),
    Column("responses", COUNT),
    Column("connections", COUNT),
    Column("retries", COUNT),
    Column("fallbacks", COUNT),
    Column("outcome", WORD),
    Column("symptom", OPTIONAL_WORD),
    Column("duration", TIME),
    Column("time_connected", TIME),
    Column("time_retry", TIME),
    Column("time_apart", TIME),
)
"""A row of the table `visits`, written when a recorded visit is over.

`connections`: all that it made, `retries` and `fallbacks` to lower versions among them. `outcome`:
`completed` when all its requests were answered, else `failed`; `symptom` is then that of the last
connection that failed, as in the table `connections`, or `gave up` where its user did between two
of them. `duration`: from its arrival until its last response was read, or nothing more was tried.
The headings `time_...` say where that went and add up to it: `time_connected` while it had at
least one connection (or was making it), `time_retry` while it had none and waited to make a failed
one again, `time_apart` while it had none and its user read, without keep-alive or when the server
had closed.
"""

_VISITS = 2**34
_NEXT_PORT = 9973
"""Odd: a visit's connections come from different ports."""

GAVE_UP = "gave up"


def connection_number(visit: int, attempt: int) -> int:
    """The number of a visit's connection, the visit's own for the first; `attempt` is from 0."""
    return visit + attempt * (_VISITS + _NEXT_PORT)


class Connections(Protocol):
    """Makes connections along the path of a group of clients."""

    def connection(
        self,
        number: int,
        client: int,
        group: ClientGroup,
        *,
        visit: int,
        attempt: int,
        recorded: bool,
        now: float,
        lowered: int = 0,
    ) -> ClientConnection:
        """A client's connection that begins now; it has fallen back by so many versions."""


@dataclass(frozen=True)
class VisitContext:
    """What all visits of a world share.

    Attributes:
        environment: where time passes.
        requests: what each asks for.
        table: takes a row of each recorded one.
        patience: where it is drawn from how long a user waits.
        jitter: where the jitter of retries is drawn from.
    """

    environment: Environment
    requests: Requests
    table: Table
    patience: EntropySource
    jitter: EntropySource


def visit_context(
    environment: Environment, requests: Requests, table: Table, streams: Streams
) -> VisitContext:
    """What a world's visits share, with streams of their own."""
    return VisitContext(
        environment, requests, table, streams.entropy("patience"), streams.entropy("retry jitter")
    )


class _Stretch(NamedTuple):
    """A stretch of a visit's time: from when until when, and which heading it counts under.

    What counts most is 0: connected, then waiting to retry, then apart.
    """

    begin: float
    end: float
    kind: int


_CONNECTED, _RETRY, _APART = range(3)


class Visit:
    """A visit of one client, from its first SYN until it goes; an attempt is a connection.

    It makes as many connections at once as its group does and it has requests, and each takes the
    next request when it is free, as browsers do. What fails is made again as the group's fallback
    and retries say. A user who waits longer than his patience, from the visit's beginning or from
    the end of his last pause, goes: what is asked then is not waited for, and nothing more is
    asked.

    Each of its connections has an activity of its own, and so has what is waited for between two.

    Args:
        context: the parts of the world that it meets.
        connections: makes its attempts.
        number: the visit's, from 0 in order of beginning.
        client: the client's number.
        group: the client's group.
        ended: called when it is over, if anybody wants to know.
        recorded: whether it and its attempts are written down and their work counted.
    """

    __slots__ = (
        "_arrival",
        "_at_once",
        "_client",
        "_connections",
        "_context",
        "_count",
        "_draws",
        "_ended",
        "_fallbacks",
        "_group",
        "_made",
        "_number",
        "_patience",
        "_recorded",
        "_requests",
        "_responses",
        "_retries",
        "_stretches",
        "_symptom",
        "_under_way",
    )

    def __init__(
        self,
        context: VisitContext,
        connections: Connections,
        number: int,
        client: int,
        group: ClientGroup,
        ended: Callable[[], None] | None,
        *,
        recorded: bool,
    ) -> None:
        self._context = context
        self._connections = connections
        self._number = number
        self._client = client
        self._group = group
        self._ended = ended
        self._recorded = recorded
        self._count, self._requests = context.requests.of(number)
        self._responses = self._made = self._retries = self._fallbacks = 0
        self._symptom: str | None = None
        self._stretches: list[_Stretch] = []
        self._draws: Callable[[], float] | None = None
        self._patience = inf

    def begin(self, now: float) -> None:
        """The client comes now, and makes its attempts."""
        group = self._group
        self._arrival = now
        if group.patience is not None:
            draw = connection_draws(self._context.patience.of(self._number))()
            self._patience = drawn_duration(group.patience, draw)
        if group.retries is not None:
            group.retries.note_requests(self._count)
        first = list(islice(self._requests, group.connections))
        self._at_once = len(first)
        self._under_way = 1
        for request in first:
            self._attempt(request, now, now + self._patience, 0)
        self._one_over()

    def _attempt(
        self, request: Request, now: float, deadline: float, tries: int, lowered: int = 0
    ) -> None:
        """A connection that begins now; so many before it have failed in a row.

        Its client has fallen back by so many versions.
        """
        attempt = self._made
        self._made = attempt + 1
        connection = self._connections.connection(
            connection_number(self._number, attempt),
            self._client,
            self._group,
            visit=self._number,
            attempt=attempt + 1,
            recorded=self._recorded,
            now=now,
            lowered=lowered,
        )
        connection.ask(request, deadline, self._patience, tries=tries, in_turn=self._at_once > 1)
        self._under_way += 1
        life = connection.life(self._asked_by_one(), self._done_with)
        Activity(self._context.environment, life, self._one_over)

    def _done_with(self, connection: ClientConnection) -> None:
        """A client has done with a connection, or it has failed: is another one made?"""
        responses, symptom = connection.responses, connection.symptom
        self._stretches.append(_Stretch(connection.arrival, connection.ended, _CONNECTED))
        self._responses += responses
        if symptom is None:
            if self._group.keep_alive and connection.left is None:
                return
            going_on = self._ask_next(connection)
        elif connection.unanswered is None:
            return
        else:
            if self._symptom != GAVE_UP:
                self._symptom = symptom
            again = None if symptom == GAVE_UP else self._again(connection, connection.unanswered)
            if again is None:
                return
            going_on = again
        self._under_way += 1
        Activity(self._context.environment, going_on, self._one_over)

    def _ask_next(self, connection: ClientConnection) -> Moments:
        """The next request over another connection, after its pause."""
        yield self._not_before(connection.ended)
        request = connection.left or next(self._left(), None)
        if request is not None:
            deadline = connection.deadline
            if request.think_time:
                deadline = connection.ended + request.think_time + self._patience
            yield from self._wait(connection, request, request.think_time, deadline, _APART, 0)

    def _again(self, connection: ClientConnection, request: Request) -> Moments | None:
        """A failed connection's request once more; `None` if not."""
        if connection.falls_back:
            return self._fall_back(connection, request)
        if self._group.retries is None:
            return None
        tries = 0 if connection.responses else connection.tries
        return self._try_again(connection, request, self._group.retries, tries)

    def _fall_back(self, connection: ClientConnection, request: Request) -> Moments:
        """The same request at once, with the next lower version."""
        yield self._not_before(connection.ended)
        tries, deadline = connection.tries, connection.deadline
        lowered = connection.lowered + 1
        yield from self._wait(connection, request, 0.0, deadline, _RETRY, tries, lowered)

    def _try_again(
        self, connection: ClientConnection, request: Request, policy: RetryPolicy, tries: int
    ) -> Moments:
        """The same request once more, if that is allowed, when it has waited."""
        symptom = connection.symptom
        assert symptom is not None
        yield self._not_before(connection.ended)
        if policy.allows(symptom, tries):
            wait = policy.wait(tries, self._draw() if policy.draws else 0.0)
            deadline = connection.deadline
            yield from self._wait(connection, request, wait, deadline, _RETRY, tries + 1)

    def _wait(
        self,
        connection: ClientConnection,
        request: Request,
        seconds: float,
        deadline: float,
        kind: int,
        tries: int,
        lowered: int = 0,
    ) -> Moments:
        """Another connection so long after one, unless its user goes meanwhile."""
        ended = connection.ended
        until = ended + seconds
        if until > deadline:
            self._stretches.append(_Stretch(ended, max(ended, deadline), kind))
            self._symptom = GAVE_UP
            return
        begin = self._not_before(until)
        # Rounding may have put the clock a bit past that.
        now = max((yield begin), begin)
        self._stretches.append(_Stretch(ended, now, kind))
        if self._symptom != GAVE_UP:
            self._fallbacks += lowered > 0
            self._retries += kind == _RETRY and not lowered
            self._attempt(request, now, deadline, tries, lowered)

    def _not_before(self, moment: float) -> float:
        """That moment, or now if it has passed."""
        now: float = self._context.environment.now
        return max(moment, now)

    def _asked_by_one(self) -> Iterator[Request]:
        """What a connection asks behind its first request: all that is left, one by one."""
        return self._left() if self._group.keep_alive else iter(())

    def _left(self) -> Iterator[Request]:
        """What nobody has asked yet; nothing more once the user has gone."""
        return self._requests if self._at_once == 1 else self._until_given_up()

    def _until_given_up(self) -> Iterator[Request]:
        while self._symptom != GAVE_UP and (request := next(self._requests, None)) is not None:
            yield request

    def _draw(self) -> float:
        if self._draws is None:
            self._draws = connection_draws(self._context.jitter.of(self._number))
        return self._draws()

    def _one_over(self) -> None:
        """One of what is under way is over, be it a connection or a wait."""
        self._under_way -= 1
        if self._under_way:
            return
        if self._recorded:
            self._context.table.append(self._row())
        if self._ended is not None:
            self._ended()

    def _row(self) -> list[Any]:
        times, end = self._where_time_went()
        completed = self._responses == self._count
        return [
            self._number,
            self._client,
            self._group.browser.name,
            self._arrival,
            self._count,
            self._responses,
            self._made,
            self._retries,
            self._fallbacks,
            "completed" if completed else "failed",
            None if completed else self._symptom,
            end - self._arrival,
            *times,
        ]

    def _where_time_went(self) -> tuple[list[float], float]:
        """Seconds of each kind, and when the last of them is over.

        Where stretches overlap, what counts most does.
        """
        stretches, times = self._stretches, [0.0, 0.0, 0.0]
        if self._at_once == 1:
            for begin, end, kind in stretches:
                times[kind] += end - begin
            return times, stretches[-1].end
        changes = [(each.begin, each.kind, 1) for each in stretches]
        changes += [(each.end, each.kind, -1) for each in stretches]
        under_way, before = [0, 0, 0], self._arrival
        for moment, kind, more in sorted(changes):
            if moment > before:
                times[next(each for each in range(3) if under_way[each])] += moment - before
                before = moment
            under_way[kind] += more
        return times, before
