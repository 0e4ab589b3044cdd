"""A server's name has one form, wherever it comes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tls
from tests.tls.conversation import EPOCH, TRUST, converse, new_client, new_server
from tls.extensions import SERVER_NAME, decode_server_name, encode_server_name
from tls.messages import ServerHello

FORMS = [
    "www.contoso.com",
    "WWW.Contoso.Com",
    "www.contoso.com.",
    "www。contoso．com",
    "ＷＷＷ.contoso.com",
]


@pytest.mark.parametrize("text", FORMS)
def test_every_spelling_is_the_same_name(text: str) -> None:
    assert tls.host_name(text) == "www.contoso.com"
    client = tls.ClientConnection(tls.ClientConfig(TRUST), text, clock=lambda: EPOCH)
    hello = client.outgoing()
    assert encode_server_name("www.contoso.com") in hello
    server = new_server()
    server.receive(hello)
    converse(client, server)
    assert client.session is None
    assert client.handshake_completed


def test_a_session_is_found_under_every_spelling() -> None:
    sessions = tls.SessionCache()
    client = new_client(server_name=FORMS[1])
    converse(client, new_server(sessions))
    again = new_client(client.session, server_name=FORMS[2])
    converse(again, new_server(sessions))
    assert again.resumed


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("localhost", "localhost"),
        ("l·l.example", "xn--ll-0ea.example"),
        ("क्\u200dष.example", "xn--11b2ezcw70k.example"),
        ("אב1.example", "xn--1-zhcd.example"),
        ("_dmarc.example", "_dmarc.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
        ("x" * 63 + ".example", "x" * 63 + ".example"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert tls.host_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "www..contoso.com",
        ".contoso.com",
        "www.contoso.com..",
        "x" * 64 + ".example",
        ".".join(["x" * 63] * 4),
        "ü" * 60 + ".example",
        "www contoso.com",
        "www.contoso.com/",
        "-www.contoso.com",
        "www-.contoso.com",
        "*.contoso.com",
        "www\0.contoso.com",
        "192.0.2.256",
        "192.0.2",
        "2001:db8::1::2",
        "\u0301a.example",
        "a\u2603.example",
        "\u200dfoo.com",
        "a\u200cb.com",
        "xn--ü.example",
        "1א.com",
        "aא.com",
        "אa.com",
        "[::1",
        "::1]",
        "·l.com",
        "a·l.com",
        "l·.com",
    ],
)
def test_what_is_no_name_is_refused_at_once(text: str) -> None:
    with pytest.raises(tls.UsageError):
        tls.host_name(text)
    with pytest.raises(tls.UsageError):
        tls.ClientConnection(tls.ClientConfig(TRUST), text)


@given(st.text(max_size=80))
def test_the_form_of_a_form_is_itself(text: str) -> None:
    try:
        name = tls.host_name(text)
    except tls.UsageError:
        return
    assert tls.host_name(name) == name
    assert name.isascii()
    assert len(name) <= 253


def test_an_address_is_not_sent() -> None:
    """RFC 6066 §3: literal addresses are not permitted in server_name."""
    for text in ("192.0.2.1", "[2001:db8::1]", "2001:db8::1"):
        client = tls.ClientConnection(tls.ClientConfig(TRUST), text)
        assert b"192.0.2.1" not in client.outgoing()


@pytest.mark.parametrize("sent", [b"WWW.contoso.com", b"www.contoso.com."])
def test_what_a_peer_sends_is_brought_into_the_form(sent: bytes) -> None:
    data = (3 + len(sent)).to_bytes(2, "big") + b"\0" + len(sent).to_bytes(2, "big") + sent
    assert decode_server_name(data) == "www.contoso.com"


def hello_in(flight: bytes) -> ServerHello:
    return ServerHello.decode(flight[9 : 9 + int.from_bytes(flight[6:9], "big")], tls.TLS_1_2)


def test_a_name_is_answered_but_not_where_a_session_is_resumed() -> None:
    """RFC 6066 §3: the answer is empty, and none belongs to a resumed session."""
    sessions = tls.SessionCache()
    session = None
    for resumed in (False, True):
        client, server = new_client(session), new_server(sessions)
        server.receive(client.outgoing())
        flight = server.outgoing()
        assert hello_in(flight).extensions.get(SERVER_NAME) == (None if resumed else b"")
        client.receive(flight)
        converse(client, server)
        assert client.resumed is resumed
        session = client.session
    unnamed, server = new_client(server_name_indication=False), new_server()
    server.receive(unnamed.outgoing())
    assert SERVER_NAME not in hello_in(server.outgoing()).extensions
