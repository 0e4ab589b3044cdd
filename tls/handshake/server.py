"""The server's handshake, SSL 3.0 to TLS 1.2 (RFC 5246 §7.3, figures 1 and 2)."""

from __future__ import annotations

from tls.alerts import HANDSHAKE_FAILURE, ILLEGAL_PARAMETER
from tls.certificates import Certificate as X509Certificate
from tls.certificates import parse_certificate
from tls.certificates.problems import refuse_problems
from tls.certificates.validation import MAX_KEPT_CHAIN, Validation
from tls.configuration import ClientAuthentication, ServerConfig
from tls.deferrable import AcceptSession, LookUpSession, OpenTicket, SealTicket, StoreSession
from tls.entropy import new_session_id
from tls.errors import PeerError
from tls.events import (
    CertificateAccepted,
    ClientAuthenticated,
    HandshakeCompleted,
    SessionLookedUp,
)
from tls.exchange import ExchangeContext
from tls.exchange.selection import key_exchange
from tls.extensions import SESSION_TICKET
from tls.handshake.authentication import ConversationCheck, sign_parameters
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Expect, Handshake
from tls.handshake.selection import Choice, ClientOffer, choose, read_offer
from tls.handshake.server_extensions import answer_extensions
from tls.keys import Secrets
from tls.messages import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    ClientHello,
    ClientKeyExchange,
    NewSessionTicket,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchange,
)
from tls.reasons import Reason
from tls.sessions import Session
from tls.signatures import BEFORE_TLS_1_2
from tls.suites import SUITES
from tls.versions import SSL_3_0, TLS_1_2

_EXPECT_CERTIFICATE = Expect(Certificate)
_EXPECT_CERTIFICATE_OR_KEY_EXCHANGE = Expect(Certificate, ClientKeyExchange)
_EXPECT_KEY_EXCHANGE = Expect(ClientKeyExchange)
_EXPECT_CERTIFICATE_VERIFY = Expect(CertificateVerify)

# Members of an enumeration are looked up slowly.
_NO_CERTIFICATE_ASKED = ClientAuthentication.NONE
_REQUIRE = ClientAuthentication.REQUIRE

_NO_TICKET = NewSessionTicket(0, b"")

# rsa_sign, dss_sign, ecdsa_sign (RFC 2246 §7.4.4, RFC 8422 §5.5)
_CERTIFICATE_TYPES = b"\x01\x02\x40"


def answer_hello(
    context: HandshakeContext, config: ServerConfig, hello: ClientHello, version: int
) -> Handshake:
    """From the ClientHello, by which `version` is agreed on, to the last Finished."""
    offer = read_offer(context, config, hello, version)
    context.version = version
    context.channel.agree_on_version(version)
    context.client_random = hello.random
    context.server_random = context.hello_random()

    session = yield from _resumable_session(context, config, offer)
    if session is not None:
        yield from _resume(context, config, offer, session)
    else:
        yield from _negotiate(context, config, offer)


# -- an abbreviated handshake


def _resumable_session(
    context: HandshakeContext, config: ServerConfig, offer: ClientOffer
) -> Handshake:
    """The offered session, if it is still known and fits this hello; else `None`."""
    session: Session | None = None
    ticket = offer.extensions.get(SESSION_TICKET)
    if ticket and config.ticket_keys is not None:
        opened = yield OpenTicket(ticket)
        context.channel.tell(SessionLookedUp(ticket, opened is not None, by_ticket=True))
        if opened is not None:
            session, offer.renew_ticket = opened
    elif offer.hello.session_id and config.remembers:
        session = yield LookUpSession(offer.hello.session_id)
        context.channel.tell(SessionLookedUp(offer.hello.session_id, session is not None))
    if session is None or not _fits(config, offer, session):
        return None
    if session.certificates and not still_accepts(context, config, session):
        return None
    if session.suite not in offer.hello.cipher_suites:
        # RFC 5246 §7.4.1.2: the hello MUST include the suite of the session it offers.
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.SESSION_SUITE_NOT_OFFERED,
            "the offered session's suite is not offered",
        )
    if session.extended_master_secret and not offer.extended_master_secret:
        raise PeerError(
            HANDSHAKE_FAILURE,
            Reason.EXTENDED_MASTER_SECRET_DROPPED,
            "the session's extended master secret is not offered",
        )
    return session


