"""Hellos of a template: sent as a real program sends them, and honest about what was for show."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import tls
from tests.tls.conversation import EPOCH, SERVER_NAME, converse
from tests.tls.fixed_identities import identity, trust
from tests.tls.handshake.tls13.hostile_hellos import chosen, record, retry, server_hello
from tls.alerts import HANDSHAKE_FAILURE, ILLEGAL_PARAMETER, UNSUPPORTED_EXTENSION
from tls.extensions import (
    ALPN,
    APPLICATION_SETTINGS,
    COMPRESS_CERTIFICATE,
    KEY_SHARE,
    NEXT_PROTOCOL_NEGOTIATION,
    PADDING,
    PSK_KEY_EXCHANGE_MODES,
    RECORD_SIZE_LIMIT,
    SESSION_TICKET,
    SIGNATURE_ALGORITHMS,
    SUPPORTED_GROUPS,
    SUPPORTED_VERSIONS,
)
from tls.extensions import (
    SERVER_NAME as NAME,
)
from tls.grease import GREASE, is_grease
from tls.handshake.tls13 import answer as tls13_answer
from tls.messages import CertificateVerify, ClientHello, ServerHello, encode_message
from tls.reasons import Reason
from tls.tls13.hello_extensions import ClientKeyShares, KeyShareEntry, SelectedGroup, ServerKeyShare

UNKNOWN_SUITE, UNKNOWN_GROUP, UNKNOWN_SCHEME = 0x1399, 0x6399, 0x0999
ANY = tls.ANY_GREASE


def contents(kind: int, value: Any) -> tuple[int, bytes]:
    return kind, tls.encode_contents(kind, value)


FORM = tls.HelloForm(
    tls.TLS_1_2,
    32,
    (ANY, 0x1301, 0x1302, UNKNOWN_SUITE, 0xC02F, 0xC013, 0x00FF),
    b"\x40\x00",
    (
        (ANY, b""),
        (NAME, b""),
        contents(SUPPORTED_GROUPS, (ANY, UNKNOWN_GROUP, 29, 23)),
        contents(KEY_SHARE, ((ANY, 1), (UNKNOWN_GROUP, 40), (29, 32))),
        contents(SUPPORTED_VERSIONS, (ANY, tls.TLS_1_3, tls.TLS_1_2)),
        contents(SIGNATURE_ALGORITHMS, (UNKNOWN_SCHEME, 0x0403, 0x0804, 0x0401)),
        contents(PSK_KEY_EXCHANGE_MODES, (1,)),
        contents(ALPN, ("h2", "http/1.1")),
        contents(COMPRESS_CERTIFICATE, (2, 1)),
        contents(RECORD_SIZE_LIMIT, 16_385),
        (SESSION_TICKET, b""),
        (APPLICATION_SETTINGS, bytes.fromhex("0003026832")),
        (NEXT_PROTOCOL_NEGOTIATION, b""),
        (0x7777, b"unknown"),
        (ANY, b"\0"),
        (PADDING, b""),
    ),
    pads=True,
)
TEMPLATE = tls.HelloTemplate(FORM)
ONE_COMPRESSION = replace(FORM, compressions=b"\0")
BOTH = [tls.TLS_1_2, tls.TLS_1_3]
SUITES_OF = {tls.TLS_1_2: [0xC02F], tls.TLS_1_3: [0x1301]}


def client(
    form: tls.HelloForm = ONE_COMPRESSION,
    session: tls.Session | None = None,
    seed: int | None = 1,
    **settings: object,
) -> tls.ClientConnection:
    template = settings.pop("template", None) or tls.HelloTemplate(form)
    config = tls.ClientConfig(trust(), versions=BOTH, hello=template, **settings)  # type: ignore[arg-type]
    draw = None if seed is None else random.Random(seed).randbytes
    return tls.ClientConnection(
        config, SERVER_NAME, session=session, entropy=draw, clock=lambda: EPOCH
    )


def server(**settings: object) -> tls.ServerConnection:
    fields: dict[str, Any] = {"versions": BOTH, **settings}
    config = tls.ServerConfig([identity("server-ecdsa"), identity("site")], **fields)
    return tls.ServerConnection(config, clock=lambda: EPOCH)


def refused(changes: dict[str, object], form: tls.HelloForm = FORM) -> tls.PeerError:
    """What a client makes of a server's hello."""
    one = client(form)
    flight = server_hello(one.outgoing(), **changes)
    with pytest.raises(tls.PeerError) as caught:
        one.receive(flight)
    return caught.value


