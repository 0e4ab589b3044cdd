"""Handshakes of TLS 1.3 between two engines: every suite, group and mode."""

from __future__ import annotations

import pytest

import tls
from tests.tls.conversation import changed_hello, converse, data_in, new_client, new_server
from tests.tls.handshake.tls13.worlds import GROUPS, MODES, PSK, Mode, World, flights
from tls.extensions import SUPPORTED_VERSIONS
from tls.groups import (
    FFDHE2048,
    GROUP_NAMES,
    HYBRID_NAMES,
    SECP256R1,
    X25519,
    X25519_MLKEM768,
    group_name,
)
from tls.suites import TLS_1_3_SUITES
from tls.tls13.hello_extensions import OfferedVersions

CHANGE_CIPHER_SPEC = b"\x14\x03\x03\x00\x01\x01"
_SLOW = ("ffdhe6144", "ffdhe8192", "ffdhe4096")


def completed(events: list[tls.Event]) -> tls.HandshakeCompleted:
    return next(event for event in events if isinstance(event, tls.HandshakeCompleted))


def talk(client: tls.ClientConnection, server: tls.ServerConnection) -> None:
    """Data both ways arrives as it was sent."""
    client.send(b"from the client")
    server.send(b"from the server")
    client_events, server_events = converse(client, server)
    assert data_in(client_events) == b"from the server"
    assert data_in(server_events) == b"from the client"


@pytest.mark.parametrize("suite", TLS_1_3_SUITES.values(), ids=lambda suite: suite.name)
def test_every_suite(suite: object) -> None:
    code = suite.code  # type: ignore[attr-defined]
    client, server = World({"suites": [code]}, {"suites": [code]}).connected()
    assert (client.suite, server.suite) == (code, code)
    assert (client.version, server.version) == (tls.TLS_1_3, tls.TLS_1_3)
    talk(client, server)


@pytest.mark.parametrize(
    "group",
    [group for group in (*GROUP_NAMES, *HYBRID_NAMES) if group_name(group) not in _SLOW],
    ids=group_name,
)
def test_every_group(group: int) -> None:
    client, server = World({"groups": [group]}, {"groups": [group]}).ends()
    client_events, server_events = converse(client, server)
    assert completed(client_events).group == completed(server_events).group == group
    talk(client, server)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_every_mode(mode: Mode) -> None:
    world = mode.world()
    session = world.session() if mode.resumes else None
    client, server = world.ends(session)
    if mode.early:
        client.send(mode.early)
    client_events, server_events = converse(client, server)
    ours, theirs = completed(client_events), completed(server_events)
    assert ours.resumed is theirs.resumed is mode.resumes
    assert ours.retried is theirs.retried is mode.name.startswith("retried")
    assert ours.early_data is theirs.early_data is (mode.name == "early data")
    assert client.export_keying_material("a label", 40, b"c") == (
        server.export_keying_material("a label", 40, b"c")
    )
    talk(client, server)
    if mode.later:
        server.request_client_certificate()
        (event,) = converse(client, server)[1]
        assert isinstance(event, tls.ClientAuthenticated)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_every_mode_one_byte_at_a_time(mode: Mode) -> None:
    world = mode.world()
    client, server = world.ends(world.session() if mode.resumes else None)
    if mode.early:
        client.send(mode.early)

    def byte_by_byte() -> list[tls.Event]:
        events = []
        for turn in range(6):
            sender, receiver = (client, server) if turn % 2 == 0 else (server, client)
            flight = sender.outgoing()
            for position in range(len(flight)):
                events += receiver.receive(flight[position : position + 1])
        return events

    byte_by_byte()
    assert client.handshake_completed
    assert server.handshake_completed
    talk(client, server)
    # What comes after the handshake.
    assert client.session is not None
    client.update_keys(update_requested=True)
    if mode.later:
        server.request_client_certificate()
    told = [type(event) for event in byte_by_byte()]
    assert told.count(tls.KeysUpdated) == 2
    assert told.count(tls.ClientAuthenticated) == mode.later
    talk(client, server)


def test_defaults_agree_on_the_hybrid() -> None:
    config = tls.ClientConfig(World().client_config.trust, versions=tls.ALL_VERSIONS)
    assert config.groups[0] == X25519_MLKEM768
    assert config.key_shares == (X25519_MLKEM768, X25519)
    assert config.suites[:4] == (0x1302, 0x1303, 0x1301, 0x1304)
    both = {"groups": config.groups, "versions": tls.ALL_VERSIONS}
    client, server = World(both, both).ends()
    assert completed(converse(client, server)[0]).group == X25519_MLKEM768