def _fits(config: ServerConfig, offer: ClientOffer, session: Session) -> bool:
    """Whether a session may be resumed under this hello (RFC 5246 §7.4.1.2, RFC 7627 §5.3)."""
    hello = offer.hello
    return (
        session.version == offer.version
        and session.suite in config.suites
        and session.compression in hello.compression_methods
        and session.server_name == offer.server_name
        and (session.extended_master_secret or not offer.extended_master_secret)
        and (bool(session.certificates) or config.client_authentication is not _REQUIRE)
    )


def still_accepts(context: HandshakeContext, config: ServerConfig, session: Session) -> bool:
    """Whether a client's chain that a session was authenticated by would be accepted now.

    Signatures that were verified when the session was made are not verified again.
    """
    session.validation = config.client_trust.validate_client(
        session.certificates,
        context.clock(),
        context.meter,
        schemes=config.verifiable_signatures(session.version),
        earlier=session.validation,
    )
    problems = session.validation.problems
    return not problems or config.accept.issuperset(problems)


def _resume(
    context: HandshakeContext, config: ServerConfig, offer: ClientOffer, session: Session
) -> Handshake:
    """ServerHello with the session's own ID, then Finished both ways, the server's first."""
    suite = SUITES[session.suite]
    issues_ticket = offer.renew_ticket and config.ticket_keys is not None
    context.compression = session.compression
    answer_extensions(context, config, offer, suite, issues_ticket=issues_ticket, resumes=True)
    context.channel.send(
        ServerHello(
            session.version,
            context.server_random,
            # A ticket's session has no ID of its own (RFC 5077 §3.4).
            offer.hello.session_id,
            session.suite,
            session.compression,
            offer.answered,
        )
    )
    secrets = context.resumed_secrets(session)
    write_keys, read_keys = context.new_keys(suite, secrets)
    if issues_ticket:
        yield from _send_ticket(context, config, session)
    context.send_finished(write_keys, secrets)
    yield from context.expect_finished(read_keys, secrets)
    if session.certificates:
        context.channel.tell(ClientAuthenticated(session.certificates))
    context.channel.complete(
        HandshakeCompleted(
            session.version, session.suite, True, session, offer.application_protocol
        ),
        session.certificates,
    )


# -- a full handshake


def _negotiate(context: HandshakeContext, config: ServerConfig, offer: ClientOffer) -> Handshake:
    """Hello, certificate, key exchange, Finished both ways, the client's first."""
    choice = choose(context, config, offer)
    suite = choice.suite
    issues_ticket = config.ticket_keys is not None and SESSION_TICKET in offer.extensions
    remembers = config.remembers and not issues_ticket and (yield AcceptSession())
    session_id = new_session_id(context.random.draw) if remembers else b""
    context.compression = choice.compression
    answer_extensions(context, config, offer, suite, issues_ticket=issues_ticket)
    context.channel.send(
        ServerHello(
            context.version,
            context.server_random,
            session_id,
            suite.code,
            choice.compression,
            offer.answered,
        )
    )
    if choice.identity is not None:
        context.channel.send(Certificate(choice.identity.chain))
    exchange = key_exchange(
        suite,
        ExchangeContext(
            context.version,
            offer.hello.client_version,
            context.random,
            context.meter,
            choice.groups,
            choice.field,
            choice.identity,
        ),
    )
    yield from _send_parameters(context, choice, exchange.offer())
    context.curve = exchange.curve
    asks = config.client_authentication is not _NO_CERTIFICATE_ASKED and not suite.is_anonymous
    if asks:
        context.channel.send(
            CertificateRequest(
                _CERTIFICATE_TYPES, config.client_authorities or (), tuple(config.signature_schemes)
            )
        )
    context.channel.send(ServerHelloDone())

    chain: tuple[bytes, ...] = ()
    validation: Validation | None = None
    message: ClientKeyExchange | None = None
    if asks:
        chain, validation, message = yield from _client_chain(context, config)
    if message is None:
        message = yield _EXPECT_KEY_EXCHANGE
    premaster = yield from exchange.conclude(message.body)
    secrets = context.new_secrets(suite, premaster)
    if chain:
        yield from _check_possession(context, parse_certificate(chain[0]), secrets)
        context.channel.tell(ClientAuthenticated(chain))
    session = Session(
        session_id,
        context.version,
        suite.code,
        secrets.master_secret,
        offer.server_name,
        chain,
        context.compression,
        context.extended_master_secret,
        validation=validation,
    )
    yield from _finish(context, config, offer, secrets, session, issues_ticket)