def groups_of(hello: ClientHello) -> list[int]:
    """Those of a hello's key shares."""
    shares = ClientKeyShares.decode(hello.extensions[KEY_SHARE]).shares
    return [share.group for share in shares]


def share(group: int, length: int) -> dict[str, object]:
    data = ServerKeyShare(KeyShareEntry(group, bytes(length))).encode()
    return {"extensions": chosen(KEY_SHARE=data)}


def test_what_an_engine_can_do_of_a_hello() -> None:
    config = tls.ClientConfig(trust(), versions=BOTH, hello=TEMPLATE)
    assert config.suites == (0x1301, 0x1302, UNKNOWN_SUITE, 0xC02F, 0xC013)
    assert config.groups == (29, 23)
    assert config.key_shares == (29,)
    assert config.signature_schemes == (0x0403, 0x0804, 0x0401)
    assert config.alpn == ("h2", "http/1.1")
    assert config.record_size_limit == 16_384
    assert config.certificate_compression
    assert config.session_tickets
    assert config.secure_renegotiation
    assert not config.extended_master_secret
    assert not config.compress


@pytest.mark.parametrize("version", [tls.TLS_1_2, tls.TLS_1_3])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_sent(version: int, seed: int) -> None:
    """The form, and a handshake over exactly what was sent."""
    one, other = client(seed=seed), server(versions=[version], alpn=["http/1.1"])
    flight = one.outgoing()
    assert tls.HelloForm.of(flight[5:]) == ONE_COMPRESSION
    other.receive(flight)
    converse(one, other)
    assert one.version == other.version == version
    assert one.application_protocol == other.application_protocol == "http/1.1"


def test_limits_of_records_and_compressed_chains_are_agreed_on() -> None:
    one = client()
    other = server(versions=[tls.TLS_1_3], record_size_limit=1_000, certificate_compression=True)
    converse(one, other)
    assert "decompress.deflate" in {name for name, *_ in one.meter.take_log()}
    before = one.records_sent
    one.send(bytes(5_000))
    assert one.records_sent - before == 6


@pytest.mark.parametrize("version", [tls.TLS_1_2, tls.TLS_1_3])
def test_sessions_are_resumed(version: int) -> None:
    keys = tls.TicketKeys(b"of templates")
    one = client()
    converse(one, server(versions=[version], ticket_keys=keys))
    again, other = client(session=one.session, seed=2), server(versions=[version], ticket_keys=keys)
    flight = again.outgoing()
    other.receive(flight)
    converse(again, other)
    assert again.resumed
    kinds = list(ClientHello.decode(flight[9:], 0).extensions)
    expected = [kind for kind, _ in FORM.extensions]
    if version == tls.TLS_1_3:
        assert kinds.pop() == tls.extension_from_name("pre_shared_key")
    else:
        assert tls.offers_session(flight[5:])
    plain = [ANY if is_grease(kind) else kind for kind in kinds]
    assert plain == [kind for kind in expected if kind != PADDING or PADDING in kinds]


@pytest.mark.parametrize("seed", range(4))
def test_a_second_hello_says_the_same(seed: int) -> None:
    """The server compares them (RFC 8446 §4.1.2): GREASE is the same, its key share is gone."""
    one, other = client(seed=seed), server(groups=[23])
    first = one.outgoing()
    other.receive(first)
    one.receive(other.outgoing())
    second = one.outgoing().removeprefix(b"\x14\3\3\0\1\1")
    before, after = (ClientHello.decode(each[9:], 0) for each in (first, second))
    assert before.cipher_suites == after.cipher_suites
    assert list(before.extensions) == [*after.extensions]
    assert groups_of(after) == [23]
    other.receive(second)
    converse(one, other)
    assert one.version == tls.TLS_1_3


