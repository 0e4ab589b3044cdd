"""The client's handshake, SSL 3.0 to TLS 1.2 (RFC 5246 §7.3, figures 1 and 2)."""

from __future__ import annotations

from tls.alerts import (
    DECODE_ERROR,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    NO_CERTIFICATE,
)
from tls.certificates import Certificate as X509Certificate
from tls.certificates import Identity, parse_certificate
from tls.certificates.certificate import shared
from tls.certificates.problems import refuse_problems
from tls.certificates.validation import MAX_KEPT_CHAIN, Validation
from tls.configuration import ClientConfig
from tls.errors import PeerError
from tls.events import CertificateAccepted, FalseStart, HandshakeCompleted
from tls.exchange import MINIMUM_EXPORT_BITS, ExchangeContext
from tls.exchange.selection import (
    key_exchange,
    key_kinds,
    sends_parameters,
    signs_parameters,
)
from tls.extensions import SUPPORTED_GROUPS
from tls.handshake.authentication import (
    check_parameters,
    is_verifiable,
    sign_conversation,
    usable_scheme,
)
from tls.handshake.choices import lists, unusable_suite
from tls.handshake.client_extensions import Agreed, read_extensions
from tls.handshake.client_resumption import Offer, minimum_key_bits
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Expect, Handshake
from tls.keys import Secrets
from tls.messages import (
    Certificate,
    CertificateRequest,
    ClientHello,
    ClientKeyExchange,
    NewSessionTicket,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchange,
)
from tls.reasons import Reason
from tls.record.compression import DEFLATE, NULL
from tls.sessions import Session
from tls.signatures import BEFORE_TLS_1_2
from tls.suites import SUITES, CipherSuite
from tls.versions import SSL_3_0, TLS_1_2, version_name
from tls.wire import Reader

_EXPECT_CERTIFICATE = Expect(Certificate)
_EXPECT_PARAMETERS = Expect(ServerKeyExchange)
_EXPECT_REQUEST_OR_DONE = Expect(CertificateRequest, ServerHelloDone)
_EXPECT_DONE = Expect(ServerHelloDone)
_EXPECT_TICKET = Expect(NewSessionTicket)

_FALSE_START_STRENGTH = 128


def follow_server(
    context: HandshakeContext,
    config: ClientConfig,
    server_name: str,
    hello: ClientHello,
    offered: Offer | None,
    answer: ServerHello,
    version: int,
) -> Handshake:
    """From the ServerHello, by which `version` is agreed on, to the last Finished.

    `offered` is the session that the hello offers to resume.
    """
    context.version = version
    context.server_random = answer.random
    context.channel.agree_on_version(version)
    suite = _agreed_suite(hello, answer)
    context.compression = answer.compression_method
    agreed = read_extensions(context, hello, answer, suite)

    if offered is not None and answer.session_id == hello.session_id:
        session = yield from _resume(context, answer, agreed, offered.session)
    else:
        session = yield from _negotiate(context, config, hello, answer, agreed, server_name)
    context.channel.complete(
        HandshakeCompleted(
            version,
            suite.code,
            agreed.resumed,
            session if agreed.resumed or _is_resumable(session) else None,
            agreed.application_protocol,
            context.curve,
        ),
        session.certificates,
    )


def _is_resumable(session: Session) -> bool:
    kept = sum(map(len, session.certificates)) <= MAX_KEPT_CHAIN
    return kept and bool(session.id or session.ticket)


def _agreed_suite(hello: ClientHello, answer: ServerHello) -> CipherSuite:
    code = answer.cipher_suite
    suite = SUITES.get(code)
    if suite is None or code not in hello.cipher_suites:
        raise unusable_suite(hello, code)
    if not suite.allowed_in(answer.server_version):
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.SUITE_OF_ANOTHER_VERSION,
            f"{suite.name} in {version_name(answer.server_version)}",
        )
    if answer.compression_method not in hello.compression_methods:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.COMPRESSION_NOT_OFFERED,
            "the server chose a compression not offered",
        )
    if answer.compression_method not in (NULL, DEFLATE):
        raise PeerError(
            HANDSHAKE_FAILURE,
            Reason.COMPRESSION_NOT_IMPLEMENTED,
            f"the server chose compression {answer.compression_method}, not implemented",
        )
    return suite


