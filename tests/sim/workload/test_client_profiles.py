"""Client profiles: what ships is whole, and the engine sends what a profile of its time says."""

from __future__ import annotations

import copy
import hashlib
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import sim
import tls
from sim.endpoints.engine_configuration import client_config
from sim.identities import identity, trust_store
from sim.workload.browsers import NotSimulated, browser_of
from sim.workload.client_profile import ClientProfile, client_profile, client_profiles
from sim.workload.hello_description import HelloDescription
from tests.tls.tls13.test_client_hellos import chrome_98, firefox_91
from tls.extensions import SERVER_NAME, SIGNATURE_ALGORITHMS, SUPPORTED_GROUPS
from tls.grease import GREASE
from tls.messages import ClientHello

_RECORD_HEADER = 5

HELLOS = {
    "internet-explorer-6": "6a754269f77531b771d249a1bbfe5b015051ce023bcbdc3ecb7f148b5dd1eaa2",
    "internet-explorer-6-ssl-3": "2a1cb3b86d5bd4a4ad22a2f087886ce31c8bd595f33ba792e034cd4b3838e014",
    "internet-explorer-8-windows-7": (
        "d3273005f107d038a8086e6f56df7c193099761f334d5117d542eb9dcdc6c87e"
    ),
    "firefox-45": "85dd9cd94a502611b08637a4c537cfe0b04c5de813fd484572a65614e4fc70d6",
    "openssl-3": "882947a5f5160b3cfa61d620a2507275dadf1efafae4e4380c783ac528cd3705",
}
"""SHA-256 of the hellos that engines sent when these profiles were still code."""


