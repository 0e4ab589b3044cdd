"""Alerts: the specification's Table 1, levels, and who may go on."""

import pytest

import tls
from tests.tls.conversation import connected, converse, data_in, new_client, new_server
from tls.alerts import (
    ALERT_NAMES,
    ALWAYS_FATAL,
    CLOSE_NOTIFY,
    DECODE_ERROR,
    HANDSHAKE_FAILURE,
    NO_RENEGOTIATION,
    UNEXPECTED_MESSAGE,
    USER_CANCELED,
    alert_in_version,
)
from tls.settings import Renegotiation

# The specification's Table 1: alert, its code in RFC 2246 §7.2, "Fatal?" in the table.
TABLE_1 = {
    "unexpected_message": (10, True),
    "bad_record_mac": (20, True),
    "decryption_failed": (21, True),
    "record_overflow": (22, True),
    "handshake_failure": (40, True),
    "bad_certificate": (42, True),
    "unsupported_certificate": (43, False),
    "certificate_revoked": (44, False),
    "certificate_expired": (45, False),
    "certificate_unknown": (46, False),
    "illegal_parameter": (47, True),
    "unknown_ca": (48, True),
    "access_denied": (49, True),
    "decode_error": (50, True),
    "decrypt_error": (51, True),
    "export_restriction": (60, True),
    "protocol_version": (70, True),
    "insufficient_security": (71, True),
    "internal_error": (80, True),
    "user_canceled": (90, True),
    "no_renegotiation": (100, False),
}
# RFC 2246 §7.2.2 rules where it differs from the table: bad_certificate may be a warning and
# user_canceled "is generally a warning".
RFC_MAY_WARN = {"bad_certificate", "user_canceled"}

SSL_3_0_ALERTS = {0, 10, 20, 30, 40, 41, 42, 43, 44, 45, 46, 47}


@pytest.mark.parametrize("name", TABLE_1)
def test_table_1_is_known_with_the_rfcs_fatality(name: str) -> None:
    code, fatal = TABLE_1[name]
    assert ALERT_NAMES[code] == name
    assert (code in ALWAYS_FATAL) == (fatal and name not in RFC_MAY_WARN)


@pytest.mark.parametrize("version", tls.IMPLEMENTED_VERSIONS)
@pytest.mark.parametrize("name", TABLE_1)
def test_every_alert_of_table_1_can_be_sent_and_received(name: str, version: int) -> None:
    code, _ = TABLE_1[name]
    client, server = connected(versions=[version])
    client.abort(code)
    (event,) = server.receive(client.outgoing())
    assert isinstance(event, tls.AlertReceived)
    assert event.fatal
    assert event.alert == alert_in_version(code, version)
    assert client.closed
    assert server.closed


@pytest.mark.parametrize("code", ALERT_NAMES)
def test_ssl_3_0_sends_only_its_own_alerts(code: int) -> None:
    if code != NO_RENEGOTIATION:  # never sent in SSL 3.0
        assert alert_in_version(code, tls.SSL_3_0) in SSL_3_0_ALERTS
    assert alert_in_version(code, tls.TLS_1_0) == code


def warn(connection: tls.ClientConnection | tls.ServerConnection, alert: int) -> bytes:
    connection._send_alert(1, alert)
    return connection.outgoing()


@pytest.mark.parametrize("code", sorted(set(ALERT_NAMES) - ALWAYS_FATAL - {CLOSE_NOTIFY}))
def test_after_a_warning_the_receiver_may_go_on(code: int) -> None:
    client, server = connected()
    assert server.receive(warn(client, code)) == [tls.AlertReceived(code, fatal=False)]
    client.send(b"still here")
    assert data_in(server.receive(client.outgoing())) == b"still here"


@pytest.mark.parametrize("code", sorted(ALWAYS_FATAL))
def test_a_fatal_alert_is_fatal_whatever_its_level(code: int) -> None:
    client, server = connected()
    assert server.receive(warn(client, code)) == [tls.AlertReceived(code, fatal=True)]
    assert server.closed


