"""Whether a server takes the early data that a client sends (RFC 8446 §4.2.10, §8)."""

from __future__ import annotations

from tls.configuration import ServerConfig
from tls.deferrable import AcceptEarlyData
from tls.handshake.requests import Handshake
from tls.handshake.tls13.offer import ClientOffer
from tls.handshake.tls13.psk_choice import ChosenPsk

LEAST_SKIPPED = 1 << 14
"""The bytes of early data that are skipped at least where none is taken."""


def accepted_early_data(config: ServerConfig, offer: ClientOffer, psk: ChosenPsk) -> Handshake:
    """Coroutine that returns how many bytes of early data are taken; 0 for none.

    Only by the first key, under its session's suite and application protocol, and once: where the
    store of sessions does not see to that, the guard is asked.
    """
    session, external = psk.session, psk.external
    limit = config.max_early_data
    if session is not None:
        limit = min(limit, session.max_early_data)
        if (session.suite, session.application_protocol) != (
            psk.suite.code,
            offer.application_protocol,
        ):
            return 0
    elif external is not None:
        limit = min(limit, external.max_early_data)
    if not limit or psk.index:
        return 0
    if psk.stored_as:
        return limit
    if config.early_data_guard is None and AcceptEarlyData not in config.deferred:
        return 0
    assert offer.psks is not None
    accepted = yield AcceptEarlyData(offer.psks.binders[0], psk.age_error)
    return limit if accepted else 0
