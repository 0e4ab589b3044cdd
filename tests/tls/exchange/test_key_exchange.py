"""Key exchanges: temporary keys, groups, and values that must be refused."""

import pytest

import tls
from tests.tls.authority import ROOT, Shape, identity_of, issue, server_identity
from tests.tls.conversation import (
    VERSIONS,
    connected,
    converse,
    data_in,
    new_client,
    new_server,
    position_of,
)
from tls.alerts import (
    DECRYPT_ERROR,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    INSUFFICIENT_SECURITY,
    UNEXPECTED_MESSAGE,
)
from tls.entropy import RandomSource
from tls.errors import PeerError
from tls.exchange import ExchangeContext
from tls.exchange.dhe import DheExchange
from tls.exchange.rsa_export import temporary_key
from tls.groups import (
    EXPORT_FIELD,
    FFDHE2048,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    X448,
    X25519,
    FiniteField,
    FiniteFieldKey,
    finite_field,
    generate_curve_key,
)
from tls.messages import ServerKeyExchange
from tls.meter import Meter
from tls.wire import Reader, vector16

CURVES = (X25519, X448, SECP256R1, SECP384R1, SECP521R1)


def seeded() -> RandomSource:
    return RandomSource(lambda length: bytes(range(1, length + 1)), Meter())


@pytest.mark.parametrize("group", CURVES)
def test_both_sides_of_a_curve_agree(group: int) -> None:
    meter = Meter()
    one = generate_curve_key(group, RandomSource(None, meter), meter)
    other = generate_curve_key(group, seeded(), meter)
    assert one.agree(other.public) == other.agree(one.public)
    assert generate_curve_key(group, seeded(), meter).public == other.public


@pytest.mark.parametrize("group", CURVES)
def test_values_off_the_curve_are_refused(group: int) -> None:
    key = generate_curve_key(group, seeded(), Meter())
    bad_values = [b"", b"\0", bytes(len(key.public))]
    if group not in (X25519, X448):  # where every value but a few is a point
        bad_values.append(b"\x04" + bytes(len(key.public) - 1))
    for bad in bad_values:
        with pytest.raises(PeerError) as caught:
            key.agree(bad)
        assert caught.value.alert == ILLEGAL_PARAMETER


