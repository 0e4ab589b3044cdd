"""Clients and servers that send the traces of RFC 8448.

What is fresh in a connection is the trace's: randoms and ephemeral keys are drawn by the engine,
signatures are made by a key that is held elsewhere, and a ticket is sealed elsewhere. What the
trace's author (NSS) lays out in another order, or says besides, is laid out as there: the values
that the engine has are its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import tls
from tests.tls.conversation import EPOCH
from tests.tls.tls13.rfc8448 import TRACES, protected_messages
from tls.certificates import parse_certificate
from tls.extensions import COOKIE, EARLY_DATA, KEY_SHARE, PRE_SHARED_KEY, Extensions
from tls.groups import SECP256R1, X25519
from tls.handshake.tls13 import answer, client_hello, server, tickets
from tls.messages import CertificateVerify, ClientHello, ServerHello
from tls.tls13.hello_extensions import Cookie
from tls.tls13.messages import (
    Certificate,
    CertificateRequest,
    EncryptedExtensions,
    NewSessionTicket,
)

SERVER_NAME = "server"
EPOCH_OF_TRACES = EPOCH + 600_000_000  # July 2017: its certificates are good from 2016 to 2026
EARLY_DATA_LIMIT = 1_024
_OF_A_HELLO = (KEY_SHARE, COOKIE, EARLY_DATA, PRE_SHARED_KEY)
_ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SIGNING_ELSEWHERE = frozenset({tls.PrivateKeyOperation})


class Values:
    """Random values that are drawn in the order in which they are given, each whole."""

    def __init__(self, *values: bytes) -> None:
        self._values = list(values)

    def __call__(self, length: int) -> bytes:
        value = self._values.pop(0)
        assert len(value) == length
        return value

    def all_drawn(self) -> bool:
        """Whether none is left."""
        return not self._values


def _drawn_for(private: bytes, group: int) -> bytes:
    """What the engine draws to have a private key: for P-256, a number with 64 bits to spare."""
    if group == X25519:
        return private
    number = int.from_bytes(private, "big")
    assert group == SECP256R1
    assert 1 <= number < _ORDER_OF_P256
    return (number - 1).to_bytes(40, "big")


class _KeyElsewhere:
    """A private key that is held elsewhere: here is its public half."""

    def __init__(self, public: Any) -> None:
        self._public = public
        self.key_size = public.key_size
        self.curve = getattr(public, "curve", None)

    def public_key(self) -> Any:
        return self._public


class _RsaKeyElsewhere(_KeyElsewhere):
    pass


class _EcKeyElsewhere(_KeyElsewhere):
    pass


rsa.RSAPrivateKey.register(_RsaKeyElsewhere)
ec.EllipticCurvePrivateKey.register(_EcKeyElsewhere)


def _message_of(flight: list[bytes], kind: Any) -> Any:
    """The one message of a kind, decoded; `None` where there is none."""
    found = [raw for raw in flight if raw[0] == kind.type]
    return kind.decode(found[0][4:], tls.TLS_1_3) if found else None


def _identity(flight: list[bytes]) -> tls.Identity | None:
    message = _message_of(flight, Certificate)
    if message is None:
        return None
    public = parse_certificate(message.chain[0]).public_key
    is_rsa = isinstance(public, rsa.RSAPublicKey)
    key: Any = _RsaKeyElsewhere(public) if is_rsa else _EcKeyElsewhere(public)
    return tls.Identity(message.chain, key)


def server_chain(section: str) -> tuple[bytes, ...]:
    """The chain of a trace's server."""
    message: Certificate = _message_of(protected_messages(section)[0], Certificate)
    return message.chain


def _signature(flight: list[bytes]) -> bytes:
    message = _message_of(flight, CertificateVerify)
    return message.signature if message is not None else b""


