"""TLS clients that keep their connections alive, and tell what became of each.

    python -m experiments.validation.patient_clients SETTINGS

SETTINGS are JSON with the fields of `Settings`. When all connections have ended, a line of JSON is
written for each, in the order of their beginning. Certificates are not verified: firewalls are
watched here, not trust.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from experiments.validation.openssl_peers import PORT, SERVER_NAME
from experiments.validation.outcome import Outcome

_GAP = 0.05
"""Seconds between the beginnings of clients that come together, so that the first is first."""


@dataclass(frozen=True)
class Settings:
    """What clients do.

    Attributes:
        address: the server's.
        waves: when clients come, seconds from the beginning.
        clients: how many come together.
        requests: how many each sends, `pause` seconds after the response to the one before.
        request, response: their bytes.
        connect_timeout: seconds without an answer to a SYN.
        user_timeout: seconds that something sent stays unacknowledged, or a request unanswered.
        keep_alive: seconds between TCP's keep-alive probes; none are sent otherwise.
    """

    address: str
    waves: tuple[float, ...]
    clients: int
    requests: int
    pause: float
    request: int
    response: int
    connect_timeout: float
    user_timeout: float
    keep_alive: int | None


def converse(settings: Settings) -> Outcome:
    """One connection, from SYN to FIN."""
    connected = secured = False
    responses = 0
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as plain:
            _set_up(plain, settings)
            plain.connect((settings.address, PORT))
            connected = True
            # Not before: a SYN has a time-out of its own.
            milliseconds = round(1000 * settings.user_timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
            plain.settimeout(settings.user_timeout)
            with _context().wrap_socket(plain, server_hostname=SERVER_NAME) as secure:
                secured = True
                for number in range(settings.requests):
                    time.sleep(settings.pause if number else 0)
                    _ask(secure, settings)
                    responses += 1
                _close(secure)
    except TimeoutError:
        return Outcome(connected, secured, responses, "timeout")
    except (ConnectionError, ssl.SSLEOFError):
        # A RST is ECONNREFUSED to a SYN, and EOF to a write of OpenSSL's when it came before.
        return Outcome(connected, secured, responses, "reset")
    return Outcome(connected, secured, responses, None)


def _set_up(plain: socket.socket, settings: Settings) -> None:
    plain.settimeout(settings.connect_timeout)
    if settings.keep_alive is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, settings.keep_alive)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, settings.keep_alive)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _ask(secure: ssl.SSLSocket, settings: Settings) -> None:
    secure.sendall(bytes(settings.request))
    awaited = settings.response
    while awaited > 0:
        data = secure.recv(awaited)
        if not data:
            raise ConnectionResetError("closed")
        awaited -= len(data)


def _close(secure: ssl.SSLSocket) -> None:
    """The client closes first: it is its own port that stays in TIME-WAIT, not the server's."""
    secure.setblocking(False)
    with contextlib.suppress(ssl.SSLWantReadError):
        secure.unwrap()
    secure.shutdown(socket.SHUT_WR)
    secure.settimeout(10)
    while secure.recv(4096):
        pass


def _come(settings: Settings, begin: float) -> Outcome:
    time.sleep(max(0.0, begin - time.monotonic()))
    return converse(settings)


def main(words: list[str]) -> None:
    """Be the clients."""
    settings = Settings(**json.loads(words[0]))
    now = time.monotonic()
    begins = [
        now + wave + number * _GAP for wave in settings.waves for number in range(settings.clients)
    ]
    with ThreadPoolExecutor(len(begins)) as pool:
        for outcome in pool.map(lambda begin: _come(settings, begin), begins):
            print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
