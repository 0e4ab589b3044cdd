"""The client's handshake of TLS 1.3 (RFC 8446 §2, figures 1 to 4)."""

from __future__ import annotations

from tls.alerts import (
    ILLEGAL_PARAMETER,
    MISSING_EXTENSION,
    PROTOCOL_VERSION,
    UNEXPECTED_MESSAGE,
)
from tls.configuration import ClientConfig
from tls.errors import PeerError
from tls.events import EarlyDataAccepted, EarlyDataRejected, HandshakeCompleted
from tls.extensions import COOKIE, KEY_SHARE, PRE_SHARED_KEY, SUPPORTED_VERSIONS
from tls.handshake.choices import group_not_implemented, unusable_suite
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Expect, Handshake, ServeLater
from tls.handshake.tls13.client_certificate import answer_request
from tls.handshake.tls13.client_hello import ClientOffer
from tls.handshake.tls13.encrypted_extensions import Agreed, read_encrypted_extensions
from tls.handshake.tls13.finished import check_finished
from tls.handshake.tls13.later_client import ClientLater
from tls.handshake.tls13.psk_offer import OfferedPsk
from tls.handshake.tls13.schedule import HandshakeSchedule, protection
from tls.handshake.tls13.server_certificate import authenticate_server
from tls.messages import ServerHello
from tls.reasons import Reason
from tls.record.protection import NullProtection
from tls.sessions import Session
from tls.settings import PskMode
from tls.suites import TLS_1_3_SUITES, CipherSuite
from tls.tls13.hello_extensions import Cookie, SelectedGroup, SelectedVersion, ServerKeyShare
from tls.tls13.messages import (
    CertificateRequest,
    EncryptedExtensions,
    EndOfEarlyData,
    Finished,
    is_hello_retry_request,
)
from tls.tls13.placement import Message, check_answers
from tls.tls13.psk_extensions import SelectedPsk
from tls.versions import TLS_1_2, TLS_1_3, version_name

_EXPECT_SERVER_HELLO = Expect(ServerHello)
_EXPECT_ENCRYPTED_EXTENSIONS = Expect(EncryptedExtensions)
_EXPECT_FINISHED = Expect(Finished)


def send_hello(
    context: HandshakeContext, config: ClientConfig, server_name: str, session: Session | None
) -> ClientOffer:
    """Send the first hello, and change to the keys of early data if that goes with it.

    Returns the offer.
    """
    channel = context.channel
    offer = ClientOffer(context, config, server_name, session)
    channel.send(offer.first())
    if offer.early_data:
        schedule, suite = offer.schedules[0], TLS_1_3_SUITES[_early_suite(offer, config)]
        secret = schedule.early_traffic()
        channel.write_version(TLS_1_2)
        channel.change_write_keys(
            protection(context, suite, secret, write=True),
            announced=config.middlebox_compatibility,
        )
        channel.allow_sending(offer.psks[0].max_early_data)
    return offer


def _early_suite(offer: ClientOffer, config: ClientConfig) -> int:
    """The suite of early data: the session's, or the first that an external key goes with."""
    first = offer.psks[0]
    if first.suite is not None:
        return first.suite
    codes = [code for code in config.suites if code in TLS_1_3_SUITES]
    return next(code for code in codes if TLS_1_3_SUITES[code].prf_hash == first.hash)


def selects_tls_1_3(answer: ServerHello) -> bool:
    """Whether a ServerHello chooses TLS 1.3, the only version chosen so (RFC 8446 §4.2.1)."""
    data = answer.extensions.get(SUPPORTED_VERSIONS)
    if data is None:
        return False
    version = SelectedVersion.decode(data).version
    if version != TLS_1_3 or answer.server_version != TLS_1_2:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.VERSION_NOT_OFFERED,
            f"supported_versions chooses {version_name(version)}",
        )
    return True


def refuse_version_before(offer: ClientOffer) -> None:
    """Early data is lost on a server that does not speak TLS 1.3 (RFC 8446 appendix D.3)."""
    if offer.early_data:
        raise PeerError(
            PROTOCOL_VERSION,
            Reason.EARLY_DATA_TO_AN_OLD_SERVER,
            "early data went to a server that does not speak TLS 1.3",
        )