class TraceEnds:
    """Both sides of a trace, neither of which speaks to the other.

    Attributes:
        trace: its bytes.
        client_signature, server_signature: of the trace's CertificateVerify messages.
    """

    def __init__(self, section: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trace = TRACES[section]
        self._patch = monkeypatch
        self._of_server, self._of_client = protected_messages(section)
        self.client_signature = _signature(self._of_client)
        self.server_signature = _signature(self._of_server)
        self._hellos = [
            ClientHello.decode(self.trace[name][9:], tls.TLS_1_2)
            for name in ("client_hello", "second_client_hello")
            if name in self.trace
        ]
        self._groups = (X25519, SECP256R1)
        self._retried = len(self._hellos) == 2

    def client(
        self, session: tls.Session | None, now: float
    ) -> tuple[tls.ClientConnection, Values]:
        """The client, and what it draws."""
        first = self._hellos[0]
        own = _identity(self._of_client)
        config = tls.ClientConfig(
            tls.TrustStore(),
            versions=[tls.TLS_1_3],
            suites=first.cipher_suites,
            groups=self._groups,
            key_shares=[X25519],
            middlebox_compatibility=bool(first.session_id),
            accept=frozenset(tls.CertificateProblem),
            identities=() if own is None else [own],
            early_data=session is not None,
            deferred=_SIGNING_ELSEWHERE,
        )
        keys = [self.trace["private_client"]]
        if self._retried:
            keys = [
                self.trace["private_first_client"],
                _drawn_for(self.trace["private_client"], SECP256R1),
            ]
        ids = [first.session_id] if first.session_id else []
        values = Values(first.random, *ids, *keys)
        self._lay_out_client()
        client = tls.ClientConnection(
            config, SERVER_NAME, session=session, entropy=values, clock=lambda: now
        )
        return client, values

    def _lay_out_client(self) -> None:
        """Hellos as in the trace but for what the engine puts into each."""
        hellos = iter(self._hellos)
        compose = client_hello.ClientOffer._hello

        def hello(offer: Any, own: Extensions) -> ClientHello:
            made = compose(offer, own)
            made.extensions = {
                kind: made.extensions[kind] if kind in _OF_A_HELLO else data
                for kind, data in next(hellos).extensions.items()
            }
            return made

        self._patch.setattr(client_hello.ClientOffer, "_hello", hello)

    def server(
        self, ticket: NewSessionTicket | None, now: float
    ) -> tuple[tls.ServerConnection, Values]:
        """The server, and what it draws; `ticket` is the one that it gives."""
        hello = ServerHello.decode(self.trace["server_hello"][9:], tls.TLS_1_2)
        identity = _identity(self._of_server)
        request = _message_of(self._of_server, CertificateRequest)
        early = tls.ReplayWindow()
        config = tls.ServerConfig(
            [] if identity is None else [identity],
            versions=[tls.TLS_1_3],
            suites=[hello.cipher_suite],
            groups=[SECP256R1] if self._retried else self._groups,
            client_authentication=(
                tls.ClientAuthentication.NONE
                if request is None
                else tls.ClientAuthentication.REQUIRE
            ),
            accept=frozenset(tls.CertificateProblem),
            ticket_keys=tls.TicketKeys(b"", lifetime=30.0),
            tickets=0 if ticket is None else 1,
            max_early_data=EARLY_DATA_LIMIT,
            early_data_guard=early,
            deferred=_SIGNING_ELSEWHERE | {tls.SealTicket, tls.OpenTicket},
        )
        group = SECP256R1 if self._retried else X25519
        ages = [] if ticket is None else [ticket.age_add.to_bytes(4, "big")]
        values = Values(hello.random, _drawn_for(self.trace["private_server"], group), *ages)
        self._lay_out_server(request, ticket)
        return tls.ServerConnection(config, entropy=values, clock=lambda: now), values

    def _lay_out_server(
        self, request: CertificateRequest | None, ticket: NewSessionTicket | None
    ) -> None:
        """EncryptedExtensions and HelloRetryRequest as in the trace; its request, and its nonce."""
        said = _message_of(self._of_server, EncryptedExtensions).extensions

        def encrypted(answered: Extensions) -> EncryptedExtensions:
            assert answered.items() <= said.items()
            assert (EARLY_DATA in answered) == (EARLY_DATA in said)
            return EncryptedExtensions(said)

        self._patch.setattr(answer, "EncryptedExtensions", encrypted)
        if request is not None:
            self._patch.setattr(answer, "certificate_request", lambda config: request)
        if ticket is not None:
            make: Callable[..., NewSessionTicket] = NewSessionTicket
            self._patch.setattr(
                tickets,
                "NewSessionTicket",
                lambda lifetime, age_add, nonce, *rest: make(
                    lifetime, age_add, ticket.nonce, *rest
                ),
            )
        if self._retried:
            retry = ServerHello.decode(self.trace["hello_retry_request"][9:], tls.TLS_1_2)
            cookie = Cookie.decode(retry.extensions[COOKIE]).cookie
            compose = server.retry_request

            def retry_request(*arguments: Any) -> ServerHello:
                own = compose(*arguments)
                own.extensions = {kind: own.extensions[kind] for kind in retry.extensions}
                return own

            self._patch.setattr(server, "retry_request", retry_request)
            self._patch.setattr(server, "seal_cookie", lambda *arguments: cookie)