# -- an abbreviated handshake


def _resume(
    context: HandshakeContext, answer: ServerHello, agreed: Agreed, session: Session
) -> Handshake:
    """Finished both ways under the session's master secret, the server's first."""
    if (answer.server_version, answer.cipher_suite) != (session.version, session.suite):
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.RESUMED_WITH_ANOTHER_VERSION_OR_SUITE,
            "a resumed session with another version or suite",
        )
    if answer.compression_method != session.compression:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.RESUMED_WITH_ANOTHER_COMPRESSION,
            "a resumed session with another compression",
        )
    if context.extended_master_secret != session.extended_master_secret:
        raise PeerError(
            HANDSHAKE_FAILURE,
            Reason.RESUMED_WITH_ANOTHER_MASTER_SECRET,
            "a resumed session with another kind of master secret",
        )
    agreed.resumed = True
    secrets = context.resumed_secrets(session)
    write_keys, read_keys = context.new_keys(SUITES[session.suite], secrets)
    if agreed.expects_ticket:
        ticket: NewSessionTicket = yield _EXPECT_TICKET
        session = _with_ticket(session, ticket)
    yield from context.expect_finished(read_keys, secrets)
    context.send_finished(write_keys, secrets)
    return session


def _with_ticket(session: Session, ticket: NewSessionTicket) -> Session:
    if not ticket.ticket:  # the server changed its mind (RFC 5077 §3.3)
        return session
    return Session(
        session.id,
        session.version,
        session.suite,
        session.master_secret,
        session.server_name,
        session.certificates,
        session.compression,
        session.extended_master_secret,
        ticket.ticket,
        ticket.lifetime_hint,
        session.validation,
    )


# -- a full handshake


def _negotiate(
    context: HandshakeContext,
    config: ClientConfig,
    hello: ClientHello,
    answer: ServerHello,
    agreed: Agreed,
    server_name: str,
) -> Handshake:
    """Certificate, key exchange, Finished both ways, the client's first; returns the session."""
    suite = SUITES[answer.cipher_suite]
    chain: tuple[bytes, ...] = ()
    leaf: X509Certificate | None = None
    validation: Validation | None = None
    if not suite.is_anonymous:
        message: Certificate = yield _EXPECT_CERTIFICATE
        # Sessions of one server share their chain's bytes.
        chain = tuple(map(shared, message.chain))
        validation = _check_chain(context, config, hello, suite, chain, server_name)
        leaf = parse_certificate(chain[0])
    exchange = key_exchange(
        suite,
        ExchangeContext(
            context.version,
            hello.client_version,
            context.random,
            context.meter,
            tuple(config.groups),
            certificate=leaf,
            minimum_bits=MINIMUM_EXPORT_BITS if suite.is_export else config.minimum_key_bits,
            is_offered=lambda group: lists(hello, SUPPORTED_GROUPS, group),
        ),
    )
    parameters: Reader | None = None
    key_size = leaf.key_size if leaf is not None else 0
    if sends_parameters(suite, key_size):
        server_key_exchange: ServerKeyExchange = yield _EXPECT_PARAMETERS
        parameters = Reader(server_key_exchange.body)
    key_exchange_body, premaster = exchange.answer(parameters)
    context.curve = exchange.curve
    if parameters is not None:
        if leaf is not None:
            signed = parameters.data[: parameters.position]
            check_parameters(context, hello, leaf, signed, parameters)
        else:
            parameters.finish()

    request: CertificateRequest | ServerHelloDone = yield _EXPECT_REQUEST_OR_DONE
    identity: Identity | None = None
    if isinstance(request, CertificateRequest):
        if suite.is_anonymous:
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.CERTIFICATE_REQUEST_OF_ANONYMOUS_SERVER,
                "an anonymous server asks for a certificate",
            )
        yield _EXPECT_DONE
        identity = _own_identity(context, config, request)
        _send_own_certificate(context, identity)
    context.channel.send(ClientKeyExchange(key_exchange_body))
    secrets = context.new_secrets(suite, premaster)
    if identity is not None and isinstance(request, CertificateRequest):
        verify_message = yield from sign_conversation(
            context, identity, secrets, request.signature_schemes
        )
        context.channel.send(verify_message)
    session = Session(
        answer.session_id,
        context.version,
        suite.code,
        secrets.master_secret,
        server_name,
        chain,
        context.compression,
        context.extended_master_secret,
        validation=validation,
    )
    return (yield from _finish(context, config, suite, secrets, agreed, session))