def test_a_mixed_hello_to_each_version() -> None:
    for version in tls.ALL_VERSIONS:
        world = World(
            {"versions": tls.ALL_VERSIONS},
            {"versions": [version], "suites": tls.DEFAULT_SUITES},
        )
        client, server = world.connected()
        assert client.version == server.version == version


def test_a_client_of_ssl_3_0_may_list_it() -> None:
    """As JSSE does that is told to speak nothing else."""
    client = new_client(versions=[tls.SSL_3_0])
    server = new_server(versions=tls.ALL_VERSIONS)
    listed = {SUPPORTED_VERSIONS: OfferedVersions((tls.SSL_3_0,)).encode()}
    server.receive(changed_hello(client, extensions=listed))
    assert server.version == tls.SSL_3_0


def test_a_session_of_tls_1_2_is_resumed_by_a_client_of_tls_1_3() -> None:
    old = World({"versions": [tls.TLS_1_2]}, {"versions": [tls.TLS_1_2]})
    session = old.session()
    new = World({"versions": [tls.TLS_1_2, tls.TLS_1_3]}, {"versions": [tls.TLS_1_2]})
    client, _ = new.connected(session)
    assert client.resumed
    assert client.version == tls.TLS_1_2


@pytest.mark.parametrize("version", [tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2])
def test_a_downgrade_is_seen(version: int) -> None:
    """Both sides speak TLS 1.3, and somebody between strips it from the hello (§4.1.3)."""
    both = {"versions": tls.ALL_VERSIONS}
    world = World(both, both)
    client, server = world.ends()
    hello = bytearray(client.outgoing())
    versions = hello.index(b"\x00\x2b\x00\x0b\x0a\x03\x04")
    hello[versions : versions + 2] = b"\xfa\xfa"  # an extension that nobody knows
    hello[9:11] = version.to_bytes(2, "big")
    server.receive(bytes(hello))
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server.outgoing())
    assert caught.value.reason is tls.Reason.DOWNGRADED


# -- what it looks like from outside


def test_it_looks_like_a_session_that_is_resumed() -> None:
    client, server = World().ends()
    seen = dict.fromkeys((True, False), b"")
    for by_client, flight in flights(client, server):
        seen[by_client] += flight
    assert seen[True].count(CHANGE_CIPHER_SPEC) == 1
    assert seen[False].count(CHANGE_CIPHER_SPEC) == 1
    hello = seen[True]
    assert hello[43] == 32
    assert seen[False][44:76] == hello[44:76]


def test_or_not() -> None:
    off = {"middlebox_compatibility": False}
    client, server = World(off, off).ends()
    seen = b"".join(flight for _, flight in flights(client, server))
    assert CHANGE_CIPHER_SPEC not in seen
    assert seen[43] == 0


def test_a_retry_has_its_change_cipher_spec_once() -> None:
    world = World({"key_shares": [SECP256R1]}, {"groups": [X25519]})
    client, server = world.ends()
    parts = [flight for _, flight in flights(client, server) if flight]
    assert [part.count(CHANGE_CIPHER_SPEC) for part in parts[:4]] == [0, 1, 1, 0]
    assert parts[2].startswith(CHANGE_CIPHER_SPEC)


def test_records_are_padded() -> None:
    client, server = World({"record_padding": 100}).connected()
    client.outgoing()
    for length in (1, 98, 99, 100):
        client.send(bytes(length))
        record = client.outgoing()
        assert len(record) == 5 + 16 + (200 if length == 100 else 100)
        assert data_in(server.receive(record)) == bytes(length)


def test_record_size_limits_count_the_content_type() -> None:
    """RFC 8449 §4."""
    client, server = World({"record_size_limit": 100}, {"record_size_limit": 200}).connected()
    client.outgoing()
    server.send(bytes(1_000))
    flight = server.outgoing()
    assert int.from_bytes(flight[3:5], "big") == 100 + 16
    assert data_in(client.receive(flight)) == bytes(1_000)
    client.send(bytes(1_000))
    flight = client.outgoing()
    assert int.from_bytes(flight[3:5], "big") == 200 + 16
    assert data_in(server.receive(flight)) == bytes(1_000)


