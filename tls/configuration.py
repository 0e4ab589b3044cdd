"""How a client or a server is set up; one configuration serves any number of connections."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

from tls.certificates import CertificateProblem, Identity, TrustStore
from tls.certificates.names import names_server
from tls.deferrable import AcceptEarlyData, LookUpSession, StoreSession
from tls.early_data import EarlyDataGuard
from tls.errors import UsageError
from tls.groups import (
    FFDHE2048,
    HYBRID_NAMES,
    FiniteField,
    finite_field,
    group_name,
)
from tls.hello_template import HelloTemplate
from tls.sessions import SessionStore
from tls.settings import MAX_LISTS, PskMode, Settings
from tls.suites import (
    SUITES,
    TLS_1_3_SUITES,
    is_implemented,
    suite_name,
)
from tls.tickets import TicketKeys
from tls.versions import TLS_1_3


class ClientAuthentication(enum.Enum):
    """Whether a server asks for the client's certificate."""

    NONE = "none"
    REQUEST = "request"
    """Asks, and goes on without."""
    REQUIRE = "require"
    """Asks, and ends the handshake without."""


MAX_EARLY_DATA = (1 << 32) - 1
"""The most bytes of early data that a ticket may allow (RFC 8446 §4.6.1)."""

_MAX_SSL2_SUITES = 2_700
_MAX_TICKETS = 32
_BESIDE_IDENTITY = 64
_LEAST_COOKIE_KEY = 16
_MAX_AUTHORITIES = 65_535


