"""How ready sessions are made: by a handshake of two engines, before the world begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import tls
from sim.endpoints.engine_pair import EnginePair, Output
from sim.endpoints.recorder import OfferedSession
from sim.hosts.ready_session import ReadySession
from sim.hosts.resources import RequestKind
from sim.hosts.ticket_keys import RECORDED_KEY
from sim.streams import EntropySource

_FIRST_NUMBER = 2**63
"""Beyond those of all connections of a world."""
_TURNS = 12


class ReadySessions:
    """The ready sessions of all browsers with ends of one kind, made when they are first needed.

    Args:
        clients: the configuration of each browser.
        server: that of the server's ends.
        host: the name that clients want.
        time: Unix time of the scenario's start.
        entropy: of the clients' and the servers' connections, by number.
    """

    def __init__(
        self,
        clients: Mapping[str, tls.ClientConfig],
        server: tls.ServerConfig,
        host: str,
        time: float,
        entropy: tuple[EntropySource, EntropySource],
    ) -> None:
        self._clients = clients
        self._numbers = {name: _FIRST_NUMBER + at for at, name in enumerate(clients)}
        self._server = server
        self._host = host
        self._time = time
        self._entropy = entropy
        self._made: dict[str, ReadySession | None] = {}

    def of(
        self, browser: str, known_as: Callable[[OfferedSession, int], ReadySession]
    ) -> ReadySession | None:
        """The one of a browser; `None` where no handshake of the two makes any.

        Args:
            browser: its name.
            known_as: makes it of the two ends' sessions and the number of the connection that has
                made them.
        """
        if browser not in self._made:
            number = self._numbers[browser]
            sessions = self._handshake(browser, number)
            self._made[browser] = None if sessions is None else known_as(sessions, number)
        return self._made[browser]

    def _handshake(self, browser: str, number: int) -> OfferedSession | None:
        """The sessions of both ends after a full one, at a time when the certificate was valid."""
        client = self._clients[browser]
        of_client, of_server = self._entropy
        pair = EnginePair(
            replace(client, accept=client.accept | {tls.CertificateProblem.EXPIRED}),
            self._server,
            server_name=self._host,
            session=None,
            entropy=(of_client.of(number), of_server.of(number)),
            clock=lambda: self._time,
        )
        kept: list[tls.Session] = []
        for _ in range(_TURNS):
            flight = pair.client_sends(0)
            pair.client_receives(_servers_flight(pair, flight.data, kept))
            if pair.session is not None and kept:
                # Of several tickets the last is the newest on both sides.
                return OfferedSession(pair.session, kept[-1])
            if pair.failure is not None or pair.server_failed:
                break
        return None


def _servers_flight(pair: EnginePair, data: bytes, kept: list[tls.Session]) -> bytes:
    """The server's answer; what it wants to remember is added to `kept`."""
    output = pair.server_answers(data, 0)
    while not isinstance(output, Output):
        kind, subject, _ = output
        # A client of TLS 1.3 shows an ID that no session has.
        answer: Any = None if kind is RequestKind.LOOK_UP_SESSION else True
        if kind is RequestKind.STORE_SESSION:
            kept.append(subject)
        elif kind is RequestKind.SEAL_TICKET:
            kept.append(subject.session)
            answer = RECORDED_KEY.seal(subject.session, 0.0, subject.random, subject.meter)
        output = pair.server_continues(answer)
    return output.data