def test_finite_fields() -> None:
    """RFC 7919 appendix A.1 gives the first and the last digits of ffdhe2048's prime."""
    prime = f"{finite_field(FFDHE2048).prime:x}"
    assert prime.startswith("ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1")
    assert prime.endswith("886b423861285c97ffffffffffffffff")
    for field in (finite_field(FFDHE2048), EXPORT_FIELD):
        one = FiniteFieldKey(field, RandomSource(None, Meter()), Meter())
        other = FiniteFieldKey(field, seeded(), Meter())
        assert one.agree(other.public) == other.agree(one.public)
        assert len(one.public) == field.bits // 8
        for bad in (0, 1, field.prime - 1, field.prime):
            with pytest.raises(PeerError):
                one.agree(bad.to_bytes(field.bits // 8 + 1, "big"))


def test_a_tiny_field_is_refused() -> None:
    tiny = FiniteField((1 << 256) - 189, 2)
    with pytest.raises(tls.UsageError):
        new_server(diffie_hellman_field=tiny)
    parameters = vector16(tiny.prime.to_bytes(32, "big")) + vector16(b"\2") + vector16(b"\5" * 32)
    context = ExchangeContext(tls.TLS_1_2, tls.TLS_1_2, seeded(), Meter())
    with pytest.raises(tls.PeerError) as caught:
        DheExchange(context).answer(Reader(parameters))
    assert caught.value.alert == INSUFFICIENT_SECURITY


@pytest.mark.parametrize("bits", [512, 1024])
def test_temporary_rsa_keys(bits: int) -> None:
    key = temporary_key(bits)
    assert key.key_size == bits
    assert temporary_key(bits) is key


@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize("suite", [0x0003, 0x0006, 0x0008, 0x0062, 0x0064, 0x0014, 0x0011, 0x0017])
def test_export_suites(version: int, suite: int) -> None:
    client, server = connected(versions=[version], suites=[suite])
    client.send(b"weak but right")
    assert server.receive(client.outgoing())


def messages_of(flight: bytes) -> dict[int, bytes]:
    """The handshake messages of a flight of one record, whole, by their type."""
    messages, position = {}, 5
    while position < len(flight):
        end = position + 4 + int.from_bytes(flight[position + 1 : position + 4], "big")
        messages[flight[position]] = flight[position:end]
        position = end
    return messages


def flight_of(version: int, *messages: bytes) -> bytes:
    data = b"".join(messages)
    return bytes((22, version >> 8, version & 0xFF)) + len(data).to_bytes(2, "big") + data


EXPORT_LIMITS = [
    pytest.param(0x0003, "rsa-512", False, id="EXPORT, 512 bits"),
    pytest.param(0x0008, "rsa-512", False, id="EXPORT with DES, 512 bits"),
    pytest.param(0x0003, 5, True, id="EXPORT, 1024 bits"),
    pytest.param(0x0062, "rsa-512", False, id="EXPORT1024, 512 bits"),
    pytest.param(0x0062, 5, False, id="EXPORT1024, 1024 bits"),
    pytest.param(0x0062, "rsa-2048", True, id="EXPORT1024, 2048 bits"),
]
"""Suites, keys of certificates, and whether a temporary key is sent."""


@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize(("suite", "key", "temporary"), EXPORT_LIMITS)
def test_a_key_that_may_be_exported_decrypts_itself(
    version: int, suite: int, key: int | str, temporary: bool
) -> None:
    client = new_client(versions=[version], suites=[suite])
    server = new_server(identities=[server_identity(key)])
    server.receive(client.outgoing())
    flight = server.outgoing()
    assert (ServerKeyExchange.type in messages_of(flight)) is temporary
    client.receive(flight)
    converse(client, server)
    assert server.handshake_completed
    private = [each for each in server.meter.take() if each.name == "rsa.private"]
    assert sum(each.count for each in private) == 1 + temporary  # signs a temporary key, decrypts
    client.send(b"weak but right")
    assert data_in(server.receive(client.outgoing())) == b"weak but right"


@pytest.mark.parametrize("version", VERSIONS[:2])
def test_a_temporary_key_beside_one_that_may_be_exported_is_illegal(version: int) -> None:
    client = new_client(versions=[version], suites=[0x0003])
    longer, shorter = (new_server(identities=[server_identity(key)]) for key in (5, "rsa-512"))
    client_hello = client.outgoing()
    for server in (longer, shorter):
        server.receive(client_hello)
    forged = messages_of(shorter.outgoing())
    forged[ServerKeyExchange.type] = messages_of(longer.outgoing())[ServerKeyExchange.type]
    with pytest.raises(tls.PeerError) as caught:
        client.receive(flight_of(version, *(forged[kind] for kind in (2, 11, 12, 14))))
    assert caught.value.alert == UNEXPECTED_MESSAGE


@pytest.mark.parametrize("version", VERSIONS[:2])
def test_a_key_that_may_not_be_exported_needs_a_temporary_one(version: int) -> None:
    client = new_client(versions=[version], suites=[0x0003])
    server = new_server(identities=[server_identity(5)])
    server.receive(client.outgoing())
    messages = messages_of(server.outgoing())
    del messages[ServerKeyExchange.type]
    with pytest.raises(tls.PeerError) as caught:
        client.receive(flight_of(version, *messages.values()))
    assert caught.value.alert == UNEXPECTED_MESSAGE


def test_export_suites_end_with_tls_1_0() -> None:
    client = new_client(versions=[tls.TLS_1_1], suites=[0x0003, 0x002F])
    converse(client, new_server())
    assert client.suite == 0x002F


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suite", [0x0033, 0xC013, 0x0032, 0xC009])
def test_forged_parameters(version: int, suite: int) -> None:
    """The server's signature covers its parameters and both randoms."""
    client, server = new_client(versions=[version], suites=[suite]), new_server()
    server.receive(client.outgoing())
    wire = bytearray(server.outgoing())
    position = position_of(ServerKeyExchange.type, wire)
    wire[position + 4 + 20] ^= 1
    with pytest.raises(tls.PeerError) as caught:
        client.receive(bytes(wire))
    assert caught.value.alert in (DECRYPT_ERROR, HANDSHAKE_FAILURE, ILLEGAL_PARAMETER)


@pytest.mark.parametrize("suite", [0x0018, 0x0034, 0xC018])
def test_anonymous_suites_show_no_certificate(suite: int) -> None:
    client = new_client(suites=[suite])
    server = tls.ServerConnection(tls.ServerConfig([], suites=[suite]))
    converse(client, server)
    assert client.handshake_completed
    assert client._channel.version == tls.TLS_1_2


# -- keys that are too short for today


def arctangent(inverse: int, bits: int) -> int:
    """2^bits atan(1 / inverse), rounded towards nought."""
    power = total = (1 << bits) // inverse
    number = 1
    while power:
        power //= -(inverse**2)
        number += 2
        total += power // number
    return total


def oakley_field(bits: int) -> FiniteField:
    """The first and the second Oakley group, of 768 and 1,024 bits (RFC 2409 §6.1, §6.2)."""
    offset = {768: 149_686, 1024: 129_093}[bits]
    guard = 64
    pi = 4 * (4 * arctangent(5, bits + guard) - arctangent(239, bits + guard))
    middle = (pi >> (guard + 130)) + offset
    return FiniteField((1 << bits) - (1 << (bits - 64)) - 1 + (middle << 64), 2)


@pytest.mark.parametrize(
    ("bits", "minimum", "taken"),
    [(768, 1024, False), (1024, 1024, True), (768, 512, True)],
)
def test_short_finite_fields_are_refused_unless_allowed(
    bits: int, minimum: int, taken: bool
) -> None:
    """RFC 7919 §2 and what followed Logjam; period profiles allow what their time had."""
    client = new_client(suites=[0x0033], minimum_key_bits=minimum)
    server = new_server(diffie_hellman_field=oakley_field(bits))
    server.receive(client.outgoing())
    flight = server.outgoing()
    if taken:
        assert client.receive(flight) == []
        return
    with pytest.raises(tls.PeerError) as caught:
        client.receive(flight)
    assert caught.value.reason is tls.Reason.DIFFIE_HELLMAN_PRIME_LENGTH
    assert caught.value.alert == INSUFFICIENT_SECURITY


@pytest.mark.parametrize(
    ("suite", "minimum", "taken"),
    [(0x002F, 1024, False), (0x002F, 512, True), (0x0003, 1024, True)],
    ids=["refused", "allowed", "export"],
)
def test_short_rsa_keys_are_refused_unless_allowed(suite: int, minimum: int, taken: bool) -> None:
    client = new_client(suites=[suite], versions=[tls.TLS_1_0], minimum_key_bits=minimum)
    server = new_server(identities=[server_identity("rsa-512")])
    if taken:
        converse(client, server)
        assert client.handshake_completed
        return
    with pytest.raises(tls.PeerError) as caught:
        converse(client, server)
    assert caught.value.reason is tls.Reason.CERTIFICATE_KEY_TOO_SHORT
    assert caught.value.alert == INSUFFICIENT_SECURITY


@pytest.mark.parametrize(
    ("suite", "minimum", "taken"), [(0x002F, 1024, False), (0x002F, 512, True)]
)
def test_the_keys_of_authorities_between_are_as_long(suite: int, minimum: int, taken: bool) -> None:
    """A chain is as strong as its weakest key."""
    shape = Shape("Weak", (), authority=True, purposes=[], key_name="rsa-512")
    weak = issue(ROOT, shape)
    leaf = issue(weak, Shape(key_name="rsa-1024"))
    client = new_client(suites=[suite], minimum_key_bits=minimum)
    server = new_server(identities=[identity_of(leaf, weak)])
    if taken:
        converse(client, server)
        assert client.handshake_completed
        return
    with pytest.raises(tls.PeerError) as caught:
        converse(client, server)
    assert caught.value.reason is tls.Reason.CERTIFICATE_KEY_TOO_SHORT
    beside = new_server(identities=[identity_of(issue(ROOT, Shape(key_name="rsa-1024")), weak)])
    converse(client := new_client(suites=[suite], minimum_key_bits=minimum), beside)
    assert client.handshake_completed
