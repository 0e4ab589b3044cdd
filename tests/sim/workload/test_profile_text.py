"""The text of a profile's file gives back every hello that it was made from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tls
from sim.workload.client_profile import ClientProfile, client_profile, client_profiles
from sim.workload.profile_text import profile_toml
from tests.tls.test_hello_form import hellos, message_of
from tls.messages import ClientHello


def read_again(form: tls.HelloForm, **options: object) -> ClientProfile:
    text = profile_toml(form, title="A client", source="here", **options)  # type: ignore[arg-type]
    return ClientProfile.from_toml(text, name="again")


@pytest.mark.parametrize("name", client_profiles())
def test_what_ships_is_written_as_it_was_read(name: str) -> None:
    hello = client_profile(name).hello
    again = read_again(
        hello.form,
        record_version=hello.record_version,
        permuted=hello.extension_order == "permuted",
        payloads=hello.template.encrypted_payloads,
    ).hello
    if "supported_versions" in hello.names:
        assert again == hello
    else:
        # A hello of before says the highest alone.
        assert again.form == hello.form
        assert set(again.versions) == {max(hello.versions)}


@settings(deadline=None)
@given(hello=hellos())
def test_every_hello_can_be_written(hello: ClientHello) -> None:
    form = tls.HelloForm.of(message_of(hello))
    assert read_again(form).hello.form == form


@settings(deadline=None)
@given(
    hello=hellos(),
    kind=st.sampled_from([0, 5, 10, 11, 13, 16, 21, 27, 28, 35, 43, 45, 50, 51, 0xFE0D, 0xFF01]),
    data=st.binary(max_size=40),
)
def test_a_malformed_extension_is_kept_as_it_is(hello: ClientHello, kind: int, data: bytes) -> None:
    hello.extensions[kind] = data
    form = tls.HelloForm.of(message_of(hello))
    assert read_again(form).hello.form == form


@settings(deadline=None)
@given(title=st.text(min_size=1), source=st.text(min_size=1))
def test_words_may_be_any(title: str, source: str) -> None:
    form = client_profile("openssl-3").hello.form
    profile = ClientProfile.from_toml(profile_toml(form, title=title, source=source), name="again")
    assert (profile.title, profile.source) == (title, source)
