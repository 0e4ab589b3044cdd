"""Extensions and messages of TLS 1.3: what is written is read again, what is malformed refused."""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tls
from tests.tls.tls13.rfc8448 import TRACES
from tls.alerts import (
    BAD_CERTIFICATE,
    BAD_CERTIFICATE_STATUS_RESPONSE,
    DECODE_ERROR,
    ILLEGAL_PARAMETER,
    MISSING_EXTENSION,
    UNSUPPORTED_EXTENSION,
)
from tls.extensions import (
    COOKIE,
    EARLY_DATA,
    KEY_SHARE,
    OID_FILTERS,
    PRE_SHARED_KEY,
    PSK_KEY_EXCHANGE_MODES,
    SIGNATURE_ALGORITHMS,
    STATUS_REQUEST,
    SUPPORTED_VERSIONS,
    Extensions,
)
from tls.messages import CertificateVerify, ClientHello, ServerHello, encode_message
from tls.meter import Meter
from tls.reasons import Reason
from tls.tls13.certificate_compression import BROTLI, ZLIB, ZSTD, compress, decompress
from tls.tls13.certificate_extensions import (
    CertificateAuthorities,
    CertificateStatus,
    CompressionAlgorithms,
    OidFilters,
    StatusRequest,
)
from tls.tls13.hello_extensions import (
    ClientKeyShares,
    Cookie,
    KeyShareEntry,
    OfferedVersions,
    SelectedGroup,
    SelectedVersion,
    ServerKeyShare,
    encode_padding,
)
from tls.tls13.messages import (
    HELLO_RETRY_REQUEST_RANDOM,
    Certificate,
    CertificateEntry,
    CertificateRequest,
    CompressedCertificate,
    EncryptedExtensions,
    EndOfEarlyData,
    Finished,
    KeyUpdate,
    NewSessionTicket,
    is_hello_retry_request,
    message_hash,
)
from tls.tls13.placement import Message, check_answers, check_placement
from tls.tls13.psk_extensions import (
    EarlyDataLimit,
    OfferedPsks,
    PskIdentity,
    PskKeyExchangeModes,
    SelectedPsk,
    obfuscated_ticket_age,
    require_pre_shared_key_last,
    ticket_age,
)

codes = st.integers(0, 0xFFFF)
filled = st.binary(min_size=1, max_size=300)
blocks: st.SearchStrategy[Extensions] = st.dictionaries(codes, st.binary(max_size=40), max_size=6)
entries = st.builds(KeyShareEntry, codes, filled)


def tuples(
    strategy: st.SearchStrategy[Any], low: int = 0, high: int = 8
) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, min_size=low, max_size=high).map(tuple)


@st.composite
def offered_psks(draw: st.DrawFn) -> OfferedPsks:
    identities = draw(tuples(st.builds(PskIdentity, filled, st.integers(0, 0xFFFFFFFF)), 1, 4))
    binder = st.binary(min_size=32, max_size=255)
    return OfferedPsks(identities, tuple(draw(binder) for _ in identities))


EXTENSIONS: dict[str, st.SearchStrategy[Any]] = {
    "offered versions": st.builds(OfferedVersions, tuples(codes, 1, 127)),
    "selected version": st.builds(SelectedVersion, codes),
    "cookie": st.builds(Cookie, filled),
    "client key shares": st.lists(entries, unique_by=lambda share: share.group, max_size=6).map(
        lambda shares: ClientKeyShares(tuple(shares))
    ),
    "server key share": st.builds(ServerKeyShare, entries),
    "selected group": st.builds(SelectedGroup, codes),
    "modes": st.builds(PskKeyExchangeModes, st.binary(min_size=1, max_size=255)),
    "offered PSKs": offered_psks(),
    "selected PSK": st.builds(SelectedPsk, codes),
    "early data limit": st.builds(EarlyDataLimit, st.integers(0, 0xFFFFFFFF)),
    "authorities": st.builds(CertificateAuthorities, tuples(filled, 1)),
    "OID filters": st.builds(OidFilters, tuples(st.tuples(filled.map(lambda d: d[:255]), filled))),
    "compression": st.builds(CompressionAlgorithms, tuples(codes, 1, 127)),
    "status request": st.builds(StatusRequest, tuples(filled), st.binary(max_size=50)),
    "status": st.builds(CertificateStatus, filled),
}

