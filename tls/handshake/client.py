"""The client's handshake, SSL 3.0 and TLS 1.0 (RFC 2246 §7.3, figures 1 and 2)."""

from __future__ import annotations

from tls.alerts import (
    DECODE_ERROR,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    NO_CERTIFICATE,
    PROTOCOL_VERSION,
    UNSUPPORTED_EXTENSION,
)
from tls.certificates import Certificate as X509Certificate
from tls.certificates import parse_certificate
from tls.configuration import ClientConfig
from tls.errors import PeerError
from tls.events import CertificateAccepted, HandshakeCompleted
from tls.exchange import rsa
from tls.extensions import (
    EMPTY_RENEGOTIATION_INFO,
    RENEGOTIATION_INFO,
    SERVER_NAME,
    Extensions,
    encode_server_name,
)
from tls.handshake.context import HandshakeContext, check_renegotiation_info
from tls.handshake.requests import AgreeOnVersion, Emit, Expect, Handshake, Send, SendAlert
from tls.keys import secrets_from_master, secrets_from_premaster
from tls.messages import (
    Certificate,
    CertificateRequest,
    ClientHello,
    ServerHello,
    ServerHelloDone,
)
from tls.sessions import Session
from tls.suites import EMPTY_RENEGOTIATION_INFO_SCSV, is_implemented, suite_name
from tls.versions import SSL_3_0, version_name

_EXPECT_SERVER_HELLO = Expect(ServerHello)
_EXPECT_CERTIFICATE = Expect(Certificate)
_EXPECT_REQUEST_OR_DONE = Expect(CertificateRequest, ServerHelloDone)
_EXPECT_DONE = Expect(ServerHelloDone)


def client_handshake(
    context: HandshakeContext, config: ClientConfig, server_name: str, offered: Session | None
) -> Handshake:
    """From the ClientHello to the last Finished."""
    context.client_random = context.hello_random()
    hello = _client_hello(context, config, server_name, offered)
    yield Send(hello)
    answer: ServerHello = yield _EXPECT_SERVER_HELLO
    version = _agreed_version(config, answer)
    context.version = version
    context.server_random = answer.random
    yield AgreeOnVersion(version)
    _check_server_hello(hello, answer)

    if offered is not None and answer.session_id == offered.id:
        yield from _resume(context, answer, offered)
        yield Emit(HandshakeCompleted(version, offered.suite, True, offered))
    else:
        session = yield from _negotiate(context, config, hello, answer, server_name)
        remembered = session if session.id else None
        yield Emit(HandshakeCompleted(version, session.suite, False, remembered))


def _client_hello(
    context: HandshakeContext, config: ClientConfig, server_name: str, offered: Session | None
) -> ClientHello:
    client_version = config.versions[-1]
    extensions: Extensions = {}
    suites = config.suites
    if config.secure_renegotiation:
        # SSL 3.0 servers may stumble over extensions: say it by a suite (RFC 5746 §3.4).
        if client_version == SSL_3_0:
            suites = (*suites, EMPTY_RENEGOTIATION_INFO_SCSV)
        else:
            extensions[RENEGOTIATION_INFO] = EMPTY_RENEGOTIATION_INFO
    if config.server_name_indication and client_version > SSL_3_0 and _is_dns_name(server_name):
        extensions[SERVER_NAME] = encode_server_name(server_name)
    session_id = offered.id if offered is not None else b""
    return ClientHello(
        client_version, context.client_random, session_id, suites, extensions=extensions
    )


def _is_dns_name(server_name: str) -> bool:
    # Literal addresses are not permitted in server_name (RFC 6066 §3).
    return not (":" in server_name or server_name.replace(".", "").isdigit())


def _agreed_version(config: ClientConfig, answer: ServerHello) -> int:
    if answer.server_version not in config.versions:
        raise PeerError(PROTOCOL_VERSION, f"the server chose {version_name(answer.server_version)}")
    return answer.server_version


def _check_server_hello(hello: ClientHello, answer: ServerHello) -> None:
    if answer.cipher_suite not in hello.cipher_suites:
        raise PeerError(
            ILLEGAL_PARAMETER, f"the server chose {suite_name(answer.cipher_suite)}, not offered"
        )
    if not is_implemented(answer.cipher_suite):
        raise PeerError(
            HANDSHAKE_FAILURE,
            f"the server chose {suite_name(answer.cipher_suite)}, not implemented",
        )
    if answer.compression_method != 0:
        raise PeerError(ILLEGAL_PARAMETER, "the server chose a compression not offered")
    allowed = set(hello.extensions)
    if EMPTY_RENEGOTIATION_INFO_SCSV in hello.cipher_suites:
        allowed.add(RENEGOTIATION_INFO)
    unsolicited = next((kind for kind in answer.extensions if kind not in allowed), None)
    if unsolicited is not None:
        raise PeerError(UNSUPPORTED_EXTENSION, f"extension {unsolicited} was not asked for")
    check_renegotiation_info(answer.extensions.get(RENEGOTIATION_INFO))


def _resume(context: HandshakeContext, answer: ServerHello, session: Session) -> Handshake:
    """Finished both ways under the session's master secret, the server's first."""
    if answer.server_version != session.version or answer.cipher_suite != session.suite:
        raise PeerError(ILLEGAL_PARAMETER, "a resumed session with another version or suite")
    secrets = secrets_from_master(session.version, session.master_secret, context.meter)
    yield from context.exchange_finished(session.suite, secrets, client_first=False)


def _negotiate(
    context: HandshakeContext,
    config: ClientConfig,
    hello: ClientHello,
    answer: ServerHello,
    server_name: str,
) -> Handshake:
    """The full handshake; returns the new session, whose ID is empty if it cannot be resumed."""
    certificate: Certificate = yield _EXPECT_CERTIFICATE
    leaf = yield from _check_chain(context, config, certificate.chain, server_name)
    message = yield _EXPECT_REQUEST_OR_DONE
    certificate_requested = isinstance(message, CertificateRequest)
    if certificate_requested:
        yield _EXPECT_DONE

    version = context.version
    if certificate_requested:
        yield _no_certificate(version)
    key_exchange, premaster = rsa.client_key_exchange(
        leaf, hello.client_version, context.random, context.meter
    )
    yield Send(key_exchange)
    secrets = secrets_from_premaster(
        version, premaster, context.client_random, context.server_random, context.meter
    )
    yield from context.exchange_finished(answer.cipher_suite, secrets, client_first=True)
    return Session(
        answer.session_id,
        version,
        answer.cipher_suite,
        secrets.master_secret,
        server_name,
        certificate.chain,
    )


def _check_chain(
    context: HandshakeContext, config: ClientConfig, chain: tuple[bytes, ...], server_name: str
) -> Handshake:
    """The leaf of a chain that the configuration accepts, problems and all."""
    if not chain:
        raise PeerError(DECODE_ERROR, "the server sent no certificate")
    problems = config.trust.problems(chain, server_name, context.clock(), context.meter)
    for problem in problems:
        if problem not in config.accept:
            raise PeerError(problem.alert, f"the server's certificate: {problem.description}")
    if problems:
        yield Emit(CertificateAccepted(frozenset(problems)))
    leaf: X509Certificate = parse_certificate(chain[0])
    return leaf


def _no_certificate(version: int) -> Send | SendAlert:
    """A client without a certificate: SSL 3.0 warns, TLS sends an empty list (RFC 2246 §7.4.6)."""
    return SendAlert(NO_CERTIFICATE) if version == SSL_3_0 else Send(Certificate(()))
