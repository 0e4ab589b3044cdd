"""The form of hellos: what two hellos of a client have in common, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tls
from tests.tls.tls13.test_client_hellos import chrome_98
from tls.extensions import (
    ALPN,
    EARLY_DATA,
    ENCRYPTED_CLIENT_HELLO,
    KEY_SHARE,
    PADDING,
    PRE_SHARED_KEY,
    PSK_KEY_EXCHANGE_MODES,
    SERVER_NAME,
    SESSION_TICKET,
    SIGNATURE_ALGORITHMS,
    SUPPORTED_GROUPS,
    SUPPORTED_VERSIONS,
    encode_codes,
)
from tls.grease import GREASE, GREASE_PSK_MODES, is_grease
from tls.messages import ClientHello, encode_message
from tls.tls13.hello_extensions import ClientKeyShares, KeyShareEntry, OfferedVersions

GROUPS = (29, 23, 0x11EC, 256)


def drawing(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


def message_of(hello: ClientHello) -> bytes:
    return encode_message(hello, hello.client_version)


@st.composite
def hellos(draw: st.DrawFn) -> ClientHello:
    """Hellos with GREASE, in any order, with whatever a client may say of itself."""
    pick = draw(st.randoms(use_true_random=False))
    grease = [*pick.sample(GREASE, 4)]
    suites = draw(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=20))
    group = grease[0]
    shares = [KeyShareEntry(code, pick.randbytes(32)) for code in pick.sample(GROUPS, 2)]
    extensions = {
        SERVER_NAME: b"\0\x0c\0\0\x09a.example",
        SUPPORTED_GROUPS: encode_codes((group, *GROUPS)),
        KEY_SHARE: ClientKeyShares((KeyShareEntry(group, b"\0"), *shares)).encode(),
        SUPPORTED_VERSIONS: OfferedVersions((grease[1], 0x0304, 0x0303)).encode(),
        SIGNATURE_ALGORITHMS: encode_codes((grease[2], 0x0403)),
        PSK_KEY_EXCHANGE_MODES: bytes((2, 1, pick.choice(GREASE_PSK_MODES))),
        ALPN: b"\0\x06\x02h2\x02" + pick.choice(GREASE).to_bytes(2, "big"),
        SESSION_TICKET: b"",
        ENCRYPTED_CLIENT_HELLO: b"\0\0\1\0\1"
        + pick.randbytes(1)
        + b"\0\x20"
        + pick.randbytes(32)
        + b"\0\x90"
        + pick.randbytes(144),
        grease[2]: b"",
        grease[3]: b"\0",
        **draw(st.dictionaries(st.integers(100, 2000), st.binary(max_size=20), max_size=3)),
    }
    kinds = draw(st.lists(st.sampled_from(sorted(extensions)), unique=True))
    return ClientHello(
        0x0303,
        pick.randbytes(32),
        pick.randbytes(32),
        (*suites, grease[3]),
        b"\0",
        {kind: extensions[kind] for kind in kinds},
    )


@settings(deadline=None)
@given(hello=hellos(), seed=st.integers(0, 2**32))
def test_hellos_of_a_form_have_that_form(hello: ClientHello, seed: int) -> None:
    message = message_of(hello)
    form = tls.HelloForm.of(message)
    again = form.message(drawing(seed), "b.example")
    assert tls.HelloForm.of(again) == form
    # Names of one length and no session: nothing else may differ in length.
    assert len(again) == len(message) or not hello.session_id or form.session_id_length == 0
    made = ClientHello.decode(again[4:], 0)
    assert [is_grease(code) for code in made.cipher_suites] == [
        is_grease(code) for code in hello.cipher_suites
    ]
    assert len(made.extensions) == len(hello.extensions)


@settings(deadline=None)
@given(hello=hellos(), values=st.randoms(use_true_random=False))
def test_what_differs_from_hello_to_hello_is_no_part_of_it(
    hello: ClientHello, values: random.Random
) -> None:
    form = tls.HelloForm.of(message_of(hello))
    hello.random = values.randbytes(32)
    hello.session_id = values.randbytes(len(hello.session_id))
    hello.cipher_suites = tuple(
        values.choice(GREASE) if is_grease(code) else code for code in hello.cipher_suites
    )
    if SESSION_TICKET in hello.extensions:
        hello.extensions[SESSION_TICKET] = values.randbytes(100)
    if SERVER_NAME in hello.extensions:
        hello.extensions[SERVER_NAME] = b"\0\x0e\0\0\x0bc.b.example"
    if SUPPORTED_VERSIONS in hello.extensions:
        hello.extensions[EARLY_DATA] = b""
        hello.extensions[PRE_SHARED_KEY] = values.randbytes(80)
    assert tls.HelloForm.of(message_of(hello)) == form
    offers = PRE_SHARED_KEY in hello.extensions or bool(hello.extensions.get(SESSION_TICKET))
    by_id = SUPPORTED_VERSIONS not in hello.extensions
    assert tls.offers_session(message_of(hello)) == (offers or by_id)


def test_what_a_client_says_of_itself_is_part_of_it() -> None:
    chrome = tls.HelloForm.of(chrome_98((GREASE[0],) * 3 + (GREASE[1], GREASE[2])))
    hello = ClientHello.decode(chrome.message(drawing(1), "a.example")[4:], 0)
    for kind, data in list(hello.extensions.items()):
        if data and kind not in (SERVER_NAME, PADDING):
            changed = ClientHello(
                hello.client_version,
                hello.random,
                hello.session_id,
                hello.cipher_suites,
                hello.compression_methods,
                {**hello.extensions, kind: data + b"\1"},
            )
            assert tls.HelloForm.of(message_of(changed)) != chrome


@pytest.mark.parametrize("length", [*range(1, 300, 7), 251, 252, 253, 254])
def test_padding_is_that_of_browsers(length: int) -> None:
    """RFC 7685 §1: a hello of 256 to 511 bytes becomes one of 512, give or take the header."""
    form = tls.HelloForm(
        0x0303, 0, (0x1301,), b"\0", ((0x1234, bytes(length)), (PADDING, b"")), True
    )
    message = form.message(drawing(0), None)
    bare = 4 + 2 + 32 + 1 + 4 + 2 + 2 + 4 + length
    if 256 <= bare < 512:
        assert len(message) == max(512, bare + 5)
    else:
        assert len(message) == bare


@settings(deadline=None)
@given(data=st.binary(max_size=400), place=st.integers(0, 10**6))
def test_any_bytes_are_a_form_or_a_fault_of_the_peer(data: bytes, place: int) -> None:
    whole = bytearray(chrome_98((GREASE[3],) * 3 + (GREASE[4], GREASE[7])))
    where = 4 + place % (len(whole) - 4)
    for message in (b"\1\0\0\0" + data, bytes(whole[:where]) + data[:20] + bytes(whole[where:])):
        try:
            form = tls.HelloForm.of(message)
            tls.offers_session(message)
        except tls.PeerError:
            continue
        assert tls.HelloForm.of(form.message(drawing(place), "a.example")) == form
