"""What `python -m tls connect` and `serve` do with each other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

import tls
from tests.tls.command.conftest import IDENTITY, SHIPPED, TRUST, run


def exchange(port: int, client: tls.ClientConnection, request: bytes) -> bytes:
    """What a server answers to a request with close_notify behind it, in one segment."""
    with socket.create_connection(("127.0.0.1", port), 10) as transport:
        while not client.handshake_completed:
            transport.sendall(client.outgoing())
            client.receive(transport.recv(65_536))
        client.send(request)
        client.close()
        transport.sendall(client.outgoing())
        answer = b""
        while not client.closed:
            data = transport.recv(65_536)
            assert data or not client.receive_end()
            answer += b"".join(
                each.data for each in client.receive(data) if isinstance(each, tls.ApplicationData)
            )
            if not data:
                break
    return answer


@pytest.mark.parametrize("how", ["--http", "--echo"])
def test_a_request_with_a_close_behind_it_is_answered(serve: Callable[..., int], how: str) -> None:
    """In TLS 1.3; before, what is pending then is discarded (RFC 5246 §7.2.1)."""
    port = serve(*IDENTITY, how)
    request = b"GET / HTTP/1.0\r\n\r\n"
    for version in (tls.TLS_1_3, tls.TLS_1_2):
        trusted = tls.TrustStore.from_pem((SHIPPED / "authorities/contoso-root.pem").read_bytes())
        config = tls.ClientConfig(trusted, versions=[version])
        answer = exchange(port, tls.ClientConnection(config, "www.contoso.com"), request)
        if version == tls.TLS_1_2:
            assert answer == b""
        else:
            assert answer == request if how == "--echo" else answer.startswith(b"HTTP/1.0 200 OK")


def test_a_server_that_says_farewell_too_early(serve: Callable[..., int]) -> None:
    """It is not waited for: with close_notify in place of its hello, or of its tickets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def close() -> None:
        with listener.accept()[0] as transport:
            transport.recv(65_536)
            transport.sendall(b"\x15\x03\x03\0\2\1\0")

    thread = threading.Thread(target=close)
    thread.start()
    found = run("connect", f"127.0.0.1:{listener.getsockname()[1]}", *TRUST)
    thread.join()
    listener.close()
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == "tls: the server closed the connection too early\n"
