"""TLS 1.3 with tlslite-ng, in this process, in both roles."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import tls
from tests.interop.identities import KINDS, SERVER_NAME, Files, Identities
from tests.interop.modes import shows
from tests.interop.ours import REQUEST, read_some
from tests.interop.tls13 import KEY, answering, ask
from tests.tls.authority import Shape, authority, identity_of, issue
from tls.groups import FFDHE2048, SECP256R1, SECP384R1, SECP521R1, X448, X25519
from tls.suites import suite_name

pytestmark = pytest.mark.interop

TIMEOUT = 30
GROUPS = {
    "secp256r1": SECP256R1,
    "secp384r1": SECP384R1,
    "secp521r1": SECP521R1,
    "x25519": X25519,
    "x448": X448,
    "ffdhe2048": FFDHE2048,
}
PSK = tls.ExternalPsk(b"me", bytes.fromhex(KEY))
CIPHERS = {
    "aes256gcm": "TLS_AES_256_GCM_SHA384",
    "aes128gcm": "TLS_AES_128_GCM_SHA256",
    "chacha20-poly1305": "TLS_CHACHA20_POLY1305_SHA256",
    "aes128ccm": "TLS_AES_128_CCM_SHA256",
    "aes128ccm_8": "TLS_AES_128_CCM_8_SHA256",
}


@pytest.fixture(scope="module")
def api() -> Any:
    return pytest.importorskip("tlslite.api")


def settings_of(api: Any, *groups: str, shares: tuple[str, ...] = (), **more: Any) -> Any:
    """Its settings for TLS 1.3 alone, with those groups."""
    settings = api.HandshakeSettings()
    settings.minVersion = settings.maxVersion = (3, 4)
    names = groups or ("x25519", "secp256r1")
    settings.eccCurves = [name for name in names if not name.startswith("ffdhe")]
    settings.dhGroups = [name for name in names if name.startswith("ffdhe")]
    settings.keyShares = list(shares or names[:1])
    settings.ticketKeys = [bytearray(range(32))]
    settings.certificate_compression_send = []  # its client does so without being asked
    for name, value in more.items():
        setattr(settings, name, value)
    return settings


def identity(api: Any, files: Files) -> tuple[Any, Any]:
    chain = api.X509CertChain()
    chain.parsePemList(files.certificate.read_text())
    return chain, api.parsePEMKey(files.key.read_text(), private=True)


# -- its client


def visit(
    api: Any,
    port: int,
    settings: Any,
    *,
    files: Files | None = None,
    session: Any = None,
    updates: int = 0,
) -> tuple[Any, bytes]:
    """Its connection, and what it has read until the end."""
    chain, key = identity(api, files) if files else (None, None)
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as transport:
        connection = api.TLSConnection(transport)
        connection.handshakeClientCert(
            chain, key, session=session, settings=settings, serverName=SERVER_NAME
        )
        for _ in range(updates):
            for _ in connection.send_keyupdate_request(1):
                pass
        connection.write(REQUEST)
        answer = b""
        while data := connection.read(max=65_536):
            answer += data
    return connection, answer


@shows("tlslite-ng", "server", "full", "resumed")
@pytest.mark.parametrize("cipher", CIPHERS)
def test_tlslite_client(identities: Identities, api: Any, cipher: str) -> None:
    settings = settings_of(api, cipherNames=[cipher])
    suites = [tls.suite_from_name(name) for name in CIPHERS.values()]
    with answering(identities, suites=suites) as ours:
        first, answer = visit(api, ours.port, settings)
        second, again = visit(api, ours.port, settings, session=first.session)
    assert b"a page" in answer
    assert b"a page" in again
    assert second.resumed
    assert [told.completed.resumed for told in ours.told] == [False, True]
    assert {suite_name(told.completed.suite) for told in ours.told} == {CIPHERS[cipher]}


@shows("tlslite-ng", "server", "groups", "retried")
@pytest.mark.parametrize("group", GROUPS)
def test_groups_with_tlslite_client(identities: Identities, api: Any, group: str) -> None:
    first = "secp256r1" if group != "secp256r1" else "x25519"
    with answering(identities, groups=[GROUPS[group]]) as ours:
        for settings in (
            settings_of(api, group),
            settings_of(api, first, group, shares=(first,)),
        ):
            assert b"a page" in visit(api, ours.port, settings)[1]
    assert [told.completed.retried for told in ours.told] == [False, True]
    assert {told.completed.group for told in ours.told} == {GROUPS[group]}


@shows("tlslite-ng", "server", "external key")
@pytest.mark.parametrize("mode", tls.PskMode, ids=lambda mode: mode.name)
def test_tlslite_client_with_a_key_from_outside(
    identities: Identities, api: Any, mode: tls.PskMode
) -> None:
    settings = settings_of(
        api,
        pskConfigs=[(bytearray(b"me"), bytearray.fromhex(KEY), "sha256")],
        psk_modes=["psk_ke" if mode is tls.PskMode.ALONE else "psk_dhe_ke"],
        cipherNames=["aes128gcm"],
    )
    with answering(identities, psks=[PSK], psk_modes=[mode]) as ours:
        assert b"a page" in visit(api, ours.port, settings)[1]
    completed = ours.told[0].completed
    assert completed.external_psk == b"me"
    assert (completed.group is None) is (mode is tls.PskMode.ALONE)


@shows("tlslite-ng", "server", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_tlslite_client_shows_a_certificate(identities: Identities, api: Any, kind: str) -> None:
    required = tls.ClientAuthentication.REQUIRE
    with answering(identities, client_authentication=required) as ours:
        settings = settings_of(api)
        files = identities.client[kind]
        assert b"a page" in visit(api, ours.port, settings, files=files)[1]
        assert ours.told[0].has(tls.ClientAuthenticated)
        with pytest.raises(api.TLSRemoteAlert, match="certificate_required"):
            visit(api, ours.port, settings)


@shows("tlslite-ng", "server", "later")
def test_tlslite_client_is_asked_later(identities: Identities, api: Any) -> None:
    with answering(identities, asks_later=True) as ours:
        files = identities.client["RSA"]
        assert b"a page" in visit(api, ours.port, settings_of(api), files=files)[1]
    assert ours.told[0].has(tls.ClientAuthenticated)


@shows("tlslite-ng", "server", "KeyUpdate")
def test_tlslite_client_updates_its_keys(identities: Identities, api: Any) -> None:
    with answering(identities, updates=1) as ours:
        assert b"a page" in visit(api, ours.port, settings_of(api), updates=2)[1]
    assert ours.told[0].has(tls.KeysUpdated)


# -- its server


@contextmanager
def serving(
    api: Any,
    identities: Identities,
    settings: Any,
    after: Callable[[Any], object] = lambda connection: None,
    **options: Any,
) -> Iterator[int]:
    """Its server in a thread; its port.

    Args:
        api: the library.
        identities: of the server.
        settings: of every connection.
        after: done between handshake and page.
        options: of its handshakes.
    """
    chain, key = identity(api, identities.server["RSA"])

    def answer(transport: socket.socket) -> None:
        # What goes wrong, our side sees.
        with transport, contextlib.suppress(Exception):
            transport.settimeout(TIMEOUT)
            connection = api.TLSConnection(transport)
            connection.handshakeServer(
                certChain=chain, privateKey=key, settings=settings, **options
            )
            if options.get("reqCert") and connection.session.clientCertChain is None:
                return
            after(connection)
            connection.read(min=len(REQUEST), max=len(REQUEST))
            connection.write(b"a page\n")
            connection.close()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                answer(listening.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(TIMEOUT)


@shows("tlslite-ng", "client", "full", "resumed")
@pytest.mark.parametrize("cipher", CIPHERS)
def test_tlslite_server(identities: Identities, api: Any, cipher: str) -> None:
    suites = [tls.suite_from_name(name) for name in CIPHERS.values()]
    with serving(api, identities, settings_of(api, cipherNames=[cipher])) as port:
        client, told = ask(identities, port, suites=suites)
        assert told.data == b"a page\n"
        again, retold = ask(identities, port, client.session, suites=suites)
    assert again.resumed
    assert retold.data == b"a page\n"
    assert suite_name(retold.completed.suite) == CIPHERS[cipher]


@shows("tlslite-ng", "client", "groups", "retried")
@pytest.mark.parametrize("group", GROUPS)
def test_groups_with_tlslite_server(identities: Identities, api: Any, group: str) -> None:
    code = GROUPS[group]
    first = SECP256R1 if code != SECP256R1 else X25519
    with serving(api, identities, settings_of(api, group)) as port:
        for shares in ([code], [first]):
            _, told = ask(identities, port, groups=[first, code], key_shares=shares)
            assert told.completed.group == code
            assert told.completed.retried is (shares == [first])
            assert told.data == b"a page\n"


@shows("tlslite-ng", "client", "external key")
@pytest.mark.parametrize("mode", tls.PskMode, ids=lambda mode: mode.name)
def test_a_key_from_outside_at_tlslite_server(
    identities: Identities, api: Any, mode: tls.PskMode
) -> None:
    keys = [(bytearray(b"me"), bytearray.fromhex(KEY), "sha256")]
    settings = settings_of(api, pskConfigs=keys, cipherNames=["aes128gcm"])
    with serving(api, identities, settings) as port:
        _, told = ask(identities, port, psks=[PSK], psk_modes=[mode])
    assert told.completed.external_psk == b"me"
    assert (told.completed.group is None) is (mode is tls.PskMode.ALONE)
    assert told.data == b"a page\n"


@shows("tlslite-ng", "client", "0-RTT refused")
def test_tlslite_server_skips_early_data(identities: Identities, api: Any) -> None:
    """It takes none, but skips what comes."""
    psk = tls.ExternalPsk(b"me", bytes.fromhex(KEY), max_early_data=1_000)
    keys = [(bytearray(b"me"), bytearray.fromhex(KEY), "sha256")]
    settings = settings_of(api, pskConfigs=keys, cipherNames=["aes128gcm"])
    with serving(api, identities, settings) as port:
        _, told = ask(
            identities,
            port,
            psks=[psk],
            early=b"too early",
            early_data=True,
            suites=[tls.suite_from_name("TLS_AES_128_GCM_SHA256")],
        )
    assert told.has(tls.EarlyDataRejected)
    assert told.data == b"a page\n"


@shows("tlslite-ng", "client", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_we_show_tlslite_server_a_certificate(identities: Identities, api: Any, kind: str) -> None:
    # It lists no PKCS #1, by which the usual authority signs.
    root = authority("An authority with a curve", "ecdsa")
    own = identity_of(issue(root, Shape("somebody", (), key_name=KINDS[kind])))
    with serving(api, identities, settings_of(api), reqCert=True) as port:
        _, told = ask(identities, port, identities=[own])
        assert told.data == b"a page\n"
        _, told = ask(identities, port)
        assert not told.data


@shows("tlslite-ng", "client", "later")
def test_tlslite_server_asks_later(identities: Identities, api: Any) -> None:
    shown = []

    def after(connection: Any) -> None:
        for _ in connection.request_post_handshake_auth():
            pass
        read = connection.read

        def reading(**limits: int) -> Any:
            data = read(**limits)
            shown.append(connection.session.clientCertChain is not None)
            return data

        connection.read = reading

    own = [identities.client_identities["RSA"]]
    # What the client sends behind its handshake overtakes the request, so the server reads twice.
    with serving(api, identities, settings_of(api), after) as port:
        config = tls.ClientConfig(
            identities.trust,
            versions=[tls.TLS_1_3],
            identities=own,
            post_handshake_authentication=True,
        )
        client = tls.ClientConnection(config, SERVER_NAME)
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as transport:
            page = b""
            asked = False
            while page != b"a page\n":
                transport.sendall(client.outgoing())
                events = client.receive(read_some(transport))
                page += b"".join(e.data for e in events if isinstance(e, tls.ApplicationData))
                answer = client.outgoing()
                transport.sendall(answer)
                if client.session is not None and len(answer) > 500 and not asked:
                    asked = True
                    client.send(REQUEST)
    assert shown == [True]


@shows("tlslite-ng", "client", "KeyUpdate")
def test_tlslite_server_updates_its_keys(identities: Identities, api: Any) -> None:
    def after(connection: Any) -> None:
        for _ in connection.send_keyupdate_request(1):
            pass

    with serving(api, identities, settings_of(api), after) as port:
        _, told = ask(identities, port, updates=2)
    assert told.has(tls.KeysUpdated)
    assert told.data == b"a page\n"
