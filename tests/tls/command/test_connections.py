"""What `python -m tls connect` and `serve` do with each other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

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


def ocsp_response() -> bytes:
    """That the shipped server's certificate is good."""
    leaf, issuer = x509.load_pem_x509_certificates(Path(IDENTITY[1]).read_bytes())
    key = load_pem_private_key(
        (SHIPPED / "authorities/contoso-servers-sha-256.key.pem").read_bytes(), password=None
    )
    now = datetime.now(UTC)
    builder = ocsp.OCSPResponseBuilder().add_response(
        leaf, issuer, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD, now, now, None, None
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def test_a_handshake_is_told_by_its_keys(serve: Callable[..., int]) -> None:
    port = serve(*IDENTITY, "--psk", "somebody=00112233445566778899")
    where = f"127.0.0.1:{port}"
    by_key = run("connect", where, *TRUST, "--psk", "somebody=00112233445566778899", "--get", "/")
    assert by_key.stdout.count("handshake by an external key") == 2, by_key
    lines = run("connect", where, *TRUST, "--resume", "1").stdout.splitlines()
    assert [line.split(",")[0] for line in lines] == ["full handshake", "resumed handshake"]


def test_the_stapled_response_outlives_a_resumed_connection(
    serve: Callable[..., int], tmp_path: Path
) -> None:
    response = tmp_path / "response.der"
    response.write_bytes(ocsp_response())
    port, found = serve(*IDENTITY, "--stapling", str(response)), tmp_path / "found.der"
    arguments = ("connect", f"127.0.0.1:{port}", *TRUST, "--stapling", str(found))
    assert run(*arguments, "--resume", "2").returncode == 0
    assert found.read_bytes() == response.read_bytes()
    plain = run("connect", f"127.0.0.1:{serve(*IDENTITY)}", *TRUST, "--stapling", str(found))
    assert (plain.returncode, found.read_bytes()) == (0, b"")
    assert "no OCSP response was stapled" in plain.stdout


def test_new_keys_of_a_server_without_tls_1_3(serve: Callable[..., int]) -> None:
    port = serve(*IDENTITY, "--versions", "TLS 1.2")
    found = run("connect", f"127.0.0.1:{port}", *TRUST, "--key-update")
    assert found.returncode == 1
    assert found.stderr == "tls: --key-update: the server speaks no TLS 1.3\n"
