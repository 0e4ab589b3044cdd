"""What a server of TLS 1.3 answers once it has chosen, to the last Finished and the tickets behind.

(RFC 8446 §2, figures 1 to 4)
"""

from __future__ import annotations

from dataclasses import dataclass

from tls.alerts import HANDSHAKE_FAILURE
from tls.certificates import Identity
from tls.certificates.validation import Validation
from tls.configuration import ClientAuthentication, ServerConfig
from tls.deferrable import RemoveSession
from tls.errors import PeerError
from tls.events import ClientAuthenticated, HandshakeCompleted
from tls.extensions import (
    EARLY_DATA,
    KEY_SHARE,
    PRE_SHARED_KEY,
    SUPPORTED_VERSIONS,
    Extensions,
)
from tls.handshake.authentication import is_verifiable
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Expect, Handshake, ServeLater
from tls.handshake.tls13.chains import certificate_message, compressed_if_asked
from tls.handshake.tls13.client_chain import authenticate_client, certificate_request
from tls.handshake.tls13.early_data import LEAST_SKIPPED, accepted_early_data
from tls.handshake.tls13.encrypted_answers import answer_extensions
from tls.handshake.tls13.finished import check_finished
from tls.handshake.tls13.later_server import ServerLater
from tls.handshake.tls13.offer import ClientOffer
from tls.handshake.tls13.psk_choice import ChosenPsk, check_binder, psk_mode
from tls.handshake.tls13.schedule import HandshakeSchedule, protection
from tls.handshake.tls13.signature import sign, usable_scheme
from tls.handshake.tls13.tickets import send_tickets
from tls.key_shares import server_share
from tls.keys.tls13 import TrafficSecret
from tls.messages import ServerHello
from tls.reasons import Reason
from tls.record.tls13 import Tls13Protection
from tls.sessions import Session
from tls.signatures import SignatureScheme
from tls.suites import CipherSuite
from tls.tls13.hello_extensions import KeyShareEntry, SelectedVersion, ServerKeyShare
from tls.tls13.messages import (
    CertificateRequest,
    EncryptedExtensions,
    EndOfEarlyData,
    Finished,
)
from tls.tls13.psk_extensions import SelectedPsk
from tls.versions import TLS_1_2, TLS_1_3

_EXPECT_END_OF_EARLY_DATA = Expect(EndOfEarlyData)
_EXPECT_FINISHED = Expect(Finished)
_SELECTED = SelectedVersion(TLS_1_3).encode()
_RANDOM_LENGTH = 32

# Members of an enumeration are looked up slowly.
_NO_CERTIFICATE_ASKED = ClientAuthentication.NONE


@dataclass(slots=True)
class Choice:
    """What a server chose of a client's offer.

    Attributes:
        offer: of the first hello, or of the second after a HelloRetryRequest.
        psk: the pre-shared key, if it took one.
        suite: the cipher suite.
        group: of the key exchange; `None` where the pre-shared key stands alone.
        retried: whether it asked for another hello.
    """

    offer: ClientOffer
    psk: ChosenPsk | None
    suite: CipherSuite
    group: int | None
    retried: bool


def answer(context: HandshakeContext, config: ServerConfig, choice: Choice) -> Handshake:
    """From the ServerHello to the last Finished, and the tickets behind it."""
    channel = context.channel
    offer, psk, suite = choice.offer, choice.psk, choice.suite
    context.server_random = context.random.draw(_RANDOM_LENGTH)
    signer: tuple[Identity, SignatureScheme] | None = None
    if psk is None:
        schedule = HandshakeSchedule(context, suite.prf_hash)
        signer = _signer(config, offer)
    else:
        schedule = psk.schedule
        check_binder(context, offer, psk)
        if psk.stored_as:
            # It is found once and never again (RFC 8446 §8.1).
            yield RemoveSession(psk.stored_as)
    answer_extensions(channel, config, offer, resumes=psk is not None)
    early_limit = yield from _early_data_limit(config, choice)
    early_secret = schedule.early_traffic() if early_limit else None

    hello, shared_secret = _server_hello(context, choice)
    channel.send(hello)
    client_secret, server_secret = schedule.handshake_traffic(shared_secret)
    writing = protection(context, suite, server_secret, write=True)
    channel.change_write_keys(writing, announced=_announces_keys(config, choice))
    if early_secret is not None:
        channel.change_read_keys(protection(context, suite, early_secret, write=False))
        channel.early_data_to_come = early_limit
        offer.answered[EARLY_DATA] = b""
    else:
        channel.change_read_keys(_under_handshake_keys(context, suite, client_secret))
        if offer.early_data:
            channel.skip_early_data(max(config.max_early_data, LEAST_SKIPPED))
    channel.send(EncryptedExtensions(offer.answered))
    request: CertificateRequest | None = None
    if signer is not None:
        if config.client_authentication is not _NO_CERTIFICATE_ASKED:
            request = certificate_request(config)
            channel.send(request)
        asked, (identity, scheme) = offer.hello.extensions, signer
        channel.send(compressed_if_asked(context, certificate_message(identity, asked), asked))
        digest = context.transcript.digest(suite.prf_hash)
        channel.send((yield from sign(context, digest, identity, scheme)))
    channel.send(Finished(schedule.finished(server_secret)))
    client_application, server_application = schedule.application_traffic()
    writing = protection(context, suite, server_application, write=True)
    channel.change_write_keys(writing, announced=False)
    if request is None:
        channel.allow_sending()

    if early_secret is not None:
        yield _EXPECT_END_OF_EARLY_DATA
        channel.early_data_to_come = None
        reading = protection(context, suite, client_secret, write=False)
        channel.change_read_keys(reading)
    certificates, validation = _known_client(psk)
    if request is not None:
        certificates, validation = yield from authenticate_client(
            context, config, request, context.transcript, suite.prf_hash
        )
    expected = schedule.finished(client_secret)
    finished: Finished = yield _EXPECT_FINISHED
    check_finished(finished, expected)
    reading = protection(context, suite, client_application, write=False)
    channel.change_read_keys(reading)
    schedule.conclude()
    later = ServerLater(
        context, config, offer, suite, schedule, server_application, client_application
    )
    context.forget_transcript()
    yield ServeLater(later)
    if certificates:
        channel.tell(ClientAuthenticated(certificates))
    completed = _completed(choice, early_data=early_secret is not None)
    channel.complete(completed, certificates)
    if config.tickets and psk_mode(config, offer) is not None:
        session = Session(
            b"",
            TLS_1_3,
            suite.code,
            b"",
            offer.server_name,
            certificates,
            validation=validation,
            application_protocol=offer.application_protocol,
            since=_resumed_since(psk),
        )
        count = min(config.tickets, 1) if completed.resumed else config.tickets
        yield from send_tickets(context, config, schedule, session, count)


