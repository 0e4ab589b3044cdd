"""What serving costs apart from cryptography: connections, flights, bytes and requests.

Real sockets on the loopback interface; only the accepting side's CPU time counts, and both sides
share one core, as on a busy server that never idles: what waking an idle core takes would be most
of the figure. The loopback interface has no packets to speak of, so a network card's host pays
more a flight.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter, thread_time

from experiments.calibration.prices import Price, Prices
from experiments.calibration.timing import line_through, seconds_each

_RUNS = 5
_MESSAGE_SIZES = (1, 65536, 262144)
_RESPONSE_SIZE = 3700
_REQUEST = (
    b"GET /english/images/nav_history_off.gif HTTP/1.1\r\nHost: www.contoso.com\r\n"
    b"User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)\r\n"
    b"Accept: image/gif, image/x-xbitmap, image/jpeg, */*\r\nAccept-Language: en-us\r\n"
    b"Accept-Encoding: gzip, deflate\r\nConnection: Keep-Alive\r\n\r\n"
)

Client = Callable[[tuple[str, int], float], None]
Server = Callable[[socket.socket], int]


def host_prices(seconds: float) -> Prices:
    """The prices of accept, flight, byte and request; about `seconds` for each figure."""
    with _one_core():
        echoes = [(size, _cpu_each(*_echo(size), seconds)) for size in _MESSAGE_SIZES]
        accept = _cpu_each(_accept_all, _connect_often, seconds)
    # An echo is two flights of that many bytes, one received and one sent.
    echo_each, echo_per_byte = line_through(echoes)
    return {
        "accept": Price(accept),
        "flight": Price(echo_each / 2),
        "byte": Price(0.0, echo_per_byte / 2),
        "request": Price(_request(seconds)),
    }


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep this process on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _cpu_each(server: Server, client: Client, seconds: float) -> float:
    """CPU seconds of the serving thread for each thing it does, the median of some runs."""
    return median(_run(server, client, seconds / _RUNS) for _ in range(_RUNS))


def _run(server: Server, client: Client, seconds: float) -> float:
    spent: list[float] = []

    def serve(listener: socket.socket) -> None:
        start = thread_time()
        with contextlib.suppress(OSError):
            times = server(listener)
            spent.append((thread_time() - start) / times)

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        thread = Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        try:
            client(listener.getsockname(), perf_counter() + seconds)
        except BaseException:
            # An interrupt: nobody will come whom the thread waits for.
            listener.shutdown(socket.SHUT_RDWR)
            raise
        thread.join()
    if not spent:
        raise OSError("the loopback server of a measurement ended early")
    return spent[0]


def _accept_all(listener: socket.socket) -> int:
    """Accept and close until a client stays long enough to say a word; returns how many."""
    accepted = 0
    while True:
        connection, _ = listener.accept()
        with connection:
            accepted += 1
            if connection.recv(1):
                return accepted


def _connect_often(address: tuple[str, int], until: float) -> None:
    while perf_counter() < until:
        socket.create_connection(address).close()
    with socket.create_connection(address) as last:
        last.sendall(b".")


def _echo(size: int) -> tuple[Server, Client]:
    message = bytes(size)

    def receive(connection: socket.socket, buffer: memoryview) -> bool:
        received = 0
        while received < size:
            count = connection.recv_into(buffer[received:])
            if not count:
                return False
            received += count
        return True

    def echo(listener: socket.socket) -> int:
        connection, _ = listener.accept()
        buffer = memoryview(bytearray(size))
        echoed = 0
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while receive(connection, buffer):
                connection.sendall(buffer)
                echoed += 1
        return max(1, echoed)

    def ask(address: tuple[str, int], until: float) -> None:
        buffer = memoryview(bytearray(size))
        with socket.create_connection(address) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked = False
            while not asked or perf_counter() < until:
                connection.sendall(message)
                asked = receive(connection, buffer)

    return echo, ask


def _request(seconds: float) -> float:
    """A request's lines taken apart, its file read and a response head made."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "page"
        path.write_bytes(bytes(_RESPONSE_SIZE))
        name = os.fspath(path)

        def answer() -> bytes:
            request_line, *header_lines = _REQUEST[:-4].split(b"\r\n")
            request_line.split(b" ", 2)
            dict(line.split(b": ", 1) for line in header_lines)
            file = os.open(name, os.O_RDONLY)
            try:
                size = os.fstat(file).st_size
                body = os.read(file, size)
            finally:
                os.close(file)
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + body

        return seconds_each(answer, seconds)
