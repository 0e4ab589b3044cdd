"""A small HTTPS server that any real client can test the engine with."""

from __future__ import annotations

import asyncio

from tls.configuration import ServerConfig
from tls.errors import PeerError
from tls.events import ApplicationData
from tls.server_connection import ServerConnection
from tls.suites import suite_name
from tls.versions import version_name

_READ_SIZE = 65_536
_IDLE_TIMEOUT = 60.0
_LINGER_TIMEOUT = 2.0
_MAX_REQUEST = 65_536


async def serve(config: ServerConfig, host: str, port: int, *, echo: bool) -> None:
    """Answer connections until cancelled; says on standard output where it listens.

    With `echo` what comes is sent back, until the client closes; else a GET is answered.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Exchange(config, reader, writer, echo=echo).run()
        except OSError:
            pass  # the peer is gone, which is its own affair
        finally:
            writer.close()

    server = await asyncio.start_server(handle, host, port, backlog=1024)
    bound_host, bound_port = server.sockets[0].getsockname()[:2]
    print(f"listening on {bound_host}:{bound_port}", flush=True)
    async with server:
        await server.serve_forever()


class _Exchange:
    """One connection: handshake, a request, a page, close_notify."""

    def __init__(
        self,
        config: ServerConfig,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        echo: bool,
    ) -> None:
        self._echo = echo
        self._connection = ServerConnection(config)
        self._reader = reader
        self._writer = writer
        self._request = b""

    async def run(self) -> None:
        connection = self._connection
        while not connection.closed:
            data = await asyncio.wait_for(self._reader.read(_READ_SIZE), _IDLE_TIMEOUT)
            if not data:
                connection.receive_end()
                return
            try:
                events = connection.receive(data)
            except PeerError:
                break
            received = b"".join(e.data for e in events if isinstance(e, ApplicationData))
            if self._echo:
                if received and not connection.closed:
                    connection.send(received)
            elif self._answers(received):
                break
            await self._flush()
        await self._flush()
        await self._linger()

    def _answers(self, received: bytes) -> bool:
        """Whether the request is whole and was answered."""
        self._request += received
        if not _is_whole(self._request) or self._connection.closed:
            return False
        self._connection.send(self._page())
        self._connection.close()
        return True

    def _page(self) -> bytes:
        connection = self._connection
        version, suite = connection.version or 0, connection.suite or 0
        body = (
            f"{version_name(version)}\n{suite_name(suite)}\n"
            f"{'resumed' if connection.resumed else 'full'} handshake\n"
        ).encode()
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