def test_the_receiver_may_end_the_connection_after_a_warning() -> None:
    asked = []

    def stop(alert: int) -> bool:
        asked.append(alert)
        return False

    client, server = new_client(), new_server(on_warning=stop)
    converse(client, server)
    with pytest.raises(tls.PeerError) as caught:
        server.receive(warn(client, USER_CANCELED))
    assert asked == [USER_CANCELED]
    assert caught.value.events == [tls.AlertReceived(USER_CANCELED, fatal=False)]
    assert server.closed


def test_a_fatal_alert_ends_the_session_too() -> None:
    """RFC 2246 §7.2: the session of a connection ended by a fatal alert is not resumed."""
    sessions = tls.SessionCache()
    client, server = connected(sessions)
    session = client.session
    client.abort(HANDSHAKE_FAILURE)
    server.receive(client.outgoing())
    assert client.session is None
    again, _ = connected(sessions, session)
    assert not again.resumed


def test_an_alert_cut_in_two_and_two_alerts_in_one_record() -> None:
    server = new_server()
    assert server.receive(b"\x15\x03\x01\x00\x01\x01") == []
    assert server.receive(b"\x15\x03\x01\x00\x03\x5a\x01\x64") == [
        tls.AlertReceived(USER_CANCELED, fatal=False),
        tls.AlertReceived(NO_RENEGOTIATION, fatal=False),
    ]


def test_endless_warnings_end_the_connection() -> None:
    client, server = connected()
    for _ in range(4):
        server.receive(warn(client, USER_CANCELED))
    with pytest.raises(tls.PeerError) as caught:
        server.receive(warn(client, USER_CANCELED))
    assert caught.value.alert == DECODE_ERROR


# -- closing


def test_close_notify_is_answered() -> None:
    client, server = connected()
    client.close()
    assert server.receive(client.outgoing()) == [tls.AlertReceived(CLOSE_NOTIFY, fatal=False)]
    assert server.closed
    assert client.receive(server.outgoing()) == [tls.AlertReceived(CLOSE_NOTIFY, fatal=False)]
    assert client.closed
    assert client.receive_end() == []
    with pytest.raises(tls.UsageError):
        client.send(b"too late")


def test_data_is_received_until_the_peers_close_notify() -> None:
    client, server = connected()
    server.send(b"the last words")
    last_words = server.outgoing()
    client.close()
    assert client.receive(last_words) == [tls.ApplicationData(b"the last words")]


def test_truncation_is_told() -> None:
    client, _ = connected()
    assert client.receive_end() == [tls.Truncated()]


# -- renegotiation is refused


def test_tls_answers_a_new_hello_with_no_renegotiation() -> None:
    client = new_client()
    server = new_server(renegotiation=Renegotiation.REFUSE)
    converse(client, server)
    hello = new_client().outgoing()[5:]
    client._records.send(22, hello)
    assert server.receive(client.outgoing()) == []
    assert client.receive(server.outgoing()) == [tls.AlertReceived(NO_RENEGOTIATION, fatal=False)]
    client.send(b"going on")
    assert data_in(server.receive(client.outgoing())) == b"going on"


def test_tls_answers_a_hello_request_with_no_renegotiation() -> None:
    client = new_client(renegotiation=Renegotiation.REFUSE)
    server = new_server()
    converse(client, server)
    server._records.send(22, b"\0\0\0\0")
    assert client.receive(server.outgoing()) == []
    assert server.receive(client.outgoing()) == [tls.AlertReceived(NO_RENEGOTIATION, fatal=False)]


def test_ssl_3_0_has_no_such_alert_and_ends() -> None:
    client = new_client(versions=[tls.SSL_3_0])
    server = new_server(renegotiation=Renegotiation.REFUSE)
    converse(client, server)
    client._records.send(22, new_client(versions=[tls.SSL_3_0]).outgoing()[5:])
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.alert == HANDSHAKE_FAILURE


def test_endless_hello_requests_end_the_connection() -> None:
    client, server = new_client(renegotiation=Renegotiation.REFUSE), new_server()
    converse(client, server)
    with pytest.raises(tls.PeerError) as caught:
        for _ in range(100):
            server._records.send(22, b"\0\0\0\0")
            client.receive(server.outgoing())
    assert caught.value.alert == UNEXPECTED_MESSAGE
