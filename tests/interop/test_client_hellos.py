"""The hellos that other implementations send here are read and written again byte for byte."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from pathlib import Path
from typing import BinaryIO

import pytest

import tls
from tests.peers import require_program
from tests.tls.tls13.hello_checks import check_hello, hello_in
from tls.extensions import KEY_SHARE, SUPPORTED_VERSIONS
from tls.grease import is_grease
from tls.groups import X25519_MLKEM768
from tls.messages import ClientHello
from tls.tls13.hello_extensions import ClientKeyShares, OfferedVersions

pytestmark = pytest.mark.interop

TIMEOUT = 60
NODE = "require('tls').connect({{host: '127.0.0.1', port: {port}, servername: 'a.example'}})"
COMMANDS = {
    "openssl": ["s_client", "-connect", "127.0.0.1:{port}", "-servername", "a.example"],
    "gnutls-cli": ["--port", "{port}", "--sni-hostname", "a.example", "127.0.0.1"],
    "curl": ["--silent", "--insecure", "--http2", "https://127.0.0.1:{port}/"],
    "node": ["-e", NODE],
    "chromium": [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--user-data-dir={folder}",
        "https://localhost:{port}/",
    ],
}


def whole_hello(wire: BinaryIO) -> bytes:
    """The hello's message, empty where a connection ends before it is whole."""
    message = b""
    while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        header = wire.read(5)
        if len(header) < 5:
            return b""
        message += hello_in(header + wire.read(int.from_bytes(header[3:5], "big")))
    return message


def captured_hello(command: list[str], folder: Path) -> bytes:
    """The hello's message of a program that connects to a port here.

    Browsers make connections in advance, too, and may close one without a word.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(TIMEOUT)
        port = listening.getsockname()[1]
        process = subprocess.Popen(
            [each.format(port=port, folder=folder) for each in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while True:
                connection, _ = listening.accept()
                with connection, connection.makefile("rb") as wire:
                    connection.settimeout(TIMEOUT)
                    if message := whole_hello(wire):
                        return message
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def captured(program: str, folder: Path) -> ClientHello:
    command = [require_program(program), *COMMANDS[program]]
    return check_hello(captured_hello(command, folder))


@pytest.mark.parametrize("program", COMMANDS)
def test_a_programs_hello(program: str, tmp_path: Path) -> None:
    hello = captured(program, tmp_path)
    versions = OfferedVersions.decode(hello.extensions[SUPPORTED_VERSIONS]).versions
    assert tls.TLS_1_3 in versions
    shares = ClientKeyShares.decode(hello.extensions[KEY_SHARE]).shares
    assert shares
    if program == "chromium":
        assert is_grease(hello.cipher_suites[0])
        assert is_grease(next(iter(hello.extensions)))
        assert X25519_MLKEM768 in [share.group for share in shares]
