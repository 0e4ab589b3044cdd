"""Key shares of TLS 1.3: both sides agree, known answers, and shares that must be refused."""

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import tls
from tests.tls.tls13.rfc8448 import TRACES
from tls.alerts import ILLEGAL_PARAMETER
from tls.entropy import RandomSource
from tls.groups import (
    DEFAULT_TLS_1_3_GROUPS,
    GROUP_NAMES,
    HYBRID_NAMES,
    SECP256R1,
    SECP256R1_MLKEM768,
    SECP384R1,
    SECP384R1_MLKEM1024,
    SECP521R1,
    X448,
    X25519,
    X25519_MLKEM768,
    finite_field,
    is_finite_field,
)
from tls.key_shares import client_share, is_known_group, server_share
from tls.meter import Meter
from tls.reasons import Reason

ML_KEM = {
    int(bits): {name: bytes.fromhex(value) for name, value in values.items()}
    for bits, values in tomllib.loads(
        Path(__file__).with_name("mlkem.toml").read_text(encoding="utf-8")
    ).items()
}
EVERY_GROUP = [*GROUP_NAMES, *HYBRID_NAMES]
FAST_GROUPS = [group for group in EVERY_GROUP if group < 258 or group > 511]

LENGTHS = {
    # client's share, server's share, secret (RFC 8446 §4.2.8, draft-ietf-tls-ecdhe-mlkem §4)
    SECP256R1: (65, 65, 32),
    SECP384R1: (97, 97, 48),
    SECP521R1: (133, 133, 66),
    X25519: (32, 32, 32),
    X448: (56, 56, 56),
    X25519_MLKEM768: (1216, 1120, 64),
    SECP256R1_MLKEM768: (1249, 1153, 64),
    SECP384R1_MLKEM1024: (1665, 1665, 80),
    **{group: (finite_field(group).bits // 8,) * 3 for group in GROUP_NAMES if group > 255},
}


def system() -> RandomSource:
    return RandomSource(None, Meter())


def scripted(*values: bytes) -> RandomSource:
    """Entropy that gives these values, each asked for in whole."""
    left: Iterator[bytes] = iter(values)

    def draw(length: int) -> bytes:
        value = next(left)
        assert len(value) == length
        return value

    return RandomSource(draw, Meter())


def seeded(seed: int) -> RandomSource:
    return RandomSource(lambda length: hashlib.shake_256(bytes([seed])).digest(length), Meter())


@pytest.mark.parametrize("group", EVERY_GROUP)
def test_both_sides_agree(group: int) -> None:
    client = client_share(group, system(), Meter())
    share, secret = server_share(group, client.public, system(), Meter())
    assert client.agree(share) == secret
    assert (len(client.public), len(share), len(secret)) == LENGTHS[group]


def test_every_default_group_is_known() -> None:
    assert all(map(is_known_group, DEFAULT_TLS_1_3_GROUPS))
    assert not is_known_group(0x0A0A)
    assert not is_known_group(0x6399)  # a draft of Kyber


@pytest.mark.parametrize("group", FAST_GROUPS)
def test_the_callers_entropy_makes_the_clients_share(group: int) -> None:
    one, same = (client_share(group, seeded(1), Meter()) for _ in range(2))
    other = client_share(group, seeded(2), Meter())
    assert one.public == same.public != other.public
    share, secret = server_share(group, one.public, seeded(3), Meter())
    assert same.agree(share) == secret
    if group not in HYBRID_NAMES:  # encapsulation is random always
        assert server_share(group, one.public, seeded(3), Meter()) == (share, secret)


@pytest.mark.parametrize("group", FAST_GROUPS)
def test_shares_of_any_other_length_are_refused(group: int) -> None:
    client = client_share(group, system(), Meter())
    share, _ = server_share(group, client.public, system(), Meter())
    for bad in (b"", b"\0", share[:-1], share + b"\0", b"\0" + share):
        with pytest.raises(tls.PeerError) as caught:
            client.agree(bad)
        assert caught.value.alert == ILLEGAL_PARAMETER
        assert caught.value.reason is Reason.KEY_SHARE_INVALID
    public = client.public
    for bad in (b"", b"\0", public[:-1], public + b"\0", b"\0" + public):
        with pytest.raises(tls.PeerError) as caught:
            server_share(group, bad, system(), Meter())
        assert caught.value.alert == ILLEGAL_PARAMETER
        assert caught.value.reason is Reason.KEY_SHARE_INVALID


@pytest.mark.parametrize("group", [X25519, X448, X25519_MLKEM768])
def test_points_of_small_order_are_refused(group: int) -> None:
    """RFC 7748 §6: the secret would be all zeros; RFC 8446 §7.4.2 demands the check."""
    client = client_share(group, system(), Meter())
    length = 56 if group == X448 else 32
    for small in (bytes(length), b"\1" + bytes(length - 1)):
        share, _ = server_share(group, client.public, system(), Meter())
        with pytest.raises(tls.PeerError) as caught:
            client.agree(share[:-length] + small)
        assert caught.value.reason is Reason.KEY_SHARE_INVALID
        with pytest.raises(tls.PeerError):
            server_share(group, client.public[:-length] + small, system(), Meter())


@pytest.mark.parametrize("group", [SECP256R1, SECP256R1_MLKEM768, SECP384R1_MLKEM1024])
def test_points_off_the_curve_are_refused(group: int) -> None:
    client = client_share(group, system(), Meter())
    share, _ = server_share(group, client.public, system(), Meter())
    for changed in (1, 40):
        bad = bytearray(share)
        bad[changed] ^= 1
        with pytest.raises(tls.PeerError):
            client.agree(bytes(bad))
    for form in (0, 2, 3, 6):
        with pytest.raises(tls.PeerError):
            client.agree(bytes((form,)) + share[1:])


@pytest.mark.parametrize("group", [256, 257])
def test_values_of_a_finite_field_out_of_range_are_refused(group: int) -> None:
    """RFC 8446 §4.2.8.1: 1 < Y < p-1."""
    assert is_finite_field(group)
    client = client_share(group, system(), Meter())
    prime = finite_field(group).prime
    for bad in (0, 1, prime - 1, prime, prime + 1):
        with pytest.raises(tls.PeerError) as caught:
            client.agree(bad.to_bytes(len(client.public), "big"))
        assert caught.value.alert == ILLEGAL_PARAMETER


@pytest.mark.parametrize("group", [X25519_MLKEM768, SECP256R1_MLKEM768, SECP384R1_MLKEM1024])
def test_keys_of_ml_kem_that_are_not_reduced_are_refused(group: int) -> None:
    """FIPS 203 §7.2: coefficients are below 3,329."""
    public = bytearray(client_share(group, system(), Meter()).public)
    first = {X25519_MLKEM768: 0, SECP256R1_MLKEM768: 65, SECP384R1_MLKEM1024: 97}[group]
    public[first : first + 2] = b"\xff\xff"
    with pytest.raises(tls.PeerError) as caught:
        server_share(group, bytes(public), system(), Meter())
    assert caught.value.reason is Reason.KEY_SHARE_INVALID


@pytest.mark.parametrize("group", [X25519_MLKEM768, SECP384R1_MLKEM1024])
def test_a_ciphertext_to_another_key_gives_another_secret(group: int) -> None:
    """FIPS 203 §6.3: implicit rejection."""
    one, other = (client_share(group, system(), Meter()) for _ in range(2))
    share, secret = server_share(group, one.public, system(), Meter())
    assert other.agree(share) != secret
    assert len(other.agree(share)) == len(secret)


# -- known answers

# RFC 5903 §8.1, §8.2: the initiator's private key, the responder's, the shared x coordinate.
P_256 = (
    0xC88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433,
    0xC6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53,
    "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
)
P_384 = (
    0x099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194,
    0x41CB0779B4BDB85D47846725FBEC3C9430FAB46CC8DC5060855CC9BDA0AA2942E0308312916B8ED2960E4BD55A7448FC,
    "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746",
)


def test_x25519_with_ml_kem_768() -> None:
    """ML-KEM comes first in both shares and in the secret (draft-ietf-tls-ecdhe-mlkem §4)."""
    trace, kem = TRACES["simple"], ML_KEM[768]
    entropy = scripted(ML_KEM[768]["seed"], trace["private_client"])
    client = client_share(X25519_MLKEM768, entropy, Meter())
    kem_public, public = client.public[:1184], client.public[1184:]
    assert hashlib.sha256(kem_public).digest() == kem["encapsulation_key_digest"]
    assert public == trace["client_hello"][5:].split(b"\0\x1d\0\x20")[1][:32]
    servers_public = trace["server_hello"].split(b"\0\x1d\0\x20")[1][:32]
    secret = client.agree(kem["ciphertext"] + servers_public)
    assert secret == kem["secret"] + trace["shared_secret"]


@pytest.mark.parametrize(
    ("group", "curve", "vector", "bits", "length"),
    [
        (SECP256R1_MLKEM768, ec.SECP256R1(), P_256, 768, 32),
        (SECP384R1_MLKEM1024, ec.SECP384R1(), P_384, 1024, 48),
    ],
)
def test_nist_curves_with_ml_kem(
    group: int,
    curve: ec.EllipticCurve,
    vector: tuple[int, int, str],
    bits: int,
    length: int,
) -> None:
    """The curve comes first in both shares and in the secret."""
    initiator, responder, shared = vector
    kem = ML_KEM[bits]

    def point(private: int) -> bytes:
        numbers = ec.derive_private_key(private, curve).public_key().public_numbers()
        return b"\4" + numbers.x.to_bytes(length, "big") + numbers.y.to_bytes(length, "big")

    # A private key is one more than what is drawn, modulo the order less one.
    entropy = scripted(ML_KEM[bits]["seed"], (initiator - 1).to_bytes(length + 8, "big"))
    client = client_share(group, entropy, Meter())
    public, kem_public = client.public[: 2 * length + 1], client.public[2 * length + 1 :]
    assert public == point(initiator)
    assert hashlib.sha256(kem_public).digest() == kem["encapsulation_key_digest"]
    secret = client.agree(point(responder) + kem["ciphertext"])
    assert secret.hex() == shared + kem["secret"].hex()


@pytest.mark.parametrize(
    ("group", "on_client", "on_server"),
    [
        (
            X25519_MLKEM768,
            [
                "mlkem.generate 768",
                "x25519.generate 255",
                "x25519.exchange 255",
                "mlkem.decapsulate 768",
            ],
            ["x25519.generate 255", "x25519.exchange 255", "mlkem.encapsulate 768"],
        ),
        (
            SECP384R1_MLKEM1024,
            [
                "mlkem.generate 1024",
                "ecdh.generate 384",
                "ecdh.exchange 384",
                "mlkem.decapsulate 1024",
            ],
            ["ecdh.generate 384", "ecdh.exchange 384", "mlkem.encapsulate 1024"],
        ),
        (256, ["dh.generate 2048", "dh.exchange 2048"], ["dh.generate 2048", "dh.exchange 2048"]),
    ],
)
def test_the_work_is_metered(group: int, on_client: list[str], on_server: list[str]) -> None:
    clients, servers = Meter(), Meter()
    client = client_share(group, system(), clients)
    share, _ = server_share(group, client.public, system(), servers)
    client.agree(share)
    assert [f"{name} {bits}" for name, bits, _, _ in clients.take_log()] == on_client
    assert [f"{name} {bits}" for name, bits, _, _ in servers.take_log()] == on_server
