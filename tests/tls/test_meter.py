"""The meter: what each side of a handshake does."""

from hypothesis import given
from hypothesis import strategies as st

import tls
from tests.tls.conversation import connected
from tls.meter import Meter


def work(connection: tls.ClientConnection | tls.ServerConnection) -> dict[str, tuple[int, int]]:
    """Count and bytes by name, over all key sizes."""
    sums: dict[str, tuple[int, int]] = {}
    for name, _, count, size in connection.meter.take():
        before = sums.get(name, (0, 0))
        sums[name] = (before[0] + count, before[1] + size)
    return sums


def test_a_full_handshake() -> None:
    client, server = connected(tls.SessionCache(), versions=[tls.TLS_1_0], suites=[0x0004])
    on_client, on_server = work(client), work(server)
    assert on_client["rsa.public"][0] == 3  # two signatures of the chain, one premaster
    assert "rsa.private" not in on_client
    assert on_server["rsa.private"] == (1, 0)
    assert "rsa.public" not in on_server
    for side in (on_client, on_server):
        # master secret 48, keys 2 * (16 + 16), two Finished of 12 bytes
        assert side["prf.tls10"] == (4, 48 + 64 + 24)
        assert side["hmac.md5"] == (2, 32)
        assert side["encrypt.rc4-128"] == (1, 16 + 16)
        assert side["decrypt.rc4-128"] == (1, 16 + 16)
    assert on_client["record.sent"] == on_server["record.received"]
    assert on_client["record.received"] == on_server["record.sent"]


def test_a_resumed_handshake_has_no_public_key_operation() -> None:
    sessions = tls.SessionCache()
    first, _ = connected(sessions, versions=[tls.TLS_1_0])
    client, server = connected(sessions, first.session, versions=[tls.TLS_1_0])
    assert server.resumed
    for side in (work(client), work(server)):
        assert not any(name.startswith("rsa.") for name in side)
        assert side["prf.tls10"][0] == 3


def test_application_data_is_metered_to_the_byte() -> None:
    client, server = connected(versions=[tls.SSL_3_0], suites=[0x0005])
    client.meter.take()
    server.meter.take()
    client.send(b"x" * 20_000)
    wire = client.outgoing()
    server.receive(wire)
    sent, received = work(client), work(server)
    assert sent["record.sent"] == received["record.received"] == (2, len(wire))
    assert sent["ssl30-mac.sha1"] == received["ssl30-mac.sha1"] == (2, 20_000)
    assert sent["encrypt.rc4-128"] == received["decrypt.rc4-128"] == (2, len(wire) - 10)


def test_taking_empties() -> None:
    client, _ = connected()
    assert client.meter.take()
    assert client.meter.take() == []


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from([0, 1024]), st.integers(0, 9)),
        max_size=2_000,
    )
)
def test_sums_are_right_however_many(log: list[tuple[str, int, int]]) -> None:
    meter = Meter()
    for name, bits, size in log:
        meter.add(name, bits, 1, size)
    taken = meter.take()
    assert sum(each.count for each in taken) == len(log)
    assert sum(each.bytes for each in taken) == sum(size for _, _, size in log)
    assert len({(each.name, each.bits) for each in taken}) == len(taken)