def drawing(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


def engine_s_hello(name: str) -> bytes:
    """The record of a hello that names www.contoso.com, all random bytes 0, in 2001."""
    config = client_config(sim.browser(name), trust_store(), heed_warnings=True)
    client = tls.ClientConnection(config, "www.contoso.com", entropy=bytes, clock=lambda: 1e9)
    return client.outgoing()


@pytest.mark.parametrize("name", HELLOS)
def test_hellos_are_those_that_were_always_sent(name: str) -> None:
    assert hashlib.sha256(engine_s_hello(name)).hexdigest() == HELLOS[name]


@pytest.mark.parametrize("name", HELLOS)
def test_the_engine_sends_what_a_profile_of_its_time_says(name: str) -> None:
    sent = engine_s_hello(name)
    form = client_profile(name).hello.form
    assert tls.HelloForm.of(sent[_RECORD_HEADER:]) == form
    made = form.message(bytes, "www.contoso.com")
    random = slice(6, 38)
    assert made[:6] + sent[_RECORD_HEADER:][random] + made[38:] == sent[_RECORD_HEADER:]


@pytest.mark.parametrize("name", client_profiles())
def test_every_shipped_profile_can_be_simulated(name: str) -> None:
    browser = sim.browser(name)
    assert browser.name == name
    sent = engine_s_hello(name)
    offered = tls.HelloForm.of(sent[_RECORD_HEADER:])
    assert set(offered.suites) <= set(client_profile(name).hello.suites)


@pytest.mark.parametrize("name", client_profiles())
def test_a_profile_is_read_again_from_what_is_written(name: str) -> None:
    profile = client_profile(name)
    assert ClientProfile.model_validate(profile.model_dump(mode="json")) == profile


@pytest.mark.parametrize("name", client_profiles())
def test_hellos_of_a_profile_have_its_form(name: str) -> None:
    form = client_profile(name).hello.form
    counter = iter(range(1, 10**6))
    draw = lambda length: bytes(next(counter) * 37 % 256 for _ in range(length))  # noqa: E731
    for server_name in ("www.contoso.com", "a.example"):
        assert tls.HelloForm.of(form.message(draw, server_name)) == form


def test_there_is_no_such_profile() -> None:
    with pytest.raises(ValueError, match=r'there is no client profile "lynx"; there are .*openssl'):
        sim.browser("lynx")


@pytest.mark.parametrize(
    ("name", "hello"),
    [
        ("chrome-98", chrome_98((GREASE[3], GREASE[3], GREASE[3], GREASE[4], GREASE[7]))),
        ("firefox-91", firefox_91()),
    ],
)
def test_published_hellos_are_the_profiles_that_ship(name: str, hello: bytes) -> None:
    form = tls.HelloForm.of(hello)
    assert form == client_profile(name).hello.form
    assert form.pads


def test_the_order_of_a_permuted_hello_is_drawn() -> None:
    form = client_profile("chromium-156").hello.form
    orders = {form.permuted(drawing(seed)).extensions for seed in range(20)}
    assert len(orders) == 20
    for order in orders:
        assert sorted(order) == sorted(form.extensions)
        assert [order[0][0], order[-1][0]] == [tls.ANY_GREASE, tls.ANY_GREASE]


def test_an_address_is_not_named() -> None:
    form = client_profile("firefox-45").hello.form
    named = ClientHello.decode(form.message(drawing(0), "a.example")[4:], 0)
    nameless = ClientHello.decode(form.message(drawing(0), None)[4:], 0)
    assert set(named.extensions) - set(nameless.extensions) == {SERVER_NAME}


# ---------------------------------------------------------------- what is simulated


@st.composite
def profiles(draw: st.DrawFn) -> ClientProfile:
    """Any mixture of what the shipped ones say."""
    shipped = [client_profile(name).hello for name in client_profiles()]
    base = draw(st.sampled_from(shipped))
    codes = [code for hello in shipped for code in hello.suites]
    changes: dict[str, object] = {
        "suites": tuple(draw(st.lists(st.sampled_from(codes), min_size=1, max_size=30))),
        "versions": draw(st.sampled_from(shipped)).versions,
    }
    extensions = list(base.extensions)
    for key, name in (
        ("groups", "supported_groups"),
        ("signature_schemes", "signature_algorithms"),
    ):
        code = tls.extension_from_name(name)
        given = [getattr(hello, key) for hello in shipped if getattr(hello, key)]
        changes[key] = draw(st.sampled_from([None, *given]))
        if changes[key] is None and code in extensions:
            extensions.remove(code)
        elif changes[key] is not None and code not in extensions:
            extensions.append(code)
    if base.key_shares is not None and changes["groups"] is not None:
        changes["key_shares"] = tuple(
            share
            for share in base.key_shares
            if share in changes["groups"]  # type: ignore[operator]
        )
    fields = base.model_dump() | changes | {"extensions": tuple(extensions)}
    return ClientProfile.model_validate(
        {"name": "own", "title": "t", "source": "s", "session_lifetime": "1 h", "hello": fields}
    )


@settings(deadline=None, max_examples=150)
@given(profile=profiles())
def test_any_profile_is_simulated_or_refused(profile: ClientProfile) -> None:
    """Its hello is well-formed: a server goes on with it, or has nothing in common with it.

    TLS 1.3 asks for groups and schemes (RFC 8446 §9.2).
    """
    try:
        browser = browser_of(profile)
    except NotSimulated as refusal:
        assert refusal.key in ("versions", "suites")
        return
    config = client_config(browser, trust_store(), heed_warnings=True)
    client = tls.ClientConnection(config, "www.contoso.com", entropy=drawing(1))
    server = tls.ServerConnection(
        tls.ServerConfig([identity("contoso-rsa-2048")]), entropy=drawing(2)
    )
    try:
        server.receive(client.outgoing())
    except tls.PeerError as error:
        whole = {SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS} <= set(profile.hello.extensions)
        assert tls.alert_name(error.alert) in (
            "handshake_failure",
            "protocol_version",
            *(() if whole else ("missing_extension",)),
        )


def test_a_hello_without_schemes_means_sha_1() -> None:
    hello = client_profile("firefox-45").hello
    fields = hello.model_dump(exclude_unset=True)
    fields["extensions"] = [code for code in hello.extensions if code != 13]
    fields["signature_schemes"] = None
    profile = client_profile("firefox-45").model_dump(mode="json") | {"hello": fields}
    assert browser_of(ClientProfile.model_validate(profile)).signature_schemes == (
        *(0x0201, 0x0202, 0x0203),
    )


WRONG = [
    *(True, 0, -1, 1.5, 10**12, 3e300, "", "x" * 300, "GREASE", "0x0a"),
    *([], [[]], ["x"], [True], [1.5], [{}], [0x1FFFF], {}, {"a": 1}, None),
]
KEYS = [(key,) for key in ("title", "session_lifetime", "false_start", "hello")] + [
    ("hello", key) for key in (*HelloDescription.model_fields, "contents.GREASE", "contents.0xzz")
]


@pytest.mark.parametrize("key", KEYS, ids=".".join)
def test_any_value_is_taken_or_refused(key: tuple[str, ...]) -> None:
    """By a sentence: nothing but pydantic's own error comes out."""
    whole = client_profile("chromium-156").model_dump(mode="json", exclude_unset=True)
    for wrong in WRONG:
        fields = copy.deepcopy(whole)
        *tables, last = ".".join(key).split(".")
        inner = fields
        for table in tables:
            inner = inner[table]
        inner[last] = wrong
        try:
            ClientProfile.model_validate(fields)
        except ValidationError as error:
            assert all(each["msg"] for each in error.errors(include_context=False))
