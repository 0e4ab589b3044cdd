"""TLS 1.3 with pyOpenSSL, on the OpenSSL 4.0 of this process, in both roles and by its defaults.

Other groups and post-quantum keys are `test_post_quantum.py`'s.
"""

from __future__ import annotations

from typing import Any

import pytest

import tls
from tests.interop.identities import SERVER_NAME, Identities
from tests.interop.modes import shows
from tests.interop.tls13 import Told
from tests.peers import lack
from tls.groups import X25519_MLKEM768

pytestmark = pytest.mark.interop
both_roles = pytest.mark.parametrize("role", ["client", "server"])
Ours = tls.ClientConnection | tls.ServerConnection


@pytest.fixture(scope="module")
def ssl() -> Any:
    try:
        from OpenSSL import SSL
    except ImportError:
        lack("pyOpenSSL is not installed")
    return SSL


class Theirs:
    """Its side of a connection, over memory."""

    def __init__(self, ssl: Any, context: Any, *, server: bool, session: Any = None) -> None:
        self._ssl = ssl
        self.end = ssl.Connection(context, None)
        if server:
            self.end.set_accept_state()
        else:
            self.end.set_tlsext_host_name(SERVER_NAME.encode())
            self.end.set_connect_state()
            if session is not None:
                self.end.set_session(session)
        self.data = b""
        self._done = False

    def turn(self, data: bytes) -> bytes:
        """Take some bytes, read what there is, and give what it sends."""
        if data:
            self.end.bio_write(data)
        try:
            if not self._done:
                self.end.do_handshake()
                self._done = True
            while True:
                self.data += self.end.recv(65_536)
        except self._ssl.WantReadError:
            pass
        return self.flight()

    def flight(self) -> bytes:
        sent = b""
        try:
            while True:
                sent += self.end.bio_read(65_536)
        except self._ssl.WantReadError:
            return sent


def context_of(ssl: Any, identities: Identities, role: str) -> Any:
    """The peer's, our side having that role."""
    context = ssl.Context(ssl.TLS_METHOD)
    context.set_min_proto_version(ssl.TLS1_3_VERSION)
    context.load_verify_locations(str(identities.authority))
    if role == "client":
        files = identities.server["RSA"]
        context.use_certificate_file(str(files.certificate))
        context.use_privatekey_file(str(files.key))
        context.set_session_id(b"these tests")
    else:
        context.set_verify(ssl.VERIFY_PEER)
    return context


def talk(ours: Ours, theirs: Theirs) -> Told:
    """Hold a handshake, then send data both ways."""
    told = Told()
    for _ in range(5):
        told.add(ours.receive(theirs.turn(ours.outgoing())))
    exchange(ours, theirs, told)
    return told


def exchange(ours: Ours, theirs: Theirs, told: Told) -> None:
    theirs.data = told.data = b""
    ours.send(b"from us")
    told.add(ours.receive(theirs.turn(ours.outgoing())))
    assert theirs.data == b"from us"
    theirs.end.send(b"from them")
    told.add(ours.receive(theirs.flight()))
    assert told.data == b"from them"


class Sides:
    """One configuration on our side and one context on theirs; connections of both."""

    def __init__(self, ssl: Any, files: Identities, role: str, **settings: Any) -> None:
        self._ssl = ssl
        self.context = context_of(ssl, files, role)
        self._role = role
        common: dict[str, Any] = {"versions": [tls.TLS_1_3], **settings}
        if role == "client":
            self._client = tls.ClientConfig(files.trust, **common)
        else:
            self._server = tls.ServerConfig(
                [files.server_identities["ECDSA"]],
                ticket_keys=tls.TicketKeys(b"of these tests"),
                client_trust=files.trust,
                **common,
            )

    def ends(self, session: Any = None) -> tuple[Ours, Theirs]:
        """A new connection, resuming the client's session."""
        if self._role == "client":
            ours: Ours = tls.ClientConnection(self._client, SERVER_NAME, session=session)
            return ours, Theirs(self._ssl, self.context, server=True)
        theirs = Theirs(self._ssl, self.context, server=False, session=session)
        return tls.ServerConnection(self._server), theirs

    def session(self, ours: Ours, theirs: Theirs) -> Any:
        """The client's; the connection is closed, else OpenSSL would not resume it."""
        if self._role == "client":
            return ours.session
        theirs.end.shutdown()
        return theirs.end.get_session()


@shows("pyOpenSSL", "both", "resumed")
@both_roles
def test_resumed(identities: Identities, ssl: Any, role: str) -> None:
    sides = Sides(ssl, identities, role)
    session = None
    for number in range(3):
        ours, theirs = sides.ends(session)
        told = talk(ours, theirs)
        assert told.completed.resumed is bool(number)
        assert told.completed.group == X25519_MLKEM768
        session = sides.session(ours, theirs)


@shows("pyOpenSSL", "both", "certificate")
@both_roles
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_certificates_of_clients(identities: Identities, ssl: Any, role: str, kind: str) -> None:
    own = identities.client_identities[kind]
    if role == "client":
        for shown in ([own], []):
            sides = Sides(ssl, identities, role, identities=shown)
            mode = ssl.VERIFY_PEER | ssl.VERIFY_FAIL_IF_NO_PEER_CERT
            sides.context.set_verify(mode)
            ours, theirs = sides.ends()
            if not shown:
                with pytest.raises(ssl.Error, match="peer did not return a certificate"):
                    talk(ours, theirs)
                continue
            talk(ours, theirs)
            assert theirs.end.get_peer_certificate() is not None
        return
    sides = Sides(ssl, identities, role, client_authentication=tls.ClientAuthentication.REQUIRE)
    with pytest.raises(tls.PeerError, match="certificate_required"):
        talk(*sides.ends())
    sides = Sides(ssl, identities, role, client_authentication=tls.ClientAuthentication.REQUIRE)
    files = identities.client[kind]
    sides.context.use_certificate_file(str(files.certificate))
    sides.context.use_privatekey_file(str(files.key))
    ours, theirs = sides.ends()
    assert talk(ours, theirs).has(tls.ClientAuthenticated)
    assert ours.peer_certificates[:1] == own.chain[:1]


@shows("pyOpenSSL", "both", "KeyUpdate")
@both_roles
def test_new_keys(identities: Identities, ssl: Any, role: str) -> None:
    """Asked for by us; it has no way to ask."""
    ours, theirs = Sides(ssl, identities, role).ends()
    talk(ours, theirs)
    for _ in range(3):
        told = Told()
        ours.update_keys(update_requested=True)
        exchange(ours, theirs, told)
        assert told.has(tls.KeysUpdated)
