"""The hellos as far as they agree on a version, and the family of handshakes that follows."""

from __future__ import annotations

from tls.alerts import ILLEGAL_PARAMETER, INAPPROPRIATE_FALLBACK, PROTOCOL_VERSION
from tls.configuration import ClientConfig, ServerConfig
from tls.errors import PeerError
from tls.extensions import SUPPORTED_VERSIONS
from tls.handshake.client import follow_server
from tls.handshake.client_hello import client_hello
from tls.handshake.context import DOWNGRADE, DOWNGRADE_FROM_TLS_1_3, HandshakeContext
from tls.handshake.requests import Expect, Handshake
from tls.handshake.server import answer_hello
from tls.handshake.tls13 import client as tls13_client
from tls.handshake.tls13 import server as tls13_server
from tls.messages import ClientHello, ServerHello
from tls.reasons import Reason
from tls.sessions import Session
from tls.suites import FALLBACK_SCSV
from tls.tls13.hello_extensions import OfferedVersions
from tls.versions import TLS_1_0, TLS_1_2, TLS_1_3, version_name

_EXPECT_CLIENT_HELLO = Expect(ClientHello)
_EXPECT_SERVER_HELLO = Expect(ServerHello)
_RANDOM_LENGTH = 32


def client_handshake(
    context: HandshakeContext, config: ClientConfig, server_name: str, session: Session | None
) -> Handshake:
    """From the ClientHello to the last Finished; `session` is offered if it may be."""
    first = not context.history.completed
    if config.versions[-1] == TLS_1_3 and first and not config.ssl2_hello:
        return _offer_tls_1_3(context, config, server_name, session)
    context.client_random = context.hello_random()
    hello, offered = client_hello(context, config, server_name, session)
    if config.ssl2_hello and first:
        context.channel.send_ssl2_hello(hello)
    else:
        context.channel.send(hello)
    answer: ServerHello = yield _EXPECT_SERVER_HELLO
    version = _agreed_version(config, answer)
    return follow_server(context, config, server_name, hello, offered, answer, version)


def _offer_tls_1_3(
    context: HandshakeContext, config: ClientConfig, server_name: str, session: Session | None
) -> Handshake:
    """The same where the hello offers TLS 1.3, and perhaps versions before."""
    context.client_random = context.random.draw(_RANDOM_LENGTH)
    offer = tls13_client.send_hello(context, config, server_name, session)
    answer: ServerHello = yield _EXPECT_SERVER_HELLO
    if tls13_client.selects_tls_1_3(answer):
        return tls13_client.follow_server(context, config, server_name, offer, answer)
    version = _agreed_version(config, answer)
    tls13_client.refuse_version_before(offer)
    return follow_server(context, config, server_name, offer.hello, offer.resumes, answer, version)


def _agreed_version(config: ClientConfig, answer: ServerHello) -> int:
    if answer.server_version not in config.versions or answer.server_version >= TLS_1_3:
        raise PeerError(
            PROTOCOL_VERSION,
            Reason.VERSION_NOT_OFFERED,
            f"the server chose {version_name(answer.server_version)}",
        )
    highest, random = config.versions[-1], answer.random
    if answer.server_version < TLS_1_2 <= highest and random.endswith(DOWNGRADE):
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.DOWNGRADED, "the server speaks TLS 1.2 and was told we do not"
        )
    if highest == TLS_1_3 and random.endswith(DOWNGRADE_FROM_TLS_1_3):
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.DOWNGRADED, "the server speaks TLS 1.3 and was told we do not"
        )
    return answer.server_version


def server_handshake(context: HandshakeContext, config: ServerConfig) -> Handshake:
    """From the ClientHello to the last Finished."""
    hello: ClientHello = yield _EXPECT_CLIENT_HELLO
    version = negotiate_version(config, hello)
    if version == TLS_1_3:
        return tls13_server.answer_hello(context, config, hello)
    return answer_hello(context, config, hello, version)


def negotiate_version(config: ServerConfig, hello: ClientHello) -> int:
    """The highest version both sides speak (RFC 5246 appendix E.1, RFC 7507 §3).

    A server that speaks TLS 1.3 goes by the client's list, where there is one (RFC 8446 §4.2.1).
    """
    highest = config.versions[-1]
    listed = hello.extensions.get(SUPPORTED_VERSIONS) if highest == TLS_1_3 else None
    if listed is not None:
        offered = OfferedVersions.decode(listed).versions
        # SSL 3.0 is chosen for who speaks no more, and lists it (JSSE), never for who seems to
        # speak more (RFC 8446 appendix D.5).
        lowest = min(hello.client_version, TLS_1_0)
        common = [each for each in config.versions if each in offered and each >= lowest]
        best = max(offered)
    else:
        best = min(hello.client_version, TLS_1_2)
        common = [version for version in config.versions if version <= best]
    if not common:
        raise PeerError(
            PROTOCOL_VERSION,
            Reason.NO_VERSION_IN_COMMON,
            f"the client speaks at most {version_name(best)}",
        )
    if FALLBACK_SCSV in hello.cipher_suites and common[-1] < highest:
        raise PeerError(
            INAPPROPRIATE_FALLBACK,
            Reason.INAPPROPRIATE_FALLBACK,
            "the client fell back without need",
        )
    return common[-1]
