"""How records are made: splitting, sizes, compression, False Start, the key log."""

import zlib

import pytest

import tls
from tests.tls.conversation import VERSIONS, connected, converse, data_in, new_client, new_server
from tls.alerts import DECOMPRESSION_FAILURE
from tls.record.sizes import RecordSizes

CBC, GCM, RC4 = 0x002F, 0xC02F, 0x0005


def sizes(connection: tls.ClientConnection, server: tls.ServerConnection, data: bytes) -> list[int]:
    connection.send(data)
    return [len(event.data) for event in server.receive(connection.outgoing())]


@pytest.mark.parametrize("version", VERSIONS)
def test_splitting_where_the_iv_is_predictable(version: int) -> None:
    client, server = connected(versions=[version], suites=[CBC])
    expected = [1, 99] if version <= tls.TLS_1_0 else [100]
    assert sizes(client, server, b"x" * 100) == expected
    assert sizes(client, server, b"x") == [1]
    client, server = new_client(versions=[version], suites=[CBC], split_records=False), new_server()
    converse(client, server)
    assert sizes(client, server, b"x" * 100) == [100]


def test_stream_ciphers_are_not_split() -> None:
    client, server = connected(versions=[tls.TLS_1_0], suites=[RC4])
    assert sizes(client, server, b"x" * 100) == [100]


def test_fixed_record_size() -> None:
    client, server = new_client(record_sizes=RecordSizes(full=4000)), new_server()
    converse(client, server)
    assert sizes(client, server, b"x" * 10_000) == [4000, 4000, 2000]


def test_small_records_until_the_flow_is_warm() -> None:
    policy = RecordSizes(small=1_000, warm_up_bytes=3_000)
    client, server = new_client(record_sizes=policy), new_server()
    converse(client, server)
    assert sizes(client, server, b"x" * 20_000) == [1_000, 1_000, 1_000, 16_384, 616]
    assert sizes(client, server, b"x" * 2_000) == [2_000]


# -- DEFLATE


@pytest.mark.parametrize("version", VERSIONS)
def test_deflate(version: int) -> None:
    client, server = new_client(versions=[version], compress=True), new_server(compress=True)
    converse(client, server)
    data = b"all the same " * 5_000
    client.send(data)
    wire = client.outgoing()
    assert len(wire) < len(data) / 10
    assert data_in(server.receive(wire)) == data


def test_deflate_needs_both() -> None:
    client, server = new_client(compress=True), new_server()
    converse(client, server)
    data = b"all the same " * 5_000
    client.send(data)
    assert len(client.outgoing()) > len(data)


def test_a_session_keeps_its_compression() -> None:
    sessions = tls.SessionCache()
    client = new_client(compress=True)
    converse(client, new_server(sessions, compress=True))
    again = new_client(client.session, compress=True)
    converse(again, new_server(sessions, compress=True))
    assert again.resumed
    assert again.session is not None
    assert again.session.compression == 1


@pytest.mark.parametrize("bomb", [zlib.compress(bytes(1 << 20)), b"not deflate"])
def test_decompression_bombs_and_garbage(bomb: bytes) -> None:
    client, server = new_client(compress=True), new_server(compress=True)
    converse(client, server)
    body = b"".join(client._records._write.seal(23, tls.TLS_1_2, bomb))
    with pytest.raises(tls.PeerError) as caught:
        server.receive(b"\x17\x03\x03" + len(body).to_bytes(2, "big") + body)
    assert caught.value.alert == DECOMPRESSION_FAILURE


# -- False Start


def test_false_start_sends_before_the_servers_finished() -> None:
    client, server = new_client(suites=[GCM], false_start=True), new_server()
    server.receive(client.outgoing())
    assert tls.FalseStart() in client.receive(server.outgoing())
    client.send(b"early")
    events = server.receive(client.outgoing())
    assert isinstance(events[0], tls.HandshakeCompleted)
    assert data_in(events) == b"early"
    client.receive(server.outgoing())
    assert client.handshake_completed


@pytest.mark.parametrize("suite", [CBC, 0x009C, 0x0034])
def test_no_false_start_with_a_suite_that_is_not_up_to_it(suite: int) -> None:
    client, server = new_client(suites=[suite], false_start=True), new_server()
    server.receive(client.outgoing())
    client.receive(server.outgoing())
    with pytest.raises(tls.UsageError):
        client.send(b"early")


# -- the key log


@pytest.mark.parametrize("resumed", [False, True])
def test_both_sides_log_the_same_secret(resumed: bool) -> None:
    sessions = tls.SessionCache()
    session = connected(sessions)[0].session if resumed else None
    on_client: list[str] = []
    on_server: list[str] = []
    client = new_client(session, key_log=on_client.append)
    server = new_server(sessions, key_log=on_server.append)
    converse(client, server)
    assert server.session is not None
    assert on_client == on_server
    (line,) = on_client
    label, client_random, secret = line.split()
    assert label == "CLIENT_RANDOM"
    assert len(client_random) == 64
    assert bytes.fromhex(secret) == server.session.master_secret