def follow_server(
    context: HandshakeContext,
    config: ClientConfig,
    server_name: str,
    offer: ClientOffer,
    answer: ServerHello,
) -> Handshake:
    """From the ServerHello or HelloRetryRequest to the last Finished."""
    channel = context.channel
    context.version = TLS_1_3
    channel.agree_on_version(TLS_1_3)
    early = offer.early_data
    # The hello that early data follows was followed by change_cipher_spec.
    announced = early or not config.middlebox_compatibility
    suite = _agreed_suite(offer, answer)
    retried = is_hello_retry_request(answer)
    if retried:
        if early:
            channel.holds_data = True
            channel.tell(EarlyDataRejected())
        answer = yield from _retry(context, offer, answer, suite, announced=announced)
        announced = True
    group, psk, schedule, shared_secret = _agree_on_keys(context, config, offer, answer, suite)

    client_secret, server_secret = schedule.handshake_traffic(shared_secret)
    channel.change_read_keys(protection(context, suite, server_secret, write=False))
    encrypted: EncryptedExtensions = yield _EXPECT_ENCRYPTED_EXTENSIONS
    agreed = read_encrypted_extensions(channel, offer, encrypted)
    early = _hear_of_early_data(context, offer, psk, suite, agreed, offered=early and not retried)

    request: CertificateRequest | None = None
    session = Session(b"", TLS_1_3, suite.code, b"", server_name)
    session.application_protocol = agreed.application_protocol
    if psk is None:
        request = yield from authenticate_server(context, config, offer, session, suite.prf_hash)
    elif psk.session is not None:
        session.certificates = psk.session.certificates
        session.validation = psk.session.validation
    expected = schedule.finished(server_secret)
    message: Finished = yield _EXPECT_FINISHED
    check_finished(message, expected)

    client_application, server_application = schedule.application_traffic()
    channel.change_read_keys(protection(context, suite, server_application, write=False))
    if early:
        channel.holds_data = True
        channel.send(EndOfEarlyData())
    channel.change_write_keys(
        protection(context, suite, client_secret, write=True), announced=not announced
    )
    if request is not None:
        yield from answer_request(context, config, request, context.transcript, suite.prf_hash)
    channel.send(Finished(schedule.finished(client_secret)))
    schedule.conclude()
    channel.change_write_keys(
        protection(context, suite, client_application, write=True), announced=False
    )
    later = ClientLater(
        context, config, suite, schedule, session, client_application, server_application
    )
    context.forget_transcript()
    yield ServeLater(later)
    channel.complete(
        HandshakeCompleted(
            TLS_1_3,
            suite.code,
            psk is not None and psk.session is not None,
            None,
            agreed.application_protocol,
            group,
            None if psk is None or psk.external is None else psk.identity,
            retried,
            early,
        ),
        session.certificates,
    )


def _agreed_suite(offer: ClientOffer, answer: ServerHello) -> CipherSuite:
    """The suite of a ServerHello whose other old fields are as they must be (RFC 8446 §4.1.3)."""
    if answer.session_id != offer.hello.session_id:
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.SESSION_ID_NOT_ECHOED, "the server echoes another session ID"
        )
    if answer.compression_method:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.COMPRESSION_NOT_OFFERED,
            "the server chose a compression not offered",
        )
    code = answer.cipher_suite
    suite = TLS_1_3_SUITES.get(code)
    if suite is None or code not in offer.hello.cipher_suites:
        raise unusable_suite(offer.hello, code)
    return suite


