"""tshark reads every mode of TLS 1.3 with the key log of `python -m tls`: nothing is malformed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import tls
from tests.interop.captures import MALFORMED, captured, conversations, tshark
from tests.interop.identities import Identities
from tests.interop.ours import REQUEST, tls_connect
from tests.interop.peers import OpenSSL, Peer
from tests.interop.tls13 import KEY, SUITES, answering, ask, served
from tls.groups import SECP256R1, X25519, X25519_MLKEM768

pytestmark = [pytest.mark.interop, pytest.mark.slow]

CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET, END_OF_EARLY_DATA = 1, 2, 4, 5
ENCRYPTED_EXTENSIONS, CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY = 8, 11, 13, 15
FINISHED, KEY_UPDATE, COMPRESSED_CERTIFICATE = 20, 24, 25
ALWAYS = [CLIENT_HELLO, SERVER_HELLO, ENCRYPTED_EXTENSIONS, FINISHED]
SIGNED = [CERTIFICATE, CERTIFICATE_VERIFY]
PSK = tls.ExternalPsk(b"me", bytes.fromhex(KEY))
PAGE = b"HTTP/1.0 200 OK"


@dataclass(frozen=True)
class Mode:
    """A way to shake hands with `python -m tls serve`.

    Attributes:
        server: options of the server.
        client: settings of the client.
        messages: the types of all handshake messages that are seen.
        resumes: whether a second connection resumes the first.
        early: whether the request goes as early data then.
        certificate: whether the client has one.
        updates: how often the client asks for new keys.
    """

    server: tuple[str, ...] = ()
    client: dict[str, Any] = field(default_factory=dict)
    messages: tuple[int, ...] = (*ALWAYS, *SIGNED, NEW_SESSION_TICKET)
    resumes: bool = False
    early: bool = False
    certificate: bool = False
    updates: int = 0


FULL = Mode().messages
MODES = {
    "full": Mode(),
    "full under X25519MLKEM768": Mode(client={"groups": [X25519_MLKEM768]}),
    "without middlebox compatibility": Mode(
        ("--no-middlebox-compatibility",), {"middlebox_compatibility": False}
    ),
    "retried": Mode(
        ("--groups", "secp256r1"), {"groups": [X25519, SECP256R1], "key_shares": [X25519]}
    ),
    "retried by cookie": Mode(
        ("--groups", "secp256r1", "--retry-cookie"),
        {"groups": [X25519, SECP256R1], "key_shares": [X25519]},
    ),
    "resumed": Mode(resumes=True),
    "resumed alone": Mode(
        ("--psk-modes", "psk_ke"), {"psk_modes": [tls.PskMode.ALONE]}, resumes=True
    ),
    "external key": Mode(("--psk", f"me={KEY}"), {"psks": [PSK]}, (*ALWAYS, NEW_SESSION_TICKET)),
    "early data": Mode(
        ("--early-data", "1000"),
        {"early_data": True},
        (*FULL, END_OF_EARLY_DATA),
        resumes=True,
        early=True,
    ),
    "client's certificate": Mode(
        ("--client-auth", "require", "--client-trust", "{authority}"),
        messages=(*FULL, CERTIFICATE_REQUEST),
        certificate=True,
    ),
    "compressed certificate": Mode(
        ("--certificate-compression",),
        {"certificate_compression": True},
        (*ALWAYS, CERTIFICATE_VERIFY, NEW_SESSION_TICKET, COMPRESSED_CERTIFICATE),
    ),
    "new keys": Mode(("--key-update",), messages=(*FULL, KEY_UPDATE), updates=3),
    "padded": Mode(("--record-padding", "512"), {"record_padding": 256}),
}


def check(path: Path, port: int, key_log: Path, count: int, messages: tuple[int, ...]) -> None:
    """Nothing is malformed, all handshakes are read, and all that was asked and answered."""
    assert tshark(path, port, key_log, "-Y", MALFORMED) == ""
    fields = ("-Y", "tls.handshake.type", "-T", "fields", "-e", "tls.handshake.type")
    seen = tshark(path, port, key_log, *fields).replace(",", "\n").split()
    assert set(map(int, seen)) == set(messages)
    # Both sides' Finished of every connection, under the keys of the handshake.
    assert seen.count(str(FINISHED)) == 2 * count
    for data in conversations(path, port, key_log, count):
        assert data.startswith(REQUEST), data
        assert data[len(REQUEST) :].startswith(PAGE), data


@pytest.mark.parametrize("name", MODES)
def test_every_mode(identities: Identities, tmp_path: Path, name: str) -> None:
    mode = MODES[name]
    capture, key_log = tmp_path / "capture.pcapng", tmp_path / "keys"
    options = [each.format(authority=identities.authority) for each in mode.server]
    settings = dict(mode.client)
    if mode.certificate:
        settings["identities"] = [identities.client_identities["ECDSA"]]
    with (
        served(identities, "--keylog", str(key_log), *options) as port,
        captured(capture, port),
    ):
        client, told = ask(identities, port, updates=mode.updates, **settings)
        assert told.data
        assert told.completed.retried is name.startswith("retried")
        if mode.resumes:
            early = REQUEST if mode.early else b""
            request = b"" if mode.early else REQUEST
            again, told = ask(
                identities, port, client.session, early=early, request=request, **settings
            )
            assert again.resumed
            assert told.completed.early_data is mode.early
    check(capture, port, key_log, 1 + mode.resumes, mode.messages)


def test_early_data_that_is_refused(identities: Identities, tmp_path: Path) -> None:
    """What is refused goes over the wire all the same; tshark follows what comes after."""
    capture, key_log = tmp_path / "capture.pcapng", tmp_path / "keys"
    with key_log.open("w", encoding="ascii") as keys:
        settings: dict[str, Any] = {"key_log": lambda line: print(line, file=keys, flush=True)}
        guard = tls.ReplayWindow(capacity=0)
        with (
            answering(identities, max_early_data=1_000, early_data_guard=guard) as server,
            captured(capture, server.port),
        ):
            client, _ = ask(identities, server.port, early_data=True, **settings)
            _, told = ask(
                identities, server.port, client.session, early=b"early", early_data=True, **settings
            )
            assert told.has(tls.EarlyDataRejected)
            assert b"a page" in told.data
    assert tshark(capture, server.port, key_log, "-Y", MALFORMED) == ""
    _, second = conversations(capture, server.port, key_log, 2)
    assert second.endswith(told.data)


def test_a_certificate_that_is_asked_for_later(
    identities: Identities, peer_of: Callable[[type[Peer]], Peer], tmp_path: Path
) -> None:
    capture, key_log = tmp_path / "capture.pcapng", tmp_path / "keys"
    with (
        key_log.open("w", encoding="ascii") as keys,
        answering(
            identities,
            asks_later=True,
            key_log=lambda line: print(line, file=keys, flush=True),
        ) as server,
        captured(capture, server.port),
    ):
        _, told = ask(
            identities,
            server.port,
            identities=[identities.client_identities["RSA"]],
            post_handshake_authentication=True,
        )
        assert b"a page" in told.data
    # Of the client there are two Finished messages.
    assert tshark(capture, server.port, key_log, "-Y", MALFORMED) == ""
    fields = ("-Y", "tls.handshake.type", "-T", "fields", "-e", "tls.handshake.type")
    seen = tshark(capture, server.port, key_log, *fields).replace(",", "\n").split()
    assert seen.count(str(FINISHED)) == 3
    assert seen.count(str(CERTIFICATE_REQUEST)) == 1


@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_with_openssls_server(
    identities: Identities, peer_of: Callable[[type[Peer]], Peer], tmp_path: Path, suite: str
) -> None:
    """The key log is the client's."""
    capture, key_log = tmp_path / "capture.pcapng", tmp_path / "keys"
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    port = peer.start_openssl_server("-ciphersuites", ":".join(SUITES))
    with captured(capture, port):
        finished = tls_connect(
            *(port, "--trust", str(identities.authority), "--versions", "TLS 1.3"),
            *("--suites", suite, "--get", "/", "--resume", "1", "--keylog", str(key_log)),
        )
        assert finished.returncode == 0, finished.stderr
    assert tshark(capture, port, key_log, "-Y", MALFORMED) == ""
    for data in conversations(capture, port, key_log, 2):
        assert data.startswith(b"GET / HTTP/1.0\r\n")
        assert b"HTTP/1.0 200 ok" in data
