"""The key schedule of TLS 1.3: RFC 8448's values, RFC 5869's, and an independent HKDF."""

import hashlib
import hmac
from collections.abc import Iterable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from tests.tls.tls13.rfc8448 import TRACES, Trace
from tls.keys.hkdf import HASH_LENGTHS, derive_secret, hkdf_expand_label, hkdf_extract
from tls.keys.tls13 import (
    EMPTY_HASHES,
    HKDF_HASHES,
    KeySchedule,
    TrafficSecret,
    early_secret,
    export,
    resumption_psk,
)
from tls.meter import Meter
from tls.tls13.messages import message_hash

SIMPLE, RESUMED, RETRIED = (TRACES[name] for name in ("simple", "resumed", "retried"))


def sha256(*messages: bytes) -> bytes:
    return hashlib.sha256(b"".join(messages)).digest()


def hello(trace: Trace, name: str) -> bytes:
    """A hello's message, without its record's header."""
    return trace[name][5:]


def test_the_extract_of_rfc_5869() -> None:
    """Test case 1 of appendix A."""
    prk = hkdf_extract("sha256", bytes(range(13)), b"\x0b" * 22)
    assert prk.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"


def sides(secrets: tuple[bytes, bytes]) -> Iterable[tuple[str, bytes]]:
    """Each side's secret with its name."""
    return zip(("client", "server"), secrets, strict=True)


def test_the_handshake_secrets_of_the_simple_handshake() -> None:
    schedule = KeySchedule("sha256", Meter())
    schedule.enter_handshake(SIMPLE["shared_secret"])
    so_far = sha256(hello(SIMPLE, "client_hello"), hello(SIMPLE, "server_hello"))
    for side, secret in sides(schedule.handshake_traffic_secrets(so_far)):
        assert secret == SIMPLE[f"{side}_handshake_traffic_secret"]
        keys = TrafficSecret("sha256", secret, Meter()).keys(16)
        assert keys == (SIMPLE[f"{side}_handshake_key"], SIMPLE[f"{side}_handshake_iv"])


def test_the_stages_are_the_formulas() -> None:
    """RFC 8446 §7.1, with the secrets of the stages that RFC 8448 tells."""
    for trace, psk in ((SIMPLE, bytes(32)), (RESUMED, SIMPLE["resumption_psk"])):
        early = early_secret("sha256", psk)
        derived = derive_secret("sha256", early, b"derived", sha256())
        handshake = hkdf_extract("sha256", derived, trace["shared_secret"])
        derived = derive_secret("sha256", handshake, b"derived", sha256())
        master = hkdf_extract("sha256", derived, bytes(32))
        assert (early, handshake, master) == (
            trace["early_secret"],
            trace["handshake_secret"],
            trace["master_secret"],
        )


def test_the_binder_of_the_resumed_handshake() -> None:
    psk = resumption_psk("sha256", SIMPLE["resumption_master_secret"], b"\0\0", Meter())
    assert psk == SIMPLE["resumption_psk"]
    schedule = KeySchedule("sha256", Meter(), psk)
    binder_key = schedule.binder_key(external=False)
    assert binder_key == RESUMED["binder_key"]
    message = hello(RESUMED, "client_hello")
    truncated = sha256(message[:-35])
    assert truncated == RESUMED["truncated_hello_hash"]
    binder = TrafficSecret("sha256", binder_key, Meter()).finished(truncated)
    assert binder == RESUMED["binder"] == message[-32:]


def test_the_secrets_of_the_resumed_handshake() -> None:
    schedule = KeySchedule("sha256", Meter(), SIMPLE["resumption_psk"])
    so_far = hello(RESUMED, "client_hello")
    early = schedule.client_early_traffic_secret(sha256(so_far))
    assert early == RESUMED["client_early_traffic_secret"]
    assert TrafficSecret("sha256", early, Meter()).keys(16) == (
        RESUMED["client_early_key"],
        RESUMED["client_early_iv"],
    )
    exporter = schedule.early_exporter_master_secret(sha256(so_far))
    assert exporter == RESUMED["early_exporter_master_secret"]
    schedule.enter_handshake(RESUMED["shared_secret"])
    so_far += hello(RESUMED, "server_hello")
    for side, secret in sides(schedule.handshake_traffic_secrets(sha256(so_far))):
        assert secret == RESUMED[f"{side}_handshake_traffic_secret"]
    so_far += RESUMED["encrypted_extensions_message"]
    base = TrafficSecret("sha256", RESUMED["server_handshake_traffic_secret"], Meter())
    assert base.finished(sha256(so_far)) == RESUMED["server_finished"]
    so_far += RESUMED["server_finished_message"]
    schedule.enter_master()
    for side, secret in sides(schedule.application_traffic_secrets(sha256(so_far))):
        assert secret == RESUMED[f"{side}_application_traffic_secret"]
    assert schedule.exporter_master_secret(sha256(so_far)) == RESUMED["exporter_master_secret"]