def _send_parameters(
    context: HandshakeContext, choice: Choice, parameters: bytes | None
) -> Handshake:
    if parameters is None:
        return
    signature = b""
    if choice.identity is not None:
        signature = yield from sign_parameters(context, choice.identity, parameters, choice.scheme)
    context.channel.send(ServerKeyExchange(parameters + signature))


def _client_chain(context: HandshakeContext, config: ServerConfig) -> Handshake:
    """The client's chain, empty if it has none, what was found in it, and the ClientKeyExchange.

    The last is `None` where it has not come yet.

    In SSL 3.0 a client without a certificate sends the alert no_certificate and goes on
    (RFC 6101 §5.6.6).
    """
    message: Certificate | ClientKeyExchange
    if context.version == SSL_3_0:
        message = yield _EXPECT_CERTIFICATE_OR_KEY_EXCHANGE
    else:
        message = yield _EXPECT_CERTIFICATE
    chain = message.chain if isinstance(message, Certificate) else ()
    key_exchange_message = message if isinstance(message, ClientKeyExchange) else None
    if not chain:
        if config.client_authentication is _REQUIRE:
            raise PeerError(
                HANDSHAKE_FAILURE, Reason.CERTIFICATE_MISSING, "the client has no certificate"
            )
        return chain, None, key_exchange_message
    validation = config.client_trust.validate_client(
        chain,
        context.clock(),
        context.meter,
        schemes=config.verifiable_signatures(context.version),
    )
    refuse_problems(validation.problems, config.accept, "client")
    if validation.problems:
        context.channel.tell(CertificateAccepted(frozenset(validation.problems)))
    return chain, validation, key_exchange_message


def _check_possession(
    context: HandshakeContext, certificate: X509Certificate, secrets: Secrets
) -> Handshake:
    """The CertificateVerify: the client holds its certificate's key."""
    if not certificate.may_sign:
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.KEY_USAGE_OF_CLIENT, "the client's key is not for signatures"
        )
    if context.version < TLS_1_2 and certificate.key_kind not in BEFORE_TLS_1_2:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.KEY_KIND_OF_SIGNATURE_SCHEME,
            "the client's key does not sign before TLS 1.2",
        )
    conversation = ConversationCheck(context, certificate, secrets)
    message: CertificateVerify = yield _EXPECT_CERTIFICATE_VERIFY
    conversation.check(message)


def _finish(
    context: HandshakeContext,
    config: ServerConfig,
    offer: ClientOffer,
    secrets: Secrets,
    session: Session,
    issues_ticket: bool,
) -> Handshake:
    write_keys, read_keys = context.new_keys(SUITES[session.suite], secrets)
    yield from context.expect_finished(read_keys, secrets)
    kept = sum(map(len, session.certificates)) <= MAX_KEPT_CHAIN
    if issues_ticket and kept:
        yield from _send_ticket(context, config, session)
    elif issues_ticket:
        context.channel.send(_NO_TICKET)
    context.send_finished(write_keys, secrets)
    if session.id and kept:
        yield StoreSession(session)
    remembered = session if kept and (session.id or issues_ticket) else None
    context.channel.complete(
        HandshakeCompleted(
            session.version,
            session.suite,
            False,
            remembered,
            offer.application_protocol,
            context.curve,
        ),
        session.certificates,
    )


def _send_ticket(context: HandshakeContext, config: ServerConfig, session: Session) -> Handshake:
    assert config.ticket_keys is not None
    ticket: bytes = yield SealTicket(session)
    lifetime = int(config.ticket_keys.lifetime)
    context.channel.send(NewSessionTicket(lifetime, ticket) if ticket else _NO_TICKET)