@pytest.mark.parametrize(
    ("changes", "alert", "reason"),
    [
        ({"cipher_suite": UNKNOWN_SUITE}, HANDSHAKE_FAILURE, Reason.SUITE_NOT_IMPLEMENTED),
        ({"cipher_suite": 0x1303}, ILLEGAL_PARAMETER, Reason.SUITE_NOT_OFFERED),
        ({"cipher_suite": 0xC02F}, ILLEGAL_PARAMETER, Reason.SUITE_OF_ANOTHER_VERSION),
        (share(UNKNOWN_GROUP, 40), HANDSHAKE_FAILURE, Reason.GROUP_NOT_IMPLEMENTED),
        (share(30, 56), ILLEGAL_PARAMETER, Reason.GROUP_NOT_OFFERED),
        (share(23, 65), ILLEGAL_PARAMETER, Reason.GROUP_NOT_OFFERED),
        (
            retry(KEY_SHARE=SelectedGroup(UNKNOWN_GROUP).encode()),
            ILLEGAL_PARAMETER,
            Reason.GROUP_NOT_OFFERED,
        ),
        (
            {"server_version": tls.TLS_1_2, "extensions": {}, "compression_method": 64}
            | {"cipher_suite": 0xC02F},
            HANDSHAKE_FAILURE,
            Reason.COMPRESSION_NOT_IMPLEMENTED,
        ),
        (
            {"extensions": {NEXT_PROTOCOL_NEGOTIATION: b""}, "cipher_suite": 0xC02F},
            UNSUPPORTED_EXTENSION,
            Reason.EXTENSION_NOT_IMPLEMENTED,
        ),
        (
            {"extensions": {}, "cipher_suite": 0x1301},
            ILLEGAL_PARAMETER,
            Reason.SUITE_OF_ANOTHER_VERSION,
        ),
        (
            {"extensions": {}, "cipher_suite": UNKNOWN_SUITE},
            HANDSHAKE_FAILURE,
            Reason.SUITE_NOT_IMPLEMENTED,
        ),
    ],
)
def test_a_choice_of_what_is_for_show(
    changes: dict[str, object], alert: int, reason: Reason
) -> None:
    error = refused(changes)
    assert (error.alert, error.reason) == (alert, reason)


def test_a_retry_for_a_group_that_nobody_here_has() -> None:
    shares = contents(KEY_SHARE, ((29, 32),))[1]
    changes = retry(KEY_SHARE=SelectedGroup(UNKNOWN_GROUP).encode())
    error = refused(changes, FORM.with_contents(KEY_SHARE, shares))
    assert (error.alert, error.reason) == (HANDSHAKE_FAILURE, Reason.GROUP_NOT_IMPLEMENTED)


def test_grease_is_never_chosen() -> None:
    """RFC 8701 §3.1: whatever stands in the hello."""
    one = client()
    hello = ClientHello.decode(one.outgoing()[9:], 0)
    (suite,) = [code for code in hello.cipher_suites if is_grease(code)]
    kinds = [kind for kind in hello.extensions if is_grease(kind)]
    (group, *_) = tls.decode_contents(SUPPORTED_GROUPS, hello.extensions[SUPPORTED_GROUPS])
    assert suite in GREASE
    assert group in GREASE
    extra = {"extensions": {**chosen(), kinds[0]: b""}}
    for changes, alert, reason in (
        ({"cipher_suite": suite}, ILLEGAL_PARAMETER, Reason.SUITE_NOT_OFFERED),
        (share(group, 1), ILLEGAL_PARAMETER, Reason.GROUP_NOT_OFFERED),
        (extra, UNSUPPORTED_EXTENSION, Reason.EXTENSION_NOT_OFFERED),
        (
            {"cipher_suite": 0xC02F, "extensions": {kinds[1]: b""}},
            UNSUPPORTED_EXTENSION,
            Reason.EXTENSION_NOT_OFFERED,
        ),
    ):
        error = refused(changes, ONE_COMPRESSION)
        assert (error.alert, error.reason) == (alert, reason)


