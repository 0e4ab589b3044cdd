"""The server's handshake of TLS 1.3 as far as its choice: hello, and perhaps another one.

(RFC 8446 §2, §4.1)
"""

from __future__ import annotations

from tls.alerts import HANDSHAKE_FAILURE, ILLEGAL_PARAMETER
from tls.configuration import ServerConfig
from tls.errors import PeerError
from tls.extensions import COOKIE, SIGNATURE_ALGORITHMS, SUPPORTED_GROUPS
from tls.groups import group_name
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Expect, Handshake
from tls.handshake.tls13.answer import Choice, answer
from tls.handshake.tls13.early_data import LEAST_SKIPPED
from tls.handshake.tls13.offer import ClientOffer, missing, read_offer
from tls.handshake.tls13.psk_choice import ChosenPsk, choose_psk
from tls.handshake.tls13.retry import (
    Retry,
    check_cookie,
    check_second_hello,
    restore_retry,
    retry_request,
    seal_cookie,
)
from tls.messages import ClientHello
from tls.reasons import Reason
from tls.settings import PskMode
from tls.suites import CipherSuite
from tls.versions import TLS_1_3

_EXPECT_CLIENT_HELLO = Expect(ClientHello)

# Members of an enumeration are looked up slowly.
_PSK_ALONE = PskMode.ALONE


def answer_hello(context: HandshakeContext, config: ServerConfig, hello: ClientHello) -> Handshake:
    """From the first ClientHello to the last Finished, and the tickets behind it."""
    context.version = TLS_1_3
    context.channel.agree_on_version(TLS_1_3)
    context.client_random = hello.random
    offer = read_offer(config, hello)
    retry: Retry | None = None
    if COOKIE in hello.extensions and config.retry_cookie_key is not None:
        retry = restore_retry(context, config, hello)
        _keep_retry(offer, retry)
    psk = yield from choose_psk(context, config, offer)
    suite = _suite(offer, psk)
    group = _group(config, offer, psk)
    if group is not None and group not in offer.shares and retry is None:
        retry = Retry(suite, group)
        offer = yield from _ask_again(context, config, offer, retry)
        psk = yield from choose_psk(context, config, offer)
        suite = _suite(offer, psk)
        group = _group(config, offer, psk)
    if group is not None and group not in offer.shares:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.KEY_SHARE_OF_ANOTHER_GROUP,
            f"the second hello has no key share of {group_name(group)}",
        )
    choice = Choice(offer, psk, suite, group, retried=retry is not None)
    return answer(context, config, choice)


def _suite(offer: ClientOffer, psk: ChosenPsk | None) -> CipherSuite:
    if psk is not None:
        return psk.suite
    if not offer.suites:
        raise PeerError(HANDSHAKE_FAILURE, Reason.NO_SUITE_IN_COMMON, "no cipher suite in common")
    return offer.suites[0]


def _group(config: ServerConfig, offer: ClientOffer, psk: ChosenPsk | None) -> int | None:
    """The group of the key exchange; `None` where a pre-shared key stands alone."""
    if psk is not None and psk.mode is _PSK_ALONE:
        return None
    if psk is None:
        for kind in (SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS):
            if kind not in offer.hello.extensions:
                raise missing(kind)
    common = [group for group in config.groups if group in offer.groups]
    if not common:
        raise PeerError(HANDSHAKE_FAILURE, Reason.NO_GROUP_IN_COMMON, "no group in common")
    if config.retry_for_preferred_group:
        return common[0]
    return next((group for group in common if group in offer.shares), common[0])


def _ask_again(
    context: HandshakeContext, config: ServerConfig, offer: ClientOffer, retry: Retry
) -> Handshake:
    """Send a HelloRetryRequest; returns the offer of the second hello (RFC 8446 §4.1.4)."""
    first = offer.hello
    cookie = seal_cookie(context, config, retry)
    context.transcript.replace_first(retry.suite.prf_hash)
    context.channel.send(retry_request(first, retry, cookie))
    if first.session_id and config.middlebox_compatibility:
        context.channel.send_change_cipher_spec()
    if offer.early_data:
        context.channel.skip_early_data(max(config.max_early_data, LEAST_SKIPPED))
    second: ClientHello = yield _EXPECT_CLIENT_HELLO
    check_cookie(second, cookie)
    check_second_hello(first, second)
    offer = read_offer(config, second)
    _keep_retry(offer, retry)
    return offer


def _keep_retry(offer: ClientOffer, retry: Retry) -> None:
    """What a second hello must keep to: no early data, one share of the group that was asked for.

    The suite stays the one of the HelloRetryRequest (RFC 8446 §4.1.4).
    """
    if offer.early_data:
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.SECOND_HELLO_CHANGED, "a second hello with early data"
        )
    if tuple(offer.shares) != (retry.group,):
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.KEY_SHARE_OF_ANOTHER_GROUP,
            f"the second hello has not just a key share of {group_name(retry.group)}",
        )
    offer.suites = [suite for suite in offer.suites if suite is retry.suite]
