"""Which connections a server takes: no more than it has descriptors for.

When all places are taken, the one that has sent nothing for longest and has no handshake yet makes
room; where there is none, clients wait in the operating system's queue until one closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket
import sys
from collections.abc import Callable, Coroutine
from struct import Struct
from typing import Any

RESERVE = 32
"""Descriptors that are left for everything but connections."""

SILENCE = 0.25
"""How long a client may have been silent, in seconds, before it makes room for another."""

_COMPLAINT_INTERVAL = 60.0
_RETRY = 0.5
_LAST_DATA_RECEIVED = Struct("52xI")  # tcpi_last_data_recv in Linux's struct tcp_info
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Place:
    """One connection's place.

    Attributes:
        heard: when its client sent something last, on the event loop's clock.
        established: whether its handshake is completed: it is never asked to make room.
    """

    def __init__(self, now: float) -> None:
        self.heard = now
        self.established = False


Handler = Callable[[socket.socket, Place], Coroutine[Any, Any, None]]


def available_places() -> int:
    """As many connections as this process has descriptors for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 65_536 if soft == resource.RLIM_INFINITY else max(1, soft - RESERVE)


class Admission:
    """Accepts connections while there is a place, and runs `handle` for each."""

    def __init__(self, handle: Handler, places: int) -> None:
        self._handle = handle
        self._places = places
        self._running: dict[asyncio.Task[None], Place] = {}
        self._freed = asyncio.Event()
        self._complained = float("-inf")

    async def accept_from(self, listener: socket.socket) -> None:
        """Accept until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await _readable(listener)
            if len(self._running) >= self._places:
                await self._make_room(f"{self._places} connections are open: others wait")
                continue
            try:
                transport, _ = listener.accept()
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    await self._make_room(f"no connection can be accepted: {error.strerror}")
                continue  # else the client has gone already
            transport.setblocking(False)
            place = Place(loop.time() - _silence(transport))
            task = loop.create_task(self._handle(transport, place))
            self._running[task] = place
            task.add_done_callback(self._release)

    async def _make_room(self, why: str) -> None:
        self._complain(why)
        silent = {task: place for task, place in self._running.items() if not place.established}
        if not silent:
            await self._wait_for_room(None if self._running else _RETRY)
            return
        longest = min(silent, key=lambda task: silent[task].heard)
        left = silent[longest].heard + SILENCE - asyncio.get_running_loop().time()
        if left > 0:
            await self._wait_for_room(left)
            return
        longest.cancel()
        # Its descriptor is closed when its task is done.
        await self._wait_for_room(_RETRY)

    async def _wait_for_room(self, seconds: float | None) -> None:
        self._freed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._freed.wait(), seconds)

    def _release(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._freed.set()

    def _complain(self, what: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._complained >= _COMPLAINT_INTERVAL:
            self._complained = now
            print(f"tls: {what}", file=sys.stderr, flush=True)


def _silence(transport: socket.socket) -> float:
    """How long an accepted client has said nothing, in seconds, the time in the queue included.

    0 where it has sent something, or where the system does not tell.
    """
    if sys.platform != "linux":
        return 0.0
    with contextlib.suppress(OSError):
        try:
            transport.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            information = transport.getsockopt(
                socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED.size
            )
            (milliseconds,) = _LAST_DATA_RECEIVED.unpack(information)
            return float(milliseconds) / 1000
    return 0.0


async def _readable(listener: socket.socket) -> None:
    """Wait until a client knocks."""
    loop = asyncio.get_running_loop()
    knocks = loop.create_future()

    def knock() -> None:
        if not knocks.done():
            knocks.set_result(None)

    loop.add_reader(listener, knock)
    try:
        await knocks
    finally:
        loop.remove_reader(listener)