MESSAGES: dict[str, st.SearchStrategy[Any]] = {
    "encrypted extensions": st.builds(EncryptedExtensions, blocks),
    "end of early data": st.builds(EndOfEarlyData),
    "certificate": st.builds(
        Certificate, tuples(st.builds(CertificateEntry, filled, blocks)), st.binary(max_size=255)
    ),
    "certificate request": st.builds(
        CertificateRequest,
        blocks.map(lambda block: {SIGNATURE_ALGORITHMS: b"\0\2\4\3", **block}),
        st.binary(max_size=255),
    ),
    "finished": st.builds(Finished, st.binary(min_size=32, max_size=48)),
    "new session ticket": st.builds(
        NewSessionTicket,
        st.integers(0, 604_800),
        st.integers(0, 0xFFFFFFFF),
        st.binary(max_size=255),
        filled,
        blocks,
    ),
    "key update": st.builds(KeyUpdate, st.booleans()),
    "compressed certificate": st.builds(
        CompressedCertificate, codes, st.integers(0, 0xFFFFFF), filled
    ),
}


@pytest.mark.parametrize("kind", EXTENSIONS)
@given(data=st.data())
def test_an_extension_is_read_as_it_was_written(kind: str, data: st.DataObject) -> None:
    extension = data.draw(EXTENSIONS[kind])
    encoded = extension.encode()
    assert type(extension).decode(encoded) == extension
    # No shorter piece of it is one, and nothing may follow it.
    for bad in (encoded[:-1], encoded + b"\0"):
        with pytest.raises(tls.PeerError) as caught:
            type(extension).decode(bad)
        assert caught.value.alert == DECODE_ERROR


@pytest.mark.parametrize("kind", MESSAGES)
@given(data=st.data())
def test_a_message_is_read_as_it_was_written(kind: str, data: st.DataObject) -> None:
    message = data.draw(MESSAGES[kind])
    encoded = message.encode(tls.TLS_1_3)
    assert type(message).decode(encoded, tls.TLS_1_3) == message
    if kind == "finished":
        return
    for bad in (encoded[:-1], encoded + b"\0"):
        if bad == encoded:
            continue
        with pytest.raises(tls.PeerError) as caught:
            type(message).decode(bad, tls.TLS_1_3)
        assert caught.value.alert == DECODE_ERROR


DECODERS: list[Callable[[bytes], object]] = [
    OfferedVersions.decode,
    SelectedVersion.decode,
    Cookie.decode,
    ClientKeyShares.decode,
    ServerKeyShare.decode,
    SelectedGroup.decode,
    PskKeyExchangeModes.decode,
    OfferedPsks.decode,
    SelectedPsk.decode,
    EarlyDataLimit.decode,
    CertificateAuthorities.decode,
    OidFilters.decode,
    CompressionAlgorithms.decode,
    StatusRequest.decode,
    CertificateStatus.decode,
    *(
        lambda body, kind=kind: kind.decode(body, tls.TLS_1_3)
        for kind in (
            EncryptedExtensions,
            EndOfEarlyData,
            Certificate,
            CertificateRequest,
            NewSessionTicket,
            KeyUpdate,
            CompressedCertificate,
        )
    ),
]


@given(data=st.binary(max_size=120), number=st.integers(0, len(DECODERS) - 1))
def test_whatever_comes_is_understood_or_refused_with_an_alert(data: bytes, number: int) -> None:
    try:
        DECODERS[number](data)
    except tls.PeerError as error:
        assert error.alert in {
            DECODE_ERROR,
            ILLEGAL_PARAMETER,
            MISSING_EXTENSION,
            BAD_CERTIFICATE_STATUS_RESPONSE,
        }