def answering(monkeypatch: pytest.MonkeyPatch, extensions: dict[int, bytes]) -> None:
    """Servers say these in EncryptedExtensions too."""
    real = tls13_answer.answer_extensions

    def answer(channel: Any, config: Any, offer: Any, **options: Any) -> None:
        real(channel, config, offer, **options)
        offer.answered.update(extensions)

    monkeypatch.setattr(tls13_answer, "answer_extensions", answer)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (APPLICATION_SETTINGS, Reason.EXTENSION_NOT_IMPLEMENTED),
        (0x7776, Reason.EXTENSION_NOT_OFFERED),
    ],
)
def test_encrypted_extensions(kind: int, reason: Reason, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {kind: b""})
    one, other = client(), server()
    other.receive(one.outgoing())
    with pytest.raises(tls.PeerError) as caught:
        one.receive(other.outgoing())
    assert (caught.value.alert, caught.value.reason) == (UNSUPPORTED_EXTENSION, reason)


def test_an_unknown_extension_that_was_offered_may_be_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, {0x7777: b"fine"})
    one = client()
    converse(one, server())
    assert one.version == tls.TLS_1_3


def test_a_curve_for_show_before_tls_1_3() -> None:
    """ServerKeyExchange with a named curve that was offered, and one that was not."""
    one = client()
    first = one.outgoing()
    answer = server(versions=[tls.TLS_1_2], suites=[0xC02F])
    answer.receive(first)
    flight = answer.outgoing()
    curve = flight.index(b"\x03\x00\x1d\x20")
    for group, alert, reason in (
        (UNKNOWN_GROUP, HANDSHAKE_FAILURE, Reason.GROUP_NOT_IMPLEMENTED),
        (0x6398, ILLEGAL_PARAMETER, Reason.GROUP_NOT_OFFERED),
    ):
        changed = flight[: curve + 1] + group.to_bytes(2, "big") + flight[curve + 3 :]
        other = client()
        other.outgoing()
        with pytest.raises(tls.PeerError) as caught:
            other.receive(changed)
        assert (caught.value.alert, caught.value.reason) == (alert, reason)


