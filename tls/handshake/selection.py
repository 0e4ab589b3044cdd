"""What the server reads in a ClientHello and what it chooses from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tls.alerts import (
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    INSUFFICIENT_SECURITY,
)
from tls.certificates import Identity
from tls.configuration import ClientAuthentication, ServerConfig
from tls.errors import PeerError
from tls.exchange.selection import (
    is_elliptic,
    is_finite_field_exchange,
    key_kinds,
    signs_parameters,
)
from tls.extensions import (
    EC_POINT_FORMATS,
    EXTENDED_MASTER_SECRET,
    SERVER_NAME,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    SUPPORTED_GROUPS,
    Extensions,
    decode_codes,
    decode_point_formats,
    decode_server_name,
    require_empty,
)
from tls.groups import (
    EXPORT_FIELD,
    SECP256R1,
    FiniteField,
    finite_field,
    is_curve,
    is_finite_field,
)
from tls.handshake.authentication import implied_schemes, is_verifiable, usable_scheme
from tls.handshake.context import HandshakeContext
from tls.handshake.renegotiation import check_client_hello
from tls.messages import ClientHello
from tls.reasons import Reason
from tls.record.compression import DEFLATE, NULL
from tls.signatures import BEFORE_TLS_1_2, SignatureScheme
from tls.suites import SUITES, CipherSuite
from tls.versions import SSL_3_0, TLS_1_2


@dataclass(slots=True)
class ClientOffer:
    """A ClientHello, understood.

    `extensions` are those that can be answered: none in SSL 3.0. `groups` are the client's named
    groups, `None` when it names none; `certificate_schemes` are those that it takes certificates
    signed by, likewise. `answered` collects the extensions of the ServerHello.
    """

    hello: ClientHello
    version: int
    extensions: Extensions
    server_name: str | None
    groups: tuple[int, ...] | None
    schemes: tuple[int, ...]
    certificate_schemes: tuple[int, ...] | None
    extended_master_secret: bool
    renew_ticket: bool = False
    application_protocol: str | None = None
    answered: Extensions = field(default_factory=dict)


@dataclass(slots=True)
class Choice:
    """What a full handshake uses: suite, identity and scheme, curves, field, compression."""

    suite: CipherSuite
    identity: Identity | None
    scheme: SignatureScheme | None
    groups: tuple[int, ...]
    field: FiniteField | None
    compression: int


def read_offer(
    context: HandshakeContext, config: ServerConfig, hello: ClientHello, version: int
) -> ClientOffer:
    """The offer in a ClientHello. Raises `PeerError` for what is malformed or impossible."""
    if NULL not in hello.compression_methods:
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.NULL_COMPRESSION_MISSING, "null compression is not offered"
        )
    check_client_hello(context.history, hello)
    extensions = hello.extensions if version > SSL_3_0 else {}
    server_name = extensions.get(SERVER_NAME)
    groups = extensions.get(SUPPORTED_GROUPS)
    schemes = extensions.get(SIGNATURE_ALGORITHMS) if version >= TLS_1_2 else None
    master_secret = extensions.get(EXTENDED_MASTER_SECRET)
    if EC_POINT_FORMATS in extensions:
        decode_point_formats(extensions[EC_POINT_FORMATS])
    if master_secret is not None:
        require_empty(master_secret, "extended_master_secret")
    elif context.history.extended_master_secret:
        raise PeerError(
            HANDSHAKE_FAILURE,
            Reason.EXTENDED_MASTER_SECRET_DROPPED,
            "a renegotiation drops the extended master secret",
        )
    of_certificates = None
    if schemes is not None:
        of_certificates = decode_codes(extensions.get(SIGNATURE_ALGORITHMS_CERT, schemes))
    return ClientOffer(
        hello,
        version,
        extensions,
        None if server_name is None else decode_server_name(server_name),
        None if groups is None else decode_codes(groups),
        implied_schemes(None if schemes is None else decode_codes(schemes)),
        of_certificates,
        config.extended_master_secret and master_secret is not None,
    )


def choose(context: HandshakeContext, config: ServerConfig, offer: ClientOffer) -> Choice:
    """The first of the server's suites that the client offers and both can run.

    By a chain that the client can verify, if there is one (RFC 5246 §7.4.2).

    Raises `PeerError(handshake_failure)` when there is none; `insufficient_security` when the
    client names finite fields, and no group that the server has (RFC 7919 §4).
    """
    compression = NULL
    if config.compress and DEFLATE in offer.hello.compression_methods:
        compression = DEFLATE
    identities = config.identities_for(offer.server_name)
    taken = offer.certificate_schemes
    verifiable = [each for each in identities if taken is None or is_verifiable(each, taken)]
    choice = _first_choice(config, offer, verifiable, compression)
    if choice is None and len(verifiable) < len(identities):
        choice = _first_choice(config, offer, identities, compression)
    if choice is not None:
        return choice
    named = _named_fields(offer)
    if named and not set(offer.groups or ()) & set(config.groups):
        raise PeerError(
            INSUFFICIENT_SECURITY, Reason.NO_GROUP_IN_COMMON, "no named group in common"
        )
    raise PeerError(HANDSHAKE_FAILURE, Reason.NO_SUITE_IN_COMMON, "no cipher suite in common")


def _first_choice(
    config: ServerConfig, offer: ClientOffer, identities: Sequence[Identity], compression: int
) -> Choice | None:
    for code in config.suites:
        if code not in offer.hello.cipher_suites:
            continue
        suite = SUITES.get(code)
        if suite is None or not suite.allowed_in(offer.version):
            continue
        groups = _curves(config, offer) if is_elliptic(suite) else ()
        finite = _field(config, offer, suite) if is_finite_field_exchange(suite) else None
        if (is_elliptic(suite) and not groups) or (
            is_finite_field_exchange(suite) and finite is None
        ):
            continue
        if suite.is_anonymous:
            if config.client_authentication is ClientAuthentication.REQUIRE:
                continue
            return Choice(suite, None, None, groups, finite, compression)
        for identity in identities:
            if not _lists_curve(offer, identity):
                continue
            able, scheme = authenticates(
                identity, suite, offer.version, config.signature_schemes, offer.schemes
            )
            if able:
                return Choice(suite, identity, scheme, groups, finite, compression)
    return None


def authenticates(
    identity: Identity,
    suite: CipherSuite,
    version: int,
    own: Iterable[int],
    peers: tuple[int, ...],
) -> tuple[bool, SignatureScheme | None]:
    """Whether an identity can authenticate a suite, and the scheme it signs by, if by one.

    Its key usage fits what it is for (RFC 5246 §7.4.2).

    Args:
        identity: the server's.
        suite: not one of TLS 1.3.
        version: that is agreed on.
        own: the server's signature schemes, in order of preference.
        peers: the client's.
    """
    if identity.key_kind not in key_kinds(suite):
        return False, None
    if not signs_parameters(suite, identity.key_size):
        return identity.leaf.may_encipher_keys, None
    if not identity.leaf.may_sign:
        return False, None
    if version < TLS_1_2:
        return identity.key_kind in BEFORE_TLS_1_2, None
    scheme = usable_scheme(identity, own, peers)
    return scheme is not None, scheme


def _lists_curve(offer: ClientOffer, identity: Identity) -> bool:
    """Whether the client has the curve of an ECDSA key; one that lists none has any.

    (RFC 8422 §4, §5.3)
    """
    curve = identity.leaf.curve
    return curve is None or offer.groups is None or curve in offer.groups


def _curves(config: ServerConfig, offer: ClientOffer) -> tuple[int, ...]:
    """The curves both sides have, the server's preference first.

    A client that names no groups takes any (RFC 8422 §4); P-256 is the one all have.
    """
    if offer.groups is None:
        return (SECP256R1,) if SECP256R1 in config.groups else ()
    offered = offer.groups
    return tuple([group for group in config.groups if group in offered and is_curve(group)])


def _field(config: ServerConfig, offer: ClientOffer, suite: CipherSuite) -> FiniteField | None:
    """The finite field of a suite; `None` when the client names only others (RFC 7919 §4).

    Export suites have their own, which has no name: Java's clients offer them beside named fields.
    """
    if suite.is_export:
        return EXPORT_FIELD
    named = _named_fields(offer)
    if not named:
        return config.diffie_hellman_field
    common = next((group for group in config.groups if group in named), None)
    return None if common is None else finite_field(common)


def _named_fields(offer: ClientOffer) -> list[int]:
    """The finite fields that the client names, known here or not."""
    return [group for group in offer.groups or () if is_finite_field(group)]
