"""Simulated clients send what their profiles say, and all kinds of handshakes follow from it."""

from __future__ import annotations

import random
import ssl
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import sim
import tls
from experiments.capture.clients import kind_of
from sim.endpoints.engine_configuration import client_config
from sim.identities import identity, trust_store
from sim.workload.client_profile import client_profile, client_profiles
from tls.messages import ClientHello

HOST = "www.contoso.com"
NOW = 1.79e9
_RECORD = 5
_HEADER = 4

OF_TODAY = tuple(name for name in client_profiles() if sim.browser(name).offers_tls_1_3)
OF_TLS_1_2 = tuple(name for name in client_profiles() if tls.TLS_1_2 in sim.browser(name).versions)


class Hellos(NamedTuple):
    """A client and its server, who have talked, and the client's hellos."""

    client: tls.ClientConnection
    sent: list[bytes]
    session: tls.Session | None


def hellos_in(flight: bytes) -> list[bytes]:
    """The hellos in a flight, each a record of its own."""
    found, position = [], 0
    while position < len(flight):
        length = int.from_bytes(flight[position + 3 : position + 5], "big")
        record = flight[position + _RECORD : position + _RECORD + length]
        body = int.from_bytes(record[1:_HEADER], "big")
        if flight[position] == 22 and record[0] == 1 and body == length - _HEADER:
            found.append(record)
        position += _RECORD + length
    return found


def talk(
    name: str, server: tls.ServerConfig, session: tls.Session | None = None, seed: int = 0
) -> Hellos:
    """A handshake of a profile's client, its end included."""
    config = client_config(sim.browser(name), trust_store(), heed_warnings=True)
    draw = random.Random(f"{name} {seed}").randbytes
    client = tls.ClientConnection(config, HOST, session=session, entropy=draw, clock=lambda: NOW)
    other = tls.ServerConnection(server, entropy=random.Random(seed).randbytes, clock=lambda: NOW)
    sent = []
    for _ in range(8):
        flight = client.outgoing()
        sent += hellos_in(flight)
        other.receive(flight)
        client.receive(other.outgoing())
    assert client.handshake_completed
    return Hellos(client, sent, client.session)


def check_form(name: str, message: bytes) -> None:
    """The hello is one of the profile's template."""
    template = client_profile(name).hello.template
    form = tls.HelloForm.of(message)
    assert kind_of(form) == kind_of(template.form)
    if not template.permuted and not template.encrypted_payloads:
        assert form == template.form


def server_of(version: int, **settings: object) -> tls.ServerConfig:
    """A server of one version whose sessions are resumed by tickets, unless told otherwise."""
    return tls.ServerConfig(
        [identity("contoso-rsa-2048")],
        **{
            "versions": [version],
            "suites": tls.IMPLEMENTED_SUITES,
            "ticket_keys": tls.TicketKeys(b""),
            **settings,
        },
    )


@pytest.mark.parametrize("name", client_profiles())
def test_the_hello_is_of_its_form(name: str) -> None:
    """Its record says what the profile's does."""
    config = client_config(sim.browser(name), trust_store(), heed_warnings=True)
    for seed in range(5):
        client = tls.ClientConnection(config, HOST, entropy=random.Random(seed).randbytes)
        flight = client.outgoing()
        check_form(name, flight[_RECORD:])
        hello = client_profile(name).hello
        usual = tls.SSL_3_0 if hello.highest == tls.SSL_3_0 else tls.TLS_1_0
        assert int.from_bytes(flight[1:3], "big") == (hello.record_version or usual)


def test_what_is_drawn_differs_between_connections() -> None:
    """Chromium's order, GREASE and lengths, each as likely as another (RFC 8701, RFC 9849)."""
    config = client_config(sim.browser("chromium-156"), trust_store(), heed_warnings=True)
    hellos, lengths = [], []
    for seed in range(400):
        client = tls.ClientConnection(config, HOST, entropy=random.Random(seed).randbytes)
        message = client.outgoing()[_RECORD:]
        lengths.append(len(message))
        hellos.append(ClientHello.decode(message[_HEADER:], 0))
    assert len({tuple(hello.extensions) for hello in hellos}) == 400
    assert {hello.cipher_suites[0] for hello in hellos} == {
        0x0A0A + 0x1010 * number for number in range(16)
    }
    shortest = min(lengths)
    assert {length - shortest for length in lengths} == {0, 32, 64, 96}
    for more in (0, 32, 64, 96):
        assert 60 <= lengths.count(shortest + more) <= 140  # 100, four standard deviations


@pytest.mark.parametrize("name", OF_TODAY)
def test_tls_1_3(name: str) -> None:
    """Full, by a ticket that its hello asks for, and to a server of TLS 1.2."""
    server = server_of(tls.TLS_1_3)
    full = talk(name, server)
    assert full.client.version == tls.TLS_1_3
    (first,) = full.sent
    check_form(name, first)
    resumes = "psk_key_exchange_modes" in client_profile(name).hello.names
    assert (full.session is not None) == resumes
    if resumes:
        again = talk(name, server, full.session, seed=1)
        assert again.client.resumed
        hello = ClientHello.decode(again.sent[0][_HEADER:], 0)
        assert list(hello.extensions)[-1] == tls.extension_from_name("pre_shared_key")
    older = talk(name, server_of(tls.TLS_1_2))
    assert older.client.version == tls.TLS_1_2


