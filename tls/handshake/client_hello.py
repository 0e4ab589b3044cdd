"""What the client offers: the ClientHello and its extensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from tls.configuration import ClientConfig
from tls.entropy import new_session_id
from tls.exchange.selection import is_elliptic
from tls.extensions import (
    ALPN,
    EC_POINT_FORMATS,
    ENCRYPT_THEN_MAC,
    EXTENDED_MASTER_SECRET,
    FRAGMENT_LENGTHS,
    MAX_EXTENSIONS,
    MAX_FRAGMENT_LENGTH,
    RECORD_SIZE_LIMIT,
    RENEGOTIATION_INFO,
    SERVER_NAME,
    SESSION_TICKET,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    SUPPORTED_GROUPS,
    UNCOMPRESSED_POINTS,
    Extensions,
    encode_codes,
    encode_extensions,
    encode_protocols,
    encode_server_name,
)
from tls.groups import is_curve
from tls.handshake.client_resumption import Offer, offer_of
from tls.handshake.context import HandshakeContext
from tls.handshake.renegotiation import clients_renegotiation_info
from tls.hello_form import HelloForm
from tls.hello_template import HelloTemplate
from tls.host_names import ip_address
from tls.messages import ClientHello
from tls.record.compression import DEFLATE, NULL
from tls.sessions import Session
from tls.settings import MAX_LISTS
from tls.suites import EMPTY_RENEGOTIATION_INFO_SCSV, FALLBACK_SCSV, SUITES
from tls.versions import SSL_3_0, TLS_1_2

_NAMES_AND_FLAGS = 1_000


def client_hello(
    context: HandshakeContext, config: ClientConfig, server_name: str, session: Session | None
) -> tuple[ClientHello, Offer | None]:
    """The hello of a configuration, and how it offers to resume a session, if it does."""
    if config.hello is not None:
        return _hello_of_template(context, config, config.hello, server_name, session)
    version = min(config.versions[-1], TLS_1_2)
    first = not context.history.completed
    says = _sayings(config)
    offered: Offer | None = None
    extensions: Extensions = {}
    # SSL 3.0 servers may stumble over extensions: say it by a suite (RFC 5746 §3.4).
    plain = first and (version == SSL_3_0 or config.ssl2_hello)
    if config.secure_renegotiation and not plain:
        extensions[RENEGOTIATION_INFO] = clients_renegotiation_info(context.history)
    if version > SSL_3_0 and not plain:
        # Literal addresses are not permitted in server_name (RFC 6066 §3).
        if config.server_name_indication and ip_address(server_name) is None:
            extensions[SERVER_NAME] = encode_server_name(server_name)
        extensions |= says.extensions
    if session is not None:
        ticket_fits = SESSION_TICKET in extensions and _has_room(extensions, session.ticket)
        offered = offer_of(
            context,
            config,
            server_name,
            session,
            ticket_fits=ticket_fits,
        )
        if offered is not None and offered.ticket:
            extensions[SESSION_TICKET] = offered.ticket
    hello = ClientHello(
        version,
        context.client_random,
        b"" if offered is None else offered.id,
        says.plain_suites if plain else says.suites,
        says.compression_methods,
        extensions,
    )
    return hello, offered


def _hello_of_template(
    context: HandshakeContext,
    config: ClientConfig,
    template: HelloTemplate,
    server_name: str,
    session: Session | None,
) -> tuple[ClientHello, Offer | None]:
    says = template.draw(context.random)
    own = own_name(template.form, server_name)
    if context.history.completed and config.secure_renegotiation:
        # By the extension alone (RFC 5746 §3.5).
        suites = tuple(code for code in says.suites if code != EMPTY_RENEGOTIATION_INFO_SCSV)
        says = replace(says, suites=suites)
        own[RENEGOTIATION_INFO] = clients_renegotiation_info(context.history)
    offered: Offer | None = None
    if session is not None:
        offered = offer_of(
            context,
            config,
            server_name,
            session,
            ticket_fits=SESSION_TICKET in says.extensions
            and _has_room(says.extensions, session.ticket),
        )
        if offered is not None and offered.ticket:
            own[SESSION_TICKET] = offered.ticket
    if offered is not None and offered.id:
        session_id = offered.id
    else:
        session_id = unused_session_id(context, template.form)
    return says.hello(context.client_random, session_id, own), offered


def own_name(form: HelloForm, server_name: str) -> Extensions:
    """The extension that names a server, if the form names any and this is no address."""
    return form.own_name(None if ip_address(server_name) is not None else server_name)


def unused_session_id(context: HandshakeContext, form: HelloForm) -> bytes:
    """An ID of no session, as long as the form has one."""
    length = form.session_id_length
    return new_session_id(context.random.draw)[:length] if length else b""


def _has_room(extensions: Extensions, ticket: bytes) -> bool:
    """Whether a ticket fits beside the other extensions, which a configuration keeps short."""
    if len(ticket) <= MAX_EXTENSIONS - MAX_LISTS - _NAMES_AND_FLAGS:
        return True
    return len(ticket) <= MAX_EXTENSIONS - len(encode_extensions(extensions))


class _Sayings:
    """What every hello of a configuration says, whatever the connection.

    `plain_suites` are those of a hello that has no extensions and says by a suite what it can.
    """

    def __init__(self, config: ClientConfig) -> None:
        offered = offered_suites(config)
        fallback = (FALLBACK_SCSV,) if config.fallback else ()
        renegotiation = (EMPTY_RENEGOTIATION_INFO_SCSV,) if config.secure_renegotiation else ()
        self.suites = offered + fallback
        self.plain_suites = offered + renegotiation + fallback
        self.compression_methods = bytes((DEFLATE, NULL)) if config.compress else bytes((NULL,))
        self.extensions = fixed_extensions(config)


_by_config: WeakKeyDictionary[ClientConfig, _Sayings] = WeakKeyDictionary()


def _sayings(config: ClientConfig) -> _Sayings:
    says = _by_config.get(config)
    if says is None:
        says = _by_config[config] = _Sayings(config)
    return says


def offered_suites(config: ClientConfig) -> tuple[int, ...]:
    """The configuration's suites less those that none of its versions may negotiate."""
    lowest, highest = config.versions[0], config.versions[-1]

    def possible(code: int) -> bool:
        suite = SUITES.get(code)
        return suite is None or (suite.versions[0] <= highest and lowest <= suite.versions[1])

    return tuple(filter(possible, config.suites))