def _signer(config: ServerConfig, offer: ClientOffer) -> tuple[Identity, SignatureScheme]:
    """The identity that the client takes a signature of, and the scheme.

    The first whose chain it can verify, else the first that can sign, unless that takes SHA-1
    (RFC 8446 §4.4.2.2).
    """
    own, taken = tuple(config.signature_schemes), offer.certificate_schemes
    found: tuple[Identity, SignatureScheme] | None = None
    for identity in config.identities_for(offer.server_name):
        scheme = usable_scheme(identity, own, offer.schemes)
        if scheme is None:
            continue
        if is_verifiable(identity, taken):
            return identity, scheme
        if found is None and not identity.needs_sha_1(taken):
            found = identity, scheme
    if found is not None:
        return found
    raise PeerError(
        HANDSHAKE_FAILURE,
        Reason.NO_SIGNATURE_SCHEME_IN_COMMON,
        "no certificate whose signatures the client takes",
    )


def _early_data_limit(config: ServerConfig, choice: Choice) -> Handshake:
    """Coroutine that returns how many bytes of early data are taken; 0 for none."""
    if choice.psk is None or choice.retried or not choice.offer.early_data:
        return 0
    return (yield from accepted_early_data(config, choice.offer, choice.psk))


def _server_hello(context: HandshakeContext, choice: Choice) -> tuple[ServerHello, bytes]:
    """The ServerHello, and the secret of the key exchange: empty where there is none."""
    extensions: Extensions = {}
    if choice.psk is not None:
        extensions[PRE_SHARED_KEY] = SelectedPsk(choice.psk.index).encode()
    group, shared_secret = choice.group, b""
    if group is not None:
        share = choice.offer.shares[group]
        public, shared_secret = server_share(group, share, context.random, context.meter)
        extensions[KEY_SHARE] = ServerKeyShare(KeyShareEntry(group, public)).encode()
    extensions[SUPPORTED_VERSIONS] = _SELECTED
    session_id, suite = choice.offer.hello.session_id, choice.suite.code
    hello = ServerHello(TLS_1_2, context.server_random, session_id, suite, 0, extensions)
    return hello, shared_secret


def _announces_keys(config: ServerConfig, choice: Choice) -> bool:
    """Whether change_cipher_spec follows the ServerHello (RFC 8446 appendix D.4)."""
    asked_for = bool(choice.offer.hello.session_id)
    return asked_for and config.middlebox_compatibility and not choice.retried


def _under_handshake_keys(
    context: HandshakeContext, suite: CipherSuite, secret: TrafficSecret
) -> Tls13Protection:
    """A client that can make nothing of the ServerHello says so in clear."""
    reading = protection(context, suite, secret, write=False)
    reading.alerts_in_clear = True
    return reading


def _known_client(psk: ChosenPsk | None) -> tuple[tuple[bytes, ...], Validation | None]:
    """The client's chain and what was found in it, where the session that is resumed has one."""
    if psk is None or psk.session is None:
        return (), None
    return psk.session.certificates, psk.session.validation


def _resumed_since(psk: ChosenPsk | None) -> float | None:
    """When the session was made that is resumed; `None` where this handshake makes one."""
    return None if psk is None or psk.session is None else psk.session.since


def _completed(choice: Choice, *, early_data: bool) -> HandshakeCompleted:
    psk = choice.psk
    external = psk.external if psk is not None else None
    return HandshakeCompleted(
        TLS_1_3,
        choice.suite.code,
        psk is not None and psk.session is not None,
        None,
        choice.offer.application_protocol,
        choice.group,
        None if external is None else external.identity,
        choice.retried,
        early_data,
    )
