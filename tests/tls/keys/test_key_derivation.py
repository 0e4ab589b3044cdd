"""Key derivation against published vectors and against straightforward formulas."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tls.keys import extended_secrets_from_premaster
from tls.keys.hmac import KeyedHmac
from tls.keys.ssl30 import Ssl30Secrets, expand
from tls.keys.tls import Tls10Prf, Tls12Prf, TlsSecrets
from tls.keys.transcript import Transcript
from tls.meter import Meter
from tls.record.suite_protection import connection_keys
from tls.suites import SUITES
from tls.versions import TLS_1_2

# The vector that the TLS working group's implementers share for the TLS 1.0 PRF.
_PRF_VECTOR = bytes.fromhex(
    "d3d4d1e349b5d515044666d51de32bab258cb521b6b053463e354832fd976754"
    "443bcf9a296519bc289abcbc1187e4ebd31e602353776c408aafb74cbc85eff6"
    "9255f9788faa184cbb957a9819d84a5d7eb006eb459d3ae8de9810454b8b2d8f"
    "1afbc655a8c9a013"
)


def test_tls10_prf_vector() -> None:
    prf = Tls10Prf(b"\xab" * 48)
    assert prf.expand(b"PRF Testvector", b"\xcd" * 64, 104) == _PRF_VECTOR


# Vectors for the TLS 1.2 PRF that its implementers share: (hash, secret, seed, label, output).
_TLS12_VECTORS = (
    (
        "sha256",
        "9bbe436ba940f017b17652849a71db35",
        "a0ba9f936cda311827a6f796ffd5198c",
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
        "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
        "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
        "87347b66",
    ),
    (
        "sha384",
        "b80b733d6ceefcdc71566ea48e5567df",
        "cd665cf6a8447dd6ff8b27555edb7465",
        "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd"
        "e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd"
        "8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425"
        "9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6"
        "91c8f3a26854308d5eaa3be85e0990703d73e56f",
    ),
)


@pytest.mark.parametrize(("hash_name", "secret", "seed", "output"), _TLS12_VECTORS)
def test_tls12_prf_vectors(hash_name: str, secret: str, seed: str, output: str) -> None:
    expected = bytes.fromhex(output)
    prf = Tls12Prf(bytes.fromhex(secret), hash_name)
    assert prf.expand(b"test label", bytes.fromhex(seed), len(expected)) == expected


@given(
    key=st.binary(max_size=200),
    data=st.binary(max_size=300),
    name=st.sampled_from(["md5", "sha1", "sha256", "sha384"]),
)
def test_keyed_hmac_is_hmac(key: bytes, data: bytes, name: str) -> None:
    assert KeyedHmac(name, key).digest(data) == hmac.digest(key, data, name)


@given(
    secret=st.binary(min_size=1, max_size=80),
    seed=st.binary(max_size=64),
    length=st.integers(1, 140),
)
def test_prf_is_the_formula(secret: bytes, seed: bytes, length: int) -> None:
    def p_hash(name: str, key: bytes, data: bytes) -> bytes:
        a, output = data, b""
        while len(output) < length:
            a = hmac.digest(key, a, name)
            output += hmac.digest(key, a + data, name)
        return output[:length]

    half = -(-len(secret) // 2)
    data = b"a label" + seed
    expected = bytes(
        x ^ y
        for x, y in zip(
            p_hash("md5", secret[:half], data), p_hash("sha1", secret[-half:], data), strict=True
        )
    )
    assert Tls10Prf(secret).expand(b"a label", seed, length) == expected


@given(secret=st.binary(max_size=64), seed=st.binary(max_size=64))
def test_ssl30_expansion_is_the_formula(secret: bytes, seed: bytes) -> None:
    expected = b"".join(
        hashlib.md5(secret + hashlib.sha1(salt + secret + seed).digest()).digest()
        for salt in (b"A", b"BB", b"CCC", b"DDDD")
    )
    assert expand(secret, seed, 64) == expected
    assert expand(secret, seed, 50) == expected[:50]


def _transcript() -> Transcript:
    transcript = Transcript(Meter())
    transcript.add(b"a hello")
    transcript.add(b"and its answer")
    return transcript


def test_ssl30_finished_is_the_formula() -> None:
    master = bytes(range(48))
    messages = b"a helloand its answer"
    expected = b"".join(
        new(
            master + b"\x5c" * pad + new(messages + b"SRVR" + master + b"\x36" * pad).digest()
        ).digest()
        for new, pad in ((hashlib.md5, 48), (hashlib.sha1, 40))
    )
    secrets = Ssl30Secrets(master, Meter())
    assert secrets.finished(_transcript(), from_client=False) == expected


def test_tls10_finished_is_the_formula() -> None:
    master = bytes(range(48))
    messages = b"a helloand its answer"
    hashes = hashlib.md5(messages).digest() + hashlib.sha1(messages).digest()
    secrets = TlsSecrets(master, None, Meter())
    assert secrets.finished(_transcript(), from_client=True) == Tls10Prf(master).expand(
        b"client finished", hashes, 12
    )


def test_tls12_finished_is_the_formula() -> None:
    master = bytes(range(48))
    digest = hashlib.sha384(b"a helloand its answer").digest()
    secrets = TlsSecrets(master, "sha384", Meter())
    assert secrets.finished(_transcript(), from_client=False) == Tls12Prf(master, "sha384").expand(
        b"server finished", digest, 12
    )


def test_extended_master_secret_is_the_formula() -> None:
    """master_secret = PRF(pre_master_secret, "extended master secret", session_hash)."""
    suite = SUITES[0x002F]
    premaster = bytes(48)
    digest = hashlib.sha256(b"a helloand its answer").digest()
    secrets = extended_secrets_from_premaster(TLS_1_2, suite, premaster, _transcript(), Meter())
    assert secrets.master_secret == Tls12Prf(premaster, "sha256").expand(
        b"extended master secret", digest, 48
    )


def test_export_keys_of_tls_are_the_formula() -> None:
    client_random, server_random = b"c" * 32, b"s" * 32
    seed = client_random + server_random
    (client_key, client_iv), (server_key, server_iv) = TlsSecrets(
        bytes(48), None, Meter()
    ).export_keys((b"11111", b"22222"), client_random, server_random, 16, 8)
    assert client_key == Tls10Prf(b"11111").expand(b"client write key", seed, 16)
    assert server_key == Tls10Prf(b"22222").expand(b"server write key", seed, 16)
    assert client_iv + server_iv == Tls10Prf(b"").expand(b"IV block", seed, 16)


def test_export_keys_of_ssl30_are_the_formula() -> None:
    client_random, server_random = b"c" * 32, b"s" * 32
    (client_key, client_iv), (server_key, server_iv) = Ssl30Secrets(bytes(48), Meter()).export_keys(
        (b"11111", b"22222"), client_random, server_random, 8, 8
    )
    assert client_key == hashlib.md5(b"11111" + client_random + server_random).digest()[:8]
    assert server_key == hashlib.md5(b"22222" + server_random + client_random).digest()[:8]
    assert client_iv == hashlib.md5(client_random + server_random).digest()[:8]
    assert server_iv == hashlib.md5(server_random + client_random).digest()[:8]


@pytest.mark.parametrize(
    "secrets", [Ssl30Secrets(bytes(48), Meter()), TlsSecrets(bytes(48), None, Meter())]
)
def test_56_bit_export_keys_are_derived_too(secrets: Ssl30Secrets | TlsSecrets) -> None:
    """draft-ietf-tls-56-bit-ciphersuites-01 §5: also DES keys, which are no longer than before."""
    randoms = b"c" * 32, b"s" * 32
    block = secrets.key_block(*randoms, 2 * (20 + 8))
    client, server = connection_keys(SUITES[0x0062], secrets, *randoms)
    expected = secrets.export_keys((block[40:48], block[48:56]), *randoms, 8, 8)
    assert ((client.key, client.iv), (server.key, server.iv)) == expected
    assert client.mac_secret == block[:20]