def _finish(
    context: HandshakeContext,
    config: ClientConfig,
    suite: CipherSuite,
    secrets: Secrets,
    agreed: Agreed,
    session: Session,
) -> Handshake:
    write_keys, read_keys = context.new_keys(suite, secrets)
    context.send_finished(write_keys, secrets)
    if config.false_start and _allows_false_start(suite):
        context.channel.tell(FalseStart())
        context.channel.allow_sending()
    if agreed.expects_ticket:
        ticket: NewSessionTicket = yield _EXPECT_TICKET
        session = _with_ticket(session, ticket)
    yield from context.expect_finished(read_keys, secrets)
    return session


def _allows_false_start(suite: CipherSuite) -> bool:
    """Strong, forward secret and authenticated (RFC 7918 §3)."""
    forward_secret = suite.key_exchange.startswith(("DHE_", "ECDHE_"))
    strong = suite.cipher.mode == "aead" and suite.cipher.strength >= _FALSE_START_STRENGTH
    return forward_secret and strong


def _check_chain(
    context: HandshakeContext,
    config: ClientConfig,
    hello: ClientHello,
    suite: CipherSuite,
    chain: tuple[bytes, ...],
    server_name: str,
) -> Validation:
    """What was found in a chain that the configuration accepts, problems and all."""
    if not chain:
        raise PeerError(DECODE_ERROR, Reason.CERTIFICATE_MISSING, "the server sent no certificate")
    validation = config.trust.validate_server(
        chain,
        server_name,
        context.clock(),
        context.meter,
        minimum_key_bits=minimum_key_bits(config, suite),
        schemes=config.verifiable_signatures(context.version),
    )
    refuse_problems(validation.problems, config.accept, "server")
    leaf = parse_certificate(chain[0])
    early = context.version < TLS_1_2 and leaf.key_kind not in BEFORE_TLS_1_2
    if early or leaf.key_kind not in key_kinds(suite):
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.KEY_KIND_OF_SUITE, f"{suite.name} with a key of another kind"
        )
    groups = config.groups if SUPPORTED_GROUPS in hello.extensions else None
    if leaf.curve is not None and groups is not None and leaf.curve not in groups:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.CERTIFICATE_CURVE_NOT_OFFERED,
            "the server's key is on a curve that was not offered",
        )
    if signs_parameters(suite, leaf.key_size) and not leaf.may_sign:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.KEY_USAGE_OF_SUITE,
            "the certificate's key is not for signatures",
        )
    if validation.problems:
        context.channel.tell(CertificateAccepted(frozenset(validation.problems)))
    return validation


_KINDS_OF_TYPES = {1: ("rsa", "rsa-pss"), 2: ("dsa",), 64: ("ecdsa", "ed25519", "ed448")}


def _own_identity(
    context: HandshakeContext, config: ClientConfig, request: CertificateRequest
) -> Identity | None:
    """The first identity whose key and issuer the server asks for."""
    kinds = {kind for code in request.certificate_types for kind in _KINDS_OF_TYPES.get(code, ())}
    for identity in config.identities:
        issuers = {each.issuer for each in identity.certificates}
        wanted = not request.certificate_authorities or issuers & set(
            request.certificate_authorities
        )
        if identity.key_kind not in kinds or not wanted or not identity.leaf.may_sign:
            continue
        if context.version >= TLS_1_2:
            schemes = config.signature_schemes
            if usable_scheme(identity, schemes, request.signature_schemes) is None:
                continue
            if not is_verifiable(identity, request.signature_schemes):
                continue
        elif identity.key_kind not in BEFORE_TLS_1_2:
            continue
        return identity
    return None


def _send_own_certificate(context: HandshakeContext, identity: Identity | None) -> None:
    """Without a certificate SSL 3.0 warns, TLS sends an empty list (RFC 2246 §7.4.6)."""
    if identity is not None:
        context.channel.send(Certificate(identity.chain))
    elif context.version == SSL_3_0:
        context.channel.send_warning(NO_CERTIFICATE)
    else:
        context.channel.send(Certificate(()))