def fixed_extensions(config: ClientConfig) -> Extensions:
    """The extensions that every hello of a configuration has, and that hold no session."""
    extensions = _key_exchange_extensions(config)
    if config.session_tickets:
        extensions[SESSION_TICKET] = b""
    return extensions | _record_and_application_extensions(config)


def _key_exchange_extensions(config: ClientConfig) -> Extensions:
    extensions: Extensions = {}
    if config.extended_master_secret:
        extensions[EXTENDED_MASTER_SECRET] = b""
    if any(is_elliptic(SUITES[code]) for code in config.suites if code in SUITES):
        extensions[EC_POINT_FORMATS] = UNCOMPRESSED_POINTS
        extensions[SUPPORTED_GROUPS] = encode_codes(offered_groups(config.groups))
    return extensions


def _record_and_application_extensions(config: ClientConfig) -> Extensions:
    extensions: Extensions = {}
    if config.encrypt_then_mac:
        extensions[ENCRYPT_THEN_MAC] = b""
    if config.alpn:
        extensions[ALPN] = encode_protocols(config.alpn)
    if config.versions[-1] >= TLS_1_2 and config.signature_schemes:
        extensions[SIGNATURE_ALGORITHMS] = encode_codes(config.signature_schemes)
    if config.versions[-1] >= TLS_1_2 and config.certificate_signature_schemes is not None:
        codes = config.certificate_signature_schemes
        extensions[SIGNATURE_ALGORITHMS_CERT] = encode_codes(codes)
    if config.max_fragment_length is not None:
        code = next(c for c, size in FRAGMENT_LENGTHS.items() if size == config.max_fragment_length)
        extensions[MAX_FRAGMENT_LENGTH] = bytes((code,))
    if config.record_size_limit is not None:
        extensions[RECORD_SIZE_LIMIT] = config.record_size_limit.to_bytes(2, "big")
    return extensions


def offered_groups(groups: Sequence[int]) -> tuple[int, ...]:
    """The curves among the groups.

    Finite fields are left to the server: a client that names some binds it to them, and most
    servers of TLS 1.2 know none by name (RFC 7919 §3).
    """
    return tuple(filter(is_curve, groups))
