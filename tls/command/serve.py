"""A small HTTPS server that any real client can test the engine with."""

from __future__ import annotations

import asyncio
import socket

from tls.command.admission import Admission, Place, available_places
from tls.command.agreed import kind_of_handshake
from tls.configuration import ServerConfig
from tls.errors import PeerError
from tls.events import ApplicationData
from tls.server_connection import ServerConnection
from tls.suites import suite_name
from tls.versions import TLS_1_3, version_name

_READ_SIZE = 65_536
_LINGER_TIMEOUT = 2.0
_MAX_REQUEST = 65_536
_BACKLOG = 1024


async def serve(
    config: ServerConfig,
    host: str,
    port: int,
    *,
    echo: bool,
    deadline: float = 60.0,
    places: int | None = None,
    key_update: bool = False,
) -> None:
    """Answer connections until cancelled; says on standard output where it listens.

    Args:
        config: of every connection.
        host: where to listen.
        port: where to listen; 0 takes any free one.
        echo: send back what comes, until the client closes; else answer a GET.
        deadline: seconds within which a client must have completed its handshake and have read
            the answer, with `echo` each answer. It is cut off then, however slowly it sends or
            reads.
        places: the most connections at a time; `None` takes what the descriptors allow.
        key_update: change the keys of TLS 1.3 once, on both sides, after each handshake.
    """

    async def handle(transport: socket.socket, place: Place) -> None:
        try:
            reader, writer = await asyncio.open_connection(sock=transport)
        except BaseException:
            transport.close()
            raise
        # Nothing counts as sent before the client's side has taken it.
        writer.transport.set_write_buffer_limits(0)
        try:
            await _Exchange(
                config, reader, writer, place, echo=echo, deadline=deadline, key_update=key_update
            ).run()
        except (OSError, TimeoutError):
            pass  # the peer is gone or too slow, which is its own affair
        finally:
            writer.transport.abort()

    admission = Admission(handle, min(places or available_places(), available_places()))
    listeners = await _listen(host, port)
    bound_host, bound_port = listeners[0].getsockname()[:2]
    print(f"listening on {bound_host}:{bound_port}", flush=True)
    try:
        await asyncio.gather(*map(admission.accept_from, listeners))
    finally:
        for listener in listeners:
            listener.close()


async def _listen(host: str, port: int) -> list[socket.socket]:
    """A listening socket for every address of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners = []
    for family, _, _, _, address in dict.fromkeys(found):
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
        listener.setblocking(False)
        listeners.append(listener)
    return listeners


class _Exchange:
    """One connection: handshake, a request, a page, close_notify."""

    def __init__(
        self,
        config: ServerConfig,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        place: Place,
        *,
        echo: bool,
        deadline: float,
        key_update: bool,
    ) -> None:
        self._echo = echo
        self._key_update = key_update
        self._answered = False
        self._deadline = deadline
        self._connection = ServerConnection(config)
        self._reader = reader
        self._writer = writer
        self._place = place
        self._request = b""

    async def run(self) -> None:
        """Raises `TimeoutError` at the deadline."""
        async with asyncio.timeout(self._deadline) as limit:
            await self._converse(limit)
        await self._linger()

    async def _converse(self, limit: asyncio.Timeout) -> None:
        connection = self._connection
        loop = asyncio.get_running_loop()
        while not connection.closed:
            data = await self._reader.read(_READ_SIZE)
            self._place.heard = loop.time()
            if not data:
                connection.receive_end()
                return
            try:
                events = connection.receive(data)
            except PeerError:
                break
            self._place.established = connection.handshake_completed
            if (
                self._key_update
                and connection.version == TLS_1_3
                and connection.handshake_completed
            ):
                self._key_update = False
                connection.update_keys(update_requested=True)
            received = b"".join(e.data for e in events if isinstance(e, ApplicationData))
            if self._echo:
                if received and not connection.closed:
                    connection.send(received)
            elif self._answers(received):
                break
            if connection.peer_closed:
                connection.close()
            await self._flush()
            if self._echo and received:
                limit.reschedule(loop.time() + self._deadline)
        await self._flush()

    def _answers(self, received: bytes) -> bool:
        """Whether the request is whole and was answered."""
        connection = self._connection
        self._request += received
        if not _is_whole(self._request) or connection.closed:
            return False
        if not self._answered:
            self._answered = True
            connection.send(self._page())
        if not connection.handshake_completed:
            return False  # a request in early data
        connection.close()
        return True

    def _page(self) -> bytes:
        connection = self._connection
        version, suite = connection.version or 0, connection.suite or 0
        lines = [version_name(version), suite_name(suite), kind_of_handshake(connection)]
        if not connection.handshake_completed:
            lines = [version_name(version), "early data"]
        body = "".join(f"{line}\n" for line in lines).encode()
        header = (
            "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return header.encode() + body

    async def _flush(self) -> None:
        self._writer.write(self._connection.outgoing())
        await self._writer.drain()

    async def _linger(self) -> None:
        """End our direction and read what is still on its way, lest a reset overtake our data."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        async with asyncio.timeout(_LINGER_TIMEOUT):
            while await self._reader.read(_READ_SIZE):
                pass


def _is_whole(request: bytes) -> bool:
    ended = b"\r\n\r\n" in request or b"\n\n" in request
    return ended or len(request) > _MAX_REQUEST