def test_the_key_log_has_every_secret() -> None:
    lines: list[str] = []
    world = World({"key_log": lines.append})
    client, _ = world.connected()
    labels = [line.split()[0] for line in lines]
    assert labels == [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "EXPORTER_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ]
    assert len({line.split()[1] for line in lines}) == 1
    assert client.session is not None


# -- retries


def test_a_server_asks_for_the_group_that_it_prefers() -> None:
    preferred = {"groups": [SECP256R1, X25519], "retry_for_preferred_group": True}
    client, server = World({"key_shares": [X25519]}, preferred).ends()
    done = completed(converse(client, server)[0])
    assert (done.retried, done.group) == (True, SECP256R1)
    preferred["retry_for_preferred_group"] = False
    client, server = World({"key_shares": [X25519]}, preferred).ends()
    done = completed(converse(client, server)[0])
    assert (done.retried, done.group) == (False, X25519)


def test_a_server_that_has_kept_nothing_goes_on_by_the_cookie() -> None:
    world = World({"key_shares": [SECP256R1]}, {"groups": [X25519], "retry_cookie_key": bytes(32)})
    client, first = world.ends()
    _, second = world.ends()
    first.receive(client.outgoing())
    client.receive(first.outgoing())
    client_events, server_events = converse(client, second)
    assert completed(client_events).retried
    assert completed(server_events).retried
    talk(client, second)


def test_a_cookie_is_good_for_five_minutes_and_only_here() -> None:
    world = World({"key_shares": [SECP256R1]}, {"groups": [X25519], "retry_cookie_key": bytes(32)})
    other = World({}, {"groups": [X25519], "retry_cookie_key": bytes(range(32))})
    for server, wait in ((world.ends()[1], 301.0), (other.ends()[1], 0.0)):
        client, first = world.ends()
        first.receive(client.outgoing())
        client.receive(first.outgoing())
        world.clock.now += wait
        with pytest.raises(tls.PeerError) as caught:
            server.receive(client.outgoing())
        assert caught.value.reason is tls.Reason.COOKIE_INVALID


def test_a_client_may_send_no_share_at_all() -> None:
    client, server = World({"key_shares": []}).ends()
    assert completed(converse(client, server)[1]).retried


def test_no_group_in_common() -> None:
    client, server = World({"groups": [SECP256R1]}, {"groups": [FFDHE2048]}).ends()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.reason is tls.Reason.NO_GROUP_IN_COMMON


# -- keys from outside


def test_a_server_without_a_certificate() -> None:
    client, server = World({"psks": [PSK]}, {"psks": [PSK], "identities": []}).ends()
    done = completed(converse(client, server)[0])
    assert done.external_psk == PSK.identity
    assert not client.peer_certificates


def test_an_unknown_key_leaves_the_certificate() -> None:
    other = tls.ExternalPsk(b"another", bytes(32))
    client, server = World({"psks": [other]}, {"psks": [PSK]}).ends()
    assert completed(converse(client, server)[0]).external_psk is None
    assert client.peer_certificates


def test_a_wrong_key_is_no_key() -> None:
    wrong = tls.ExternalPsk(PSK.identity, bytes(32))
    client, server = World({"psks": [wrong]}, {"psks": [PSK]}).ends()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.reason is tls.Reason.PSK_BINDER_INVALID


def test_a_key_goes_with_suites_of_its_hash() -> None:
    psk = tls.ExternalPsk(b"long", bytes(48), "sha384")
    client, server = World({"psks": [PSK, psk]}, {"psks": [psk]}).ends()
    done = completed(converse(client, server)[0])
    assert done.external_psk == b"long"
    assert TLS_1_3_SUITES[done.suite].prf_hash == "sha384"


def test_modes_that_do_not_fit_leave_the_certificate() -> None:
    world = World({"psks": [PSK], "psk_modes": [tls.PskMode.ALONE]}, {"psks": [PSK]})
    client, server = world.ends()
    assert completed(converse(client, server)[0]).external_psk is None


def test_alone_there_is_no_key_exchange() -> None:
    alone = {"psks": [PSK], "psk_modes": [tls.PskMode.ALONE]}
    client, server = World(alone, alone).ends()
    done = completed(converse(client, server)[0])
    assert (done.external_psk, done.group) == (PSK.identity, None)
    talk(client, server)


def test_groups_are_what_the_tests_say() -> None:
    assert set(GROUPS) <= set(GROUP_NAMES)