@pytest.mark.parametrize(
    ("decode", "data", "alert", "reason"),
    [
        (OfferedVersions.decode, "00", DECODE_ERROR, Reason.EMPTY_VALUE),
        (OfferedVersions.decode, "03030403", DECODE_ERROR, Reason.ODD_LIST_LENGTH),
        (Cookie.decode, "0000", DECODE_ERROR, Reason.EMPTY_VALUE),
        (ClientKeyShares.decode, "0004001d0000", DECODE_ERROR, Reason.EMPTY_VALUE),
        (
            ClientKeyShares.decode,
            "000a001d000101001d000102",
            ILLEGAL_PARAMETER,
            Reason.DUPLICATE_KEY_SHARE,
        ),
        (ServerKeyShare.decode, "001d0000", DECODE_ERROR, Reason.EMPTY_VALUE),
        (PskKeyExchangeModes.decode, "00", DECODE_ERROR, Reason.EMPTY_VALUE),
        (
            OfferedPsks.decode,
            "0007000161" + "00000000" + "0020" + "1f" + "00" * 31,
            DECODE_ERROR,
            Reason.BINDER_TOO_SHORT,
        ),
        (
            OfferedPsks.decode,
            "0007000161" + "00000000" + "0042" + ("20" + "00" * 32) * 2,
            ILLEGAL_PARAMETER,
            Reason.BINDER_COUNT,
        ),
        (OfferedPsks.decode, "0000" + "0021" + "20" + "00" * 32, DECODE_ERROR, Reason.EMPTY_VALUE),
        (CertificateAuthorities.decode, "0000", DECODE_ERROR, Reason.EMPTY_VALUE),
        (CompressionAlgorithms.decode, "03000100", DECODE_ERROR, Reason.ODD_LIST_LENGTH),
        (CompressionAlgorithms.decode, "00", DECODE_ERROR, Reason.EMPTY_VALUE),
        (CertificateStatus.decode, "01000000", DECODE_ERROR, Reason.EMPTY_VALUE),
        (
            CertificateStatus.decode,
            "0200000100",
            BAD_CERTIFICATE_STATUS_RESPONSE,
            Reason.CERTIFICATE_STATUS_TYPE,
        ),
    ],
)
def test_malformed_extensions(
    decode: Callable[[bytes], object], data: str, alert: int, reason: Reason
) -> None:
    with pytest.raises(tls.PeerError) as caught:
        decode(bytes.fromhex(data))
    assert (caught.value.alert, caught.value.reason) == (alert, reason)


@pytest.mark.parametrize(
    ("kind", "body", "alert", "reason"),
    [
        (KeyUpdate, "02", ILLEGAL_PARAMETER, Reason.UNKNOWN_KEY_UPDATE_REQUEST),
        (EndOfEarlyData, "00", DECODE_ERROR, Reason.MESSAGE_TOO_LONG),
        (EncryptedExtensions, "", DECODE_ERROR, Reason.MESSAGE_TOO_SHORT),
        (
            EncryptedExtensions,
            "0008" + "00100000" * 2,
            ILLEGAL_PARAMETER,
            Reason.DUPLICATE_EXTENSION,
        ),
        (CertificateRequest, "000000", MISSING_EXTENSION, Reason.EXTENSION_MISSING),
        (Certificate, "000000050000000000", DECODE_ERROR, Reason.EMPTY_VALUE),
        (Certificate, "0000000400000130", DECODE_ERROR, Reason.MESSAGE_TOO_SHORT),
        (CompressedCertificate, "0001000001000000", DECODE_ERROR, Reason.EMPTY_VALUE),
        (
            NewSessionTicket,
            "00093a81" + "00000000" + "00" + "000101" + "0000",
            ILLEGAL_PARAMETER,
            Reason.TICKET_LIFETIME_TOO_LONG,
        ),
        (
            NewSessionTicket,
            "00093a80" + "00000000" + "00" + "0000" + "0000",
            DECODE_ERROR,
            Reason.EMPTY_VALUE,
        ),
    ],
)
def test_malformed_messages(kind: Any, body: str, alert: int, reason: Reason) -> None:
    with pytest.raises(tls.PeerError) as caught:
        kind.decode(bytes.fromhex(body), tls.TLS_1_3)
    assert (caught.value.alert, caught.value.reason) == (alert, reason)


def test_a_finished_message_has_the_length_of_the_suites_hash() -> None:
    Finished(bytes(48)).require_length(48)
    with pytest.raises(tls.PeerError) as caught:
        Finished(bytes(48)).require_length(32)
    assert (caught.value.alert, caught.value.reason) == (DECODE_ERROR, Reason.FINISHED_LENGTH)


def test_a_status_of_another_type_is_not_asked_for() -> None:
    assert StatusRequest.decode(b"\2whatever") is None


def test_padding() -> None:
    assert encode_padding(3) == b"\0\0\0"


# -- the traces of RFC 8448


def client_hello_of(record: bytes) -> ClientHello:
    return ClientHello.decode(record[9:], tls.TLS_1_3)


CLIENT_HELLOS = [
    pytest.param(trace[name], id=f"{section}, {name}")
    for section, trace in TRACES.items()
    for name in ("client_hello", "second_client_hello")
    if name in trace
]


