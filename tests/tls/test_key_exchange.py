"""Key exchanges: temporary keys, groups, and values that must be refused."""

import pytest

import tls
from tests.tls.conversation import (
    VERSIONS,
    connected,
    converse,
    new_client,
    new_server,
    position_of,
)
from tls.alerts import DECRYPT_ERROR, HANDSHAKE_FAILURE, ILLEGAL_PARAMETER, INSUFFICIENT_SECURITY
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
    assert client._handshake.version == tls.TLS_1_2