@pytest.mark.parametrize("name", OF_TODAY)
def test_after_a_request_for_another_hello(name: str) -> None:
    """All but the key share is the same, GREASE and an encrypted hello too (RFC 8446 §4.1.2)."""
    server = server_of(tls.TLS_1_3, groups=[tls.group_from_name("secp384r1")])
    retried = talk(name, server)
    first, second = (ClientHello.decode(each[_HEADER:], 0) for each in retried.sent)
    changed = {tls.extension_from_name(each) for each in ("key_share", "padding")}
    assert first.cipher_suites == second.cipher_suites
    assert first.session_id == second.session_id
    assert first.random == second.random
    one, other = (
        [(kind, data) for kind, data in hello.extensions.items() if kind not in changed]
        for hello in (first, second)
    )
    assert one == other


@pytest.mark.parametrize("by_ticket", [True, False])
@pytest.mark.parametrize("name", client_profiles())
def test_sessions_of_before_tls_1_3(name: str, by_ticket: bool) -> None:
    highest = min(sim.browser(name).versions[-1], tls.TLS_1_2)
    how = {"ticket_keys": tls.TicketKeys(b"")} if by_ticket else {"ticket_keys": None}
    server = server_of(highest, sessions=None if by_ticket else tls.SessionCache(), **how)
    full = talk(name, server)
    check_form(name, full.sent[0])
    resumes = not by_ticket or "session_ticket" in client_profile(name).hello.names
    assert (full.session is not None) == resumes
    if resumes:
        again = talk(name, server, full.session, seed=1)
        assert again.client.resumed
        assert again.client.version == highest
        offered = ClientHello.decode(again.sent[0][_HEADER:], 0)
        assert (offered.extensions.get(tls.extension_from_name("session_ticket"), b"") != b"") == (
            by_ticket
        )


# ---------------------------------------------------------------- OpenSSL


@pytest.fixture(scope="module")
def pem_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's key and chain."""
    shown = identity("contoso-rsa-2048")
    key = shown.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path_factory.mktemp("openssl") / "server.pem"
    file.write_text(key.decode() + "".join(map(ssl.DER_cert_to_PEM_cert, shown.chain)))
    return file


class OpenSsl:
    """A server by the standard library's OpenSSL, in memory."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._side = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._completed = False

    def answer(self, data: bytes) -> bytes:
        """What it says to that."""
        self._incoming.write(data)
        try:
            if not self._completed:
                self._side.do_handshake()
                self._completed = True
            self._side.read(100)
        except ssl.SSLWantReadError:
            pass
        return self._outgoing.read()

    @property
    def completed(self) -> bool:
        return self._completed

    @property
    def resumed(self) -> bool:
        return bool(self._side.session_reused)


def context_of(pem_file: Path, version: ssl.TLSVersion, *, tickets: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(pem_file)
    if not tickets:
        context.options |= ssl.OP_NO_TICKET
    return context


def talk_with_openssl(
    name: str, context: ssl.SSLContext, session: tls.Session | None
) -> tuple[tls.ClientConnection, OpenSsl]:
    config = client_config(sim.browser(name), trust_store(), heed_warnings=True)
    client = tls.ClientConnection(config, HOST, session=session, clock=lambda: NOW)
    peer = OpenSsl(context)
    for _ in range(8):
        client.receive(peer.answer(client.outgoing()))
    assert client.handshake_completed
    assert peer.completed
    return client, peer


@pytest.mark.interop
@pytest.mark.parametrize("group", [None, "secp384r1"])
@pytest.mark.parametrize("name", OF_TODAY)
def test_tls_1_3_with_openssl(name: str, group: str | None, pem_file: Path) -> None:
    """Full, after a request for another hello, and by a ticket."""
    context = context_of(pem_file, ssl.TLSVersion.TLSv1_3, tickets=True)
    if group is not None:
        context.set_ecdh_curve(group)
    client, _ = talk_with_openssl(name, context, None)
    assert client.version == tls.TLS_1_3
    # OpenSSL gives tickets to clients that have not said how to use them.
    if sim.browser(name).resumes_tls_1_3:
        again, peer = talk_with_openssl(name, context, client.session)
        assert again.resumed
        assert peer.resumed


@pytest.mark.interop
@pytest.mark.parametrize("tickets", [True, False])
@pytest.mark.parametrize("name", OF_TLS_1_2)
def test_tls_1_2_with_openssl(name: str, tickets: bool, pem_file: Path) -> None:
    """Full, and by a ticket or an ID."""
    context = context_of(pem_file, ssl.TLSVersion.TLSv1_2, tickets=tickets)
    client, _ = talk_with_openssl(name, context, None)
    assert client.version == tls.TLS_1_2
    if client.session is not None:
        again, peer = talk_with_openssl(name, context, client.session)
        assert again.resumed
        assert peer.resumed