def _retry(
    context: HandshakeContext,
    offer: ClientOffer,
    retry: ServerHello,
    suite: CipherSuite,
    *,
    announced: bool,
) -> Handshake:
    """Send the second hello; returns the ServerHello (RFC 8446 §4.1.4)."""
    channel, extensions = context.channel, retry.extensions
    check_answers(extensions, Message.HELLO_RETRY_REQUEST, offer.hello.extensions)
    group = cookie = None
    if KEY_SHARE in extensions:
        group = SelectedGroup.decode(extensions[KEY_SHARE]).group
    if COOKIE in extensions:
        cookie = Cookie.decode(extensions[COOKIE]).cookie
    offer.check_retry(group, cookie)
    context.transcript.replace_first(suite.prf_hash)
    if offer.early_data:
        # It is rejected: what follows is in clear again.
        channel.change_write_keys(NullProtection(), announced=False)
    elif not announced:
        channel.send_change_cipher_spec()
    channel.send(offer.again(suite.prf_hash, group, cookie))
    answer: ServerHello = yield _EXPECT_SERVER_HELLO
    if is_hello_retry_request(answer):
        raise PeerError(UNEXPECTED_MESSAGE, Reason.MESSAGE_NOT_DUE, "a second hello_retry_request")
    data = answer.extensions.get(SUPPORTED_VERSIONS)
    if data is None or SelectedVersion.decode(data).version != TLS_1_3:
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.RETRY_NOT_KEPT, "the version is another than in the retry"
        )
    if _agreed_suite(offer, answer) is not suite:
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.RETRY_NOT_KEPT, "the suite is another than in the retry"
        )
    if group is not None and KEY_SHARE in answer.extensions:
        chosen = ServerKeyShare.decode(answer.extensions[KEY_SHARE]).share.group
        if chosen != group:
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.RETRY_NOT_KEPT, "the group is another than in the retry"
            )
    return answer


def _agree_on_keys(
    context: HandshakeContext,
    config: ClientConfig,
    offer: ClientOffer,
    answer: ServerHello,
    suite: CipherSuite,
) -> tuple[int | None, OfferedPsk | None, HandshakeSchedule, bytes]:
    """The group, the pre-shared key, their schedule and shared secret, as a ServerHello says."""
    extensions = answer.extensions
    check_answers(extensions, Message.SERVER_HELLO, offer.hello.extensions)
    psk: OfferedPsk | None = None
    if PRE_SHARED_KEY in extensions:
        index = SelectedPsk.decode(extensions[PRE_SHARED_KEY]).index
        if index >= len(offer.psks):
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.PSK_NOT_OFFERED, "a pre-shared key that was not offered"
            )
        psk, schedule = offer.psks[index], offer.schedules[index]
        if psk.hash != suite.prf_hash:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.PSK_OF_ANOTHER_HASH,
                f"a pre-shared key under {suite.name}",
            )
    else:
        schedule = HandshakeSchedule(context, suite.prf_hash)
    if KEY_SHARE not in extensions:
        if psk is None or PskMode.ALONE not in config.psk_modes:
            raise PeerError(
                MISSING_EXTENSION, Reason.EXTENSION_MISSING, "the server sent no key share"
            )
        return None, psk, schedule, b""
    if psk is not None and not config.exchanges_keys_beside_psk:
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.PSK_MODE_NOT_OFFERED, "a key share beside a pre-shared key"
        )
    share = ServerKeyShare.decode(extensions[KEY_SHARE]).share
    key = offer.shares.get(share.group)
    if key is None:
        if offer.sent_share(share.group):
            raise group_not_implemented(share.group)
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.GROUP_NOT_OFFERED, "a key share of a group without our own"
        )
    return share.group, psk, schedule, key.agree(share.key_exchange)


def _hear_of_early_data(
    context: HandshakeContext,
    offer: ClientOffer,
    psk: OfferedPsk | None,
    suite: CipherSuite,
    agreed: Agreed,
    *,
    offered: bool,
) -> bool:
    """Whether the server takes early data: only by the first key and its suite (§4.2.10)."""
    if not offered:
        return False
    if not agreed.early_data:
        context.channel.holds_data = True
        context.channel.tell(EarlyDataRejected())
        return False
    first = offer.psks[0]
    session = first.session
    if (
        psk is not first
        or (session is not None and session.suite != suite.code)
        or (session is not None and session.application_protocol != agreed.application_protocol)
    ):
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.EARLY_DATA_UNDER_ANOTHER_KEY,
            "early data is accepted under another key, suite or application protocol",
        )
    context.channel.tell(EarlyDataAccepted())
    return True