@dataclass(frozen=True, eq=False)
class ServerConfig(Settings):
    """A server's side.

    Attributes:
        identities: at least one, unless all suites are anonymous; chosen by the suite's kind of
            key, the client's signature schemes, and the server name it asks for.
        sessions: where sessions are remembered; `None` gives clients no session ID, unless
            both `LookUpSession` and `StoreSession` are deferred.
        ticket_keys: seals session tickets; `None` issues none.
        client_authentication: whether the client's certificate is asked for.
        client_trust: the authorities that may have issued it.
        client_authorities: the names in DER that the request for it lists; `None` lists those of
            `client_trust`, an empty tuple none, which leaves the choice to the client.
        accept: problems with it that do not matter.
        diffie_hellman_field: the finite field of DHE, unless the client names another (RFC 7919).
        ssl2_hello: whether a ClientHello in SSL 2.0's format is understood.
        tickets: how many a full handshake of TLS 1.3 gives; one that resumes gives one.
        max_early_data: the bytes of early data that a ticket of TLS 1.3 allows, and the most that
            is taken or skipped; 0 takes none.
        early_data_guard: what keeps early data from being taken twice; `None` leaves that to the
            store of sessions, where each is found once, and takes none of sealed tickets.
        retry_cookie_key: seals what a HelloRetryRequest has to remember into its cookie, so that
            nothing need be kept for the client's second hello; `None` keeps it.
        retry_for_preferred_group: whether a client whose key shares are of other groups is asked
            for one of the first group that both have; else the first share that will do is taken.
        deferred: kinds of requests that the caller answers, with `Connection.answer`, at once or
            later. They are all that a handshake asks of the world outside, its clock apart:

            - `LookUpSession`, `AcceptSession`, `StoreSession`, `RemoveSession`: what `sessions`
              does else: find a session, say whether a new one would be kept, keep it, and forget
              it after a fatal alert;
            - `OpenTicket`, `SealTicket`: what `ticket_keys` does else, whose lifetime is told to
              clients all the same;
            - `PrivateKeyOperation`: what the identity's key does else.

    Raises `UsageError` for what the engine cannot do.
    """

    identities: Sequence[Identity]
    _: KW_ONLY
    sessions: SessionStore | None = None
    ticket_keys: TicketKeys | None = None
    client_authentication: ClientAuthentication = ClientAuthentication.NONE
    client_trust: TrustStore = field(default_factory=TrustStore)
    client_authorities: tuple[bytes, ...] | None = None
    accept: frozenset[CertificateProblem] = frozenset()
    diffie_hellman_field: FiniteField = field(default_factory=lambda: finite_field(FFDHE2048))
    ssl2_hello: bool = False
    tickets: int = 2
    max_early_data: int = 0
    early_data_guard: EarlyDataGuard | None = None
    retry_cookie_key: bytes | None = None
    retry_for_preferred_group: bool = False

    def __post_init__(self) -> None:
        """Check the configuration. Raises `UsageError`."""
        super().__post_init__()
        object.__setattr__(self, "identities", tuple(self.identities))
        for code in self.suites:
            if not is_implemented(code) and (
                code not in TLS_1_3_SUITES or self.versions[-1] < TLS_1_3
            ):
                raise UsageError(f"{suite_name(code)} is not implemented")
        if not 0 <= self.tickets <= _MAX_TICKETS:
            raise UsageError(f"a handshake gives 0 to {_MAX_TICKETS} tickets")
        if not 0 <= self.max_early_data <= MAX_EARLY_DATA:
            raise UsageError(f"early data has 0 to {MAX_EARLY_DATA:,} bytes")
        if self.retry_cookie_key is not None and len(self.retry_cookie_key) < _LEAST_COOKIE_KEY:
            raise UsageError(f"a retry cookie's key has {_LEAST_COOKIE_KEY} bytes at least")
        if not self.diffie_hellman_field.is_usable():
            raise UsageError(
                "a Diffie-Hellman field has a prime of 512 to 8,192 bits and a generator from 2 on"
            )
        if self.client_authentication is ClientAuthentication.NONE:
            return
        if self.client_authorities is None:
            object.__setattr__(self, "client_authorities", self.client_trust.subjects())
        authorities = self.client_authorities or ()
        if not all(authorities):
            raise UsageError("a client authority's name in DER has 1 byte at least, one has none")
        length = sum(2 + len(name) for name in authorities)
        if length > _MAX_AUTHORITIES:
            raise UsageError(
                f"the names of {len(authorities):,} client authorities take {length:,} bytes of a "
                f"CertificateRequest, which has room for {_MAX_AUTHORITIES:,}: name fewer in "
                "client_authorities, or none"
            )
        anonymous = all(code in SUITES and SUITES[code].is_anonymous for code in self.suites)
        if self.client_authentication is ClientAuthentication.REQUIRE and anonymous:
            raise UsageError("anonymous suites authenticate nobody, and a certificate is required")

    @property
    def early_data_limit(self) -> int:
        """The bytes of early data that a ticket may allow: none that could be taken twice."""
        guarded = (
            self.ticket_keys is None
            or self.early_data_guard is not None
            or AcceptEarlyData in self.deferred
        )
        return self.max_early_data if guarded else 0

    @property
    def remembers(self) -> bool:
        """Whether sessions have IDs by which they are found again."""
        return self.sessions is not None or self.deferred >= {LookUpSession, StoreSession}

    def identities_for(self, server_name: str | None) -> Sequence[Identity]:
        """The identities to show a client that wants `server_name`, in the configured order.

        Those whose certificate names the server; all when none does or no name is wanted.
        """
        if server_name is None or len(self.identities) == 1:
            return self.identities
        return [each for each in self.identities if names_server(each.leaf, server_name)] or (
            self.identities
        )