@pytest.mark.parametrize("record", CLIENT_HELLOS)
def test_the_client_hellos_of_rfc_8448(record: bytes) -> None:
    hello = client_hello_of(record)
    assert encode_message(hello, tls.TLS_1_3) == record[5:]
    extensions = dict(hello.extensions)
    versions = OfferedVersions.decode(extensions[SUPPORTED_VERSIONS])
    shares = ClientKeyShares.decode(extensions[KEY_SHARE])
    modes = PskKeyExchangeModes.decode(extensions[PSK_KEY_EXCHANGE_MODES])
    assert versions.versions == (tls.TLS_1_3,)
    assert len(shares.shares) == 1
    assert modes.modes == b"\1"
    for kind, extension in (
        (SUPPORTED_VERSIONS, versions),
        (KEY_SHARE, shares),
        (PSK_KEY_EXCHANGE_MODES, modes),
    ):
        assert extension.encode() == extensions[kind]
    check_placement(extensions, Message.CLIENT_HELLO)
    require_pre_shared_key_last(extensions)


def test_the_resumed_client_hello_of_rfc_8448() -> None:
    record = TRACES["resumed"]["client_hello"]
    extensions = client_hello_of(record).extensions
    psks = OfferedPsks.decode(extensions[PRE_SHARED_KEY])
    assert psks.binders == (TRACES["resumed"]["binder"],)
    assert psks.encode() == extensions[PRE_SHARED_KEY]
    assert record.endswith(psks.encode_binders())
    assert psks.binders_length == len(psks.encode_binders()) == 35
    unbound = OfferedPsks.unbound(psks.identities, [32])
    assert unbound.encode()[:-32] == psks.encode()[:-32]
    assert replace(unbound, binders=psks.binders) == psks
    assert extensions[EARLY_DATA] == b""


def test_the_retry_of_rfc_8448() -> None:
    trace = TRACES["retried"]
    retry = ServerHello.decode(trace["hello_retry_request"][9:], tls.TLS_1_3)
    second = client_hello_of(trace["second_client_hello"])
    assert is_hello_retry_request(retry)
    assert SelectedGroup.decode(retry.extensions[KEY_SHARE]).group == 23
    cookie = Cookie.decode(retry.extensions[COOKIE])
    assert Cookie.decode(second.extensions[COOKIE]) == cookie
    assert cookie.encode() == retry.extensions[COOKIE]
    check_answers(
        retry.extensions,
        Message.HELLO_RETRY_REQUEST,
        client_hello_of(trace["client_hello"]).extensions,
    )
    hello = ServerHello.decode(trace["server_hello"][9:], tls.TLS_1_3)
    assert not is_hello_retry_request(hello)
    share = ServerKeyShare.decode(hello.extensions[KEY_SHARE])
    assert (share.share.group, len(share.share.key_exchange)) == (23, 65)
    assert SelectedVersion.decode(hello.extensions[SUPPORTED_VERSIONS]).version == tls.TLS_1_3


def test_the_random_of_a_retry_is_the_hash_of_its_name() -> None:
    assert hashlib.sha256(b"HelloRetryRequest").digest() == HELLO_RETRY_REQUEST_RANDOM
    assert message_hash(bytes(32)) == b"\xfe\0\0\x20" + bytes(32)


def test_certificate_verify_is_that_of_tls_1_2() -> None:
    message = CertificateVerify(b"signature", 0x0804)
    assert message.encode(tls.TLS_1_3) == message.encode(tls.TLS_1_2)
    assert CertificateVerify.decode(message.encode(tls.TLS_1_3), tls.TLS_1_3) == message


# -- where extensions stand


@pytest.mark.parametrize(
    ("extension", "message"),
    [
        (KEY_SHARE, Message.ENCRYPTED_EXTENSIONS),
        (SIGNATURE_ALGORITHMS, Message.ENCRYPTED_EXTENSIONS),
        (STATUS_REQUEST, Message.SERVER_HELLO),
        (COOKIE, Message.SERVER_HELLO),
        (PRE_SHARED_KEY, Message.HELLO_RETRY_REQUEST),
        (KEY_SHARE, Message.CERTIFICATE),
        (PSK_KEY_EXCHANGE_MODES, Message.CERTIFICATE_REQUEST),
        (KEY_SHARE, Message.NEW_SESSION_TICKET),
        (OID_FILTERS, Message.CLIENT_HELLO),
    ],
)
def test_an_extension_in_the_wrong_message(extension: int, message: Message) -> None:
    with pytest.raises(tls.PeerError) as caught:
        check_answers({extension: b""}, message, {extension})
    assert caught.value.alert == ILLEGAL_PARAMETER
    assert caught.value.reason is Reason.EXTENSION_OF_ANOTHER_MESSAGE


