"""Key derivation against published vectors and against straightforward formulas."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from tls.keys.hmac import KeyedHmac
from tls.keys.ssl30 import Ssl30Secrets, expand
from tls.keys.tls10 import Prf, Tls10Secrets
from tls.keys.transcript import Transcript
from tls.meter import Meter

# The vector that the TLS working group's implementers share for the TLS 1.0 PRF.
_PRF_VECTOR = bytes.fromhex(
    "d3d4d1e349b5d515044666d51de32bab258cb521b6b053463e354832fd976754"
    "443bcf9a296519bc289abcbc1187e4ebd31e602353776c408aafb74cbc85eff6"
    "9255f9788faa184cbb957a9819d84a5d7eb006eb459d3ae8de9810454b8b2d8f"
    "1afbc655a8c9a013"
)


def test_tls10_prf_vector() -> None:
    prf = Prf(b"\xab" * 48)
    assert prf.expand(b"PRF Testvector", b"\xcd" * 64, 104) == _PRF_VECTOR


@given(
    key=st.binary(max_size=200), data=st.binary(max_size=300), name=st.sampled_from(["md5", "sha1"])
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
    assert Prf(secret).expand(b"a label", seed, length) == expected


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
    secrets = Tls10Secrets(master, Meter())
    assert secrets.finished(_transcript(), from_client=True) == Prf(master).expand(
        b"client finished", hashes, 12
    )