@dataclass(frozen=True, eq=False)
class ClientConfig(Settings):
    """A client's side.

    Attributes:
        trust: the authorities it trusts.
        suites: codes offered, in order; codes the engine has not may be among them, as a real
            client's list may be copied whole: a server that picks one fails the handshake.
        server_name_indication: whether the hello names the server (RFC 6066 §3).
        secure_renegotiation: whether the hello says that it knows RFC 5746.
        session_tickets: whether tickets are asked for and offered (RFC 5077).
        max_fragment_length: asked of the server, 512, 1,024, 2,048 or 4,096 bytes (RFC 6066 §4).
        identities: its own certificates, shown when asked for.
        accept: problems with the server's certificate that do not stop it: what a warned user
            clicks away. Others abort with the problem's alert.
        minimum_key_bits: the shortest RSA or DSA key in a server's chain below the trusted
            authority, and the shortest finite field of DHE, that it takes unless an export suite
            was agreed on.
        fallback: whether this is a retry at a lower version (RFC 7507).
        false_start: whether data may be sent before the server's Finished, where the suite is
            strong and forward secret (RFC 7918).
        ssl2_hello: whether the hello goes out in SSL 2.0's format.
        key_shares: the groups of the key shares in the first hello of TLS 1.3; `None` takes the
            first group and, if that is a hybrid, the first that is none.
        hello: what its hellos are made of, as a real program sends them: what that offers and the
            engine can do takes the place of all settings here that a hello has a say in, versions
            apart. What a server chooses of the rest fails the handshake.
        early_data: whether a session or key that allows it is used to send early data.
        post_handshake_authentication: whether the server may ask for a certificate later.
        certificate_status: whether the server is asked to staple an OCSP response (RFC 6066 §8).

    Raises `UsageError` for what the engine cannot do.
    """

    trust: TrustStore
    _: KW_ONLY
    server_name_indication: bool = True
    secure_renegotiation: bool = True
    session_tickets: bool = True
    max_fragment_length: int | None = None
    identities: Sequence[Identity] = ()
    accept: frozenset[CertificateProblem] = frozenset()
    minimum_key_bits: int = 1024
    fallback: bool = False
    false_start: bool = False
    ssl2_hello: bool = False
    key_shares: Sequence[int] | None = None
    hello: HelloTemplate | None = None
    early_data: bool = False
    post_handshake_authentication: bool = False
    certificate_status: bool = False

    def __post_init__(self) -> None:
        """Check the configuration. Raises `UsageError`."""
        if self.hello is not None:
            self._offer_what_is_said(self.hello)
        super().__post_init__()
        object.__setattr__(self, "identities", tuple(self.identities))
        if self.hello is None:
            self._choose_key_shares()
        else:
            self.hello.check_versions(tuple(self.versions))
        if sum(len(psk.identity) + _BESIDE_IDENTITY for psk in self.psks) > MAX_LISTS:
            raise UsageError("more pre-shared keys than a hello has room for")
        if self.max_fragment_length not in (None, 512, 1024, 2048, 4096):
            raise UsageError("a maximum fragment length is 512, 1024, 2048 or 4096 bytes")
        if self.ssl2_hello and len(self.suites) > _MAX_SSL2_SUITES:
            raise UsageError(f"a hello in SSL 2.0's format lists {_MAX_SSL2_SUITES:,} suites")

    def _complete_for_tls_1_3(self) -> None:
        if self.hello is None:
            super()._complete_for_tls_1_3()

    def _offer_what_is_said(self, hello: HelloTemplate) -> None:
        if self.ssl2_hello:
            raise UsageError("a hello of a template has no form in SSL 2.0's format")
        for name, value in hello.settings.items():
            object.__setattr__(self, name, value)
        modes = tuple(mode for mode in PskMode if mode.value in hello.settings["psk_modes"])
        object.__setattr__(self, "psk_modes", modes)

    def _choose_key_shares(self) -> None:
        groups = tuple(self.groups)
        if self.key_shares is None:
            plain = [group for group in groups if group not in HYBRID_NAMES]
            shares = tuple(dict.fromkeys(groups[:1] + tuple(plain[:1])))
        else:
            shares = tuple(dict.fromkeys(self.key_shares))
        for group in shares:
            if group not in groups:
                raise UsageError(f"a key share of {group_name(group)}, which is not in the groups")
        # Shares stand in the order of the groups (RFC 8446 §4.2.8).
        shares = tuple(sorted(shares, key=groups.index))
        object.__setattr__(self, "key_shares", shares)