@pytest.mark.parametrize(
    ("scheme", "alert", "reason"),
    [
        (UNKNOWN_SCHEME, HANDSHAKE_FAILURE, Reason.SIGNATURE_SCHEME_NOT_IMPLEMENTED),
        (0x0998, ILLEGAL_PARAMETER, Reason.SIGNATURE_SCHEME_NOT_OFFERED),
        (0x0603, ILLEGAL_PARAMETER, Reason.SIGNATURE_SCHEME_NOT_OFFERED),
    ],
)
@pytest.mark.parametrize("version", [tls.TLS_1_2, tls.TLS_1_3])
def test_a_scheme_for_show(
    version: int, scheme: int, alert: int, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    if version == tls.TLS_1_3:
        encode = CertificateVerify.encode
        monkeypatch.setattr(
            CertificateVerify,
            "encode",
            lambda self, wire: scheme.to_bytes(2, "big") + encode(self, wire)[2:],
        )
    one, other = client(), server(versions=[version], suites=SUITES_OF[version])
    other.receive(one.outgoing())
    flight = other.outgoing()
    if version == tls.TLS_1_2:
        place = flight.index(b"\x03\x00\x1d\x20") + 4 + 32
        flight = flight[:place] + scheme.to_bytes(2, "big") + flight[place + 2 :]
    with pytest.raises(tls.PeerError) as caught:
        one.receive(flight)
    assert (caught.value.alert, caught.value.reason) == (alert, reason)


# ---------------------------------------------------------------- what is drawn


def drawing(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


def test_all_that_is_drawn_follows_from_the_seed() -> None:
    template = tls.HelloTemplate(FORM, permuted=True)
    assert template.varies
    seed = bytes(range(tls.SEED_LENGTH))
    one, other = template.of_seed(seed), template.of_seed(seed)
    assert list(one.extensions.items()) == list(other.extensions.items())
    assert one.suites == other.suites
    different = template.of_seed(bytes(tls.SEED_LENGTH))
    assert list(different.extensions) != list(one.extensions)


def test_a_client_draws_no_seed_for_hellos_that_do_not_vary() -> None:
    plain = replace(FORM, suites=(0x1301,), extensions=FORM.extensions[1:2])
    assert not tls.HelloTemplate(plain).varies
    one_share = (contents(KEY_SHARE, ((29, 32),)),)
    assert not tls.HelloTemplate(replace(plain, extensions=one_share)).varies
    for_show = (contents(KEY_SHARE, ((UNKNOWN_GROUP, 32),)),)
    assert tls.HelloTemplate(replace(plain, extensions=for_show)).varies


@pytest.mark.parametrize("seed", range(6))
def test_a_flight_redrawn_is_another_connections(seed: int) -> None:
    """Of one client's flight and another's seed the other's hello is made, keys apart."""
    template = tls.HelloTemplate(ONE_COMPRESSION, permuted=True)
    one = client(template=template, seed=seed).outgoing()
    draw = drawing(seed + 100)
    other = client(template=template, seed=seed + 100).outgoing()
    draw(32)
    redrawn = tls.redrawn_hello(one, template.of_seed(draw(tls.SEED_LENGTH)))
    first, second, third = (ClientHello.decode(each[9:], 0) for each in (one, redrawn, other))
    assert second.cipher_suites == third.cipher_suites
    assert list(second.extensions) == list(third.extensions)
    assert second.random == first.random
    assert second.session_id == first.session_id
    for kind, data in second.extensions.items():
        assert data == third.extensions[kind] or kind == KEY_SHARE
    assert groups_of(second) == groups_of(third)


# ---------------------------------------------------------------- falling back


def test_falling_back() -> None:
    lowered = TEMPLATE.lowered(tls.TLS_1_2, signalled=True).form
    assert lowered.suites == (ANY, UNKNOWN_SUITE, 0xC02F, 0xC013, 0x00FF, tls.FALLBACK_SCSV)
    kinds = {kind for kind, _ in lowered.extensions}
    assert {SUPPORTED_VERSIONS, KEY_SHARE, PSK_KEY_EXCHANGE_MODES}.isdisjoint(kinds)
    assert SIGNATURE_ALGORITHMS in kinds
    assert lowered.session_id_length == 0
    lower = TEMPLATE.lowered(tls.TLS_1_0, signalled=False).form
    assert lower.version == tls.TLS_1_0
    assert lower.suites == (ANY, UNKNOWN_SUITE, 0xC013, 0x00FF)
    assert SIGNATURE_ALGORITHMS not in {kind for kind, _ in lower.extensions}
    assert TEMPLATE.lowered(tls.SSL_3_0, signalled=False).form.extensions == ()


# ---------------------------------------------------------------- faults


def test_the_versions_must_be_those_of_the_hello() -> None:
    with pytest.raises(tls.UsageError, match=r"offers TLS 1\.3, of a client that speaks TLS 1\.2"):
        tls.ClientConfig(trust(), versions=[tls.TLS_1_2], hello=TEMPLATE)
    with pytest.raises(tls.UsageError, match=r"SSL 2\.0's format"):
        tls.ClientConfig(trust(), versions=BOTH, hello=TEMPLATE, ssl2_hello=True)
    with pytest.raises(tls.UsageError, match="no payload"):
        tls.HelloTemplate(FORM, encrypted_payloads=(100, 200))


def test_a_hello_of_more_than_a_record_is_redrawn_too() -> None:
    long = (0x7778, bytes(20_000))
    template = tls.HelloTemplate(
        replace(ONE_COMPRESSION, extensions=(*ONE_COMPRESSION.extensions, long))
    )
    flight = client(template=template).outgoing()
    redrawn = tls.redrawn_hello(flight, template.of_seed(bytes(tls.SEED_LENGTH)))
    assert len(redrawn) == len(flight) > 20_000
    assert redrawn != flight
    server().receive(redrawn)


def test_other_flights_stay_as_they_are() -> None:
    says = TEMPLATE.of_seed(bytes(tls.SEED_LENGTH))
    hello = ServerHello(tls.TLS_1_2, bytes(32), b"", 0xC02F)
    for flight in (b"", record(encode_message(hello, tls.TLS_1_2)), b"\x14\3\3\0\1\1"):
        assert tls.redrawn_hello(flight, says) == flight