def test_the_secrets_after_a_retry() -> None:
    """The first hello stands in the transcript as its hash (RFC 8446 §4.4.1)."""
    so_far = sha256(
        message_hash(sha256(hello(RETRIED, "client_hello"))),
        hello(RETRIED, "hello_retry_request"),
        hello(RETRIED, "second_client_hello"),
        hello(RETRIED, "server_hello"),
    )
    assert so_far == RETRIED["hello_hash"]
    schedule = KeySchedule("sha256", Meter())
    schedule.enter_handshake(RETRIED["shared_secret"])
    for side, secret in sides(schedule.handshake_traffic_secrets(so_far)):
        assert secret == RETRIED[f"{side}_handshake_traffic_secret"]


@pytest.mark.parametrize("hash_name", HKDF_HASHES)
@given(
    secret=st.binary(min_size=1, max_size=150),
    label=st.binary(min_size=1, max_size=249),
    context=st.binary(max_size=255),
    length=st.integers(1, 1_000),
)
def test_labels_are_expanded_as_hkdf_has_it(
    hash_name: str, secret: bytes, label: bytes, context: bytes, length: int
) -> None:
    algorithm = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}[hash_name]
    info = length.to_bytes(2, "big") + bytes((6 + len(label),)) + b"tls13 " + label
    info += bytes((len(context),)) + context
    expected = HKDFExpand(algorithm, length, info).derive(secret)
    assert hkdf_expand_label(hash_name, secret, label, context, length) == expected


def test_a_label_has_an_end() -> None:
    with pytest.raises(ValueError, match="room for 249"):
        hkdf_expand_label("sha256", b"secret", b"x" * 250, b"", 32)


@pytest.mark.parametrize("hash_name", HKDF_HASHES)
def test_a_schedule_is_the_pure_functions(hash_name: str) -> None:
    """With a PSK and without, with a key exchange and without, under either hash."""
    length = HASH_LENGTHS[hash_name]
    digest = hashlib.new(hash_name, b"messages").digest()
    empty = hashlib.new(hash_name).digest()
    assert EMPTY_HASHES[hash_name] == empty
    for psk in (b"", b"external key"):
        for shared in (b"", b"secret"):
            schedule = KeySchedule(hash_name, Meter(), psk)
            early = hkdf_extract(hash_name, bytes(length), psk or bytes(length))
            for external, label in ((True, b"ext binder"), (False, b"res binder")):
                expected = derive_secret(hash_name, early, label, empty)
                assert schedule.binder_key(external=external) == expected
            schedule.enter_handshake(shared)
            salt = derive_secret(hash_name, early, b"derived", empty)
            handshake = hkdf_extract(hash_name, salt, shared or bytes(length))
            assert schedule.handshake_traffic_secrets(digest) == (
                derive_secret(hash_name, handshake, b"c hs traffic", digest),
                derive_secret(hash_name, handshake, b"s hs traffic", digest),
            )
            schedule.enter_master()
            salt = derive_secret(hash_name, handshake, b"derived", empty)
            master = hkdf_extract(hash_name, salt, bytes(length))
            expected = derive_secret(hash_name, master, b"res master", digest)
            assert schedule.resumption_master_secret(digest) == expected


@pytest.mark.parametrize("hash_name", HKDF_HASHES)
def test_what_follows_from_a_traffic_secret(hash_name: str) -> None:
    length = HASH_LENGTHS[hash_name]
    secret = bytes(range(length))
    base = TrafficSecret(hash_name, secret, Meter())
    assert base.keys(32) == (
        hkdf_expand_label(hash_name, secret, b"key", b"", 32),
        hkdf_expand_label(hash_name, secret, b"iv", b"", 12),
    )
    finished_key = hkdf_expand_label(hash_name, secret, b"finished", b"", length)
    assert base.finished(b"hash") == hmac.digest(finished_key, b"hash", hash_name)
    updated = hkdf_expand_label(hash_name, secret, b"traffic upd", b"", length)
    assert base.next().secret == updated
    assert base.next().next().secret == hkdf_expand_label(
        hash_name, updated, b"traffic upd", b"", length
    )


def test_the_exporter_is_the_formula() -> None:
    derived = derive_secret("sha256", b"exporter secret", b"EXPORTER-test", sha256())
    for context in (b"", b"context" * 100):
        expected = hkdf_expand_label("sha256", derived, b"exporter", sha256(context), 100)
        got = export("sha256", b"exporter secret", b"EXPORTER-test", context, 100, Meter())
        assert got == expected


def test_the_work_is_metered() -> None:
    meter = Meter()
    schedule = KeySchedule("sha256", meter)
    assert meter.take() == []  # the same in every connection, and made once
    schedule.enter_handshake(bytes(32))
    schedule.handshake_traffic_secrets(bytes(32))
    assert meter.take() == [("hkdf.sha256", 0, 3, 96)]
    schedule.enter_master()
    assert meter.take() == [("hkdf.sha256", 0, 2, 64)]
    base = TrafficSecret("sha384", bytes(48), meter)
    base.keys(32)
    base.finished(bytes(48))
    base.next()
    assert meter.take() == [("hkdf.sha384", 0, 4, 44 + 96), ("hmac.sha384", 0, 1, 48)]
    resumption_psk("sha256", bytes(32), b"\0", meter)
    export("sha256", bytes(32), b"label", b"", 20, meter)
    assert meter.take() == [("hkdf.sha256", 0, 3, 32 + 32 + 20)]
