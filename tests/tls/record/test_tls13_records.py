"""Record protection of TLS 1.3: RFC 8448's traces opened and sealed again, limits, refusals."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tls
from tests.tls.tls13.rfc8448 import TRACES, hellos, messages, records, shared_secret
from tls.alerts import BAD_RECORD_MAC, PROTOCOL_VERSION, RECORD_OVERFLOW, UNEXPECTED_MESSAGE
from tls.certificates import parse_certificate
from tls.keys.tls13 import KeySchedule, TrafficSecret, resumption_psk
from tls.messages import CertificateVerify, encode_message
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.layer import RecordLayer
from tls.record.tls13 import MAX_BODY, MAX_INNER, Tls13Protection
from tls.signatures import TLS_1_3_SCHEMES
from tls.suites import TLS_1_3_SUITES
from tls.tls13.messages import Certificate, CertificateRequest, EncryptedExtensions
from tls.tls13.signatures import check_certificate_verify
from tls.wire import vector16

VERSION = tls.TLS_1_2  # what records of TLS 1.3 say
HEADER = b"\x17\3\3"
HANDSHAKE, APPLICATION_DATA = 22, 23
END_OF_EARLY_DATA = b"\5\0\0\0"

every_suite = pytest.mark.parametrize("code", TLS_1_3_SUITES)


def protection(
    code: int, *, write: bool, meter: Meter | None = None, **more: int
) -> Tls13Protection:
    cipher = TLS_1_3_SUITES[code].cipher
    key, iv = bytes(range(cipher.key_length)), bytes(range(12))
    return Tls13Protection(cipher, key, iv, write=write, meter=meter or Meter(), **more)


def sealed_inner(code: int, inner: bytes) -> bytes:
    """A body over any inner plaintext, as no honest sender makes it."""
    writer = protection(code, write=True)
    (kind,) = inner[-1:] or b"\0"
    return writer.seal(kind, VERSION, inner[:-1])[1]


# -- the traces of RFC 8448


class Reader:
    """Opens the records of one side of a trace, one traffic secret after another."""

    def __init__(self, wire: bytes) -> None:
        self._records = [record for record in records(wire) if record[0] == APPLICATION_DATA]

    def read(self, secret: bytes, count: int) -> list[tuple[int, bytes]]:
        """Content type and content of the next records, each sealed again to the same bytes."""
        key, iv = TrafficSecret("sha256", secret, Meter()).keys(16)
        cipher = TLS_1_3_SUITES[0x1301].cipher
        reads = Tls13Protection(cipher, key, iv, write=False, meter=Meter())
        writes = Tls13Protection(cipher, key, iv, write=True, meter=Meter())
        found = []
        for record in self._records[:count]:
            content_type, content = reads.open(record[0], VERSION, record[5:])
            assert (
                HEADER + vector16(b"".join(writes.seal(content_type, VERSION, content))) == record
            )
            found.append((content_type, content))
        del self._records[:count]
        return found

    def rest(self, secret: bytes) -> list[tuple[int, bytes]]:
        return self.read(secret, len(self._records))


KINDS = {
    kind.type: kind
    for kind in (EncryptedExtensions, CertificateRequest, Certificate, CertificateVerify)
}


def take(flight: list[bytes], transcript: "hashlib._Hash", *, by_server: bool) -> None:
    """Read the messages of a flight, write them again, and check the signature in it."""
    for message in flight:
        decoded = KINDS[message[0]].decode(message[4:], tls.TLS_1_3)
        assert encode_message(decoded, tls.TLS_1_3) == message
        if isinstance(decoded, Certificate):
            certificate = parse_certificate(decoded.chain[0])
        if isinstance(decoded, CertificateVerify):
            check_certificate_verify(
                decoded,
                certificate,
                TLS_1_3_SCHEMES,
                transcript.digest(),
                Meter(),
                by_server=by_server,
            )
        transcript.update(message)


@pytest.mark.parametrize("section", TRACES)
def test_a_whole_trace_of_rfc_8448(section: str) -> None:
    """Every protected record of both sides, every signature, and both Finished messages."""
    trace = TRACES[section]
    psk = TRACES["simple"]["resumption_psk"] if section == "resumed" else b""
    schedule = KeySchedule("sha256", Meter(), psk)
    from_client = Reader(
        trace.get("early_data", b"")
        + trace["client_flight"]
        + trace.get("client_data", b"")
        + trace["client_close_notify"]
    )
    from_server = Reader(
        trace["server_flight"]
        + trace.get("new_session_ticket", b"")
        + trace.get("server_data", b"")
        + trace["server_close_notify"]
    )
    transcript = hashlib.sha256(hellos(trace))
    if "early_data" in trace:
        early = schedule.client_early_traffic_secret(transcript.digest())
        assert from_client.read(early, 2) == [
            (APPLICATION_DATA, b"ABCDEF"),
            (HANDSHAKE, END_OF_EARLY_DATA),
        ]
    transcript.update(trace["server_hello"][5:])
    schedule.enter_handshake(shared_secret(trace))
    clients, servers = schedule.handshake_traffic_secrets(transcript.digest())

    ((content_type, flight),) = from_server.read(servers, 1)
    *rest, finished = messages(flight)
    assert content_type == HANDSHAKE
    take(rest, transcript, by_server=True)
    base = TrafficSecret("sha256", servers, Meter())
    assert finished == b"\x14\0\0\x20" + base.finished(transcript.digest())

    transcript.update(finished)
    schedule.enter_master()
    clients_data, servers_data = schedule.application_traffic_secrets(transcript.digest())
    if "early_data" in trace:
        transcript.update(END_OF_EARLY_DATA)
    ((content_type, flight),) = from_client.read(clients, 1)
    *rest, finished = messages(flight)
    take(rest, transcript, by_server=False)
    base = TrafficSecret("sha256", clients, Meter())
    assert finished == b"\x14\0\0\x20" + base.finished(transcript.digest())
    transcript.update(finished)

    assert from_client.rest(clients_data)[-1] == (21, b"\1\0")
    after = from_server.rest(servers_data)
    assert after[-1] == (21, b"\1\0")
    if section == "simple":
        resumption = schedule.resumption_master_secret(transcript.digest())
        assert after[0][1][0] == 4  # NewSessionTicket
        assert resumption_psk("sha256", resumption, b"\0\0", Meter()) == trace["resumption_psk"]


# -- one record


@every_suite
@given(
    data=st.binary(max_size=400),
    content_type=st.sampled_from([21, 22, 23]),
    pad_to=st.integers(1, 300),
)
def test_what_was_sealed_is_opened(code: int, data: bytes, content_type: int, pad_to: int) -> None:
    writer, reader = protection(code, write=True, pad_to=pad_to), protection(code, write=False)
    for number in range(3):
        nonce, body = writer.seal(content_type, VERSION, data)
        assert nonce == b""
        assert (len(body) - TLS_1_3_SUITES[code].cipher.tag_length) % pad_to == 0
        assert reader.open(APPLICATION_DATA, VERSION, body) == (content_type, data)
        assert reader.records == number + 1


@every_suite
def test_whatever_is_changed_is_refused(code: int) -> None:
    _, body = protection(code, write=True).seal(APPLICATION_DATA, VERSION, b"data")
    reader = protection(code, write=False)
    for position in range(len(body)):
        changed = bytearray(body)
        changed[position] ^= 1
        with pytest.raises(tls.PeerError) as caught:
            reader.open(APPLICATION_DATA, VERSION, bytes(changed))
        assert caught.value.alert == BAD_RECORD_MAC
    for length in range(len(body)):
        with pytest.raises(tls.PeerError) as caught:
            reader.open(APPLICATION_DATA, VERSION, body[:length])
        assert caught.value.alert == BAD_RECORD_MAC
    # The header is authentic, too; what was refused has not used up a sequence number.
    with pytest.raises(tls.PeerError):
        reader.open(APPLICATION_DATA, tls.TLS_1_0, body)
    assert reader.open(APPLICATION_DATA, VERSION, body) == (APPLICATION_DATA, b"data")
    with pytest.raises(tls.PeerError):
        reader.open(APPLICATION_DATA, VERSION, body)


def test_the_largest_records() -> None:
    writer, reader = protection(0x1301, write=True), protection(0x1301, write=False)
    data = bytes(1 << 14)
    assert reader.open(23, VERSION, writer.seal(23, VERSION, data)[1]) == (23, data)
    padded = protection(0x1301, write=True, pad_to=16_384)
    assert len(padded.seal(23, VERSION, b"x")[1]) == 16_384 + 16
    # No padding beyond what a record may carry.
    assert len(padded.seal(23, VERSION, data)[1]) == MAX_INNER + 16
    for inner in (bytes(1 << 14) + b"\x17\0", b"x" * ((1 << 14) + 1) + b"\x17"):
        with pytest.raises(tls.PeerError) as caught:
            protection(0x1301, write=False).open(23, VERSION, sealed_inner(0x1301, inner))
        assert caught.value.alert == RECORD_OVERFLOW
    with pytest.raises(tls.PeerError) as caught:
        protection(0x1301, write=False).open(23, VERSION, bytes(MAX_BODY + 1))
    assert caught.value.alert == RECORD_OVERFLOW


def test_a_limit_counts_the_type_and_the_padding() -> None:
    """RFC 8449 §4."""
    reader = protection(0x1301, write=False, longest=64)
    body = protection(0x1301, write=True).seal(23, VERSION, bytes(63))[1]
    assert reader.open(23, VERSION, body) == (23, bytes(63))
    reader = protection(0x1301, write=False, longest=64)
    with pytest.raises(tls.PeerError) as caught:
        reader.open(23, VERSION, protection(0x1301, write=True).seal(23, VERSION, bytes(64))[1])
    assert caught.value.alert == RECORD_OVERFLOW
    limited = protection(0x1301, write=True, longest=64, pad_to=50)
    assert len(limited.seal(23, VERSION, bytes(55))[1]) == 64 + 16


@pytest.mark.parametrize("inner", [b"\0", bytes(50), b"data\x14", b"data\x18", b"\x01"])
def test_content_types_that_are_not_due(inner: bytes) -> None:
    with pytest.raises(tls.PeerError) as caught:
        protection(0x1303, write=False).open(23, VERSION, sealed_inner(0x1303, inner))
    assert caught.value.alert == UNEXPECTED_MESSAGE
    assert caught.value.reason is Reason.UNKNOWN_RECORD_TYPE


def test_what_comes_in_clear() -> None:
    reader = protection(0x1301, write=False)
    assert reader.open(20, VERSION, b"\1") == (20, b"\1")
    with pytest.raises(tls.PeerError):
        reader.open(21, VERSION, b"\2\x28")
    reader.alerts_in_clear = True
    assert reader.open(21, VERSION, b"\2\x28") == (21, b"\2\x28")
    for content_type, body in ((22, b"\1\0\0\0"), (21, b"\2\x28\2\x28"), (21, b"")):
        with pytest.raises(tls.PeerError) as caught:
            reader.open(content_type, VERSION, body)
        assert caught.value.alert == UNEXPECTED_MESSAGE
        assert caught.value.reason is Reason.RECORD_NOT_PROTECTED
    reader.open(23, VERSION, protection(0x1301, write=True).seal(23, VERSION, b"")[1])
    with pytest.raises(tls.PeerError):
        reader.open(21, VERSION, b"\2\x28")


def test_a_key_wears_out() -> None:
    writer = protection(0x1301, write=True)
    assert not writer.is_worn
    writer.records = round(2**24.5)
    assert writer.is_worn
    writer = protection(0x1303, write=True)
    writer.records = 1 << 40
    assert not writer.is_worn


def test_work_is_metered_with_type_and_padding() -> None:
    meter = Meter()
    _, body = protection(0x1304, write=True, meter=meter, pad_to=16).seal(23, VERSION, b"123")
    protection(0x1304, write=False, meter=meter).open(23, VERSION, body)
    assert meter.take_log() == [
        ("encrypt.aes-128-ccm", 0, 1, 16),
        ("decrypt.aes-128-ccm", 0, 1, 16),
    ]


# -- the record layer


@pytest.mark.parametrize("first", ["keys", "limit"])
def test_no_padding_goes_beyond_a_negotiated_limit(first: str) -> None:
    """RFC 8449 §4: a limit of 100 bytes has room for 99 of content."""
    writer, reader, strict = layer(), layer(), layer()
    for each in (writer, reader, strict) if first == "limit" else ():
        each.limit(99, 99, protected_only=True)
    writer.change_write(protection(0x1301, write=True, pad_to=64), None)
    for each in (reader, strict):
        each.change_read(protection(0x1301, write=False), None)
    for each in (writer, reader, strict) if first == "keys" else ():
        each.limit(99, 99, protected_only=True)
    writer.send_application_data(bytes(250))
    wire = writer.take_output()
    assert [len(record) - 5 - 16 for record in records(wire)] == [100, 100, 64]
    reader.feed(wire)
    assert [reader.next_record() for _ in range(3)] == [
        (APPLICATION_DATA, bytes(size)) for size in (99, 99, 52)
    ]
    too_long = protection(0x1301, write=True, pad_to=101).seal(23, VERSION, b"short")[1]
    strict.feed(HEADER + vector16(too_long))
    with pytest.raises(tls.PeerError) as caught:
        strict.next_record()
    assert caught.value.alert == RECORD_OVERFLOW


def layer() -> RecordLayer:
    records = RecordLayer(Meter(), tls.TLS_1_0)
    records.version = records.write_version = VERSION
    records.ignore_versions = True
    return records


def test_records_say_application_data_whatever_they_carry() -> None:
    writer, reader = layer(), layer()
    writer.change_write(protection(0x1302, write=True), None)
    reader.change_read(protection(0x1302, write=False), None)
    writer.send(HANDSHAKE, b"finished")
    writer.send_application_data(b"data")
    wire = writer.take_output()
    assert [record[:3] for record in records(wire)] == [HEADER, HEADER]
    reader.feed(wire)
    assert reader.next_record() == (HANDSHAKE, b"finished")
    assert reader.next_record() == (APPLICATION_DATA, b"data")
    assert reader.next_record() is None


def test_the_version_of_a_record_says_nothing() -> None:
    reader = layer()
    reader.feed(b"\x16\x99\x99\0\1x")
    assert reader.next_record() == (HANDSHAKE, b"x")
    reader.ignore_versions = False
    reader.feed(b"\x16\x99\x99\0\1x")
    with pytest.raises(tls.PeerError) as caught:
        reader.next_record()
    assert caught.value.alert == PROTOCOL_VERSION


def early_data(sizes: list[int]) -> bytes:
    """Records under keys that nobody has."""
    return b"".join(HEADER + vector16(bytes(size + 17)) for size in sizes)


@given(sizes=st.lists(st.integers(0, 300), max_size=20))
def test_early_data_that_was_refused_is_passed_over(sizes: list[int]) -> None:
    writer, reader = layer(), layer()
    writer.change_write(protection(0x1301, write=True), None)
    reader.change_read(protection(0x1301, write=False), None)
    reader.skip_early_data(sum(max(1, size) for size in sizes))
    writer.send(HANDSHAKE, b"finished")
    finished = writer.take_output()
    reader.feed(early_data(sizes) + finished)
    assert reader.next_record() == (HANDSHAKE, b"finished")
    # From now on what does not open is a fault.
    reader.feed(early_data([1]))
    with pytest.raises(tls.PeerError) as caught:
        reader.next_record()
    assert caught.value.alert == BAD_RECORD_MAC


@pytest.mark.parametrize("sizes", [[101], [50, 51], [1] * 101, [0] * 101])
def test_more_early_data_than_is_allowed(sizes: list[int]) -> None:
    reader = layer()
    reader.change_read(protection(0x1301, write=False), None)
    reader.skip_early_data(100)
    reader.feed(early_data(sizes))
    with pytest.raises(tls.PeerError) as caught:
        reader.next_record()
    assert caught.value.alert == BAD_RECORD_MAC


def test_early_data_before_a_second_hello() -> None:
    """After a retry there are no keys yet: what is application data is early data."""
    reader = layer()
    reader.skip_early_data(100)
    reader.feed(early_data([60]) + b"\x16\3\3\0\5hello" + early_data([40]))
    assert reader.next_record() == (HANDSHAKE, b"hello")
    assert reader.next_record() is None
    reader.feed(early_data([1]))
    assert reader.next_record() == (APPLICATION_DATA, bytes(18))  # not due, as ever


def test_a_thousand_records_to_skip_at_once() -> None:
    reader = layer()
    reader.change_read(protection(0x1301, write=False), None)
    reader.skip_early_data(5_000)
    reader.feed(early_data([1] * 5_000))
    assert reader.next_record() is None
