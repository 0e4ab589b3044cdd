"""How a client or a server is set up; one configuration serves any number of connections."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field

from tls.certificates import CertificateProblem, Identity, TrustStore
from tls.certificates.names import names_server
from tls.deferrable import Deferrable, LookUpSession, StoreSession
from tls.errors import UsageError
from tls.extensions import encode_protocol
from tls.groups import DEFAULT_GROUPS, FFDHE2048, GROUP_NAMES, FiniteField, finite_field, group_name
from tls.record.sizes import RecordSizes
from tls.sessions import SessionStore
from tls.signatures import DEFAULT_SCHEMES, SCHEMES, scheme_name
from tls.suites import DEFAULT_SUITES, SUITES, is_implemented, suite_name
from tls.tickets import TicketKeys
from tls.versions import IMPLEMENTED_VERSIONS, version_name


class Renegotiation(enum.Enum):
    """When a connection negotiates anew."""

    REFUSE = "refuse"
    """Never: no_renegotiation is answered."""
    SECURE = "secure"
    """When both sides know RFC 5746."""
    LEGACY = "legacy"
    """Always, as before 2009: open to the prefix attack."""


class ClientAuthentication(enum.Enum):
    """Whether a server asks for the client's certificate."""

    NONE = "none"
    REQUEST = "request"
    """Asks, and goes on without."""
    REQUIRE = "require"
    """Asks, and ends the handshake without."""


MAX_SUITES = 32_000
"""A hello's list has room for 32,767 codes, some of which signal something (RFC 5246 §7.4.1.2)."""

MAX_LISTS = 32_000
"""The bytes of a hello's extensions that lists may take: the rest is for names and tickets."""

_MAX_SSL2_SUITES = 2_700
_MAX_AUTHORITIES = 65_535


def _protocol_length(name: str) -> int:
    try:
        return len(encode_protocol(name))
    except UnicodeEncodeError:
        raise UsageError(
            f"{name!r} is no application protocol's name: it has no form in UTF-8"
        ) from None


def _go_on(alert: int) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, eq=False)
class Settings:
    """What both sides are set up with.

    Attributes:
        versions: wire versions spoken.
        suites: in order of preference.
        groups: named groups for (EC)DHE, in order of preference.
        signature_schemes: for TLS 1.2, in order of preference.
        alpn: application protocols, in order of preference; none leaves ALPN out.
        extended_master_secret, encrypt_then_mac: whether those extensions are spoken (RFC 7627,
            RFC 7366).
        compress: whether DEFLATE is offered or accepted.
        renegotiation: when to negotiate anew.
        record_size_limit: the largest plaintext this side takes, in bytes; `None` leaves RFC 8449
            out.
        record_sizes: how large the records of application data are made.
        split_records: whether application data is split 1/n-1 under CBC in SSL 3.0 and TLS 1.0.
        on_warning: asked with each warning alert's code whether to go on.
        key_log: given each line of an SSLKEYLOGFILE, without its end.
        deferred: kinds of requests that the caller answers, with `Connection.answer`, at once or
            later, such as `{tls.LookUpSession}`; a client makes `PrivateKeyOperation` only.
    """

    versions: Sequence[int] = IMPLEMENTED_VERSIONS
    suites: Sequence[int] = DEFAULT_SUITES
    groups: Sequence[int] = DEFAULT_GROUPS
    signature_schemes: Sequence[int] = DEFAULT_SCHEMES
    alpn: Sequence[str] = ()
    extended_master_secret: bool = True
    encrypt_then_mac: bool = True
    compress: bool = False
    renegotiation: Renegotiation = Renegotiation.SECURE
    record_size_limit: int | None = None
    record_sizes: RecordSizes = field(default_factory=RecordSizes)
    split_records: bool = True
    on_warning: Callable[[int], bool] = _go_on
    key_log: Callable[[str], None] | None = None

    deferred: frozenset[type[Deferrable]] = frozenset()

    def __post_init__(self) -> None:
        """Check what both sides have in common. Raises `UsageError`."""
        if not self.versions:
            raise UsageError("at least one version is needed")
        for version in self.versions:
            if version not in IMPLEMENTED_VERSIONS:
                raise UsageError(f"{version_name(version)} is not implemented")
        if not 1 <= len(self.suites) <= MAX_SUITES:
            raise UsageError(f"a hello lists 1 to {MAX_SUITES:,} cipher suites")
        for code in self.suites:
            if not 0 <= code <= 0xFFFF:
                raise UsageError(f"a cipher suite's code has 16 bits, which {code} has not")
        for group in self.groups:
            if group not in GROUP_NAMES:
                raise UsageError(f"{group_name(group)} is not implemented")
        for scheme in self.signature_schemes:
            if scheme not in SCHEMES:
                raise UsageError(f"signature scheme {scheme_name(scheme)} is not implemented")
        if self.record_size_limit is not None and not 64 <= self.record_size_limit <= 16_384:
            raise UsageError("a record size limit is 64 to 16,384 bytes")
        for name in self.alpn:
            if not 1 <= _protocol_length(name) <= 255:
                raise UsageError("an application protocol's name has 1 to 255 bytes")
        lists = 2 * (len(self.groups) + len(self.signature_schemes))
        lists += sum(1 + len(encode_protocol(name)) for name in self.alpn)
        if lists > MAX_LISTS:
            raise UsageError(
                "groups, signature schemes and application protocols take "
                f"{lists:,} bytes of a hello, which has room for {MAX_LISTS:,}: name fewer"
            )
        object.__setattr__(self, "versions", tuple(sorted(set(self.versions))))
        for name in ("suites", "groups", "signature_schemes", "alpn"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


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

    def __post_init__(self) -> None:
        """Check the configuration. Raises `UsageError`."""
        super().__post_init__()
        object.__setattr__(self, "identities", tuple(self.identities))
        for code in self.suites:
            if not is_implemented(code):
                raise UsageError(f"{suite_name(code)} is not implemented")
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
        anonymous = all(SUITES[code].is_anonymous for code in self.suites)
        if self.client_authentication is ClientAuthentication.REQUIRE and anonymous:
            raise UsageError("anonymous suites authenticate nobody, and a certificate is required")

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

    def __post_init__(self) -> None:
        """Check the configuration. Raises `UsageError`."""
        super().__post_init__()
        object.__setattr__(self, "identities", tuple(self.identities))
        if self.max_fragment_length not in (None, 512, 1024, 2048, 4096):
            raise UsageError("a maximum fragment length is 512, 1024, 2048 or 4096 bytes")
        if self.ssl2_hello and len(self.suites) > _MAX_SSL2_SUITES:
            raise UsageError(f"a hello in SSL 2.0's format lists {_MAX_SSL2_SUITES:,} suites")
