"""Runs handshake coroutines and gives them what they wait for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tls.deferrable import Deferrable
from tls.entropy import RandomSource
from tls.events import RequestPending
from tls.handshake.channel import Channel, keep_nothing
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import (
    AfterHandshake,
    Expect,
    ExpectChangeCipherSpec,
    Handshake,
    Request,
    ServeLater,
)
from tls.handshake.role import Role
from tls.messages import HandshakeMessage
from tls.meter import Meter
from tls.record.layer import RecordLayer
from tls.settings import Settings
from tls.state import ConnectionState

NOTHING: Mapping[int, type[HandshakeMessage]] = {}
"""What is expected when no message is."""


class _Suspended(NamedTuple):
    """A coroutine that waits while another one deals with a message that it did not wait for."""

    resume: Callable[[Any], Request]
    expected: Mapping[int, type[HandshakeMessage]]
    keep: Callable[[bytes], object]


class CoroutineDriver:
    """Runs handshake coroutines, one after another, and gives them what they wait for.

    Requests of a kind that the settings defer wait for `answer`; the `role` answers the others at
    once. It knows nothing of the connection that it belongs to: two objects that hold each other
    are freed by the collector only, which costs as much as a part of the handshake.

    Attributes:
        role: which side this is.
        channel: the connection as handshakes deal with it.
        pending_request: the deferred request that waits for `answer`, else `None`.
        after: what a connection of TLS 1.3 can do after its handshake, else `None`.
    """

    after: AfterHandshake | None = None
    _change_due: ExpectChangeCipherSpec | None = None
    _completed_context: HandshakeContext | None = None
    _expected = NOTHING
    _suspended: tuple[_Suspended, ...] = ()

    def __init__(
        self,
        settings: Settings,
        role: Role,
        records: RecordLayer,
        state: ConnectionState,
        *,
        clock: Callable[[], float],
        random: RandomSource,
        meter: Meter,
    ) -> None:
        self.role = role
        self.channel = Channel(records, state)
        self.pending_request: Deferrable | None = None
        self._settings = settings
        self._records = records
        self._state = state
        self._clock = clock
        self._random = random
        self._meter = meter

    def start(self) -> None:
        """Run a new handshake up to where it waits."""
        channel = self.channel
        self._context = context = HandshakeContext(
            self._settings,
            channel,
            is_client=self.role.is_client,
            clock=self._clock,
            random=self._random,
            meter=self._meter,
        )
        channel.running = True
        channel.keep = context.transcript.add
        self._resume = self.role.handshake(context).send
        self._advance(None)

    def run(self, coroutine: Handshake) -> None:
        """Run another coroutine as far as it goes; what waits for messages waits until it ends."""
        self._suspended += (_Suspended(self._resume, self._expected, self.channel.keep),)
        self._resume, self._expected, self.channel.keep = coroutine.send, NOTHING, keep_nothing
        self._advance(None)

    def _advance(self, answer: object) -> None:
        """Resume the handshake with an answer, and again with others until it has to wait.

        A coroutine may return another one that takes its place.
        """
        resume = self._resume
        while True:
            try:
                request = resume(answer)
            except StopIteration as end:
                if end.value is None:
                    self._end_coroutine()
                    return
                self._resume = resume = end.value.send
                answer = None
                continue
            if isinstance(request, Expect):
                self._expected = request.by_type
                return
            if isinstance(request, ExpectChangeCipherSpec):
                self._change_due = request
                self._expected = NOTHING
                return
            if isinstance(request, ServeLater):
                self.after, self.channel.keep = request.after, keep_nothing
                answer = None
            elif type(request) in self._settings.deferred:
                self._defer(request)
                return
            else:
                answer = self.role.answer(request, self._context)

    def _end_coroutine(self) -> None:
        if self._suspended:
            *others, last = self._suspended
            self._suspended = tuple(others)
            self._resume, self._expected, self.channel.keep = last
        else:
            self._expected = NOTHING
            self._completed_context = self._context

    def _defer(self, request: Deferrable) -> None:
        self.pending_request = request
        self.channel.events.append(RequestPending(request))
