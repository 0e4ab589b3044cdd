"""The specification's two example messages, byte for byte."""

from tests.tls.conversation import EPOCH, TRUST, converse, new_client, new_server
from tls import SSL_3_0, TLS_1_0, ClientConfig, ClientConnection, SessionCache, suite_from_name
from tls.messages import ClientHello, ServerHello, encode_message

TRIPLE_DES = suite_from_name("TLS_RSA_WITH_3DES_EDE_CBC_SHA")
DES = suite_from_name("TLS_RSA_WITH_DES_CBC_SHA")
SESSION_ID = bytes.fromhex("bd608869f0c629767ea7e3ebf7a63bdcffb0ef58b1b941e6b0c044acb6820a77")
PLAIN = {
    "server_name_indication": False,
    "secure_renegotiation": False,
    "extended_master_secret": False,
    "encrypt_then_mac": False,
    "session_tickets": False,
}
"""A client of the specification's age, which knows no extensions."""
UNIX_TIME = int(EPOCH).to_bytes(4, "big")


def test_the_example_client_hello() -> None:
    """ClientVersion 3,1; no session ID; 3DES then DES; compression NONE."""
    config = ClientConfig(
        TRUST,
        versions=[SSL_3_0, TLS_1_0],
        suites=[TRIPLE_DES, DES],
        **PLAIN,
    )
    client = ClientConnection(
        config,
        "www.contoso.com",
        entropy=lambda length: bytes(range(length)),
        clock=lambda: EPOCH,
    )
    assert client.outgoing() == b"".join(
        (
            b"\x16\x03\x01\x00\x2f",  # handshake record, 3,1, 47 bytes
            b"\x01\x00\x00\x2b",  # client_hello, 43 bytes
            b"\x03\x01",  # ClientVersion 3,1
            UNIX_TIME,  # ClientRandom: date and time,
            bytes(range(28)),  # 28 random bytes
            b"\x00",  # SessionID: None (new session)
            b"\x00\x04\x00\x0a\x00\x09",  # two suites
            b"\x01\x00",  # Suggested Compression Algorithm: NONE
        )
    )


def test_the_example_server_hello() -> None:
    """Version 3,1; the example's session ID; 3DES; compression NONE."""
    server_random = UNIX_TIME + bytes(range(28))
    hello = ServerHello(TLS_1_0, server_random, SESSION_ID, TRIPLE_DES)
    assert encode_message(hello, TLS_1_0) == b"".join(
        (
            b"\x02\x00\x00\x46",  # server_hello, 70 bytes
            b"\x03\x01",  # Version 3,1
            server_random,
            b"\x20",
            SESSION_ID,
            b"\x00\x0a",  # Use Cipher Suite: TLS_RSA_WITH_3DES_EDE_CBC_SHA
            b"\x00",  # Compression Algorithm: NONE
        )
    )


def test_the_example_hello_gets_the_example_answer() -> None:
    """Offered 3DES and DES, the server answers 3,1, a new 32-byte ID, 3DES and NONE."""
    client = new_client(versions=[SSL_3_0, TLS_1_0], suites=[TRIPLE_DES, DES], **PLAIN)
    server = new_server(SessionCache())
    server.receive(client.outgoing())
    wire = server.outgoing()
    assert wire[5:11] == b"\x02\x00\x00\x46\x03\x01"
    assert wire[11:15] == UNIX_TIME
    assert wire[43] == 32
    assert wire[76:79] == b"\x00\x0a\x00"
    client.receive(wire)
    converse(client, server)
    assert client.suite == TRIPLE_DES


def test_a_client_hello_survives_decoding() -> None:
    hello = ClientHello(TLS_1_0, bytes(32), b"", (TRIPLE_DES, DES))
    assert ClientHello.decode(hello.encode(TLS_1_0), TLS_1_0) == hello
