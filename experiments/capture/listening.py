"""Listening for a real client: its hello is read, and an alert is all it gets."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

from experiments.capture.first_hello import FirstHello
from experiments.capture.streams import CapturedHello
from experiments.failures import CaptureError

_HANDSHAKE_FAILURE = bytes((21, 3, 1, 0, 2, 2, 40))
_READ_TIME_OUT = 10.0
"""Seconds between two segments of a hello."""

_CHUNK = 1 << 16

_REMEDIES = {
    errno.EADDRINUSE: "another program listens there; stop it, or choose another port",
    errno.EACCES: "ports below 1024 are for root; choose a higher one",
    errno.EADDRNOTAVAIL: "no address of this machine; listen on 127.0.0.1 or 0.0.0.0",
}


def address_of(text: str) -> tuple[str, int]:
    """Return host and port of "HOST:PORT", "[::1]:443" or ":443".

    Raises:
        CaptureError: it is not of that form.
    """
    host, colon, port = text.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not is_bracketed):
        raise CaptureError(f'"{text}": no HOST:PORT; write one such as localhost:8443')
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535):
        raise CaptureError(f'"{text}": "{port}" is no port; write one from 1 to 65535')
    return host.strip("[]") or "localhost", int(port)


def capture_one(
    host: str, port: int, announce: Callable[[str], None], *, patience: float | None = None
) -> CapturedHello:
    """Wait for a client, read its hello, and end the connection with a fatal alert.

    A connection that ends before its first byte, as a browser opens in advance, is passed over.

    Args:
        host: a name or address of this machine.
        port: 0 for any that is free.
        announce: is told where it listens, once it does.
        patience: seconds to wait for a client; `None` without end.

    Raises:
        CaptureError: it cannot listen there, nobody comes, or what comes is no hello.
    """
    with _listen(host, port) as listener:
        listener.settimeout(patience)
        place = listener.getsockname()
        shown = f"[{host}]" if ":" in host else host
        announce(f"listening on {shown}:{place[1]}; have the client connect there")
        while True:
            try:
                connection, peer = listener.accept()
            except TimeoutError:
                raise CaptureError(
                    f"{host}:{place[1]}: no client came within {patience:g} s; start one, or wait "
                    "longer with --wait"
                ) from None
            with connection:
                hello = _read(connection, f"{peer[0]}:{peer[1]}")
            if hello is not None:
                return hello


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror as error:
        raise CaptureError(
            f"{host}: no such host ({error.strerror}); give a name or address of this machine"
        ) from None
    except UnicodeError:
        raise CaptureError(f"{host}: no host's name; give one of this machine") from None
    except OSError as error:
        why = _REMEDIES.get(error.errno or 0, f"{error.strerror}; choose another host or port")
        raise CaptureError(f"{host}:{port}: cannot listen there: {why}") from None


def _read(connection: socket.socket, peer: str) -> CapturedHello | None:
    """Return a connection's hello; `None` if it ended before its first byte."""
    connection.settimeout(_READ_TIME_OUT)
    hello = FirstHello()
    try:
        while hello.message is None:
            data = connection.recv(_CHUNK)
            if not data:
                break
            hello.receive(data)
    except CaptureError as error:
        raise CaptureError(f"{peer}: {error}") from None
    except TimeoutError:
        if hello.begun:
            raise _cut_short(peer, f"no more came for {_READ_TIME_OUT:g} s") from None
        return None
    except OSError:
        pass
    if hello.message is None:
        if hello.begun:
            raise _cut_short(peer, "the client closed the connection")
        return None
    _end(connection)
    return CapturedHello(hello.message, hello.record_version)


def _cut_short(peer: str, why: str) -> CaptureError:
    return CaptureError(f"{peer}: a hello cut short: {why}; connect again")


def _end(connection: socket.socket) -> None:
    try:
        connection.sendall(_HANDSHAKE_FAILURE)
        connection.shutdown(socket.SHUT_WR)
        # What it still sends is taken, so that the alert is not lost in a reset.
        connection.settimeout(1.0)
        while connection.recv(_CHUNK):
            pass
    except OSError:
        pass