def test_an_answer_to_nothing() -> None:
    for extension in (EARLY_DATA, 0xFEED):
        with pytest.raises(tls.PeerError) as caught:
            check_answers({extension: b""}, Message.ENCRYPTED_EXTENSIONS, {KEY_SHARE})
        assert caught.value.alert == UNSUPPORTED_EXTENSION
        assert caught.value.reason is Reason.EXTENSION_NOT_OFFERED
    check_placement({0xFEED, 0x0A0A}, Message.NEW_SESSION_TICKET)


def test_pre_shared_key_comes_last() -> None:
    require_pre_shared_key_last({KEY_SHARE: b"", PRE_SHARED_KEY: b""})
    with pytest.raises(tls.PeerError) as caught:
        require_pre_shared_key_last({PRE_SHARED_KEY: b"", KEY_SHARE: b""})
    assert caught.value.reason is Reason.PRE_SHARED_KEY_NOT_LAST


@given(age=st.integers(0, 604_800_000), age_add=st.integers(0, 0xFFFFFFFF))
def test_a_tickets_age_is_hidden_and_found_again(age: int, age_add: int) -> None:
    hidden = obfuscated_ticket_age(age / 1_000, age_add)
    assert 0 <= hidden <= 0xFFFFFFFF
    # A millisecond is lost where the product is less than whole, and what the floats add.
    assert ticket_age(hidden, age_add) == pytest.approx(age / 1_000, abs=0.001_001)


# -- compression

CHAIN = Certificate((CertificateEntry(b"certificate " * 500), CertificateEntry(b"of another")))


def test_a_certificate_is_compressed() -> None:
    meter = Meter()
    compressed = compress(CHAIN, meter)
    assert len(compressed.compressed) < compressed.uncompressed_length / 10
    assert decompress(compressed, [ZLIB], 1 << 14, meter) == CHAIN
    size = compressed.uncompressed_length
    assert meter.take_log() == [
        ("compress.deflate", 0, 1, size),
        ("decompress.deflate", 0, 1, size),
    ]


BODY = CHAIN.encode(tls.TLS_1_3)


@pytest.mark.parametrize(
    ("message", "alert"),
    [
        (CompressedCertificate(ZSTD, 5, b"12345"), ILLEGAL_PARAMETER),
        (CompressedCertificate(BROTLI, 5, b"12345"), BAD_CERTIFICATE),
        (CompressedCertificate(ZLIB, len(BODY) - 1, zlib.compress(BODY)), BAD_CERTIFICATE),
        (CompressedCertificate(ZLIB, len(BODY) + 1, zlib.compress(BODY)), BAD_CERTIFICATE),
        (CompressedCertificate(ZLIB, len(BODY), zlib.compress(BODY)[:-1]), BAD_CERTIFICATE),
        (CompressedCertificate(ZLIB, len(BODY), zlib.compress(BODY) + b"!"), BAD_CERTIFICATE),
        (CompressedCertificate(ZLIB, len(BODY), BODY), BAD_CERTIFICATE),
        (CompressedCertificate(ZLIB, 1 << 20, zlib.compress(bytes(1 << 20))), BAD_CERTIFICATE),
        (CompressedCertificate(ZLIB, 7, zlib.compress(bytes(1 << 24))), BAD_CERTIFICATE),
        (CompressedCertificate(ZLIB, 3, zlib.compress(b"abc")), DECODE_ERROR),
    ],
)
def test_what_is_not_the_certificate_it_says(message: CompressedCertificate, alert: int) -> None:
    meter = Meter()
    with pytest.raises(tls.PeerError) as caught:
        decompress(message, [ZLIB, BROTLI], 1 << 16, meter)
    assert caught.value.alert == alert
    assert sum(size for _, _, _, size in meter.take_log()) <= 1 << 16


def test_compression_that_was_not_offered() -> None:
    with pytest.raises(tls.PeerError) as caught:
        decompress(compress(CHAIN, Meter()), [BROTLI], 1 << 16, Meter())
    assert caught.value.reason is Reason.CERTIFICATE_COMPRESSION_NOT_OFFERED
