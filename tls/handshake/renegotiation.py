"""The renegotiation_info extension: binding a handshake to the one before it (RFC 5746)."""

from __future__ import annotations

from hmac import compare_digest

from tls.alerts import HANDSHAKE_FAILURE
from tls.errors import PeerError
from tls.extensions import RENEGOTIATION_INFO, Extensions, decode_renegotiation_info
from tls.handshake.channel import FinishedHistory
from tls.messages import ClientHello, ServerHello
from tls.reasons import Reason
from tls.suites import EMPTY_RENEGOTIATION_INFO_SCSV
from tls.wire import vector8

_NOTHING = vector8(b"")


def clients_renegotiation_info(history: FinishedHistory) -> bytes:
    """The extension data of a ClientHello (RFC 5746 §3.4, §3.5)."""
    return vector8(history.client_verify_data) if history.secure else _NOTHING


def servers_renegotiation_info(history: FinishedHistory) -> Extensions:
    """The extension of a ServerHello, if the client knows it (RFC 5746 §3.6, §3.7)."""
    if not history.secure:
        return {}
    if not history.completed:
        return {RENEGOTIATION_INFO: _NOTHING}
    return {RENEGOTIATION_INFO: vector8(history.client_verify_data + history.server_verify_data)}


def check_client_hello(history: FinishedHistory, hello: ClientHello) -> None:
    """The server's check of a ClientHello (RFC 5746 §3.6, §3.7)."""
    data = hello.extensions.get(RENEGOTIATION_INFO)
    signalled = EMPTY_RENEGOTIATION_INFO_SCSV in hello.cipher_suites
    if history.completed:
        if signalled:
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.RENEGOTIATION_SCSV_IN_RENEGOTIATION,
                "the renegotiation SCSV in a renegotiation",
            )
        _check(history, data, history.client_verify_data)
    else:
        history.secure = signalled or data is not None
        if data is not None and decode_renegotiation_info(data):
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.RENEGOTIATION_INFO_IN_FIRST_HANDSHAKE,
                "renegotiation_info in a first handshake",
            )


def check_server_hello(history: FinishedHistory, answer: ServerHello) -> None:
    """The client's check of a ServerHello (RFC 5746 §3.4, §3.5)."""
    data = answer.extensions.get(RENEGOTIATION_INFO)
    if history.completed:
        _check(history, data, history.client_verify_data + history.server_verify_data)
    else:
        history.secure = data is not None
        if data is not None and decode_renegotiation_info(data):
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.RENEGOTIATION_INFO_IN_FIRST_HANDSHAKE,
                "renegotiation_info in a first handshake",
            )


def _check(history: FinishedHistory, data: bytes | None, expected: bytes) -> None:
    if history.secure:
        if data is None or not compare_digest(decode_renegotiation_info(data), expected):
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.RENEGOTIATION_NOT_BOUND,
                "the renegotiation is not bound to its connection",
            )
    elif data is not None:
        raise PeerError(
            HANDSHAKE_FAILURE,
            Reason.RENEGOTIATION_INFO_UNEXPECTED,
            "renegotiation_info where there was none before",
        )
